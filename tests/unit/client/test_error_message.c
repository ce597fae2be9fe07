/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <winerror.h>
#include "client/error_message.h"
#include "group.h"
#include "smb2/status.h"

/* What the client makes of a refusal of a step by the server. */
static struct netsession_error refuse(uint32_t nt_status, const char *step)
{
	struct netsession_error error;
	struct err err = { 0 };

	err_set(&err, smb2_status_to_win32(nt_status), step, NULL);
	err.nt_status = nt_status;
	error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
	return error;
}

static void expect_begin(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("%s", text);
}

/* [MS-ERREF] 2.3.1: with what Windows and Samba refuse log-ons. */
static void each_refusal_of_a_log_on_has_words_and_advice(void **state)
{
	static const uint32_t refusals[] = {
		STATUS_ACCESS_DENIED,
		STATUS_NO_LOGON_SERVERS,
		STATUS_NO_SUCH_LOGON_SESSION,
		STATUS_NO_SUCH_USER,
		STATUS_WRONG_PASSWORD,
		STATUS_LOGON_FAILURE,
		STATUS_ACCOUNT_RESTRICTION,
		STATUS_INVALID_LOGON_HOURS,
		STATUS_INVALID_WORKSTATION,
		STATUS_PASSWORD_EXPIRED,
		STATUS_ACCOUNT_DISABLED,
		STATUS_NOT_SUPPORTED,
		STATUS_NO_SUCH_DOMAIN,
		STATUS_TIME_DIFFERENCE_AT_DC,
		STATUS_LOGON_TYPE_NOT_GRANTED,
		STATUS_TRUSTED_DOMAIN_FAILURE,
		STATUS_TRUSTED_RELATIONSHIP_FAILURE,
		STATUS_ACCOUNT_EXPIRED,
		STATUS_PASSWORD_MUST_CHANGE,
		STATUS_ACCOUNT_LOCKED_OUT,
		STATUS_NTLM_BLOCKED,
	};

	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct netsession_error error = refuse(refusals[i], "SESSION_SETUP");

		assert_non_null(strstr(error.text, smb2_status_name(refusals[i])));
		if (error.advice == NULL || strncmp(error.text, "failed", 6) == 0)
			fail_msg("%s", error.text);
	}
}

static void what_the_server_lacks_is_not_told_as_if_it_were_missing_here(void **state)
{
	struct netsession_error error = refuse(STATUS_NO_LOGON_SERVERS, "SESSION_SETUP");
	struct err err = { 0 };

	(void)state;
	expect_begin(error.text, "the server finds no domain controller at SESSION_SETUP (1311, "
	                         "STATUS_NO_LOGON_SERVERS): see that server's log");
	assert_null(strstr(error.text, "krb5.conf"));
	error = refuse(STATUS_NO_SUCH_LOGON_SESSION, "SESSION_SETUP");
	assert_null(strstr(error.text, "kinit"));
	err_set(&err, ERROR_NO_LOGON_SERVERS, "SESSION_SETUP", "no KDC");
	error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
	expect_begin(error.text, "no domain controller answered at SESSION_SETUP (1311): no KDC; "
	                         "check krb5.conf");
	expect_begin(refuse(STATUS_NOT_SUPPORTED, "NEGOTIATE").text, "not supported at NEGOTIATE");
}

static void advice_of_a_failures_own_replaces_the_general_one(void **state)
{
	struct netsession_error error;
	struct err err = { 0 };

	(void)state;
	err_set(&err, ERROR_LOGON_FAILURE, "SESSION_SETUP", "why");
	err_advise(&err, "do this");
	err_advise(&err, "not that");
	error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
	assert_string_equal(error.text, "log-on failed at SESSION_SETUP (1326): why; do this");
	assert_string_equal(error.advice, "do this");
}

static void a_refusal_may_have_words_beside_its_status(void **state)
{
	struct netsession_error error;
	struct err err = { .nt_status = STATUS_LOGON_FAILURE };

	(void)state;
	err_set(&err, ERROR_LOGON_FAILURE, "SESSION_SETUP", "the clocks differ");
	err.nt_status = STATUS_LOGON_FAILURE;
	error_message_write(&error, &err, NETSESSION_LEVEL_AUTO);
	assert_string_equal(error.text,
	                    "log-on failed at SESSION_SETUP (1326, STATUS_LOGON_FAILURE): the "
	                    "clocks differ; check user, domain and password");
}

TEST_GROUP(error_message)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal_of_a_log_on_has_words_and_advice),
		cmocka_unit_test(what_the_server_lacks_is_not_told_as_if_it_were_missing_here),
		cmocka_unit_test(advice_of_a_failures_own_replaces_the_general_one),
		cmocka_unit_test(a_refusal_may_have_words_beside_its_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
