/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include <stdlib.h>
#include <string.h>
#include "output.h"

/* Servers asked at the same time: one connection and, while it logs on, one thread for each. */
#define MAX_AT_ONCE 64

struct round {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct netsession *session;
	struct server_result *results;
	size_t count, begun;
};

struct round_item {
	struct round *round;
	struct server_result *result;
};

static void begin_next(struct round *round);

static void fail_memory(struct server_result *result)
{
	result->error.status = 8; /* ERROR_NOT_ENOUGH_MEMORY */
	snprintf(result->error.text, sizeof result->error.text, "out of memory (8)");
}

static void on_page(void *context, struct netsession_page *page)
{
	struct round_item *item = context;

	if (!server_result_add(item->result, page))
		fail_memory(item->result);
}

static void on_end(void *context, const struct netsession_error *error)
{
	struct round_item *item = context;
	struct round *round = item->round;

	if (item->result->error.status == 0)
		item->result->error = *error;
	free(item);
	begin_next(round);
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

struct netsession_query ask_query(const struct options *options,
                                  struct netsession_credentials *credentials, const char *server)
{
	return (struct netsession_query){
		.server = server != NULL ? bare_server(server) : NULL,
		.port = options->port,
		.timeout_ms = options->timeout_ms,
		.credentials = credentials,
		.authentication = options->kerberos ? NETSESSION_AUTHENTICATION_KERBEROS
		                                    : NETSESSION_AUTHENTICATION_ANY,
		.encrypt = options->encrypt,
		.wins = options->wins,
		.level = options->level,
		.client = options->client,
		.user = options->user,
		.preferred_bytes = options->page_bytes,
		.all_pages = 1,
	};
}

static void begin_next(struct round *round)
{
	static const struct netsession_handler handler = { .on_page = on_page, .on_end = on_end };
	struct netsession_query query;
	struct server_result *result;
	struct round_item *item;

	if (round->begun == round->count)
		return;
	result = &round->results[round->begun++];
	query = ask_query(round->options, round->credentials, result->server);
	item = malloc(sizeof *item);
	if (item != NULL)
		*item = (struct round_item){ round, result };
	if (item == NULL || netsession_start(round->session, &query, &handler, item, NULL) != 0) {
		free(item);
		fail_memory(result);
		begin_next(round);
	}
}

bool ask_servers(const struct options *options, struct netsession_credentials *credentials,
                 struct server_result results[], size_t count)
{
	struct round round = { options, credentials, netsession_new(), results, count, 0 };

	if (round.session == NULL) {
		fprintf(stderr, "netsession: out of memory\n");
		return false;
	}
	for (int i = 0; i < MAX_AT_ONCE; i++)
		begin_next(&round);
	netsession_run(round.session);
	netsession_free(round.session);
	return true;
}

bool ask_shows_samba(const struct options *options, const struct server_result *result)
{
	return options->level == NETSESSION_LEVEL_AUTO && result->level != NULL &&
	       result->level->number == 1;
}

void ask_report(const struct options *options, const struct server_result *result)
{
	size_t underflows;

	if (result->error.status != 0)
		fprintf(stderr, "netsession: %s: %s\n", server_result_name(result),
		        result->error.text);
	if (!options->verbose || result->level == NULL)
		return;
	fprintf(stderr, "netsession: %s: answered at level %u, %u in all\n",
	        server_result_name(result), (unsigned)result->level->number,
	        (unsigned)result->total);
	if (ask_shows_samba(options, result))
		fprintf(stderr,
		        "netsession: %s: a server that has level 1, but neither 2 nor 502, is Samba or "
		        "a relative of it; Samba 4.22 and later now and then lists too few sessions "
		        "while others leave: ask again if one is missing\n",
		        server_result_name(result));
	underflows = server_result_underflows(result);
	if (underflows > 0)
		fprintf(stderr,
		        "netsession: %s: %zu times of 4294967295 seconds shown as 0: Samba says so of "
		        "brand-new sessions\n",
		        server_result_name(result), underflows);
}

int ask_exit_code(const struct server_result results[], size_t count)
{
	size_t failed = 0;

	for (size_t i = 0; i < count; i++)
		failed += results[i].error.status != 0;
	return failed == 0 ? EXIT_ALL : failed < count ? EXIT_SOME : EXIT_NONE;
}

bool ask_write(const struct options *options, const struct server_result results[], size_t count)
{
	if (output_find(options->output)->write(stdout, results, count) && fflush(stdout) == 0)
		return true;
	fprintf(stderr, "netsession: the output could not be written\n");
	return false;
}
