/* SPDX-License-Identifier: MIT */
/* One caller's pipe between smbd and Samba's srvsvc: bytes of either side in, bytes for either side
 * out. All goes on as it came but NetrSessionEnum and NetrSessionDel of callers who protect no
 * calls: those become one question at level 1, asked as the caller himself over his own pipe, so
 * that Samba decides who may ask; and its answer becomes theirs by the operations of src/service.
 */
#ifndef SAMBA_RELAY_PIPE_H
#define SAMBA_RELAY_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "samba/relay/relay.h"
#include "wire/writer.h"

enum relay_side {
	RELAY_CALLER, /* smbd, for who opened the pipe */
	RELAY_SERVER, /* Samba's srvsvc */
	RELAY_SIDES,
};

struct relay_pipe;

/* Keeps relay. NULL: out of memory. */
struct relay_pipe *relay_pipe_new(struct relay *relay);
void relay_pipe_free(struct relay_pipe *p);

/* What came from a side, borrowed. False: it is no longer of use, and both sides have to be closed.
 */
bool relay_pipe_receive(struct relay_pipe *p, enum relay_side from, const void *data, size_t bytes);

/* What is to be sent to a side; who sends it clears it. */
struct wire_writer *relay_pipe_output(struct relay_pipe *p, enum relay_side to);
/* All output for the caller was sent: answers of ours, or the rest of one, may follow. Returns as
 * relay_pipe_receive. */
bool relay_pipe_continue(struct relay_pipe *p);

/* Whether a call waits for smbstatus, asked from now on: its answer may lack sessions. */
bool relay_pipe_needs_refresh(const struct relay_pipe *p);
/* Calls that wait for it go on. is_current: smbstatus was asked after relay_pipe_needs_refresh and
 * answered; else it failed. Returns as relay_pipe_receive. */
bool relay_pipe_refreshed(struct relay_pipe *p, bool is_current);

/* Whether more may be read from a side now: what is under way is bounded. */
bool relay_pipe_may_read(const struct relay_pipe *p, enum relay_side from);

/* Whether no request of the caller's waits for its answer. */
bool relay_pipe_is_idle(const struct relay_pipe *p);

#endif
