/* SPDX-License-Identifier: MIT */
/* The pipe as a plain stream: PDUs one after another, as over a socket of the local service. The
 * kernel says who we are. */
#include "client/steps.h"

#include <stdlib.h>

/* As long as the longest fragment that we agree to receive. */
#define IN_BYTES 65536

static void send_fragment(struct client_state *c)
{
	struct wire_writer *to = &c->plain.out;

	wire_put_bytes(to, c->fragment.data, c->fragment.len);
	if (to->failed || c->fragment.failed)
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

static void bind_send(struct client_state *c)
{
	association_bind(c);
	send_fragment(c);
}

static void call_send(struct client_state *c)
{
	do {
		association_fragment(c);
		send_fragment(c);
	} while (c->err.status == NERR_Success && association_has_fragment(c));
}

static const struct client_step steps[] = {
	[STEP_BIND] = { "bind", bind_send, NULL },
	[STEP_READY] = { "local service", NULL, NULL },
	[STEP_CALL] = { "call", call_send, NULL },
};

static bool transport_local_take(struct client_state *c)
{
	size_t bytes = c->plain.in_bytes;

	c->plain.in_bytes = 0;
	association_feed(c, c->plain.in, bytes);
	return bytes > 0;
}

static bool transport_local_is_idle(const struct client_state *c)
{
	return c->plain.in_bytes == 0 && !association_wants_more(c);
}

static uint8_t *transport_local_space(struct client_state *c, size_t *room)
{
	if (c->plain.in == NULL)
		c->plain.in = malloc(IN_BYTES);
	*room = IN_BYTES - c->plain.in_bytes;
	return c->plain.in != NULL ? c->plain.in + c->plain.in_bytes : NULL;
}

static void transport_local_received(struct client_state *c, size_t bytes)
{
	c->plain.in_bytes += bytes;
}

static struct wire_writer *transport_local_out(struct client_state *c)
{
	return &c->plain.out;
}

const struct client_transport local_carrier = { steps,
	                                        transport_local_take,
	                                        transport_local_is_idle,
	                                        transport_local_space,
	                                        transport_local_received,
	                                        transport_local_out };
