/* SPDX-License-Identifier: MIT */
/* Who asks as nobody has no key: nothing is signed then, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/tree.h"

static const struct smb2_session_key key = { "the session key", 16 };

/* As whom, and what an unsigned answer to that says. */
static void log_on_unsigned(bool is_anonymous, uint16_t session_flags)
{
	c.is_anonymous = is_anonymous;
	script_negotiate();
	answer_session_setup(STATUS_SUCCESS, session_flags);
	if (client_state_next(&c) == CLIENT_EVENT_TOKEN)
		client_state_take_token(&c, NULL, 0, &key);
}

static void expect_unsigned(size_t count, enum smb2_command first)
{
	expect_asked(count, first);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(asked[i].header.flags & SMB2_FLAGS_SIGNED, 0);
}

static void a_null_session_works_unsigned(void **state)
{
	/* Samba does not set the flag. An anonymous caller may be given a guest's session instead.
	 */
	static const uint16_t flags[] = { SMB2_SESSION_FLAG_IS_NULL, SMB2_SESSION_FLAG_IS_GUEST,
		                          0 };

	for (size_t i = 0; i < COUNT(flags); i++) {
		tear_down(state);
		set_up(state);
		log_on_unsigned(true, flags[i]);
		expect(CLIENT_EVENT_READ);
		expect_unsigned(3, SMB2_TREE_CONNECT);
		answer_tree_connect(0, 0);
		answer_create(1);
		make_bind_ack(0, 0);
		answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
		expect(CLIENT_EVENT_READY);
		ask_level_0(); /* alone: nothing could prove what NEGOTIATE said */
		expect_unsigned(1, SMB2_IOCTL);
		make_answer(1, 0, true);
		answer_data(0, STATUS_SUCCESS, pdus.data, pdus.len);
		expect(CLIENT_EVENT_ANSWER);
		expect_answer(1);
	}
}

static void nobody_else_gets_an_unsigned_session(void **state)
{
	log_on_unsigned(false, 0);
	expect_failure(ERROR_DOWNGRADE_DETECTED, 0, "SESSION_SETUP");
	tear_down(state);
	set_up(state);
	log_on_unsigned(false, SMB2_SESSION_FLAG_IS_NULL);
	expect_failure(ERROR_LOGON_FAILURE, 0, "SESSION_SETUP");
	tear_down(state);
	set_up(state);
	log_on_unsigned(false, SMB2_SESSION_FLAG_IS_GUEST);
	expect_failure(ERROR_LOGON_FAILURE, 0, "SESSION_SETUP");
}

static void a_server_that_signs_is_held_to_it(void **state)
{
	(void)state;
	c.is_anonymous = true;
	script_log_on();
	expect_asked(3, SMB2_TREE_CONNECT);
	assert_int_not_equal(asked[0].header.flags & SMB2_FLAGS_SIGNED, 0);
	stop_signing();
	answer_tree_connect(0, 0);
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, ERROR_DOWNGRADE_DETECTED);
}

static void a_null_session_is_not_encrypted(void **state)
{
	c.must_encrypt = true;
	log_on_unsigned(true, SMB2_SESSION_FLAG_IS_NULL);
	expect_failure(ERROR_NOT_SUPPORTED, 0, "SESSION_SETUP");
	tear_down(state);
	set_up(state);
	negotiates.dialect = SMB2_DIALECT_300;
	log_on_unsigned(true, SMB2_SESSION_FLAG_IS_NULL | SMB2_SESSION_FLAG_ENCRYPT_DATA);
	expect_failure(ERROR_NOT_SUPPORTED, 0, "SESSION_SETUP");
	tear_down(state);
	set_up(state);
	log_on_unsigned(true, SMB2_SESSION_FLAG_IS_NULL);
	expect(CLIENT_EVENT_READ);
	answer_tree_connect(0, SMB2_SHAREFLAG_ENCRYPT_DATA);
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, ERROR_NOT_SUPPORTED);
}

static void a_null_session_that_ends_tells_so(void **state)
{
	(void)state;
	log_on_unsigned(true, SMB2_SESSION_FLAG_IS_NULL);
	expect(CLIENT_EVENT_READ);
	refuse(0, STATUS_USER_SESSION_DELETED);
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, ERROR_NETNAME_DELETED);
}

TEST_GROUP(null_session)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_null_session_works_unsigned),     TEST(nobody_else_gets_an_unsigned_session),
		TEST(a_server_that_signs_is_held_to_it), TEST(a_null_session_is_not_encrypted),
		TEST(a_null_session_that_ends_tells_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
