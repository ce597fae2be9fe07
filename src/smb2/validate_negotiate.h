/* SPDX-License-Identifier: MIT */
/* IOCTL FSCTL_VALIDATE_NEGOTIATE_INFO: what both sides believe that NEGOTIATE said, signed.
 * [MS-SMB2] 2.2.31.4, 2.2.32.6. */
#ifndef SMB2_VALIDATE_NEGOTIATE_H
#define SMB2_VALIDATE_NEGOTIATE_H

#include "smb2/negotiate.h"

/* What the client of an IOCTL must have room for, 3.3.5.15.12. */
#define SMB2_VALIDATE_RESPONSE_BYTES (4 + SMB2_GUID_BYTES + 2 + 2)

/* The body. */
void smb2_validate_request_encode(struct wire_writer *w,
                                  const struct smb2_negotiate_request *request);
/* The body of the answer; its request's input is for smb2_negotiate_offer_decode. */
void smb2_validate_response_encode(struct wire_writer *w,
                                   const struct smb2_negotiate_response *negotiated);
/* Reads a whole message and fails it where it differs from what NEGOTIATE answered. */
void smb2_validate_response_check(struct wire_reader *message,
                                  const struct smb2_negotiate_response *negotiated);

#endif
