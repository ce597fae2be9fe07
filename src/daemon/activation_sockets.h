/* SPDX-License-Identifier: MIT */
/* The sockets that systemd listens at in the daemon's place, by the doors that they belong to. */
#ifndef DAEMON_ACTIVATION_SOCKETS_H
#define DAEMON_ACTIVATION_SOCKETS_H

#include <stdbool.h>

enum { ACTIVATION_MAX_SOCKETS = 16 };

/* Taken out of here by who uses them; -1: there is none. */
struct activation_sockets {
	int smb[ACTIVATION_MAX_SOCKETS];
	unsigned smb_count;
	int local, publish;
};

/* False, and *why (static text): some of them cannot be used. */
bool activation_sockets_take(struct activation_sockets *to, const char **why);

#endif
