/* SPDX-License-Identifier: MIT */
#include "samba/status_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "net/listener.h"
#include "net/stream.h"

#define STEP "open the status socket"

struct status_socket {
	struct net_listener *listener;
	char *path;
	void (*write_status)(void *context, char *to, size_t room);
	void *context;
};

/* The text fits into the socket's own buffer, so nothing waits for the client. */
static void status_socket_on_accepted(void *context, int socket)
{
	struct status_socket *s = context;
	char text[STATUS_TEXT_BYTES];

	s->write_status(s->context, text, sizeof text);
	(void)net_socket_send(socket, text, strlen(text));
	net_socket_hang_up(socket);
}

struct status_socket *status_socket_new(struct net_loop *loop, const char *directory,
                                        void (*write_status)(void *context, char *to, size_t room),
                                        void *context, struct err *err)
{
	struct status_socket *s = calloc(1, sizeof *s);
	char *path;
	int socket;

	if (s == NULL || asprintf(&path, "%s/" STATUS_SOCKET_NAME, directory) < 0)
		goto no_memory;
	*s = (struct status_socket){ .path = path,
		                     .write_status = write_status,
		                     .context = context };
	socket = net_listen_local(s->path, 0600, err);
	if (socket < 0)
		goto out;
	s->listener = net_listener_new(loop, socket, status_socket_on_accepted, s);
	if (s->listener != NULL)
		return s;
	(void)unlink(s->path);
no_memory:
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
out:
	if (s != NULL)
		free(s->path);
	free(s);
	return NULL;
}

void status_socket_free(struct status_socket *s)
{
	if (s == NULL)
		return;
	net_listener_free(s->listener);
	(void)unlink(s->path);
	free(s->path);
	free(s);
}
