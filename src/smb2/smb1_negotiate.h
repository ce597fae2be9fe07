/* SPDX-License-Identifier: MIT */
/* The one SMB1 message there is, SMB_COM_NEGOTIATE ([MS-CIFS] 2.2.4.52, [MS-SMB2] 3.3.5.3). Ours
 * offers SMB2 alone: a server that knows only SMB1 drops an SMB2 NEGOTIATE without a word, and
 * answers this one. Other clients begin with one that offers SMB2 among others. */
#ifndef SMB2_SMB1_NEGOTIATE_H
#define SMB2_SMB1_NEGOTIATE_H

#include "wire/reader.h"
#include "wire/writer.h"

struct smb1_negotiate_offer {
	bool has_smb_2002; /* "SMB 2.002": dialect 2.0.2 */
	bool has_smb_2xxx; /* "SMB 2.???": any later one, which an SMB2 NEGOTIATE settles */
};

/* Whole messages, without their frames. */
void smb1_negotiate_encode(struct wire_writer *w);
void smb1_negotiate_decode(struct wire_reader *message, struct smb1_negotiate_offer *offer);

#endif
