/* SPDX-License-Identifier: MIT */
#include "smb2/negotiate_choice.h"

#include <string.h>
#include "smb2/status.h"

/* Returns the first algorithm of list that is in set; otherwise, if there is none. */
static uint16_t smb2_negotiate_choose_listed(const uint16_t list[], size_t count, unsigned set,
                                             uint16_t otherwise)
{
	for (size_t i = 0; i < count; i++)
		if ((set & 1u << list[i]) != 0)
			return list[i];
	return otherwise;
}

/* Returns the highest common dialect; 0: there is none. */
static uint16_t smb2_negotiate_choose_dialect(unsigned dialects, uint16_t least)
{
	for (unsigned i = SMB2_DIALECT_COUNT; i-- > 0 && smb2_dialects[i] >= least;)
		if ((dialects & 1u << i) != 0)
			return smb2_dialects[i];
	return 0;
}

static void smb2_negotiate_answer_contexts(const struct smb2_negotiate_offer *offer,
                                           bool may_encrypt,
                                           struct smb2_negotiate_response *response)
{
	response->has_preauth_sha512 = true;
	response->has_encryption = offer->has_encryption && may_encrypt;
	if (response->has_encryption)
		response->cipher = smb2_negotiate_choose_listed(smb2_ciphers, SMB2_CIPHER_COUNT,
		                                                offer->ciphers, SMB2_CIPHER_NONE);
	response->has_signing_algorithm = offer->has_signing;
	response->signing_algorithm =
		smb2_negotiate_choose_listed(smb2_signing_algorithms, SMB2_SIGNING_ALGORITHM_COUNT,
	                                     offer->signing_algorithms, SMB2_SIGNING_AES_CMAC);
}

uint32_t smb2_negotiate_choose(const struct smb2_negotiate_offer *offer, uint16_t least_dialect,
                               bool may_encrypt, struct smb2_negotiate_response *response)
{
	uint16_t dialect = smb2_negotiate_choose_dialect(offer->dialects, least_dialect);

	if (dialect == 0)
		return STATUS_NOT_SUPPORTED;
	if (dialect == SMB2_DIALECT_311 && !offer->has_preauth_sha512)
		return STATUS_SMB_NO_PREAUTH_INTEGRITY_HASH_OVERLAP;
	response->dialect = dialect;
	response->capabilities = dialect >= SMB2_DIALECT_210 ? SMB2_GLOBAL_CAP_LARGE_MTU : 0;
	response->has_preauth_sha512 = false;
	response->has_encryption = response->has_signing_algorithm = false;
	response->cipher = SMB2_CIPHER_NONE;
	response->signing_algorithm = dialect >= SMB2_DIALECT_300 ? SMB2_SIGNING_AES_CMAC
	                                                          : SMB2_SIGNING_HMAC_SHA256;
	if (dialect == SMB2_DIALECT_311) {
		smb2_negotiate_answer_contexts(offer, may_encrypt, response);
	} else if (dialect >= SMB2_DIALECT_300 && may_encrypt &&
	           (offer->capabilities & SMB2_GLOBAL_CAP_ENCRYPTION) != 0) {
		response->capabilities |= SMB2_GLOBAL_CAP_ENCRYPTION;
		response->cipher = SMB2_AES_128_CCM;
	}
	return STATUS_SUCCESS;
}

bool smb2_negotiate_offer_equal(const struct smb2_negotiate_offer *then,
                                const struct smb2_negotiate_offer *now)
{
	return then->dialects == now->dialects && then->security_mode == now->security_mode &&
	       then->capabilities == now->capabilities &&
	       memcmp(then->client_guid, now->client_guid, SMB2_GUID_BYTES) == 0;
}
