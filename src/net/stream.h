/* SPDX-License-Identifier: MIT */
/* A connection over TCP or a Unix socket: dialed, then read and written. Between two streams it is
 * a plain socket, which any loop may take over. */
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

/* What happens to a stream. After ended, nothing else is called. */
struct net_stream_handler {
	/* Returns where the next bytes go, and room for how many. NULL ends the stream. */
	uint8_t *(*space)(void *context, size_t *room);
	void (*received)(void *context, size_t bytes);
	/* The peer closed the connection, or it broke. err is borrowed. */
	void (*ended)(void *context, const struct err *err);
	/* The socket has taken all that waited to be sent. May be NULL. */
	void (*drained)(void *context);
};

/* Takes socket, also after a failure, and begins to read. Keeps handler and context. NULL: out of
 * memory. */
struct net_stream *net_stream_new(struct net_loop *loop, int socket,
                                  const struct net_stream_handler *handler, void *context);

/* The same for a stream whose answer is all that the loop is run for, apart from timers:
 * net_loop_run waits for it with fewer system calls. */
struct net_stream *net_stream_new_alone(struct net_loop *loop, int socket,
                                        const struct net_stream_handler *handler, void *context);

/* Something else begins on the loop of the stream. False: out of memory, and the stream is of no
 * more use. */
bool net_stream_share_loop(struct net_stream *s);

/* Sends what the socket takes at once, and keeps a copy of the rest. Raises no signal. False: out
 * of memory. */
bool net_stream_send(struct net_stream *s, const void *data, size_t bytes);

/* How many bytes wait because the peer does not read. */
size_t net_stream_unsent(const struct net_stream *s);

/* Reads nothing until it is resumed: the peer has to wait. The end of the connection shows then, or
 * when something cannot be sent. */
void net_stream_pause(struct net_stream *s);
void net_stream_resume(struct net_stream *s);

/* Gives the socket. -1: the stream has ended, or has bytes left to send, and is closed. Takes s;
 * nothing is called any more. */
int net_stream_release(struct net_stream *s);

/* Closes the connection at once: the peer may lose bytes that it has not read. Takes s; nothing is
 * called any more. NULL is allowed. */
void net_stream_close(struct net_stream *s);

enum {
	NET_FINISH_MS = 2000,     /* for how long a finished stream may stay open */
	NET_MAX_FINISHING = 1024, /* of a loop; one more closes the oldest at once */
};

/* Closes the connection once the peer has everything that was sent, or after NET_FINISH_MS. Closing
 * at once can destroy an answer: Samba from 4.20 on drops unread bytes of a Unix socket whose peer
 * has closed it, and TCP resets a connection that is closed while input is unread.
 * Takes s; nothing is called any more. NULL is allowed. The loop runs until the stream is closed.
 */
void net_stream_finish(struct net_stream *s);

/* Whether an idle socket is still open and has received nothing. */
bool net_socket_is_quiet(int socket);
/* Sends what the socket takes at once, and raises no signal. Returns how many bytes; the end of the
 * connection shows when it is read. */
size_t net_socket_send(int socket, const void *data, size_t bytes);
/* Reads up to room bytes that have arrived. Returns how many; 0: none have; -1: the connection has
 * ended, see err. */
ssize_t net_socket_receive(int socket, void *to, size_t room, struct err *err);
/* Ends the connection, also if a child process holds a copy of the socket. */
void net_socket_hang_up(int socket);
/* Closes a copy that a fork made, or a socket that was never used; the connection stays open for
 * other holders. */
void net_socket_forget(int socket);

struct net_dial;

/* Connects to several addresses of a host, each a quarter of a second after the one before or as
 * soon as that has failed, and keeps the first connection that succeeds (RFC 8305 section 5).
 * dialed   called once: takes a socket; or -1, and err says why the first address failed
 * Returns  the dial, which is freed when dialed has returned; NULL: out of memory. */
struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, int socket, const struct err *),
                                void *context);
/* The same for a Unix socket. */
struct net_dial *net_dial_start_local(struct net_loop *loop, const struct sockaddr_un *address,
                                      void (*dialed)(void *context, int socket, const struct err *),
                                      void *context);
/* dialed is not called any more. NULL is allowed. */
void net_dial_cancel(struct net_dial *dial);

#endif
