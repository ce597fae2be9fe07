/* SPDX-License-Identifier: MIT */
#include "samba/commands.h"

#include <stdio.h>
#include <string.h>
#include "samba/daemon.h"
#include "samba/describe.h"

const struct samba_command samba_commands[] = {
	{ "run", SAMBA_COMMAND_RUN,
	  "relay between smbd and its srvsvc service, and tell netsessiond of Samba's sessions",
	  "Stays in the foreground until it is told to end by TERM or INT; it logs to standard error\n"
	  "or the journal, and tells systemd when it is ready. When it ends, Samba serves all pipes\n"
	  "itself again, as it does while this is not enabled.\n",
	  "0 it was told to end, 1 it could not begin, 2 usage",
	  "  netsession-samba run\n"
	  "  netsession-samba run --no-feed --log-level debug\n",
	  samba_run },
};

const size_t samba_command_count = sizeof samba_commands / sizeof *samba_commands;

static int run(const struct samba_command *command, int argc, char **argv)
{
	struct samba_options options;

	if (!samba_options_parse(argc, argv, command->bit, &options))
		return SAMBA_USAGE;
	if (!options.help)
		return command->run(&options);
	samba_describe_command(command);
	return SAMBA_DONE;
}

int samba_main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < samba_command_count; i++)
		if (strcmp(samba_commands[i].name, first) == 0)
			return run(&samba_commands[i], argc - 1, argv + 1);
	if (strcmp(first, "--help") == 0) {
		samba_describe_all(stdout);
		return SAMBA_DONE;
	}
	if (strcmp(first, "--version") == 0) {
		printf("netsession-samba %s\n", NETSESSION_VERSION);
		return SAMBA_DONE;
	}
	if (strcmp(first, "--describe") == 0)
		return samba_describe(argc > 2 ? argv[2] : "") ? SAMBA_DONE : SAMBA_USAGE;
	if (argc > 1)
		fprintf(stderr,
		        "netsession-samba: unknown command \"%s\"; see netsession-samba --help\n",
		        first);
	else
		samba_describe_all(stderr);
	return SAMBA_USAGE;
}
