/* SPDX-License-Identifier: MIT */
/* netsession-samba, from its command line to its end. Its commands are one table, from which
 * dispatch, --help and the manual page follow. */
#ifndef SAMBA_SETUP_COMMANDS_H
#define SAMBA_SETUP_COMMANDS_H

#include "samba/setup/options.h"

#define SETUP_SUMMARY "complete answers to NetSessionEnum from a Samba server"

enum { SETUP_DONE = 0, SETUP_FAILED = 1, SETUP_USAGE = 2, SETUP_NOT_RUNNING = 3 };

struct setup_command {
	const char *name;
	enum setup_command_bit bit; /* which options it takes */
	const char *summary;
	const char *description; /* for the manual and --help: paragraphs */
	const char *exits;       /* what its exit codes mean */
	const char *examples;
	int (*run)(const struct samba_options *options);
};

extern const struct setup_command setup_commands[];
extern const size_t setup_command_count;

/* Returns the exit status: 0; 1 when it could not be done, which was said on stderr; 2 for a wrong
 * command line; of "check" and "status" as their help says. */
int setup_main(int argc, char **argv);

/* In files of their own. */
int setup_check(const struct samba_options *options);
int setup_enable(const struct samba_options *options);
int setup_disable(const struct samba_options *options);
int setup_status(const struct samba_options *options);
int setup_release(const struct samba_options *options);

#endif
