/* SPDX-License-Identifier: MIT */
/* Turns on the loop. All work runs on one thread, so who has much of it does a part at a time. The
 * parts are shared out by groups, such as the connections of one account: a group that has used up
 * its turn waits for the next one, and while several groups wait, each gets one turn after the
 * other, however many members it has. Between two turns the loop looks at all sockets. */
#ifndef NET_TURN_H
#define NET_TURN_H

#include <stdbool.h>
#include "net/turn_group.h"

/* How long a group works before others have their turn. */
#define NET_TURN_MS 5

/* Keeps loop. group: NULL for the group of all who have none. */
void net_turn_init(struct net_turn *t, struct net_loop *loop, struct net_turn_group *group,
                   void (*take)(void *context), void *context);
/* Moves t to another group. One that waits continues to wait there. */
void net_turn_set_group(struct net_turn *t, struct net_turn_group *group);

/* Whether t may work now. False: others of its group wait, or the group has used up its turn; then
 * t waits, and take is called. */
bool net_turn_begin(struct net_turn *t);
/* Whether t has to stop working now: it waits, or its group has used up its turn. */
bool net_turn_is_over(struct net_turn *t);
/* Has take called once, when other groups have had their turn, and before the other members of t's
 * group: t goes on with what it has begun, so that not all of them hold what they have made of
 * their work so far. Nothing happens where t waits already. */
void net_turn_await(struct net_turn *t);
void net_turn_cancel(struct net_turn *t);

#endif
