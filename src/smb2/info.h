/* SPDX-License-Identifier: MIT */
/* QUERY_INFO and SET_INFO, and the information classes of an open pipe ([MS-FSCC] 2.4). */
#ifndef SMB2_INFO_H
#define SMB2_INFO_H

#include <stdbool.h>
#include "smb2/header.h"

/* ---- QUERY_INFO: [MS-SMB2] 2.2.37, 2.2.38 ---- */

enum smb2_info_type {
	SMB2_INFO_FILE = 1,
	SMB2_INFO_FILESYSTEM = 2,
	SMB2_INFO_SECURITY = 3,
	SMB2_INFO_QUOTA = 4,
};

struct smb2_query_info_request {
	uint8_t type;  /* enum smb2_info_type */
	uint8_t class; /* if type is SMB2_INFO_FILE: the class of smb2_pipe_info_encode */
	uint32_t max_output_bytes;
	struct smb2_file_id id;
};

void smb2_query_info_request_decode(struct wire_reader *message,
                                    struct smb2_query_info_request *request);
/* Begins the response, to which the caller then appends the information. Returns where the
 * information begins; smb2_query_info_response_end takes that and sets the length. */
size_t smb2_query_info_response_begin(struct wire_writer *w);
void smb2_query_info_response_end(struct wire_writer *w, size_t output_at);

/* ---- SET_INFO: [MS-SMB2] 2.2.39, 2.2.40 ---- */

struct smb2_set_info_request {
	uint8_t type, class; /* as in a QUERY_INFO */
	struct smb2_file_id id;
	struct smb2_data input;
};

void smb2_set_info_request_decode(struct wire_reader *message,
                                  struct smb2_set_info_request *request);
void smb2_set_info_response_encode(struct wire_writer *w);

/* ---- information classes: [MS-FSCC] 2.4 ---- */

/* The attributes and the allocation size that are reported for a pipe. */
#define FILE_ATTRIBUTE_NORMAL      0x00000080u
#define SMB2_PIPE_ALLOCATION_BYTES 4096 /* as Windows has it */

/* NamedPipeState, 2.4.38 */
enum smb2_pipe_state {
	SMB2_PIPE_DISCONNECTED = 1,
	SMB2_PIPE_LISTENING = 2,
	SMB2_PIPE_CONNECTED = 3,
	SMB2_PIPE_CLOSING = 4,
};

/* FilePipeInformation, 2.4.37: the part of a pipe that a client may set. */
struct smb2_pipe_mode {
	bool reads_messages;  /* ReadMode; false: a byte stream */
	bool is_non_blocking; /* CompletionMode */
};

/* An open pipe: all that its information classes report. */
struct smb2_pipe_facts {
	uint64_t index;  /* unique to this pipe */
	uint32_t access; /* granted */
	struct smb2_pipe_mode mode;
	enum smb2_pipe_state state;
	uint32_t instances;      /* open pipes of this name, including this one */
	uint32_t readable_bytes; /* queued for the client */
	uint32_t quota_bytes;    /* of each direction */
};

/* Appends the information of a class. Returns STATUS_SUCCESS, or appends nothing and returns
 *   STATUS_INFO_LENGTH_MISMATCH  the information is longer than max_bytes
 *   STATUS_NOT_SUPPORTED         no pipe has this class
 *   STATUS_INVALID_INFO_CLASS    SMB2 does not carry this class at all */
uint32_t smb2_pipe_info_encode(struct wire_writer *w, uint8_t class, uint32_t max_bytes,
                               const struct smb2_pipe_facts *facts);

/* Decodes the input of a SET_INFO with type SMB2_INFO_FILE. Returns STATUS_SUCCESS, or leaves *mode
 * as it was and returns
 *   STATUS_INFO_LENGTH_MISMATCH  the input is too short
 *   STATUS_INVALID_PARAMETER     a mode that does not exist
 *   STATUS_NOT_SUPPORTED         class is not FilePipeInformation */
uint32_t smb2_pipe_mode_decode(uint8_t class, const struct smb2_data *input,
                               struct smb2_pipe_mode *mode);

#endif
