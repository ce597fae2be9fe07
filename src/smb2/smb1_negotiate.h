/* SPDX-License-Identifier: MIT */
/* SMB_COM_NEGOTIATE, the only SMB1 message that is supported ([MS-CIFS] 2.2.4.52, [MS-SMB2]
 * 3.3.5.3). This client sends one that offers SMB2 only, to recognise a server that knows only
 * SMB1: such a server drops an SMB2 NEGOTIATE silently, but answers this one. Other clients begin
 * with an SMB1 NEGOTIATE that offers SMB2 beside SMB1. */
#ifndef SMB2_SMB1_NEGOTIATE_H
#define SMB2_SMB1_NEGOTIATE_H

#include <stdbool.h>
#include "wire/reader.h"
#include "wire/writer.h"

struct smb1_negotiate_offer {
	bool has_smb_2002; /* "SMB 2.002": dialect 2.0.2 */
	bool has_smb_2xxx; /* "SMB 2.???": any later dialect, chosen by an SMB2 NEGOTIATE */
};

/* Whole messages, without the frame. */
void smb1_negotiate_encode(struct wire_writer *w);
void smb1_negotiate_decode(struct wire_reader *message, struct smb1_negotiate_offer *offer);

/* Whether message, which is whole, is a server's response to an SMB1 NEGOTIATE. */
bool smb1_negotiate_is_response(const uint8_t *message, size_t bytes);

#endif
