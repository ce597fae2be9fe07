/* SPDX-License-Identifier: MIT */
/* The look at NTLM's messages before GSSAPI gets them.
 * Input: whether a key and Unicode were agreed upon (bits 0 and 1), and whether signing is
 * needed (bit 2), then a message.
 * Must reach: ntlm_message_open ntlm_message_is_short ntlm_message_lengthen ntlm_message_judge
 *   ntlm_message_get_field ntlm_message_challenge_flags ntlm_message_claim ntlm_message_get_name
 *   ntlm_challenge_check ntlm_message_open_challenge ntlm_challenge_time
 * Holds: only a challenge passes as one; names are UTF-8; a message is of one type; a lengthened
 * one is 8 zeros longer, and is short no more. */
#include "auth/ntlm_message.h"
#include "base/text.h"
#include "fuzz.h"

static void lengthen(struct crypto_span message)
{
	static const uint8_t zeros[8];
	struct wire_writer w = { 0 };

	ntlm_message_lengthen(message, &w);
	MUST(!w.failed && w.len == message.bytes + sizeof zeros);
	MUST(memcmp(w.data, message.data, message.bytes) == 0);
	MUST(memcmp(w.data + message.bytes, zeros, sizeof zeros) == 0);
	MUST(!ntlm_message_is_short((struct crypto_span){ w.data, w.len }));
	wire_writer_fini(&w);
}

static void check_challenge(struct crypto_span message, bool signs)
{
	struct err err = { 0 };
	bool is_good = ntlm_challenge_check(message, signs, &err);

	MUST(is_good == (err.status == 0));
	MUST(!is_good || ntlm_message_challenge_flags(message) != 0);
	MUST(ntlm_challenge_time(message) == 0 || ntlm_message_challenge_flags(message) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	uint32_t flags = fuzz_u8(&in), negotiated = (flags & 1) << 30 | (flags >> 1 & 1);
	size_t length;
	uint8_t *copy = fuzz_rest(&in, &length);
	struct crypto_span message = { copy, length };
	enum ntlm_verdict verdict = ntlm_message_judge(message, negotiated);
	struct ntlm_claim claim;

	if (ntlm_message_claim(message, negotiated, &claim))
		MUST(text_utf8_is_valid(claim.domain) && text_utf8_is_valid(claim.user));
	MUST(verdict == NTLM_NOT_AUTHENTICATE || ntlm_message_challenge_flags(message) == 0);
	check_challenge(message, (flags & 4) != 0);
	if (ntlm_message_is_short(message)) {
		MUST(verdict == NTLM_NOT_AUTHENTICATE);
		lengthen(message);
	}
	free(copy);
	return 0;
}
