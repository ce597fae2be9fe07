/* SPDX-License-Identifier: MIT */
/* The commands: one table, from which dispatch, --help, manual and completion follow. */
#ifndef NETSESSION_COMMANDS_H
#define NETSESSION_COMMANDS_H

#include <netsession.h>
#include "options.h"

struct command {
	const char *name;
	enum command_bit bit; /* which options it takes */
	const char *operands;
	int least, most; /* operands; most -1: any number */
	const char *summary;
	const char *description; /* for the manual and --help: paragraphs */
	const char *exits;       /* what its exit codes mean */
	const char *examples;
	/* Its options are parsed, its operands are in them. Returns enum exit_code. */
	int (*run)(const struct options *options);
};

enum { COMMAND_COUNT = 5 };
extern const struct command commands[COMMAND_COUNT];

/* NULL: there is none. */
const struct command *command_find(const char *name);

int command_list(const struct options *options);
int command_info(const struct options *options);
int command_close(const struct options *options);
int command_watch(const struct options *options);
int command_doctor(const struct options *options);

#endif
