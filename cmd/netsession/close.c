/* SPDX-License-Identifier: MIT */
/* netsession close: lists the selected sessions, asks, and closes them. */
#include <string.h>
#include <unistd.h>
#include "also_closed.h"
#include "commands.h"
#include "credentials.h"
#include "query.h"
#include "terminal/terminal.h"

/* ---- the sessions that are closed with the selected ones ---- */

#define ACCESS_DENIED 5

struct also_closed {
	const struct server_result *selected;
	bool is_certain; /* the server is known to close them too */
	size_t count;
};

static void also_closed_print_session(void *context, const struct netsession_row *row)
{
	struct also_closed *also = context;

	if (also->count++ == 0)
		terminal_print_line(
			stderr, "netsession: %s: %s:", server_result_name(also->selected),
			also->is_certain
				? "the server also closes these sessions, because they share a "
				  "process with the selected ones"
				: "Samba closes all connections of a client together; these "
				  "sessions may be closed too");
	terminal_print_line(stderr, "  %s from %s",
	                    row->user != NULL && row->user[0] != '\0' ? row->user : "-",
	                    row->client != NULL ? row->client : "-");
}

/* Returns false if the server does not answer. */
static bool also_closed_print_same_client(const struct options *options,
                                          struct netsession_credentials *credentials,
                                          struct also_closed *also)
{
	struct server_result all = { .server = also->selected->server };
	struct options all_users = *options;
	bool is_good;

	all_users.client = all_users.user = NULL;
	all_users.level = also->selected->level->number;
	is_good = query_servers(&all_users, credentials, &all, 1, NULL, NULL);
	if (all.error.status != 0) {
		query_print_messages(options, &all);
		is_good = false;
	}
	also_closed_each(also->selected, &all, also_closed_print_session, also);
	server_result_fini(&all);
	return is_good;
}

/* netsessiond knows them from the file server. */
static void also_closed_print_same_process(const struct options *options,
                                           struct netsession_credentials *credentials,
                                           struct also_closed *also)
{
	struct netsession_query query;
	struct netsession_error error;
	struct server_operand room;
	uint32_t status;

	also->is_certain = true;
	(void)query_from_options(options, credentials, NULL, &room, &query, &error);
	status = netsession_del_also_closes(&query, also_closed_print_session, also, &error);
	/* A caller without the right to list has none to close, and closing reports that. */
	if (status != 0 && status != ACCESS_DENIED) {
		terminal_print_line(
			stderr,
			"netsession: %s: cannot tell which other sessions would be closed: %s",
			server_result_name(also->selected), error.text);
	}
}

static bool close_is_confirmed(const struct options *options, const struct also_closed *also)
{
	char answer[16];
	size_t count = server_result_count(also->selected);

	if (options->yes)
		return true;
	terminal_print(stderr, "Close %s on %s%s%s? [y/N] ",
	               count == 1 ? "this session" : "these sessions",
	               server_result_name(also->selected),
	               server_result_count_unknown(also->selected,
	                                           session_columns[SESSION_COLUMN_OPENS]) > 0
	                       ? ", not knowing how many files are open"
	                       : "",
	               also->count == 0   ? ""
	               : also->is_certain ? ", and the others listed"
	                                  : ", and perhaps the others listed");
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	        strcmp(answer, "Y\n") == 0);
}

static int close_selected_sessions(const struct options *options,
                                   struct netsession_credentials *credentials,
                                   const struct server_result *result)
{
	size_t count = server_result_count(result);
	struct netsession_query query;
	struct netsession_error error;
	struct server_operand room;

	if (!query_from_options(options, credentials, result->server, &room, &query, &error) ||
	    netsession_del(&query, &error) != 0) {
		terminal_print_line(stderr, "netsession: %s: the sessions were not closed%s: %s",
		                    server_result_name(result),
		                    error.status == 64 /* ERROR_NETNAME_DELETED */
		                            ? ", or netsession's own session was one of them"
		                            : "",
		                    error.text);
		return EXIT_NONE;
	}
	terminal_print_line(
		stderr, "netsession: %s: closed %zu session%s%s", server_result_name(result), count,
		count == 1 ? "" : "s",
		server_result_is_complete(result) ? "" : "; others may be open, see the warnings");
	return server_result_is_complete(result) ? EXIT_ALL : EXIT_INCOMPLETE;
}

static int close_after_confirmation(const struct options *options,
                                    struct netsession_credentials *credentials,
                                    const struct server_result *result)
{
	struct also_closed also = { .selected = result };

	if (server_result_count(result) > 0 && result->server == NULL)
		also_closed_print_same_process(options, credentials, &also);
	else if (server_result_count(result) > 0 && query_shows_samba(options, result) &&
	         !also_closed_print_same_client(options, credentials, &also))
		return EXIT_NONE;
	return close_is_confirmed(options, &also)
	               ? close_selected_sessions(options, credentials, result)
	               : EXIT_SOME;
}

int command_close(const struct options *options)
{
	struct server_result result = { .server = options->operands.list[0] };
	struct netsession_credentials *credentials;
	int code = EXIT_NONE;

	if (options->client == NULL && options->user == NULL) {
		terminal_print_line(stderr, "netsession: close requires --client, --user or both");
		return EXIT_USAGE;
	}
	if (!options->yes && !isatty(STDIN_FILENO)) {
		terminal_print_line(
			stderr,
			"netsession: close asks for confirmation, but standard input is not a "
			"terminal; use --yes to close without asking");
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	if (query_servers(options, credentials, &result, 1, NULL, NULL) &&
	    query_write_results(options, &result, 1)) {
		query_print_messages(options, &result);
		if (result.error.status == 0)
			code = close_after_confirmation(options, credentials, &result);
	}
	server_result_fini(&result);
	netsession_credentials_free(credentials);
	return code;
}
