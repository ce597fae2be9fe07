/* SPDX-License-Identifier: MIT */
/* The look at NTLM's messages, bare or in SPNEGO, before GSSAPI gets them.
 * Input: whether a key and Unicode were agreed upon (bits 0 and 1), then a token.
 * Must reach: ntlm_token_find spnego_token_open seek der_enter der_peek ntlm_token_is_short
 *   ntlm_token_lengthen spnego_token_put_front der_put_header ntlm_token_judge get_field
 *   ntlm_token_challenge_flags spnego_token_krb_error
 *   ntlm_token_claim get_name
 * Holds: names are UTF-8; a message is inside its token; a lengthened one is found again between
 * the same neighbours, 8 zeros longer, and is short no more; a message is of one type. */
#include "auth/ntlm_token.h"
#include "base/text.h"
#include "fuzz.h"

static bool is_same(struct crypto_span a, struct crypto_span b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

static void lengthen(const struct ntlm_token *t)
{
	static const uint8_t zeros[8];
	struct wire_writer w = { 0 };
	struct ntlm_token longer;

	ntlm_token_lengthen(t, &w);
	MUST(!w.failed);
	longer = ntlm_token_find(w.data, w.len);
	MUST(longer.message != NULL && longer.bytes == t->bytes + 8 &&
	     longer.is_bare == t->is_bare);
	MUST(memcmp(longer.message, t->message, t->bytes) == 0);
	MUST(memcmp(longer.message + t->bytes, zeros, 8) == 0);
	MUST(is_same(longer.around.before, t->around.before) &&
	     is_same(longer.around.after, t->around.after));
	MUST(!ntlm_token_is_short(&longer));
	wire_writer_fini(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	uint32_t flags = fuzz_u8(&in), negotiated = (flags & 1) << 30 | (flags >> 1 & 1);
	size_t length;
	uint8_t *token = fuzz_rest(&in, &length);
	struct ntlm_token t = ntlm_token_find(token, length);
	struct spnego_token opened;
	struct ntlm_claim claim;
	enum ntlm_verdict verdict = ntlm_token_judge(&t, negotiated);

	if (ntlm_token_claim(&t, negotiated, &claim))
		MUST(text_utf8_is_valid(claim.domain) && text_utf8_is_valid(claim.user));
	if (spnego_token_open(token, length, &opened))
		(void)spnego_token_krb_error(&opened);
	if (t.message != NULL) {
		MUST(t.message >= token && t.bytes <= length);
		MUST(t.message + t.bytes <= token + length);
	} else {
		MUST(t.bytes == 0 && verdict == NTLM_NOT_AUTHENTICATE);
	}
	MUST(verdict == NTLM_NOT_AUTHENTICATE || ntlm_token_challenge_flags(&t) == 0);
	if (ntlm_token_is_short(&t)) {
		MUST(verdict == NTLM_NOT_AUTHENTICATE);
		lengthen(&t);
	}
	free(token);
	return 0;
}
