/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <stdlib.h>
#include <string.h>
#include "net/tcp.h"

#define DOING "connection"

static void end(struct net_stream *s, int uv_error)
{
	struct err err = { 0 };

	if (s->ended)
		return;
	s->ended = true;
	uv_read_stop((uv_stream_t *)&s->tcp);
	net_uv_error(&err, uv_error, DOING);
	if (s->handler != NULL)
		s->handler->ended(s->context, &err);
}

static void on_space(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_stream *s = handle->data;
	size_t room = 0;

	(void)suggested;
	buffer->base = (char *)s->handler->space(s->context, &room);
	buffer->len = buffer->base != NULL ? room : 0; /* 0 makes libuv report UV_ENOBUFS */
}

static void on_read(uv_stream_t *stream, ssize_t bytes, const uv_buf_t *buffer)
{
	struct net_stream *s = stream->data;

	(void)buffer;
	if (bytes > 0)
		s->handler->received(s->context, (size_t)bytes);
	else if (bytes < 0)
		end(s, (int)bytes);
}

void net_stream_read(struct net_stream *s, const struct net_stream_handler *handler, void *context)
{
	s->handler = handler;
	s->context = context;
	uv_read_start((uv_stream_t *)&s->tcp, on_space, on_read);
}

struct unsent {
	uv_write_t request;
	uint8_t data[];
};

static void on_written(uv_write_t *request, int status)
{
	struct net_stream *s = request->handle->data;

	free(request->data);
	if (status < 0 && status != UV_ECANCELED)
		end(s, status);
}

static bool queue(struct net_stream *s, const uint8_t *data, size_t bytes)
{
	struct unsent *unsent = malloc(sizeof *unsent + bytes);
	uv_buf_t buffer;

	if (unsent == NULL)
		return false;
	memcpy(unsent->data, data, bytes);
	unsent->request.data = unsent;
	buffer = uv_buf_init((char *)unsent->data, (unsigned)bytes);
	if (uv_write(&unsent->request, (uv_stream_t *)&s->tcp, &buffer, 1, on_written) == 0)
		return true;
	free(unsent);
	return false;
}

bool net_stream_send(struct net_stream *s, const void *data, size_t bytes)
{
	uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)data, (unsigned)bytes);
	int sent = uv_try_write((uv_stream_t *)&s->tcp, &buffer, 1);

	if (sent < 0)
		sent = 0; /* what is queued fails again, and is then reported by ended */
	return (size_t)sent == bytes ||
	       queue(s, (const uint8_t *)data + sent, bytes - (size_t)sent);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void net_stream_close(struct net_stream *s)
{
	if (s == NULL)
		return;
	s->ended = true;
	uv_close((uv_handle_t *)&s->tcp, on_closed);
}
