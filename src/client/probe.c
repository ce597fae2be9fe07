/* SPDX-License-Identifier: MIT */
#include "client/probe.h"

#include "client/state.h"
#include "client/resolve.h"
#include "net/stream.h"

struct probe {
	struct net_loop *loop;
	struct net_timer *deadline;
	struct resolve *resolve;
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_addresses *addresses;
	struct client_state state;
	const char *step;
	struct err err;
};

/* Ends everything that the loop waits for, and so the loop. */
static void probe_end(struct probe *p)
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

static void probe_fail(struct probe *p, NET_API_STATUS status)
{
	err_set(&p->err, status, p->step, NULL);
	probe_end(p);
}

static void probe_on_deadline(void *context)
{
	probe_fail(context, ERROR_TIMEOUT);
}

static bool probe_begin(struct probe *p, uint32_t timeout_ms)
{
	p->loop = net_loop_new();
	if (p->loop != NULL)
		p->deadline = net_timer_start(p->loop, timeout_ms, probe_on_deadline, p);
	return p->deadline != NULL;
}

static NET_API_STATUS probe_finish(struct probe *p, struct err *err)
{
	probe_end(p);
	net_loop_free(p->loop);
	*err = p->err;
	return err->status;
}

/* ---- addresses ---- */

static void probe_on_found(void *context, const struct net_addresses *addresses,
                           const struct err *err)
{
	struct probe *p = context;

	p->resolve = NULL;
	*p->addresses = *addresses;
	if (addresses->count == 0)
		p->err = *err;
	probe_end(p);
}

NET_API_STATUS probe_addresses(const char *host, uint16_t port, const char *wins,
                               uint32_t timeout_ms, struct net_addresses *addresses,
                               struct err *err)
{
	struct probe p = { .step = "resolve", .addresses = addresses };

	if (probe_begin(&p, timeout_ms))
		p.resolve = resolve_start(p.loop, host, port, wins, probe_on_found, &p);
	if (p.resolve != NULL)
		net_loop_run(p.loop);
	else
		probe_fail(&p, ERROR_NOT_ENOUGH_MEMORY);
	return probe_finish(&p, err);
}

/* ---- NEGOTIATE ---- */

static void probe_pump(struct probe *p)
{
	enum client_event event = client_state_next(&p->state);
	struct wire_writer *out = client_state_out(&p->state);

	if (event == CLIENT_EVENT_FAILED)
		p->err = p->state.err;
	if (event == CLIENT_EVENT_FAILED || client_state_negotiated(&p->state) != NULL) {
		probe_end(p);
		return;
	}
	if (out->len > 0 && !net_stream_send(p->stream, out->data, out->len))
		probe_fail(p, ERROR_NOT_ENOUGH_MEMORY);
	wire_writer_clear(out);
}

static uint8_t *probe_on_space(void *context, size_t *room)
{
	struct probe *p = context;

	return client_state_space(&p->state, room);
}

static void probe_on_received(void *context, size_t bytes)
{
	struct probe *p = context;

	client_state_received(&p->state, bytes);
	probe_pump(p);
}

static void probe_on_ended(void *context, const struct err *err)
{
	struct probe *p = context;

	p->err = *err;
	client_state_explain_end(&p->state, &p->err);
	probe_end(p);
}

static void probe_on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { probe_on_space, probe_on_received,
		                                           probe_on_ended, NULL };
	struct probe *p = context;

	p->dial = NULL;
	if (socket < 0) {
		p->err = *err;
		probe_end(p);
		return;
	}
	p->step = "NEGOTIATE";
	p->stream = net_stream_new(p->loop, socket, &handler, p);
	if (p->stream == NULL)
		probe_fail(p, ERROR_NOT_ENOUGH_MEMORY);
	else
		probe_pump(p);
}

/* Runs the state machine of p until NEGOTIATE is answered. */
static void probe_run(struct probe *p, const struct net_addresses *addresses,
                      const struct server_name *server, uint32_t timeout_ms)
{
	if (server->port == NETBIOS_SESSION_PORT)
		client_state_begin_netbios(&p->state);
	if (probe_begin(p, timeout_ms))
		p->dial = net_dial_start(p->loop, addresses, probe_on_dialed, p);
	if (p->dial != NULL)
		net_loop_run(p->loop);
	else
		probe_fail(p, ERROR_NOT_ENOUGH_MEMORY);
}

NET_API_STATUS probe_server(const struct net_addresses *addresses, const struct server_name *server,
                            uint16_t dialect, uint32_t timeout_ms,
                            struct smb2_negotiate_response *response, struct err *err)
{
	struct probe p = { .step = "connect" };

	client_state_init_dialect(&p.state, server->host, dialect);
	probe_run(&p, addresses, server, timeout_ms);
	if (p.err.status == NERR_Success)
		*response = *client_state_negotiated(&p.state);
	client_state_fini(&p.state);
	return probe_finish(&p, err);
}

NET_API_STATUS probe_smb1(const struct net_addresses *addresses, const struct server_name *server,
                          uint32_t timeout_ms, struct err *err)
{
	struct probe p = { .step = "connect" };

	client_state_init(&p.state, server->host, CLIENT_PROBE_SMB1);
	probe_run(&p, addresses, server, timeout_ms);
	client_state_fini(&p.state);
	return probe_finish(&p, err);
}
