/* SPDX-License-Identifier: MIT */
/* TREE_CONNECT: [MS-SMB2] 2.2.9, 2.2.10. */
#ifndef SMB2_TREE_H
#define SMB2_TREE_H

#include "smb2/header.h"

#define SMB2_SHAREFLAG_ENCRYPT_DATA 0x00008000

#define SMB2_SHARE_TYPE_PIPE 2

struct smb2_tree_connect_request {
	char path[SMB2_NAME_BYTES]; /* \\server\share */
};

struct smb2_tree_connect_response {
	uint8_t share_type;
	uint32_t share_flags;
	uint32_t maximal_access;
};

/* The body; share is UTF-8, without backslashes: \\host\share is asked for. */
void smb2_tree_connect_request_encode(struct wire_writer *w, const char *host, const char *share);
/* Read whole messages. */
void smb2_tree_connect_request_decode(struct wire_reader *message,
                                      struct smb2_tree_connect_request *request);
void smb2_tree_connect_response_encode(struct wire_writer *w,
                                       const struct smb2_tree_connect_response *response);
void smb2_tree_connect_response_decode(struct wire_reader *message,
                                       struct smb2_tree_connect_response *response);

#endif
