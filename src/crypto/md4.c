/* SPDX-License-Identifier: MIT */
#include "crypto/crypto.h"

#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

/* In a library context of its own, so that nothing else uses the legacy provider. */
struct crypto_md4 {
	OSSL_LIB_CTX *library;
	OSSL_PROVIDER *legacy;
	EVP_MD *algorithm;
};

struct crypto_md4 *crypto_md4_new(void)
{
	struct crypto_md4 *md4 = calloc(1, sizeof *md4);

	if (md4 == NULL)
		return NULL;
	md4->library = OSSL_LIB_CTX_new();
	if (md4->library != NULL)
		md4->legacy = OSSL_PROVIDER_load(md4->library, "legacy");
	if (md4->legacy != NULL)
		md4->algorithm = EVP_MD_fetch(md4->library, "MD4", NULL);
	if (md4->algorithm != NULL)
		return md4;
	crypto_md4_free(md4);
	return NULL;
}

void crypto_md4_free(struct crypto_md4 *md4)
{
	if (md4 == NULL)
		return;
	EVP_MD_free(md4->algorithm);
	if (md4->legacy != NULL)
		(void)OSSL_PROVIDER_unload(md4->legacy);
	OSSL_LIB_CTX_free(md4->library);
	free(md4);
}

bool crypto_md4_compute(struct crypto_md4 *md4, const void *data, size_t bytes,
                        uint8_t to[CRYPTO_MD4_BYTES])
{
	return EVP_Digest(data, bytes, to, NULL, md4->algorithm, NULL) == 1;
}
