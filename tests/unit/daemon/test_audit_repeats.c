/* SPDX-License-Identifier: MIT */
/* Refusals that repeat: a few lines each, and a count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <lmerr.h>
#include "daemon/audit_repeats.h"
#include "group.h"

static struct audit_repeats repeats;
static int64_t now_ms;
static struct audit_repeat ended;

static int set_up(void **state)
{
	(void)state;
	repeats = (struct audit_repeats){ 0 };
	now_ms = 1000;
	return 0;
}

static bool admit_from(const char *address, const char *user, NET_API_STATUS status)
{
	const struct srvsvc_event event = { .operation = "log-on",
		                            .endpoint = "smb",
		                            .address = address,
		                            .user = user,
		                            .status = status };

	return audit_repeats_admit(&repeats, &event, "", now_ms);
}

static unsigned admit_many(const char *address, unsigned count)
{
	unsigned admitted = 0;
	char user[16];

	for (unsigned i = 0; i < count; i++) {
		(void)snprintf(user, sizeof user, "user%u", i);
		admitted += admit_from(address, user, ERROR_LOGON_FAILURE);
	}
	return admitted;
}

static void the_first_refusals_have_lines_whatever_user_they_name(void **state)
{
	(void)state;
	assert_int_equal(admit_many("10.0.0.1", 1000), AUDIT_REPEATS_WRITTEN);
	assert_int_equal(admit_many("10.0.0.2", 2), 2);
	assert_true(admit_from("10.0.0.1", "alice", ERROR_ACCESS_DENIED));
}

static void what_succeeds_always_has_a_line(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(admit_from("10.0.0.1", "alice", NERR_Success));
		assert_true(admit_from("10.0.0.1", "alice", ERROR_MORE_DATA));
	}
	assert_false(audit_repeats_end(&repeats, true, now_ms, &ended));
}

static void the_others_are_counted_when_the_window_ends(void **state)
{
	(void)state;
	(void)admit_many("10.0.0.1", 1000);
	now_ms += 10;
	(void)admit_many("10.0.0.2", AUDIT_REPEATS_WRITTEN);
	now_ms += AUDIT_REPEATS_WINDOW_MS - 11;
	assert_false(audit_repeats_end(&repeats, false, now_ms, &ended));
	now_ms += 1;
	assert_true(audit_repeats_end(&repeats, false, now_ms, &ended));
	assert_int_equal(ended.count, 1000);
	assert_string_equal(ended.address, "10.0.0.1");
	assert_false(audit_repeats_end(&repeats, true, now_ms, &ended));
	assert_int_equal(admit_many("10.0.0.1", 1000), AUDIT_REPEATS_WRITTEN);
}

static void where_there_are_too_many_kinds_the_oldest_window_ends_early(void **state)
{
	char address[16];

	(void)state;
	for (unsigned i = 0; i < 2 * AUDIT_REPEATS_KINDS; i++) {
		bool is_ended = audit_repeats_end(&repeats, false, now_ms, &ended);

		assert_int_equal(is_ended, i >= AUDIT_REPEATS_KINDS);
		if (is_ended)
			assert_int_equal(ended.count, 10);
		(void)snprintf(address, sizeof address, "10.0.%u.%u", i / 256, i % 256);
		assert_int_equal(admit_many(address, 10), AUDIT_REPEATS_WRITTEN);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, set_up)

TEST_GROUP(audit_repeats)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_first_refusals_have_lines_whatever_user_they_name),
		TEST(what_succeeds_always_has_a_line),
		TEST(the_others_are_counted_when_the_window_ends),
		TEST(where_there_are_too_many_kinds_the_oldest_window_ends_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
