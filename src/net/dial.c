/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <stdlib.h>
#include "net/tcp.h"

#define DOING "connect"

#define NEXT_ATTEMPT_MS 250 /* RFC 8305 section 5: Connection Attempt Delay */

struct attempt {
	uv_connect_t request;
	struct net_dial *dial; /* NULL once nobody waits for it */
	struct net_stream *stream;
};

struct net_dial {
	struct net_loop *loop;
	struct net_addresses addresses;
	struct attempt *attempts[NET_MAX_ADDRESSES];
	unsigned begun, failed;
	struct net_timer *timer;
	struct err first_err;
	void (*dialed)(void *context, struct net_stream *, const struct err *);
	void *context;
};

static void begin_next(struct net_dial *dial);

/* Ends the dial, and all attempts but the one that was kept: on_connected, which libuv calls for
 * each of them, frees it. */
static void dismiss(struct net_dial *dial)
{
	for (unsigned i = 0; i < dial->begun; i++)
		if (dial->attempts[i] != NULL) {
			dial->attempts[i]->dial = NULL;
			net_stream_close(dial->attempts[i]->stream);
		}
	net_timer_stop(dial->timer);
	free(dial);
}

static void finish(struct net_dial *dial, struct net_stream *stream)
{
	void (*dialed)(void *, struct net_stream *, const struct err *) = dial->dialed;
	void *context = dial->context;
	struct err err = dial->first_err;

	dismiss(dial);
	dialed(context, stream, &err);
}

static void attempt_failed(struct net_dial *dial, int error)
{
	net_uv_error(&dial->first_err, error, DOING);
	dial->failed++;
	if (dial->begun < dial->addresses.count)
		begin_next(dial);
	else if (dial->failed == dial->begun)
		finish(dial, NULL);
}

static void forget(struct net_dial *dial, const struct attempt *attempt)
{
	for (unsigned i = 0; i < dial->begun; i++)
		if (dial->attempts[i] == attempt)
			dial->attempts[i] = NULL;
}

static void on_connected(uv_connect_t *request, int status)
{
	struct attempt *attempt = request->data;
	struct net_dial *dial = attempt->dial;
	struct net_stream *stream = attempt->stream;

	if (dial != NULL)
		forget(dial, attempt);
	free(attempt);
	if (dial == NULL)
		return;
	if (status == 0) {
		uv_tcp_nodelay(&stream->tcp, 1);
		finish(dial, stream);
	} else {
		net_stream_close(stream);
		attempt_failed(dial, status);
	}
}

/* NULL and *error: it failed at once. */
static struct attempt *begin(struct net_dial *dial, const struct sockaddr_storage *address,
                             int *error)
{
	struct attempt *attempt = calloc(1, sizeof *attempt);
	struct net_stream *stream = calloc(1, sizeof *stream);

	*error = UV_ENOMEM;
	if (attempt == NULL || stream == NULL) {
		free(attempt);
		free(stream);
		return NULL;
	}
	attempt->request.data = attempt;
	attempt->dial = dial;
	attempt->stream = stream;
	uv_tcp_init(&dial->loop->uv, &stream->tcp);
	stream->tcp.data = stream;
	*error = uv_tcp_connect(&attempt->request, &stream->tcp, (const struct sockaddr *)address,
	                        on_connected);
	if (*error != 0) {
		net_stream_close(stream);
		free(attempt);
		return NULL;
	}
	return attempt;
}

static void on_timer(void *context)
{
	struct net_dial *dial = context;

	if (dial->begun < dial->addresses.count)
		begin_next(dial);
}

static void begin_next(struct net_dial *dial)
{
	unsigned index = dial->begun++;
	int error;

	net_timer_stop(dial->timer);
	dial->timer = NULL;
	dial->attempts[index] = begin(dial, &dial->addresses.list[index], &error);
	if (dial->attempts[index] == NULL)
		attempt_failed(dial, error);
	else if (dial->begun < dial->addresses.count)
		dial->timer = net_timer_start(dial->loop, NEXT_ATTEMPT_MS, on_timer, dial);
}

static void on_start(void *context)
{
	begin_next(context);
}

struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, struct net_stream *,
                                               const struct err *),
                                void *context)
{
	struct net_dial *dial = calloc(1, sizeof *dial);

	if (dial == NULL)
		return NULL;
	dial->loop = loop;
	dial->addresses = *addresses;
	dial->dialed = dialed;
	dial->context = context;
	/* A turn later, so that dialed is never called from here. */
	dial->timer = net_timer_start(loop, 0, on_start, dial);
	if (dial->timer == NULL) {
		free(dial);
		return NULL;
	}
	return dial;
}

void net_dial_cancel(struct net_dial *dial)
{
	if (dial != NULL)
		dismiss(dial);
}
