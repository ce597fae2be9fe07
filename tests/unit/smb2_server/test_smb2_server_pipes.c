/* SPDX-License-Identifier: MIT */
/* Trees and pipes of the SMB server: [MS-SMB2] 3.3.5.7 to 3.3.5.13, 3.3.5.15.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "smb2/ioctl.h"
#include "smb2/read_write.h"
#include "smb2/tree.h"
#include "smb_peer.h"

static struct wire_reader *answer(void)
{
	return &peer.answers[0].message;
}

/* ---- trees ---- */

static void ipc_is_a_share_of_pipes_in_any_case(void **state)
{
	static const char *const names[] = { "IPC$", "ipc$", "Ipc$" };
	struct smb2_tree_connect_response response;

	(void)state;
	negotiate(0);
	log_on();
	for (size_t i = 0; i < COUNT(names); i++) {
		ask_tree_connect(names[i]);
		expect_one(STATUS_SUCCESS);
		assert_int_equal(peer.answers[0].header.tree_id, i + 1);
		smb2_tree_connect_response_decode(answer(), &response);
		assert_null(answer()->error);
		assert_int_equal(response.share_type, SMB2_SHARE_TYPE_PIPE);
		assert_int_equal(response.share_flags & SMB2_SHAREFLAG_ENCRYPT_DATA, 0);
	}
}

static void no_other_share_exists(void **state)
{
	static const char *const names[] = { "C$", "ADMIN$", "IPC", "IPC$$", "print$" };

	(void)state;
	negotiate(0);
	log_on();
	for (size_t i = 0; i < COUNT(names); i++) {
		ask_tree_connect(names[i]);
		expect_one(STATUS_BAD_NETWORK_NAME);
	}
}

static void a_path_of_another_form_is_an_invalid_parameter(void **state)
{
	static const char *const shares[] = { "IPC$\\srvsvc", "\\IPC$" };

	(void)state;
	negotiate(0);
	log_on();
	for (size_t i = 0; i < COUNT(shares); i++) {
		ask_tree_connect(shares[i]);
		expect_one(STATUS_INVALID_PARAMETER);
	}
}

#define WAIT_NAME_AT 14 /* of the input of FSCTL_PIPE_WAIT */

/* Asks for a pipe of that name and to wait for one: a name that is longer than any is told so. */
static void ask_for_long_name(const char *name, bool is_too_long)
{
	struct wire_writer w = { 0 };
	size_t length = strlen(name);

	ask_create(name);
	expect_one(is_too_long ? STATUS_INVALID_PARAMETER : STATUS_OBJECT_NAME_NOT_FOUND);
	wire_put_zeros(&w, WAIT_NAME_AT);
	wire_set_u32le(&w, 8, (uint32_t)(2 * length));
	wire_put_utf16le(&w, name);
	ask_ioctl(FSCTL_PIPE_WAIT, (struct smb2_file_id){ ANY_ID, ANY_ID }, w.data, w.len, 0);
	expect_one(STATUS_OBJECT_NAME_NOT_FOUND);
	wire_writer_fini(&w);
}

static void a_name_that_is_longer_than_any_is_refused(void **state)
{
	static const size_t lengths[] = { 300, 339, 340, 341, 342, 1000, 5000, 32700 };
	char *name = malloc(32701);

	(void)state;
	negotiate(0);
	log_on();
	connect_tree();
	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(name, 'x', lengths[i]);
		name[lengths[i]] = '\0';
		ask_for_long_name(name, lengths[i] > 340);
		ask_tree_connect(name);
		expect_one(lengths[i] > 340 - 6 ? STATUS_INVALID_PARAMETER
		                                : STATUS_BAD_NETWORK_NAME);
	}
	free(name);
}

static void a_session_has_16_trees_at_most(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	for (size_t i = 0; i < 16; i++)
		connect_tree();
	ask_tree_connect("IPC$");
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	ask_empty(SMB2_TREE_DISCONNECT);
	expect_one(STATUS_SUCCESS);
	connect_tree();
}

static void a_tree_disconnect_closes_the_pipes_of_the_tree_only(void **state)
{
	struct smb2_file_id first;
	uint32_t first_tree;

	(void)state;
	begin_with_pipe(0);
	first = peer.pipe;
	first_tree = peer.next.tree_id;
	connect_tree();
	open_pipe();
	assert_int_equal(host_open_pipes(), 2);
	ask_empty(SMB2_TREE_DISCONNECT);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host_open_pipes(), 1);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_NETWORK_NAME_DELETED);
	peer.next.tree_id = first_tree;
	ask_write(first, "hello");
	expect_one(STATUS_SUCCESS);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_FILE_CLOSED);
}

static void a_pipe_is_not_reached_through_another_tree(void **state)
{
	(void)state;
	begin_with_pipe(0);
	connect_tree();
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_FILE_CLOSED);
}

/* ---- opening and closing ---- */

static void no_other_pipe_exists(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	connect_tree();
	ask_create("wkssvc");
	expect_one(STATUS_OBJECT_NAME_NOT_FOUND);
	ask_create("");
	expect_one(STATUS_OBJECT_NAME_NOT_FOUND);
	assert_int_equal(host.pipe_count, 0);
}

static void a_session_has_64_pipes_at_most(void **state)
{
	(void)state;
	negotiate(0);
	log_on();
	connect_tree();
	for (size_t i = 0; i < 64; i++)
		open_pipe();
	ask_create(SRVSVC);
	expect_one(STATUS_INSUFFICIENT_RESOURCES);
	ask_close(peer.pipe, 0);
	expect_one(STATUS_SUCCESS);
	open_pipe();
}

static void a_closed_pipe_is_closed(void **state)
{
	(void)state;
	begin_with_pipe(0);
	ask_close(peer.pipe, 1);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host_open_pipes(), 0);
	ask_close(peer.pipe, 0);
	expect_one(STATUS_FILE_CLOSED);
	ask_read(peer.pipe, 10);
	expect_one(STATUS_FILE_CLOSED);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_FILE_CLOSED);
	ask_transceive(peer.pipe, "hello", 10);
	expect_one(STATUS_FILE_CLOSED);
	ask_query_info(peer.pipe, 1, 5, 100);
	expect_one(STATUS_FILE_CLOSED);
	ask_set_info(peer.pipe, 23, "\1\0\0\0\0\0\0\0", 8);
	expect_one(STATUS_FILE_CLOSED);
	ask_of_file(SMB2_FLUSH, 24, 8, peer.pipe);
	expect_one(STATUS_FILE_CLOSED);
	ask_ioctl(FSCTL_PIPE_PEEK, peer.pipe, NULL, 0, 16);
	expect_one(STATUS_FILE_CLOSED);
}

static void half_a_file_id_finds_no_pipe(void **state)
{
	struct smb2_file_id id;

	(void)state;
	begin_with_pipe(0);
	id = peer.pipe;
	id.persistent++;
	ask_write(id, "hello");
	expect_one(STATUS_FILE_CLOSED);
	id = peer.pipe;
	id.volatile_++;
	ask_write(id, "hello");
	expect_one(STATUS_FILE_CLOSED);
	ask_write(same_file, "hello"); /* as the one before: there is none */
	expect_one(STATUS_FILE_CLOSED);
}

/* ---- data ---- */

static void written_data_reaches_the_pipe(void **state)
{
	uint32_t written;

	(void)state;
	begin_with_pipe(0);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_SUCCESS);
	smb2_write_response_decode(answer(), &written);
	assert_int_equal(written, 5);
	assert_int_equal(host.pipes[0].written, 5);
	assert_memory_equal(host.pipes[0].last_written, "hello", 5);
}

static void a_read_gives_one_message_and_a_short_one_says_so(void **state)
{
	(void)state;
	begin_with_pipe(0);
	host_put(0, "a message", 9);
	host_put(0, "another", 7);
	ask_read(peer.pipe, 4);
	expect_one(STATUS_BUFFER_OVERFLOW);
	expect_data(0, "a me");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "ssage");
	ask_read(peer.pipe, 7);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "another");
}

static void a_pipe_in_byte_mode_gives_all_messages_at_once(void **state)
{
	(void)state;
	begin_with_pipe(0);
	ask_set_info(peer.pipe, 23, "\0\0\0\0\0\0\0\0", 8);
	expect_one(STATUS_SUCCESS);
	host_put(0, "a message", 9);
	host_put(0, "another", 7);
	ask_read(peer.pipe, 12);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "a messageano");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "ther");
}

static void a_non_blocking_pipe_is_empty(void **state)
{
	(void)state;
	begin_with_pipe(0);
	ask_set_info(peer.pipe, 23, "\1\0\0\0\1\0\0\0", 8);
	expect_one(STATUS_SUCCESS);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PIPE_EMPTY);
}

static void a_transceive_writes_and_reads(void **state)
{
	(void)state;
	begin_with_pipe(0);
	host.echoes = true;
	ask_transceive(peer.pipe, "question", 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "question");
	ask_transceive(peer.pipe, "question", 5);
	expect_one(STATUS_BUFFER_OVERFLOW);
	expect_data(0, "quest");
	ask_transceive(peer.pipe, "more", 5);
	expect_one(STATUS_PIPE_BUSY);
	assert_int_equal(host.pipes[0].written, 16);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "ion");
}

static void a_broken_pipe_gives_what_is_in_it_and_breaks(void **state)
{
	(void)state;
	begin_with_pipe(0);
	host.breaks = true;
	host_put(0, "last words", 10);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_PIPE_BROKEN);
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, "last words");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PIPE_BROKEN);
	ask_write(peer.pipe, "hello");
	expect_one(STATUS_PIPE_BROKEN);
	ask_transceive(peer.pipe, "hello", 10);
	expect_one(STATUS_PIPE_BROKEN);
	assert_int_equal(host.pipes[0].written, 5);
	ask_close(peer.pipe, 0);
	expect_one(STATUS_SUCCESS);
}

static void an_ended_pipe_gives_what_is_in_it_and_breaks(void **state)
{
	(void)state;
	begin_with_pipe(0);
	host.is_over = host.echoes = true;
	ask_transceive(peer.pipe, "last words", 4);
	expect_one(STATUS_BUFFER_OVERFLOW);
	expect_data(0, "last");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_SUCCESS);
	expect_data(0, " words");
	ask_read(peer.pipe, 100);
	expect_one(STATUS_PIPE_BROKEN);
}

static void reads_and_writes_of_more_than_a_credit_covers_are_refused(void **state)
{
	static char text[65538];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	begin_with_pipe(0);
	ask_read(peer.pipe, 65537);
	expect_one(STATUS_INVALID_PARAMETER);
	ask_transceive(peer.pipe, "x", 65537);
	expect_one(STATUS_INVALID_PARAMETER);
	ask_write(peer.pipe, text);
	expect_one(STATUS_INVALID_PARAMETER);
	text[65536] = '\0';
	ask_write(peer.pipe, text);
	expect_one(STATUS_SUCCESS);
	assert_int_equal(host.pipes[0].written, 65536);
}

static void a_flush_succeeds(void **state)
{
	(void)state;
	begin_with_pipe(0);
	ask_of_file(SMB2_FLUSH, 24, 8, peer.pipe);
	expect_one(STATUS_SUCCESS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, peer_set_up, peer_tear_down)

TEST_GROUP(smb2_server_pipes)
{
	const struct CMUnitTest tests[] = {
		TEST(ipc_is_a_share_of_pipes_in_any_case),
		TEST(no_other_share_exists),
		TEST(a_path_of_another_form_is_an_invalid_parameter),
		TEST(a_name_that_is_longer_than_any_is_refused),
		TEST(a_session_has_16_trees_at_most),
		TEST(a_tree_disconnect_closes_the_pipes_of_the_tree_only),
		TEST(a_pipe_is_not_reached_through_another_tree),
		TEST(no_other_pipe_exists),
		TEST(a_session_has_64_pipes_at_most),
		TEST(a_closed_pipe_is_closed),
		TEST(half_a_file_id_finds_no_pipe),
		TEST(written_data_reaches_the_pipe),
		TEST(a_read_gives_one_message_and_a_short_one_says_so),
		TEST(a_pipe_in_byte_mode_gives_all_messages_at_once),
		TEST(a_non_blocking_pipe_is_empty),
		TEST(a_transceive_writes_and_reads),
		TEST(a_broken_pipe_gives_what_is_in_it_and_breaks),
		TEST(an_ended_pipe_gives_what_is_in_it_and_breaks),
		TEST(reads_and_writes_of_more_than_a_credit_covers_are_refused),
		TEST(a_flush_succeeds),
	};

	return cmocka_run_group_tests_name("the SMB server's pipes", tests, NULL, NULL);
}
