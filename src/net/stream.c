/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/uv.h"

#define DOING "connection"

#define FAREWELL_READS 1024

/* Watched, not owned by libuv: its own streams write without MSG_NOSIGNAL, and a library must not
 * kill its program when a server goes away. */
struct net_stream {
	uv_poll_t poll; /* its data is the stream */
	int socket;
	bool ended, paused;
	const struct net_stream_handler *handler;
	void *context;
	uint8_t *unsent; /* unsent_bytes of it, from unsent_at on, wait for room in the socket */
	size_t unsent_at, unsent_bytes;
};

static void end(struct net_stream *s, int uv_error)
{
	struct err err = { 0 };

	s->ended = true;
	uv_poll_stop(&s->poll);
	net_uv_error(&err, uv_error, DOING);
	s->handler->ended(s->context, &err);
}

/* How many bytes of it the socket took, and what went wrong. */
static size_t send_some(int socket, const void *data, size_t bytes, int *uv_error)
{
	ssize_t sent;

	do
		sent = send(socket, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	*uv_error = sent < 0 && errno != EAGAIN ? uv_translate_sys_error(errno) : 0;
	return sent < 0 ? 0 : (size_t)sent;
}

/* As recv(2). */
static ssize_t receive(int socket, void *to, size_t room)
{
	ssize_t bytes;

	do
		bytes = recv(socket, to, room, MSG_DONTWAIT);
	while (bytes < 0 && errno == EINTR);
	return bytes;
}

/* False: there is nothing more to read now. */
static bool receive_some(struct net_stream *s)
{
	size_t room = 0;
	uint8_t *space = s->handler->space(s->context, &room);
	ssize_t bytes;

	if (space == NULL || room == 0) {
		end(s, UV_ENOBUFS);
		return false;
	}
	bytes = receive(s->socket, space, room);
	if (bytes > 0)
		s->handler->received(s->context, (size_t)bytes);
	else if (bytes == 0)
		end(s, UV_EOF);
	else if (errno != EAGAIN)
		end(s, uv_translate_sys_error(errno));
	return bytes > 0;
}

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch(struct net_stream *s)
{
	int events = (s->paused ? 0 : UV_READABLE) | (s->unsent_bytes > 0 ? UV_WRITABLE : 0);

	if (events != 0)
		uv_poll_start(&s->poll, events, on_poll);
	else
		uv_poll_stop(&s->poll);
}

/* It broke: what came before that is still read, however fast the other side goes on. */
static void fail(struct net_stream *s, int uv_error)
{
	for (int i = 0; i < FAREWELL_READS && !s->ended && !s->paused && receive_some(s); i++)
		;
	if (!s->ended)
		end(s, uv_error);
}

static void send_rest(struct net_stream *s)
{
	int uv_error;
	size_t sent = send_some(s->socket, s->unsent + s->unsent_at, s->unsent_bytes, &uv_error);

	s->unsent_at += sent;
	s->unsent_bytes -= sent;
	if (uv_error != 0) {
		fail(s, uv_error);
	} else if (s->unsent_bytes == 0) {
		free(s->unsent);
		s->unsent = NULL;
		s->unsent_at = 0;
		watch(s);
		if (s->handler->drained != NULL)
			s->handler->drained(s->context);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct net_stream *s = poll->data;

	if (status < 0) { /* POLLERR */
		fail(s, status);
		return;
	}
	if (events & UV_WRITABLE)
		send_rest(s);
	if ((events & UV_READABLE) && !s->ended && !s->paused)
		(void)receive_some(s);
}

struct net_stream *net_stream_new(struct net_loop *loop, int socket,
                                  const struct net_stream_handler *handler, void *context)
{
	struct net_stream *s = calloc(1, sizeof *s);

	if (s == NULL || uv_poll_init_socket(loop->uv, &s->poll, socket) != 0) {
		free(s);
		close(socket);
		return NULL;
	}
	s->poll.data = s;
	s->socket = socket;
	s->handler = handler;
	s->context = context;
	watch(s);
	return s;
}

static bool keep_rest(struct net_stream *s, const uint8_t *data, size_t bytes)
{
	uint8_t *unsent;

	if (s->unsent_at > 0)
		memmove(s->unsent, s->unsent + s->unsent_at, s->unsent_bytes);
	s->unsent_at = 0;
	unsent = realloc(s->unsent, s->unsent_bytes + bytes);
	if (unsent == NULL)
		return false;
	memcpy(unsent + s->unsent_bytes, data, bytes);
	s->unsent = unsent;
	s->unsent_bytes += bytes;
	watch(s);
	return true;
}

bool net_stream_send(struct net_stream *s, const void *data, size_t bytes)
{
	int later; /* a failure shows when the rest is sent, or something is read */
	size_t sent = s->unsent_bytes > 0 ? 0 : send_some(s->socket, data, bytes, &later);

	return s->ended || sent == bytes ||
	       keep_rest(s, (const uint8_t *)data + sent, bytes - sent);
}

size_t net_stream_unsent(const struct net_stream *s)
{
	return s->unsent_bytes;
}

void net_stream_pause(struct net_stream *s)
{
	s->paused = true;
	if (!s->ended)
		watch(s);
}

void net_stream_resume(struct net_stream *s)
{
	s->paused = false;
	if (!s->ended)
		watch(s);
}

static void on_closed(uv_handle_t *handle)
{
	struct net_stream *s = handle->data;

	free(s->unsent);
	free(s);
}

int net_stream_release(struct net_stream *s)
{
	int socket = s->socket;

	if (s->ended || s->unsent_bytes > 0) {
		net_stream_close(s);
		return -1;
	}
	s->ended = true;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	return socket;
}

void net_stream_close(struct net_stream *s)
{
	if (s == NULL)
		return;
	s->ended = true;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	net_socket_hang_up(s->socket);
}

bool net_socket_is_quiet(int socket)
{
	char byte;

	return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
	       (errno == EAGAIN || errno == EINTR);
}

size_t net_socket_send(int socket, const void *data, size_t bytes)
{
	int later;

	return send_some(socket, data, bytes, &later);
}

ssize_t net_socket_receive(int socket, void *to, size_t room, struct err *err)
{
	ssize_t bytes = receive(socket, to, room);

	if (bytes > 0)
		return bytes;
	if (bytes < 0 && errno == EAGAIN)
		return 0;
	net_uv_error(err, bytes < 0 ? uv_translate_sys_error(errno) : UV_EOF, DOING);
	return -1;
}

void net_socket_hang_up(int socket)
{
	(void)shutdown(socket, SHUT_RDWR);
	close(socket);
}

void net_socket_forget(int socket)
{
	close(socket);
}
