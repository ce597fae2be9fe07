/* SPDX-License-Identifier: MIT */
/* netsession list: the sessions of some servers, asked side by side. */
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "output.h"

/* Servers asked at the same time: one connection and, while it logs on, one thread for each. */
#define MAX_AT_ONCE 64

struct list {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct netsession *session;
	struct server_result *results;
	size_t count, begun;
};

struct list_item {
	struct list *list;
	struct server_result *result;
};

static void begin_next(struct list *list);

static void fail_memory(struct server_result *result)
{
	result->error.status = 8; /* ERROR_NOT_ENOUGH_MEMORY */
	snprintf(result->error.text, sizeof result->error.text, "out of memory (8)");
}

static void on_page(void *context, struct netsession_page *page)
{
	struct list_item *item = context;

	if (!server_result_add(item->result, page))
		fail_memory(item->result);
}

static void on_end(void *context, const struct netsession_error *error)
{
	struct list_item *item = context;
	struct list *list = item->list;

	if (item->result->error.status == 0)
		item->result->error = *error;
	free(item);
	begin_next(list);
}

/* \\host, //host and smb://host are all host; without one they are what they are, and refused. */
static const char *bare_server(const char *operand)
{
	static const char *const prefixes[] = { "smb://", "//", "\\\\" };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		size_t length = strlen(prefixes[i]);

		if (strncmp(operand, prefixes[i], length) == 0 && operand[length] != '\0')
			return operand + length;
	}
	return operand[0] != '\0' ? operand : "//";
}

static void begin_next(struct list *list)
{
	static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };
	struct server_result *result;
	struct list_item *item;
	struct netsession_query query = {
		.port = list->options->port,
		.timeout_ms = list->options->timeout_ms,
		.credentials = list->credentials,
		.encrypt = list->options->encrypt,
		.wins = list->options->wins,
		.level = list->options->level,
		.client = list->options->client,
		.user = list->options->user,
		.preferred_bytes = list->options->page_bytes,
		.all_pages = 1,
	};

	if (list->begun == list->count)
		return;
	result = &list->results[list->begun++];
	query.server = result->server != NULL ? bare_server(result->server) : NULL;
	item = malloc(sizeof *item);
	if (item != NULL)
		*item = (struct list_item){ list, result };
	if (item == NULL || netsession_start(list->session, &query, &handler, item, NULL) != 0) {
		free(item);
		fail_memory(result);
		begin_next(list);
	}
}

/* Errors, and what -v wants to hear. */
static void report(const struct list *list, const struct server_result *result)
{
	size_t underflows;

	if (result->error.status != 0)
		fprintf(stderr, "netsession: %s: %s\n", server_result_name(result),
		        result->error.text);
	if (!list->options->verbose || result->level == NULL)
		return;
	fprintf(stderr, "netsession: %s: answered at level %u, %u in all\n",
	        server_result_name(result), (unsigned)result->level->number,
	        (unsigned)result->total);
	underflows = server_result_underflows(result);
	if (underflows > 0)
		fprintf(stderr,
		        "netsession: %s: %zu times of 4294967295 seconds shown as 0: Samba says so of "
		        "brand-new sessions\n",
		        server_result_name(result), underflows);
}

static int finish(const struct list *list)
{
	size_t failed = 0;

	if (!output_find(list->options->output)->write(stdout, list->results, list->count) ||
	    fflush(stdout) != 0) {
		fprintf(stderr, "netsession: the output could not be written\n");
		return EXIT_NONE;
	}
	for (size_t i = 0; i < list->count; i++) {
		report(list, &list->results[i]);
		failed += list->results[i].error.status != 0;
	}
	return failed == 0 ? EXIT_ALL : failed < list->count ? EXIT_SOME : EXIT_NONE;
}

int command_list(const struct options *options)
{
	struct netsession_credentials *credentials = NULL;
	struct list list = { .options = options };
	struct netsession_error error;
	int code = EXIT_NONE;

	if (options->credentials_file != NULL &&
	    netsession_credentials_read(options->credentials_file, &credentials, &error) != 0) {
		fprintf(stderr, "netsession: %s: %s\n", options->credentials_file, error.text);
		return EXIT_USAGE;
	}
	list.credentials = credentials;
	list.count = options->operand_count > 0 ? (size_t)options->operand_count : 1;
	list.results = calloc(list.count, sizeof *list.results);
	list.session = netsession_new();
	if (list.results == NULL || list.session == NULL) {
		fprintf(stderr, "netsession: out of memory\n");
		goto out;
	}
	for (int i = 0; i < options->operand_count; i++)
		list.results[i].server = options->operands[i];
	for (int i = 0; i < MAX_AT_ONCE; i++)
		begin_next(&list);
	netsession_run(list.session);
	code = finish(&list);
	for (size_t i = 0; i < list.count; i++)
		server_result_fini(&list.results[i]);
out:
	free(list.results);
	netsession_free(list.session);
	netsession_credentials_free(credentials);
	return code;
}
