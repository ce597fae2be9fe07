/* SPDX-License-Identifier: MIT */
#include "server/handed_sockets.h"

#include <string.h>
#include "system/systemd.h"

static bool take(void *context, const char *name, int socket)
{
	struct handed_sockets *to = context;

	if (strcmp(name, "smb") == 0 && to->smb_count < HANDED_MAX_SOCKETS)
		to->smb[to->smb_count++] = socket;
	else if (strcmp(name, "local") == 0 && to->local < 0)
		to->local = socket;
	else if (strcmp(name, "feed") == 0 && to->feed < 0)
		to->feed = socket;
	else
		return false;
	return true;
}

bool handed_sockets_take(struct handed_sockets *to, const char **why)
{
	*to = (struct handed_sockets){ .local = -1, .feed = -1 };
	return systemd_take_sockets(take, to, why);
}
