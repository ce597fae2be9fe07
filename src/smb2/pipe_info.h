/* SPDX-License-Identifier: MIT */
/* What a file's information classes say of a pipe, and what one of them sets: [MS-FSCC] 2.4. */
#ifndef SMB2_PIPE_INFO_H
#define SMB2_PIPE_INFO_H

#include <stdbool.h>
#include "smb2/header.h"

/* What an open pipe is taken for where a file's attributes and sizes are told. */
#define FILE_ATTRIBUTE_NORMAL      0x00000080u
#define SMB2_PIPE_ALLOCATION_BYTES 4096 /* as Windows has it */

/* [MS-FSCC] 2.4.38: NamedPipeState. */
enum smb2_pipe_state {
	SMB2_PIPE_DISCONNECTED = 1,
	SMB2_PIPE_LISTENING = 2,
	SMB2_PIPE_CONNECTED = 3,
	SMB2_PIPE_CLOSING = 4,
};

/* FilePipeInformation, 2.4.37: what a client may set. */
struct smb2_pipe_mode {
	bool reads_messages;  /* ReadMode: else a byte stream */
	bool is_non_blocking; /* CompletionMode */
};

/* An open pipe, as its classes tell of it. */
struct smb2_pipe_facts {
	uint64_t index;  /* another one for each pipe */
	uint32_t access; /* granted */
	struct smb2_pipe_mode mode;
	enum smb2_pipe_state state;
	uint32_t instances;      /* of the same name, this one among them */
	uint32_t readable_bytes; /* queued for the client */
	uint32_t quota_bytes;    /* of either direction */
};

/* Appends what a file information class says. Returns STATUS_SUCCESS; where nothing is appended
 * STATUS_INFO_LENGTH_MISMATCH: it takes more than max_bytes; STATUS_NOT_SUPPORTED: no pipe has it;
 * STATUS_INVALID_INFO_CLASS: it is not to be had by SMB2 at all. */
uint32_t smb2_pipe_info_encode(struct wire_writer *w, uint8_t class, uint32_t max_bytes,
                               const struct smb2_pipe_facts *facts);

/* What a SET_INFO of a file sets. Returns STATUS_SUCCESS, or with *mode as it was
 * STATUS_INFO_LENGTH_MISMATCH; STATUS_INVALID_PARAMETER; STATUS_NOT_SUPPORTED: another class than
 * FilePipeInformation. */
uint32_t smb2_pipe_mode_decode(uint8_t class, const struct smb2_data *input,
                               struct smb2_pipe_mode *mode);

#endif
