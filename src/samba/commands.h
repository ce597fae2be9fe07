/* SPDX-License-Identifier: MIT */
/* netsession-samba, from its command line to its end. Its commands are one table, from which
 * dispatch, --help, the manual page and the completions follow. */
#ifndef SAMBA_COMMANDS_H
#define SAMBA_COMMANDS_H

#include "samba/options.h"

#define SAMBA_SUMMARY "complete answers to NetSessionEnum from a Samba server"

enum { SAMBA_DONE = 0, SAMBA_FAILED = 1, SAMBA_USAGE = 2, SAMBA_NOT_RUNNING = 3 };

struct samba_command {
	const char *name;
	enum samba_command_bit bit; /* which options it takes */
	const char *summary;
	const char *description; /* for the manual and --help: paragraphs */
	const char *exits;       /* what its exit codes mean */
	const char *examples;
	int (*run)(const struct samba_options *options);
};

extern const struct samba_command samba_commands[];
extern const size_t samba_command_count;

/* Returns the exit status: 0; 1 when it could not be done, which was said on stderr; 2 for a wrong
 * command line; of "check" and "status" as their help says. */
int samba_main(int argc, char **argv);

/* In files of their own. */
int samba_check(const struct samba_options *options);
int samba_enable(const struct samba_options *options);
int samba_disable(const struct samba_options *options);
int samba_status(const struct samba_options *options);
int samba_release(const struct samba_options *options);

#endif
