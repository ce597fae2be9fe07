/* SPDX-License-Identifier: MIT */
/* What netsession-samba is told on its command line: one table, from which come the parser, --help,
 * the manual page and the completions. */
#ifndef SAMBA_OPTIONS_H
#define SAMBA_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "system/log.h"

/* For which commands an option is. */
enum samba_command_bit {
	SAMBA_COMMAND_RUN = 1,
	SAMBA_COMMAND_CHECK = 2,
	SAMBA_COMMAND_ENABLE = 4,
	SAMBA_COMMAND_DISABLE = 8,
	SAMBA_COMMAND_STATUS = 16,
	SAMBA_COMMAND_RELEASE = 32,
};

/* Borrowed from argv. */
struct samba_options {
	const char *smb_conf;    /* NULL: Samba's own default */
	const char *directory;   /* what external_rpc_pipe:socket_dir says; never NULL */
	const char *feed_socket; /* NULL: the default one */
	bool no_feed;            /* netsessiond is told nothing */
	uint32_t max_pipes;      /* at once */
	uint32_t max_answer_mib; /* of one answer */
	enum log_level log_level;
	bool help;
};

/* What there is to know of an option. */
struct samba_option {
	const char *name;
	const char *argument; /* how --help calls it; NULL: it takes none */
	const char *choices;  /* its arguments, separated by blanks; NULL: any */
	unsigned commands;    /* enum samba_command_bit */
	const char *help;
	bool (*take)(struct samba_options *o, const char *argument);
};

extern const struct samba_option samba_options[];
extern const size_t samba_option_count;

/* argv[0] is the command's name. False: something is wrong with it, which was said on stderr. */
bool samba_options_parse(int argc, char **argv, enum samba_command_bit command,
                         struct samba_options *o);

#endif
