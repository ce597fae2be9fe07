/* SPDX-License-Identifier: MIT */
/* netsession list: the sessions of some servers, asked side by side. netsession info: those of one
 * user from one client. */
#include <stdlib.h>
#include "commands.h"
#include "credentials.h"
#include "query.h"

int command_list(const struct options *options)
{
	size_t count = options->operand_count > 0 ? (size_t)options->operand_count : 1;
	struct server_result *results;
	struct netsession_credentials *credentials;
	int code = EXIT_NONE;

	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	results = calloc(count, sizeof *results);
	if (results == NULL) {
		fprintf(stderr, "netsession: out of memory\n");
		goto out;
	}
	for (int i = 0; i < options->operand_count; i++)
		results[i].server = options->operands[i];
	if (query_servers(options, credentials, results, count) &&
	    query_write_results(options, results, count)) {
		for (size_t i = 0; i < count; i++)
			query_print_messages(options, &results[i]);
		code = query_exit_code(results, count);
	}
	for (size_t i = 0; i < count; i++)
		server_result_fini(&results[i]);
out:
	free(results);
	netsession_credentials_free(credentials);
	return code;
}

int command_info(const struct options *options)
{
	struct options both = *options;
	char **who = options->operands + options->operand_count - 2;
	struct server_result result = { .server = options->operand_count > 2 ? options->operands[0]
		                                                             : NULL };
	struct netsession_credentials *credentials;
	int code = EXIT_NONE;

	both.client = who[0];
	both.user = who[1];
	if (both.client[0] == '\0' || both.user[0] == '\0') {
		fprintf(stderr, "netsession: info wants a client and a user that are not empty\n");
		return EXIT_USAGE;
	}
	if (!credentials_from_options(options, &credentials))
		return EXIT_USAGE;
	if (query_servers(&both, credentials, &result, 1) &&
	    query_write_results(&both, &result, 1)) {
		query_print_messages(&both, &result);
		code = query_exit_code(&result, 1);
	}
	server_result_fini(&result);
	netsession_credentials_free(credentials);
	return code;
}
