/* SPDX-License-Identifier: MIT */
/* The access policy: for each right a list of the callers who have it. What no list allows is
 * denied.
 */
#ifndef AUTH_ACCESS_POLICY_H
#define AUTH_ACCESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include "auth/identity.h"
#include "base/err.h"

/* Listed once: the right, its key in the configuration, and what it allows. */
#define ACCESS_RIGHTS(R)                                                                      \
	R(ACCESS_LEVEL_0, "level_0", "list sessions at level 0: client names")                \
	R(ACCESS_LEVEL_1, "level_1", "list sessions at level 1: also users, times and opens") \
	R(ACCESS_LEVEL_2, "level_2", "list sessions at level 2: also client types")           \
	R(ACCESS_LEVEL_10, "level_10", "list sessions at level 10: clients, users and times") \
	R(ACCESS_LEVEL_502, "level_502", "list sessions at level 502: everything")            \
	R(ACCESS_DELETE, "delete", "close sessions")                                          \
	R(ACCESS_SERVER_INFO, "server_info", "read the server's name, version and comment")   \
	R(ACCESS_SHARE_ENUM, "share_enum", "list the shares, which are IPC$ alone")           \
	R(ACCESS_COUNTERS, "counters", "read the counters, at the local socket")              \
	R(ACCESS_PUBLISH, "publish", "publish sessions, at the publish socket")

enum access_right {
#define R(RIGHT, KEY, HELP) RIGHT,
	ACCESS_RIGHTS(R)
#undef R
		ACCESS_RIGHT_COUNT
};

/* The right to list sessions at a level, which must exist. */
enum access_right access_right_of_level(unsigned level);

struct access_policy;

/* preset   "documented" or "hardened"
 * Gives one holder; NULL: no such preset, or out of memory. */
struct access_policy *access_policy_new(const char *preset);

/* Sets who has a right: a list, separated by commas, of "administrators", "server_operators",
 * "publishers", "authenticated", "nobody", or labels. False: the list is invalid, and err says what
 * was expected, or memory ran out; the right is as it was. */
bool access_policy_set(struct access_policy *p, enum access_right right, const char *list,
                       struct err *err);

/* Sets the members of "administrators", "server_operators" or "publishers": a list, separated by
 * commas, of labels: alice, LAB\alice, alice@LAB.EXAMPLE, @group, S-1-5-..., or "nobody". Returns
 * as access_policy_set. */
bool access_policy_set_group(struct access_policy *p, const char *group, const char *list,
                             struct err *err);

bool access_policy_allows(const struct access_policy *p, const struct identity *who,
                          enum access_right right);

struct access_policy *access_policy_hold(struct access_policy *p);
void access_policy_release(struct access_policy *p);

#endif
