/* SPDX-License-Identifier: MIT */
#include "client/probe.h"

#include "client/conversation.h"
#include "client/resolve.h"
#include "net/stream.h"

struct probe {
	struct net_loop *loop;
	struct net_timer *deadline;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_addresses *addresses;
	struct conversation conversation;
	const char *doing;
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void end(struct probe *p)
{
	net_timer_stop(p->deadline);
	resolve_cancel(p->resolve);
	net_dial_cancel(p->dial);
	net_stream_close(p->stream);
	p->deadline = NULL;
	p->resolve = NULL;
	p->dial = NULL;
	p->stream = NULL;
}

static void fail(struct probe *p, NET_API_STATUS status)
{
	err_set(&p->err, status, p->doing, NULL);
	end(p);
}

static void on_deadline(void *context)
{
	fail(context, ERROR_TIMEOUT);
}

static bool begin(struct probe *p, uint32_t timeout_ms)
{
	p->loop = net_loop_new();
	if (p->loop != NULL)
		p->deadline = net_timer_start(p->loop, timeout_ms, on_deadline, p);
	return p->deadline != NULL;
}

static NET_API_STATUS finish(struct probe *p, struct err *err)
{
	end(p);
	net_loop_free(p->loop);
	*err = p->err;
	return err->status;
}

/* ---- addresses ---- */

static void on_found(void *context, const struct net_addresses *addresses, const struct err *err)
{
	struct probe *p = context;

	p->resolve = NULL;
	*p->addresses = *addresses;
	if (addresses->count == 0)
		p->err = *err;
	end(p);
}

NET_API_STATUS probe_addresses(const char *host, uint16_t port, const char *wins,
                               uint32_t timeout_ms, struct net_addresses *addresses,
                               struct err *err)
{
	struct probe p = { .doing = "resolve", .addresses = addresses };

	if (begin(&p, timeout_ms))
		p.resolve = resolve_start(p.loop, host, port, wins, on_found, &p);
	if (p.resolve != NULL)
		net_loop_run(p.loop);
	else
		fail(&p, ERROR_NOT_ENOUGH_MEMORY);
	return finish(&p, err);
}

/* ---- NEGOTIATE ---- */

static void pump(struct probe *p)
{
	enum conversation_event event = conversation_next(&p->conversation);
	struct wire_writer *out = conversation_out(&p->conversation);

	if (event == CONVERSATION_FAILED)
		p->err = p->conversation.err;
	if (event == CONVERSATION_FAILED || conversation_negotiated(&p->conversation) != NULL) {
		end(p);
		return;
	}
	if (out->len > 0 && !net_stream_send(p->stream, out->data, out->len))
		fail(p, ERROR_NOT_ENOUGH_MEMORY);
	wire_writer_clear(out);
}

static uint8_t *on_space(void *context, size_t *room)
{
	struct probe *p = context;

	return conversation_space(&p->conversation, room);
}

static void on_received(void *context, size_t bytes)
{
	struct probe *p = context;

	conversation_received(&p->conversation, bytes);
	pump(p);
}

static void on_ended(void *context, const struct err *err)
{
	struct probe *p = context;

	p->err = *err;
	end(p);
}

static void on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };
	struct probe *p = context;

	p->dial = NULL;
	if (socket < 0) {
		p->err = *err;
		end(p);
		return;
	}
	p->doing = "NEGOTIATE";
	p->stream = net_stream_new(p->loop, socket, &handler, p);
	if (p->stream == NULL)
		fail(p, ERROR_NOT_ENOUGH_MEMORY);
	else
		pump(p);
}

NET_API_STATUS probe_server(const struct net_addresses *addresses, const char *host,
                            uint16_t dialect, uint32_t timeout_ms,
                            struct smb2_negotiate_response *response, struct err *err)
{
	struct probe p = { .doing = "connect" };

	conversation_init_only(&p.conversation, host, dialect);
	if (begin(&p, timeout_ms))
		p.dial = net_dial_start(p.loop, addresses, on_dialed, &p);
	if (p.dial != NULL)
		net_loop_run(p.loop);
	else
		fail(&p, ERROR_NOT_ENOUGH_MEMORY);
	if (p.err.status == NERR_Success)
		*response = *conversation_negotiated(&p.conversation);
	conversation_fini(&p.conversation);
	return finish(&p, err);
}
