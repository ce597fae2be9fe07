/* SPDX-License-Identifier: MIT */
/* Inside the audit log: refusals that repeat. The first AUDIT_REPEATS_WRITTEN of one kind in a
 * window have a line each, and the others are counted for one line at the end of the window. So who
 * is refused all the time does not fill the disk. Pure: the caller tells the time. */
#ifndef DAEMON_AUDIT_REPEATS_H
#define DAEMON_AUDIT_REPEATS_H

#include <stdbool.h>
#include <stdint.h>
#include "srvsvc/server.h"

#define AUDIT_REPEATS_WRITTEN   5
#define AUDIT_REPEATS_WINDOW_MS 60000
/* Kinds at a time. Where there are more, the window of the oldest ends early. */
#define AUDIT_REPEATS_KINDS 256

/* Refusals of one kind: the same operation and result for the same address and caller, whatever
 * else they name. */
struct audit_repeat {
	const char *operation, *endpoint; /* static texts */
	char address[64];
	char caller[128]; /* "": nobody has logged on */
	NET_API_STATUS status;
	int64_t began_ms;
	uint32_t count;
};

/* All zero at first. */
struct audit_repeats {
	struct audit_repeat list[AUDIT_REPEATS_KINDS]; /* the oldest window first */
	unsigned count;
};

/* Whether the event, of this caller, gets a line of its own. Before that, audit_repeats_end must
 * have been called until it gave nothing. */
bool audit_repeats_admit(struct audit_repeats *r, const struct srvsvc_event *event,
                         const char *caller, int64_t now_ms);
/* Gives a kind of which more were refused than have lines, when its window has ended or has to make
 * room. False: there is none. everything: all windows end now. */
bool audit_repeats_end(struct audit_repeats *r, bool everything, int64_t now_ms,
                       struct audit_repeat *ended);

#endif
