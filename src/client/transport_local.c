/* SPDX-License-Identifier: MIT */
#include "client/transport_local.h"

#include <stdlib.h>

/* As long as the longest fragment that the client agrees to receive. */
#define IN_BYTES 65536

void transport_local_fini(struct transport_local *t)
{
	free(t->in);
	wire_writer_fini(&t->out);
}

uint8_t *transport_local_space(struct transport_local *t, size_t *room)
{
	if (t->in == NULL)
		t->in = malloc(IN_BYTES);
	*room = IN_BYTES - t->in_bytes;
	return t->in != NULL ? t->in + t->in_bytes : NULL;
}

void transport_local_received(struct transport_local *t, size_t bytes)
{
	t->in_bytes += bytes;
}

enum transport_event transport_local_next(struct transport_local *t,
                                          struct transport_arrival *arrival)
{
	if (t->in_bytes == 0)
		return TRANSPORT_WANTS_BYTES;
	arrival->data = t->in;
	arrival->bytes = t->in_bytes;
	t->in_bytes = 0;
	return TRANSPORT_PIPE_DATA;
}
