/* SPDX-License-Identifier: MIT */
#include "smb2/signing.h"

#include <string.h>

#define COMMAND_AT    12 /* in the header */
#define FLAGS_AT      16
#define MESSAGE_ID_AT 24

static enum crypto_mac_algorithm smb2_signing_mac(uint16_t dialect,
                                                  enum smb2_signing_algorithm algorithm)
{
	static const enum crypto_mac_algorithm macs[] = {
		[SMB2_SIGNING_HMAC_SHA256] = CRYPTO_HMAC_SHA256,
		[SMB2_SIGNING_AES_CMAC] = CRYPTO_AES_CMAC,
		[SMB2_SIGNING_AES_GMAC] = CRYPTO_AES_GMAC,
	};

	return dialect < SMB2_DIALECT_300 ? CRYPTO_HMAC_SHA256 : macs[algorithm];
}

struct crypto_mac *smb2_signing_key_new(uint16_t dialect, enum smb2_signing_algorithm algorithm,
                                        const struct smb2_session_key *session_key,
                                        const uint8_t preauth[CRYPTO_SHA512_BYTES])
{
	static const char label_300[] = "SMB2AESCMAC", context_300[] = "SmbSign";
	static const char label_311[] = "SMBSigningKey";
	uint8_t key[CRYPTO_MAC_KEY_BYTES];
	struct crypto_mac *mac;
	bool derived = true;

	/* 3.2.5.3.1: the terminators count. */
	if (dialect == SMB2_DIALECT_311)
		derived = crypto_derive(session_key->data, SMB2_SESSION_KEY_BYTES, label_311,
		                        sizeof label_311, preauth, CRYPTO_SHA512_BYTES, key,
		                        sizeof key);
	else if (dialect >= SMB2_DIALECT_300)
		derived = crypto_derive(session_key->data, SMB2_SESSION_KEY_BYTES, label_300,
		                        sizeof label_300, context_300, sizeof context_300, key,
		                        sizeof key);
	else
		memcpy(key, session_key->data, sizeof key);
	mac = derived ? crypto_mac_new(smb2_signing_mac(dialect, algorithm), key) : NULL;
	crypto_wipe(key, sizeof key);
	return mac;
}

#define NONCE_IS_CANCEL 2

/* The MessageId, a bit for the sender, and a bit for CANCEL, which has the id of another request:
 * 3.1.4.1. */
static void smb2_signing_make_nonce(const uint8_t *message, uint8_t nonce[CRYPTO_MAC_NONCE_BYTES])
{
	memcpy(nonce, message + MESSAGE_ID_AT, 8);
	memset(nonce + 8, 0, 4);
	nonce[8] = message[FLAGS_AT] & SMB2_FLAGS_SERVER_TO_REDIR;
	if (message[COMMAND_AT] == SMB2_CANCEL && message[COMMAND_AT + 1] == 0)
		nonce[8] |= NONCE_IS_CANCEL;
}

static bool smb2_signing_compute(struct crypto_mac *key, const uint8_t *message, size_t bytes,
                                 uint8_t signature[SMB2_SIGNATURE_BYTES])
{
	static const uint8_t zeros[SMB2_SIGNATURE_BYTES];
	const struct crypto_span spans[] = {
		{ message, SMB2_SIGNATURE_AT },
		{ zeros, sizeof zeros },
		{ message + SMB2_HEADER_BYTES, bytes - SMB2_HEADER_BYTES },
	};
	uint8_t nonce[CRYPTO_MAC_NONCE_BYTES];

	smb2_signing_make_nonce(message, nonce);
	return crypto_mac_compute(key, nonce, spans, 3, signature);
}

bool smb2_sign(struct crypto_mac *key, uint8_t *message, size_t bytes)
{
	message[FLAGS_AT] |= SMB2_FLAGS_SIGNED;
	return smb2_signing_compute(key, message, bytes, message + SMB2_SIGNATURE_AT);
}

bool smb2_signature_holds(struct crypto_mac *key, const uint8_t *message, size_t bytes)
{
	uint8_t expected[SMB2_SIGNATURE_BYTES];

	return (message[FLAGS_AT] & SMB2_FLAGS_SIGNED) != 0 &&
	       smb2_signing_compute(key, message, bytes, expected) &&
	       crypto_equal(expected, message + SMB2_SIGNATURE_AT, sizeof expected);
}
