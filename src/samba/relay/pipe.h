/* SPDX-License-Identifier: MIT */
/* A client's pipe between smbd and Samba's srvsvc: bytes of either side in, bytes for either side
 * out. All bytes are forwarded as they came, but for NetrSessionEnum and NetrSessionDel of clients
 * that do not sign or seal their calls. In place of such a call one query at level 1 is sent, over
 * the client's own pipe, so that Samba decides whether the client may list sessions; its answer
 * becomes the answer to the call by the operations of src/srvsvc. */
#ifndef SAMBA_RELAY_PIPE_H
#define SAMBA_RELAY_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/ip_address.h"
#include "samba/relay/relay.h"
#include "wire/writer.h"

enum relay_side {
	RELAY_CALLER, /* smbd, for the client that opened the pipe */
	RELAY_SERVER, /* Samba's srvsvc */
	RELAY_SIDES,
};

struct relay_pipe;

/* Keeps relay. NULL: out of memory. */
struct relay_pipe *relay_pipe_new(struct relay *relay);
void relay_pipe_free(struct relay_pipe *p);

/* Bytes came from a side; data is borrowed. False: both sides have to be closed, relay_pipe_error
 * says why. */
bool relay_pipe_receive(struct relay_pipe *p, enum relay_side from, const void *data, size_t bytes);
/* Why the pipe has to be closed: what a side sent, or that memory ran out. */
struct err relay_pipe_error(const struct relay_pipe *p);

/* Gives the address of the client that opened the pipe, as smbd has sent it. False: smbd has not
 * sent it yet, or in an unknown form. */
bool relay_pipe_client(const struct relay_pipe *p, struct ip_address *client);

/* The bytes to send to a side. The sender clears the writer. */
struct wire_writer *relay_pipe_output(struct relay_pipe *p, enum relay_side to);
/* All output for the caller was sent: more of the relay's answers may follow. Returns the same as
 * relay_pipe_receive. */
bool relay_pipe_continue(struct relay_pipe *p);

/* Whether a call waits until smbstatus, run from now on, has answered: Samba's answer may lack
 * sessions. */
bool relay_pipe_needs_refresh(const struct relay_pipe *p);
/* Continues the calls that wait for it. is_current: smbstatus ran after relay_pipe_needs_refresh
 * and answered; otherwise it failed. Returns the same as relay_pipe_receive. */
bool relay_pipe_refreshed(struct relay_pipe *p, bool is_current);

/* Whether more may be read from a side now: outstanding calls and answers are bounded. */
bool relay_pipe_may_read(const struct relay_pipe *p, enum relay_side from);

/* Whether every request of the client has its answer. */
bool relay_pipe_is_idle(const struct relay_pipe *p);

#endif
