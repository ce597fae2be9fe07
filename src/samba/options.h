/* SPDX-License-Identifier: MIT */
/* What netsession-samba is told on its command line: one table, from which come the parser, --help
 * and the manual page. */
#ifndef SAMBA_OPTIONS_H
#define SAMBA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "system/log.h"

/* Borrowed from argv. */
struct samba_options {
	const char *smb_conf;    /* NULL: Samba's own default */
	const char *directory;   /* what external_rpc_pipe:socket_dir says; never NULL */
	const char *feed_socket; /* NULL: the default one */
	bool no_feed;            /* netsessiond is told nothing */
	uint32_t max_pipes;      /* at once */
	uint32_t max_answer_mib; /* of one answer */
	enum log_level log_level;
};

#endif
