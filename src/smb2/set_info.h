/* SPDX-License-Identifier: MIT */
/* SET_INFO: [MS-SMB2] 2.2.39, 2.2.40. */
#ifndef SMB2_SET_INFO_H
#define SMB2_SET_INFO_H

#include "smb2/header.h"

struct smb2_set_info_request {
	uint8_t type, class; /* as of QUERY_INFO */
	struct smb2_file_id id;
	struct smb2_data input;
};

/* Reads a whole message. */
void smb2_set_info_request_decode(struct wire_reader *message,
                                  struct smb2_set_info_request *request);
void smb2_set_info_response_encode(struct wire_writer *w);

#endif
