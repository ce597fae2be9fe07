/* SPDX-License-Identifier: MIT */
/* What netsession-samba is told on its command line: one table, from which come the parser, --help
 * and the manual page. */
#ifndef SAMBA_SETUP_OPTIONS_H
#define SAMBA_SETUP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "samba/daemon.h"

/* For which commands an option is. */
enum setup_command_bit {
	SETUP_COMMAND_RUN = 1,
	SETUP_COMMAND_CHECK = 2,
	SETUP_COMMAND_ENABLE = 4,
	SETUP_COMMAND_DISABLE = 8,
	SETUP_COMMAND_STATUS = 16,
	SETUP_COMMAND_RELEASE = 32,
};

/* What there is to know of an option. */
struct setup_option {
	const char *name;
	const char *argument; /* how --help calls it; NULL: it takes none */
	unsigned commands;    /* enum setup_command_bit */
	const char *help;
	/* NULL: --help. */
	bool (*take)(struct samba_options *o, const char *argument);
};

extern const struct setup_option setup_options[];
extern const size_t setup_option_count;

/* argv[0] is the command's name; o borrows from the others. *wants_help: --help is among them.
 * False: something is wrong with it, which was said on stderr. */
bool setup_options_parse(int argc, char **argv, enum setup_command_bit command,
                         struct samba_options *o, bool *wants_help);

#endif
