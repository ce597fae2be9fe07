/* SPDX-License-Identifier: MIT */
/* The other end of an SMB2 connection, which can make right what no mutation ever guesses: message
 * ids, compounds, signatures, and bodies around what the input gives. */
#ifndef FUZZ_SMB2_SERVER_H
#define FUZZ_SMB2_SERVER_H

#include "fuzz.h"
#include "rpc/client_association.h"
#include "smb2/client_connection.h"
#include "smb2/server_guid.h"
#include "smb2/session_service.h"
#include "smb2/status.h"

static const struct smb2_session_key server_session_key = {
	.data = "0123456789abcdef",
	.bytes = 16,
};

/* Moves bytes into the connection's buffer as a socket's reader does. */
static inline size_t server_deliver(struct smb2_connection *c, const uint8_t *data, size_t bytes)
{
	size_t room;
	uint8_t *to;

	/* smb2_frames_space takes the message away that is still being read. */
	MUST(c->received_bytes == 0 || c->err.status != NERR_Success);
	to = smb2_frames_space(&c->in, &room);
	MUST(to != NULL && room > 0);
	if (bytes > room)
		bytes = room;
	memcpy(to, data, bytes);
	smb2_frames_received(&c->in, bytes);
	return bytes;
}

/* The request that an answer is for: the oldest one, or the youngest, of those whose message id is
 * from or above. NULL: none waits. */
static inline const struct smb2_outstanding *server_pick(const struct smb2_connection *c,
                                                         bool youngest, uint64_t from)
{
	const struct smb2_outstanding *found = NULL;

	for (size_t i = 0; i < SMB2_MAX_OUTSTANDING; i++) {
		const struct smb2_outstanding *o = &c->outstanding[i];

		if (o->in_use && o->message_id >= from &&
		    (found == NULL || (o->message_id > found->message_id) == youngest))
			found = o;
	}
	return found;
}

/* Signs an element with the session's key, or with the one that the log-on's last answer has. */
static inline void server_sign(struct smb2_connection *c, uint8_t *element, size_t bytes)
{
	struct crypto_mac *key = c->signing_key;

	if (key == NULL)
		key = smb2_signing_key_new(c->dialect, c->signing_algorithm, &server_session_key,
		                           c->preauth);
	MUST(key != NULL && smb2_sign(key, element, bytes));
	if (key != c->signing_key)
		crypto_mac_free(key);
}

/* The session's keys as its server has them. */
static inline struct crypto_aead *server_aead(const struct smb2_connection *c, bool is_to_client,
                                              size_t *nonce_bytes)
{
	static const enum crypto_cipher ciphers[] = {
		[SMB2_AES_128_CCM] = CRYPTO_AES_128_CCM,
		[SMB2_AES_128_GCM] = CRYPTO_AES_128_GCM,
		[SMB2_AES_256_CCM] = CRYPTO_AES_256_CCM,
		[SMB2_AES_256_GCM] = CRYPTO_AES_256_GCM,
	};
	bool is_311 = c->dialect == SMB2_DIALECT_311;
	const char *label = !is_311        ? "SMB2AESCCM"
	                    : is_to_client ? "SMBS2CCipherKey"
	                                   : "SMBC2SCipherKey";
	const void *context = is_311 ? (const void *)c->preauth
	                             : (is_to_client ? "ServerOut" : "ServerIn ");
	enum crypto_cipher cipher = ciphers[c->cipher];
	uint8_t key[CRYPTO_MAX_CIPHER_KEY_BYTES];
	struct crypto_aead *aead;

	*nonce_bytes = crypto_cipher_nonce_bytes(cipher);
	MUST(crypto_derive(server_session_key.data, server_session_key.bytes, label,
	                   strlen(label) + 1, context, is_311 ? CRYPTO_SHA512_BYTES : 10, key,
	                   crypto_cipher_key_bytes(cipher)));
	aead = crypto_aead_new(cipher, key);
	MUST(aead != NULL);
	return aead;
}

#define SERVER_NONCE_AT 20 /* in a transform header */

static inline struct crypto_span server_open_part(const uint8_t *sealed)
{
	return (struct crypto_span){ sealed + SERVER_NONCE_AT,
		                     SMB2_TRANSFORM_HEADER_BYTES - SERVER_NONCE_AT };
}

/* Makes an encrypted message of a plain one. damage, where it is not 0, spoils one of its bytes. */
static inline void server_seal(const struct smb2_connection *c, struct wire_writer *w,
                               size_t damage)
{
	struct wire_writer sealed = { 0 };
	uint8_t nonce[16] = { 1 };
	struct crypto_aead *aead;
	size_t nonce_bytes;

	wire_put_u32le(&sealed, 0x424D53FD);
	wire_put_zeros(&sealed, 16);
	wire_put_bytes(&sealed, nonce, sizeof nonce);
	wire_put_u32le(&sealed, (uint32_t)w->len);
	wire_put_u16le(&sealed, 0);
	wire_put_u16le(&sealed, 1);
	wire_put_u64le(&sealed, c->session_id);
	wire_put_bytes(&sealed, w->data, w->len);
	aead = server_aead(c, true, &nonce_bytes);
	MUST(crypto_aead_seal(aead, nonce, server_open_part(sealed.data),
	                      sealed.data + SMB2_TRANSFORM_HEADER_BYTES, w->len, sealed.data + 4));
	crypto_aead_free(aead);
	if (damage != 0)
		sealed.data[damage % sealed.len] ^= 0x40;
	wire_writer_fini(w);
	*w = sealed;
}

static inline void server_negotiate_body(struct wire_writer *w, const uint8_t *body, size_t bytes)
{
	static const uint16_t dialects[] = { SMB2_DIALECT_311, SMB2_DIALECT_202, SMB2_DIALECT_210,
		                             SMB2_DIALECT_300, SMB2_DIALECT_302 };
	uint8_t choice = bytes > 0 ? body[0] : 0, limits = bytes > 1 ? body[1] : 0;
	uint16_t dialect = dialects[(choice & 15) % 5];
	uint8_t guid[SMB2_GUID_BYTES] = { 0 };

	if ((limits & 0x80) != 0)
		MUST(smb2_server_guid_make(guid));
	wire_put_u16le(w, 65);
	wire_put_u16le(w, SMB2_NEGOTIATE_SIGNING_REQUIRED);
	wire_put_u16le(w, dialect);
	wire_put_u16le(w, dialect == SMB2_DIALECT_311 ? 3 : 0);
	wire_put_bytes(w, guid, sizeof guid);
	wire_put_u32le(w, ((limits & 1) != 0 ? 0 : SMB2_GLOBAL_CAP_LARGE_MTU) |
	                          ((limits & 4) != 0 ? SMB2_GLOBAL_CAP_ENCRYPTION : 0));
	for (unsigned i = 0; i < 3; i++)
		wire_put_u32le(w, (limits & 2) != 0 ? limits : 1u << 20);
	wire_put_zeros(w, 8 + 8);
	wire_put_u32le(w, 0);
	wire_put_u32le(w, SMB2_HEADER_BYTES + 64);
	if (dialect != SMB2_DIALECT_311)
		return;
	wire_put_u16le(w, 1); /* preauthentication integrity: one hash, no salt, SHA-512 */
	wire_put_u16le(w, 6);
	wire_put_u32le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_u16le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_zeros(w, 2);
	wire_put_u16le(w, 2); /* encryption: none, or one */
	wire_put_u16le(w, 4);
	wire_put_u32le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_u16le(w, (limits >> 3) % 5);
	wire_put_zeros(w, 4);
	wire_put_u16le(w, 8); /* signing */
	wire_put_u16le(w, 4);
	wire_put_u32le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_u16le(w, (choice >> 4) % 3);
}

/* A body of the right form around what the input gives: a token, the pipe's bytes. */
static inline void server_body(struct wire_writer *w, uint16_t command, const uint8_t *data,
                               size_t bytes)
{
	switch (command) {
	case SMB2_NEGOTIATE:
		server_negotiate_body(w, data, bytes);
		return;
	case SMB2_SESSION_SETUP:
		wire_put_u16le(w, 9);
		wire_put_u16le(w, 0);
		wire_put_u16le(w, SMB2_HEADER_BYTES + 8);
		wire_put_u16le(w, (uint16_t)bytes);
		break;
	case SMB2_TREE_CONNECT:
		wire_put_u16le(w, 16);
		wire_put_u8(w, 2);
		wire_put_zeros(w, 1 + 4 + 4 + 4);
		break;
	case SMB2_CREATE:
		wire_put_u16le(w, 89);
		wire_put_zeros(w, 2 + 4 + 4 * 8 + 16 + 4 + 4);
		wire_put_u64le(w, 7);
		wire_put_u64le(w, 8);
		wire_put_u64le(w, 0);
		break;
	case SMB2_IOCTL:
		wire_put_u16le(w, 49);
		wire_put_u16le(w, 0);
		wire_put_u32le(w, 0x0011C017);
		wire_put_zeros(w, 16 + 4 + 4);
		wire_put_u32le(w, SMB2_HEADER_BYTES + 48);
		wire_put_u32le(w, (uint32_t)bytes);
		wire_put_zeros(w, 4 + 4);
		break;
	case SMB2_READ:
		wire_put_u16le(w, 17);
		wire_put_u8(w, SMB2_HEADER_BYTES + 16);
		wire_put_u8(w, 0);
		wire_put_u32le(w, (uint32_t)bytes);
		wire_put_zeros(w, 4 + 4);
		break;
	default:
		break;
	}
	wire_put_bytes(w, data, bytes);
}

/* Whole messages of ours, and signed ones as soon as there is a key, unless they came sealed. */
static inline void server_check_elements(const struct smb2_connection *c, const uint8_t *at,
                                         size_t bytes, bool is_sealed)
{
	do {
		struct wire_reader message;
		struct smb2_header h;
		size_t element;

		wire_reader_init(&message, at, bytes);
		smb2_header_decode(&message, &h);
		MUST(message.error == NULL && (h.flags & SMB2_FLAGS_SERVER_TO_REDIR) == 0);
		element = h.next_command != 0 ? h.next_command : bytes;
		MUST(element <= bytes);
		if (c->signing_key != NULL && !is_sealed)
			MUST(smb2_signature_holds(c->signing_key, at, element));
		at += element;
		bytes -= element;
	} while (bytes > 0);
}

/* Looks at what was sent as its server would, and takes it away. */
static inline void server_check_sent(struct smb2_connection *c)
{
	struct wire_reader r;

	MUST(!c->out.failed && c->request_count == 0);
	wire_reader_init(&r, c->out.data, c->out.len);
	r.big_endian = true;
	while (wire_left(&r) > 0) {
		size_t bytes = wire_get_u32(&r);
		uint8_t *at = c->out.data + (r.at - r.start);

		if (bytes >> 24 == SESSION_REQUEST) {
			wire_skip(&r, bytes & 0x1FFFF);
			MUST(r.error == NULL && c->signing_key == NULL);
			continue;
		}
		MUST(wire_get_bytes(&r, bytes) != NULL && bytes >= 4);
		if (at[0] == 0xFD) {
			size_t nonce_bytes;
			struct crypto_aead *aead = server_aead(c, false, &nonce_bytes);

			MUST(bytes > SMB2_TRANSFORM_HEADER_BYTES);
			MUST(crypto_aead_open(aead, at + SERVER_NONCE_AT, server_open_part(at),
			                      at + SMB2_TRANSFORM_HEADER_BYTES,
			                      bytes - SMB2_TRANSFORM_HEADER_BYTES, at + 4));
			crypto_aead_free(aead);
			server_check_elements(c, at + SMB2_TRANSFORM_HEADER_BYTES,
			                      bytes - SMB2_TRANSFORM_HEADER_BYTES, true);
		} else if (at[0] != 0xFF) {
			MUST(!c->is_encrypted);
			server_check_elements(c, at, bytes, false);
		}
	}
	wire_writer_clear(&c->out);
}

#endif
