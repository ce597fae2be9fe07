/* SPDX-License-Identifier: MIT */
/* How a feed begins. */
#ifndef CLIENT_PUBLISHER_HANDSHAKE_H
#define CLIENT_PUBLISHER_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <netsession.h>
#include "base/err.h"

#define PUBLISHER_STEP "feed" /* the step of every failure of a feed */

/* Connects to the feed's socket of netsessiond, says HELLO - is_asked: and that it wants to be
 * asked - and waits for what comes of it. Gives the connection's socket, and how many sessions it
 * may have; -1 and err. */
int publisher_handshake(const struct netsession_publisher_options *options, bool is_asked,
                        uint32_t *max_sessions, struct err *err);

#endif
