/* SPDX-License-Identifier: MIT */
/* What a daemon gives up of the rights that it was started with. Rights belong to threads, so these
 * functions are called before there is a second thread. */
#ifndef SYSTEM_PRIVILEGES_H
#define SYSTEM_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"

#define PRIVILEGES_STEP "user of the daemon"

struct privileges_user {
	const char *name; /* kept */
	uid_t uid;
	gid_t gid;
};

/* Finds a user of this computer. False: see err. */
bool privileges_find_user(const char *name, struct privileges_user *user, struct err *err);

/* Turns root into this user for good: user, groups, and no capability but the one to listen at
 * ports below 1024. Does nothing where user is root. False: see err; the process should end. */
bool privileges_become_user(const struct privileges_user *user, struct err *err);

/* Gives up the capabilities that are left, where the process does not run as root. */
void privileges_drop_capabilities(void);

#endif
