/* SPDX-License-Identifier: MIT */
/* netsession: who is connected to which file server, and since when. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "describe.h"

static int main_print_usage(FILE *to)
{
	fprintf(to,
	        "netsession %s: who is connected to which file server, and since when\n\n"
	        "Usage: netsession COMMAND [OPTIONS] [...]\n\nCommands:\n",
	        netsession_version());
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(to, "  %-6s %-19s %s\n", commands[i].name, commands[i].operands,
		        commands[i].summary);
	fprintf(to, "\nnetsession COMMAND --help tells more of a command.\n");
	return to == stdout ? EXIT_ALL : EXIT_USAGE;
}

static int main_print_command_help(const struct command *command)
{
	printf("Usage: netsession %s [OPTIONS] %s\n\n%c%s.\n%s\nOptions:\n", command->name,
	       command->operands, command->summary[0] - 'a' + 'A', command->summary + 1,
	       command->description);
	options_print_help(stdout, command->bit);
	printf("\nA server is a name or an address, also //host, smb://host, host:port, [v6]:port.\n"
	       "Without one netsessiond on this computer is asked, at the socket that\n"
	       "NETSESSION_SOCKET names, else /run/netsession/local.sock; it knows you as who you are.\n"
	       "Without -A or --as, the file that NETSESSION_CREDENTIALS names is used, else your\n"
	       "Kerberos tickets.\n"
	       "\nExit status: %s.\n\nExamples:\n%s",
	       command->exits, command->examples);
	return EXIT_ALL;
}

static int main_run_command(const struct command *command, int argc, char **argv)
{
	struct options options;

	if (!options_parse(argc, argv, command->bit, &options))
		return EXIT_USAGE;
	if (options.help)
		return main_print_command_help(command);
	if (options.operand_count < command->least ||
	    (command->most >= 0 && options.operand_count > command->most)) {
		fprintf(stderr, "netsession: usage: netsession %s [OPTIONS] %s\n", command->name,
		        command->operands);
		return EXIT_USAGE;
	}
	return command->run(&options);
}

int main(int argc, char **argv)
{
	const struct command *command;

	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return main_print_usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return main_print_usage(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("netsession %s\n", netsession_version());
		return EXIT_ALL;
	}
	if (strcmp(argv[1], "--describe") == 0)
		return daemon_describe(argc > 2 ? argv[2] : "") ? EXIT_ALL : EXIT_USAGE;
	command = command_find(argv[1]);
	if (command != NULL)
		return main_run_command(command, argc - 1, argv + 1);
	fprintf(stderr, "netsession: unknown command \"%s\"; see netsession --help\n", argv[1]);
	return EXIT_USAGE;
}
