/* SPDX-License-Identifier: MIT */
#include "daemon/activation_sockets.h"

#include <string.h>
#include "system/systemd.h"

static bool activation_sockets_add(void *context, const char *name, int socket)
{
	struct activation_sockets *to = context;

	if (strcmp(name, "smb") == 0 && to->smb_count < ACTIVATION_MAX_SOCKETS)
		to->smb[to->smb_count++] = socket;
	else if (strcmp(name, "local") == 0 && to->local < 0)
		to->local = socket;
	else if (strcmp(name, "publish") == 0 && to->publish < 0)
		to->publish = socket;
	else
		return false;
	return true;
}

bool activation_sockets_take(struct activation_sockets *to, const char **why)
{
	*to = (struct activation_sockets){ .local = -1, .publish = -1 };
	return systemd_take_sockets(activation_sockets_add, to, why);
}
