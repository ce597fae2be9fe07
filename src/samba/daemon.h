/* SPDX-License-Identifier: MIT */
/* The command "run": the relay and the feed, until it is told to end. */
#ifndef SAMBA_DAEMON_H
#define SAMBA_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include "system/log.h"

/* Texts are borrowed as long as it runs. */
struct samba_options {
	const char *smb_conf;       /* NULL: Samba's own default */
	const char *directory;      /* what external_rpc_pipe:socket_dir says; never NULL */
	const char *publish_socket; /* NULL: the default one */
	bool no_publish;            /* netsessiond is told nothing */
	uint32_t max_pipes;         /* at once */
	uint32_t max_answer_mib;    /* of one answer */
	enum log_level log_level;
};

/* Returns the exit status. */
int samba_daemon_run(const struct samba_options *options);

#endif
