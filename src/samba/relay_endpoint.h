/* SPDX-License-Identifier: MIT */
/* The endpoint at which smbd connects for each srvsvc pipe of its clients. Each pipe is connected
 * to Samba's own srvsvc, and a relay_pipe stands between them. */
#ifndef SAMBA_RELAY_ENDPOINT_H
#define SAMBA_RELAY_ENDPOINT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "net/loop.h"
#include "samba/relay/relay.h"
#include "samba/publisher.h"

struct relay_endpoint;

struct relay_endpoint_settings {
	const char *upstream; /* the path of Samba's socket; copied */
	bool starts_helpers;  /* smbd starts samba-dcerpcd where it does not listen */
	uint32_t max_pipes;   /* more are refused, because smbd must not wait */
	/* Of one client: of an smbd, which serves one connection, and of an address. 0: any number.
	 */
	uint32_t max_pipes_of_client;
	uint32_t reserved;                 /* of max_pipes, for clients on this computer */
	struct samba_publisher *publisher; /* runs smbstatus; kept. NULL: it is never run */
	/* Samba's socket has not accepted several pipes, one after the other. NULL: not called. */
	void (*unaccepted)(void *context);
	void *context;
};

/* Takes socket, which listens, also after a failure; keeps loop and relay. NULL: see err. */
struct relay_endpoint *relay_endpoint_new(struct net_loop *loop, struct relay *relay, int socket,
                                          const struct relay_endpoint_settings *settings,
                                          struct err *err);
/* Samba's socket is another one from now on; upstream is copied. False: see err; nothing has
 * changed. */
bool relay_endpoint_set_upstream(struct relay_endpoint *e, const char *upstream,
                                 bool starts_helpers, struct err *err);
/* Accepts no more pipes, and closes each pipe when all its requests are answered. */
void relay_endpoint_drain(struct relay_endpoint *e);
/* Closes all pipes at once. NULL is allowed. */
void relay_endpoint_free(struct relay_endpoint *e);

struct relay_endpoint_counts {
	uint32_t pipes_now;
	uint64_t pipes;         /* that smbd opened */
	uint64_t refused;       /* beyond a bound, or for want of memory */
	uint64_t without_samba; /* that Samba did not accept */
	uint64_t malformed;     /* closed for what a side sent */
};
void relay_endpoint_count(const struct relay_endpoint *e, struct relay_endpoint_counts *counts);

#endif
