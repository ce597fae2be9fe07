/* SPDX-License-Identifier: MIT */
/* CLOSE, of a pipe: [MS-SMB2] 2.2.15, 2.2.16. */
#ifndef SMB2_CLOSE_H
#define SMB2_CLOSE_H

#include "smb2/header.h"

#define SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB 0x0001

struct smb2_close_request {
	uint16_t flags; /* SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB: tell the file's attributes */
	struct smb2_file_id id;
};

/* Reads a whole message. */
void smb2_close_request_decode(struct wire_reader *message, struct smb2_close_request *request);
/* flags are the request's: a pipe's attributes go along where they ask for them. */
void smb2_close_response_encode(struct wire_writer *w, uint16_t flags);

#endif
