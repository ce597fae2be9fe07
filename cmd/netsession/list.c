/* SPDX-License-Identifier: MIT */
/* netsession list: the sessions of some servers, asked side by side. */
#include <stdlib.h>
#include "ask.h"
#include "commands.h"
#include "who.h"

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
