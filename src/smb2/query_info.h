/* SPDX-License-Identifier: MIT */
/* QUERY_INFO: [MS-SMB2] 2.2.37, 2.2.38. */
#ifndef SMB2_QUERY_INFO_H
#define SMB2_QUERY_INFO_H

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

#endif
