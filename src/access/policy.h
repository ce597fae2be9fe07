/* SPDX-License-Identifier: MIT */
/* Who may do what: a table {right -> who}. What is not allowed is denied. */
#ifndef ACCESS_POLICY_H
#define ACCESS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include "access/identity.h"

/* Listed once: the right, and its key in the configuration. */
#define ACCESS_RIGHTS(R)                     \
	R(ACCESS_LEVEL_0, "level_0")         \
	R(ACCESS_LEVEL_1, "level_1")         \
	R(ACCESS_LEVEL_2, "level_2")         \
	R(ACCESS_LEVEL_10, "level_10")       \
	R(ACCESS_LEVEL_502, "level_502")     \
	R(ACCESS_DELETE, "delete")           \
	R(ACCESS_SERVER_INFO, "server_info") \
	R(ACCESS_SHARE_ENUM, "share_enum")   \
	R(ACCESS_COUNTERS, "counters")       \
	R(ACCESS_FEED, "feed")

enum access_right {
#define R(RIGHT, KEY) RIGHT,
	ACCESS_RIGHTS(R)
#undef R
		ACCESS_RIGHT_COUNT
};

/* The right to enumerate at a level, which exists. */
enum access_right access_right_of_level(unsigned level);

struct access_policy;

/* preset   "documented" or "hardened"
 * Gives one holder; NULL: no such preset, or out of memory. */
struct access_policy *access_policy_new(const char *preset);

/* Overwrites who has a right: a list with commas of "administrators", "server_operators",
 * "feeders", "authenticated", "nobody", or labels. False, and *why (static text): what was
 * expected instead of what is there, or memory ran out; it is as it was. */
bool access_policy_set(struct access_policy *p, enum access_right right, const char *list,
                       const char **why);

/* What "administrators", "server_operators" and "feeders" mean: a list with commas of labels:
 * alice, LAB\alice, alice@LAB.EXAMPLE, @group, S-1-5-..., or "nobody". Returns as
 * access_policy_set. */
bool access_policy_name(struct access_policy *p, const char *group, const char *list,
                        const char **why);

bool access_policy_allows(const struct access_policy *p, const struct identity *who,
                          enum access_right right);

struct access_policy *access_policy_hold(struct access_policy *p);
void access_policy_release(struct access_policy *p);

#endif
