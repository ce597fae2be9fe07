/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "base/sid.h"

#define HEAD 0x01, 0x05, 0, 0, 0, 0, 0, 0x05

/* [MS-DTYP] 2.4.2.2 */
static const uint8_t alice[] = { HEAD, 21,   0, 0, 0, 0x78, 0x56, 0x34, 0x12, 0xFF, 0xFF,
	                         0xFF, 0xFF, 2, 0, 0, 0,    0x51, 0x04, 0,    0 };

static void a_sid_is_written_as_its_text(void **state)
{
	char text[SID_TEXT_BYTES];
	struct sid sid;

	(void)state;
	assert_true(sid_decode(&sid, alice, sizeof alice));
	assert_string_equal(sid_text(&sid, text), "S-1-5-21-305419896-4294967295-2-1105");
	sid.authority = 0x123456789ABC;
	assert_string_equal(sid_text(&sid, text),
	                    "S-1-0x123456789ABC-21-305419896-4294967295-2-1105");
	sid = (struct sid){ .authority = 0xFFFFFFFFFFFF, .count = SID_MAX_SUB_AUTHORITIES };
	memset(sid.sub_authorities, 0xFF, sizeof sid.sub_authorities);
	assert_true(strlen(sid_text(&sid, text)) < SID_TEXT_BYTES);
}

static void malformed_bytes_are_no_sid(void **state)
{
	uint8_t bytes[8 + 4 * 16];
	struct sid sid;

	(void)state;
	for (size_t count = 0; count < sizeof alice; count++)
		assert_false(sid_decode(&sid, alice, count));
	memset(bytes, 1, sizeof bytes);
	for (unsigned sub_authorities = 0; sub_authorities <= 16; sub_authorities++) {
		bytes[1] = (uint8_t)sub_authorities;
		assert_int_equal(sid_decode(&sid, bytes, 8 + 4 * (size_t)sub_authorities),
		                 sub_authorities >= 1 && sub_authorities <= 15);
	}
	bytes[0] = 2;
	bytes[1] = 1;
	assert_false(sid_decode(&sid, bytes, 12));
}

TEST_GROUP(sid)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sid_is_written_as_its_text),
		cmocka_unit_test(malformed_bytes_are_no_sid),
	};

	return cmocka_run_group_tests_name("sid", tests, NULL, NULL);
}
