/* SPDX-License-Identifier: MIT */
#include "client/publisher_handshake.h"

#include "client/environment.h"
#include "local/publish_message.h"
#include "net/stream.h"

#define DEFAULT_TIMEOUT_MS 5000

struct publisher_handshake {
	struct net_loop *loop;
	const char *name;
	bool wants_refresh;
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_timer *deadline;
	struct publish_input input;
	uint32_t max_sessions;
	int socket; /* what comes of it */
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void handshake_end(struct publisher_handshake *h)
{
	if (h->dial != NULL)
		net_dial_cancel(h->dial);
	net_stream_close(h->stream);
	net_timer_stop(h->deadline);
	h->dial = NULL;
	h->stream = NULL;
	h->deadline = NULL;
}

static void handshake_fail(struct publisher_handshake *h, NET_API_STATUS status, const char *why)
{
	err_set(&h->err, status, PUBLISHER_STEP, why);
	handshake_end(h);
}

static void handshake_refused(struct publisher_handshake *h, NET_API_STATUS status)
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
			handshake_fail(h, status, refusals[i].why);
	handshake_fail(h, status != 0 ? status : ERROR_BAD_NET_RESP, "netsessiond refused it");
}

static void handshake_welcome(struct publisher_handshake *h, uint32_t max_sessions)
{
	h->socket = net_stream_release(h->stream);
	h->stream = NULL;
	h->max_sessions = max_sessions;
	handshake_end(h);
}

static uint8_t *handshake_on_space(void *context, size_t *room)
{
	struct publisher_handshake *h = context;

	return publish_input_space(&h->input, room);
}

static void handshake_on_received(void *context, size_t bytes)
{
	struct publisher_handshake *h = context;
	struct publish_message m;
	const char *error;

	publish_input_received(&h->input, bytes);
	if (!publish_input_next(&h->input, &m, &error)) {
		if (error != NULL)
			handshake_fail(h, ERROR_BAD_NET_RESP, error);
	} else if (m.kind == PUBLISH_REFUSED) {
		handshake_refused(h, m.status);
	} else if (m.kind == PUBLISH_WELCOME && m.version == PUBLISH_VERSION &&
	           h->input.at == h->input.end) {
		handshake_welcome(h, m.max_sessions);
	} else {
		handshake_fail(h, ERROR_BAD_NET_RESP, "netsessiond greets strangely");
	}
}

static void handshake_on_ended(void *context, const struct err *err)
{
	handshake_fail(context, err->status, err->text);
}

static void handshake_on_deadline(void *context)
{
	handshake_fail(context, ERROR_TIMEOUT, "netsessiond does not answer");
}

static void handshake_on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { handshake_on_space,
		                                           handshake_on_received,
		                                           handshake_on_ended, NULL };
	struct publisher_handshake *h = context;
	struct wire_writer hello = { 0 };

	h->dial = NULL;
	if (socket < 0) {
		handshake_fail(h, err->status, err->text);
		return;
	}
	publish_message_encode(&hello, &(struct publish_message){ .kind = PUBLISH_HELLO,
	                                                          .version = PUBLISH_VERSION,
	                                                          .wants_refresh = h->wants_refresh,
	                                                          .name = h->name });
	h->stream = net_stream_new(h->loop, socket, &handler, h);
	if (hello.failed || h->stream == NULL || !net_stream_send(h->stream, hello.data, hello.len))
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	wire_writer_fini(&hello);
}

static void handshake_begin(struct publisher_handshake *h,
                            const struct netsession_publisher_options *options)
{
	const char *path = options->socket, *why = NULL;
	struct net_addresses address;
	uint32_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

	if (path == NULL || path[0] == '\0')
		path = environment_publish_socket();
	h->name = options->name;
	if (!publish_text_is_valid(h->name, &why)) {
		handshake_fail(h, ERROR_INVALID_PARAMETER, why);
		return;
	}
	if (!net_address_local(path, &address)) {
		handshake_fail(h, ERROR_INVALID_PARAMETER, "the path of its socket is too long");
		return;
	}
	h->deadline = net_timer_start(h->loop, timeout_ms, handshake_on_deadline, h);
	h->dial = net_dial_start(h->loop, &address, handshake_on_dialed, h);
	if (h->deadline == NULL || h->dial == NULL)
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

int publisher_handshake(const struct netsession_publisher_options *options, bool is_asked,
                        uint32_t *max_sessions, struct err *err)
{
	struct publisher_handshake h = { .loop = net_loop_new(),
		                         .wants_refresh = is_asked,
		                         .socket = -1 };

	if (h.loop == NULL)
		handshake_fail(&h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		handshake_begin(&h, options);
	if (h.loop != NULL)
		net_loop_run(h.loop);
	net_loop_free(h.loop);
	*max_sessions = h.max_sessions;
	*err = h.err;
	return h.socket;
}
