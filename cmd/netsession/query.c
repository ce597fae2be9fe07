/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "base/locale.h"
#include "output.h"
#include "terminal/terminal.h"

/* Servers that are asked at the same time. Each has a connection and, during the log-on, a thread.
 */
#define MAX_AT_ONCE 64

/* File descriptors that a server may need at once: its socket, one to the address behind the first
 * one, and one to its name service or KDC; the rest is for the libraries and the idle connections.
 */
#define DESCRIPTORS_A_SERVER 8

struct query_batch {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct netsession *session;
	struct server_result *results;
	size_t count, begun;
	void (*answered)(void *context, struct server_result *result); /* may be NULL */
	void *context;
};

struct query_item {
	struct query_batch *batch;
	struct server_result *result;
};

static void query_start_next(struct query_batch *batch);

static void query_set_out_of_memory(struct server_result *result)
{
	result->error.status = 8; /* ERROR_NOT_ENOUGH_MEMORY */
	snprintf(result->error.text, sizeof result->error.text, "out of memory (8)");
}

static void query_on_page(void *context, struct netsession_page *page)
{
	struct query_item *item = context;

	if (!server_result_add(item->result, page))
		query_set_out_of_memory(item->result);
}

int64_t query_now_s(void)
{
	struct timespec clock;

	clock_gettime(CLOCK_BOOTTIME, &clock);
	return clock.tv_sec;
}

static void query_report_answered(const struct query_batch *batch, struct server_result *result)
{
	if (batch->answered != NULL)
		batch->answered(batch->context, result);
}

static void query_on_end(void *context, const struct netsession_error *error)
{
	struct query_item *item = context;
	struct query_batch *batch = item->batch;

	if (item->result->error.status == 0)
		item->result->error = *error;
	item->result->answered_s = query_now_s();
	query_report_answered(batch, item->result);
	free(item);
	query_start_next(batch);
}

bool query_from_options(const struct options *options, struct netsession_credentials *credentials,
                        const char *server, struct server_operand *room,
                        struct netsession_query *query, struct netsession_error *error)
{
	if (server != NULL && !server_operand_parse(server, room, error))
		return false;
	*query = (struct netsession_query){
		.server = server != NULL ? room->server : NULL,
		.port = (uint16_t)options->port,
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
		.max_bytes = options->max_bytes,
	};
	return true;
}

/* Returns false if the query of this server ends at once, as its result says. */
static bool query_start(struct query_batch *batch, struct server_result *result)
{
	static const struct netsession_handler handler = { .on_page = query_on_page,
		                                           .on_end = query_on_end };
	struct netsession_query query;
	struct server_operand room;
	struct query_item *item;

	if (result->error.status != 0 || /* its caller has decided not to ask it */
	    !query_from_options(batch->options, batch->credentials, result->server, &room, &query,
	                        &result->error))
		return false;
	if (result->timeout_ms != 0)
		query.timeout_ms = result->timeout_ms;
	item = malloc(sizeof *item);
	if (item != NULL)
		*item = (struct query_item){ batch, result };
	if (item != NULL && netsession_start(batch->session, &query, &handler, item, NULL) == 0)
		return true;
	free(item);
	query_set_out_of_memory(result);
	return false;
}

static void query_start_next(struct query_batch *batch)
{
	while (batch->begun < batch->count) {
		struct server_result *result = &batch->results[batch->begun++];

		if (query_start(batch, result))
			break;
		query_report_answered(batch, result);
	}
}

/* As many as the limit of file descriptors ("ulimit -n") has room for. */
static size_t query_servers_at_once(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	    limit.rlim_cur / DESCRIPTORS_A_SERVER >= MAX_AT_ONCE)
		return MAX_AT_ONCE;
	return limit.rlim_cur < DESCRIPTORS_A_SERVER
	               ? 1
	               : (size_t)(limit.rlim_cur / DESCRIPTORS_A_SERVER);
}

bool query_servers(const struct options *options, struct netsession_credentials *credentials,
                   struct server_result results[], size_t count,
                   void (*answered)(void *context, struct server_result *result), void *context)
{
	struct query_batch batch = {
		.options = options,
		.credentials = credentials,
		.session = netsession_new(),
		.results = results,
		.count = count,
		.answered = answered,
		.context = context,
	};
	size_t at_once = query_servers_at_once();

	if (batch.session == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		return false;
	}
	for (size_t i = 0; i < at_once; i++)
		query_start_next(&batch);
	netsession_run(batch.session);
	netsession_free(batch.session);
	return true;
}

bool query_shows_samba(const struct options *options, const struct server_result *result)
{
	return options->level == NETSESSION_LEVEL_AUTO && result->level != NULL &&
	       result->level->number == 1;
}

static void query_print_warning(void *context, const char *warning)
{
	const char *const *server = context;

	terminal_print_line(stderr, "netsession: %s: warning: %s", *server, warning);
}

void query_print_messages(const struct options *options, const struct server_result *result)
{
	const char *server = server_result_name(result);
	size_t unknown;

	if (result->error.status != 0)
		terminal_print_line(stderr, "netsession: %s: %s", server, result->error.text);
	server_result_each_warning(result, query_print_warning, &server);
	if (!options->verbose || result->level == NULL)
		return;
	terminal_print_line(stderr, "netsession: %s: answered at level %u; sessions: %u",
	                    server_result_name(result), (unsigned)result->level->number,
	                    (unsigned)result->total);
	if (query_shows_samba(options, result))
		terminal_print_line(
			stderr,
			"netsession: %s: the server supports level 1, but neither 2 nor 502, so it is "
			"probably Samba; Samba 4.22 and later sometimes lists too few sessions while "
			"clients disconnect: ask again if a session is missing",
			server_result_name(result));
	unknown = server_result_count_unknown(result, session_columns[SESSION_COLUMN_ACTIVE]);
	if (unknown > 0 && result->server != NULL)
		terminal_print_line(
			stderr,
			"netsession: %s: the server sent a time of 4294967295 seconds for %zu session%s, "
			"shown as -: Samba does so for brand-new sessions",
			server_result_name(result), unknown, unknown == 1 ? "" : "s");
}

int query_exit_code(const struct server_result results[], size_t count)
{
	size_t failed = 0, incomplete = 0;

	for (size_t i = 0; i < count; i++) {
		failed += results[i].error.status != 0;
		incomplete += !server_result_is_complete(&results[i]);
	}
	if (failed > 0)
		return failed < count ? EXIT_SOME : EXIT_NONE;
	return incomplete > 0 ? EXIT_INCOMPLETE : EXIT_ALL;
}

void query_print_write_error(void)
{
	terminal_print_line(stderr, "netsession: cannot write the output: %s",
	                    locale_error_text(errno));
}

bool query_write_results(const struct options *options, const struct server_result results[],
                         size_t count)
{
	if (output_format_find(options->output)->write(stdout, results, count) &&
	    fflush(stdout) == 0)
		return true;
	query_print_write_error();
	return false;
}
