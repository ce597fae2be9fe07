/* SPDX-License-Identifier: MIT */
/* The one body that says nothing: LOGOFF ([MS-SMB2] 2.2.7, 2.2.8), TREE_DISCONNECT (2.2.11,
 * 2.2.12), ECHO (2.2.28, 2.2.29), CANCEL (2.2.30), and the response of FLUSH (2.2.18). */
#ifndef SMB2_EMPTY_BODY_H
#define SMB2_EMPTY_BODY_H

#include "smb2/header.h"

void smb2_empty_body_encode(struct wire_writer *w);
/* Reads a whole message. */
void smb2_empty_body_decode(struct wire_reader *message);

#endif
