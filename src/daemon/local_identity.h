/* SPDX-License-Identifier: MIT */
/* The identity of a user of this computer for the access policy: "alice", and "@group" for each
 * group. The system may have to ask a remote directory, so the look-up runs on the pool. */
#ifndef DAEMON_LOCAL_IDENTITY_H
#define DAEMON_LOCAL_IDENTITY_H

#include <sys/types.h>
#include "auth/identity.h"
#include "net/loop.h"

/* Blocks until the system has answered. A user without a name is "uid:1234", in no group. Gives one
 * holder; NULL: out of memory or of file descriptors. */
struct identity *local_identity_of(uid_t uid);

struct local_identity_lookup;

/* Looks the user up on the pool.
 * found    called once, with one holder of the identity; NULL: out of memory
 * Returns  the look-up, which is freed when found has returned; NULL: out of memory. */
struct local_identity_lookup *
local_identity_start(struct net_loop *loop, uid_t uid,
                     void (*found)(void *context, struct identity *who), void *context);
/* found is not called any more. NULL is allowed. */
void local_identity_cancel(struct local_identity_lookup *lookup);

#endif
