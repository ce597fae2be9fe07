/* SPDX-License-Identifier: MIT */
#include "smb2/negotiate.h"

#include <string.h>
#include "auth/spnego/message.h"

const uint16_t smb2_dialects[SMB2_DIALECT_COUNT] = {
	SMB2_DIALECT_202, SMB2_DIALECT_210, SMB2_DIALECT_300, SMB2_DIALECT_302, SMB2_DIALECT_311,
};

const char *smb2_dialect_name(uint16_t dialect)
{
	static const char *const names[] = { "2.0.2", "2.1", "3.0", "3.0.2", "3.1.1" };

	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++)
		if (smb2_dialects[i] == dialect)
			return names[i];
	return NULL;
}

const uint16_t smb2_signing_algorithms[SMB2_SIGNING_ALGORITHM_COUNT] = {
	SMB2_SIGNING_AES_GMAC,
	SMB2_SIGNING_AES_CMAC,
	SMB2_SIGNING_HMAC_SHA256,
};

const uint16_t smb2_ciphers[SMB2_CIPHER_COUNT] = {
	SMB2_AES_256_GCM,
	SMB2_AES_128_GCM,
	SMB2_AES_256_CCM,
	SMB2_AES_128_CCM,
};

#define RESPONSE_TOKEN_AT (SMB2_HEADER_BYTES + 64)

#define SECURITY_MODE SMB2_NEGOTIATE_SIGNING_REQUIRED
#define CAPABILITIES  (SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION)

struct smb2_dialect_list {
	const uint16_t *dialects;
	size_t count;
};

static struct smb2_dialect_list
smb2_negotiate_dialects_of(const struct smb2_negotiate_request *request)
{
	return request->only_dialect != 0
	               ? (struct smb2_dialect_list){ &request->only_dialect, 1 }
	               : (struct smb2_dialect_list){ smb2_dialects, SMB2_DIALECT_COUNT };
}

static void smb2_negotiate_put_dialects(struct wire_writer *w, struct smb2_dialect_list offer)
{
	for (size_t i = 0; i < offer.count; i++)
		wire_put_u16le(w, offer.dialects[i]);
}

enum smb2_negotiate_context {
	PREAUTH_INTEGRITY = 1,
	ENCRYPTION = 2,
	COMPRESSION = 3,
	TRANSPORT = 6,
	RDMA_TRANSFORM = 7,
	SIGNING = 8,
};

#define SHA_512          1
#define COMPRESSION_NONE 0

/* 2.2.3.1.1 */
static void smb2_negotiate_put_preauth(struct wire_writer *w, const uint8_t salt[SMB2_SALT_BYTES])
{
	wire_put_u16le(w, PREAUTH_INTEGRITY);
	wire_put_u16le(w, 2 + 2 + 2 + SMB2_SALT_BYTES);
	wire_put_u32le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_u16le(w, SMB2_SALT_BYTES);
	wire_put_u16le(w, SHA_512);
	wire_put_bytes(w, salt, SMB2_SALT_BYTES);
}

/* The contexts of 2.2.3.1.2 and 2.2.3.1.7, which have the same form. */
static void smb2_negotiate_put_list(struct wire_writer *w, enum smb2_negotiate_context type,
                                    const uint16_t list[], size_t count)
{
	wire_put_u16le(w, (uint16_t)type);
	wire_put_u16le(w, (uint16_t)(2 + 2 * count));
	wire_put_u32le(w, 0);
	wire_put_u16le(w, (uint16_t)count);
	for (size_t i = 0; i < count; i++)
		wire_put_u16le(w, list[i]);
}

void smb2_negotiate_request_encode(struct wire_writer *w, size_t header_at,
                                   const struct smb2_negotiate_request *request)
{
	struct smb2_dialect_list offer = smb2_negotiate_dialects_of(request);
	bool has_contexts = offer.dialects[offer.count - 1] == SMB2_DIALECT_311;
	size_t contexts_at;

	wire_put_u16le(w, 36); /* StructureSize */
	wire_put_u16le(w, (uint16_t)offer.count);
	wire_put_u16le(w, SECURITY_MODE);
	wire_put_u16le(w, 0);
	wire_put_u32le(w, CAPABILITIES);
	wire_put_bytes(w, request->client_guid, sizeof request->client_guid);
	contexts_at = w->len;
	wire_put_u32le(w, 0);                    /* NegotiateContextOffset */
	wire_put_u16le(w, has_contexts ? 3 : 0); /* NegotiateContextCount */
	wire_put_u16le(w, 0);
	smb2_negotiate_put_dialects(w, offer);
	if (!has_contexts)
		return;
	wire_put_padding(w, header_at, 8);
	wire_set_u32le(w, contexts_at, (uint32_t)(w->len - header_at));
	smb2_negotiate_put_preauth(w, request->salt);
	wire_put_padding(w, header_at, 8);
	smb2_negotiate_put_list(w, ENCRYPTION, smb2_ciphers, SMB2_CIPHER_COUNT);
	wire_put_padding(w, header_at, 8);
	smb2_negotiate_put_list(w, SIGNING, smb2_signing_algorithms, SMB2_SIGNING_ALGORITHM_COUNT);
}

void smb2_negotiate_offer_encode(struct wire_writer *w,
                                 const struct smb2_negotiate_request *request)
{
	struct smb2_dialect_list offer = smb2_negotiate_dialects_of(request);

	wire_put_u32le(w, CAPABILITIES);
	wire_put_bytes(w, request->client_guid, sizeof request->client_guid);
	wire_put_u16le(w, SECURITY_MODE);
	wire_put_u16le(w, (uint16_t)offer.count);
	smb2_negotiate_put_dialects(w, offer);
}

/* Gives the data of the context at *offset, and moves *offset to the next context, 2.2.3.1. Returns
 * the type. */
static uint16_t smb2_negotiate_next_context(struct wire_reader *message, size_t *offset,
                                            struct wire_reader *data)
{
	struct wire_reader head = wire_part(message, *offset, 8);
	uint16_t type = wire_get_u16(&head), bytes = wire_get_u16(&head);

	*data = wire_part(message, *offset + 8, bytes);
	*offset += 8 + ((size_t)bytes + 7) / 8 * 8;
	return type;
}

/* Returns the bit of a dialect; 0: the dialect is not supported. */
static unsigned smb2_negotiate_dialect_bit(uint16_t dialect)
{
	for (unsigned i = 0; i < SMB2_DIALECT_COUNT; i++)
		if (smb2_dialects[i] == dialect)
			return 1u << i;
	return 0;
}

static void smb2_negotiate_get_dialects(struct wire_reader *r, uint16_t count,
                                        struct smb2_negotiate_offer *offer)
{
	if (count == 0)
		wire_reader_fail(r, "the NEGOTIATE offers no dialect");
	for (uint16_t i = 0; i < count && r->error == NULL; i++)
		offer->dialects |= smb2_negotiate_dialect_bit(wire_get_u16(r));
}

static void smb2_negotiate_get_guid(struct wire_reader *r, uint8_t to[SMB2_GUID_BYTES])
{
	const uint8_t *guid = wire_get_bytes(r, SMB2_GUID_BYTES);

	if (guid != NULL)
		memcpy(to, guid, SMB2_GUID_BYTES);
}

static bool smb2_negotiate_get_offered_sha512(struct wire_reader *data)
{
	uint16_t count = wire_get_u16(data), salt_bytes = wire_get_u16(data);
	bool found = false;

	for (uint16_t i = 0; i < count && data->error == NULL; i++)
		found |= wire_get_u16(data) == SHA_512;
	wire_skip(data, salt_bytes);
	return found;
}

/* Returns the supported algorithms of a list, each as the bit of its number. */
static unsigned smb2_negotiate_get_offered_list(struct wire_reader *data, unsigned known)
{
	uint16_t count = wire_get_u16(data);
	unsigned found = 0;

	if (count == 0)
		wire_reader_fail(data, "a negotiate context lists no algorithm");
	for (uint16_t i = 0; i < count && data->error == NULL; i++) {
		uint16_t algorithm = wire_get_u16(data);

		if (algorithm < 32)
			found |= 1u << algorithm;
	}
	return found & known;
}

static unsigned smb2_negotiate_set_of(const uint16_t list[], size_t count)
{
	unsigned set = 0;

	for (size_t i = 0; i < count; i++)
		set |= 1u << list[i];
	return set;
}

/* The contexts that must not occur twice: in a request, 3.3.5.4, and in a response, 3.2.5.2. */
#define OFFERED_ONCE                                                                             \
	(1u << PREAUTH_INTEGRITY | 1u << ENCRYPTION | 1u << COMPRESSION | 1u << RDMA_TRANSFORM | \
	 1u << SIGNING)
#define ANSWERED_ONCE (OFFERED_ONCE | 1u << TRANSPORT)

/* Notes the type of a context. Fails data if a context of that type must not come again. */
static void smb2_negotiate_note_context(struct wire_reader *data, uint16_t type, unsigned once,
                                        unsigned *seen)
{
	unsigned bit = type < 32 ? 1u << type : 0;

	if ((*seen & once & bit) != 0)
		wire_reader_fail(data, "a negotiate context occurs twice");
	*seen |= bit;
}

static void smb2_negotiate_get_offered_contexts(struct wire_reader *message, size_t offset,
                                                uint16_t count, struct smb2_negotiate_offer *offer)
{
	unsigned seen = 0;

	for (uint16_t i = 0; i < count && message->error == NULL; i++) {
		struct wire_reader data;
		uint16_t type = smb2_negotiate_next_context(message, &offset, &data);

		smb2_negotiate_note_context(&data, type, OFFERED_ONCE, &seen);
		if (type == PREAUTH_INTEGRITY)
			offer->has_preauth_sha512 = smb2_negotiate_get_offered_sha512(&data);
		else if (type == ENCRYPTION)
			offer->ciphers = smb2_negotiate_get_offered_list(
				&data, smb2_negotiate_set_of(smb2_ciphers, SMB2_CIPHER_COUNT));
		else if (type == SIGNING)
			offer->signing_algorithms = smb2_negotiate_get_offered_list(
				&data, smb2_negotiate_set_of(smb2_signing_algorithms,
			                                     SMB2_SIGNING_ALGORITHM_COUNT));
		if (data.error != NULL)
			wire_reader_fail(message, data.error);
	}
	offer->has_encryption = (seen & 1u << ENCRYPTION) != 0;
	offer->has_signing = (seen & 1u << SIGNING) != 0;
	if ((seen & 1u << PREAUTH_INTEGRITY) == 0)
		wire_reader_fail(message,
		                 "dialect 3.1.1 without a preauthentication integrity context");
}

void smb2_negotiate_request_decode(struct wire_reader *message, struct smb2_negotiate_offer *offer)
{
	uint16_t dialect_count, context_count;
	uint32_t contexts_at;

	*offer = (struct smb2_negotiate_offer){ 0 };
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 36);
	dialect_count = wire_get_u16(message);
	offer->security_mode = wire_get_u16(message);
	wire_skip(message, 2);
	offer->capabilities = wire_get_u32(message);
	smb2_negotiate_get_guid(message, offer->client_guid);
	contexts_at = wire_get_u32(message);
	context_count = wire_get_u16(message);
	wire_skip(message, 2);
	smb2_negotiate_get_dialects(message, dialect_count, offer);
	if ((offer->dialects & smb2_negotiate_dialect_bit(SMB2_DIALECT_311)) != 0)
		smb2_negotiate_get_offered_contexts(message, contexts_at, context_count, offer);
}

void smb2_negotiate_offer_decode(struct wire_reader *input, struct smb2_negotiate_offer *offer)
{
	*offer = (struct smb2_negotiate_offer){ 0 };
	offer->capabilities = wire_get_u32(input);
	smb2_negotiate_get_guid(input, offer->client_guid);
	offer->security_mode = wire_get_u16(input);
	smb2_negotiate_get_dialects(input, wire_get_u16(input), offer);
}

void smb2_negotiate_response_encode(struct wire_writer *w, size_t header_at,
                                    const struct smb2_negotiate_response *response)
{
	int context_count = response->has_preauth_sha512 + response->has_encryption +
	                    response->has_signing_algorithm;
	size_t contexts_at;

	wire_put_u16le(w, 65); /* StructureSize */
	wire_put_u16le(w, response->security_mode);
	wire_put_u16le(w, response->dialect);
	wire_put_u16le(w, (uint16_t)context_count);
	wire_put_bytes(w, response->server_guid, sizeof response->server_guid);
	wire_put_u32le(w, response->capabilities);
	wire_put_u32le(w, response->max_transact_bytes);
	wire_put_u32le(w, response->max_read_bytes);
	wire_put_u32le(w, response->max_write_bytes);
	wire_put_u64le(w, response->system_time);
	wire_put_u64le(w, 0); /* ServerStartTime */
	wire_put_u16le(w, RESPONSE_TOKEN_AT);
	wire_put_u16le(w, (uint16_t)response->token.bytes);
	contexts_at = w->len;
	wire_put_u32le(w, 0); /* NegotiateContextOffset */
	wire_put_bytes(w, response->token.data, response->token.bytes);
	if (context_count == 0)
		return;
	wire_put_padding(w, header_at, 8);
	wire_set_u32le(w, contexts_at, (uint32_t)(w->len - header_at));
	if (response->has_preauth_sha512)
		smb2_negotiate_put_preauth(w, response->salt);
	if (response->has_encryption) {
		wire_put_padding(w, header_at, 8);
		smb2_negotiate_put_list(w, ENCRYPTION, &response->cipher, 1);
	}
	if (response->has_signing_algorithm) {
		wire_put_padding(w, header_at, 8);
		smb2_negotiate_put_list(w, SIGNING, &response->signing_algorithm, 1);
	}
}

/* 2.2.4.1.1: the hash algorithm that the server chose. */
static void smb2_negotiate_get_preauth(struct wire_reader *data,
                                       struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	wire_skip(data, 2); /* SaltLength */
	response->has_preauth_sha512 = count == 1 && wire_get_u16(data) == SHA_512;
}

/* 2.2.4.1.2: the cipher that the server chose, or none. */
static void smb2_negotiate_get_encryption(struct wire_reader *data,
                                          struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	response->has_encryption = true;
	response->cipher = wire_get_u16(data);
	if (count != 1)
		wire_reader_fail(data, "the server did not choose one cipher");
}

/* 2.2.4.1.7 */
static void smb2_negotiate_get_signing(struct wire_reader *data,
                                       struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	response->signing_algorithm = wire_get_u16(data);
	response->has_signing_algorithm = true;
	if (count != 1)
		wire_reader_fail(data, "the server did not choose one signing algorithm");
}

/* 2.2.4.1.3: NONE alone means that the server does not compress. */
static void smb2_negotiate_get_compression(struct wire_reader *data,
                                           struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	wire_skip(data, 2 + 4); /* Padding, Flags */
	if (count == 0)
		wire_reader_fail(data, "a negotiate context lists no algorithm");
	response->chose_unoffered |= count != 1 || wire_get_u16(data) != COMPRESSION_NONE;
}

/* 2.2.4.1.5 */
static void smb2_negotiate_get_rdma(struct wire_reader *data,
                                    struct smb2_negotiate_response *response)
{
	response->chose_unoffered |= wire_get_u16(data) != 0;
}

static void smb2_negotiate_get_context(struct wire_reader *data, uint16_t type,
                                       struct smb2_negotiate_response *response)
{
	switch (type) {
	case PREAUTH_INTEGRITY:
		smb2_negotiate_get_preauth(data, response);
		break;
	case ENCRYPTION:
		smb2_negotiate_get_encryption(data, response);
		break;
	case COMPRESSION:
		smb2_negotiate_get_compression(data, response);
		break;
	case RDMA_TRANSFORM:
		smb2_negotiate_get_rdma(data, response);
		break;
	case SIGNING:
		smb2_negotiate_get_signing(data, response);
		break;
	default: /* to be ignored */
		break;
	}
}

static void smb2_negotiate_get_contexts(struct wire_reader *message, size_t offset, uint16_t count,
                                        struct smb2_negotiate_response *response)
{
	unsigned seen = 0;

	for (uint16_t i = 0; i < count && message->error == NULL; i++) {
		struct wire_reader data;
		uint16_t type = smb2_negotiate_next_context(message, &offset, &data);

		smb2_negotiate_note_context(&data, type, ANSWERED_ONCE, &seen);
		smb2_negotiate_get_context(&data, type, response);
		if (data.error != NULL)
			wire_reader_fail(message, data.error);
	}
	if (!response->has_preauth_sha512)
		wire_reader_fail(message,
		                 "dialect 3.1.1 without a preauthentication integrity context");
}

void smb2_negotiate_response_decode(struct wire_reader *message,
                                    struct smb2_negotiate_response *response)
{
	uint16_t context_count, hint_at, hint_bytes;
	struct wire_reader hint;
	uint32_t contexts_at;

	*response = (struct smb2_negotiate_response){ 0 };
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 65);
	response->security_mode = wire_get_u16(message);
	response->dialect = wire_get_u16(message);
	context_count = wire_get_u16(message);
	smb2_negotiate_get_guid(message, response->server_guid);
	response->capabilities = wire_get_u32(message);
	response->max_transact_bytes = wire_get_u32(message);
	response->max_read_bytes = wire_get_u32(message);
	response->max_write_bytes = wire_get_u32(message);
	response->system_time = wire_get_u64(message);
	wire_skip(message, 8); /* ServerStartTime */
	hint_at = wire_get_u16(message);
	hint_bytes = wire_get_u16(message);
	contexts_at = wire_get_u32(message);
	hint = *message; /* a copy, because a malformed hint does not matter */
	hint = wire_part(&hint, hint_at, hint_bytes);
	response->token = (struct smb2_data){ hint.at, wire_left(&hint) };
	response->mechanisms =
		spnego_hint_mechanisms((struct crypto_span){ hint.at, wire_left(&hint) });
	/* 3.2.5.2: below 3.1.1 there is one cipher, which the capability stands for. */
	if (response->dialect >= SMB2_DIALECT_300 && response->dialect < SMB2_DIALECT_311 &&
	    (response->capabilities & SMB2_GLOBAL_CAP_ENCRYPTION) != 0)
		response->cipher = SMB2_AES_128_CCM;
	if (response->dialect == SMB2_DIALECT_311)
		smb2_negotiate_get_contexts(message, contexts_at, context_count, response);
}
