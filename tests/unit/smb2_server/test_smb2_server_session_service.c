/* SPDX-License-Identifier: MIT */
/* What may come between SMB2 messages: RFC 1002 4.3, as a server receives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/frames.h"
#include "smb_peer.h"

#define KEEP_ALIVE "\x85\0\0\0"
#define MANY       40000

static struct wire_writer bytes, sent;

static int set_up(void **state)
{
	return peer_set_up(state);
}

static int tear_down(void **state)
{
	wire_writer_fini(&bytes);
	wire_writer_fini(&sent);
	return peer_tear_down(state);
}

/* Sends bytes, step of them at a time. Returns why the server closes, or NULL. */
static const char *send_raw(const void *data, size_t count, size_t step)
{
	const char *closed = NULL;

	wire_writer_clear(&sent);
	for (size_t at = 0; at < count && closed == NULL;) {
		size_t room, piece = step < count - at ? step : count - at;
		uint8_t *to = smb2_server_space(server, &room);

		assert_non_null(to);
		piece = piece < room ? piece : room;
		memcpy(to, (const uint8_t *)data + at, piece);
		at += piece;
		smb2_server_received(server, piece, SERVER_TIME);
		closed = host_run(server, &sent);
	}
	return closed;
}

static void put_session_request(void)
{
	wire_writer_clear(&bytes);
	session_request_encode(&bytes);
}

static void keep_alives_are_passed_over_however_the_stream_is_cut(void **state)
{
	(void)state;
	for (size_t step = 1; step < 200; step++) {
		size_t begin;

		wire_writer_clear(&bytes);
		ask_negotiate(SMB2_DIALECT_210);
		wire_put_bytes(&bytes, KEEP_ALIVE KEEP_ALIVE, 8);
		begin = smb2_frame_begin(&bytes);
		wire_put_bytes(&bytes, peer_message()->data, peer_message()->len);
		smb2_frame_end(&bytes, begin);
		wire_put_bytes(&bytes, KEEP_ALIVE KEEP_ALIVE, 8);
		peer_forget_request();
		assert_null(send_raw(bytes.data, bytes.len, step));
		assert_true(sent.len > SMB2_HEADER_BYTES);
		peer_begin_anew();
	}
}

static void a_pipe_is_used_between_keep_alives(void **state)
{
	(void)state;
	assert_null(send_raw(KEEP_ALIVE, 4, 1));
	begin_with_pipe(0);
	assert_null(send_raw(KEEP_ALIVE, 4, 3));
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_SUCCESS);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PENDING);
	assert_null(send_raw(KEEP_ALIVE KEEP_ALIVE, 8, 5));
	host_put(0, "world", 5);
	peer_listen();
	expect_answers(1);
	expect_data(0, "world");
}

static void any_number_of_keep_alives_is_answered_by_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++)
		wire_put_bytes(&bytes, KEEP_ALIVE, 4);
	assert_null(send_raw(bytes.data, bytes.len, 8192));
	assert_int_equal(sent.len, 0);
}

static void a_session_request_is_accepted_once_and_first(void **state)
{
	(void)state;
	put_session_request();
	assert_null(send_raw(bytes.data, bytes.len, 7));
	assert_int_equal(sent.len, 4);
	assert_memory_equal(sent.data, "\x82\0\0\0", 4);
	negotiate(0);
	assert_string_equal(send_raw(bytes.data, bytes.len, 7),
	                    "the client requested a NetBIOS session within another one");
	peer_begin_anew();
	put_session_request();
	assert_null(send_raw(bytes.data, bytes.len, 100));
	assert_string_equal(send_raw(bytes.data, bytes.len, 100),
	                    "the client requested a NetBIOS session within another one");
	peer_begin_anew();
	negotiate(0);
	put_session_request();
	assert_string_equal(send_raw(bytes.data, bytes.len, 100),
	                    "the client requested a NetBIOS session within another one");
}

static void a_malformed_session_request_ends_the_connection(void **state)
{
	(void)state;
	for (uint8_t length = 0; length < 68; length++) {
		put_session_request();
		bytes.data[3] = length;
		assert_non_null(send_raw(bytes.data, 4u + length, 100));
		peer_begin_anew();
	}
	put_session_request();
	bytes.data[3]++;
	wire_put_u8(&bytes, 0);
	assert_string_equal(send_raw(bytes.data, bytes.len, 100),
	                    "the session request is longer than its names");
	peer_begin_anew();
	assert_string_equal(send_raw("\x81\0\2\0", 4, 4),
	                    "a NetBIOS session packet is longer than RFC 1002 allows");
}

static void packets_of_a_server_end_the_connection(void **state)
{
	static const char *const packets[] = { "\x82\0\0", "\x83\0\0", "\x84\0\0" };

	(void)state;
	for (size_t i = 0; i < COUNT(packets); i++) {
		assert_string_equal(send_raw(packets[i], 4, 4),
		                    "the client sent a NetBIOS session packet of a server");
		peer_begin_anew();
	}
	assert_string_equal(send_raw("\x85\0\0\1", 4, 4), "a NetBIOS keep-alive is not empty");
	peer_begin_anew();
	assert_string_equal(send_raw("GET / HT", 8, 8), "the peer does not speak SMB");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

TEST_GROUP(smb2_server_session_service)
{
	const struct CMUnitTest tests[] = {
		TEST(keep_alives_are_passed_over_however_the_stream_is_cut),
		TEST(a_pipe_is_used_between_keep_alives),
		TEST(any_number_of_keep_alives_is_answered_by_nothing),
		TEST(a_session_request_is_accepted_once_and_first),
		TEST(a_malformed_session_request_ends_the_connection),
		TEST(packets_of_a_server_end_the_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
