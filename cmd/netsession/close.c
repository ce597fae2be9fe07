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

static bool is_confirmed(const struct options *options, const struct server_result *result)
{
	char answer[16];
	size_t count = count_sessions(result);

	if (options->yes)
		return true;
	fprintf(stderr, "Close %s on %s? [y/N] ", count == 1 ? "this session" : "these sessions",
	        server_result_name(result));
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
		if (result.error.status == 0)
			code = is_confirmed(options, &result)
			               ? close_sessions(options, credentials, &result)
			               : EXIT_SOME;
	}
	server_result_fini(&result);
	netsession_credentials_free(credentials);
	return code;
}
