/* SPDX-License-Identifier: MIT */
/* Whole messages out of a byte stream: each has a length of four bytes before it, the first of
 * them zero ([MS-SMB2] 2.1, direct TCP transport). */
#ifndef SMB2_FRAMES_H
#define SMB2_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/writer.h"

#define SMB2_FRAME_PREFIX_BYTES 4

/* No message to us is longer: 64 KiB of payload, and what may be compounded with it. */
#define SMB2_MAX_FRAME_BYTES ((size_t)128 << 10)

struct smb2_frames {
	uint8_t *data;
	size_t begin, end, cap; /* bytes: what has come and was not given lies in begin..end */
	bool has_received;      /* a byte has ever come */
	const char *error;      /* static text; it sticks */
};

void smb2_frames_fini(struct smb2_frames *f);

/* Where the next bytes from the network go: *room of them at most. NULL: out of memory. The
 * message given last is gone then. */
uint8_t *smb2_frames_space(struct smb2_frames *f, size_t *room);
void smb2_frames_received(struct smb2_frames *f, size_t bytes);

/* Nothing has come yet. */
bool smb2_frames_is_untouched(const struct smb2_frames *f);

/* The next message, valid until smb2_frames_space. False: more has to come, or error is set. */
bool smb2_frames_next(struct smb2_frames *f, uint8_t **message, size_t *bytes);

/* Begins a message at the end of w and returns where it begins; end fills in its length. */
size_t smb2_frame_begin(struct wire_writer *w);
void smb2_frame_end(struct wire_writer *w, size_t begin);

#endif
