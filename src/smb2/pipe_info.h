/* SPDX-License-Identifier: MIT */
/* What a file's information classes say of a pipe, and what one of them sets: [MS-FSCC] 2.4. */
#ifndef SMB2_PIPE_INFO_H
#define SMB2_PIPE_INFO_H

#include <stdbool.h>
#include "smb2/header.h"

/* What an open pipe is taken for where a file's attributes and sizes are told. */
#define FILE_ATTRIBUTE_NORMAL      0x00000080u
#define SMB2_PIPE_ALLOCATION_BYTES 4096 /* as Windows has it */

/* [MS-FSCC] 2.4: the classes that a pipe answers to. */
enum smb2_pipe_info_class {
	SMB2_FILE_BASIC_INFORMATION = 4,
	SMB2_FILE_STANDARD_INFORMATION = 5,
	SMB2_FILE_INTERNAL_INFORMATION = 6,
	SMB2_FILE_EA_INFORMATION = 7,
	SMB2_FILE_ACCESS_INFORMATION = 8,
	SMB2_FILE_NAME_INFORMATION = 9,
	SMB2_FILE_POSITION_INFORMATION = 14,
	SMB2_FILE_MODE_INFORMATION = 16,
	SMB2_FILE_ALIGNMENT_INFORMATION = 17,
	SMB2_FILE_ALL_INFORMATION = 18,
	SMB2_FILE_PIPE_INFORMATION = 23,
	SMB2_FILE_PIPE_LOCAL_INFORMATION = 24,
	SMB2_FILE_NETWORK_OPEN_INFORMATION = 34,
};

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
	const char *name; /* UTF-8, "srvsvc" */
	uint64_t index;   /* another one for each pipe */
	uint32_t access;  /* granted */
	struct smb2_pipe_mode mode;
	enum smb2_pipe_state state;
	uint32_t instances;      /* of the same name, this one among them */
	uint32_t readable_bytes; /* queued for the client */
	uint32_t quota_bytes;    /* of either direction */
};

/* Appends at most max_bytes of what the class tells. Returns STATUS_SUCCESS;
 * STATUS_BUFFER_OVERFLOW: a part of it, which goes out; STATUS_INFO_LENGTH_MISMATCH and
 * STATUS_INVALID_INFO_CLASS: nothing. */
uint32_t smb2_pipe_info_encode(struct wire_writer *w, uint8_t class, uint32_t max_bytes,
                               const struct smb2_pipe_facts *facts);

/* What a SET_INFO sets, whose input is read to its end. Returns STATUS_SUCCESS;
 * STATUS_INFO_LENGTH_MISMATCH, STATUS_INVALID_PARAMETER; STATUS_INVALID_INFO_CLASS: another class
 * than FilePipeInformation. *mode is written on success alone. */
uint32_t smb2_pipe_mode_decode(uint8_t class, const struct smb2_data *input,
                               struct smb2_pipe_mode *mode);

#endif
