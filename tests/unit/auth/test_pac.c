/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "auth/pac.h"
#include "base/sid.h"
#include "group.h"
#include "recording.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MAX_SIDS     32

static struct pac_account account;
static char sids[MAX_SIDS][SID_TEXT_BYTES];
static size_t sid_count;

static bool keep(void *context, const char *sid)
{
	(void)context;
	assert_true(sid_count < MAX_SIDS);
	strcpy(sids[sid_count++], sid);
	return true;
}

static NET_API_STATUS decode(const uint8_t *info, size_t bytes)
{
	sid_count = 0;
	return pac_decode(info, bytes, &account, keep, NULL);
}

static NET_API_STATUS decode_recording(const char *name)
{
	struct recording r = recording_load(name);
	NET_API_STATUS status = decode(r.data, r.bytes);

	recording_free(&r);
	return status;
}

static void expect_sids(const char *const wanted[], size_t count)
{
	assert_int_equal(sid_count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(sids[i], wanted[i]);
}

#define LAB "S-1-5-21-1950023781-3542901009-140997762-"

static void a_pac_of_sambas_kdc_names_its_account_and_groups(void **state)
{
	static const char *const wanted[] = { LAB "1103", LAB "513", LAB "513", LAB "1104",
		                              "S-1-18-1" };

	(void)state;
	assert_int_equal(decode_recording("samba-4.17-pac-logon-info"), NERR_Success);
	assert_string_equal(account.user, "alice");
	assert_string_equal(account.domain, "LAB");
	expect_sids(wanted, COUNT(wanted));
}

/* Those that are only to be denied something, and those that are not enabled, are left out. */
static void groups_of_every_kind_are_found(void **state)
{
	static const char *const wanted[] = { "S-1-5-21-1-2-4294967295-1234",
		                              "S-1-5-21-1-2-4294967295-513",
		                              "S-1-5-21-1-2-4294967295-513",
		                              "S-1-5-21-1-2-4294967295-1300",
		                              "S-1-18-1",
		                              "S-1-5-21-9-8-7-519",
		                              "S-1-5-32-544",
		                              "S-1-5-21-5-6-7-2100",
		                              "S-1-5-21-5-6-7-2101" };

	(void)state;
	assert_int_equal(decode_recording("samba-4.17-pac-logon-info-everything"), NERR_Success);
	assert_string_equal(account.user, "Zo\xC3\xAB");
	assert_string_equal(account.domain, "LAB");
	expect_sids(wanted, COUNT(wanted));
}

static void a_pac_that_is_cut_off_is_malformed(void **state)
{
	static const char *const names[] = { "samba-4.17-pac-logon-info",
		                             "samba-4.17-pac-logon-info-everything" };

	(void)state;
	for (size_t n = 0; n < COUNT(names); n++) {
		struct recording r = recording_load(names[n]);
		/* where its last array ends, before the padding to 8 bytes */
		size_t needed = r.bytes - 8;

		for (size_t bytes = 0; bytes < needed; bytes++) {
			uint8_t *cut = recording_cut(&r, bytes);

			assert_int_equal(decode(cut, bytes), ERROR_INVALID_DATA);
			free(cut);
		}
		recording_free(&r);
	}
}

/* Offsets in the first recording, from its own start. */
enum { GROUP_COUNT_AT = 20 + 48 + 48 + 4 + 8, SID_COUNT_AT = GROUP_COUNT_AT + 88 };

static void expect_malformed_with(size_t at, uint8_t right, uint8_t value)
{
	struct recording r = recording_load("samba-4.17-pac-logon-info");

	assert_int_equal(r.data[at], right);
	r.data[at] = value;
	assert_int_equal(decode(r.data, r.bytes), ERROR_INVALID_DATA);
	recording_free(&r);
}

static void counts_that_do_not_agree_are_malformed(void **state)
{
	(void)state;
	expect_malformed_with(GROUP_COUNT_AT, 2, 1);
	expect_malformed_with(GROUP_COUNT_AT + 3, 0, 0x7F);
	expect_malformed_with(SID_COUNT_AT, 1, 9);
	expect_malformed_with(SID_COUNT_AT + 3, 0, 0xFF);
}

static void another_serialization_is_malformed(void **state)
{
	(void)state;
	expect_malformed_with(0, 1, 2);       /* version */
	expect_malformed_with(1, 0x10, 0x11); /* byte order, characters */
	expect_malformed_with(2, 8, 16);      /* header's length */
	expect_malformed_with(9, 1, 0xFF);    /* object's length */
	expect_malformed_with(18, 2, 0);      /* the pointer to it all: no account */
}

static bool refuse(void *context, const char *sid)
{
	(void)sid;
	++*(size_t *)context;
	return false;
}

static void who_takes_no_more_sids_is_asked_no_more(void **state)
{
	struct recording r = recording_load("samba-4.17-pac-logon-info");
	size_t asked = 0;

	(void)state;
	assert_int_equal(pac_decode(r.data, r.bytes, &account, refuse, &asked),
	                 ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(asked, 1);
	recording_free(&r);
}

TEST_GROUP(pac)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pac_of_sambas_kdc_names_its_account_and_groups),
		cmocka_unit_test(groups_of_every_kind_are_found),
		cmocka_unit_test(a_pac_that_is_cut_off_is_malformed),
		cmocka_unit_test(counts_that_do_not_agree_are_malformed),
		cmocka_unit_test(another_serialization_is_malformed),
		cmocka_unit_test(who_takes_no_more_sids_is_asked_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
