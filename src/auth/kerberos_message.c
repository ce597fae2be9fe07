/* SPDX-License-Identifier: MIT */
#include "auth/kerberos_message.h"

#include <string.h>
#include <time.h>
#include "auth/spnego/mechanism.h"
#include "wire/der.h"

/* RFC 4121 4.1: TOK_ID of a KRB-ERROR. */
#define TOKEN_ERROR 0x0300

#define KERBEROS_TIME_CHARACTERS 15 /* RFC 4120 5.2.3: "20261130140612Z" */

static int kerberos_get_digits(struct wire_reader *r, unsigned count)
{
	int number = 0;

	while (count-- > 0) {
		uint8_t digit = (uint8_t)(wire_get_u8(r) - '0');

		if (digit > 9)
			wire_reader_fail(r, "a KerberosTime has something else than digits");
		number = number * 10 + digit;
	}
	return number;
}

static int64_t kerberos_get_time(struct wire_reader *r)
{
	struct tm fields = { 0 };

	fields.tm_year = kerberos_get_digits(r, 4) - 1900;
	fields.tm_mon = kerberos_get_digits(r, 2) - 1;
	fields.tm_mday = kerberos_get_digits(r, 2);
	fields.tm_hour = kerberos_get_digits(r, 2);
	fields.tm_min = kerberos_get_digits(r, 2);
	fields.tm_sec = kerberos_get_digits(r, 2);
	return r->error == NULL && wire_left(r) == 1 ? timegm(&fields) : 0;
}

static bool kerberos_is_error(struct wire_reader *header)
{
	struct wire_reader oid = der_enter(header, DER_OBJECT_IDENTIFIER);
	size_t bytes = wire_left(&oid);
	const uint8_t *content = wire_get_bytes(&oid, bytes);
	unsigned token;

	if (content == NULL || bytes != sizeof KERBEROS_OID_BYTES - 1 ||
	    memcmp(content, KERBEROS_OID_BYTES, bytes) != 0)
		return false;
	token = (unsigned)wire_get_u8(header) << 8;
	token |= wire_get_u8(header);
	return token == TOKEN_ERROR;
}

int64_t kerberos_error_time(struct crypto_span token)
{
	struct wire_reader r, header, fields, field, text;
	int64_t time_s = 0;

	wire_reader_init(&r, token.data, token.bytes);
	header = der_enter(&r, DER_APPLICATION_0);
	if (!kerberos_is_error(&header))
		return 0;
	fields = der_enter(&header, DER_APPLICATION_30);
	fields = der_enter(&fields, DER_SEQUENCE);
	while (der_peek(&fields) != 0 && der_peek(&fields) < DER_CONTEXT_4)
		(void)der_enter(&fields, der_peek(&fields));
	field = der_enter(&fields, DER_CONTEXT_4);
	text = der_enter(&field, DER_GENERALIZED_TIME);
	if (wire_left(&text) == KERBEROS_TIME_CHARACTERS)
		time_s = kerberos_get_time(&text);
	return time_s > 0 ? time_s : 0;
}
