/* SPDX-License-Identifier: MIT */
/* Who a user of this computer is to the access policy: "alice", and "@group" for each group. The
 * system's answer may come from a directory far away: it is waited for on the pool. */
#ifndef DAEMON_LOCAL_IDENTITY_H
#define DAEMON_LOCAL_IDENTITY_H

#include <sys/types.h>
#include "auth/identity.h"
#include "net/loop.h"

/* The same, and waits. A user without a name is "uid:1234", of no group. Gives one holder; NULL:
 * out of memory. */
struct identity *local_identity_of(uid_t uid);

struct local_identity_lookup;

/* found: gives one holder; NULL: out of memory. Gives the look-up, which is gone when found
 * returns; NULL: out of memory. */
struct local_identity_lookup *
local_identity_start(struct net_loop *loop, uid_t uid,
                     void (*found)(void *context, struct identity *who), void *context);
/* found will not be called. NULL is allowed. */
void local_identity_cancel(struct local_identity_lookup *lookup);

#endif
