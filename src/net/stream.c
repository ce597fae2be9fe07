/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/uv.h"

#define STEP "connection"

#define FAREWELL_READS 1024

enum {
	LEAST_CHECK_MS = 1, /* between two checks of the send queue; doubled each time */
	MOST_CHECK_MS = 32,
	/* From an answer to the end of the stream behind it: rpcclient of Samba 4.25 drops an
	 * answer that it has received when the stream ends before it has looked at it. */
	SHUT_AFTER_MS = 50,
};

/* Watched, not owned by libuv: its own streams write without MSG_NOSIGNAL, and a library must not
 * kill its program when a server goes away. */
struct net_stream {
	uv_poll_t poll; /* its data is the stream */
	int socket;
	bool ended, paused;
	bool is_watched; /* poll is initialised; false: the stream is the loop's alone */
	const struct net_stream_handler *handler;
	void *context;
	uint8_t *unsent; /* unsent_bytes of it, from unsent_at on, wait for room in the socket */
	size_t unsent_at, unsent_bytes;
	uint64_t sent_ms; /* the loop's time of the last net_stream_send */

	/* The rest is for net_stream_finish. */
	struct net_loop *loop;
	TAILQ_ENTRY(net_stream) finishing;
	bool is_finishing, is_local, is_shut; /* shut: TCP's FIN was sent */
	uint64_t finish_by_ms;
	uint32_t check_ms;
	struct net_timer *check;
};

static void stream_end_with(struct net_stream *s, int uv_error)
{
	struct err err = { 0 };

	s->ended = true;
	if (s->is_watched)
		uv_poll_stop(&s->poll);
	else
		s->loop->alone = NULL;
	net_uv_error(&err, uv_error, STEP);
	s->handler->ended(s->context, &err);
}

/* Returns how many bytes the socket took, and gives the error. */
static size_t stream_send_some(int socket, const void *data, size_t bytes, int *uv_error)
{
	ssize_t sent;

	do
		sent = send(socket, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	*uv_error = sent < 0 && errno != EAGAIN ? uv_translate_sys_error(errno) : 0;
	return sent < 0 ? 0 : (size_t)sent;
}

/* As recv(2). */
static ssize_t stream_receive_bytes(int socket, void *to, size_t room)
{
	ssize_t bytes;

	do
		bytes = recv(socket, to, room, MSG_DONTWAIT);
	while (bytes < 0 && errno == EINTR);
	return bytes;
}

/* False: there is nothing left to read now. */
static bool stream_receive_some(struct net_stream *s)
{
	size_t room = 0;
	uint8_t *space = s->handler->space(s->context, &room);
	ssize_t bytes;

	if (space == NULL || room == 0) {
		stream_end_with(s, UV_ENOBUFS);
		return false;
	}
	bytes = stream_receive_bytes(s->socket, space, room);
	if (bytes > 0)
		s->handler->received(s->context, (size_t)bytes);
	else if (bytes == 0)
		stream_end_with(s, UV_EOF);
	else if (errno != EAGAIN)
		stream_end_with(s, uv_translate_sys_error(errno));
	return bytes > 0;
}

static void stream_on_poll(uv_poll_t *poll, int status, int events);

static void stream_watch(struct net_stream *s)
{
	int events = (s->paused ? 0 : UV_READABLE) | (s->unsent_bytes > 0 ? UV_WRITABLE : 0);

	if (events != 0)
		uv_poll_start(&s->poll, events, stream_on_poll);
	else
		uv_poll_stop(&s->poll);
}

/* The connection broke. Bytes that arrived before are still read, at most FAREWELL_READS times. */
static void stream_fail_with(struct net_stream *s, int uv_error)
{
	for (int i = 0; i < FAREWELL_READS && !s->ended && !s->paused && stream_receive_some(s);
	     i++)
		;
	if (!s->ended)
		stream_end_with(s, uv_error);
}

/* Returns the error; 0: none. */
static int stream_send_unsent(struct net_stream *s)
{
	int uv_error;
	size_t sent = stream_send_some(s->socket, s->unsent + s->unsent_at, s->unsent_bytes,
	                               &uv_error);

	s->unsent_at += sent;
	s->unsent_bytes -= sent;
	if (s->unsent_bytes == 0) {
		free(s->unsent);
		s->unsent = NULL;
		s->unsent_at = 0;
	}
	return uv_error;
}

static void stream_send_rest(struct net_stream *s)
{
	int uv_error = stream_send_unsent(s);

	if (uv_error != 0) {
		stream_fail_with(s, uv_error);
	} else if (s->unsent_bytes == 0) {
		stream_watch(s);
		if (s->handler->drained != NULL)
			s->handler->drained(s->context);
	}
}

static void stream_on_poll(uv_poll_t *poll, int status, int events)
{
	struct net_stream *s = poll->data;

	if (status < 0) { /* POLLERR */
		stream_fail_with(s, status);
		return;
	}
	if (events & UV_WRITABLE)
		stream_send_rest(s);
	if ((events & UV_READABLE) && !s->ended && !s->paused)
		(void)stream_receive_some(s);
}

static bool stream_begin_watch(struct net_stream *s)
{
	s->is_watched = uv_poll_init_socket(s->loop->uv, &s->poll, s->socket) == 0;
	if (!s->is_watched)
		return false;
	s->poll.data = s;
	stream_watch(s);
	return true;
}

/* Takes socket, also after a failure. */
static struct net_stream *stream_new_unwatched(struct net_loop *loop, int socket,
                                               const struct net_stream_handler *handler,
                                               void *context)
{
	struct net_stream *s = calloc(1, sizeof *s);

	if (s == NULL) {
		close(socket);
		return NULL;
	}
	s->loop = loop;
	s->socket = socket;
	s->handler = handler;
	s->context = context;
	return s;
}

struct net_stream *net_stream_new(struct net_loop *loop, int socket,
                                  const struct net_stream_handler *handler, void *context)
{
	struct net_stream *s = stream_new_unwatched(loop, socket, handler, context);

	if (s == NULL || stream_begin_watch(s))
		return s;
	free(s);
	close(socket);
	return NULL;
}

/* ---- a stream that the loop waits for without libuv ---- */

bool net_stream_share_loop(struct net_stream *s)
{
	if (s->is_watched)
		return true;
	s->loop->alone = NULL;
	return stream_begin_watch(s);
}

static void stream_on_alone(struct net_stream *s, bool is_readable)
{
	if (is_readable)
		(void)stream_receive_some(s);
	else if (!net_stream_share_loop(s)) /* a timer is due */
		stream_end_with(s, UV_ENOMEM);
}

struct net_stream *net_stream_new_alone(struct net_loop *loop, int socket,
                                        const struct net_stream_handler *handler, void *context)
{
	struct net_stream *s;

	if (loop->is_running || loop->alone != NULL || loop->uv != &loop->own)
		return net_stream_new(loop, socket, handler, context);
	s = stream_new_unwatched(loop, socket, handler, context);
	loop->alone = s;
	loop->alone_socket = socket;
	loop->alone_wake = stream_on_alone;
	return s;
}

/* ---- sending ---- */

static bool stream_keep_rest(struct net_stream *s, const uint8_t *data, size_t bytes)
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
	if (!s->is_watched)
		return net_stream_share_loop(s);
	stream_watch(s);
	return true;
}

bool net_stream_send(struct net_stream *s, const void *data, size_t bytes)
{
	int later; /* a failure shows when the rest is sent, or when the socket is read */
	size_t sent = s->unsent_bytes > 0 ? 0 : stream_send_some(s->socket, data, bytes, &later);

	s->sent_ms = uv_now(s->loop->uv);
	return s->ended || sent == bytes ||
	       stream_keep_rest(s, (const uint8_t *)data + sent, bytes - sent);
}

size_t net_stream_unsent(const struct net_stream *s)
{
	return s->unsent_bytes;
}

/* libuv asks the kernel anew each time, also where nothing changes. */
static void stream_set_paused(struct net_stream *s, bool paused)
{
	bool changes = s->paused != paused;

	assert(s->is_watched || s->ended);
	s->paused = paused;
	if (changes && !s->ended)
		stream_watch(s);
}

void net_stream_pause(struct net_stream *s)
{
	stream_set_paused(s, true);
}

void net_stream_resume(struct net_stream *s)
{
	stream_set_paused(s, false);
}

/* ---- the end ---- */

static void stream_on_closed(uv_handle_t *handle)
{
	struct net_stream *s = handle->data;

	free(s->unsent);
	free(s);
}

/* Frees the stream, as soon as libuv lets go of it. */
static void stream_free(struct net_stream *s)
{
	s->ended = true;
	if (s->is_watched) {
		uv_close((uv_handle_t *)&s->poll, stream_on_closed);
		return;
	}
	if (s->loop->alone == s)
		s->loop->alone = NULL;
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
	stream_free(s);
	return socket;
}

void net_stream_close(struct net_stream *s)
{
	int socket;

	if (s == NULL)
		return;
	if (s->is_finishing) {
		TAILQ_REMOVE(&s->loop->finishing, s, finishing);
		s->loop->finishing_count--;
		net_timer_stop(s->check);
	}
	socket = s->socket;
	stream_free(
		s); /* before the descriptor is closed: libuv removes it from the kernel's list */
	net_socket_hang_up(socket);
}

static bool stream_is_local(int socket)
{
	int domain = AF_UNSPEC;
	socklen_t bytes = sizeof domain;

	(void)getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &bytes);
	return domain == AF_UNIX;
}

/* Whether the peer has read everything, over a Unix socket; over TCP, whether its system has
 * acknowledged everything. */
static bool stream_queue_is_empty(int socket)
{
	int queued = 0;

	return ioctl(socket, SIOCOUTQ, &queued) != 0 || queued == 0;
}

static void stream_finish_more(struct net_stream *s);

static void stream_on_check(void *context)
{
	struct net_stream *s = context;

	net_timer_stop(s->check);
	s->check = NULL;
	stream_finish_more(s);
}

/* False: the TCP peer has closed its side, too, or the connection broke. */
static bool stream_drop_input(struct net_stream *s)
{
	uint8_t dropped[4096];
	ssize_t bytes = stream_receive_bytes(s->socket, dropped, sizeof dropped);

	return bytes > 0 || (bytes < 0 && errno == EAGAIN);
}

/* Input is read and dropped, so that closing the socket does not reset the connection. */
static void stream_on_finishing(uv_poll_t *poll, int status, int events)
{
	struct net_stream *s = poll->data;
	bool is_good = status >= 0;

	if (is_good && (events & UV_WRITABLE))
		is_good = stream_send_unsent(s) == 0;
	if (is_good && (events & UV_READABLE))
		is_good = stream_drop_input(s);
	if (!is_good)
		net_stream_close(s);
	else if ((events & UV_WRITABLE) && s->unsent_bytes == 0)
		stream_finish_more(s);
}

static bool stream_needs_shutdown(const struct net_stream *s)
{
	return !s->is_local && s->unsent_bytes == 0 && !s->is_shut;
}

/* The system does not report when the peer of a Unix socket has read, so the queue is checked, less
 * often each time. */
static void stream_check_later(struct net_stream *s, uint64_t now_ms)
{
	uint64_t after_ms = s->finish_by_ms - now_ms;

	if (stream_needs_shutdown(s) && after_ms > s->sent_ms + SHUT_AFTER_MS - now_ms)
		after_ms = s->sent_ms + SHUT_AFTER_MS - now_ms;
	if (s->is_local && s->unsent_bytes == 0 && after_ms > s->check_ms) {
		after_ms = s->check_ms;
		s->check_ms = 2 * s->check_ms < MOST_CHECK_MS ? 2 * s->check_ms : MOST_CHECK_MS;
	}
	net_timer_stop(s->check);
	s->check = net_timer_start(s->loop, (uint32_t)after_ms, stream_on_check, s);
	if (s->check == NULL)
		net_stream_close(s);
}

/* A TCP peer sees the end of the stream behind the last bytes, and closes its side. */
static void stream_finish_more(struct net_stream *s)
{
	uint64_t now_ms = uv_now(s->loop->uv);
	int events = (s->is_local ? 0 : UV_READABLE) | (s->unsent_bytes > 0 ? UV_WRITABLE : 0);

	if (now_ms >= s->finish_by_ms ||
	    (s->is_local && s->unsent_bytes == 0 && stream_queue_is_empty(s->socket))) {
		net_stream_close(s);
		return;
	}
	if (stream_needs_shutdown(s) && now_ms >= s->sent_ms + SHUT_AFTER_MS)
		s->is_shut = shutdown(s->socket, SHUT_WR) == 0;
	if (events != 0)
		uv_poll_start(&s->poll, events, stream_on_finishing);
	else
		uv_poll_stop(&s->poll);
	stream_check_later(s, now_ms);
}

void net_stream_finish(struct net_stream *s)
{
	struct net_loop *loop;

	if (s == NULL || s->ended) {
		net_stream_close(s);
		return;
	}
	assert(s->is_watched);
	loop = s->loop;
	uv_update_time(loop->uv);
	s->ended = s->is_finishing = true;
	s->is_local = stream_is_local(s->socket);
	s->check_ms = LEAST_CHECK_MS;
	/* A TCP peer that was sent nothing lately has received everything. */
	s->finish_by_ms = NET_FINISH_MS +
	                  (s->is_local || s->unsent_bytes > 0 || !stream_queue_is_empty(s->socket)
	                           ? uv_now(loop->uv)
	                           : s->sent_ms);
	TAILQ_INSERT_TAIL(&loop->finishing, s, finishing);
	if (loop->finishing_count++ == NET_MAX_FINISHING)
		net_stream_close(TAILQ_FIRST(&loop->finishing));
	stream_finish_more(s);
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

	return stream_send_some(socket, data, bytes, &later);
}

ssize_t net_socket_receive(int socket, void *to, size_t room, struct err *err)
{
	ssize_t bytes = stream_receive_bytes(socket, to, room);

	if (bytes > 0)
		return bytes;
	if (bytes < 0 && errno == EAGAIN)
		return 0;
	net_uv_error(err, bytes < 0 ? uv_translate_sys_error(errno) : UV_EOF, STEP);
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
