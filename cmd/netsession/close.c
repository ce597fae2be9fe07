/* SPDX-License-Identifier: MIT */
/* netsession close: closes sessions, once it has named them and was told to. */
#include <string.h>
#include <unistd.h>
#include "commands.h"
#include "credentials.h"
#include "output.h"
#include "query.h"

static size_t close_count_sessions(const struct server_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < result->page_count; i++)
		count += netsession_page_entries(result->pages[i]);
	return count;
}

/* ---- who is closed with them ---- */

#define ACCESS_DENIED 5

struct also_closed {
	const struct server_result *meant;
	const struct netsession_row *row; /* looked for in meant */
	bool is_meant, is_from_there;     /* the same user, and client; the same client */
	bool is_sure;                     /* that they are closed */
	size_t count;
};

static void also_closed_print_session(void *context, const struct netsession_row *row)
{
	struct also_closed *b = context;

	if (b->count++ == 0)
		fprintf(stderr, "netsession: %s: %s:\n", server_result_name(b->meant),
		        b->is_sure ? "the server closes these too, since they share a process with "
		                     "them"
		                   : "Samba closes a client's connections together; these may be "
		                     "closed too");
	fputs("  ", stderr);
	output_put_printable(stderr, row->user != NULL && row->user[0] != '\0' ? row->user : "-");
	fputs(" from ", stderr);
	output_put_printable(stderr, row->client != NULL ? row->client : "-");
	fputc('\n', stderr);
}

static bool also_closed_same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void also_closed_compare_row(void *context, const struct server_result *result,
                                    const struct netsession_row *row)
{
	struct also_closed *b = context;

	(void)result;
	if (!also_closed_same_text(row->client, b->row->client))
		return;
	b->is_from_there = true;
	b->is_meant = b->is_meant || also_closed_same_text(row->user, b->row->user);
}

static void also_closed_check_row(void *context, const struct server_result *result,
                                  const struct netsession_row *row)
{
	struct also_closed *b = context;

	(void)result;
	b->row = row;
	b->is_meant = b->is_from_there = false;
	server_result_each(b->meant, also_closed_compare_row, b);
	if (b->is_from_there && !b->is_meant)
		also_closed_print_session(b, row);
}

/* Over SMB nothing tells which sessions a Samba server closes together, but they come from one
 * client. False: it does not answer. */
static bool also_closed_print_same_client(const struct options *options,
                                          struct netsession_credentials *credentials,
                                          struct also_closed *beside)
{
	struct server_result all = { .server = beside->meant->server };
	struct options everybody = *options;
	bool is_good;

	everybody.client = everybody.user = NULL;
	everybody.level = beside->meant->level->number;
	is_good = query_servers(&everybody, credentials, &all, 1);
	if (all.error.status != 0) {
		query_print_messages(options, &all);
		is_good = false;
	}
	server_result_each(&all, also_closed_check_row, beside);
	server_result_fini(&all);
	return is_good;
}

/* netsessiond knows it from the file server. */
static void also_closed_print_same_process(const struct options *options,
                                           struct netsession_credentials *credentials,
                                           struct also_closed *beside)
{
	struct netsession_query query = query_from_options(options, credentials, NULL);
	struct netsession_error error;
	uint32_t status;

	beside->is_sure = true;
	status = netsession_del_also_closes(&query, also_closed_print_session, beside, &error);
	/* Without the right to ask there is none to close, and the close itself reports that. */
	if (status != 0 && status != ACCESS_DENIED)
		fprintf(stderr, "netsession: %s: who is closed with them is not known: %s\n",
		        server_result_name(beside->meant), error.text);
}

static bool close_is_confirmed(const struct options *options, const struct also_closed *beside)
{
	char answer[16];
	size_t count = close_count_sessions(beside->meant);

	if (options->yes)
		return true;
	fprintf(stderr, "Close %s on %s%s? [y/N] ", count == 1 ? "this session" : "these sessions",
	        server_result_name(beside->meant),
	        beside->count == 0 ? ""
	        : beside->is_sure  ? ", and those"
	                           : ", and perhaps those");
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	        strcmp(answer, "Y\n") == 0);
}

static int close_selected_sessions(const struct options *options,
                                   struct netsession_credentials *credentials,
                                   const struct server_result *result)
{
	struct netsession_query query = query_from_options(options, credentials, result->server);
	struct netsession_error error;

	if (netsession_del(&query, &error) != 0) {
		fprintf(stderr, "netsession: %s: not closed%s: %s\n", server_result_name(result),
		        error.status == 64 /* ERROR_NETNAME_DELETED */
		                ? ", or netsession's own session was among them"
		                : "",
		        error.text);
		return EXIT_NONE;
	}
	fprintf(stderr, "netsession: %s: closed %zu\n", server_result_name(result),
	        close_count_sessions(result));
	return EXIT_ALL;
}

static int close_after_confirmation(const struct options *options,
                                    struct netsession_credentials *credentials,
                                    const struct server_result *result)
{
	struct also_closed beside = { .meant = result };

	if (close_count_sessions(result) > 0 && result->server == NULL)
		also_closed_print_same_process(options, credentials, &beside);
	else if (close_count_sessions(result) > 0 && query_shows_samba(options, result) &&
	         !also_closed_print_same_client(options, credentials, &beside))
		return EXIT_NONE;
	return close_is_confirmed(options, &beside)
	               ? close_selected_sessions(options, credentials, result)
	               : EXIT_SOME;
}

int command_close(const struct options *options)
{
	struct server_result result = { .server = options->operands[0] };
	struct netsession_credentials *credentials;
	int code = EXIT_NONE;

	if (options->client == NULL && options->user == NULL) {
		fprintf(stderr, "netsession: close wants --client, --user or both\n");
		return EXIT_USAGE;
	}
	if (!options->yes && !isatty(STDIN_FILENO)) {
		fprintf(stderr, "netsession: close asks before it closes, and this is no terminal; "
		                "say --yes\n");
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	if (query_servers(options, credentials, &result, 1) &&
	    query_write_results(options, &result, 1)) {
		query_print_messages(options, &result);
		if (result.error.status == 0)
			code = close_after_confirmation(options, credentials, &result);
	}
	server_result_fini(&result);
	netsession_credentials_free(credentials);
	return code;
}
