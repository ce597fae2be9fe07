/* SPDX-License-Identifier: MIT */
#include "samba/relay_door.h"

#include <stdlib.h>
#include "net/listener.h"
#include "net/stream.h"
#include "relay/pipe.h"

/* What one side has not read yet, before the other one has to wait. */
#define MAX_UNSENT_BYTES 262144

/* For Samba to take a pipe: its queue is full, or nobody looks at it. SMB callers wait for a
 * minute. */
#define DIAL_MS 20000

#define SPACE_BYTES 65536 /* read at once */

struct end {
	struct relayed *relayed;
	enum relay_side side;
	struct net_stream *stream;
};

struct relayed {
	struct relay_door *door;
	struct relayed *before, *next;
	struct end ends[RELAY_SIDES];
	int caller; /* its socket, until Samba has taken the pipe; then -1 */
	struct net_dial *dial;
	struct net_timer *deadline; /* of dial */
	struct relay_pipe *pipe;
	struct samba_feeding_wait check; /* for smbstatus, by which answers are completed */
	bool is_ending; /* Samba has closed it: what it said before is still on its way */
};

struct relay_door {
	struct net_loop *loop;
	struct relay *relay;
	struct relay_door_settings settings;
	struct net_addresses upstream;
	struct net_listener *listener;
	struct relayed *pipes;
	struct relay_door_counts counts;
	uint8_t space[SPACE_BYTES];
};

static void part(struct relayed *r)
{
	struct relay_door *d = r->door;

	if (r->dial != NULL)
		net_dial_cancel(r->dial);
	net_timer_stop(r->deadline);
	if (d->settings.feeding != NULL)
		samba_feeding_forget(d->settings.feeding, &r->check);
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

static bool send_output(struct relayed *r, enum relay_side to)
{
	struct wire_writer *output = relay_pipe_output(r->pipe, to);
	bool is_good = true;

	/* Whoever is gone does not get it. */
	if (output->len > 0 && r->ends[to].stream != NULL)
		is_good = net_stream_send(r->ends[to].stream, output->data, output->len);
	wire_writer_clear(output);
	return is_good;
}

static void mind(struct relayed *r, enum relay_side from)
{
	enum relay_side to = from == RELAY_CALLER ? RELAY_SERVER : RELAY_CALLER;
	struct net_stream *stream = r->ends[from].stream;

	if (stream == NULL)
		return;
	if (relay_pipe_wants(r->pipe, from) && r->ends[to].stream != NULL &&
	    net_stream_unsent(r->ends[to].stream) < MAX_UNSENT_BYTES &&
	    net_stream_unsent(stream) < MAX_UNSENT_BYTES)
		net_stream_resume(stream);
	else
		net_stream_pause(stream);
}

/* False: the pipe is of no use any more. */
static bool mind_check(struct relayed *r)
{
	struct samba_feeding *feeding = r->door->settings.feeding;

	return !relay_pipe_wants_check(r->pipe) ||
	       (feeding != NULL && samba_feeding_wait(feeding, &r->check)) ||
	       relay_pipe_checked(r->pipe, false);
}

static bool may_end(const struct relayed *r)
{
	return (r->is_ending && !relay_pipe_wants_check(r->pipe)) ||
	       (r->door->listener == NULL && relay_pipe_is_idle(r->pipe));
}

/* Sends what there is, as fast as it is read; whoever has too much before him waits. */
static void flow(struct relayed *r)
{
	struct net_stream *caller = r->ends[RELAY_CALLER].stream;
	bool is_good = mind_check(r) && send_output(r, RELAY_SERVER) &&
	               send_output(r, RELAY_CALLER);

	while (is_good && net_stream_unsent(caller) == 0) {
		is_good = relay_pipe_go_on(r->pipe);
		if (relay_pipe_output(r->pipe, RELAY_CALLER)->len == 0)
			break;
		is_good &= send_output(r, RELAY_CALLER);
	}
	if (!is_good || (may_end(r) && net_stream_unsent(caller) == 0)) {
		part(r);
		return;
	}
	mind(r, RELAY_CALLER);
	mind(r, RELAY_SERVER);
}

static void on_checked(void *context, bool is_current)
{
	struct relayed *r = context;

	if (relay_pipe_checked(r->pipe, is_current))
		flow(r);
	else
		part(r);
}

static uint8_t *on_space(void *context, size_t *room)
{
	struct end *e = context;

	*room = SPACE_BYTES;
	return e->relayed->door->space;
}

static void on_received(void *context, size_t bytes)
{
	struct end *e = context;
	struct relayed *r = e->relayed;

	if (relay_pipe_take(r->pipe, e->side, r->door->space, bytes)) {
		flow(r);
	} else {
		r->door->counts.malformed++;
		part(r);
	}
}

static void on_drained(void *context)
{
	struct end *e = context;

	flow(e->relayed);
}

static void on_ended(void *context, const struct err *err)
{
	struct end *e = context;
	struct relayed *r = e->relayed;

	(void)err;
	if (e->side == RELAY_CALLER) {
		part(r);
		return;
	}
	net_stream_finish(e->stream);
	e->stream = NULL;
	r->is_ending = true;
	flow(r);
}

/* ---- pipes ---- */

static bool open_end(struct relayed *r, enum relay_side side, int socket)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };
	struct end *e = &r->ends[side];

	*e = (struct end){ .relayed = r, .side = side };
	e->stream = net_stream_new(r->door->loop, socket, &handler, e);
	return e->stream != NULL;
}

/* A socket at which nobody listens is closed to smbd at once: then it starts samba-dcerpcd and
 * comes again (source3/rpc_client/local_np.c). */
static void on_dialed(void *context, int socket, const struct err *err)
{
	struct relayed *r = context;
	int caller = r->caller;
	bool is_good;

	(void)err;
	r->dial = NULL;
	net_timer_stop(r->deadline);
	r->deadline = NULL;
	if (socket < 0) {
		r->door->counts.without_samba++;
		part(r);
		return;
	}
	is_good = open_end(r, RELAY_SERVER, socket);
	if (is_good) {
		r->caller = -1;
		is_good = open_end(r, RELAY_CALLER, caller);
	}
	if (!is_good)
		part(r);
}

static void on_deadline(void *context)
{
	struct relayed *r = context;

	r->door->counts.without_samba++;
	part(r);
}

static void on_accepted(void *context, int socket)
{
	struct relay_door *d = context;
	struct relayed *r = d->counts.pipes_now < d->settings.max_pipes ? calloc(1, sizeof *r)
	                                                                : NULL;

	d->counts.pipes++;
	if (r == NULL) {
		d->counts.turned_away++;
		net_socket_hang_up(socket);
		return;
	}
	*r = (struct relayed){ .door = d, .caller = socket, .next = d->pipes };
	r->check = (struct samba_feeding_wait){ .over = on_checked, .context = r };
	if (d->pipes != NULL)
		d->pipes->before = r;
	d->pipes = r;
	d->counts.pipes_now++;
	r->pipe = relay_pipe_new(d->relay);
	if (r->pipe != NULL)
		r->dial = net_dial_start(d->loop, &d->upstream, on_dialed, r);
	r->deadline = net_timer_start(d->loop, DIAL_MS, on_deadline, r);
	if (r->dial == NULL || r->deadline == NULL)
		part(r);
}

struct relay_door *relay_door_new(struct net_loop *loop, struct relay *relay, int socket,
                                  const struct relay_door_settings *settings)
{
	struct relay_door *d = calloc(1, sizeof *d);

	if (d == NULL || !net_address_local(settings->upstream, &d->upstream)) {
		net_socket_hang_up(socket);
		free(d);
		return NULL;
	}
	d->loop = loop;
	d->relay = relay;
	d->settings = *settings;
	d->listener = net_listener_new(loop, socket, on_accepted, d);
	if (d->listener == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void relay_door_drain(struct relay_door *d)
{
	net_listener_free(d->listener);
	d->listener = NULL;
	for (struct relayed *r = d->pipes, *next; r != NULL; r = next) {
		next = r->next;
		if (r->ends[RELAY_CALLER].stream != NULL)
			flow(r);
		else
			part(r);
	}
}

void relay_door_free(struct relay_door *d)
{
	if (d == NULL)
		return;
	net_listener_free(d->listener);
	while (d->pipes != NULL)
		part(d->pipes);
	free(d);
}

void relay_door_count(const struct relay_door *d, struct relay_door_counts *counts)
{
	*counts = d->counts;
}
