/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: checks of an NTLM message ([MS-NLMP] 2.2.1) before GSSAPI gets it.
 * gss-ntlmssp 1.2.0 refuses messages that Windows accepts, and accepts messages that must be
 * refused. */
#ifndef AUTH_NTLM_MESSAGE_H
#define AUTH_NTLM_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "crypto/crypto.h"
#include "wire/writer.h"

/* Whether it is a NEGOTIATE without the VERSION field, as impacket sends it. */
bool ntlm_message_is_short(struct crypto_span message);
/* Writes the message with that field added, all zero. */
void ntlm_message_lengthen(struct crypto_span message, struct wire_writer *w);

enum ntlm_verdict {
	NTLM_NOT_AUTHENTICATE,
	NTLM_ANONYMOUS, /* 3.2.5.1.2: neither a user nor a response */
	NTLM_V2,
	NTLM_WEAK,  /* a response of LM or NTLMv1 */
	NTLM_WRONG, /* malformed fields */
};

/* Judges an AUTHENTICATE message. negotiated: the flags of the CHALLENGE before it. */
enum ntlm_verdict ntlm_message_judge(struct crypto_span message, uint32_t negotiated);

#define NTLM_NAME_UNITS 120
#define NTLM_NAME_BYTES (3 * NTLM_NAME_UNITS + 1)

/* The account that an AUTHENTICATE message names, in UTF-8. */
struct ntlm_claim {
	char domain[NTLM_NAME_BYTES], user[NTLM_NAME_BYTES];
};

/* False: the names are too long, or malformed. */
bool ntlm_message_claim(struct crypto_span message, uint32_t negotiated, struct ntlm_claim *claim);

/* Whether gss-ntlmssp may answer the CHALLENGE. signs: the log-on is not that of a null session.
 * False: err names the flag that the server does not grant, and what that means. */
bool ntlm_challenge_check(struct crypto_span message, bool signs, struct err *err);

/* The server's clock by MsvAvTimestamp of a CHALLENGE, as a FILETIME. 0: the message has none. */
uint64_t ntlm_challenge_time(struct crypto_span message);

/* The flags of a CHALLENGE; 0 for any other message. */
uint32_t ntlm_message_challenge_flags(struct crypto_span message);

#endif
