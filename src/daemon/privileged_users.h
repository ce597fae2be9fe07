/* SPDX-License-Identifier: MIT */
/* The users of this computer who had a right at an endpoint when they were looked up last. The
 * endpoint reserves places for them. A look-up may take long, so it cannot decide who gets a place;
 * what it found the last time can. */
#ifndef DAEMON_PRIVILEGED_USERS_H
#define DAEMON_PRIVILEGED_USERS_H

#include <stdbool.h>
#include <sys/types.h>

#define PRIVILEGED_USERS_MAX 64

/* All zero: no user. */
struct privileged_users {
	uid_t list[PRIVILEGED_USERS_MAX]; /* the most recent last */
	unsigned count;
};

/* What the look-up of a user found. Of more than PRIVILEGED_USERS_MAX users with the right, those
 * who were looked up longest ago are forgotten. */
void privileged_users_set(struct privileged_users *u, uid_t user, bool is_privileged);
bool privileged_users_has(const struct privileged_users *u, uid_t user);

#endif
