/* SPDX-License-Identifier: MIT */
/* Answers that differ from what the client offered or asked for, and numbers that no server should
 * announce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "scripted_server.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/tree.h"

#define FAILS_AT(step, why)                                  \
	do {                                                 \
		expect_failure(ERROR_BAD_NET_RESP, 0, step); \
		assert_string_equal(c.err.text, why);        \
	} while (0)

static void begin_anew(void **state)
{
	tear_down(state);
	set_up(state);
}

static void negotiate_alone(void)
{
	expect(CLIENT_EVENT_READ);
	answer_negotiate();
}

/* ---- NEGOTIATE ---- */

static void a_dialect_that_was_not_offered_is_refused(void **state)
{
	static const struct {
		uint16_t offered, chosen; /* 0: all */
		const char *why;
	} cases[] = {
		{ 0, 0x0000, "the server chose dialect 0x0000, which was not offered" },
		{ 0, 0x0100, "the server chose dialect 0x0100, which was not offered" },
		{ 0, 0x02FF, "the server chose dialect 0x02FF, which was not offered" },
		{ 0, 0x0312, "the server chose dialect 0x0312, which was not offered" },
		{ 0x0311, 0x0202, "the server chose dialect 2.0.2, which was not offered" },
		{ 0x0302, 0x0300, "the server chose dialect 3.0, which was not offered" },
		{ 0x0202, 0x0210, "the server chose dialect 2.1, which was not offered" },
		{ 0x0202, 0x02FF, "the server chose dialect 0x02FF, which was not offered" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin_anew(state);
		c.smb2.offered.only_dialect = cases[i].offered;
		negotiates.dialect = cases[i].chosen;
		negotiate_alone();
		FAILS_AT("NEGOTIATE", cases[i].why);
	}
}

static void each_size_is_checked_when_it_is_announced(void **state)
{
	static const char *const names[] = { "MaxTransactSize", "MaxReadSize", "MaxWriteSize" };
	static const uint32_t bad[] = { 0, 1, 1000, 4095 },
			      good[] = { 4096, 65535, 65536, 8388608, 0x80000000, 0xFFFFFFFF };
	uint32_t *const sizes[] = { &negotiates.max_transact_bytes, &negotiates.max_read_bytes,
		                    &negotiates.max_write_bytes };

	for (size_t i = 0; i < COUNT(sizes); i++) {
		for (size_t n = 0; n < COUNT(bad); n++) {
			char why[128];

			begin_anew(state);
			*sizes[i] = bad[n];
			negotiate_alone();
			snprintf(
				why, sizeof why,
				"the server announces a %s of %u bytes; [MS-SMB2] demands 65536, and netsession needs 4096",
				names[i], (unsigned)bad[n]);
			FAILS_AT("NEGOTIATE", why);
		}
		for (size_t n = 0; n < COUNT(good); n++) {
			begin_anew(state);
			*sizes[i] = good[n];
			negotiate_alone();
			expect(CLIENT_EVENT_READ);
			assert_non_null(client_state_negotiated(&c));
			assert_true(smb2_connection_max_data_bytes(&c.smb2.connection) <=
			            SMB2_MAX_PAYLOAD_BYTES);
		}
	}
}

/* What the bind says of fragments, and what the IOCTL around it wants. */
static void expect_bind_of(uint32_t frag_bytes, uint32_t max_output_bytes)
{
	enum { MAX_OUTPUT = 44, INPUT = 56, MAX_XMIT = INPUT + 16, MAX_RECV = INPUT + 18 };
	const uint8_t *ioctl = asked[2].body.at;

	assert_int_equal(asked[2].header.command, SMB2_IOCTL);
	assert_int_equal(ioctl[MAX_XMIT] | ioctl[MAX_XMIT + 1] << 8, frag_bytes);
	assert_int_equal(ioctl[MAX_RECV] | ioctl[MAX_RECV + 1] << 8, frag_bytes);
	assert_int_equal(ioctl[MAX_OUTPUT] | ioctl[MAX_OUTPUT + 1] << 8 |
	                         ioctl[MAX_OUTPUT + 2] << 16,
	                 max_output_bytes);
}

static void fragments_are_no_longer_than_the_least_size(void **state)
{
	(void)state;
	negotiates.max_read_bytes = 5001;
	negotiates.max_write_bytes = 6000;
	negotiates.max_transact_bytes = 7000;
	script_log_on();
	expect_bind_of(5000, 7000);
	begin_anew(state);
	negotiates.max_write_bytes = 4096;
	negotiates.max_read_bytes = 0xFFFFFFFF;
	script_log_on();
	expect_bind_of(4096, 65536);
	begin_anew(state);
	negotiates.max_write_bytes = negotiates.max_read_bytes = negotiates.max_transact_bytes =
		0xFFFFFFFF;
	script_log_on();
	expect_bind_of(65528, 65536);
}

static void capabilities_that_the_dialect_lacks_mean_nothing(void **state)
{
	(void)state;
	negotiates.dialect = SMB2_DIALECT_202;
	negotiates.capabilities = 0xFFFFFFFF;
	script_negotiate();
	assert_int_equal(asked[0].header.credit_charge, 0);
	assert_int_equal(client_state_negotiated(&c)->cipher, SMB2_CIPHER_NONE);
	begin_anew(state);
	negotiates.capabilities = 0xFFFFFFFF; /* at 2.1 */
	script_negotiate();
	assert_int_equal(asked[0].header.credit_charge, 1);
	assert_int_equal(client_state_negotiated(&c)->cipher, SMB2_CIPHER_NONE);
}

static void credits_without_end_are_not_counted_without_end(void **state)
{
	(void)state;
	grants = 65535;
	script_log_on();
	assert_int_equal(c.smb2.connection.credits + asked_count, 65535);
}

/* ---- the log-on ---- */

static void a_session_has_an_id_and_keeps_it(void **state)
{
	static const uint64_t none[] = { SESSION_ID, ~(uint64_t)SESSION_ID }; /* 0, all ones */

	for (size_t i = 0; i < COUNT(none); i++) {
		begin_anew(state);
		script_negotiate();
		wrong.session = none[i];
		answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, 0);
		FAILS_AT("SESSION_SETUP", "the server gave the session no id");
	}
	begin_anew(state);
	script_negotiate();
	answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, 0);
	expect(CLIENT_EVENT_TOKEN);
	client_state_take_token(&c, (const uint8_t *)"proof", 5, NULL);
	expect(CLIENT_EVENT_READ);
	wrong.session = 1;
	answer_session_setup(STATUS_SUCCESS, 0);
	FAILS_AT("SESSION_SETUP", "the response is of another session");
}

static void a_token_over_the_fields_before_it_is_refused(void **state)
{
	(void)state;
	script_negotiate();
	wrong.offset = 1;
	answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, 0);
	FAILS_AT("SESSION_SETUP", "the data of a response overlaps the fields before it");
}

static void a_dialect_without_encryption_has_no_flag_for_it(void **state)
{
	(void)state;
	script_negotiate();
	answer_session_setup(STATUS_MORE_PROCESSING_REQUIRED, SMB2_SESSION_FLAG_ENCRYPT_DATA);
	expect(CLIENT_EVENT_TOKEN);
	assert_false(c.must_encrypt);
}

/* ---- the pipe ---- */

static void a_response_of_another_session_is_refused(void **state)
{
	(void)state;
	script_log_on();
	wrong.session = 1;
	answer_tree_connect(0, 0);
	FAILS_AT("TREE_CONNECT IPC$", "the response is of another session");
}

static void an_error_need_not_name_the_session(void **state)
{
	(void)state;
	script_log_on();
	wrong.session = SESSION_ID;
	wrong.tree = TREE_ID;
	refuse(0, STATUS_BAD_NETWORK_NAME);
	expect_failure(ERROR_BAD_NET_NAME, STATUS_BAD_NETWORK_NAME, "TREE_CONNECT IPC$");
	begin_anew(state);
	script_open_pipe();
	ask_level_0();
	wrong.session = SESSION_ID;
	wrong.tree = TREE_ID;
	refuse(0, STATUS_NETWORK_NAME_DELETED);
	expect_failure(ERROR_NETNAME_DELETED, STATUS_NETWORK_NAME_DELETED, "NetrSessionEnum");
}

static void a_share_that_is_not_of_pipes_is_refused(void **state)
{
	static const uint16_t others[] = { 0, 1, 3, 255 };

	for (size_t i = 0; i < COUNT(others); i++) {
		begin_anew(state);
		script_log_on();
		wrong.share_type = SMB2_SHARE_TYPE_PIPE ^ others[i];
		answer_tree_connect(0, 0);
		FAILS_AT(
			"TREE_CONNECT IPC$",
			"the server says that IPC$ is a share of files or of a printer, not of pipes");
	}
}

static void a_response_of_another_tree_is_refused(void **state)
{
	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	wrong.tree = 1;
	answer_create(1);
	FAILS_AT("CREATE srvsvc", "the response is of another tree");
	begin_anew(state);
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	assert_int_equal(asked[0].header.command, SMB2_READ);
	wrong.tree = 1;
	answer_fragment(0, 1);
	FAILS_AT("READ srvsvc", "the response is of another tree");
}

static void a_related_response_may_name_no_tree(void **state)
{
	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	wrong.tree = TREE_ID ^ SMB2_RELATED_ID_32;
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READY);
}

static void a_pipe_has_an_id(void **state)
{
	(void)state;
	script_log_on();
	answer_tree_connect(0, 0);
	wrong.file = true;
	answer_create(1);
	FAILS_AT("CREATE srvsvc", "the server gave the pipe no id");
}

static void answer_bind(void)
{
	script_log_on();
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
}

static void an_ioctl_is_answered_by_the_same_fsctl(void **state)
{
	(void)state;
	wrong.fsctl = 4;
	answer_bind();
	FAILS_AT("bind srvsvc", "the response is to another FSCTL than was sent");
}

static void data_over_the_fields_before_it_is_refused(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	wrong.offset = 8;
	answer_fragment(0, 0);
	FAILS_AT("NetrSessionEnum", "the data of a response overlaps the fields before it");
	begin_anew(state);
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	wrong.offset = 1;
	answer_fragment(0, 1);
	FAILS_AT("READ srvsvc", "the data of a response overlaps the fields before it");
}

static void a_server_that_returns_more_than_was_requested_is_refused(void **state)
{
	static const uint8_t data[4097];

	(void)state;
	negotiates.max_read_bytes = negotiates.max_transact_bytes = 4096;
	script_open_pipe();
	ask_level_0();
	answer_data(0, STATUS_SUCCESS, data, sizeof data);
	FAILS_AT("NetrSessionEnum", "the server returned more data than was requested");
	begin_anew(state);
	negotiates.max_read_bytes = 4096;
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	answer_data(0, STATUS_SUCCESS, data, sizeof data);
	FAILS_AT("READ srvsvc", "the server returned more data than was requested");
}

static void a_read_of_nothing_is_not_repeated(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	make_answer(100, 0, true);
	answer_fragment(0, 0);
	expect(CLIENT_EVENT_READ);
	answer_data(0, STATUS_SUCCESS, pdus.data, 0);
	FAILS_AT("READ srvsvc", "the server answered a READ of the pipe without data");
}

/* ---- RPC ---- */

static void a_transfer_syntax_that_was_not_offered_is_refused(void **state)
{
	(void)state;
	wrong.transfer = true;
	answer_bind();
	expect_failure(RPC_S_PROTOCOL_ERROR, 0, "bind srvsvc");
	assert_string_equal(c.err.text,
	                    "the server accepted a transfer syntax that was not offered");
}

static void fragments_too_short_for_a_call_are_refused(void **state)
{
	static const uint16_t less[] = { 1, FRAG_BYTES - 24, FRAG_BYTES };

	for (size_t i = 0; i < COUNT(less); i++) {
		char why[128];

		begin_anew(state);
		wrong.fragment = less[i];
		answer_bind();
		expect_failure(RPC_S_PROTOCOL_ERROR, 0, "bind srvsvc");
		snprintf(why, sizeof why,
		         "the server announces fragments of at most %u bytes; C706 demands 1432",
		         (unsigned)(FRAG_BYTES - less[i]));
		assert_string_equal(c.err.text, why);
	}
}

static void a_response_of_another_context_is_refused(void **state)
{
	(void)state;
	script_open_pipe();
	ask_level_0();
	wrong.context = 1;
	make_answer(1, 0, true);
	answer_fragment(0, 0);
	expect_failure(RPC_S_PROTOCOL_ERROR, 0, "RPC call");
	assert_string_equal(c.err.text, "the response is of another presentation context");
}

TEST_GROUP(client_state_answers)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_dialect_that_was_not_offered_is_refused),
		TEST(each_size_is_checked_when_it_is_announced),
		TEST(fragments_are_no_longer_than_the_least_size),
		TEST(capabilities_that_the_dialect_lacks_mean_nothing),
		TEST(credits_without_end_are_not_counted_without_end),
		TEST(a_session_has_an_id_and_keeps_it),
		TEST(a_token_over_the_fields_before_it_is_refused),
		TEST(a_dialect_without_encryption_has_no_flag_for_it),
		TEST(a_response_of_another_session_is_refused),
		TEST(an_error_need_not_name_the_session),
		TEST(a_share_that_is_not_of_pipes_is_refused),
		TEST(a_response_of_another_tree_is_refused),
		TEST(a_related_response_may_name_no_tree),
		TEST(a_pipe_has_an_id),
		TEST(an_ioctl_is_answered_by_the_same_fsctl),
		TEST(data_over_the_fields_before_it_is_refused),
		TEST(a_server_that_returns_more_than_was_requested_is_refused),
		TEST(a_read_of_nothing_is_not_repeated),
		TEST(a_transfer_syntax_that_was_not_offered_is_refused),
		TEST(fragments_too_short_for_a_call_are_refused),
		TEST(a_response_of_another_context_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
