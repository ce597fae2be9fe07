/* SPDX-License-Identifier: MIT */
/* A TCP connection: made to the first of several addresses that answers, then read and written. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stddef.h>
#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

struct net_stream;

/* What happens to a stream. After ended nothing happens any more. */
struct net_stream_handler {
	/* Where the next bytes go: *room of them. NULL ends the stream. */
	uint8_t *(*space)(void *context, size_t *room);
	void (*received)(void *context, size_t bytes);
	/* The other side closed it, or it broke. err is borrowed. */
	void (*ended)(void *context, const struct err *err);
};

/* Begins to read. Keeps handler and context. */
void net_stream_read(struct net_stream *s, const struct net_stream_handler *handler, void *context);

/* Sends what the socket takes at once and keeps a copy of the rest. False: out of memory. */
bool net_stream_send(struct net_stream *s, const void *data, size_t bytes);

/* Nothing more is called. Takes s; NULL is allowed. */
void net_stream_close(struct net_stream *s);

struct net_dial;

/* Connects to the addresses in their order, each one a quarter of a second after the one before
 * or as soon as that has failed, and keeps the first that answers (RFC 8305 section 5).
 * dialed: gives stream, or NULL and err: what became of the first address. Gives the dial, which
 * is gone when dialed returns; NULL: out of memory. */
struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, struct net_stream *,
                                               const struct err *),
                                void *context);
/* dialed will not be called. */
void net_dial_cancel(struct net_dial *dial);

#endif
