/* SPDX-License-Identifier: MIT */
#include "smb2/negotiate.h"

#include <string.h>
#include "smb2/spnego_hint.h"

const uint16_t smb2_dialects[SMB2_DIALECT_COUNT] = {
	SMB2_DIALECT_202, SMB2_DIALECT_210, SMB2_DIALECT_300, SMB2_DIALECT_302, SMB2_DIALECT_311,
};

/* In the order of our preference. */
static const uint16_t signing_algorithms[] = {
	SMB2_SIGNING_AES_GMAC,
	SMB2_SIGNING_AES_CMAC,
	SMB2_SIGNING_HMAC_SHA256,
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint16_t ciphers[] = {
	SMB2_AES_256_GCM,
	SMB2_AES_128_GCM,
	SMB2_AES_256_CCM,
	SMB2_AES_128_CCM,
};

#define SECURITY_MODE SMB2_NEGOTIATE_SIGNING_REQUIRED
#define CAPABILITIES  (SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION)

struct offer {
	const uint16_t *dialects;
	size_t count;
};

static struct offer offer_of(const struct smb2_negotiate_request *request)
{
	return request->only_dialect != 0 ? (struct offer){ &request->only_dialect, 1 }
	                                  : (struct offer){ smb2_dialects, SMB2_DIALECT_COUNT };
}

static void put_dialects(struct wire_writer *w, struct offer offer)
{
	for (size_t i = 0; i < offer.count; i++)
		wire_put_u16le(w, offer.dialects[i]);
}

enum context_type { PREAUTH_INTEGRITY = 1, ENCRYPTION = 2, SIGNING = 8 };

#define SHA_512 1

/* 2.2.3.1.1 */
static void put_preauth_context(struct wire_writer *w, const uint8_t salt[SMB2_SALT_BYTES])
{
	wire_put_u16le(w, PREAUTH_INTEGRITY);
	wire_put_u16le(w, 2 + 2 + 2 + SMB2_SALT_BYTES);
	wire_put_u32le(w, 0);
	wire_put_u16le(w, 1);
	wire_put_u16le(w, SMB2_SALT_BYTES);
	wire_put_u16le(w, SHA_512);
	wire_put_bytes(w, salt, SMB2_SALT_BYTES);
}

/* 2.2.3.1.2 and 2.2.3.1.7 are of one shape. */
static void put_list_context(struct wire_writer *w, enum context_type type, const uint16_t list[],
                             size_t count)
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
	struct offer offer = offer_of(request);
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
	put_dialects(w, offer);
	if (!has_contexts)
		return;
	wire_put_padding(w, header_at, 8);
	wire_set_u32le(w, contexts_at, (uint32_t)(w->len - header_at));
	put_preauth_context(w, request->salt);
	wire_put_padding(w, header_at, 8);
	put_list_context(w, ENCRYPTION, ciphers, COUNT(ciphers));
	wire_put_padding(w, header_at, 8);
	put_list_context(w, SIGNING, signing_algorithms, COUNT(signing_algorithms));
}

void smb2_negotiate_offer_encode(struct wire_writer *w,
                                 const struct smb2_negotiate_request *request)
{
	struct offer offer = offer_of(request);

	wire_put_u32le(w, CAPABILITIES);
	wire_put_bytes(w, request->client_guid, sizeof request->client_guid);
	wire_put_u16le(w, SECURITY_MODE);
	wire_put_u16le(w, (uint16_t)offer.count);
	put_dialects(w, offer);
}

static bool we_offered(uint16_t dialect)
{
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++)
		if (smb2_dialects[i] == dialect)
			return true;
	return false;
}

/* 2.2.4.1.1: the one hash algorithm that the server chose. */
static void get_preauth(struct wire_reader *data, struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	wire_skip(data, 2); /* SaltLength */
	response->has_preauth_sha512 = count == 1 && wire_get_u16(data) == SHA_512;
}

/* 2.2.4.1.2: none, or the one that the server chose. */
static void get_encryption(struct wire_reader *data, struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	response->cipher = wire_get_u16(data);
	if (count != 1 || response->cipher > SMB2_AES_256_GCM)
		wire_reader_fail(data, "a cipher that was not offered");
}

/* 2.2.4.1.7 */
static void get_signing(struct wire_reader *data, struct smb2_negotiate_response *response)
{
	uint16_t count = wire_get_u16(data);

	response->signing_algorithm = wire_get_u16(data);
	response->has_signing_algorithm = true;
	if (count != 1 || response->signing_algorithm > SMB2_SIGNING_AES_GMAC)
		wire_reader_fail(data, "a signing algorithm that was not offered");
}

static void get_contexts(struct wire_reader *message, size_t offset, uint16_t count,
                         struct smb2_negotiate_response *response)
{
	for (uint16_t i = 0; i < count && message->error == NULL; i++) {
		struct wire_reader head = wire_part(message, offset, 8), data;
		uint16_t type = wire_get_u16(&head), bytes = wire_get_u16(&head);

		data = wire_part(message, offset + 8, bytes);
		if (type == PREAUTH_INTEGRITY)
			get_preauth(&data, response);
		else if (type == ENCRYPTION)
			get_encryption(&data, response);
		else if (type == SIGNING)
			get_signing(&data, response);
		if (data.error != NULL)
			wire_reader_fail(message, data.error);
		offset += 8 + ((size_t)bytes + 7) / 8 * 8;
	}
	if (!response->has_preauth_sha512)
		wire_reader_fail(message, "dialect 3.1.1 without preauthentication integrity");
}

void smb2_negotiate_response_decode(struct wire_reader *message,
                                    struct smb2_negotiate_response *response)
{
	uint16_t context_count, hint_at, hint_bytes;
	struct wire_reader hint;
	uint32_t contexts_at;
	const uint8_t *guid;

	*response = (struct smb2_negotiate_response){ 0 };
	wire_skip(message, SMB2_HEADER_BYTES);
	smb2_structure_size(message, 65);
	response->security_mode = wire_get_u16(message);
	response->dialect = wire_get_u16(message);
	context_count = wire_get_u16(message);
	guid = wire_get_bytes(message, SMB2_GUID_BYTES);
	if (guid != NULL)
		memcpy(response->server_guid, guid, SMB2_GUID_BYTES);
	response->capabilities = wire_get_u32(message);
	response->max_transact_bytes = wire_get_u32(message);
	response->max_read_bytes = wire_get_u32(message);
	response->max_write_bytes = wire_get_u32(message);
	wire_skip(message, 8 + 8); /* SystemTime, ServerStartTime */
	hint_at = wire_get_u16(message);
	hint_bytes = wire_get_u16(message);
	contexts_at = wire_get_u32(message);
	hint = *message; /* whose failures are nobody's */
	hint = wire_part(&hint, hint_at, hint_bytes);
	response->mechanisms = smb2_spnego_hint_mechanisms(&hint);
	if (!we_offered(response->dialect))
		wire_reader_fail(message, "a dialect that was not offered");
	/* 3.2.5.2: below 3.1.1 the capability says it, and there is but one cipher. */
	if (response->dialect >= SMB2_DIALECT_300 && response->dialect < SMB2_DIALECT_311 &&
	    (response->capabilities & SMB2_GLOBAL_CAP_ENCRYPTION) != 0)
		response->cipher = SMB2_AES_128_CCM;
	if (response->dialect == SMB2_DIALECT_311)
		get_contexts(message, contexts_at, context_count, response);
}
