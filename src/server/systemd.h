/* SPDX-License-Identifier: MIT */
/* The only includer of libsystemd; without that, nobody is told anything and no sockets come. */
#ifndef SERVER_SYSTEMD_H
#define SERVER_SYSTEMD_H

#include <stdbool.h>

/* In the form of sd_notify(3). */
void systemd_tell(const char *state);
/* The state of a reload that begins, which carries its time. */
void systemd_tell_reloading(void);

#define SYSTEMD_MAX_SOCKETS 16

/* Sockets that listen already, taken out of here by who uses them; -1: there is none. */
struct systemd_sockets {
	int smb[SYSTEMD_MAX_SOCKETS];
	unsigned smb_count;
	int local, feed;
};

/* Those that this process was started with. False, and *why (static text): some of them cannot be
 * used. */
bool systemd_take_sockets(struct systemd_sockets *to, const char **why);

#endif
