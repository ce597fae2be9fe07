/* SPDX-License-Identifier: MIT */
/* How the commands are shared out among programs. The commands for fleets link SQLite and other
 * libraries, whose loading alone takes longer than `netsession list`. So they are a program of
 * their own, netsession-fleet, which netsession executes. Both have the same main. */
#ifndef NETSESSION_PROGRAM_H
#define NETSESSION_PROGRAM_H

#include "command_line.h"
#include "options.h"

struct program {
	/* Each returns an enum exit_code. NULL: it is one of the other program's. */
	int (*run[COMMAND_COUNT])(const struct options *options);
	/* Executes the other program with the same arguments. Returns an exit code where that
	 * fails. */
	int (*run_other)(char **argv);
	/* Writes the history of netsessiond, which executes `netsession-fleet record DB`. NULL: it
	 * is the other program's. */
	int (*record)(const char *db);
	bool leaves_fleets; /* close --hosts and watch --db are the other program's, too */
};

/* What this program has. */
extern const struct program program;

#endif
