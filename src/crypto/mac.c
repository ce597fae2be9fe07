/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

struct crypto_mac {
	EVP_MAC_CTX *keyed; /* initialised with the key; copied for each message */
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
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(mac->keyed);
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
	EVP_MAC_CTX_free(context);
	return done;
}
