/* SPDX-License-Identifier: MIT */
#include "daemon/local_socket.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool local_socket_open(struct local_socket *s, struct net_loop *loop, const char *path, mode_t mode,
                       int socket, void (*accepted)(void *context, int socket), void *context,
                       struct err *err)
{
	*s = (struct local_socket){ 0 };
	if (socket < 0) {
		socket = net_listen_local(path, mode, err);
		if (socket < 0)
			return false;
		s->path = strdup(path);
		if (s->path == NULL) {
			close(socket);
			(void)unlink(path);
			err_set(err, ERROR_NOT_ENOUGH_MEMORY, "listen", NULL);
			return false;
		}
	}
	s->listener = net_listener_new(loop, socket, accepted, context);
	if (s->listener != NULL)
		return true;
	local_socket_close(s);
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, "listen", NULL);
	return false;
}

void local_socket_close(struct local_socket *s)
{
	if (s->path != NULL)
		(void)unlink(s->path);
	net_listener_free(s->listener);
	free(s->path);
	*s = (struct local_socket){ 0 };
}
