/* SPDX-License-Identifier: MIT */
/* The one SMB1 message that is ever sent: an SMB_COM_NEGOTIATE that offers SMB2 alone
 * ([MS-SMB2] 2.2.3, [MS-CIFS] 2.2.4.52). A server that knows only SMB1 drops an SMB2 NEGOTIATE
 * without a word, and answers this one. */
#ifndef SMB2_SMB1_NEGOTIATE_H
#define SMB2_SMB1_NEGOTIATE_H

#include "wire/writer.h"

/* A whole message, without its frame. */
void smb1_negotiate_encode(struct wire_writer *w);

#endif
