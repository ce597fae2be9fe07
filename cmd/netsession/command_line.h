/* SPDX-License-Identifier: MIT */
/* The command line of netsession: its commands and options, in tables. */
#ifndef NETSESSION_COMMAND_LINE_H
#define NETSESSION_COMMAND_LINE_H

#include "cli/cli.h"

enum command {
	COMMAND_LIST,
	COMMAND_INFO,
	COMMAND_CLOSE,
	COMMAND_WATCH,
	COMMAND_DOCTOR,
	COMMAND_METRICS,
	COMMAND_SWEEP,
	COMMAND_COLLECT,
	COMMAND_REPORT,
	COMMAND_STORE,
	COMMAND_EXPORT,
	COMMAND_COUNT,
};

/* Fills a struct options. */
extern const struct cli_program netsession_program;

#endif
