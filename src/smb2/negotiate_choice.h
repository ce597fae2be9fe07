/* SPDX-License-Identifier: MIT */
/* How a server answers the offer of a client: [MS-SMB2] 3.3.5.4. */
#ifndef SMB2_NEGOTIATE_CHOICE_H
#define SMB2_NEGOTIATE_CHOICE_H

#include "smb2/negotiate.h"

/* Chooses the dialect, the cipher, the signing algorithm and the capabilities of response by the
 * server's order of preference. least_dialect: the server accepts this one and later ones.
 * may_encrypt: the server offers encryption. Returns
 *   STATUS_SUCCESS
 *   STATUS_NOT_SUPPORTED                         no dialect in common
 *   STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP dialect 3.1.1 without SHA-512 */
uint32_t smb2_negotiate_choose(const struct smb2_negotiate_offer *offer, uint16_t least_dialect,
                               bool may_encrypt, struct smb2_negotiate_response *response);

/* Whether a client that validates its NEGOTIATE repeats the offer it made, 3.3.5.15.12. If not, the
 * server must end the connection. */
bool smb2_negotiate_offer_equal(const struct smb2_negotiate_offer *then,
                                const struct smb2_negotiate_offer *now);

#endif
