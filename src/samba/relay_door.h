/* SPDX-License-Identifier: MIT */
/* Where smbd comes with its callers' pipes: each one is connected to Samba's own srvsvc. */
#ifndef SAMBA_RELAY_DOOR_H
#define SAMBA_RELAY_DOOR_H

#include <stdint.h>
#include "net/loop.h"
#include "relay/relay.h"
#include "samba/feeding.h"

struct relay_door;

struct relay_door_settings {
	const char *upstream;          /* the path of Samba's socket; kept */
	uint32_t max_pipes;            /* more are turned away: smbd must not wait */
	struct samba_feeding *feeding; /* asks smbstatus; kept. NULL: nobody does */
};

/* Takes socket, which listens, also after a failure; keeps loop and relay. NULL: out of memory. */
struct relay_door *relay_door_new(struct net_loop *loop, struct relay *relay, int socket,
                                  const struct relay_door_settings *settings);
/* Nobody comes in any more, and each pipe is closed when nothing asked over it waits for an answer.
 */
void relay_door_drain(struct relay_door *d);
/* At once. NULL is allowed. */
void relay_door_free(struct relay_door *d);

struct relay_door_counts {
	uint32_t pipes_now;
	uint64_t pipes;         /* that came */
	uint64_t turned_away;   /* beyond max_pipes, or without memory */
	uint64_t without_samba; /* that Samba did not take */
	uint64_t malformed;     /* closed for what came */
};
void relay_door_count(const struct relay_door *d, struct relay_door_counts *counts);

#endif
