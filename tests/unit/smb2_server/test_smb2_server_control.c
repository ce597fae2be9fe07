/* SPDX-License-Identifier: MIT */
/* What is asked of the SMB server's pipes beside their data: [MS-SMB2] 3.3.5.14 to 3.3.5.22. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/ioctl.h"
#include "smb2/info.h"
#include "smb_peer.h"

static struct wire_reader *answer(void)
{
	return &peer.answers[0].message;
}

/* ---- controls ---- */

static void a_peek_counts_and_takes_nothing(void **state)
{
	struct wire_reader output;

	(void)state;
	begin_with_pipe(0);
	ask_ioctl(FSCTL_PIPE_PEEK, peer.pipe, NULL, 0, 16);
	expect_one(STATUS_SUCCESS);
	host_put(0, "a message", 9);
	ask_ioctl(FSCTL_PIPE_PEEK, peer.pipe, NULL, 0, 16);
	expect_one(STATUS_BUFFER_OVERFLOW);
	output = smb2_ioctl_response_output(answer(), FSCTL_PIPE_PEEK);
	assert_int_equal(wire_get_u32(&output), SMB2_PIPE_CONNECTED);
	assert_int_equal(wire_get_u32(&output), 9);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "a message");
	ask_ioctl(FSCTL_PIPE_PEEK, peer.pipe, NULL, 0, 15);
	expect_one(STATUS_BUFFER_TOO_SMALL);
}

/* The input of FSCTL_PIPE_WAIT, [MS-FSCC] 2.3.49. */
static void ask_pipe_wait(const char *name, size_t name_bytes)
{
	struct wire_writer input = { 0 };

	wire_put_u64le(&input, 0);
	wire_put_u32le(&input, (uint32_t)name_bytes);
	wire_put_zeros(&input, 2);
	wire_put_utf16le(&input, name);
	ask_ioctl(FSCTL_PIPE_WAIT, same_file, input.data, input.len, 0);
	wire_writer_fini(&input);
}

static void waiting_for_an_existing_pipe_succeeds_at_once(void **state)
{
	(void)state;
	begin_with_pipe(0);
	ask_pipe_wait(SRVSVC, 12);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host_open_pipes(), 1);
	ask_pipe_wait("wkssvc", 12);
	expect_one(STATUS_OBJECT_NAME_NOT_FOUND);
	ask_pipe_wait("wkssvc", 14); /* 3.3.5.15.10: malformed */
	expect_one(STATUS_OBJECT_NAME_NOT_FOUND);
}

static void unsupported_controls_are_refused_with_their_status(void **state)
{
	static const struct {
		uint32_t fsctl, status;
		bool is_of_file;
	} cases[] = {
		{ FSCTL_DFS_GET_REFERRALS, STATUS_FS_DRIVER_REQUIRED, false },
		{ FSCTL_DFS_GET_REFERRALS_EX, STATUS_FS_DRIVER_REQUIRED, false },
		{ FSCTL_QUERY_NETWORK_INTERFACE_INFO, STATUS_NOT_SUPPORTED, false },
		{ FSCTL_SRV_REQUEST_RESUME_KEY, STATUS_INVALID_DEVICE_REQUEST, true },
		{ FSCTL_SRV_ENUMERATE_SNAPSHOTS, STATUS_INVALID_DEVICE_REQUEST, true },
		{ FSCTL_LMR_REQUEST_RESILIENCY, STATUS_INVALID_DEVICE_REQUEST, true },
		{ 0x12345678, STATUS_INVALID_DEVICE_REQUEST, true },
	};

	(void)state;
	begin_with_pipe(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ask_ioctl(cases[i].fsctl, cases[i].is_of_file ? peer.pipe : same_file, NULL, 0,
		          1024);
		expect_one(cases[i].status);
	}
}

/* 3.3.5.15 */
static void a_control_of_no_file_names_no_file(void **state)
{
	static const uint32_t fsctls[] = { FSCTL_DFS_GET_REFERRALS, FSCTL_DFS_GET_REFERRALS_EX,
		                           FSCTL_QUERY_NETWORK_INTERFACE_INFO,
		                           FSCTL_VALIDATE_NEGOTIATE_INFO, FSCTL_PIPE_WAIT };

	(void)state;
	begin_with_pipe(SMB2_DIALECT_302);
	for (size_t i = 0; i < COUNT(fsctls); i++) {
		ask_ioctl(fsctls[i], peer.pipe, NULL, 0, 1024);
		expect_one(STATUS_INVALID_PARAMETER);
	}
}

static void an_ioctl_that_is_no_fsctl_is_not_supported(void **state)
{
	struct wire_writer *w;

	(void)state;
	begin_with_pipe(0);
	ask_transceive(peer.pipe, "x", 10);
	w = peer_message();
	wire_set_u32le(w, SMB2_HEADER_BYTES + 48, 0); /* Flags */
	expect_one(STATUS_NOT_SUPPORTED);
}

/* ---- what is told of a pipe ---- */

static void query_info_describes_a_pipe(void **state)
{
	static const struct {
		uint8_t type, class;
		uint32_t room, status;
	} cases[] = {
		{ 1, 5, 24, STATUS_SUCCESS },
		{ 1, 5, 23, STATUS_INFO_LENGTH_MISMATCH },
		{ 1, 18, 100, STATUS_SUCCESS },
		{ 1, 23, 8, STATUS_SUCCESS },
		{ 1, 24, 40, STATUS_SUCCESS },
		{ 1, 22, 100, STATUS_NOT_SUPPORTED },
		{ 1, 200, 100, STATUS_INVALID_INFO_CLASS },
		{ 2, 1, 100, STATUS_NOT_SUPPORTED },
		{ 3, 0, 100, STATUS_NOT_SUPPORTED },
		{ 4, 0, 100, STATUS_NOT_SUPPORTED },
		{ 1, 5, 65537, STATUS_INVALID_PARAMETER },
	};

	(void)state;
	for (size_t d = 0; d < SMB2_DIALECT_COUNT; d++) {
		begin_with_pipe(smb2_dialects[d]);
		for (size_t i = 0; i < COUNT(cases); i++) {
			ask_query_info(peer.pipe, cases[i].type, cases[i].class, cases[i].room);
			expect_one(cases[i].status);
			if (cases[i].status == STATUS_SUCCESS)
				assert_int_equal(peer.answers[0].bytes,
				                 SMB2_HEADER_BYTES + 8 + cases[i].room);
		}
		peer_begin_anew();
	}
}

static void set_info_sets_the_read_mode_and_nothing_else(void **state)
{
	static const struct {
		uint8_t class;
		size_t bytes;
		const char *input;
		uint32_t status;
	} cases[] = {
		{ 23, 8, "\0\0\0\0\1\0\0\0", STATUS_SUCCESS },
		{ 23, 7, "\0\0\0\0\1\0\0", STATUS_INFO_LENGTH_MISMATCH },
		{ 23, 8, "\2\0\0\0\1\0\0\0", STATUS_INVALID_PARAMETER },
		{ 4, 8, "\0\0\0\0\1\0\0\0", STATUS_NOT_SUPPORTED },
		{ 10, 8, "\0\0\0\0\1\0\0\0", STATUS_NOT_SUPPORTED },
	};
	struct wire_reader *r = answer();

	(void)state;
	begin_with_pipe(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ask_set_info(peer.pipe, cases[i].class, cases[i].input, cases[i].bytes);
		expect_one(cases[i].status);
	}
	ask_query_info(peer.pipe, 1, 23, 8);
	expect_one(STATUS_SUCCESS);
	wire_skip(r, SMB2_HEADER_BYTES + 8);
	assert_int_equal(wire_get_u32(r), 0);
	assert_int_equal(wire_get_u32(r), 1);
}

/* ---- what no pipe has ---- */

static void commands_for_files_are_refused_after_the_file_was_looked_up(void **state)
{
	static const struct {
		uint16_t command, structure_size;
		size_t id_at;
		uint32_t status;
	} cases[] = {
		{ SMB2_LOCK, 48, 8, STATUS_INVALID_DEVICE_REQUEST },
		{ SMB2_QUERY_DIRECTORY, 33, 8, STATUS_INVALID_PARAMETER },
		{ SMB2_CHANGE_NOTIFY, 32, 8, STATUS_INVALID_PARAMETER },
	};
	struct smb2_file_id none = { 1, 1234 };

	(void)state;
	begin_with_pipe(0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		ask_of_file(cases[i].command, cases[i].structure_size, cases[i].id_at, peer.pipe);
		expect_one(cases[i].status);
		ask_of_file(cases[i].command, cases[i].structure_size, cases[i].id_at, none);
		expect_one(STATUS_FILE_CLOSED);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_control)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peek_counts_and_takes_nothing),
		TEST(waiting_for_an_existing_pipe_succeeds_at_once),
		TEST(unsupported_controls_are_refused_with_their_status),
		TEST(a_control_of_no_file_names_no_file),
		TEST(an_ioctl_that_is_no_fsctl_is_not_supported),
		TEST(query_info_describes_a_pipe),
		TEST(set_info_sets_the_read_mode_and_nothing_else),
		TEST(commands_for_files_are_refused_after_the_file_was_looked_up),
	};

	return cmocka_run_group_tests_name("what is asked of a pipe", tests, NULL, NULL);
}
