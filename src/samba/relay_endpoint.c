/* SPDX-License-Identifier: MIT */
#include "samba/relay_endpoint.h"

#include <stdlib.h>
#include "net/listener.h"
#include "net/stream.h"
#include "samba/relay/pipe.h"

/* What one side has not read yet, before the other one has to wait. */
#define MAX_UNSENT_BYTES 262144

/* For Samba to take a pipe: its queue is full, or nobody looks at it. SMB callers wait for a
 * minute. */
#define DIAL_MS 20000

#define SPACE_BYTES 65536 /* read at once */

struct relayed_end {
	struct relayed_pipe *relayed;
	enum relay_side side;
	struct net_stream *stream;
};

struct relayed_pipe {
	struct relay_endpoint *endpoint;
	struct relayed_pipe *before, *next;
	struct relayed_end ends[RELAY_SIDES];
	int caller; /* its socket, until Samba has taken the pipe; then -1 */
	struct net_dial *dial;
	struct net_timer *deadline; /* of dial */
	struct relay_pipe *pipe;
	struct samba_publisher_wait refresh; /* for smbstatus, by which answers are completed */
	bool is_ending; /* Samba has closed it: what it said before is still on its way */
};

struct relay_endpoint {
	struct net_loop *loop;
	struct relay *relay;
	struct relay_endpoint_settings settings;
	struct net_addresses upstream;
	struct net_listener *listener;
	struct relayed_pipe *pipes;
	struct relay_endpoint_counts counts;
	uint8_t space[SPACE_BYTES];
};

static void relayed_pipe_close(struct relayed_pipe *r)
{
	struct relay_endpoint *d = r->endpoint;

	if (r->dial != NULL)
		net_dial_cancel(r->dial);
	net_timer_stop(r->deadline);
	if (d->settings.feeding != NULL)
		samba_publisher_cancel_wait(d->settings.feeding, &r->refresh);
	for (int i = 0; i < RELAY_SIDES; i++)
		net_stream_finish(r->ends[i].stream);
	if (r->caller >= 0)
		net_socket_hang_up(r->caller);
	relay_pipe_free(r->pipe);
	if (r->before != NULL)
		r->before->next = r->next;
	else
		d->pipes = r->next;
	if (r->next != NULL)
		r->next->before = r->before;
	free(r);
	d->counts.pipes_now--;
}

/* ---- bytes ---- */

static bool relayed_pipe_send_output(struct relayed_pipe *r, enum relay_side to)
{
	struct wire_writer *output = relay_pipe_output(r->pipe, to);
	bool is_good = true;

	/* Whoever is gone does not get it. */
	if (output->len > 0 && r->ends[to].stream != NULL)
		is_good = net_stream_send(r->ends[to].stream, output->data, output->len);
	wire_writer_clear(output);
	return is_good;
}

static void relayed_pipe_set_reading(struct relayed_pipe *r, enum relay_side from)
{
	enum relay_side to = from == RELAY_CALLER ? RELAY_SERVER : RELAY_CALLER;
	struct net_stream *stream = r->ends[from].stream;

	if (stream == NULL)
		return;
	if (relay_pipe_may_read(r->pipe, from) && r->ends[to].stream != NULL &&
	    net_stream_unsent(r->ends[to].stream) < MAX_UNSENT_BYTES &&
	    net_stream_unsent(stream) < MAX_UNSENT_BYTES)
		net_stream_resume(stream);
	else
		net_stream_pause(stream);
}

/* False: the pipe is of no use any more. */
static bool relayed_pipe_start_refresh(struct relayed_pipe *r)
{
	struct samba_publisher *feeding = r->endpoint->settings.feeding;

	return !relay_pipe_needs_refresh(r->pipe) ||
	       (feeding != NULL && samba_publisher_wait_for_poll(feeding, &r->refresh)) ||
	       relay_pipe_refreshed(r->pipe, false);
}

static bool relayed_pipe_may_end(const struct relayed_pipe *r)
{
	return (r->is_ending && !relay_pipe_needs_refresh(r->pipe)) ||
	       (r->endpoint->listener == NULL && relay_pipe_is_idle(r->pipe));
}

/* Sends what there is, as fast as it is read; whoever has too much before him waits. */
static void relayed_pipe_flow(struct relayed_pipe *r)
{
	struct net_stream *caller = r->ends[RELAY_CALLER].stream;
	bool is_good = relayed_pipe_start_refresh(r) && relayed_pipe_send_output(r, RELAY_SERVER) &&
	               relayed_pipe_send_output(r, RELAY_CALLER);

	while (is_good && net_stream_unsent(caller) == 0) {
		is_good = relay_pipe_continue(r->pipe);
		if (relay_pipe_output(r->pipe, RELAY_CALLER)->len == 0)
			break;
		is_good &= relayed_pipe_send_output(r, RELAY_CALLER);
	}
	if (!is_good || (relayed_pipe_may_end(r) && net_stream_unsent(caller) == 0)) {
		relayed_pipe_close(r);
		return;
	}
	relayed_pipe_set_reading(r, RELAY_CALLER);
	relayed_pipe_set_reading(r, RELAY_SERVER);
}

static void relayed_pipe_on_refreshed(void *context, bool is_current)
{
	struct relayed_pipe *r = context;

	if (relay_pipe_refreshed(r->pipe, is_current))
		relayed_pipe_flow(r);
	else
		relayed_pipe_close(r);
}

static uint8_t *relayed_end_on_space(void *context, size_t *room)
{
	struct relayed_end *e = context;

	*room = SPACE_BYTES;
	return e->relayed->endpoint->space;
}

static void relayed_end_on_received(void *context, size_t bytes)
{
	struct relayed_end *e = context;
	struct relayed_pipe *r = e->relayed;

	if (relay_pipe_receive(r->pipe, e->side, r->endpoint->space, bytes)) {
		relayed_pipe_flow(r);
	} else {
		r->endpoint->counts.malformed++;
		relayed_pipe_close(r);
	}
}

static void relayed_end_on_drained(void *context)
{
	struct relayed_end *e = context;

	relayed_pipe_flow(e->relayed);
}

static void relayed_end_on_ended(void *context, const struct err *err)
{
	struct relayed_end *e = context;
	struct relayed_pipe *r = e->relayed;

	(void)err;
	if (e->side == RELAY_CALLER) {
		relayed_pipe_close(r);
		return;
	}
	net_stream_finish(e->stream);
	e->stream = NULL;
	r->is_ending = true;
	relayed_pipe_flow(r);
}

/* ---- pipes ---- */

static bool relayed_pipe_open_end(struct relayed_pipe *r, enum relay_side side, int socket)
{
	static const struct net_stream_handler handler = { relayed_end_on_space,
		                                           relayed_end_on_received,
		                                           relayed_end_on_ended,
		                                           relayed_end_on_drained };
	struct relayed_end *e = &r->ends[side];

	*e = (struct relayed_end){ .relayed = r, .side = side };
	e->stream = net_stream_new(r->endpoint->loop, socket, &handler, e);
	return e->stream != NULL;
}

/* A socket at which nobody listens is closed to smbd at once: then it starts samba-dcerpcd and
 * comes again (source3/rpc_client/local_np.c). */
static void relayed_pipe_on_dialed(void *context, int socket, const struct err *err)
{
	struct relayed_pipe *r = context;
	int caller = r->caller;
	bool is_good;

	(void)err;
	r->dial = NULL;
	net_timer_stop(r->deadline);
	r->deadline = NULL;
	if (socket < 0) {
		r->endpoint->counts.without_samba++;
		relayed_pipe_close(r);
		return;
	}
	is_good = relayed_pipe_open_end(r, RELAY_SERVER, socket);
	if (is_good) {
		r->caller = -1;
		is_good = relayed_pipe_open_end(r, RELAY_CALLER, caller);
	}
	if (!is_good)
		relayed_pipe_close(r);
}

static void relayed_pipe_on_deadline(void *context)
{
	struct relayed_pipe *r = context;

	r->endpoint->counts.without_samba++;
	relayed_pipe_close(r);
}

static void relay_endpoint_on_accepted(void *context, int socket)
{
	struct relay_endpoint *d = context;
	struct relayed_pipe *r = d->counts.pipes_now < d->settings.max_pipes ? calloc(1, sizeof *r)
	                                                                     : NULL;

	d->counts.pipes++;
	if (r == NULL) {
		d->counts.refused++;
		net_socket_hang_up(socket);
		return;
	}
	*r = (struct relayed_pipe){ .endpoint = d, .caller = socket, .next = d->pipes };
	r->refresh = (struct samba_publisher_wait){ .over = relayed_pipe_on_refreshed,
		                                    .context = r };
	if (d->pipes != NULL)
		d->pipes->before = r;
	d->pipes = r;
	d->counts.pipes_now++;
	r->pipe = relay_pipe_new(d->relay);
	if (r->pipe != NULL)
		r->dial = net_dial_start(d->loop, &d->upstream, relayed_pipe_on_dialed, r);
	r->deadline = net_timer_start(d->loop, DIAL_MS, relayed_pipe_on_deadline, r);
	if (r->dial == NULL || r->deadline == NULL)
		relayed_pipe_close(r);
}

struct relay_endpoint *relay_endpoint_new(struct net_loop *loop, struct relay *relay, int socket,
                                          const struct relay_endpoint_settings *settings)
{
	struct relay_endpoint *d = calloc(1, sizeof *d);

	if (d == NULL || !net_address_local(settings->upstream, &d->upstream)) {
		net_socket_hang_up(socket);
		free(d);
		return NULL;
	}
	d->loop = loop;
	d->relay = relay;
	d->settings = *settings;
	d->listener = net_listener_new(loop, socket, relay_endpoint_on_accepted, d);
	if (d->listener == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void relay_endpoint_drain(struct relay_endpoint *d)
{
	net_listener_free(d->listener);
	d->listener = NULL;
	for (struct relayed_pipe *r = d->pipes, *next; r != NULL; r = next) {
		next = r->next;
		if (r->ends[RELAY_CALLER].stream != NULL)
			relayed_pipe_flow(r);
		else
			relayed_pipe_close(r);
	}
}

void relay_endpoint_free(struct relay_endpoint *d)
{
	if (d == NULL)
		return;
	net_listener_free(d->listener);
	while (d->pipes != NULL)
		relayed_pipe_close(d->pipes);
	free(d);
}

void relay_endpoint_count(const struct relay_endpoint *d, struct relay_endpoint_counts *counts)
{
	*counts = d->counts;
}
