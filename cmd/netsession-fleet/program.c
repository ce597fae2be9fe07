/* SPDX-License-Identifier: MIT */
/* Of netsession-fleet: the commands that netsession leaves to it. */
#include "program.h"

#include <stdio.h>
#include "commands.h"
#include "record.h"

static int program_refuse(char **argv)
{
	(void)argv;
	fputs("netsession-fleet: run this command by netsession\n", stderr);
	return EXIT_USAGE;
}

const struct program program = {
	.run = {
		[COMMAND_COLLECT] = command_collect,
		[COMMAND_STORE] = command_store,
		[COMMAND_SWEEP] = command_sweep,
		[COMMAND_REPORT] = command_report,
		[COMMAND_EXPORT] = command_export,
		[COMMAND_CLOSE] = command_close_fleet,
		[COMMAND_WATCH] = command_watch,
	},
	.run_other = program_refuse,
	.record = recorder_run,
};
