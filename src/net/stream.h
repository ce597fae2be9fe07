/* SPDX-License-Identifier: MIT */
/* A connection, TCP or of Unix sockets: made to the first of several addresses that answers, then
 * read and written. It is a plain socket between whiles, which any loop may take over. */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
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
	/* The socket took all that waited to be sent. NULL: of no interest. */
	void (*drained)(void *context);
};

/* Takes socket, also after a failure, and begins to read. Keeps handler and context. NULL: out of
 * memory. */
struct net_stream *net_stream_new(struct net_loop *loop, int socket,
                                  const struct net_stream_handler *handler, void *context);

/* Sends what the socket takes at once and keeps a copy of the rest. Raises no signal. False: out
 * of memory. */
bool net_stream_send(struct net_stream *s, const void *data, size_t bytes);

/* What waits because the other side does not read, bytes. */
size_t net_stream_unsent(const struct net_stream *s);

/* Nothing is read until it is resumed: the other side has to wait. That it went away shows then, or
 * when something cannot be sent. */
void net_stream_pause(struct net_stream *s);
void net_stream_resume(struct net_stream *s);

/* Gives the socket, nothing more being called: -1, and s is closed, when it has ended or has
 * bytes left to send. Takes s. */
int net_stream_release(struct net_stream *s);

/* Closes the connection at once: the peer may lose bytes that it has not read. Nothing more is
 * called. Takes s; NULL is allowed. */
void net_stream_close(struct net_stream *s);

enum {
	NET_FINISH_MS = 2000,     /* the longest time that a finished stream stays open */
	NET_MAX_FINISHING = 1024, /* of a loop; for another one the oldest is closed at once */
};

/* Closes the connection once the peer has everything that was sent, or after NET_FINISH_MS. Closing
 * at once can destroy an answer: Samba from 4.20 on drops unread bytes of a Unix socket whose peer
 * has closed it, and TCP resets a connection that is closed while input is unread.
 * Nothing more is called. Takes s; NULL is allowed. The loop runs until the stream is closed. */
void net_stream_finish(struct net_stream *s);

/* Whether a socket that nobody read meanwhile is as it was left: open, and nothing has come. */
bool net_socket_is_quiet(int socket);
/* Sends what the socket takes at once, and raises no signal. Returns how many bytes of it; that the
 * connection is gone shows when it is read. */
size_t net_socket_send(int socket, const void *data, size_t bytes);
/* What has come, up to room bytes of it. Returns how many; 0: nothing has; -1 and err: the
 * connection has ended. */
ssize_t net_socket_receive(int socket, void *to, size_t room, struct err *err);
/* Ends the connection, also where a child of fork holds a copy of the socket. */
void net_socket_hang_up(int socket);
/* Lets go of a copy that a fork made: the connection remains its owner's. */
void net_socket_forget(int socket);

struct net_dial;

/* Connects to the addresses in their order, each one a quarter of a second after the one before
 * or as soon as that has failed, and keeps the first that answers (RFC 8305 section 5).
 * dialed: gives a socket, or -1 and err: what became of the first address. Gives the dial, which
 * is gone when dialed returns; NULL: out of memory. */
struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, int socket, const struct err *),
                                void *context);
/* dialed will not be called. */
void net_dial_cancel(struct net_dial *dial);

#endif
