/* SPDX-License-Identifier: MIT */
/* Does what the lines of its input say, in one process, and prints a line for each:
 *   enum FILE SERVER TIMEOUT_MS ENCRYPT   "STATUS ENTRIES"
 *   forked ...                            the same, asked by a child, that ends then
 *   del FILE SERVER CLIENT USER           "STATUS TEXT"; - stands for none
 *   connect FILE SERVER                   "STATUS"
 *   close SERVER                          "closed"; - stands for all
 * FILE holds the credentials, read anew for each; - stands for none, and for the local computer as
 * SERVER. */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORDS 8

static const char *given(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

static struct netsession_credentials *credentials_of(const char *file)
{
	struct netsession_credentials *credentials;

	if (given(file) == NULL)
		return NULL;
	if (netsession_credentials_read(file, &credentials, NULL) != 0)
		abort();
	return credentials;
}

static void list(char **words)
{
	struct netsession_query query = {
		.server = given(words[2]),
		.credentials = credentials_of(words[1]),
		.timeout_ms = (uint32_t)atoi(words[3]),
		.encrypt = atoi(words[4]),
		.level = 1,
	};
	struct netsession_page *page;
	uint32_t status = netsession_enum(&query, &page, NULL);

	printf("%u %u\n", status, page != NULL ? netsession_page_entries(page) : 0);
	netsession_page_free(page);
	netsession_credentials_free(query.credentials);
}

static void list_in_child(char **words)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		list(words);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		printf("the child failed\n");
}

static void delete(char **words)
{
	struct netsession_query query = {
		.server = given(words[2]),
		.credentials = credentials_of(words[1]),
		.client = given(words[3]),
		.user = given(words[4]),
	};
	struct netsession_error error;
	uint32_t status = netsession_del(&query, &error);

	if (status != error.status)
		abort();
	printf("%u %s\n", status, error.text);
	netsession_credentials_free(query.credentials);
}

static void log_on(char **words)
{
	struct netsession_query query = { .server = given(words[2]),
		                          .credentials = credentials_of(words[1]) };

	printf("%u\n", netsession_connect(&query, NULL));
	netsession_credentials_free(query.credentials);
}

int main(void)
{
	char line[1000], *words[MAX_WORDS];

	while (fgets(line, sizeof line, stdin) != NULL) {
		int count = 0;

		for (char *word = strtok(line, " \n"); word != NULL && count < MAX_WORDS;
		     word = strtok(NULL, " \n"))
			words[count++] = word;
		if (count == 0)
			return 2;
		if (strcmp(words[0], "enum") == 0 && count == 5)
			list(words);
		else if (strcmp(words[0], "forked") == 0 && count == 5)
			list_in_child(words);
		else if (strcmp(words[0], "del") == 0 && count == 5)
			delete (words);
		else if (strcmp(words[0], "connect") == 0 && count == 3)
			log_on(words);
		else if (strcmp(words[0], "close") == 0 && count == 2) {
			netsession_close_idle(given(words[1]));
			printf("closed\n");
		} else
			return 2;
		fflush(stdout);
	}
	return 0;
}
