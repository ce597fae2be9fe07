/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "smb2/client_connection.h"
#include "smb2/status.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ANSWER_BYTES (SMB2_HEADER_BYTES + 9) /* with an error's body, 2.2.2 */

static const struct smb2_session_key session_key = { "the session key", 16 };

static struct smb2_connection c;
static struct smb2_reply reply;       /* the last one */
static struct crypto_mac *server_key; /* NULL: the server does not sign */
static struct wire_writer wire;       /* what the server is about to send */
static uint16_t grants;               /* credits with each answer */

static int set_up(void **state)
{
	(void)state;
	grants = 1;
	smb2_connection_init(&c);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	smb2_connection_fini(&c);
	crypto_mac_free(server_key);
	server_key = NULL;
	wire_writer_fini(&wire);
	return 0;
}

static void begin_anew(void)
{
	(void)tear_down(NULL);
	(void)set_up(NULL);
}

/* ---- the server ---- */

/* Appends an answer to the message being built, padded where next says that another follows. */
static void put_answer(uint16_t command, uint64_t id, uint32_t status, uint32_t next)
{
	static const uint8_t body[16] = { 9 };
	const struct smb2_header h = { .command = command,
		                       .message_id = id,
		                       .status = status,
		                       .next_command = next,
		                       .credits = grants,
		                       .flags = SMB2_FLAGS_SERVER_TO_REDIR };
	size_t begin = wire.len;

	smb2_header_encode(&wire, &h);
	wire_put_bytes(&wire, body, next == SMB2_HEADER_BYTES + 16 ? 16 : 9);
	if (server_key != NULL)
		assert_true(smb2_sign(server_key, wire.data + begin, wire.len - begin));
}

static void receive(const void *data, size_t bytes)
{
	size_t room;

	for (size_t at = 0; at < bytes; at += room) {
		uint8_t *space = smb2_frames_space(&c.in, &room);

		room = room < bytes - at ? room : bytes - at;
		memcpy(space, (const uint8_t *)data + at, room);
		smb2_frames_received(&c.in, room);
	}
}

static void receive_wire(void)
{
	receive(wire.data, wire.len);
	wire_writer_clear(&wire);
}

static void put_frame(uint16_t command, uint64_t id, uint32_t status)
{
	size_t begin = smb2_frame_begin(&wire);

	put_answer(command, id, status, 0);
	smb2_frame_end(&wire, begin);
}

static void answer(uint16_t command, uint64_t id, uint32_t status)
{
	put_frame(command, id, status);
	receive_wire();
}

static void stop_signing(void)
{
	crypto_mac_free(server_key);
	server_key = NULL;
}

/* ---- the client ---- */

static void request(enum smb2_command command, uint32_t tag)
{
	(void)smb2_connection_request(&c, command, tag);
	smb2_connection_flush(&c);
}

static void expect_reply(uint32_t tag, uint32_t status)
{
	assert_int_equal(smb2_connection_next(&c, &reply), SMB2_REPLY);
	assert_int_equal(reply.tag, tag);
	assert_int_equal(reply.status, status);
}

static void expect_nothing_more(void)
{
	assert_int_equal(smb2_connection_next(&c, &reply), SMB2_WANT_BYTES);
}

static void expect_failure(NET_API_STATUS status, const char *why)
{
	assert_int_equal(smb2_connection_next(&c, &reply), SMB2_FAILED);
	assert_int_equal(c.err.status, status);
	assert_string_equal(c.err.text, why);
	assert_int_equal(smb2_connection_next(&c, &reply), SMB2_FAILED);
}

/* Logs on at 2.0.2, which is signed with the session key itself, and gives the client credits. */
static void log_on(unsigned credits)
{
	smb2_connection_negotiated(&c, &(struct smb2_negotiate_response){ .dialect = 0x0202 });
	server_key = crypto_mac_new(CRYPTO_HMAC_SHA256, session_key.data);
	request(SMB2_SESSION_SETUP, 0);
	answer(SMB2_SESSION_SETUP, 0, STATUS_SUCCESS);
	expect_reply(0, STATUS_SUCCESS);
	assert_true(smb2_connection_authenticated(&c, &session_key));
	wire_writer_clear(&c.out);
	c.credits = credits;
}

/* The header of a request that is to be sent. */
static struct smb2_header sent_header(size_t at)
{
	struct wire_reader r;
	struct smb2_header h;

	wire_reader_init(&r, c.out.data + at, c.out.len - at);
	smb2_header_decode(&r, &h);
	assert_null(r.error);
	return h;
}

/* ---- message ids and credits ---- */

static void message_ids_count_and_tags_come_back_in_any_order(void **state)
{
	static const uint32_t order[] = { 3, 1, 2 };

	(void)state;
	log_on(3);
	for (uint32_t tag = 71; tag < 74; tag++)
		request(SMB2_READ, tag);
	for (size_t i = 0; i < COUNT(order); i++) {
		answer(SMB2_READ, order[i], STATUS_SUCCESS);
		expect_reply(70 + order[i], STATUS_SUCCESS);
		assert_int_equal(reply.command, SMB2_READ);
	}
	expect_nothing_more();
	assert_int_equal(smb2_connection_outstanding(&c), 0);
}

static void credits_are_spent_and_granted(void **state)
{
	static const uint16_t granted[] = { 5, 0, 2 };
	static const unsigned room[] = { 5, 4, 5 };

	(void)state;
	assert_int_equal(smb2_connection_room(&c), 1);
	for (size_t i = 0; i < COUNT(granted); i++) {
		unsigned before = smb2_connection_room(&c);

		grants = granted[i];
		request(SMB2_SESSION_SETUP, 0);
		assert_int_equal(smb2_connection_room(&c), before - 1);
		answer(SMB2_SESSION_SETUP, i, STATUS_MORE_PROCESSING_REQUIRED);
		expect_reply(0, STATUS_MORE_PROCESSING_REQUIRED);
		assert_int_equal(smb2_connection_room(&c), room[i]);
	}
}

static void no_more_than_16_requests_are_outstanding(void **state)
{
	(void)state;
	log_on(1000);
	for (unsigned i = 0; i < SMB2_MAX_OUTSTANDING; i++) {
		assert_int_equal(smb2_connection_room(&c), SMB2_MAX_OUTSTANDING - i);
		request(SMB2_READ, i);
	}
	assert_int_equal(smb2_connection_room(&c), 0);
	answer(SMB2_READ, 9, STATUS_SUCCESS);
	expect_reply(8, STATUS_SUCCESS);
	assert_int_equal(smb2_connection_room(&c), 1);
}

static void credits_are_requested_until_16_are_granted(void **state)
{
	(void)state;
	log_on(10);
	request(SMB2_READ, 0);
	assert_int_equal(sent_header(SMB2_FRAME_PREFIX_BYTES).credits, SMB2_MAX_OUTSTANDING - 9);
	wire_writer_clear(&c.out);
	c.credits = 100;
	request(SMB2_READ, 0);
	assert_int_equal(sent_header(SMB2_FRAME_PREFIX_BYTES).credits, 1);
}

static void an_interim_response_grants_its_credits_and_is_skipped(void **state)
{
	struct recording pending = recording_load("samba-4.17-ioctl-response-pending");

	(void)state;
	log_on(1);
	c.next_message_id = 5;
	request(SMB2_IOCTL, 42);
	receive(pending.data, pending.bytes); /* it is not signed */
	expect_nothing_more();
	assert_int_equal(smb2_connection_outstanding(&c), 1);
	assert_int_equal(smb2_connection_room(&c), 1);
	answer(SMB2_IOCTL, 5, STATUS_SUCCESS);
	expect_reply(42, STATUS_SUCCESS);
	recording_free(&pending);
}

/* ---- compounds ---- */

static void request_three(void)
{
	wire_put_u8(smb2_connection_request(&c, SMB2_TREE_CONNECT, 0), 1);
	wire_put_u8(smb2_connection_request(&c, SMB2_CREATE, 1), 1);
	wire_put_u8(smb2_connection_request(&c, SMB2_IOCTL, 2), 1);
	smb2_connection_flush(&c);
}

static void a_compound_is_related_padded_and_signed_piece_by_piece(void **state)
{
	size_t at = SMB2_FRAME_PREFIX_BYTES;

	(void)state;
	log_on(3);
	request_three();
	assert_int_equal(smb2_connection_room(&c), 0);
	for (unsigned i = 0; i < 3; i++) {
		size_t bytes = SMB2_HEADER_BYTES + (i < 2 ? 8 : 1);
		struct smb2_header h = sent_header(at);

		assert_int_equal(h.message_id, 1 + i);
		assert_int_equal(h.next_command, i < 2 ? bytes : 0);
		assert_int_equal(h.flags & SMB2_FLAGS_RELATED_OPERATIONS, i > 0 ? 4 : 0);
		assert_int_equal(h.tree_id, i > 0 ? SMB2_RELATED_ID_32 : 0);
		assert_true(smb2_signature_holds(server_key, c.out.data + at, bytes));
		at += bytes;
	}
	assert_int_equal(at, c.out.len);
}

static void compounded_responses_are_given_one_by_one(void **state)
{
	size_t begin;

	(void)state;
	log_on(3);
	request_three();
	begin = smb2_frame_begin(&wire);
	put_answer(SMB2_TREE_CONNECT, 1, STATUS_SUCCESS, SMB2_HEADER_BYTES + 16);
	put_answer(SMB2_CREATE, 2, STATUS_ACCESS_DENIED, SMB2_HEADER_BYTES + 16);
	put_answer(SMB2_IOCTL, 3, STATUS_SUCCESS, 0);
	smb2_frame_end(&wire, begin);
	receive_wire();
	expect_reply(0, STATUS_SUCCESS);
	expect_reply(1, STATUS_ACCESS_DENIED);
	expect_reply(2, STATUS_SUCCESS);
	expect_nothing_more();
	assert_int_equal(smb2_connection_room(&c), 3);
}

/* What is left of its message would not survive the wait for a token. */
static void nothing_may_be_compounded_with_a_log_on(void **state)
{
	size_t begin;

	(void)state;
	request(SMB2_SESSION_SETUP, 0);
	begin = smb2_frame_begin(&wire);
	put_answer(SMB2_SESSION_SETUP, 0, STATUS_MORE_PROCESSING_REQUIRED, SMB2_HEADER_BYTES + 16);
	put_answer(SMB2_SESSION_SETUP, 1, STATUS_SUCCESS, 0);
	smb2_frame_end(&wire, begin);
	receive_wire();
	expect_failure(ERROR_BAD_NET_RESP,
	               "the server compounded another response with that of the log-on");
}

static void a_next_command_outside_its_message_is_refused(void **state)
{
	static const uint32_t outside[] = { 1, SMB2_HEADER_BYTES - 1, ANSWER_BYTES + 1,
		                            0xFFFFFFFF };
	size_t begin;

	(void)state;
	for (size_t i = 0; i <= COUNT(outside); i++) {
		begin_anew();
		request(SMB2_NEGOTIATE, 0);
		begin = smb2_frame_begin(&wire);
		put_answer(SMB2_NEGOTIATE, 0, STATUS_SUCCESS,
		           i < 4 ? outside[i] : ANSWER_BYTES - 1);
		smb2_frame_end(&wire, begin);
		receive_wire();
		if (i ==
		    COUNT(outside)) /* one byte is left: the answer is whole, the next one is not */
			expect_reply(0, STATUS_SUCCESS);
		expect_failure(ERROR_BAD_NET_RESP,
		               i < 4 ? "a response in a compound is longer than its message"
		                     : "the message is cut off");
	}
}

/* ---- signatures ---- */

static void an_unsigned_answer_is_a_downgrade(void **state)
{
	(void)state;
	log_on(1);
	stop_signing();
	request(SMB2_READ, 0);
	answer(SMB2_READ, 1, STATUS_ACCESS_DENIED);
	expect_failure(ERROR_DOWNGRADE_DETECTED, "the signature of a response is wrong");
}

static void a_changed_answer_is_a_downgrade(void **state)
{
	(void)state;
	log_on(1);
	request(SMB2_READ, 0);
	put_frame(SMB2_READ, 1, STATUS_USER_SESSION_DELETED);
	wire.data[wire.len - 1] ^= 1;
	receive_wire();
	expect_failure(ERROR_DOWNGRADE_DETECTED, "the signature of a response is wrong");
}

static void an_unsigned_end_of_the_session_ends_the_connection(void **state)
{
	static const uint32_t ends[] = { STATUS_USER_SESSION_DELETED,
		                         STATUS_NETWORK_SESSION_EXPIRED };

	(void)state;
	for (uint32_t i = 0; i < COUNT(ends); i++) {
		begin_anew();
		log_on(1);
		stop_signing();
		request(SMB2_READ, 0);
		answer(SMB2_READ, 1, ends[i]);
		expect_failure(ERROR_NETNAME_DELETED, "the server ended the session");
	}
}

static void a_log_on_answered_unsigned_or_with_another_key_is_a_downgrade(void **state)
{
	static const uint8_t other_key[SMB2_SESSION_KEY_BYTES] = "another key";

	(void)state;
	for (int is_signed = 0; is_signed < 2; is_signed++) {
		begin_anew();
		server_key = is_signed ? crypto_mac_new(CRYPTO_HMAC_SHA256, other_key) : NULL;
		c.dialect = SMB2_DIALECT_202;
		request(SMB2_SESSION_SETUP, 0);
		answer(SMB2_SESSION_SETUP, 0, STATUS_SUCCESS);
		expect_reply(0, STATUS_SUCCESS);
		assert_false(smb2_connection_authenticated(&c, &session_key));
		expect_failure(ERROR_DOWNGRADE_DETECTED,
		               "the signature of the final log-on response is wrong");
	}
}

static void preauth_is_the_hash_of_all_but_the_last_answer(void **state)
{
	uint8_t expected[CRYPTO_SHA512_BYTES] = { 0 };

	(void)state;
	for (uint64_t id = 0; id < 2; id++) {
		uint32_t status = id == 0 ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_SUCCESS;

		wire_writer_clear(&c.out);
		request(SMB2_SESSION_SETUP, 0);
		crypto_sha512_chain(expected, c.out.data + SMB2_FRAME_PREFIX_BYTES,
		                    SMB2_HEADER_BYTES);
		answer(SMB2_SESSION_SETUP, id, status);
		expect_reply(0, status);
		if (status != STATUS_SUCCESS)
			crypto_sha512_chain(expected, reply.message.start, ANSWER_BYTES);
	}
	assert_memory_equal(c.preauth, expected, sizeof expected);
}

static void negotiated_sizes_are_cut_to_what_one_credit_covers(void **state)
{
	(void)state;
	smb2_connection_negotiated(
		&c, &(struct smb2_negotiate_response){ .dialect = 0x0311,
	                                               .max_transact_bytes = 8388608,
	                                               .max_read_bytes = 4096,
	                                               .capabilities = SMB2_GLOBAL_CAP_LARGE_MTU });
	assert_int_equal(c.max_transact_bytes, SMB2_MAX_PAYLOAD_BYTES);
	assert_int_equal(c.max_read_bytes, 4096);
	assert_int_equal(c.signing_algorithm, SMB2_SIGNING_AES_CMAC); /* none was chosen */
	request(SMB2_SESSION_SETUP, 0);
	assert_int_equal(sent_header(SMB2_FRAME_PREFIX_BYTES).credit_charge, 1);
}

/* ---- what does not belong ---- */

static void a_response_without_a_request_is_refused(void **state)
{
	static const struct {
		uint16_t command;
		uint64_t id;
	} strays[] = { { SMB2_READ, 2 }, { SMB2_SESSION_SETUP, 0 /* again */ }, { SMB2_WRITE, 1 } };

	(void)state;
	for (size_t i = 0; i < COUNT(strays); i++) {
		begin_anew();
		log_on(1);
		request(SMB2_READ, 0);
		answer(strays[i].command, strays[i].id, STATUS_SUCCESS);
		expect_failure(ERROR_BAD_NET_RESP,
		               "the server answered a request that was not sent");
	}
}

static void an_oplock_break_is_ignored(void **state)
{
	(void)state;
	log_on(1);
	stop_signing();
	answer(0x12, 0xFFFFFFFFFFFFFFFFu, STATUS_SUCCESS);
	expect_nothing_more();
}

static void a_message_that_is_no_smb2_response_is_refused(void **state)
{
	static const char too_long[] = "the message is longer than 128 KiB";
	static const struct {
		char bytes[8 + 1];
		NET_API_STATUS status;
		const char *why;
	} strangers[] = {
		{ "\0\0\0\4\xFFSMB", ERROR_BAD_NET_RESP, "not an SMB2 message" },
		{ "SSH-2.0-", ERROR_BAD_NET_RESP, "the peer does not speak SMB" },
		{ "\0\xFF\xFF\xFF", ERROR_BAD_NET_RESP, too_long }, /* 16 MiB */
		{ "\0\2\0\1", ERROR_BAD_NET_RESP, too_long },
		{ "\0\0\0\4\xFDSMB", ERROR_BAD_NET_RESP,
		  "the server sent an encrypted message before a key was negotiated" },
		{ "\0\0\0\4\xFCSMB", ERROR_BAD_NET_RESP,
		  "the server sent a compressed message, although compression was not negotiated" },
		{ "\0\0\0\4\xFESMB", ERROR_BAD_NET_RESP, "the message is cut off" },
		{ "\0\0\0\4HTTP", ERROR_BAD_NET_RESP, "not an SMB2 message" },
		{ "\0\0\0\0", ERROR_BAD_NET_RESP, "the message is cut off" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(strangers); i++) {
		begin_anew();
		request(SMB2_NEGOTIATE, 0);
		receive(strangers[i].bytes, sizeof strangers[i].bytes - 1);
		expect_failure(strangers[i].status, strangers[i].why);
	}
}

static void a_request_is_no_response(void **state)
{
	(void)state;
	request(SMB2_NEGOTIATE, 0);
	receive(c.out.data, c.out.len);
	expect_failure(ERROR_BAD_NET_RESP, "the server sent a request instead of a response");
}

/* ---- the stream ---- */

static void responses_are_given_however_the_stream_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 3 * (SMB2_FRAME_PREFIX_BYTES + ANSWER_BYTES); step++) {
		uint32_t replies = 0;

		begin_anew();
		log_on(3);
		for (uint32_t tag = 0; tag < 3; tag++)
			request(SMB2_READ, tag);
		for (uint64_t id = 1; id <= 3; id++)
			put_frame(SMB2_READ, id, STATUS_SUCCESS);
		for (size_t at = 0; at < wire.len; at += step) {
			receive(wire.data + at, step < wire.len - at ? step : wire.len - at);
			while (smb2_connection_next(&c, &reply) == SMB2_REPLY)
				assert_int_equal(reply.tag, replies++);
		}
		assert_int_equal(replies, 3);
		expect_nothing_more();
	}
}

static void the_longest_frame_is_waited_for(void **state)
{
	(void)state;
	receive("\0\2\0", 4); /* 128 KiB */
	expect_nothing_more();
}

TEST_GROUP(smb2_connection)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(message_ids_count_and_tags_come_back_in_any_order),
		TEST(credits_are_spent_and_granted),
		TEST(no_more_than_16_requests_are_outstanding),
		TEST(credits_are_requested_until_16_are_granted),
		TEST(an_interim_response_grants_its_credits_and_is_skipped),
		TEST(a_compound_is_related_padded_and_signed_piece_by_piece),
		TEST(compounded_responses_are_given_one_by_one),
		TEST(nothing_may_be_compounded_with_a_log_on),
		TEST(a_next_command_outside_its_message_is_refused),
		TEST(an_unsigned_answer_is_a_downgrade),
		TEST(a_changed_answer_is_a_downgrade),
		TEST(an_unsigned_end_of_the_session_ends_the_connection),
		TEST(a_log_on_answered_unsigned_or_with_another_key_is_a_downgrade),
		TEST(preauth_is_the_hash_of_all_but_the_last_answer),
		TEST(negotiated_sizes_are_cut_to_what_one_credit_covers),
		TEST(a_response_without_a_request_is_refused),
		TEST(an_oplock_break_is_ignored),
		TEST(a_message_that_is_no_smb2_response_is_refused),
		TEST(a_request_is_no_response),
		TEST(responses_are_given_however_the_stream_is_cut),
		TEST(the_longest_frame_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
