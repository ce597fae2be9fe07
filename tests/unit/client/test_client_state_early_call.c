/* SPDX-License-Identifier: MIT */
/* A server whose GUID says that it executes FSCTL_PIPE_TRANSCEIVE anywhere in a compound gets the
 * first enumeration with the bind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/server_guid.h"
#include "smb2/status.h"

#define REFUSED STATUS_INTERNAL_ERROR /* as [MS-SMB2] 3.3.5.2.7, <266> has it, and Samba */

enum { TREE_CONNECT, CREATE, BIND, CALL, ALL }; /* the order of the compound */

static int set_up_early(void **state)
{
	int failed = set_up(state);

	assert_true(smb2_server_guid_make(negotiates.server_guid));
	return failed;
}

static void begin_enum(const char *user)
{
	const struct session_enum_request request = { .user = user, .preferred_bytes = 0xFFFFFFFF };

	client_state_call_enum(&c, &request, 0, false);
	expect(CLIENT_EVENT_READ);
}

static void log_on(void)
{
	script_negotiate();
	complete_log_on();
	expect(CLIENT_EVENT_LOGGED_ON);
	assert_int_equal(asked_count, 0);
}

static void call_early(void)
{
	log_on();
	begin_enum(NULL);
	expect_asked(ALL, SMB2_TREE_CONNECT);
}

static void answer_bind(size_t i)
{
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(i, STATUS_SUCCESS, pdus.data, pdus.len);
}

static void open_pipe(void)
{
	answer_tree_connect(TREE_CONNECT, 0);
	answer_create(CREATE);
	answer_bind(BIND);
	expect(CLIENT_EVENT_READ);
}

/* The answer to what was asked as number i, and then another call. */
static void take_answer(size_t i)
{
	make_answer(3, 0, true);
	answer_fragment(i, 0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(3);
	expect(CLIENT_EVENT_READY);
	assert_true(client_state_is_idle(&c));
	ask_level_0();
	make_answer(1, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(1);
}

/* The message that was remembered is the one that was asked as number i. */
static struct wire_writer remembered;

static void remember(size_t i)
{
	wire_writer_clear(&remembered);
	wire_put_bytes(&remembered, asked[i].body.at + 56, wire_left(&asked[i].body) - 56);
}

static void expect_remembered(size_t i)
{
	assert_int_equal(wire_left(&asked[i].body) - 56, remembered.len);
	assert_memory_equal(asked[i].body.at + 56, remembered.data, remembered.len);
	wire_writer_fini(&remembered);
}

static void an_enumeration_goes_with_the_bind(void **state)
{
	(void)state;
	call_early();
	for (size_t i = CREATE; i < ALL; i++)
		assert_true((asked[i].header.flags & SMB2_FLAGS_RELATED_OPERATIONS) != 0);
	assert_int_equal(asked[BIND].header.command, SMB2_IOCTL);
	assert_int_equal(asked[CALL].header.command, SMB2_IOCTL);
	for (size_t i = BIND; i < ALL; i++) {
		static const uint8_t of_create[16] = {
			0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
			0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
		};

		assert_memory_equal(asked[i].body.at + 8, of_create, sizeof of_create);
	}
	open_pipe();
	assert_int_equal(asked_count, 0);
	take_answer(CALL);
}

static void a_long_answer_is_read_to_its_end(void **state)
{
	(void)state;
	call_early();
	open_pipe();
	make_answer(100, 0, true);
	answer_fragment(CALL, 0);
	for (size_t number = 1; number < fragments();) {
		size_t reads;

		expect(CLIENT_EVENT_READ);
		reads = asked_count;
		for (size_t i = 0; i < reads; i++)
			answer_fragment(i, number++);
	}
	expect(CLIENT_EVENT_ANSWER);
	expect_answer(100);
}

static void no_other_server_is_asked_early(void **state)
{
	static const uint8_t of_samba[SMB2_GUID_BYTES] = "labsrv";

	memcpy(negotiates.server_guid, of_samba, sizeof of_samba);
	script_open_pipe();
	for (size_t i = 7; i < SMB2_GUID_BYTES; i++) {
		tear_down(state);
		set_up_early(state);
		negotiates.server_guid[i] ^= 0x10;
		script_open_pipe();
	}
}

static void nothing_is_asked_early_before_negotiate_is_known_to_be_genuine(void **state)
{
	(void)state;
	validates = true; /* below 3.1.1 */
	script_open_pipe();
}

static void the_pipe_is_opened_again_where_the_bind_is_refused(void **state)
{
	for (int executes_all_the_same = 0; executes_all_the_same < 2; executes_all_the_same++) {
		tear_down(state);
		set_up_early(state);
		call_early();
		remember(CALL);
		answer_tree_connect(TREE_CONNECT, 0);
		answer_create(CREATE);
		refuse(BIND, REFUSED);
		expect(CLIENT_EVENT_READ);
		if (executes_all_the_same) { /* as Samba does: the answer to the bind comes now */
			asked_count = ALL;
			answer_bind(CALL);
		} else {
			refuse(CALL, REFUSED);
		}
		expect(CLIENT_EVENT_READ);
		expect_asked(2, SMB2_CREATE);
		answer_create(0);
		answer_bind(1);
		expect(CLIENT_EVENT_READ);
		expect_asked(1, SMB2_IOCTL);
		expect_remembered(0);
		take_answer(0);
	}
}

static void a_call_that_is_refused_is_made_again_but_once(void **state)
{
	(void)state;
	call_early();
	remember(CALL);
	open_pipe();
	refuse(CALL, REFUSED);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
	expect_remembered(0);
	refuse(0, REFUSED);
	expect_failure(ERROR_INTERNAL_ERROR, REFUSED, "NetrSessionEnum");
	tear_down(state);
	set_up_early(state);
	call_early();
	open_pipe();
	refuse(CALL, REFUSED);
	expect(CLIENT_EVENT_READ);
	take_answer(0);
}

/* A server that finds a wrong signature, for example. */
static void other_refusals_fail(void **state)
{
	static const char *const steps[] = { "TREE_CONNECT IPC$", "CREATE srvsvc", "bind srvsvc",
		                             "NetrSessionEnum" };

	for (size_t refused = 0; refused < ALL; refused++) {
		tear_down(state);
		set_up_early(state);
		call_early();
		if (refused > TREE_CONNECT)
			answer_tree_connect(TREE_CONNECT, 0);
		if (refused > CREATE)
			answer_create(CREATE);
		if (refused > BIND)
			answer_bind(BIND);
		for (size_t i = refused; i < ALL; i++)
			refuse(i, 0xC0000022);
		expect_failure(ERROR_ACCESS_DENIED, 0xC0000022, steps[refused]);
	}
}

static void what_fails_before_the_bind_is_not_asked_again(void **state)
{
	(void)state;
	call_early();
	answer_tree_connect(TREE_CONNECT, 0);
	for (size_t i = CREATE; i < ALL; i++)
		refuse(i, REFUSED);
	expect_failure(ERROR_INTERNAL_ERROR, REFUSED, "CREATE srvsvc");
}

static void a_read_that_is_refused_fails_the_call(void **state)
{
	(void)state;
	call_early();
	open_pipe();
	make_answer(100, 0, true);
	answer_fragment(CALL, 0);
	expect(CLIENT_EVENT_READ);
	refuse(0, REFUSED);
	expect_failure(ERROR_INTERNAL_ERROR, REFUSED, "READ srvsvc");
}

static void renew(void)
{
	static const struct smb2_session_key another_key = { "another key     ", 16 };

	expect(CLIENT_EVENT_EXPIRED);
	client_state_take_token(&c, (const uint8_t *)"renewed", 7, NULL);
	expect(CLIENT_EVENT_READ);
	answer_session_setup(STATUS_SUCCESS, 0);
	expect(CLIENT_EVENT_TOKEN);
	client_state_take_token(&c, NULL, 0, &another_key);
	expect(CLIENT_EVENT_READ);
}

static void a_session_that_expires_meanwhile_is_renewed(void **state)
{
	(void)state;
	call_early();
	for (size_t i = 0; i < ALL; i++)
		refuse(i, STATUS_NETWORK_SESSION_EXPIRED);
	renew();
	expect_asked(ALL, SMB2_TREE_CONNECT);
	open_pipe();
	refuse(CALL, STATUS_NETWORK_SESSION_EXPIRED);
	renew();
	expect_asked(1, SMB2_IOCTL);
	take_answer(0);
}

static void without_credits_the_call_waits_for_the_pipe(void **state)
{
	(void)state;
	grants = 1;
	script_negotiate();
	grants = 3;
	complete_log_on();
	expect(CLIENT_EVENT_LOGGED_ON);
	begin_enum(NULL);
	expect_asked(3, SMB2_TREE_CONNECT);
	open_pipe();
	expect_asked(1, SMB2_IOCTL);
	take_answer(0);
}

/* C706 lets a server receive fragments of 1432 bytes and no more, until it says otherwise. */
static void a_long_request_waits_for_the_pipe(void **state)
{
	static char user[700];

	(void)state;
	memset(user, 'u', sizeof user - 1);
	log_on();
	begin_enum(user);
	expect_asked(3, SMB2_TREE_CONNECT);
	open_pipe();
	expect_asked(1, SMB2_WRITE);
}

static void who_asks_nothing_early_asks_when_the_pipe_is_ready(void **state)
{
	const struct session_del_request request = { .user = "alice" };

	(void)state;
	log_on();
	expect(CLIENT_EVENT_READ);
	expect_asked(3, SMB2_TREE_CONNECT);
	answer_tree_connect(TREE_CONNECT, 0);
	answer_create(CREATE);
	answer_bind(BIND);
	expect(CLIENT_EVENT_READY);
	client_state_call_del(&c, &request);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
}

static void an_answer_before_that_to_the_bind_is_refused(void **state)
{
	struct wire_writer both = { 0 };

	(void)state;
	call_early();
	answer_tree_connect(TREE_CONNECT, 0);
	answer_create(CREATE);
	make_answer(1, 0, true);
	answer_fragment(CALL, 0);
	expect_failure(ERROR_BAD_NET_RESP, 0, "bind srvsvc");
	/* And one that comes with it. */
	tear_down(state);
	set_up_early(state);
	call_early();
	answer_tree_connect(TREE_CONNECT, 0);
	answer_create(CREATE);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	wire_put_bytes(&both, pdus.data, pdus.len);
	c.rpc.call_id++;
	make_answer(1, 0, true);
	c.rpc.call_id--;
	wire_put_bytes(&both, pdus.data, pdus.len);
	answer_data(BIND, STATUS_SUCCESS, both.data, both.len);
	wire_writer_fini(&both);
	expect_failure(ERROR_BAD_NET_RESP, 0, "bind srvsvc");
}

TEST_GROUP(client_state_early_call)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_early, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_enumeration_goes_with_the_bind),
		TEST(a_long_answer_is_read_to_its_end),
		TEST(no_other_server_is_asked_early),
		TEST(nothing_is_asked_early_before_negotiate_is_known_to_be_genuine),
		TEST(the_pipe_is_opened_again_where_the_bind_is_refused),
		TEST(a_call_that_is_refused_is_made_again_but_once),
		TEST(other_refusals_fail),
		TEST(what_fails_before_the_bind_is_not_asked_again),
		TEST(a_read_that_is_refused_fails_the_call),
		TEST(a_session_that_expires_meanwhile_is_renewed),
		TEST(without_credits_the_call_waits_for_the_pipe),
		TEST(a_long_request_waits_for_the_pipe),
		TEST(who_asks_nothing_early_asks_when_the_pipe_is_ready),
		TEST(an_answer_before_that_to_the_bind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
