/* SPDX-License-Identifier: MIT */
/* What may come between SMB2 messages: RFC 1002 4.3, as a client receives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/client_connection.h"
#include "smb2/status.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define KEEP_ALIVE "\x85\0\0\0"
#define MANY       40000

static struct smb2_connection c;
static struct smb2_reply reply;
static struct wire_writer wire;

static int set_up(void **state)
{
	(void)state;
	smb2_connection_init(&c);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	smb2_connection_fini(&c);
	wire_writer_fini(&wire);
	return 0;
}

static void begin_anew(void)
{
	smb2_connection_fini(&c);
	smb2_connection_init(&c);
	wire_writer_clear(&wire);
}

/* As a socket's reader does, at most step bytes at a time. Returns the first event but that more
 * bytes are wanted. */
static enum smb2_event receive(const void *data, size_t bytes, size_t step)
{
	enum smb2_event event = SMB2_WANT_BYTES;
	size_t room;

	for (size_t at = 0; at < bytes && event == SMB2_WANT_BYTES; at += room) {
		uint8_t *space = smb2_frames_space(&c.in, &room);

		assert_non_null(space);
		room = room < step ? room : step;
		room = room < bytes - at ? room : bytes - at;
		memcpy(space, (const uint8_t *)data + at, room);
		smb2_frames_received(&c.in, room);
		event = smb2_connection_next(&c, &reply);
	}
	return event;
}

static void put_response(uint32_t status, uint64_t async_id)
{
	const struct smb2_header h = { .command = SMB2_NEGOTIATE,
		                       .status = status,
		                       .credits = 1,
		                       .async_id = async_id,
		                       .flags = SMB2_FLAGS_SERVER_TO_REDIR |
		                                (async_id != 0 ? SMB2_FLAGS_ASYNC_COMMAND : 0) };
	size_t begin = smb2_frame_begin(&wire);

	smb2_header_encode(&wire, &h);
	wire_put_bytes(&wire, "\x09\0\0\0\0\0\0\0\0", 9);
	smb2_frame_end(&wire, begin);
}

static void ask(void)
{
	(void)smb2_connection_request(&c, SMB2_NEGOTIATE, 0);
	smb2_connection_flush(&c);
}

/* ---- keep-alives ---- */

static void keep_alives_are_passed_over_however_the_stream_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 300; step++) {
		begin_anew();
		ask();
		wire_put_bytes(&wire, KEEP_ALIVE KEEP_ALIVE, 8);
		put_response(STATUS_PENDING, 7);
		wire_put_bytes(&wire, KEEP_ALIVE, 4);
		put_response(STATUS_SUCCESS, 7);
		assert_int_equal(receive(wire.data, wire.len, step), SMB2_REPLY);
		assert_int_equal(reply.status, STATUS_SUCCESS);
		assert_int_equal(smb2_connection_next(&c, &reply), SMB2_WANT_BYTES);
	}
}

static void any_number_of_keep_alives_takes_no_memory(void **state)
{
	(void)state;
	ask();
	for (int i = 0; i < MANY; i++)
		wire_put_bytes(&wire, KEEP_ALIVE, 4);
	put_response(STATUS_SUCCESS, 0);
	assert_int_equal(receive(wire.data, wire.len, 8192), SMB2_REPLY);
	assert_int_equal(c.in.cap, 1024);
}

static void a_keep_alive_is_nothing_that_the_server_has_said(void **state)
{
	(void)state;
	ask();
	assert_int_equal(receive(KEEP_ALIVE, 4, 4), SMB2_WANT_BYTES);
	assert_true(smb2_frames_is_untouched(&c.in));
	assert_int_equal(receive("\0", 1, 1), SMB2_WANT_BYTES);
	assert_false(smb2_frames_is_untouched(&c.in));
}

/* ---- responses of the session service ---- */

static void expect_refusal(const char *packet, size_t bytes, NET_API_STATUS status,
                           const char *text)
{
	for (size_t step = 1; step <= bytes; step++) {
		begin_anew();
		ask();
		assert_int_equal(receive(packet, bytes, step), SMB2_FAILED);
		assert_int_equal(c.err.status, status);
		assert_string_equal(c.err.text, text);
		assert_int_equal(smb2_connection_next(&c, &reply), SMB2_FAILED);
	}
}

#define REFUSES "this server refuses connections from this computer"

static void each_negative_response_is_told_in_its_own_words(void **state)
{
	(void)state;
	expect_refusal(
		"\x83\0\0\1\x80", 5, ERROR_BAD_NETPATH,
		"no file server listens for the NetBIOS name *SMBSERVER there (NetBIOS session error 0x80)");
	expect_refusal("\x83\0\0\1\x81", 5, ERROR_REM_NOT_LIST,
	               REFUSES " (NetBIOS session error 0x81)");
	expect_refusal(
		"\x83\0\0\1\x82", 5, ERROR_BAD_NETPATH,
		"that computer does not have the NetBIOS name *SMBSERVER (NetBIOS session error 0x82)");
	expect_refusal(
		"\x83\0\0\1\x83", 5, ERROR_REQ_NOT_ACCEP,
		"this server lacks the resources for another connection: try again later (NetBIOS session error 0x83)");
	expect_refusal("\x83\0\0\1\x8F", 5, ERROR_REM_NOT_LIST,
	               REFUSES ", for a reason that it does not name (NetBIOS session error 0x8F)");
	expect_refusal("\x83\0\0\1\x42", 5, ERROR_REM_NOT_LIST,
	               REFUSES " (unknown NetBIOS session error 0x42)");
	expect_refusal("\x83\0\0\0", 4, ERROR_REM_NOT_LIST, REFUSES ", without an error code");
}

static void a_retarget_response_names_the_address_to_use(void **state)
{
	(void)state;
	expect_refusal("\x84\0\0\6\xC0\0\2\7\1\xBD", 10, ERROR_BAD_NETPATH,
	               "the server refers to another address: give 192.0.2.7:445 as the server");
	expect_refusal("\x84\0\0\2\xC0\0", 6, ERROR_BAD_NET_RESP,
	               "the server refers to another address, but does not name it");
}

static void a_session_packet_that_was_not_requested_is_refused(void **state)
{
	static const char text[] =
		"the server sent a NetBIOS session packet that was not requested";

	(void)state;
	expect_refusal("\x82\0\0\0", 4, ERROR_BAD_NET_RESP, text);
	expect_refusal("\x81\0\0\1A", 5, ERROR_BAD_NET_RESP, text);
}

static void packets_of_no_known_form_are_refused(void **state)
{
	(void)state;
	expect_refusal("\x86\0\0\0", 4, ERROR_BAD_NET_RESP, "the peer does not speak SMB");
	expect_refusal("\x80\0\0\0", 4, ERROR_BAD_NET_RESP, "the peer does not speak SMB");
	expect_refusal("\x85\0\0\1", 4, ERROR_BAD_NET_RESP, "a NetBIOS keep-alive is not empty");
	expect_refusal("\x83\0\2\0", 4, ERROR_BAD_NET_RESP,
	               "a NetBIOS session packet is longer than RFC 1002 allows");
	expect_refusal("\x82\1\0\0", 4, ERROR_BAD_NET_RESP,
	               "a NetBIOS session packet is longer than RFC 1002 allows");
}

static void an_unknown_packet_within_a_conversation_is_another_fault(void **state)
{
	(void)state;
	ask();
	put_response(STATUS_SUCCESS, 0);
	assert_int_equal(receive(wire.data, wire.len, wire.len), SMB2_REPLY);
	assert_int_equal(receive("\x90\0\0\0", 4, 4), SMB2_FAILED);
	assert_string_equal(c.err.text, "the peer sent a packet that is not of SMB");
}

/* ---- the session request ---- */

static void a_session_request_calls_every_file_server(void **state)
{
	static const char request[] = "\x81\0\0\x44"
				      " CKFDENECFDEFFCFGEFFCCACACACACACA\0"
				      " EOEFFEFDEFFDFDEJEPEOCACACACACAAA";
	struct wire_reader r;

	(void)state;
	smb2_connection_request_session(&c);
	assert_int_equal(c.out.len, sizeof request);
	assert_memory_equal(c.out.data, request, sizeof request);
	wire_reader_init(&r, c.out.data + SESSION_PREFIX_BYTES, c.out.len - SESSION_PREFIX_BYTES);
	session_request_decode(&r);
	assert_null(r.error);
	assert_int_equal(receive(KEEP_ALIVE "\x82\0\0\0", 8, 3), SMB2_SESSION_OPENED);
	assert_int_equal(receive("\x82\0\0\0", 4, 4), SMB2_FAILED); /* one is enough */
}

static void a_malformed_session_request_is_recognised(void **state)
{
	(void)state;
	smb2_connection_request_session(&c);
	for (size_t bytes = 0; bytes < c.out.len - SESSION_PREFIX_BYTES; bytes++) {
		struct wire_reader r;

		wire_reader_init(&r, c.out.data + SESSION_PREFIX_BYTES, bytes);
		session_request_decode(&r);
		assert_non_null(r.error);
	}
	for (size_t at = 0; at < 34; at++) {
		struct wire_reader r;

		c.out.data[SESSION_PREFIX_BYTES + at] ^= 0x80;
		wire_reader_init(&r, c.out.data + SESSION_PREFIX_BYTES,
		                 c.out.len - SESSION_PREFIX_BYTES);
		session_request_decode(&r);
		assert_non_null(r.error);
		c.out.data[SESSION_PREFIX_BYTES + at] ^= 0x80;
	}
}

/* ---- SMB1 ---- */

static const uint8_t smb1_response[] = { 0, 0, 0,    0x25, 0xFF, 'S',  'M', 'B', 0x72, 0, 0,
	                                 0, 0, 0x88, 0,    0,    0,    0,   0,   0,    0, 0,
	                                 0, 0, 0,    0,    0,    0,    0,   0,   0,    0, 0,
	                                 0, 0, 0,    0x01, 0xFF, 0xFF, 0,   0 };

static void only_a_response_to_negotiate_shows_a_server_of_smb1(void **state)
{
	uint8_t other[sizeof smb1_response];

	(void)state;
	ask();
	assert_int_equal(receive(smb1_response, sizeof smb1_response, 41), SMB2_FAILED);
	assert_int_equal(c.err.status, ERROR_SMB1_NOT_AVAILABLE);
	for (size_t at = 8; at <= 13; at += 5) { /* Command, Flags */
		begin_anew();
		ask();
		memcpy(other, smb1_response, sizeof other);
		other[at] ^= 0x80;
		assert_int_equal(receive(other, sizeof other, 41), SMB2_FAILED);
		assert_int_equal(c.err.status, ERROR_BAD_NET_RESP);
	}
	begin_anew();
	smb2_connection_negotiated(&c, &(struct smb2_negotiate_response){ .dialect = 0x0202 });
	ask();
	assert_int_equal(receive(smb1_response, sizeof smb1_response, 41), SMB2_FAILED);
	assert_int_equal(c.err.status, ERROR_BAD_NET_RESP);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

TEST_GROUP(smb2_session_service)
{
	const struct CMUnitTest tests[] = {
		TEST(keep_alives_are_passed_over_however_the_stream_is_cut),
		TEST(any_number_of_keep_alives_takes_no_memory),
		TEST(a_keep_alive_is_nothing_that_the_server_has_said),
		TEST(each_negative_response_is_told_in_its_own_words),
		TEST(a_retarget_response_names_the_address_to_use),
		TEST(a_session_packet_that_was_not_requested_is_refused),
		TEST(packets_of_no_known_form_are_refused),
		TEST(an_unknown_packet_within_a_conversation_is_another_fault),
		TEST(a_session_request_calls_every_file_server),
		TEST(a_malformed_session_request_is_recognised),
		TEST(only_a_response_to_negotiate_shows_a_server_of_smb1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
