/* SPDX-License-Identifier: MIT */
/* Cuts a byte stream into packets of the session service, and frames messages that are sent: a
 * length of four bytes, the first of which is 0, stands before each message ([MS-SMB2] 2.1, direct
 * TCP transport). */
#ifndef SMB2_FRAMES_H
#define SMB2_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "smb2/session_service.h"
#include "wire/writer.h"

#define SMB2_FRAME_PREFIX_BYTES SESSION_PREFIX_BYTES

/* The longest message that is accepted: 64 KiB of payload, and what may be compounded with it. */
#define SMB2_MAX_FRAME_BYTES ((size_t)128 << 10)

/* A server accepts no longer NEGOTIATE: so a connection costs no more than 4 KiB until
 * its client has negotiated. Windows' take 300 bytes, with all contexts. */
#define SMB2_MAX_NEGOTIATE_BYTES ((size_t)4096 - SMB2_FRAME_PREFIX_BYTES)

struct smb2_frames {
	size_t max_message_bytes; /* 0: SMB2_MAX_FRAME_BYTES */
	uint8_t *data;
	size_t begin, end, cap; /* bytes: begin..end was received and not returned yet */
	bool has_message;       /* at least one message was ever returned */
	const char *error;      /* static text; the first one sticks */
};

void smb2_frames_fini(struct smb2_frames *f);

/* Returns where to store the next *room bytes at most of the network, for smb2_frames_received;
 * NULL: out of memory, or too much is held already. Invalidates the message that was returned last.
 */
uint8_t *smb2_frames_space(struct smb2_frames *f, size_t *room);
void smb2_frames_received(struct smb2_frames *f, size_t bytes);

/* Whether no message and no part of one was received yet. */
bool smb2_frames_is_untouched(const struct smb2_frames *f);

/* Gives the next packet but keep-alives, which are passed over: its type, and what follows its
 * prefix, borrowed until smb2_frames_space. False: more bytes are needed, or error is set. */
bool smb2_frames_next(struct smb2_frames *f, enum session_packet *type, uint8_t **data,
                      size_t *bytes);

/* Begins a message at the end of w. Returns where the message begins; smb2_frame_end takes that and
 * sets the length. */
size_t smb2_frame_begin(struct wire_writer *w);
void smb2_frame_end(struct wire_writer *w, size_t begin);

#endif
