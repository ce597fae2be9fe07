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

/* In constant time. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

#endif
