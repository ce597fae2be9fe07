/* SPDX-License-Identifier: MIT */
/* netsession info: all about the sessions of one user from one client. */
#include "ask.h"
#include "commands.h"
#include "who.h"

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
