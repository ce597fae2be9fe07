/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <winerror.h>
#include "client/log_on_failure.h"
#include "group.h"

#define NOON_S 1796040000

static struct err explain(NET_API_STATUS status, const struct auth_hints *hints, int64_t ahead_s)
{
	struct clock_reading clocks = { .server_s = NOON_S, .here_s = NOON_S + ahead_s };
	struct err err = { 0 };

	err_set(&err, status, "SESSION_SETUP", "why");
	log_on_failure_explain(hints, &clocks, &err);
	return err;
}

static void expect_text(const struct err *err, NET_API_STATUS status, const char *text)
{
	assert_int_equal(err->status, status);
	assert_string_equal(err->text, text);
}

static void clocks_that_differ_are_shown(void **state)
{
	static const struct auth_hints none;
	struct err err = explain(ERROR_TIME_SKEW, &none, 2 * 86400);

	(void)state;
	expect_text(&err, ERROR_TIME_SKEW,
	            "why; this computer's clock is 2 days ahead of the server's "
	            "(2026-12-02 12:00:00 UTC here, 2026-11-30 12:00:00 UTC there)");
	err = explain(ERROR_TIME_SKEW, &none, -61); /* its clockskew may be a minute */
	expect_text(&err, ERROR_TIME_SKEW,
	            "why; this computer's clock is 61 s behind the server's "
	            "(2026-11-30 11:58:59 UTC here, 2026-11-30 12:00:00 UTC there)");
}

static void clocks_that_agree_blame_the_domain_controllers(void **state)
{
	static const struct auth_hints none;
	struct err err = explain(ERROR_TIME_SKEW, &none, 60);

	(void)state;
	expect_text(&err, ERROR_TIME_SKEW,
	            "why; the server's clock agrees with this computer's, so that of the domain "
	            "controller differs from both");
}

static void the_clock_in_a_token_is_the_one_that_counts(void **state)
{
	static const struct auth_hints token = { .compared_times = true,
		                                 .server_time_s = NOON_S + 3600 };
	struct err err = explain(ERROR_TIME_SKEW, &token, 0);

	(void)state;
	assert_non_null(strstr(err.text, "60 minutes behind"));
}

static void a_ticket_that_has_expired_here_alone_is_a_matter_of_clocks(void **state)
{
	static const struct auth_hints valid = { .compared_times = true,
		                                 .ticket_until_s = NOON_S + 600 },
				       expired = { .compared_times = true,
		                                   .ticket_until_s = NOON_S - 600 };
	struct err err = explain(ERROR_NO_SUCH_LOGON_SESSION, &valid, 86400);

	(void)state;
	assert_int_equal(err.status, ERROR_TIME_SKEW);
	err = explain(ERROR_NO_SUCH_LOGON_SESSION, &valid, 700 - 420);
	expect_text(&err, ERROR_NO_SUCH_LOGON_SESSION, "why");
	err = explain(ERROR_NO_SUCH_LOGON_SESSION, &expired, 86400);
	assert_int_equal(err.status, ERROR_NO_SUCH_LOGON_SESSION);
	assert_non_null(strstr(err.text, "24 hours ahead"));
}

static void a_refused_password_may_be_one(void **state)
{
	static const struct auth_hints none;
	struct err err = explain(ERROR_LOGON_FAILURE, &none, 1801);

	(void)state;
	assert_int_equal(err.status, ERROR_LOGON_FAILURE);
	assert_non_null(strstr(err.text, "30 minutes ahead"));
	err = explain(ERROR_LOGON_FAILURE, &none, 1800);
	expect_text(&err, ERROR_LOGON_FAILURE, "why");
	err = explain(ERROR_ACCOUNT_DISABLED, &none, 86400);
	expect_text(&err, ERROR_ACCOUNT_DISABLED, "why");
}

static void a_ticket_that_the_server_refuses_is_no_matter_of_the_password(void **state)
{
	static const struct auth_hints hints = { .used_ticket = true };
	struct clock_reading unknown = { 0 };
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERROR_LOGON_FAILURE, "SESSION_SETUP", NULL);
	log_on_failure_explain(&hints, &unknown, &err);
	assert_null(err.advice); /* this side found the failure */
	err.nt_status = 0xC000006D;
	log_on_failure_explain(&hints, &unknown, &err);
	expect_text(&err, ERROR_LOGON_FAILURE,
	            "the server does not accept the Kerberos ticket that the domain has issued for "
	            "it");
	assert_non_null(strstr(err.advice, "keytab"));
}

static void a_server_without_a_clock_shows_none(void **state)
{
	static const struct auth_hints none;
	struct clock_reading clocks = clock_reading_take(0);
	struct err err = { 0 };

	(void)state;
	assert_false(clock_reading_is_known(&clocks));
	err_set(&err, ERROR_TIME_SKEW, "SESSION_SETUP", NULL);
	log_on_failure_explain(&none, &clocks, &err);
	expect_text(&err, ERROR_TIME_SKEW, "");
}

static void why_there_was_no_kerberos_is_said_behind_ntlms_failure(void **state)
{
	static const struct auth_hints fallen_back = { .no_kerberos = "no KDC" };
	struct err err = explain(ERROR_NTLM_BLOCKED, &fallen_back, 0);

	(void)state;
	expect_text(&err, ERROR_NTLM_BLOCKED, "why; Kerberos was not possible before: no KDC");
}

TEST_GROUP(log_on_failure)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks_that_differ_are_shown),
		cmocka_unit_test(clocks_that_agree_blame_the_domain_controllers),
		cmocka_unit_test(the_clock_in_a_token_is_the_one_that_counts),
		cmocka_unit_test(a_ticket_that_has_expired_here_alone_is_a_matter_of_clocks),
		cmocka_unit_test(a_refused_password_may_be_one),
		cmocka_unit_test(a_ticket_that_the_server_refuses_is_no_matter_of_the_password),
		cmocka_unit_test(a_server_without_a_clock_shows_none),
		cmocka_unit_test(why_there_was_no_kerberos_is_said_behind_ntlms_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
