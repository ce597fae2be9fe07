/* SPDX-License-Identifier: MIT */
/* Asks many servers side by side, on one struct netsession: ask_many FILE TIMEOUT_MS SERVER...
 * FILE holds the credentials. Prints, as the answers come, "INDEX CLIENT USER OPENS" for each
 * session and "INDEX status NUMBER (level NUMBER) TEXT" at each end. */
#include <netsession.h>
#include <stdio.h>
#include <stdlib.h>

struct question {
	int index;
	uint32_t level;
	struct netsession *to_repeat; /* asks once more from on_end; NULL: no */
	struct netsession_query query;
};

static const struct netsession_handler handler;

static void on_page(void *context, struct netsession_page *page)
{
	struct question *question = context;

	question->level = netsession_page_level(page);
	for (uint32_t i = 0; i < netsession_page_entries(page); i++) {
		struct netsession_row row;

		if (netsession_page_row(page, i, &row) == 0)
			printf("%d %s %s %u\n", question->index, row.client,
			       row.user != NULL ? row.user : "-", row.num_opens);
	}
	netsession_page_free(page);
}

static void on_end(void *context, const struct netsession_error *error)
{
	struct question *question = context;
	struct netsession *again = question->to_repeat;

	printf("%d status %u (level %u) %s\n", question->index, error->status, question->level,
	       error->text);
	question->to_repeat = NULL;
	if (again != NULL &&
	    netsession_start(again, &question->query, &handler, question, NULL) != 0)
		abort();
}

static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };

int main(int argc, char **argv)
{
	struct netsession_credentials *credentials;
	struct netsession_error error;
	struct question *questions;
	struct netsession *session;

	if (argc < 4)
		return 2;
	if (netsession_credentials_read(argv[1], &credentials, &error) != 0) {
		fprintf(stderr, "%s\n", error.text);
		return 3;
	}
	session = netsession_new();
	questions = calloc((size_t)argc, sizeof *questions);
	if (session == NULL || questions == NULL)
		abort();
	for (int i = 3; i < argc; i++) {
		struct question *question = &questions[i - 3];

		*question = (struct question){
			.index = i - 3,
			.to_repeat = i == 3 ? session : NULL,
			.query = { .server = argv[i],
			           .timeout_ms = (uint32_t)atoi(argv[2]),
			           .credentials = credentials,
			           .level = NETSESSION_LEVEL_AUTO,
			           .all_pages = 1 },
		};
		if (netsession_start(session, &question->query, &handler, question, NULL) != 0)
			abort();
	}
	netsession_run(session);
	netsession_free(session);
	netsession_credentials_free(credentials);
	free(questions);
	return 0;
}
