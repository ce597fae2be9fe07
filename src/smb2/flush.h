/* SPDX-License-Identifier: MIT */
/* The request of FLUSH: [MS-SMB2] 2.2.17. Its response has an empty body. */
#ifndef SMB2_FLUSH_H
#define SMB2_FLUSH_H

#include "smb2/header.h"

/* Reads a whole message. */
void smb2_flush_request_decode(struct wire_reader *message, struct smb2_file_id *id);

#endif
