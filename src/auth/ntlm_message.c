/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_message.h"

#include <string.h>
#include "base/text.h"
#include "wire/reader.h"

/* [MS-NLMP] 2.2.1, 2.2.2.5 */
enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

#define SIGNATURE             "NTLMSSP" /* its NUL belongs to it */
#define SIGNATURE_BYTES       sizeof SIGNATURE
#define SHORT_NEGOTIATE_BYTES 32 /* 2.2.1.1 up to VERSION */
#define VERSION_BYTES         8
#define MIN_NTLMV2_BYTES      44 /* 2.2.2.8: 16 of proof, 28 before the pairs */
#define SESSION_KEY_BYTES     16
#define FLAG_UNICODE          0x00000001u
#define FLAG_TARGET_TYPES     0x00030000u
#define FLAG_KEY_EXCH         0x40000000u

/* A reader behind the signature. *type is 0 where the signature is missing. */
static struct wire_reader ntlm_message_open(struct crypto_span message, uint32_t *type)
{
	const uint8_t *signature;
	struct wire_reader r;

	wire_reader_init(&r, message.data, message.bytes);
	signature = wire_get_bytes(&r, SIGNATURE_BYTES);
	*type = wire_get_u32(&r);
	if (signature == NULL || memcmp(signature, SIGNATURE, SIGNATURE_BYTES) != 0)
		*type = 0;
	return r;
}

bool ntlm_message_is_short(struct crypto_span message)
{
	uint32_t type;

	(void)ntlm_message_open(message, &type);
	return type == NEGOTIATE && message.bytes >= SHORT_NEGOTIATE_BYTES &&
	       message.bytes < SHORT_NEGOTIATE_BYTES + VERSION_BYTES;
}

void ntlm_message_lengthen(struct crypto_span message, struct wire_writer *w)
{
	wire_put_bytes(w, message.data, message.bytes);
	wire_put_zeros(w, VERSION_BYTES);
}

/* The fields of AUTHENTICATE, 2.2.1.3, in their order. */
struct authenticate {
	struct wire_reader lm, nt, domain, user, workstation, key;
	bool is_whole;
};

static struct wire_reader ntlm_message_get_field(struct wire_reader *r)
{
	uint16_t bytes = wire_get_u16(r);
	uint32_t offset;

	wire_skip(r, 2); /* as long again */
	offset = wire_get_u32(r);
	return bytes > 0 ? wire_part(r, offset, bytes) : (struct wire_reader){ 0 };
}

/* False: it is no AUTHENTICATE message. */
static bool ntlm_message_open_authenticate(struct crypto_span message, struct authenticate *m)
{
	uint32_t type;
	struct wire_reader r = ntlm_message_open(message, &type);

	if (type != AUTHENTICATE)
		return false;
	m->lm = ntlm_message_get_field(&r);
	m->nt = ntlm_message_get_field(&r);
	m->domain = ntlm_message_get_field(&r);
	m->user = ntlm_message_get_field(&r);
	m->workstation = ntlm_message_get_field(&r);
	m->key = ntlm_message_get_field(&r);
	m->is_whole = r.error == NULL;
	return true;
}

/* Whether an NTLMv2 response holds what it says: a proof, and behind 28 bytes of the client's
 * challenge pairs up to MsvAvEOL, 2.2.2.1, 2.2.2.7. */
static bool ntlm_response_is_v2(struct wire_reader response)
{
	uint16_t id, bytes;

	wire_skip(&response, 16 + 28);
	do {
		id = wire_get_u16(&response);
		bytes = wire_get_u16(&response);
		wire_skip(&response, bytes);
	} while (response.error == NULL && id != 0);
	return response.error == NULL;
}

enum ntlm_verdict ntlm_message_judge(struct crypto_span message, uint32_t negotiated)
{
	struct authenticate m;

	if (!ntlm_message_open_authenticate(message, &m))
		return NTLM_NOT_AUTHENTICATE;
	if (!m.is_whole)
		return NTLM_WRONG;
	if (wire_left(&m.user) == 0)
		return wire_left(&m.nt) == 0 && wire_left(&m.lm) <= 1 ? NTLM_ANONYMOUS : NTLM_WRONG;
	if (wire_left(&m.nt) < MIN_NTLMV2_BYTES)
		return NTLM_WEAK;
	if (!ntlm_response_is_v2(m.nt))
		return NTLM_WRONG;
	if ((negotiated & FLAG_KEY_EXCH) != 0 && wire_left(&m.key) != SESSION_KEY_BYTES)
		return NTLM_WRONG;
	return NTLM_V2;
}

/* UTF-16, or of one byte a character: then only ASCII is the same everywhere. */
static bool ntlm_message_get_name(struct wire_reader field, bool is_unicode,
                                  char to[NTLM_NAME_BYTES])
{
	size_t count = wire_left(&field) / (is_unicode ? 2 : 1);
	WCHAR units[NTLM_NAME_UNITS + 1];

	if (count > NTLM_NAME_UNITS)
		return false;
	for (size_t i = 0; i < count; i++) {
		units[i] = is_unicode ? wire_get_u16(&field) : wire_get_u8(&field);
		if (units[i] == 0 || (!is_unicode && units[i] >= 0x80))
			return false;
	}
	units[count] = 0;
	(void)text_utf8_from_utf16(to, units);
	return wire_left(&field) == 0;
}

bool ntlm_message_claim(struct crypto_span message, uint32_t negotiated, struct ntlm_claim *claim)
{
	bool is_unicode = (negotiated & FLAG_UNICODE) != 0;
	struct authenticate m;

	return ntlm_message_open_authenticate(message, &m) && m.is_whole &&
	       ntlm_message_get_name(m.domain, is_unicode, claim->domain) &&
	       ntlm_message_get_name(m.user, is_unicode, claim->user);
}

uint32_t ntlm_message_challenge_flags(struct crypto_span message)
{
	uint32_t type;
	struct wire_reader r = ntlm_message_open(message, &type);

	wire_skip(&r, 8); /* the target's name, 2.2.1.2 */
	return type == CHALLENGE ? wire_get_u32(&r) : 0;
}

bool ntlm_message_is_nameless(struct crypto_span message)
{
	uint32_t type;
	struct wire_reader r = ntlm_message_open(message, &type);
	uint16_t name_bytes = wire_get_u16(&r);

	return type == CHALLENGE && name_bytes == 0 &&
	       (ntlm_message_challenge_flags(message) & FLAG_TARGET_TYPES) != 0;
}
