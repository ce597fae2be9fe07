/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the NTLM message in a token, bare or in SPNEGO ([MS-NLMP] 2.2.1, RFC 4178
 * 4.2). gss-ntlmssp 1.2.0 refuses what Windows takes, and takes what is to be refused: it is helped
 * to the one and kept from the other by a look at the message beforehand. */
#ifndef AUTH_NTLM_TOKEN_H
#define AUTH_NTLM_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/spnego_token.h"

/* Borrows the token that it was found in. */
struct ntlm_token {
	const uint8_t *message; /* NULL: there is none */
	size_t bytes;
	bool is_bare; /* else it is in */
	struct spnego_token around;
};

struct ntlm_token ntlm_token_find(const uint8_t *token, size_t bytes);

/* A NEGOTIATE without its field VERSION, as impacket sends it. */
bool ntlm_token_is_short(const struct ntlm_token *t);
/* Puts the whole token with that field, zeros, added. */
void ntlm_token_lengthen(const struct ntlm_token *t, struct wire_writer *w);

enum ntlm_verdict {
	NTLM_NOT_AUTHENTICATE,
	NTLM_ANONYMOUS, /* 3.2.5.1.2: it names nobody and proves nothing */
	NTLM_V2,
	NTLM_WEAK,  /* a response of LM or NTLMv1 */
	NTLM_WRONG, /* fields that are none */
};

/* What an AUTHENTICATE message holds. negotiated: the flags of the CHALLENGE before it. */
enum ntlm_verdict ntlm_token_judge(const struct ntlm_token *t, uint32_t negotiated);

#define NTLM_NAME_UNITS 120
#define NTLM_NAME_BYTES (3 * NTLM_NAME_UNITS + 1)

/* Whose log-on an AUTHENTICATE message claims to be: UTF-8. */
struct ntlm_claim {
	char domain[NTLM_NAME_BYTES], user[NTLM_NAME_BYTES];
};

/* False: the names are too long, or none. */
bool ntlm_token_claim(const struct ntlm_token *t, uint32_t negotiated, struct ntlm_claim *claim);

/* The flags of a CHALLENGE; 0 of anything else. */
uint32_t ntlm_token_challenge_flags(const struct ntlm_token *t);

#endif
