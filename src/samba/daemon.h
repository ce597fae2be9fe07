/* SPDX-License-Identifier: MIT */
/* netsession-samba run: the relay and the publisher, until a signal ends them. */
#ifndef SAMBA_DAEMON_H
#define SAMBA_DAEMON_H

#include <stdbool.h>
#include <stdint.h>
#include "system/log.h"

/* Texts are borrowed while samba_daemon_run runs. */
struct samba_options {
	const char *smb_conf;       /* NULL: Samba's own default */
	const char *directory;      /* the value of external_rpc_pipe:socket_dir; never NULL */
	const char *publish_socket; /* NULL: the default one */
	bool no_publish;            /* sessions are not published */
	uint32_t max_pipes;         /* at once */
	uint32_t max_pipes_per_client;
	uint32_t max_answer_mib; /* of one answer */
	enum log_level log_level;
};

/* Returns the exit status. */
int samba_daemon_run(const struct samba_options *options);

#endif
