/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

/* ---- randomness, hashes, key derivation ---- */

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

/* ---- message authentication codes ---- */

struct crypto_mac {
	/* Initialised with the key, and copied for each message; but for GMAC, which a nonce begins
	 * anew: a copy and its end would be a third of what a short message costs. */
	EVP_MAC_CTX *keyed;
	bool takes_nonce;
};

static const struct {
	const char *name, *parameter, *value;
} algorithms[] = {
	[CRYPTO_HMAC_SHA256] = { "HMAC", OSSL_MAC_PARAM_DIGEST, "SHA256" },
	[CRYPTO_AES_CMAC] = { "CMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-CBC" },
	[CRYPTO_AES_GMAC] = { "GMAC", OSSL_MAC_PARAM_CIPHER, "AES-128-GCM" },
};

struct crypto_mac *crypto_mac_new(enum crypto_mac_algorithm algorithm,
                                  const uint8_t key[CRYPTO_MAC_KEY_BYTES])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(algorithms[algorithm].parameter,
		                                 (char *)(uintptr_t)algorithms[algorithm].value, 0),
		OSSL_PARAM_construct_end(),
	};
	struct crypto_mac *mac = calloc(1, sizeof *mac);
	EVP_MAC *type = EVP_MAC_fetch(NULL, algorithms[algorithm].name, NULL);

	if (mac != NULL && type != NULL) {
		mac->takes_nonce = algorithm == CRYPTO_AES_GMAC;
		mac->keyed = EVP_MAC_CTX_new(type);
	}
	EVP_MAC_free(type);
	if (mac == NULL || mac->keyed == NULL ||
	    EVP_MAC_init(mac->keyed, key, CRYPTO_MAC_KEY_BYTES, params) != 1) {
		crypto_mac_free(mac);
		return NULL;
	}
	return mac;
}

void crypto_mac_free(struct crypto_mac *mac)
{
	if (mac == NULL)
		return;
	EVP_MAC_CTX_free(mac->keyed);
	free(mac);
}

bool crypto_mac_compute(struct crypto_mac *mac, const uint8_t nonce[CRYPTO_MAC_NONCE_BYTES],
                        const struct crypto_span spans[], size_t count,
                        uint8_t code[CRYPTO_MAC_BYTES])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, (void *)(uintptr_t)nonce,
		                                  CRYPTO_MAC_NONCE_BYTES),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *context = mac->takes_nonce ? mac->keyed : EVP_MAC_CTX_dup(mac->keyed);
	uint8_t whole[EVP_MAX_MD_SIZE];
	size_t whole_bytes = 0;
	bool done = context != NULL &&
	            (!mac->takes_nonce || EVP_MAC_CTX_set_params(context, params) == 1);

	for (size_t i = 0; done && i < count; i++)
		done = EVP_MAC_update(context, spans[i].data, spans[i].bytes) == 1;
	done = done && EVP_MAC_final(context, whole, &whole_bytes, sizeof whole) == 1 &&
	       whole_bytes >= CRYPTO_MAC_BYTES;
	if (done)
		memcpy(code, whole, CRYPTO_MAC_BYTES);
	if (context != mac->keyed)
		EVP_MAC_CTX_free(context);
	return done;
}

/* ---- authenticated ciphers ---- */

static const struct {
	const char *name;
	uint8_t key_bytes, nonce_bytes;
	bool is_ccm;
} ciphers[] = {
	[CRYPTO_AES_128_CCM] = { "AES-128-CCM", 16, 11, true },
	[CRYPTO_AES_128_GCM] = { "AES-128-GCM", 16, 12, false },
	[CRYPTO_AES_256_CCM] = { "AES-256-CCM", 32, 11, true },
	[CRYPTO_AES_256_GCM] = { "AES-256-GCM", 32, 12, false },
};

struct crypto_aead {
	enum crypto_cipher cipher;
	EVP_CIPHER *type;
	EVP_CIPHER_CTX *context;
	uint8_t key[CRYPTO_MAX_CIPHER_KEY_BYTES]; /* CCM needs the key again with each nonce */
};

size_t crypto_cipher_key_bytes(enum crypto_cipher cipher)
{
	return ciphers[cipher].key_bytes;
}

size_t crypto_cipher_nonce_bytes(enum crypto_cipher cipher)
{
	return ciphers[cipher].nonce_bytes;
}

struct crypto_aead *crypto_aead_new(enum crypto_cipher cipher, const uint8_t *key)
{
	struct crypto_aead *aead = calloc(1, sizeof *aead);

	if (aead == NULL)
		return NULL;
	aead->cipher = cipher;
	for (size_t i = 0; i < ciphers[cipher].key_bytes; i++)
		aead->key[i] = key[i];
	aead->type = EVP_CIPHER_fetch(NULL, ciphers[cipher].name, NULL);
	aead->context = EVP_CIPHER_CTX_new();
	if (aead->type == NULL || aead->context == NULL) {
		crypto_aead_free(aead);
		return NULL;
	}
	return aead;
}

void crypto_aead_free(struct crypto_aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->context);
	EVP_CIPHER_free(aead->type);
	crypto_wipe(aead->key, sizeof aead->key);
	free(aead);
}

/* Sets up key, nonce and open. CCM needs the lengths of tag and secret first, and the tag before it
 * decrypts. */
static bool crypto_aead_begin(struct crypto_aead *aead, int encrypts, const uint8_t *nonce,
                              struct crypto_span open, size_t secret_bytes, const uint8_t *tag)
{
	EVP_CIPHER_CTX *c = aead->context;
	bool is_ccm = ciphers[aead->cipher].is_ccm;
	int length;

	return secret_bytes <= INT_MAX && open.bytes <= INT_MAX &&
	       EVP_CipherInit_ex2(c, aead->type, NULL, NULL, encrypts, NULL) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_IVLEN, ciphers[aead->cipher].nonce_bytes,
	                           NULL) == 1 &&
	       ((encrypts && !is_ccm) ||
	        EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_BYTES,
	                            (void *)(uintptr_t)tag) == 1) &&
	       EVP_CipherInit_ex2(c, NULL, aead->key, nonce, encrypts, NULL) == 1 &&
	       (!is_ccm || EVP_CipherUpdate(c, NULL, &length, NULL, (int)secret_bytes) == 1) &&
	       EVP_CipherUpdate(c, NULL, &length, open.data, (int)open.bytes) == 1;
}

bool crypto_aead_seal(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, uint8_t tag[CRYPTO_TAG_BYTES])
{
	EVP_CIPHER_CTX *c = aead->context;
	int length;

	return crypto_aead_begin(aead, 1, nonce, open, secret_bytes, NULL) &&
	       EVP_CipherUpdate(c, secret, &length, secret, (int)secret_bytes) == 1 &&
	       EVP_CipherFinal_ex(c, secret + length, &length) == 1 &&
	       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_BYTES, tag) == 1;
}

bool crypto_aead_open(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, const uint8_t tag[CRYPTO_TAG_BYTES])
{
	EVP_CIPHER_CTX *c = aead->context;
	int length;

	/* CCM checks the tag in its update, and has no final step. */
	return crypto_aead_begin(aead, 0, nonce, open, secret_bytes, tag) &&
	       EVP_CipherUpdate(c, secret, &length, secret, (int)secret_bytes) == 1 &&
	       (ciphers[aead->cipher].is_ccm ||
	        EVP_CipherFinal_ex(c, secret + length, &length) == 1);
}
