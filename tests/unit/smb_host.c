/* SPDX-License-Identifier: MIT */
#include "smb_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "smb2/status.h"

struct host host;

static bool on_token(void *context, struct smb2_server_session *s, const uint8_t *token,
                     size_t bytes)
{
	(void)context;
	if (host.is_out_of_memory)
		return false;
	assert_null(host.asking);
	assert_int_in_range(bytes, 0, sizeof host.token);
	host.asking = s;
	if (bytes > 0)
		memcpy(host.token, token, bytes);
	host.token_bytes = bytes;
	return true;
}

static uint64_t on_now(void *context)
{
	(void)context;
	return SERVER_TIME;
}

static void on_came(void *context, struct smb2_server_session *s)
{
	(void)context;
	smb2_server_session_set_tag(s, &host);
	host.came++;
}

static void on_changed(void *context, struct smb2_server_session *s)
{
	(void)context;
	(void)s;
	host.changed++;
}

static void on_used(void *context, struct smb2_server_session *s)
{
	(void)context;
	(void)s;
	host.used++;
}

static void on_went(void *context, struct smb2_server_session *s)
{
	(void)context;
	if (host.asking == s)
		host.asking = NULL;
	host.went++;
}

static void on_previous(void *context, struct smb2_server_session *s, uint64_t id)
{
	(void)context;
	(void)s;
	host.previous = id;
}

static void *on_open(void *context, struct smb2_server_session *s, const char *name, uint32_t *nt)
{
	struct host_pipe *p;

	(void)context;
	(void)s;
	if (strcmp(name, SRVSVC) != 0) {
		*nt = STATUS_OBJECT_NAME_NOT_FOUND;
		return NULL;
	}
	assert_int_in_range(host.pipe_count, 0, MAX_HOST_PIPES - 1);
	p = &host.pipes[host.pipe_count++];
	p->is_open = true;
	return p;
}

static bool on_write(void *pipe, const uint8_t *data, size_t bytes)
{
	struct host_pipe *p = pipe;
	size_t kept = bytes < sizeof p->last_written ? bytes : sizeof p->last_written;

	p->written += bytes;
	if (kept > 0)
		memcpy(p->last_written, data, kept);
	if (host.echoes)
		host_put((size_t)(p - host.pipes), data, bytes);
	return !host.breaks;
}

static size_t on_pending(void *pipe)
{
	const struct host_pipe *p = pipe;
	size_t bytes = 0;

	for (size_t i = 0; i < p->count; i++)
		bytes += p->lengths[(p->first + i) % MAX_QUEUED];
	return bytes;
}

static size_t on_read(void *pipe, struct wire_writer *to, size_t max_bytes, size_t *left)
{
	struct host_pipe *p = pipe;
	size_t *length = &p->lengths[p->first], bytes = *length;

	assert_true(p->count > 0);
	if (bytes > max_bytes)
		bytes = max_bytes;
	wire_put_bytes(to, p->data + p->begin, bytes);
	p->begin += bytes;
	*length -= bytes;
	*left = *length;
	if (*length == 0) {
		p->first = (p->first + 1) % MAX_QUEUED;
		p->count--;
	}
	if (p->count == 0)
		p->begin = 0;
	return bytes;
}

static bool on_is_over(void *pipe)
{
	(void)pipe;
	return host.is_over;
}

static void on_close(void *pipe)
{
	struct host_pipe *p = pipe;

	assert_true(p->is_open);
	p->is_open = false;
	free(p->data);
	p->data = NULL;
}

const struct smb2_server_host host_functions = {
	.authenticate = on_token,
	.now = on_now,
	.session_came = on_came,
	.session_changed = on_changed,
	.session_used = on_used,
	.session_went = on_went,
	.close_previous = on_previous,
	.pipe_open = on_open,
	.pipe_write = on_write,
	.pipe_pending = on_pending,
	.pipe_read = on_read,
	.pipe_is_over = on_is_over,
	.pipe_close = on_close,
};

void host_put(size_t i, const void *data, size_t bytes)
{
	struct host_pipe *p = &host.pipes[i];
	size_t end = p->begin + on_pending(p);

	if (p->data == NULL)
		p->data = malloc(PIPE_QUEUE_BYTES);
	assert_true(p->is_open && p->count < MAX_QUEUED && end + bytes <= PIPE_QUEUE_BYTES);
	memcpy(p->data + end, data, bytes);
	p->lengths[(p->first + p->count++) % MAX_QUEUED] = bytes;
}

unsigned host_open_pipes(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < host.pipe_count; i++)
		count += host.pipes[i].is_open;
	return count;
}
