/* SPDX-License-Identifier: MIT */
/* QUERY_INFO: [MS-SMB2] 2.2.37, 2.2.38. */
#ifndef SMB2_INFO_H
#define SMB2_INFO_H

#include <stdbool.h>
#include "smb2/header.h"

enum smb2_info_type {
	SMB2_INFO_FILE = 1,
	SMB2_INFO_FILESYSTEM = 2,
	SMB2_INFO_SECURITY = 3,
	SMB2_INFO_QUOTA = 4,
};

struct smb2_query_info_request {
	uint8_t type;  /* enum smb2_info_type */
	uint8_t class; /* of a file: what smb2_pipe_info_encode knows */
	uint32_t max_output_bytes;
	struct smb2_file_id id;
};

/* Reads a whole message. */
void smb2_query_info_request_decode(struct wire_reader *message,
                                    struct smb2_query_info_request *request);
/* Begins the body, to which the caller appends the information. Returns where that begins, for
 * smb2_query_info_response_end. */
size_t smb2_query_info_response_begin(struct wire_writer *w);
void smb2_query_info_response_end(struct wire_writer *w, size_t output_at);

/* SET_INFO: [MS-SMB2] 2.2.39, 2.2.40. */

struct smb2_set_info_request {
	uint8_t type, class; /* as of QUERY_INFO */
	struct smb2_file_id id;
	struct smb2_data input;
};

/* Reads a whole message. */
void smb2_set_info_request_decode(struct wire_reader *message,
                                  struct smb2_set_info_request *request);
void smb2_set_info_response_encode(struct wire_writer *w);

/* What a file's information classes say of a pipe, and what one of them sets: [MS-FSCC] 2.4. */

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
