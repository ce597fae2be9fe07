/* SPDX-License-Identifier: MIT */
#include "auth/password_hash.h"

#include <string.h>
#include "auth/secret_writer.h"

bool password_hash_compute(struct crypto_md4 *md4, const char *password,
                           uint8_t to[CRYPTO_MD4_BYTES])
{
	struct wire_writer utf16 = { 0 };
	bool is_computed;

	secret_writer_reserve(&utf16, 2 * strlen(password));
	wire_put_utf16le(&utf16, password);
	is_computed = !utf16.failed && crypto_md4_compute(md4, utf16.data, utf16.len, to);
	secret_writer_wipe(&utf16);
	return is_computed;
}

void password_hash_print(const uint8_t hash[CRYPTO_MD4_BYTES], char to[PASSWORD_HASH_DIGITS])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < CRYPTO_MD4_BYTES; i++) {
		to[2 * i] = digits[hash[i] >> 4];
		to[2 * i + 1] = digits[hash[i] & 0xF];
	}
	to[PASSWORD_HASH_DIGITS - 1] = '\0';
}
