/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

bool crypto_random(void *to, size_t bytes)
{
	return RAND_bytes_ex(NULL, to, bytes, 0) == 1;
}

void crypto_wipe(void *secret, size_t bytes)
{
	OPENSSL_cleanse(secret, bytes);
}

bool crypto_equal(const void *a, const void *b, size_t bytes)
{
	return CRYPTO_memcmp(a, b, bytes) == 0;
}

bool crypto_sha512_chain(uint8_t hash[CRYPTO_SHA512_BYTES], const void *data, size_t bytes)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool done = context != NULL && EVP_DigestInit_ex(context, EVP_sha512(), NULL) == 1 &&
	            EVP_DigestUpdate(context, hash, CRYPTO_SHA512_BYTES) == 1 &&
	            EVP_DigestUpdate(context, data, bytes) == 1 &&
	            EVP_DigestFinal_ex(context, hash, NULL) == 1;

	EVP_MD_CTX_free(context);
	return done;
}

bool crypto_derive(const uint8_t *key, size_t key_bytes, const void *label, size_t label_bytes,
                   const void *context, size_t context_bytes, uint8_t *to, size_t to_bytes)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, (char *)"counter", 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, (char *)"HMAC", 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key,
		                                  key_bytes),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)label,
		                                  label_bytes),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)(uintptr_t)context,
		                                  context_bytes),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "KBKDF", NULL);
	EVP_KDF_CTX *kdf_context = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	bool done = kdf_context != NULL && EVP_KDF_derive(kdf_context, to, to_bytes, params) == 1;

	EVP_KDF_CTX_free(kdf_context);
	EVP_KDF_free(kdf);
	return done;
}
