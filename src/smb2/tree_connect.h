/* SPDX-License-Identifier: MIT */
/* TREE_CONNECT: [MS-SMB2] 2.2.9, 2.2.10. */
#ifndef SMB2_TREE_CONNECT_H
#define SMB2_TREE_CONNECT_H

#include "smb2/header.h"

#define SMB2_SHAREFLAG_ENCRYPT_DATA 0x00008000

struct smb2_tree_connect_response {
	uint8_t share_type; /* 2: pipe */
	uint32_t share_flags;
};

/* The body; share is UTF-8, without backslashes: \\host\share is asked for. */
void smb2_tree_connect_request_encode(struct wire_writer *w, const char *host, const char *share);
/* Reads a whole message. */
void smb2_tree_connect_response_decode(struct wire_reader *message,
                                       struct smb2_tree_connect_response *response);

#endif
