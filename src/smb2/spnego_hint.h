/* SPDX-License-Identifier: MIT */
/* The mechanisms that a server names in its NEGOTIATE response: [MS-SPNG] 2.2.1, NegTokenInit2. */
#ifndef SMB2_SPNEGO_HINT_H
#define SMB2_SPNEGO_HINT_H

#include "wire/reader.h"

/* enum smb2_mechanism; 0 where the hint is missing or is none. */
unsigned smb2_spnego_hint_mechanisms(struct wire_reader *hint);

#endif
