/* SPDX-License-Identifier: MIT */
/* Where smbd comes with its callers' pipes: each one is connected to Samba's own srvsvc. */
#ifndef SAMBA_RELAY_ENDPOINT_H
#define SAMBA_RELAY_ENDPOINT_H

#include <stdint.h>
#include "net/loop.h"
#include "samba/relay/relay.h"
#include "samba/publisher.h"

struct relay_endpoint;

struct relay_endpoint_settings {
	const char *upstream;            /* the path of Samba's socket; kept */
	uint32_t max_pipes;              /* more are turned away: smbd must not wait */
	struct samba_publisher *feeding; /* asks smbstatus; kept. NULL: nobody does */
};

/* Takes socket, which listens, also after a failure; keeps loop and relay. NULL: out of memory. */
struct relay_endpoint *relay_endpoint_new(struct net_loop *loop, struct relay *relay, int socket,
                                          const struct relay_endpoint_settings *settings);
/* Nobody comes in any more, and each pipe is closed when nothing asked over it waits for an answer.
 */
void relay_endpoint_drain(struct relay_endpoint *d);
/* At once. NULL is allowed. */
void relay_endpoint_free(struct relay_endpoint *d);

struct relay_endpoint_counts {
	uint32_t pipes_now;
	uint64_t pipes;         /* that came */
	uint64_t refused;       /* beyond max_pipes, or without memory */
	uint64_t without_samba; /* that Samba did not take */
	uint64_t malformed;     /* closed for what came */
};
void relay_endpoint_count(const struct relay_endpoint *d, struct relay_endpoint_counts *counts);

#endif
