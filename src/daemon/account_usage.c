/* SPDX-License-Identifier: MIT */
#include "daemon/account_usage.h"

#include <stdlib.h>
#include "base/text.h"

#define BUCKETS 1024

/* By the hash of the user. They belong to the loop's thread, as identities do. */
static LIST_HEAD(, account_usage) usages[BUCKETS];

struct account_usage *account_usage_hold(struct identity *identity)
{
	struct account_usage *usage;
	uint32_t hash;

	if (!text_hash_nocase(identity_user(identity), &hash))
		return NULL;
	LIST_FOREACH(usage, &usages[hash % BUCKETS], entry)
		if (identity_is_same(usage->identity, identity))
			break;
	if (usage == NULL && (usage = calloc(1, sizeof *usage)) != NULL) {
		usage->identity = identity_hold(identity);
		LIST_INSERT_HEAD(&usages[hash % BUCKETS], usage, entry);
	}
	if (usage != NULL)
		usage->holders++;
	return usage;
}

void account_usage_release(struct account_usage *usage)
{
	if (usage == NULL || --usage->holders > 0)
		return;
	LIST_REMOVE(usage, entry);
	identity_release(usage->identity);
	free(usage);
}
