/* SPDX-License-Identifier: MIT */
/* netsession: who is connected to which file server, and since when. */
#include <stdlib.h>
#include <string.h>
#include "command_line.h"
#include "output.h"
#include "program.h"
#include "servers.h"
#include "terminal/terminal.h"

/* Names of people and computers, but not of files: a file is found by its bytes. */
static void main_decode_names(struct options *options)
{
	options->client = terminal_decode(options->client);
	options->user = terminal_decode(options->user);
	options->as = terminal_decode(options->as);
	for (int i = 0; i < options->operands.count; i++)
		options->operands.list[i] = (char *)terminal_decode(options->operands.list[i]);
}

int main(int argc, char **argv)
{
	struct options options = { 0 };
	int status, command;

	if (program.record != NULL && argc == 3 && strcmp(argv[1], "record") == 0)
		return program.record(argv[2]);
	output_init();
	(void)unsetenv("LM_COMPAT_LEVEL"); /* below 3, gss-ntlmssp uses NTLM version 1 */
	/* Messages about the command line repeat it; a server in the place of the command, too. */
	for (int i = 1; i < argc; i++)
		if (strstr(argv[i], "://") != NULL || (i == 1 && strchr(argv[i], '@') != NULL))
			server_operand_hide_password(argv[i]);
	command = cli_parse(&netsession_program, argc, argv, &options, &options.operands, &status);
	if (command < 0)
		return status;
	if (program.run[command] == NULL ||
	    (program.leaves_fleets && ((command == COMMAND_CLOSE && options.hosts != NULL) ||
	                               (command == COMMAND_WATCH && options.db != NULL))))
		return program.run_other(argv);
	if (options.proxy != NULL) /* where the library finds it */
		(void)setenv("NETSESSION_PROXY", options.proxy, 1);
	main_decode_names(&options);
	return servers_prepare(&options, (enum command)command) ? program.run[command](&options)
	                                                        : EXIT_USAGE;
}
