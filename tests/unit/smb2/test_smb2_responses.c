/* SPDX-License-Identifier: MIT */
/* What a server answers: as smbd did where that is recorded, and so that our own client reads it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recorded_message.h"
#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/ioctl.h"
#include "smb2/info.h"
#include "smb2/read_write.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/tree.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct smb2_file_id pipe_id = { 0x2d768921, 0x78c4515f };

static struct wire_writer response;

/* The response's header, of which no decoder of a body reads anything. */
static struct wire_writer *begin_response(void)
{
	wire_writer_fini(&response);
	wire_put_zeros(&response, SMB2_HEADER_BYTES);
	return &response;
}

static struct wire_reader response_message(void)
{
	struct wire_reader r;

	wire_reader_init(&r, response.data, response.len);
	return r;
}

/* The body is the recorded one, but for what stands from other_at on. */
static void assert_is_recorded(const char *name, size_t other_at, size_t other_bytes)
{
	struct wire_reader message = recorded_message(name);
	uint8_t *theirs = recorded.data + MESSAGE_AT;

	assert_int_equal(response.len, wire_left(&message));
	memset(theirs + other_at, 0, other_bytes);
	memset(response.data + other_at, 0, other_bytes);
	assert_memory_equal(response.data + SMB2_HEADER_BYTES, theirs + SMB2_HEADER_BYTES,
	                    response.len - SMB2_HEADER_BYTES);
}

/* A whole recorded message, and its part of the last bytes. */
static const uint8_t *recorded_end(const char *name, size_t bytes)
{
	struct wire_reader message = recorded_message(name);

	return message.end - bytes;
}

static void failures_are_answered_as_smbd_did(void **state)
{
	(void)state;
	smb2_error_response_encode(begin_response());
	assert_is_recorded("samba-4.17-create-response-no-such-pipe", 0, 0);
	assert_is_recorded("samba-4.17-tree-connect-response-bad-network-name", 0, 0);
	/* The one byte of no error data is anything, 2.2.2. */
	assert_is_recorded("samba-4.17-ioctl-response-pending", SMB2_HEADER_BYTES + 8, 1);
}

/* 2.2.2: ByteCount 8, and an error context of 8 bytes, 2.2.2.1. */
static void a_failure_of_3_1_1_can_carry_an_empty_context(void **state)
{
	static const uint8_t expected[] = { 9, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct wire_writer w = { 0 };

	(void)state;
	smb2_error_context_response_encode(&w);
	assert_int_equal(w.len, sizeof expected);
	assert_memory_equal(w.data, expected, sizeof expected);
	wire_writer_fini(&w);
}

static void messages_with_an_empty_body_are_answered_as_smbd_did(void **state)
{
	(void)state;
	smb2_empty_body_encode(begin_response());
	assert_is_recorded("samba-4.17-logoff-response", 0, 0);
	assert_is_recorded("samba-4.17-tree-disconnect-response", 0, 0);
	assert_is_recorded("samba-4.17-echo-response", 0, 0);
}

static void a_log_on_is_answered_as_smbd_did(void **state)
{
	static const struct {
		const char *name;
		size_t token_bytes;
	} samples[] = {
		{ "samba-4.17-session-setup-response-more-processing", 159 },
		{ "samba-4.17-session-setup-response-success", 29 },
	};
	struct smb2_session_setup_response heard;
	struct wire_reader r;

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		const uint8_t *token = recorded_end(samples[i].name, samples[i].token_bytes);

		smb2_session_setup_response_encode(begin_response(), 0, token,
		                                   samples[i].token_bytes);
		assert_is_recorded(samples[i].name, 0, 0);
	}
	smb2_session_setup_response_encode(begin_response(), SMB2_SESSION_FLAG_ENCRYPT_DATA,
	                                   (const uint8_t *)"token", 5);
	r = response_message();
	smb2_session_setup_response_decode(&r, &heard);
	assert_null(r.error);
	assert_int_equal(heard.session_flags, SMB2_SESSION_FLAG_ENCRYPT_DATA);
	assert_int_equal(heard.token_bytes, 5);
	assert_memory_equal(heard.token, "token", 5);
}

static void a_tree_is_answered_as_smbd_did(void **state)
{
	struct smb2_tree_connect_response said = { .share_type = SMB2_SHARE_TYPE_PIPE,
		                                   .maximal_access = 0x011f01bf },
					  heard;
	struct wire_reader r;

	(void)state;
	smb2_tree_connect_response_encode(begin_response(), &said);
	assert_is_recorded("samba-4.17-tree-connect-response", 0, 0);
	said.share_flags = SMB2_SHAREFLAG_ENCRYPT_DATA;
	smb2_tree_connect_response_encode(begin_response(), &said);
	r = response_message();
	smb2_tree_connect_response_decode(&r, &heard);
	assert_null(r.error);
	assert_int_equal(heard.share_type, SMB2_SHARE_TYPE_PIPE);
	assert_int_equal(heard.share_flags, SMB2_SHAREFLAG_ENCRYPT_DATA);
	assert_int_equal(heard.maximal_access, 0x011f01bf);
}

/* smbd gives a pipe times and no allocation. */
static void an_open_pipe_is_answered_as_smbd_did(void **state)
{
	enum { TIMES_AT = SMB2_HEADER_BYTES + 8, TIMES_AND_ALLOCATION_BYTES = 5 * 8 };
	struct smb2_file_id heard;
	struct wire_reader r;

	(void)state;
	smb2_create_pipe_response_encode(begin_response(), &pipe_id);
	r = response_message();
	smb2_create_response_decode(&r, &heard);
	assert_null(r.error);
	assert_memory_equal(&heard, &pipe_id, sizeof heard);
	assert_is_recorded("samba-4.17-create-response", TIMES_AT, TIMES_AND_ALLOCATION_BYTES);
}

/* 2.2.16: attributes only if they are requested. */
static void a_closed_pipe_gives_its_attributes_if_requested(void **state)
{
	enum { FLAGS_AT = 2, ALLOCATION_AT = 40, ATTRIBUTES_AT = 56 };
	struct wire_reader r;

	(void)state;
	smb2_close_response_encode(begin_response(), 0);
	assert_is_recorded("samba-4.17-close-response", 0, 0);
	smb2_close_response_encode(begin_response(), SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB);
	assert_int_equal(response.len, SMB2_HEADER_BYTES + 60);
	r = response_message();
	wire_skip(&r, SMB2_HEADER_BYTES + FLAGS_AT);
	assert_int_equal(wire_get_u16(&r), SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB);
	wire_skip(&r, ALLOCATION_AT - FLAGS_AT - 2);
	assert_int_equal(wire_get_u64(&r), SMB2_PIPE_ALLOCATION_BYTES);
	assert_int_equal(wire_get_u64(&r), 0);
	assert_int_equal(wire_get_u32(&r), FILE_ATTRIBUTE_NORMAL);
}

static void put_read_response(const void *data, size_t bytes)
{
	struct wire_writer *w = begin_response();
	size_t data_at = smb2_read_response_begin(w);

	wire_put_bytes(w, data, bytes);
	smb2_read_response_end(w, data_at);
}

static void a_pipes_bytes_are_answered_as_smbd_did(void **state)
{
	const uint8_t *bytes = recorded_end("samba-4.17-read-response", 1128);
	uint32_t written;
	size_t output_at;
	struct wire_reader r;

	(void)state;
	put_read_response(bytes, 1128);
	assert_is_recorded("samba-4.17-read-response", 0, 0);
	smb2_write_response_encode(begin_response(), 72);
	r = response_message();
	smb2_write_response_decode(&r, &written);
	assert_null(r.error);
	assert_int_equal(written, 72);
	assert_is_recorded("samba-4.17-write-response", 0, 0);
	bytes = recorded_end("samba-4.17-ioctl-response-bind-ack", 68);
	output_at = smb2_ioctl_response_begin(begin_response(), FSCTL_PIPE_TRANSCEIVE, &pipe_id);
	wire_put_bytes(&response, bytes, 68);
	smb2_ioctl_response_end(&response, output_at);
	assert_is_recorded("samba-4.17-ioctl-response-bind-ack", 0, 0);
}

static void our_client_reads_what_our_server_gives(void **state)
{
	struct smb2_data data;
	struct wire_reader r;
	size_t output_at;

	(void)state;
	put_read_response("some bytes", 10);
	r = response_message();
	smb2_read_response_decode(&r, &data);
	assert_null(r.error);
	assert_int_equal(data.bytes, 10);
	assert_memory_equal(data.data, "some bytes", 10);
	output_at = smb2_ioctl_response_begin(begin_response(), FSCTL_PIPE_TRANSCEIVE, &pipe_id);
	wire_put_bytes(&response, "others", 6);
	smb2_ioctl_response_end(&response, output_at);
	r = response_message();
	smb2_transceive_response_decode(&r, &data);
	assert_null(r.error);
	assert_int_equal(data.bytes, 6);
	assert_memory_equal(data.data, "others", 6);
}

static void information_is_answered_as_smbd_did(void **state)
{
	static const struct smb2_pipe_facts facts = { .state = SMB2_PIPE_CONNECTED };
	struct wire_writer *w = begin_response();
	size_t output_at = smb2_query_info_response_begin(w);

	(void)state;
	assert_int_equal(smb2_pipe_info_encode(w, 5, 65535, &facts), STATUS_SUCCESS);
	smb2_query_info_response_end(w, output_at);
	assert_is_recorded("samba-4.17-query-info-response-standard", 0, 0);
	/* 2.2.40: nothing but its own size. */
	smb2_set_info_response_encode(begin_response());
	assert_int_equal(response.len, SMB2_HEADER_BYTES + 2);
	assert_int_equal(response.data[SMB2_HEADER_BYTES], 2);
}

static int unload(void **state)
{
	wire_writer_fini(&response);
	return recorded_message_unload(state);
}

TEST_GROUP(smb2_responses)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failures_are_answered_as_smbd_did),
		cmocka_unit_test(a_failure_of_3_1_1_can_carry_an_empty_context),
		cmocka_unit_test(messages_with_an_empty_body_are_answered_as_smbd_did),
		cmocka_unit_test(a_log_on_is_answered_as_smbd_did),
		cmocka_unit_test(a_tree_is_answered_as_smbd_did),
		cmocka_unit_test(an_open_pipe_is_answered_as_smbd_did),
		cmocka_unit_test(a_closed_pipe_gives_its_attributes_if_requested),
		cmocka_unit_test(a_pipes_bytes_are_answered_as_smbd_did),
		cmocka_unit_test(our_client_reads_what_our_server_gives),
		cmocka_unit_test(information_is_answered_as_smbd_did),
	};

	return cmocka_run_group_tests(tests, NULL, unload);
}
