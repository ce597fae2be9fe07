/* SPDX-License-Identifier: MIT */
/* What a server makes of what a client offers: [MS-SMB2] 3.3.5.4. */
#ifndef SMB2_NEGOTIATE_CHOICE_H
#define SMB2_NEGOTIATE_CHOICE_H

#include "smb2/negotiate.h"

/* Fills in the dialect, the cipher, the signing algorithm and the capabilities of response, in our
 * order of preference. Returns STATUS_SUCCESS; STATUS_NOT_SUPPORTED: no dialect in common;
 * STATUS_INVALID_PARAMETER; STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP. */
uint32_t smb2_negotiate_choose(const struct smb2_negotiate_offer *offer, bool may_encrypt,
                               struct smb2_negotiate_response *response);

/* Whether a client that validates its NEGOTIATE now says what it said then, 3.3.5.15.12. Where it
 * does not, the connection ends. */
bool smb2_negotiate_offer_equal(const struct smb2_negotiate_offer *then,
                                const struct smb2_negotiate_offer *now);

#endif
