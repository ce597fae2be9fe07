/* SPDX-License-Identifier: MIT */
/* netsession close: closes sessions, once it has named them and was told to. */
#include <string.h>
#include <unistd.h>
#include "ask.h"
#include "commands.h"
#include "output.h"
#include "who.h"

static size_t count_sessions(const struct server_result *result)
{
	size_t count = 0;

	for (size_t i = 0; i < result->page_count; i++)
		count += netsession_page_entries(result->pages[i]);
	return count;
}

/* ---- who may be closed with them ---- */

struct beside {
	const struct server_result *meant;
	const struct netsession_row *row; /* looked for in meant */
	bool is_meant, is_from_there;     /* the same user, and client; the same client */
	size_t count;
};

static bool is_same(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static void compare_with_meant(void *context, const struct server_result *result,
                               const struct netsession_row *row)
{
	struct beside *b = context;

	(void)result;
	if (!is_same(row->client, b->row->client))
		return;
	b->is_from_there = true;
	b->is_meant = b->is_meant || is_same(row->user, b->row->user);
}

static void name_beside(void *context, const struct server_result *result,
                        const struct netsession_row *row)
{
	struct beside *b = context;

	b->row = row;
	b->is_meant = b->is_from_there = false;
	server_result_each(b->meant, compare_with_meant, b);
	if (!b->is_from_there || b->is_meant)
		return;
	if (b->count++ == 0)
		fprintf(stderr,
		        "netsession: %s: Samba closes a client's connections together; these may "
		        "be closed too:\n",
		        server_result_name(result));
	fputs("  ", stderr);
	output_put_clean(stderr, row->user != NULL && row->user[0] != '\0' ? row->user : "-");
	fputs(" from ", stderr);
	output_put_clean(stderr, row->client != NULL ? row->client : "-");
	fputc('\n', stderr);
}

/* A Samba server closes all that the client's smbd serves. SMB does not tell which sessions those
 * are, but they come from one client. That it is Samba shows by its levels. */
static bool name_all_beside(const struct options *options,
                            struct netsession_credentials *credentials,
                            const struct server_result *meant, size_t *count)
{
	struct options everybody = *options;
	struct server_result all = { .server = meant->server };
	struct beside beside = { .meant = meant };
	bool is_good = true;

	if (ask_shows_samba(options, meant) && count_sessions(meant) > 0) {
		everybody.client = everybody.user = NULL;
		everybody.level = meant->level->number;
		is_good = ask_servers(&everybody, credentials, &all, 1);
		if (all.error.status != 0) {
			ask_report(options, &all);
			is_good = false;
		}
		server_result_each(&all, name_beside, &beside);
		server_result_fini(&all);
	}
	*count = beside.count;
	return is_good;
}

static bool is_confirmed(const struct options *options, const struct server_result *result,
                         size_t beside)
{
	char answer[16];
	size_t count = count_sessions(result);

	if (options->yes)
		return true;
	fprintf(stderr, "Close %s on %s%s? [y/N] ", count == 1 ? "this session" : "these sessions",
	        server_result_name(result), beside > 0 ? ", and perhaps those" : "");
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	        strcmp(answer, "Y\n") == 0);
}

static int close_sessions(const struct options *options, struct netsession_credentials *credentials,
                          const struct server_result *result)
{
	struct netsession_query query = ask_query(options, credentials, result->server);
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
	        count_sessions(result));
	return EXIT_ALL;
}

int command_close(const struct options *options)
{
	struct server_result result = { .server = options->operands[0] };
	struct netsession_credentials *credentials;
	size_t beside;
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
	if (!who_asks(options, &credentials))
		return EXIT_USAGE;
	if (ask_servers(options, credentials, &result, 1) && ask_write(options, &result, 1)) {
		ask_report(options, &result);
		if (result.error.status == 0 &&
		    name_all_beside(options, credentials, &result, &beside))
			code = is_confirmed(options, &result, beside)
			               ? close_sessions(options, credentials, &result)
			               : EXIT_SOME;
	}
	server_result_fini(&result);
	netsession_credentials_free(credentials);
	return code;
}
