/* SPDX-License-Identifier: MIT */
/* How fast passwords may be guessed: delays by source and by account, and what is exempt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "auth/guesses.h"
#include "group.h"

#define ALICE 7
#define BOB   8
#define DAY   (INT64_C(24) * 3600 * 1000)

static struct guesses *guesses;
static int64_t now_ms;

static int set_up(void **state)
{
	(void)state;
	now_ms = 1000000;
	guesses = guesses_new();
	return guesses != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	guesses_free(guesses);
	return 0;
}

static struct guess from(uint32_t source, uint32_t account)
{
	struct guess guess = { .account = account };

	memcpy(guess.source, &source, sizeof source);
	return guess;
}

/* Waits until the guess is due, and has it judged. Returns how long it had to wait. */
static int64_t try_guess(uint32_t source, uint32_t account, bool is_right)
{
	const struct guess guess = from(source, account);
	int64_t due_ms = guesses_due_ms(guesses, &guess, now_ms), waited_ms = due_ms - now_ms;

	now_ms = due_ms;
	guesses_begin(guesses, &guess, now_ms);
	guesses_end(guesses, &guess, is_right, now_ms);
	return waited_ms;
}

static void a_few_failures_delay_nothing(void **state)
{
	(void)state;
	for (int i = 0; i <= GUESSES_FREE_OF_SOURCE; i++)
		assert_int_equal(try_guess(1, ALICE, false), 0);
	assert_int_equal(try_guess(1, ALICE, false), GUESSES_FIRST_DELAY_MS);
}

static void after_twenty_failures_a_source_guesses_less_than_once_a_second(void **state)
{
	int64_t began_ms;

	(void)state;
	for (uint32_t i = 0; i < 20; i++) /* at one account each */
		(void)try_guess(1, 100 + i, false);
	began_ms = now_ms;
	for (uint32_t i = 0; i < 60; i++)
		(void)try_guess(1, 200 + i, false);
	assert_true(now_ms - began_ms >= 60 * 1000);
	assert_int_equal(try_guess(2, BOB, false), 0);
}

static void sources_together_guess_at_one_account_less_than_once_a_second(void **state)
{
	int64_t began_ms;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(i, ALICE, false);
	began_ms = now_ms;
	for (uint32_t i = 0; i < 60; i++)
		(void)try_guess(100 + i, ALICE, false);
	assert_true(now_ms - began_ms >= 60 * 1000);
	assert_int_equal(try_guess(1000, BOB, false), 0);
}

static void an_account_that_has_logged_on_from_a_source_is_not_locked_out_there(void **state)
{
	(void)state;
	(void)try_guess(9, ALICE, true);
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(9, BOB, false);
	for (uint32_t i = 100; i < 200; i++)
		(void)try_guess(i, ALICE, false);
	assert_int_equal(try_guess(9, ALICE, true), 0);
	assert_true(try_guess(200, ALICE, false) > 0);
}

static void guessing_at_it_from_there_is_slow_and_ends_with_the_right_password(void **state)
{
	int64_t began_ms;

	(void)state;
	(void)try_guess(9, ALICE, true);
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(9, ALICE, false);
	began_ms = now_ms;
	for (uint32_t i = 0; i < 30; i++)
		assert_int_in_range(try_guess(9, ALICE, false), 1, GUESSES_MAX_OTHER_DELAY_MS);
	assert_true(now_ms - began_ms >= 30 * 1000);
	assert_true(try_guess(9, ALICE, true) <= GUESSES_MAX_OTHER_DELAY_MS);
	assert_int_equal(try_guess(9, ALICE, false), 0);
}

static void a_right_password_does_not_pay_for_wrong_ones_at_other_accounts(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++) {
		(void)try_guess(1, ALICE, false);
		(void)try_guess(1, BOB, true);
	}
	assert_true(try_guess(1, ALICE, false) >= 1000);
}

static void failures_are_forgotten(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(1, ALICE, false);
	assert_true(try_guess(1, ALICE, false) > 0);
	now_ms += DAY;
	for (int i = 0; i <= GUESSES_FREE_OF_SOURCE; i++)
		assert_int_equal(try_guess(1, ALICE, false), 0);
}

static void guesses_at_the_same_time_wait_for_each_other(void **state)
{
	const struct guess guess = from(1, ALICE);
	int64_t due_ms;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(1, ALICE, false);
	now_ms = guesses_due_ms(guesses, &guess, now_ms);
	guesses_begin(guesses, &guess, now_ms);
	due_ms = guesses_due_ms(guesses, &guess, now_ms);
	assert_true(due_ms > now_ms);
}

static void so_many_sources_make_none_forgotten_that_fails_often(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		(void)try_guess(1, ALICE, false);
	for (uint32_t i = 0; i < 3 * GUESSES_MAX; i++)
		(void)try_guess(1000 + i, 1000 + i, false);
	assert_true(try_guess(1, BOB, false) > 0);
	for (uint32_t i = 0; i < 3 * GUESSES_MAX_SUCCESSES; i++)
		(void)try_guess(1000 + i, 1000 + i, true);
	assert_true(try_guess(1, BOB, false) > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_GROUP(guesses)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_few_failures_delay_nothing),
		TEST(after_twenty_failures_a_source_guesses_less_than_once_a_second),
		TEST(sources_together_guess_at_one_account_less_than_once_a_second),
		TEST(an_account_that_has_logged_on_from_a_source_is_not_locked_out_there),
		TEST(guessing_at_it_from_there_is_slow_and_ends_with_the_right_password),
		TEST(a_right_password_does_not_pay_for_wrong_ones_at_other_accounts),
		TEST(failures_are_forgotten),
		TEST(guesses_at_the_same_time_wait_for_each_other),
		TEST(so_many_sources_make_none_forgotten_that_fails_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
