/* SPDX-License-Identifier: MIT */
/* What one account uses of netsessiond, over all of its connections and at every endpoint: memory
 * that is held for it, and turns on the loop. So what it does costs others nothing. */
#ifndef DAEMON_ACCOUNT_USAGE_H
#define DAEMON_ACCOUNT_USAGE_H

#include "auth/identity.h"
#include "net/turn.h"
#include "srvsvc/service.h"

struct account_usage {
	struct srvsvc_account memory;
	struct net_turn_group turns;
	/* The rest belongs to account_usage.c. */
	LIST_ENTRY(account_usage) entry;
	struct identity *identity; /* held */
	unsigned holders;
};

/* Gives the usage of an account, to be released. Holds identity as long as anybody holds the usage.
 * NULL: out of memory. */
struct account_usage *account_usage_hold(struct identity *identity);
/* NULL is allowed. */
void account_usage_release(struct account_usage *usage);

#endif
