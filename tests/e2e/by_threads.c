/* SPDX-License-Identifier: MIT */
/* Many threads ask at once: by_threads FILE SERVER LEVEL THREADS CALLS EXPECTED [REFUSED_FILE]
 * Each asks CALLS times, for EXPECTED sessions; with the credentials of REFUSED_FILE, where it is
 * given, every fifth call of every fourth thread, and is refused (5). Each hundredth call of the
 * first thread lets go of what is kept. - is the local computer as SERVER, and none as FILE. Prints
 * "right NUMBER wrong NUMBER", and to stderr what was wrong first. */
#include <netsession.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_THREADS   64
#define CLOSE_EVERY   100
#define REFUSED_EVERY 5
#define ACCESS_DENIED 5

static struct netsession_credentials *credentials, *refused;
static const char *server;
static uint32_t level, calls, expected;
static atomic_uint right, wrong;

static const char *given(const char *word)
{
	return strcmp(word, "-") == 0 ? NULL : word;
}

static void ask(int is_refused)
{
	struct netsession_query query = {
		.server = server,
		.level = level,
		.credentials = is_refused ? refused : credentials,
	};
	struct netsession_error error;
	struct netsession_page *page;
	uint32_t status = netsession_enum(&query, &page, &error), entries = 0;

	for (; page != NULL && entries < netsession_page_entries(page); entries++) {
		struct netsession_row row;

		if (netsession_page_row(page, entries, &row) != 0 || row.client == NULL)
			break;
	}
	if (is_refused ? status == ACCESS_DENIED && page == NULL
	               : status == 0 && entries >= expected)
		atomic_fetch_add(&right, 1);
	else if (atomic_fetch_add(&wrong, 1) == 0)
		fprintf(stderr, "%u entries: %s\n", entries, error.text);
	netsession_page_free(page);
}

static void *run(void *number)
{
	size_t thread = (size_t)number;

	for (uint32_t i = 1; i <= calls; i++) {
		ask(refused != NULL && thread % 4 == 0 && i % REFUSED_EVERY == 0);
		if (thread == 0 && i % CLOSE_EVERY == 0)
			netsession_close_idle(NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	size_t count;

	if (argc < 7)
		return 2;
	server = given(argv[2]);
	level = (uint32_t)atoi(argv[3]);
	count = (size_t)atoi(argv[4]);
	calls = (uint32_t)atoi(argv[5]);
	expected = (uint32_t)atoi(argv[6]);
	if (count > MAX_THREADS ||
	    (given(argv[1]) != NULL &&
	     netsession_credentials_read(argv[1], &credentials, NULL) != 0) ||
	    (argc > 7 && netsession_credentials_read(argv[7], &refused, NULL) != 0))
		return 3;
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
			return 4;
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	netsession_close_idle(NULL);
	netsession_credentials_free(credentials);
	netsession_credentials_free(refused);
	printf("right %u wrong %u\n", right, wrong);
	return 0;
}
