/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "auth/kerberos_message.h"
#include "group.h"

/* KRB-ERROR, RFC 4120 5.9.1, as far as its time, in a token of RFC 4121 4.1: pvno, msg-type, stime,
 * susec, error-code KRB_AP_ERR_SKEW. */
#define TIME_AT 33
static const uint8_t skew[] =
	"\x60\x3A\x06\x09\x2A\x86\x48\x86\xF7\x12\x01\x02\x02\x03\x00"
	"\x7E\x2B\x30\x29\xA0\x03\x02\x01\x05\xA1\x03\x02\x01\x1E\xA4\x11\x18\x0F"
	"20261130140612Z"
	"\xA5\x05\x02\x03\x01\xE2\x40\xA6\x03\x02\x01\x25";

static void the_time_of_the_server_is_that_of_its_error(void **state)
{
	(void)state;
	assert_int_equal(sizeof skew - 1, 2 + 0x3A);
	assert_true(kerberos_error_time((struct crypto_span){ skew, sizeof skew - 1 }) ==
	            1796047572);
}

static void what_is_no_error_has_no_time(void **state)
{
	uint8_t changed[sizeof skew];

	(void)state;
	assert_true(kerberos_error_time((struct crypto_span){ NULL, 0 }) == 0);
	for (size_t i = 0; i < TIME_AT; i++) {
		if ((i >= 21 && i <= 23) || (i >= 26 && i <= 28))
			continue; /* the values of the fields before stime are passed over */
		memcpy(changed, skew, sizeof skew);
		changed[i] ^= 0x10;
		assert_true(kerberos_error_time(
				    (struct crypto_span){ changed, sizeof changed - 1 }) == 0);
	}
	for (size_t i = TIME_AT; i < TIME_AT + 14; i++) {
		memcpy(changed, skew, sizeof skew);
		changed[i] = 'x';
		assert_true(kerberos_error_time(
				    (struct crypto_span){ changed, sizeof changed - 1 }) == 0);
	}
}

static void an_error_that_is_cut_off_has_no_time(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < sizeof skew - 1; bytes++) {
		uint8_t *cut = malloc(bytes > 0 ? bytes : 1);

		memcpy(cut, skew, bytes);
		assert_true(kerberos_error_time((struct crypto_span){ cut, bytes }) == 0);
		free(cut);
	}
}

TEST_GROUP(kerberos_message)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_time_of_the_server_is_that_of_its_error),
		cmocka_unit_test(what_is_no_error_has_no_time),
		cmocka_unit_test(an_error_that_is_cut_off_has_no_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
