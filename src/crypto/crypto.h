/* SPDX-License-Identifier: MIT */
/* The primitives that SMB2 needs, from OpenSSL 3. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All return false when OpenSSL refuses: no memory, or a policy that forbids the algorithm. */

bool crypto_random(void *to, size_t bytes);

/* Overwrites a secret that is no longer needed. */
void crypto_wipe(void *secret, size_t bytes);

#define CRYPTO_SHA512_BYTES 64

/* hash = SHA-512(hash | data): [MS-SMB2] 3.2.5.2. */
bool crypto_sha512_chain(uint8_t hash[CRYPTO_SHA512_BYTES], const void *data, size_t bytes);

/* A key derived with SP800-108 in counter mode, HMAC-SHA256, r = 32: [MS-SMB2] 3.1.4.2. */
bool crypto_derive(const uint8_t *key, size_t key_bytes, const void *label, size_t label_bytes,
                   const void *context, size_t context_bytes, uint8_t *to, size_t to_bytes);

enum crypto_mac_algorithm { CRYPTO_HMAC_SHA256, CRYPTO_AES_CMAC, CRYPTO_AES_GMAC };

#define CRYPTO_MAC_KEY_BYTES   16
#define CRYPTO_MAC_BYTES       16
#define CRYPTO_MAC_NONCE_BYTES 12

struct crypto_span {
	const void *data;
	size_t bytes;
};

/* A key with its context set up, for many messages. */
struct crypto_mac;

/* NULL: as above. */
struct crypto_mac *crypto_mac_new(enum crypto_mac_algorithm algorithm,
                                  const uint8_t key[CRYPTO_MAC_KEY_BYTES]);
void crypto_mac_free(struct crypto_mac *mac);

/* The code of the spans in their order, cut to 16 bytes. nonce serves GMAC alone. */
bool crypto_mac_compute(struct crypto_mac *mac, const uint8_t nonce[CRYPTO_MAC_NONCE_BYTES],
                        const struct crypto_span spans[], size_t count,
                        uint8_t code[CRYPTO_MAC_BYTES]);

enum crypto_cipher {
	CRYPTO_AES_128_CCM,
	CRYPTO_AES_128_GCM,
	CRYPTO_AES_256_CCM,
	CRYPTO_AES_256_GCM,
};

#define CRYPTO_MAX_CIPHER_KEY_BYTES 32
#define CRYPTO_TAG_BYTES            16

size_t crypto_cipher_key_bytes(enum crypto_cipher cipher);
size_t crypto_cipher_nonce_bytes(enum crypto_cipher cipher);

/* One direction of an authenticated cipher, with its key set up for many messages. */
struct crypto_aead;

/* key has crypto_cipher_key_bytes. NULL: as above. */
struct crypto_aead *crypto_aead_new(enum crypto_cipher cipher, const uint8_t *key);
void crypto_aead_free(struct crypto_aead *aead);

/* Encrypts in place, and gives the tag over both. nonce has crypto_cipher_nonce_bytes, and no two
 * messages of a key may share one. */
bool crypto_aead_seal(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, uint8_t tag[CRYPTO_TAG_BYTES]);
/* Decrypts in place. False: the tag does not hold, and what stands in secret is garbage. */
bool crypto_aead_open(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, const uint8_t tag[CRYPTO_TAG_BYTES]);

#define CRYPTO_MD4_BYTES 16

/* MD4, which NTLM has for its hash of a password: [MS-NLMP] 3.3.1. */
struct crypto_md4;

/* NULL: OpenSSL has none without its "legacy" provider. */
struct crypto_md4 *crypto_md4_new(void);
void crypto_md4_free(struct crypto_md4 *md4);
bool crypto_md4_compute(struct crypto_md4 *md4, const void *data, size_t bytes,
                        uint8_t to[CRYPTO_MD4_BYTES]);

/* In constant time. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

#endif
