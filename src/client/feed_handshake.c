/* SPDX-License-Identifier: MIT */
#include "client/feed_handshake.h"

#include "client/environment.h"
#include "feed/message.h"
#include "net/stream.h"

#define DEFAULT_TIMEOUT_MS 5000

struct handshake {
	struct net_loop *loop;
	const char *name;
	bool is_asked;
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_timer *deadline;
	struct feed_input input;
	uint32_t max_sessions;
	int socket; /* what comes of it */
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void end(struct handshake *h)
{
	if (h->dial != NULL)
		net_dial_cancel(h->dial);
	net_stream_close(h->stream);
	net_timer_stop(h->deadline);
	h->dial = NULL;
	h->stream = NULL;
	h->deadline = NULL;
}

static void fail(struct handshake *h, NET_API_STATUS status, const char *why)
{
	err_set(&h->err, status, FEED_DOING, why);
	end(h);
}

static void refused(struct handshake *h, NET_API_STATUS status)
{
	static const struct {
		NET_API_STATUS status;
		const char *why;
	} refusals[] = {
		{ ERROR_ACCESS_DENIED, "netsessiond's configuration says who may feed" },
		{ ERROR_REQ_NOT_ACCEP, "netsessiond has as many feeders as it takes" },
		{ ERROR_NOT_SUPPORTED, "netsessiond speaks another version of the feed" },
	};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].status == status)
			fail(h, status, refusals[i].why);
	fail(h, status != 0 ? status : ERROR_BAD_NET_RESP, "netsessiond refused it");
}

static void welcome(struct handshake *h, uint32_t max_sessions)
{
	h->socket = net_stream_release(h->stream);
	h->stream = NULL;
	h->max_sessions = max_sessions;
	end(h);
}

static uint8_t *on_space(void *context, size_t *room)
{
	struct handshake *h = context;

	return feed_input_space(&h->input, room);
}

static void on_received(void *context, size_t bytes)
{
	struct handshake *h = context;
	struct feed_message m;
	const char *error;

	feed_input_received(&h->input, bytes);
	if (!feed_input_next(&h->input, &m, &error)) {
		if (error != NULL)
			fail(h, ERROR_BAD_NET_RESP, error);
	} else if (m.kind == FEED_REFUSED) {
		refused(h, m.status);
	} else if (m.kind == FEED_WELCOME && m.version == FEED_VERSION &&
	           h->input.at == h->input.end) {
		welcome(h, m.max_sessions);
	} else {
		fail(h, ERROR_BAD_NET_RESP, "netsessiond greets strangely");
	}
}

static void on_ended(void *context, const struct err *err)
{
	fail(context, err->status, err->text);
}

static void on_deadline(void *context)
{
	fail(context, ERROR_TIMEOUT, "netsessiond does not answer");
}

static void on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };
	struct handshake *h = context;
	struct wire_writer hello = { 0 };

	h->dial = NULL;
	if (socket < 0) {
		fail(h, err->status, err->text);
		return;
	}
	feed_message_encode(&hello, &(struct feed_message){ .kind = FEED_HELLO,
	                                                    .version = FEED_VERSION,
	                                                    .is_asked = h->is_asked,
	                                                    .name = h->name });
	h->stream = net_stream_new(h->loop, socket, &handler, h);
	if (hello.failed || h->stream == NULL || !net_stream_send(h->stream, hello.data, hello.len))
		fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	wire_writer_fini(&hello);
}

static void begin(struct handshake *h, const struct netsession_feed_options *options)
{
	const char *path = options->socket, *why = NULL;
	struct net_addresses address;
	uint32_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

	if (path == NULL || path[0] == '\0')
		path = environment_feed_socket();
	h->name = options->name;
	if (!feed_text_is_good(h->name, &why)) {
		fail(h, ERROR_INVALID_PARAMETER, why);
		return;
	}
	if (!net_address_local(path, &address)) {
		fail(h, ERROR_INVALID_PARAMETER, "the path of its socket is too long");
		return;
	}
	h->deadline = net_timer_start(h->loop, timeout_ms, on_deadline, h);
	h->dial = net_dial_start(h->loop, &address, on_dialed, h);
	if (h->deadline == NULL || h->dial == NULL)
		fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

int feed_handshake(const struct netsession_feed_options *options, bool is_asked,
                   uint32_t *max_sessions, struct err *err)
{
	struct handshake h = { .loop = net_loop_new(), .is_asked = is_asked, .socket = -1 };

	if (h.loop == NULL)
		fail(&h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		begin(&h, options);
	if (h.loop != NULL)
		net_loop_run(h.loop);
	net_loop_free(h.loop);
	*max_sessions = h.max_sessions;
	*err = h.err;
	return h.socket;
}
