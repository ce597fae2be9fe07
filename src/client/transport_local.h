/* SPDX-License-Identifier: MIT */
/* The pipe as a plain stream: RPC PDUs one after another, as over the socket of the local service.
 */
#ifndef CLIENT_TRANSPORT_LOCAL_H
#define CLIENT_TRANSPORT_LOCAL_H

#include "client/transport.h"
#include "wire/writer.h"

/* All zero is a transport that has received nothing. */
struct transport_local {
	uint8_t *in;            /* NULL: nothing was received yet */
	size_t in_bytes;        /* received, and not yet an arrival */
	struct wire_writer out; /* to be sent */
};

void transport_local_fini(struct transport_local *t);

/* Where the next bytes of the network go, and how many of them; NULL: out of memory. */
uint8_t *transport_local_space(struct transport_local *t, size_t *room);
void transport_local_received(struct transport_local *t, size_t bytes);

/* All that was received is one arrival. */
enum transport_event transport_local_next(struct transport_local *t,
                                          struct transport_arrival *arrival);

#endif
