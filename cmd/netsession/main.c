/* SPDX-License-Identifier: MIT */
/* netsession: who is connected to which file server, and since when. */
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "commands.h"

static const struct command {
	const char *name;
	const char *operands;
	const char *summary;
	const char *examples;
	int (*run)(const struct options *options);
} commands[] = {
	{ "list", "[SERVER...]", "list the sessions of servers; without one, of this computer",
	  "  netsession list -A ~/.smb-admin fs1 fs2\n"
	  "  netsession list -l 10 -u alice -o json fs1.example.com\n"
	  "  netsession list -c 192.0.2.7 '[2001:db8::5]:4450'\n",
	  command_list },
};

enum { COUNT = sizeof commands / sizeof *commands };

static int usage(FILE *to)
{
	fprintf(to, "netsession " NETSESSION_VERSION ": who is connected to which file server, and "
	            "since when\n\nUsage: netsession COMMAND [OPTIONS] [...]\n\nCommands:\n");
	for (size_t i = 0; i < COUNT; i++)
		fprintf(to, "  %-6s %-14s %s\n", commands[i].name, commands[i].operands,
		        commands[i].summary);
	fprintf(to, "\nnetsession COMMAND --help tells more of a command.\n");
	return to == stdout ? EXIT_ALL : EXIT_USAGE;
}

static int help(const struct command *command)
{
	printf("Usage: netsession %s [OPTIONS] %s\n\n%c%s.\n\nOptions:\n", command->name,
	       command->operands, command->summary[0] - 'a' + 'A', command->summary + 1);
	options_print_help(stdout);
	printf("\nA server is a name or an address, also //host, smb://host, host:port, [v6]:port.\n"
	       "Without -A, the file that NETSESSION_CREDENTIALS names is used, else your Kerberos\n"
	       "tickets.\n"
	       "\nExit status: 0 all servers answered, 1 some did not, 2 usage, 3 none did.\n"
	       "\nExamples:\n%s",
	       command->examples);
	return EXIT_ALL;
}

int main(int argc, char **argv)
{
	struct options options;

	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return usage(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("netsession " NETSESSION_VERSION "\n");
		return EXIT_ALL;
	}
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(argv[1], commands[i].name) == 0) {
			if (!options_parse(argc - 1, argv + 1, &options))
				return EXIT_USAGE;
			return options.help ? help(&commands[i]) : commands[i].run(&options);
		}
	fprintf(stderr, "netsession: unknown command \"%s\"; see netsession --help\n", argv[1]);
	return EXIT_USAGE;
}
