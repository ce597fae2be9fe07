/* SPDX-License-Identifier: MIT */
/* Which message ids a client may use: [MS-SMB2] 3.3.1.1, 3.3.1.2, 3.3.5.2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb_peer.h"
#include "smb2_server/credits.h"

static uint16_t credits_of(size_t i)
{
	return peer.answers[i].header.credits;
}

/* ---- the window ---- */

static void an_id_is_used_once_and_not_before_it_is_granted(void **state)
{
	struct credit_window w;

	(void)state;
	credits_init(&w);
	assert_false(credits_take(&w, 1, 1));
	assert_true(credits_take(&w, 0, 1));
	assert_false(credits_take(&w, 0, 1));
	assert_int_equal(credits_grant(&w, 3), 3);
	assert_false(credits_take(&w, 4, 1));
	assert_true(credits_take(&w, 3, 1)); /* in any order */
	assert_false(credits_take(&w, 3, 1));
	assert_true(credits_take(&w, 1, 1));
	assert_true(credits_take(&w, 2, 1));
	assert_false(credits_take(&w, 1, 1));
	assert_false(credits_take(&w, 4, 1));
}

static void several_ids_are_taken_together_or_not_at_all(void **state)
{
	struct credit_window w;

	(void)state;
	credits_init(&w);
	(void)credits_grant(&w, 9); /* 0 to 9 */
	assert_false(credits_take(&w, 8, 3));
	assert_true(credits_take(&w, 8, 2));
	assert_false(credits_take(&w, 6, 3));
	assert_true(credits_take(&w, 6, 2));
	assert_false(credits_take(&w, 0, 0xFFFF));
	assert_true(credits_take(&w, 0, 6));
}

static void a_client_is_never_left_without_a_credit(void **state)
{
	struct credit_window w;

	(void)state;
	credits_init(&w);
	assert_int_equal(credits_grant(&w, 0), 0);
	assert_true(credits_take(&w, 0, 1));
	assert_int_equal(credits_grant(&w, 0), 1);
	assert_int_equal(credits_grant(&w, 0), 0);
}

static void no_more_is_granted_than_the_bound(void **state)
{
	struct credit_window w;
	uint64_t next = 0;

	(void)state;
	credits_init(&w);
	assert_int_equal(credits_grant(&w, 0xFFFF), CREDITS_MAX - 1);
	for (size_t i = 0; i < 10; i++) {
		assert_true(credits_take(&w, next, 3000));
		next += 3000;
		assert_int_equal(credits_grant(&w, 0xFFFF), 3000);
	}
}

/* Who leaves the first id unused gets no more once the window is as long as it may be. */
static void the_window_is_bounded_whatever_is_used_first(void **state)
{
	struct credit_window w;
	uint64_t next = 1;
	uint32_t granted;

	(void)state;
	credits_init(&w);
	granted = credits_grant(&w, 0xFFFF);
	while (granted > 0) {
		for (uint32_t i = 0; i < granted; i++)
			assert_true(credits_take(&w, next++, 1));
		granted = credits_grant(&w, 0xFFFF);
	}
	assert_int_equal(next, CREDITS_WINDOW);
	assert_true(credits_take(&w, 0, 1));
	assert_int_equal(credits_grant(&w, 0xFFFF), CREDITS_MAX);
	for (uint32_t i = 0; i < CREDITS_MAX; i++)
		assert_true(credits_take(&w, next++, 1));
}

/* ---- the connection ---- */

static void an_id_that_was_not_granted_ends_the_connection(void **state)
{
	static const uint64_t ids[] = { 0, 3, 5, 0x100000000, 0xFFFFFFFFFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		negotiate(0);
		log_on(); /* 0 to 2 are used, 3 is granted */
		ask_empty(SMB2_ECHO);
		expect_one(STATUS_SUCCESS);
		peer.next.message_id = ids[i];
		ask_empty(SMB2_ECHO);
		expect_closed();
		peer_begin_anew();
	}
}

static void as_many_credits_are_granted_as_were_requested(void **state)
{
	(void)state;
	peer.next.credits = 1;
	negotiate(0);
	assert_int_equal(credits_of(0), 1);
	log_on();
	assert_int_equal(credits_of(0), 1);
	peer.next.credits = 33;
	ask_empty(SMB2_ECHO);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(credits_of(0), 33);
	peer.next.credits = 0;
	for (size_t i = 0; i < 32; i++) {
		ask_empty(SMB2_ECHO);
		expect_one(STATUS_SUCCESS);
		assert_int_equal(credits_of(0), 0);
	}
	ask_empty(SMB2_ECHO); /* the last */
	expect_one(STATUS_SUCCESS);
	assert_int_equal(credits_of(0), 1);
}

static void a_negotiate_that_requests_no_credit_gets_one(void **state)
{
	(void)state;
	peer.next.credits = 0;
	negotiate(0);
	assert_int_equal(credits_of(0), 1);
}

static void a_failure_grants_credits_too(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	peer.next.credits = 5;
	ask_tree_connect("C$");
	expect_one(STATUS_BAD_NETWORK_NAME);
	assert_int_equal(credits_of(0), 5);
}

static void every_response_of_a_compound_grants_its_own_credits(void **state)
{
	(void)state;
	peer.next.credits = 10;
	negotiate(0);
	log_on();
	ask_empty(SMB2_ECHO);
	peer.next.credits = 3;
	ask_empty(SMB2_ECHO);
	peer_send();
	expect_answers(2);
	assert_int_equal(credits_of(0), 10);
	assert_int_equal(credits_of(1), 3);
}

static void a_charge_of_several_uses_as_many_ids_from_2_1_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < SMB2_DIALECT_COUNT; i++) {
		negotiate(smb2_dialects[i]);
		peer.next.credits = 50;
		log_on();
		peer.next.credit_charge = 5;
		ask_empty(SMB2_ECHO);
		expect_one(STATUS_SUCCESS);
		assert_int_equal(peer.answers[0].header.credit_charge, 5);
		peer.next.credit_charge = 0;
		peer.next.message_id--; /* one of the five */
		ask_empty(SMB2_ECHO);
		if (smb2_dialects[i] == SMB2_DIALECT_202)
			expect_one(STATUS_SUCCESS);
		else
			expect_closed();
		peer_begin_anew();
	}
}

static void a_charge_of_more_than_there_is_ends_the_connection(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	peer.next.credit_charge = 2;
	ask_empty(SMB2_ECHO);
	expect_closed();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_credits)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_used_once_and_not_before_it_is_granted),
		cmocka_unit_test(several_ids_are_taken_together_or_not_at_all),
		cmocka_unit_test(a_client_is_never_left_without_a_credit),
		cmocka_unit_test(no_more_is_granted_than_the_bound),
		cmocka_unit_test(the_window_is_bounded_whatever_is_used_first),
		TEST(an_id_that_was_not_granted_ends_the_connection),
		TEST(as_many_credits_are_granted_as_were_requested),
		TEST(a_negotiate_that_requests_no_credit_gets_one),
		TEST(a_failure_grants_credits_too),
		TEST(every_response_of_a_compound_grants_its_own_credits),
		TEST(a_charge_of_several_uses_as_many_ids_from_2_1_on),
		TEST(a_charge_of_more_than_there_is_ends_the_connection),
	};

	return cmocka_run_group_tests_name("the SMB server's credits", tests, NULL, NULL);
}
