/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include <winerror.h>
#include "fleet/outcome.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void every_outcome_has_a_name_of_its_own_and_words(void **state)
{
	(void)state;
	for (enum host_outcome i = 0; i < OUTCOME_COUNT; i++) {
		assert_non_null(host_outcomes[i].name);
		assert_non_null(host_outcomes[i].text);
		assert_int_equal(host_outcome_find(host_outcomes[i].name), i);
		/* Each outcome that is no answer has advice. */
		assert_int_equal(host_outcomes[i].fix == NULL, host_outcome_is_answer(i));
	}
	assert_int_equal(host_outcome_find("collected"), OUTCOME_COUNT);
}

static void an_error_has_one_outcome(void **state)
{
	static const struct {
		uint32_t status, nt_status;
		const char *step;
		uint64_t sessions;
		enum host_outcome outcome;
	} cases[] = {
		{ 0, 0, NULL, 3, OUTCOME_ANSWERED },
		{ 0, 0, NULL, 0, OUTCOME_EMPTY },
		{ NERR_UserNotFound, 0, "NetrSessionEnum", 0, OUTCOME_EMPTY },
		{ ERROR_ACCESS_DENIED, 0, "NetrSessionEnum", 0, OUTCOME_DENIED },
		{ ERROR_ACCESS_DENIED, 0, "TREE_CONNECT IPC$", 0, OUTCOME_DENIED },
		{ ERROR_BAD_NETPATH, 0, "resolve", 0, OUTCOME_NO_SUCH_NAME },
		{ ERROR_BAD_NETPATH, 0, "connect", 0, OUTCOME_UNREACHABLE },
		{ ERROR_BAD_NETPATH, 0, "proxy", 0, OUTCOME_LOCAL_ERROR },
		{ ERROR_BAD_NET_RESP, 0, "NEGOTIATE", 0, OUTCOME_NOT_SMB },
		{ ERROR_BAD_NET_RESP, 0, "NetrSessionEnum", 0, OUTCOME_PROTOCOL_ERROR },
		{ ERROR_NOT_SUPPORTED, 0, "SESSION_SETUP", 0, OUTCOME_NO_COMMON_AUTHENTICATION },
		{ ERROR_NOT_SUPPORTED, 0, "NetrSessionEnum", 0, OUTCOME_NOT_SUPPORTED },
		{ ERROR_TIMEOUT, 0, "resolve", 0, OUTCOME_TIMED_OUT },
		{ ERROR_TIMEOUT, 0, "SESSION_SETUP", 0, OUTCOME_TIMED_OUT },
		{ ERROR_NOT_ENOUGH_QUOTA, 0, "NetrSessionEnum", 0, OUTCOME_TOO_MANY_SESSIONS },
		{ ERROR_NOT_ENOUGH_QUOTA, 0xC0000044, "SESSION_SETUP", 0, OUTCOME_SERVER_ERROR },
		{ ERROR_LOGON_FAILURE, 0xC000006D, "SESSION_SETUP", 0, OUTCOME_LOG_ON_FAILED },
		{ 4711, 0, "NetrSessionEnum", 0, OUTCOME_SERVER_ERROR },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct netsession_error error = { .status = cases[i].status,
			                                .nt_status = cases[i].nt_status,
			                                .step = cases[i].step };

		assert_int_equal(host_outcome_of(&error, cases[i].sessions), cases[i].outcome);
	}
}

static void a_refused_list_shows_a_log_on_and_a_refused_log_on_does_not(void **state)
{
	const struct netsession_error list = { .status = ERROR_ACCESS_DENIED,
		                               .step = "NetrSessionEnum" };
	const struct netsession_error log_on = { .status = ERROR_ACCESS_DENIED,
		                                 .step = "SESSION_SETUP" };

	(void)state;
	assert_true(host_outcome_shows_log_on(OUTCOME_DENIED, &list));
	assert_false(host_outcome_shows_log_on(OUTCOME_DENIED, &log_on));
	assert_false(host_outcome_shows_log_on(OUTCOME_TIMED_OUT, &list));
}

static void wrong_passwords_count_for_the_lock_out_and_other_refusals_do_not(void **state)
{
	struct netsession_error error = { .status = ERROR_LOGON_FAILURE };
	bool is_locked;

	(void)state;
	assert_true(host_outcome_counts_for_lock_out(&error, &is_locked));
	assert_false(is_locked);
	error.status = ERROR_ACCOUNT_LOCKED_OUT;
	assert_true(host_outcome_counts_for_lock_out(&error, &is_locked));
	assert_true(is_locked);
	error.status = ERROR_LOGON_TYPE_NOT_GRANTED;
	assert_false(host_outcome_counts_for_lock_out(&error, &is_locked));
}

TEST_GROUP(outcome)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_has_a_name_of_its_own_and_words),
		cmocka_unit_test(an_error_has_one_outcome),
		cmocka_unit_test(a_refused_list_shows_a_log_on_and_a_refused_log_on_does_not),
		cmocka_unit_test(wrong_passwords_count_for_the_lock_out_and_other_refusals_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
