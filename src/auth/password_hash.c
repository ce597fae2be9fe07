/* SPDX-License-Identifier: MIT */
#include "auth/password_hash.h"

#include <errno.h>
#include <string.h>
#include <krb5.h>

/* The key that RC4-HMAC makes of a password is this hash: RFC 4757, section 2. libkrb5 is there for
 * GSSAPI anyway, and wipes its copies of the password. OpenSSL has MD4 in its legacy provider
 * alone, and to load that takes a sixth of all that a call of the command computes. The context may
 * be NULL: it is not used, and to make one reads krb5.conf. */
NET_API_STATUS password_hash_compute(const char *password, uint8_t to[PASSWORD_HASH_BYTES],
                                     const char *step, struct err *err)
{
	const krb5_data no_salt = { 0 };
	krb5_data text = { .length = (unsigned)strlen(password), .data = (char *)password };
	krb5_keyblock key = { 0 };
	krb5_error_code code = krb5_c_string_to_key(NULL, ENCTYPE_ARCFOUR_HMAC, &text, &no_salt,
	                                            &key);

	if (code == ENOMEM)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, step, NULL);
	else if (code != 0)
		err_set(err, ERROR_NOT_SUPPORTED, step,
		        "libkrb5 does not provide RC4-HMAC, whose keys NTLM needs: use Kerberos");
	else
		memcpy(to, key.contents, PASSWORD_HASH_BYTES);
	krb5_free_keyblock_contents(NULL, &key); /* wipes them */
	return err->status;
}

void password_hash_print(const uint8_t hash[PASSWORD_HASH_BYTES], char to[PASSWORD_HASH_DIGITS])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < PASSWORD_HASH_BYTES; i++) {
		to[2 * i] = digits[hash[i] >> 4];
		to[2 * i + 1] = digits[hash[i] & 0xF];
	}
	to[PASSWORD_HASH_DIGITS - 1] = '\0';
}
