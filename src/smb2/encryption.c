/* SPDX-License-Identifier: MIT */
#include "smb2/encryption.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_AT 4 /* in the transform header */
#define NONCE_AT     20
#define NONCE_BYTES  16

#define FLAGS_ENCRYPTED 1

struct smb2_encryption {
	enum crypto_cipher cipher;
	struct crypto_aead *out, *in;
	uint64_t nonces_used;
};

static const enum crypto_cipher ciphers[] = {
	[SMB2_AES_128_CCM] = CRYPTO_AES_128_CCM,
	[SMB2_AES_128_GCM] = CRYPTO_AES_128_GCM,
	[SMB2_AES_256_CCM] = CRYPTO_AES_256_CCM,
	[SMB2_AES_256_GCM] = CRYPTO_AES_256_GCM,
};

/* 3.2.5.3.1: the terminators count, and "ServerIn " ends with a blank. */
static struct crypto_aead *smb2_encryption_derive(const struct smb2_encryption *s, uint16_t dialect,
                                                  const struct smb2_session_key *key,
                                                  const uint8_t *preauth, bool is_to_server)
{
	static const char label_300[] = "SMB2AESCCM";
	static const char in_300[] = "ServerIn ", out_300[] = "ServerOut";
	static const char in_311[] = "SMBC2SCipherKey", out_311[] = "SMBS2CCipherKey";
	size_t to_bytes = crypto_cipher_key_bytes(s->cipher);
	size_t from_bytes = to_bytes > SMB2_SESSION_KEY_BYTES ? key->bytes : SMB2_SESSION_KEY_BYTES;
	uint8_t derived[CRYPTO_MAX_CIPHER_KEY_BYTES];
	struct crypto_aead *aead = NULL;
	bool is_derived;

	if (dialect == SMB2_DIALECT_311)
		is_derived = crypto_derive(key->data, from_bytes, is_to_server ? in_311 : out_311,
		                           sizeof in_311, preauth, CRYPTO_SHA512_BYTES, derived,
		                           to_bytes);
	else
		is_derived = crypto_derive(key->data, from_bytes, label_300, sizeof label_300,
		                           is_to_server ? in_300 : out_300, sizeof in_300, derived,
		                           to_bytes);
	if (is_derived)
		aead = crypto_aead_new(s->cipher, derived);
	crypto_wipe(derived, sizeof derived);
	return aead;
}

struct smb2_encryption *smb2_encryption_new(enum smb2_role role, uint16_t dialect,
                                            enum smb2_cipher cipher,
                                            const struct smb2_session_key *key,
                                            const uint8_t preauth[CRYPTO_SHA512_BYTES])
{
	struct smb2_encryption *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->cipher = ciphers[cipher];
	s->out = smb2_encryption_derive(s, dialect, key, preauth, role == SMB2_CLIENT);
	s->in = smb2_encryption_derive(s, dialect, key, preauth, role == SMB2_SERVER);
	if (s->out == NULL || s->in == NULL) {
		smb2_encryption_free(s);
		return NULL;
	}
	return s;
}

void smb2_encryption_free(struct smb2_encryption *s)
{
	if (s == NULL)
		return;
	crypto_aead_free(s->out);
	crypto_aead_free(s->in);
	free(s);
}

/* The part of the transform header that the tag covers: from the nonce on. */
static struct crypto_span smb2_transform_authenticated_part(const uint8_t *header)
{
	return (struct crypto_span){ header + NONCE_AT, SMB2_TRANSFORM_HEADER_BYTES - NONCE_AT };
}

static const uint8_t protocol_id[4] = { 0xFD, 'S', 'M', 'B' };

static void smb2_transform_header_put(struct wire_writer *w, uint64_t nonce, uint32_t plain_bytes,
                                      uint64_t session_id)
{
	wire_put_bytes(w, protocol_id, sizeof protocol_id);
	wire_put_zeros(w, SMB2_SIGNATURE_BYTES);
	wire_put_u64le(w, nonce); /* a counter, so that no nonce is used twice with a key */
	wire_put_zeros(w, NONCE_BYTES - 8);
	wire_put_u32le(w, plain_bytes);
	wire_put_u16le(w, 0);
	wire_put_u16le(w, FLAGS_ENCRYPTED); /* at 3.0 and 3.0.2: AES-128-CCM, the same number */
	wire_put_u64le(w, session_id);
}

bool smb2_encrypt(struct smb2_encryption *s, uint64_t session_id, struct wire_writer *w,
                  size_t begin)
{
	size_t plain_bytes = w->len - begin;
	uint8_t header[SMB2_TRANSFORM_HEADER_BYTES], *message;

	smb2_transform_header_put(w, ++s->nonces_used, (uint32_t)plain_bytes, session_id);
	if (w->failed)
		return false;
	message = w->data + begin;
	memcpy(header, message + plain_bytes, sizeof header);
	memmove(message + sizeof header, message, plain_bytes);
	memcpy(message, header, sizeof header);
	return crypto_aead_seal(s->out, message + NONCE_AT,
	                        smb2_transform_authenticated_part(message), message + sizeof header,
	                        plain_bytes, message + SIGNATURE_AT);
}

/* The members of a transform header that the cipher does not use: 2.2.41. */
struct transform {
	uint32_t original_bytes;
	uint16_t flags;
	uint64_t session_id;
};

static void smb2_transform_header_get(struct wire_reader *r, struct transform *t)
{
	const uint8_t *id = wire_get_bytes(r, sizeof protocol_id);

	if (id != NULL && memcmp(id, protocol_id, sizeof protocol_id) != 0)
		wire_reader_fail(r, "not an encrypted message");
	wire_skip(r, SMB2_SIGNATURE_BYTES + NONCE_BYTES);
	t->original_bytes = wire_get_u32(r);
	wire_skip(r, 2);
	t->flags = wire_get_u16(r);
	t->session_id = wire_get_u64(r);
}

bool smb2_encrypted_session_id(const uint8_t *message, size_t bytes, uint64_t *session_id)
{
	struct wire_reader r;
	struct transform t;

	wire_reader_init(&r, message, bytes);
	smb2_transform_header_get(&r, &t);
	*session_id = t.session_id;
	return r.error == NULL;
}

const char *smb2_decrypt(struct smb2_encryption *s, uint64_t session_id, uint8_t *message,
                         size_t bytes, uint8_t **plain, size_t *plain_bytes)
{
	struct wire_reader r;
	struct transform t;

	wire_reader_init(&r, message, bytes);
	smb2_transform_header_get(&r, &t);
	if (r.error != NULL)
		return r.error;
	if (t.flags != FLAGS_ENCRYPTED || t.session_id != session_id ||
	    t.original_bytes != wire_left(&r))
		return "the encrypted message belongs to another session";
	if (!crypto_aead_open(s->in, message + NONCE_AT, smb2_transform_authenticated_part(message),
	                      message + SMB2_TRANSFORM_HEADER_BYTES, t.original_bytes,
	                      message + SIGNATURE_AT))
		return "the encrypted message does not decrypt with the key of the session";
	*plain = message + SMB2_TRANSFORM_HEADER_BYTES;
	*plain_bytes = t.original_bytes;
	return NULL;
}
