/* SPDX-License-Identifier: MIT */
/* TREE_CONNECT: [MS-SMB2] 2.2.9, 2.2.10. TREE_DISCONNECT has an empty body. */
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

/* The request connects to \\host\share. host and share are UTF-8, without backslashes. */
void smb2_tree_connect_request_encode(struct wire_writer *w, const char *host, const char *share);
void smb2_tree_connect_request_decode(struct wire_reader *message,
                                      struct smb2_tree_connect_request *request);
void smb2_tree_connect_response_encode(struct wire_writer *w,
                                       const struct smb2_tree_connect_response *response);
void smb2_tree_connect_response_decode(struct wire_reader *message,
                                       struct smb2_tree_connect_response *response);

#endif
