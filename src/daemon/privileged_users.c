/* SPDX-License-Identifier: MIT */
#include "daemon/privileged_users.h"

#include <string.h>

/* Returns count if user is not there. */
static unsigned privileged_users_index(const struct privileged_users *u, uid_t user)
{
	unsigned i = 0;

	while (i < u->count && u->list[i] != user)
		i++;
	return i;
}

static void privileged_users_remove(struct privileged_users *u, unsigned index)
{
	u->count--;
	memmove(u->list + index, u->list + index + 1, (u->count - index) * sizeof *u->list);
}

void privileged_users_set(struct privileged_users *u, uid_t user, bool is_privileged)
{
	unsigned index = privileged_users_index(u, user);

	if (index < u->count)
		privileged_users_remove(u, index);
	if (!is_privileged)
		return;
	if (u->count == PRIVILEGED_USERS_MAX)
		privileged_users_remove(u, 0);
	u->list[u->count++] = user;
}

bool privileged_users_has(const struct privileged_users *u, uid_t user)
{
	return privileged_users_index(u, user) < u->count;
}
