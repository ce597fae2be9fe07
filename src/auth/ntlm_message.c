/* SPDX-License-Identifier: MIT */
#include "auth/ntlm_message.h"

#include <string.h>
#include <winerror.h>
#include "auth/spnego/exchange.h"
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

#define FLAG_UNICODE           0x00000001u
#define FLAG_SIGN              0x00000010u
#define FLAG_TARGET_TYPES      0x00030000u
#define FLAG_EXTENDED_SECURITY 0x00080000u
#define FLAG_TARGET_INFO       0x00800000u
#define FLAG_KEY_EXCH          0x40000000u

enum { AV_EOL = 0, AV_TIMESTAMP = 7 };

#define ADVICE_NTLM_PEER                                                                        \
	"what answers is not a Windows or Samba server as they are configured by default: see " \
	"its settings for NTLM, or use Kerberos"

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

/* ---- an initiator's view of CHALLENGE, 2.2.1.2 ---- */

struct challenge {
	struct wire_reader target, info; /* info: AV_PAIRs, 2.2.2.1 */
	uint32_t flags;
};

/* False: it is no CHALLENGE message, or its fields do not lie within it. */
static bool ntlm_message_open_challenge(struct crypto_span message, struct challenge *m)
{
	uint32_t type;
	struct wire_reader r = ntlm_message_open(message, &type);

	m->target = ntlm_message_get_field(&r);
	m->flags = wire_get_u32(&r);
	wire_skip(&r, 16); /* ServerChallenge, Reserved */
	if ((m->flags & FLAG_TARGET_INFO) != 0)
		m->info = ntlm_message_get_field(&r);
	else
		m->info = (struct wire_reader){ 0 };
	return type == CHALLENGE && r.error == NULL;
}

/* This side offers no other encoding: see auth_handle_offer_unicode. */
static bool ntlm_challenge_lacks_unicode(const struct challenge *m, bool signs)
{
	(void)signs;
	return (m->flags & FLAG_UNICODE) == 0;
}

static bool ntlm_challenge_lacks_signing(const struct challenge *m, bool signs)
{
	return signs && (m->flags & FLAG_SIGN) == 0;
}

static bool ntlm_challenge_lacks_session_security(const struct challenge *m, bool signs)
{
	return signs && (m->flags & FLAG_EXTENDED_SECURITY) == 0;
}

/* gss-ntlmssp 1.2.0 writes to a NULL pointer then (1.3.0 does not). */
static bool ntlm_challenge_is_nameless(const struct challenge *m, bool signs)
{
	(void)signs;
	return (m->flags & FLAG_TARGET_TYPES) != 0 && wire_left(&m->target) == 0;
}

/* What keeps a challenge from being answered. Nothing is lost without KEY_EXCH, SEAL, 128 and
 * target information: NTLMv2's session key is as good, and SMB derives its own keys from it. */
static const struct {
	bool (*is_so)(const struct challenge *m, bool signs);
	NET_API_STATUS status;
	const char *text;
	const char *advice;
} challenge_faults[] = {
	{ ntlm_challenge_lacks_unicode, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant NTLMSSP_NEGOTIATE_UNICODE, so it takes no user "
	  "name in an encoding that every name has",
	  ADVICE_NTLM_PEER },
	{ ntlm_challenge_lacks_signing, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant NTLMSSP_NEGOTIATE_SIGN, so nothing would "
	  "prove that the log-on was not changed on its way",
	  ADVICE_NTLM_PEER },
	{ ntlm_challenge_lacks_session_security, ERROR_NOT_SUPPORTED,
	  "the server's NTLM challenge does not grant "
	  "NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY, so the log-on could only be signed as in "
	  "NTLM version 1, which proves nothing",
	  "allow NTLMv2 session security on the server (Samba: no ntlmssp_server:ntlm2 = no in "
	  "smb.conf), or use Kerberos" },
	{ ntlm_challenge_is_nameless, ERROR_BAD_NET_RESP,
	  "the server's NTLM challenge names no target, although its flags say that it does",
	  ADVICE_NTLM_PEER },
};

bool ntlm_challenge_check(struct crypto_span message, bool signs, struct err *err)
{
	struct challenge m;

	if (!ntlm_message_open_challenge(message, &m)) {
		err_set(err, ERROR_BAD_NET_RESP, SPNEGO_STEP,
		        "the server's NTLM challenge is malformed");
		return false;
	}
	for (size_t i = 0; i < sizeof challenge_faults / sizeof *challenge_faults; i++)
		if (challenge_faults[i].is_so(&m, signs)) {
			err_set(err, challenge_faults[i].status, SPNEGO_STEP,
			        challenge_faults[i].text);
			err_advise(err, challenge_faults[i].advice);
			return false;
		}
	return true;
}

uint64_t ntlm_challenge_time(struct crypto_span message)
{
	struct challenge m;
	uint16_t id, bytes;

	if (!ntlm_message_open_challenge(message, &m))
		return 0;
	do {
		id = wire_get_u16(&m.info);
		bytes = wire_get_u16(&m.info);
		if (id == AV_TIMESTAMP && bytes == 8)
			return wire_get_u64(&m.info);
		wire_skip(&m.info, bytes);
	} while (m.info.error == NULL && id != AV_EOL);
	return 0;
}
