/* SPDX-License-Identifier: MIT */
/* What FSCTLs ask of pipes beside data: [MS-FSCC] 2.3.45 to 2.3.50. */
#ifndef SMB2_PIPE_CONTROL_H
#define SMB2_PIPE_CONTROL_H

#include "smb2/name.h"
#include "smb2/pipe_info.h"

/* FSCTL_PIPE_WAIT, 2.3.49: the name of the pipe that is waited for. How long does not matter to who
 * never lets anybody wait. Reads the input of an IOCTL, which a malformed name fails too. */
void smb2_pipe_wait_request_decode(struct wire_reader *input, char name[SMB2_NAME_BYTES]);

/* FSCTL_PIPE_PEEK, 2.3.46: what comes before the bytes that are peeked at. */
#define SMB2_PIPE_PEEK_BYTES 16

struct smb2_pipe_peek {
	enum smb2_pipe_state state;
	uint32_t readable_bytes;
	uint32_t messages, first_message_bytes; /* of a pipe that is read by messages, else 0 */
};

void smb2_pipe_peek_encode(struct wire_writer *w, const struct smb2_pipe_peek *peek);

#endif
