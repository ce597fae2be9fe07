/* SPDX-License-Identifier: MIT */
/* The cryptography that SMB2 and NTLM need, from OpenSSL 3. */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A function that returns bool or a pointer returns false or NULL if OpenSSL fails: out of memory,
 * or its policy forbids the algorithm. */

bool crypto_random(void *to, size_t bytes);

/* Overwrites a secret that is no longer needed. */
void crypto_wipe(void *secret, size_t bytes);

#define CRYPTO_SHA512_BYTES 64

/* hash = SHA-512(hash | data): [MS-SMB2] 3.2.5.2. */
bool crypto_sha512_chain(uint8_t hash[CRYPTO_SHA512_BYTES], const void *data, size_t bytes);

/* Derives a key by SP800-108 in counter mode with HMAC-SHA256 and r = 32: [MS-SMB2] 3.1.4.2. */
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

/* A message authentication code and its key, for many messages. */
struct crypto_mac;

struct crypto_mac *crypto_mac_new(enum crypto_mac_algorithm algorithm,
                                  const uint8_t key[CRYPTO_MAC_KEY_BYTES]);
void crypto_mac_free(struct crypto_mac *mac);

/* Computes the code of the spans in their order, cut to 16 bytes. Only GMAC uses nonce. */
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

/* One direction of an authenticated cipher and its key, for many messages. */
struct crypto_aead;

/* key has crypto_cipher_key_bytes. */
struct crypto_aead *crypto_aead_new(enum crypto_cipher cipher, const uint8_t *key);
void crypto_aead_free(struct crypto_aead *aead);

/* Encrypts secret in place, and gives the tag over open and secret. nonce has
 * crypto_cipher_nonce_bytes, and must be another one for each message of a key. */
bool crypto_aead_seal(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, uint8_t tag[CRYPTO_TAG_BYTES]);
/* Decrypts secret in place. False: the tag does not match, and secret is garbage. */
bool crypto_aead_open(struct crypto_aead *aead, const uint8_t *nonce, struct crypto_span open,
                      uint8_t *secret, size_t secret_bytes, const uint8_t tag[CRYPTO_TAG_BYTES]);

/* Compares in constant time. */
bool crypto_equal(const void *a, const void *b, size_t bytes);

#endif
