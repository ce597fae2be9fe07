/* SPDX-License-Identifier: MIT */
/* An endpoint of a server: the sockets at which clients connect, and the list of their connections.
 * Every endpoint bounds, times out, drains and gives turns to its connections in the same way, and
 * this is where it does. What a connection says is the business of the endpoint's owner.
 * Who may connect, and who makes room, is decided in net/admission.h. */
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include "base/err.h"
#include "net/address.h"
#include "net/admission.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/turn.h"

/* Who is at the other end of a connection. */
struct net_peer {
	struct net_source source;
	bool is_process; /* of this computer, over a Unix socket: the next three say which */
	uid_t uid;
	gid_t gid;
	pid_t pid;
	char text[NET_PEER_TEXT_BYTES]; /* "10.0.0.7", "[fe80::1%eth0]"; "uid 1000, pid 4711" */
};

struct net_endpoint;

/* A connection's place in its endpoint's list: a member of the owner's own structure, all zero
 * before net_connection_add. */
struct net_connection {
	struct net_endpoint *endpoint;
	void *context; /* the owner's structure */
	struct net_peer peer;
	/* The rest belongs to endpoint.c. */
	struct net_source_count *source;
	TAILQ_ENTRY(net_connection) entry;
	bool is_open;
	uint64_t since_ms;
	struct net_turn turn;
};

enum net_close_reason {
	NET_CLOSE_TIMEOUT, /* nothing happened on it for as long as the settings allow */
	NET_CLOSE_EVICTED, /* the endpoint is full, and most of what is not open is of its source */
	NET_CLOSE_END,     /* the endpoint is freed */
};

struct net_endpoint_handler {
	/* A client has connected, and no bound forbids it. Takes socket; peer is borrowed. The
	 * owner calls net_connection_add, or closes the socket. */
	void (*accepted)(void *context, int socket, const struct net_peer *peer);
	/* A client was disconnected at once: reason, a static text, says which bound was reached.
	 * peer is borrowed. */
	void (*refused)(void *context, const struct net_peer *peer, const char *reason);
	/* Closes c at once: the owner calls net_connection_remove now, or soon. */
	void (*close)(struct net_connection *c, enum net_close_reason reason);
	/* The endpoint drains: closes c if nothing of an answer is left to be sent; otherwise the
	 * owner closes it when that is sent (net_endpoint_is_draining). */
	void (*drain)(struct net_connection *c);
	/* The turn that net_connection_await_turn asked for. NULL: turns are never asked for. */
	void (*turn)(struct net_connection *c);
	/* Whether this peer may have the reserved places, and more than others from one source.
	 * Answers at once. NULL: no peer may but root of this computer. */
	bool (*is_privileged)(void *context, const struct net_peer *peer);
	/* Whether this peer may connect at all. Answers at once. NULL: every peer may. */
	bool (*admits)(void *context, const struct net_peer *peer);
};

struct net_endpoint_settings {
	struct net_bounds bounds;
	/* A connection is closed that is not open after so long, and one that is open on which
	 * nothing happens for so long; 0: never. */
	uint32_t open_timeout_ms, idle_timeout_ms;
};

/* Keeps loop, handler and context. NULL: out of memory. */
struct net_endpoint *net_endpoint_new(struct net_loop *loop,
                                      const struct net_endpoint_handler *handler, void *context,
                                      const struct net_endpoint_settings *settings);

/* Begins to listen: at a socket that listens already, which is taken, also after a failure; at a
 * TCP address; at a Unix socket that is made at path with these permissions, and removed when the
 * endpoint stops listening. Several times for several sockets. False: see err. */
bool net_endpoint_listen(struct net_endpoint *e, int socket, struct err *err);
bool net_endpoint_listen_tcp(struct net_endpoint *e, const union net_address *address,
                             struct err *err);
bool net_endpoint_listen_local(struct net_endpoint *e, const char *path, mode_t mode,
                               struct err *err);

/* New settings, for the connections that exist, too. */
void net_endpoint_configure(struct net_endpoint *e, const struct net_endpoint_settings *settings);
/* Stops listening, and calls drain for each connection. */
void net_endpoint_drain(struct net_endpoint *e);
bool net_endpoint_is_draining(const struct net_endpoint *e);
/* How many connections there are, and how many of them are open. */
unsigned net_endpoint_count(const struct net_endpoint *e);
unsigned net_endpoint_count_open(const struct net_endpoint *e);
/* Calls visit for each connection. visit may remove the connection that it is given, and no other
 * one. */
void net_endpoint_visit(struct net_endpoint *e, void (*visit)(struct net_connection *c, void *data),
                        void *data);
/* Stops listening, and calls close for each connection; all of them must be removed then. NULL is
 * allowed. */
void net_endpoint_free(struct net_endpoint *e);

/* Puts c, whose context the owner has set, into the list; peer is copied. A new connection is not
 * open. */
void net_connection_add(struct net_endpoint *e, struct net_connection *c,
                        const struct net_peer *peer);
/* Takes c out of the list. One that was never added is left alone. */
void net_connection_remove(struct net_connection *c);

/* Opens c, or takes that back: the log-on succeeded, or the last session of it ended. Its timeout
 * begins anew. */
void net_connection_set_open(struct net_connection *c, bool is_open);
/* Something happened on c: where it is open, its idle timeout begins anew. */
void net_connection_touch(struct net_connection *c);

/* The turns of c (net/turn.h): handler->turn is called for one that is waited for. */
void net_connection_set_turn_group(struct net_connection *c, struct net_turn_group *group);
bool net_connection_begin_turn(struct net_connection *c);
bool net_connection_turn_is_over(struct net_connection *c);
void net_connection_await_turn(struct net_connection *c);
bool net_connection_awaits_turn(const struct net_connection *c);
void net_connection_cancel_turn(struct net_connection *c);

#endif
