/* SPDX-License-Identifier: MIT */
/* What is wrong with a request, and what comes of it: STATUS_INVALID_PARAMETER, or the end of the
 * connection. [MS-SMB2] 3.3.5.2.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/ioctl.h"
#include "smb_peer.h"

#define BODY SMB2_HEADER_BYTES

static void ask_well_formed(uint16_t command)
{
	switch (command) {
	case SMB2_NEGOTIATE:
		ask_negotiate(0);
		break;
	case SMB2_SESSION_SETUP:
		ask_session_setup("a token", 0, 0);
		break;
	case SMB2_TREE_CONNECT:
		ask_tree_connect("IPC$");
		break;
	case SMB2_CREATE:
		ask_create(SRVSVC);
		break;
	case SMB2_CLOSE:
		ask_close(peer.pipe, 0);
		break;
	case SMB2_READ:
		ask_read(peer.pipe, 100);
		peer_message()->len--; /* of the Buffer, which need not be there */
		break;
	case SMB2_WRITE:
		ask_write(peer.pipe, "hello");
		break;
	case SMB2_IOCTL:
		ask_transceive(peer.pipe, "hello", 100);
		break;
	case SMB2_QUERY_INFO:
		ask_query_info(peer.pipe, 1, 5, 100);
		peer_message()->len--;
		break;
	case SMB2_SET_INFO:
		ask_set_info(peer.pipe, 23, "\1\0\0\0\0\0\0\0", 8);
		break;
	case SMB2_FLUSH:
		ask_of_file(command, 24, 8, peer.pipe);
		break;
	case SMB2_LOCK:
		ask_of_file(command, 48, 8, peer.pipe);
		break;
	case SMB2_QUERY_DIRECTORY:
		ask_of_file(command, 33, 8, peer.pipe);
		break;
	case SMB2_CHANGE_NOTIFY:
		ask_of_file(command, 32, 8, peer.pipe);
		break;
	case SMB2_OPLOCK_BREAK:
		ask_of_file(command, 24, 8, peer.pipe);
		break;
	default:
		ask_empty(command);
		break;
	}
}

static bool is_sent_before_negotiate(uint16_t command)
{
	return command == SMB2_NEGOTIATE;
}

static void begin_for(uint16_t command)
{
	peer.next.credits = 500;
	if (!is_sent_before_negotiate(command))
		begin_with_pipe(0);
	host.echoes = true;
}

/* ---- bodies ---- */

static void a_body_of_another_size_is_an_invalid_parameter(void **state)
{
	(void)state;
	for (uint16_t command = 0; command < SMB2_COMMAND_COUNT; command++) {
		if (command == SMB2_CANCEL)
			continue;
		begin_for(command);
		ask_well_formed(command);
		peer_message()->data[BODY] ^= 1; /* StructureSize */
		expect_one(STATUS_INVALID_PARAMETER);
		peer_begin_anew();
	}
}

/* Commands that are refused anyway are read as far as their FileId. */
static bool is_read_whole(uint16_t command)
{
	return command != SMB2_LOCK && command != SMB2_QUERY_DIRECTORY &&
	       command != SMB2_CHANGE_NOTIFY && command != SMB2_OPLOCK_BREAK;
}

static void a_truncated_body_is_an_invalid_parameter(void **state)
{
	(void)state;
	for (uint16_t command = 0; command < SMB2_COMMAND_COUNT; command++) {
		size_t length = BODY + 1;

		if (command == SMB2_CANCEL || command == SMB2_SESSION_SETUP ||
		    !is_read_whole(command))
			continue;
		for (size_t cut = BODY; cut < length; cut++) {
			begin_for(command);
			ask_well_formed(command);
			length = peer_message()->len;
			peer_message()->len = cut;
			expect_one(STATUS_INVALID_PARAMETER);
			assert_int_equal(peer.answers[0].bytes, SMB2_HEADER_BYTES + 9);
			peer_begin_anew();
		}
		assert_true(length > BODY + 3);
	}
}

/* A field of 2 or 4 bytes at some place of a body, and what it must not be. */
static const struct field {
	const char *what;
	uint16_t command;
	uint8_t at, bytes;
	uint32_t value, status;
} fields[] = {
	{ "no dialect", SMB2_NEGOTIATE, 2, 2, 0, STATUS_INVALID_PARAMETER },
	{ "more dialects than there are", SMB2_NEGOTIATE, 2, 2, 0xFFFF, STATUS_INVALID_PARAMETER },
	{ "contexts outside", SMB2_NEGOTIATE, 28, 4, 0xFFFFFFF8, STATUS_INVALID_PARAMETER },
	{ "no contexts", SMB2_NEGOTIATE, 32, 2, 0, STATUS_INVALID_PARAMETER },
	{ "more contexts than there are", SMB2_NEGOTIATE, 32, 2, 0xFFFF, STATUS_INVALID_PARAMETER },
	{ "a token outside", SMB2_SESSION_SETUP, 12, 2, 0xFFF0, STATUS_INVALID_PARAMETER },
	{ "a token that is too long", SMB2_SESSION_SETUP, 14, 2, 8, STATUS_INVALID_PARAMETER },
	{ "a path outside", SMB2_TREE_CONNECT, 4, 2, 0xFFF0, STATUS_INVALID_PARAMETER },
	{ "a path that is too long", SMB2_TREE_CONNECT, 6, 2, 0x7FFE, STATUS_INVALID_PARAMETER },
	{ "half a character", SMB2_TREE_CONNECT, 6, 2, 15, STATUS_INVALID_PARAMETER },
	{ "no path", SMB2_TREE_CONNECT, 6, 2, 0, STATUS_INVALID_PARAMETER },
	{ "an impersonation too many", SMB2_CREATE, 4, 4, 3, STATUS_BAD_IMPERSONATION_LEVEL },
	{ "no impersonation", SMB2_CREATE, 4, 4, 0xFFFFFFFF, STATUS_BAD_IMPERSONATION_LEVEL },
	{ "a disposition too many", SMB2_CREATE, 36, 4, 6, STATUS_INVALID_PARAMETER },
	{ "a directory", SMB2_CREATE, 40, 4, 1, STATUS_INVALID_PARAMETER },
	{ "a name outside", SMB2_CREATE, 44, 2, 0xFFF0, STATUS_INVALID_PARAMETER },
	{ "a name that is too long", SMB2_CREATE, 46, 2, 14, STATUS_INVALID_PARAMETER },
	{ "half a character", SMB2_CREATE, 46, 2, 11, STATUS_INVALID_PARAMETER },
	{ "contexts outside", SMB2_CREATE, 52, 4, 8, STATUS_INVALID_PARAMETER },
	{ "data outside", SMB2_WRITE, 2, 2, 0xFFF0, STATUS_INVALID_PARAMETER },
	{ "data that is too long", SMB2_WRITE, 4, 4, 6, STATUS_INVALID_PARAMETER },
	{ "data without end", SMB2_WRITE, 4, 4, 0xFFFFFFFF, STATUS_INVALID_PARAMETER },
	{ "data by RDMA", SMB2_WRITE, 32, 4, 1, STATUS_INVALID_PARAMETER },
	{ "data through to a disk", SMB2_WRITE, 44, 4, 1, STATUS_INVALID_PARAMETER },
	{ "data past a cache", SMB2_WRITE, 44, 4, 2, STATUS_INVALID_PARAMETER },
	{ "a flag of no meaning", SMB2_WRITE, 44, 4, 0x80, STATUS_SUCCESS },
	{ "reading by RDMA", SMB2_READ, 36, 4, 2, STATUS_INVALID_PARAMETER },
	{ "reading past a cache", SMB2_READ, 2, 2, 0x0100, STATUS_INVALID_PARAMETER },
	{ "more than may be read", SMB2_READ, 4, 4, 0xFFFFFFFF, STATUS_INVALID_PARAMETER },
	{ "input outside", SMB2_IOCTL, 24, 4, 0xFFFFFFF0, STATUS_INVALID_PARAMETER },
	{ "input within the fields", SMB2_IOCTL, 24, 4, 112, STATUS_INVALID_PARAMETER },
	{ "input that is too long", SMB2_IOCTL, 28, 4, 6, STATUS_INVALID_PARAMETER },
	{ "input without end", SMB2_IOCTL, 28, 4, 0xFFFFFFFF, STATUS_INVALID_PARAMETER },
	{ "more input to come back", SMB2_IOCTL, 32, 4, 65537, STATUS_INVALID_PARAMETER },
	{ "more output than there may be", SMB2_IOCTL, 44, 4, 65537, STATUS_INVALID_PARAMETER },
	{ "more than may be asked", SMB2_QUERY_INFO, 4, 4, 65537, STATUS_INVALID_PARAMETER },
	{ "input outside", SMB2_SET_INFO, 8, 2, 0xFFF0, STATUS_INVALID_PARAMETER },
	{ "no input", SMB2_SET_INFO, 4, 4, 0, STATUS_INVALID_PARAMETER },
	{ "input that is too long", SMB2_SET_INFO, 4, 4, 9, STATUS_INVALID_PARAMETER },
};

static void a_wrong_field_is_refused_with_its_status(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(fields); i++) {
		const struct field *f = &fields[i];

		begin_for(f->command);
		ask_well_formed(f->command);
		if (f->bytes == 2)
			wire_set_u16le(peer_message(), BODY + f->at, (uint16_t)f->value);
		else
			wire_set_u32le(peer_message(), BODY + f->at, f->value);
		peer_send();
		if (peer.answer_count != 1 || peer.answers[0].header.status != f->status)
			fail_msg("%s: %zu answers, %08x", f->what, peer.answer_count,
			         peer.answers[0].header.status);
		peer_begin_anew();
	}
}

#define CREATE_FLAGS_AT 8 /* SmbCreateFlags and Reserved, which nobody looks at */
#define NAME_OFFSET_AT  44
#define INPUT_OFFSET_AT 24
#define INPUT_COUNT_AT  28
#define DATA_OFFSET_AT  2
#define DATA_LENGTH_AT  4

static void data_at_a_wrong_offset_is_an_invalid_parameter(void **state)
{
	static const char name[] = "s\0r\0v\0s\0v\0c";
	static const uint8_t much[SMB2_MAX_PAYLOAD_BYTES + 1] = { 0 };
	char text[300] = { 0 };

	(void)state;
	begin_for(SMB2_CREATE);
	ask_create(SRVSVC);
	memcpy(peer_message()->data + BODY + CREATE_FLAGS_AT, name, sizeof name);
	wire_set_u16le(peer_message(), BODY + NAME_OFFSET_AT, BODY + CREATE_FLAGS_AT);
	expect_one(STATUS_INVALID_PARAMETER);
	ask_transceive(peer.pipe, "hello", 100);
	wire_set_u32le(peer_message(), BODY + INPUT_OFFSET_AT, BODY + 56 + 4);
	wire_set_u32le(peer_message(), BODY + INPUT_COUNT_AT, 1);
	expect_one(STATUS_INVALID_PARAMETER);
	ask_ioctl(FSCTL_PIPE_TRANSCEIVE, peer.pipe, much, sizeof much, 100);
	expect_one(STATUS_INVALID_PARAMETER);
	ask_ioctl(FSCTL_PIPE_TRANSCEIVE, peer.pipe, much, sizeof much - 1, 100);
	expect_one(STATUS_BUFFER_OVERFLOW);
	memset(text, 'x', sizeof text - 1);
	for (uint16_t at = 0xFF; at < 0x102; at++) {
		ask_write(peer.pipe, text);
		wire_set_u16le(peer_message(), BODY + DATA_OFFSET_AT, at);
		wire_set_u32le(peer_message(), BODY + DATA_LENGTH_AT, 4);
		expect_one(at <= 0x100 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
	}
}

static void the_requests_that_the_table_spoils_are_valid_otherwise(void **state)
{
	static const uint32_t others[SMB2_COMMAND_COUNT] = {
		[SMB2_LOCK] = STATUS_INVALID_DEVICE_REQUEST,
		[SMB2_QUERY_DIRECTORY] = STATUS_INVALID_PARAMETER,
		[SMB2_CHANGE_NOTIFY] = STATUS_INVALID_PARAMETER,
		[SMB2_OPLOCK_BREAK] = STATUS_INVALID_DEVICE_STATE,
		[SMB2_READ] = STATUS_PENDING,
	};

	(void)state;
	for (uint16_t command = 0; command < SMB2_COMMAND_COUNT; command++) {
		if (command == SMB2_CANCEL)
			continue;
		begin_for(command);
		ask_well_formed(command);
		peer_send();
		if (command == SMB2_SESSION_SETUP) {
			assert_non_null(host.asking);
		} else {
			expect_answers(1);
			expect_status(0, others[command]);
		}
		peer_begin_anew();
	}
}

/* ---- headers ---- */

static void an_unknown_command_ends_the_connection(void **state)
{
	static const uint16_t commands[] = { SMB2_COMMAND_COUNT, 0x00FF, 0x0100, 0xFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		begin_for(SMB2_ECHO);
		ask_empty(commands[i]);
		expect_closed();
		peer_begin_anew();
	}
}

static void a_truncated_header_or_one_of_another_size_ends_the_connection(void **state)
{
	(void)state;
	for (size_t cut = 4; cut < SMB2_HEADER_BYTES; cut++) {
		begin_for(SMB2_ECHO);
		peer.is_silent_about_signing = true;
		ask_empty(SMB2_ECHO);
		peer_message()->len = cut;
		expect_closed();
		peer_begin_anew();
	}
	begin_for(SMB2_ECHO);
	ask_empty(SMB2_ECHO);
	peer_message()->data[4] = 63; /* StructureSize */
	expect_closed();
}

static void a_response_ends_the_connection(void **state)
{
	(void)state;
	begin_for(SMB2_ECHO);
	peer.next.flags = SMB2_FLAGS_SERVER_TO_REDIR;
	ask_empty(SMB2_ECHO);
	expect_closed();
}

/* ---- whatever comes ---- */

/* Every bit of every request turned over: an answer or the end, and nothing that a sanitizer sees.
 */
static void no_flipped_bit_does_harm(void **state)
{
	(void)state;
	for (uint16_t command = 0; command < SMB2_COMMAND_COUNT; command++) {
		size_t bits = 1;

		for (size_t bit = 0; bit < bits; bit++) {
			if (bit == 0 || peer.is_closed || host.closed > 0) {
				peer_begin_anew();
				begin_for(command);
			}
			host.asking = NULL;
			host.echoes = false;
			ask_well_formed(command);
			bits = 8 * peer_message()->len;
			peer_message()->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			peer_send();
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_malformed)
{
	const struct CMUnitTest tests[] = {
		TEST(a_body_of_another_size_is_an_invalid_parameter),
		TEST(a_truncated_body_is_an_invalid_parameter),
		TEST(a_wrong_field_is_refused_with_its_status),
		TEST(data_at_a_wrong_offset_is_an_invalid_parameter),
		TEST(the_requests_that_the_table_spoils_are_valid_otherwise),
		TEST(an_unknown_command_ends_the_connection),
		TEST(a_truncated_header_or_one_of_another_size_ends_the_connection),
		TEST(a_response_ends_the_connection),
		TEST(no_flipped_bit_does_harm),
	};

	return cmocka_run_group_tests_name("malformed requests", tests, NULL, NULL);
}
