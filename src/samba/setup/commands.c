/* SPDX-License-Identifier: MIT */
#include "samba/setup/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "samba/daemon.h"
#include "samba/setup/describe.h"

const struct setup_command setup_commands[] = {
	{ "run", SETUP_COMMAND_RUN,
	  "relay between smbd and its srvsvc service, and tell netsessiond of Samba's sessions",
	  "Stays in the foreground until it is told to end by TERM or INT; it logs to standard error\n"
	  "or the journal, and tells systemd when it is ready. When it ends, Samba serves all pipes\n"
	  "itself again, as it does while this is not enabled.\n",
	  "0 it was told to end, 1 it could not begin, 2 usage",
	  "  netsession-samba run\n"
	  "  netsession-samba run --no-feed --log-level debug\n",
	  samba_daemon_run },
	{ "check", SETUP_COMMAND_CHECK,
	  "say whether this Samba fits, what enable would change in smb.conf, and what is in the way",
	  "Changes nothing.\n",
	  "0 nothing is in the way, or it is enabled, 1 something is in the way, 2 usage",
	  "  netsession-samba check\n"
	  "  netsession-samba check --smb-conf /srv/samba/smb.conf\n",
	  setup_check },
	{ "enable", SETUP_COMMAND_ENABLE, "have smbd look for its pipes where the relay is",
	  "Puts three marked lines into [global] of smb.conf, if check finds nothing in the way; so the\n"
	  "relay has to run. Samba has to take the new text before it goes into the place of the old\n"
	  "one, which is done in one step; the old one is kept beside it. Then smbd is told. Where it is\n"
	  "enabled already, nothing is changed.\n",
	  "0 it is enabled, 1 it is not, 2 usage", "  netsession-samba enable\n", setup_enable },
	{ "disable", SETUP_COMMAND_DISABLE, "take out of smb.conf what enable put in",
	  "Every other byte stays as it is. smbd is told; pipes that are open stay open, so the relay\n"
	  "may be stopped when nobody needs it any more.\n",
	  "0 it is not enabled any more, 1 it could not be done, 2 usage",
	  "  netsession-samba disable && systemctl disable --now netsession-samba\n",
	  setup_disable },
	{ "status", SETUP_COMMAND_STATUS, "say how it goes",
	  "Looks at smb.conf, smbd, the pipes and their links, and asks the one that runs.\n",
	  "0 it works, 1 something is wrong, or it is not enabled, 2 usage, 3 it does not run, and Samba "
	  "serves its pipes itself",
	  "  netsession-samba status\n", setup_status },
	{ "release", SETUP_COMMAND_RELEASE,
	  "let Samba serve all pipes itself, after run was killed",
	  "As run does it when it ends: srvsvc becomes a link to Samba's own. netsession-samba.service does\n"
	  "it when its process has died, so that nobody waits for the next one.\n",
	  "0 nothing is in Samba's way, 1 one that runs has the directory, or it could not be done, 2 usage",
	  "  netsession-samba release\n", setup_release },
};

const size_t setup_command_count = sizeof setup_commands / sizeof *setup_commands;

static int setup_run_command(const struct setup_command *command, int argc, char **argv)
{
	struct samba_options options;
	bool wants_help;

	if (!setup_options_parse(argc, argv, command->bit, &options, &wants_help))
		return SETUP_USAGE;
	if (wants_help) {
		setup_describe_command(command);
		return SETUP_DONE;
	}
	/* Samba's pipes, and who listens at them, are root's. */
	if (geteuid() != 0) {
		fprintf(stderr, "netsession-samba: %s has to be run by root\n", command->name);
		return SETUP_FAILED;
	}
	return command->run(&options);
}

int setup_main(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < setup_command_count; i++)
		if (strcmp(setup_commands[i].name, first) == 0)
			return setup_run_command(&setup_commands[i], argc - 1, argv + 1);
	if (strcmp(first, "--help") == 0) {
		setup_describe_all(stdout);
		return SETUP_DONE;
	}
	if (strcmp(first, "--version") == 0) {
		printf("netsession-samba %s\n", NETSESSION_VERSION);
		return SETUP_DONE;
	}
	if (strcmp(first, "--describe") == 0)
		return setup_describe(argc > 2 ? argv[2] : "") ? SETUP_DONE : SETUP_USAGE;
	if (argc > 1)
		fprintf(stderr,
		        "netsession-samba: unknown command \"%s\"; see netsession-samba --help\n",
		        first);
	else
		setup_describe_all(stderr);
	return SETUP_USAGE;
}
