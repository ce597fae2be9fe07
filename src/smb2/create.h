/* SPDX-License-Identifier: MIT */
/* CREATE, as far as a pipe needs it: [MS-SMB2] 2.2.13, 2.2.14. */
#ifndef SMB2_CREATE_H
#define SMB2_CREATE_H

#include "smb2/header.h"

/* The body that opens a named pipe for reading and writing. */
void smb2_create_pipe_request_encode(struct wire_writer *w, const char *pipe);
/* Reads a whole message. */
void smb2_create_response_decode(struct wire_reader *message, struct smb2_file_id *id);

#endif
