/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <limits.h>
#include <stdlib.h>
#include <openssl/evp.h>

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
