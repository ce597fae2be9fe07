/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recorded_message.h"
#include "smb2/file.h"
#include "smb2/negotiate_check.h"
#include "smb2/ioctl.h"
#include "smb2/read_write.h"
#include "smb2/session.h"
#include "smb2/tree.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct smb2_file_id recorded_pipe = { 0x2d768921, 0x78c4515f };

/* ---- the header ---- */

static void headers_decode_and_encode_as_recorded(void **state)
{
	static const struct {
		const char *name;
		uint16_t command;
		uint64_t message_id;
		uint32_t flags;
		uint16_t credits;
	} samples[] = {
		{ "rpcclient-4.17-negotiate-request-3.1.1", SMB2_NEGOTIATE, 0, 0, 31 },
		{ "rpcclient-4.17-session-setup-request-2", SMB2_SESSION_SETUP, 2, 0x10, 8192 },
		{ "rpcclient-4.17-ioctl-request-bind", SMB2_IOCTL, 5, 0x18, 1 },
		{ "samba-4.17-create-response", SMB2_CREATE, 4, 0x19, 1 },
		{ "samba-4.17-write-response", SMB2_WRITE, 5, SMB2_FLAGS_SERVER_TO_REDIR, 127 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct wire_reader message = recorded_message(samples[i].name);
		struct wire_writer w = { 0 };
		struct smb2_header h;

		smb2_header_decode(&message, &h);
		assert_null(message.error);
		assert_int_equal(h.command, samples[i].command);
		assert_int_equal(h.message_id, samples[i].message_id);
		assert_int_equal(h.flags, samples[i].flags);
		assert_int_equal(h.credits, samples[i].credits);
		smb2_header_encode(&w, &h);
		assert_int_equal(w.len, SMB2_HEADER_BYTES);
		assert_memory_equal(w.data, message.start, SMB2_SIGNATURE_AT);
		wire_writer_fini(&w);
	}
}

static void a_header_with_another_magic_or_size_fails(void **state)
{
	(void)state;
	for (size_t at = 0; at < 6; at++) {
		struct wire_reader message = recorded_message("samba-4.17-write-response");
		struct smb2_header h;

		recorded.data[MESSAGE_AT + at] ^= 1;
		smb2_header_decode(&message, &h);
		assert_non_null(message.error);
	}
}

/* ---- responses ---- */

static void negotiate_responses_decode_at_every_dialect(void **state)
{
	static const struct {
		const char *name;
		uint16_t dialect;
		uint32_t capabilities, max_bytes;
	} samples[] = {
		{ "samba-4.17-negotiate-response-2.0.2", SMB2_DIALECT_202, 0x01, 65536 },
		{ "samba-4.17-negotiate-response-2.1", SMB2_DIALECT_210, 0x07, 8388608 },
		{ "samba-4.17-negotiate-response-3.0", SMB2_DIALECT_300, 0x4f, 8388608 },
		{ "samba-4.17-negotiate-response-3.0.2", SMB2_DIALECT_302, 0x4f, 8388608 },
		{ "samba-4.17-negotiate-response-3.1.1", SMB2_DIALECT_311, 0x0f, 8388608 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct wire_reader message = recorded_message(samples[i].name);
		bool has_contexts = samples[i].dialect == SMB2_DIALECT_311;
		struct smb2_negotiate_response response;

		smb2_negotiate_response_decode(&message, &response);
		assert_null(message.error);
		assert_int_equal(response.dialect, samples[i].dialect);
		assert_int_equal(response.security_mode, SMB2_NEGOTIATE_SIGNING_ENABLED);
		assert_int_equal(response.capabilities, samples[i].capabilities);
		assert_int_equal(response.max_transact_bytes, samples[i].max_bytes);
		assert_int_equal(response.max_read_bytes, samples[i].max_bytes);
		assert_int_equal(response.max_write_bytes, samples[i].max_bytes);
		assert_int_equal(response.has_preauth_sha512, has_contexts);
		assert_int_equal(response.has_signing_algorithm, has_contexts);
		assert_int_equal(response.signing_algorithm,
		                 has_contexts ? SMB2_SIGNING_AES_GMAC : 0);
	}
}

/* Of the recorded response of 3.1.1 with one byte of its message changed. */
static const char *negotiate_error(size_t at, uint8_t value)
{
	struct wire_reader message = recorded_message("samba-4.17-negotiate-response-3.1.1");
	static const struct smb2_negotiate_request request;
	static struct err failure;
	struct smb2_negotiate_response response;

	recorded.data[MESSAGE_AT + at] = value;
	smb2_negotiate_response_decode(&message, &response);
	if (message.error != NULL)
		return message.error;
	failure = (struct err){ 0 };
	return smb2_negotiate_response_check(&request, &response, "NEGOTIATE", &failure) !=
	                       NERR_Success
	               ? failure.text
	               : NULL;
}

static void negotiate_refuses_what_was_not_offered(void **state)
{
	enum { DIALECT = 68, CONTEXT_COUNT = 70, PREAUTH = 0xd0, SIGNING = 0x110 };
	static const char preauth[] = "dialect 3.1.1 without a preauthentication integrity context";
	static const char signing[] =
		"the server chose signing algorithm 0x0003, which was not offered";

	(void)state;
	assert_null(negotiate_error(DIALECT, 0x11));
	assert_string_equal(negotiate_error(DIALECT, 0x12),
	                    "the server chose dialect 0x0312, which was not offered");
	assert_string_equal(negotiate_error(DIALECT, 0xff),
	                    "the server chose dialect 0x03FF, which was not offered");
	assert_string_equal(negotiate_error(CONTEXT_COUNT, 0), preauth);
	assert_string_equal(negotiate_error(PREAUTH + 12, 2), preauth); /* another hash */
	assert_string_equal(negotiate_error(PREAUTH + 8, 2), preauth);  /* two hashes */
	assert_string_equal(negotiate_error(SIGNING + 10, 3), signing);
	assert_string_equal(negotiate_error(SIGNING + 8, 2),
	                    "the server did not choose one signing algorithm");
}

/* What a response says, and its variable part: a token, or bytes of the pipe. */
struct answer {
	struct smb2_negotiate_response negotiate;
	struct smb2_session_setup_response setup;
	struct smb2_tree_connect_response tree;
	struct smb2_file_id pipe;
	uint32_t written;
	struct smb2_data data;
};

static struct answer decode(uint16_t command, struct wire_reader *message)
{
	static const struct smb2_negotiate_request all;
	struct answer a = { .data = { message->end, 0 } };
	struct err failure = { 0 };

	switch (command) {
	case SMB2_NEGOTIATE:
		smb2_negotiate_response_decode(message, &a.negotiate);
		if (smb2_negotiate_response_check(&all, &a.negotiate, NULL, &failure) !=
		    NERR_Success)
			wire_reader_fail(message, "not offered");
		break;
	case SMB2_SESSION_SETUP:
		smb2_session_setup_response_decode(message, &a.setup);
		a.data = (struct smb2_data){ a.setup.token, a.setup.token_bytes };
		break;
	case SMB2_TREE_CONNECT:
		smb2_tree_connect_response_decode(message, &a.tree);
		break;
	case SMB2_CREATE:
		smb2_create_response_decode(message, &a.pipe);
		break;
	case SMB2_IOCTL:
		smb2_transceive_response_decode(message, &a.data);
		break;
	case SMB2_READ:
		smb2_read_response_decode(message, &a.data);
		break;
	case SMB2_WRITE:
		smb2_write_response_decode(message, &a.written);
		break;
	}
	return a;
}

static void session_flags_share_type_file_id_and_count_are_found(void **state)
{
	struct wire_reader message = recorded_message("samba-4.17-session-setup-response-success");
	struct smb2_file_id pipe;

	(void)state;
	assert_int_equal(decode(SMB2_SESSION_SETUP, &message).setup.session_flags, 0);
	message = recorded_message("samba-4.17-tree-connect-response");
	assert_int_equal(decode(SMB2_TREE_CONNECT, &message).tree.share_type, 2);
	message = recorded_message("samba-4.17-create-response");
	pipe = decode(SMB2_CREATE, &message).pipe;
	assert_memory_equal(&pipe, &recorded_pipe, sizeof pipe);
	message = recorded_message("samba-4.17-write-response");
	assert_int_equal(decode(SMB2_WRITE, &message).written, 72);
}

static const struct response {
	const char *name;
	uint16_t command;
	size_t data_bytes;  /* they end the message */
	size_t least_bytes; /* of a message that decodes */
} responses[] = {
	{ "samba-4.17-negotiate-response-2.0.2", SMB2_NEGOTIATE, 0, 128 },
	{ "samba-4.17-negotiate-response-2.1", SMB2_NEGOTIATE, 0, 128 },
	{ "samba-4.17-negotiate-response-3.0", SMB2_NEGOTIATE, 0, 128 },
	{ "samba-4.17-negotiate-response-3.0.2", SMB2_NEGOTIATE, 0, 128 },
	{ "samba-4.17-negotiate-response-3.1.1", SMB2_NEGOTIATE, 0, 284 },
	{ "samba-4.17-session-setup-response-more-processing", SMB2_SESSION_SETUP, 159, 231 },
	{ "samba-4.17-session-setup-response-success", SMB2_SESSION_SETUP, 29, 101 },
	{ "samba-4.17-tree-connect-response", SMB2_TREE_CONNECT, 0, 80 },
	{ "samba-4.17-create-response", SMB2_CREATE, 0, 144 },
	{ "samba-4.17-ioctl-response-bind-ack", SMB2_IOCTL, 68, 180 },
	{ "samba-4.17-ioctl-response-buffer-overflow", SMB2_IOCTL, 20, 132 },
	{ "samba-4.17-ioctl-response-first-fragment", SMB2_IOCTL, 4280, 4392 },
	{ "samba-4.17-read-response", SMB2_READ, 1128, 1208 },
	{ "samba-4.17-read-response-bind-ack", SMB2_READ, 68, 148 },
	{ "samba-4.17-write-response", SMB2_WRITE, 0, 72 },
};

static void tokens_and_pipe_bytes_are_found(void **state)
{
	(void)state;
	for (const struct response *s = responses; s < responses + COUNT(responses); s++) {
		struct wire_reader message = recorded_message(s->name);
		struct smb2_data data = decode(s->command, &message).data;

		assert_null(message.error);
		assert_int_equal(data.bytes, s->data_bytes);
		assert_ptr_equal(data.data + data.bytes, message.end);
	}
}

static void expect_failure_below_the_least(struct wire_reader *message, const void *argument)
{
	const struct response *s = argument;
	size_t bytes = wire_left(message);

	(void)decode(s->command, message);
	assert_int_equal(message->error != NULL, bytes < s->least_bytes);
}

static void every_response_that_ends_early_fails(void **state)
{
	(void)state;
	for (const struct response *s = responses; s < responses + COUNT(responses); s++) {
		(void)recorded_message(s->name);
		recorded_message_cut(expect_failure_below_the_least, s);
	}
}

static void expect_no_way_out(uint16_t command)
{
	struct wire_reader message = recorded_message_again();
	struct answer a = decode(command, &message);

	assert_true(a.data.data >= message.start && a.data.data <= message.end);
	assert_true(a.data.bytes <= (size_t)(message.end - a.data.data));
	assert_true(message.error != NULL
	                    ? a.data.bytes == 0
	                    : a.negotiate.signing_algorithm <= 2 && a.negotiate.cipher <= 4);
}

/* All changes of each byte. */
static void a_changed_byte_never_leads_out_of_a_response(void **state)
{
	(void)state;
	for (const struct response *s = responses; s < responses + COUNT(responses); s++) {
		(void)recorded_message(s->name);
		for (size_t at = MESSAGE_AT; at < recorded.bytes; at++)
			for (unsigned change = 0; change < 256; change++) {
				recorded.data[at]++;
				expect_no_way_out(s->command);
			}
	}
}

/* ---- requests ---- */

/* Encodes the recorded request with this payload. */
static void encode(struct wire_writer *w, uint16_t command, const uint8_t *payload, size_t bytes)
{
	static const struct smb2_file_id impacket_pipe = { 0x8fe59e6b, 0x174b517e };

	switch (command) {
	case SMB2_SESSION_SETUP:
		smb2_session_setup_request_encode(w, payload, bytes);
		break;
	case SMB2_TREE_CONNECT:
		smb2_tree_connect_request_encode(w, "127.0.0.1", "IPC$");
		break;
	case SMB2_CREATE:
		smb2_create_pipe_request_encode(w, "srvsvc");
		break;
	case SMB2_IOCTL:
		smb2_transceive_request_encode(w, &recorded_pipe, payload, bytes, 4280);
		break;
	case SMB2_READ:
		smb2_read_request_encode(w, &recorded_pipe, 4280);
		break;
	case SMB2_WRITE:
		smb2_write_request_encode(w, &impacket_pipe, payload, bytes);
		break;
	}
}

static void requests_are_the_recorded_ones_but_for_choices(void **state)
{
	static const struct {
		const char *name;
		uint16_t command;
		size_t fixed_bytes;          /* of the body, before its payload */
		size_t choice, choice_bytes; /* modes, DesiredAccess, OutputOffset */
	} samples[] = {
		{ "rpcclient-4.17-session-setup-request-1", SMB2_SESSION_SETUP, 24, 3, 5 },
		{ "rpcclient-4.17-session-setup-request-2", SMB2_SESSION_SETUP, 24, 3, 5 },
		{ "rpcclient-4.17-tree-connect-request", SMB2_TREE_CONNECT, 8, 0, 0 },
		{ "rpcclient-4.17-create-request", SMB2_CREATE, 56, 24, 4 },
		{ "rpcclient-4.17-ioctl-request-bind", SMB2_IOCTL, 56, 36, 4 },
		{ "rpcclient-4.17-ioctl-request-session-enum", SMB2_IOCTL, 56, 36, 4 },
		{ "rpcclient-4.17-read-request", SMB2_READ, 48, 0, 0 },
		{ "impacket-0.10-write-request", SMB2_WRITE, 48, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct wire_reader message = recorded_message(samples[i].name);
		uint8_t *body = recorded.data + MESSAGE_AT + SMB2_HEADER_BYTES;
		size_t bytes = (size_t)(message.end - body), fixed = samples[i].fixed_bytes;
		struct wire_writer w = { 0 };

		encode(&w, samples[i].command, body + fixed, bytes - fixed);
		assert_int_equal(w.len, bytes);
		memset(w.data + samples[i].choice, 0, samples[i].choice_bytes);
		memset(body + samples[i].choice, 0, samples[i].choice_bytes);
		assert_memory_equal(w.data, body, bytes);
		wire_writer_fini(&w);
	}
}

/* rpcclient offers the same dialects, salt and signing algorithms, the same ciphers in another
 * order, and one context more. */
static void a_negotiate_request_is_the_recorded_one_but_for_choices(void **state)
{
	enum { BODY = SMB2_HEADER_BYTES, GUID = BODY + 12 };
	enum { PREAUTH = 0x70, ENCRYPTION = 0xa0, SIGNING = 0xb8 };
	struct wire_reader message = recorded_message("rpcclient-4.17-negotiate-request-3.1.1");
	const uint8_t *theirs = message.start, *ours;
	struct smb2_negotiate_request request = { 0 };
	struct wire_writer w = { 0 };

	(void)state;
	memcpy(request.client_guid, theirs + GUID, sizeof request.client_guid);
	memcpy(request.salt, theirs + PREAUTH + 14, sizeof request.salt);
	wire_put_zeros(&w, 3 + SMB2_HEADER_BYTES); /* a header at 3: alignment is its own */
	smb2_negotiate_request_encode(&w, 3, &request);
	ours = w.data + 3;
	assert_memory_equal(ours + BODY, theirs + BODY, 4);
	assert_int_equal(ours[BODY + 4], SMB2_NEGOTIATE_SIGNING_REQUIRED);
	assert_int_equal(ours[BODY + 8], SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION);
	assert_memory_equal(ours + GUID, theirs + GUID, SMB2_GUID_BYTES + 4);
	assert_int_equal(ours[BODY + 32], 3); /* contexts */
	assert_memory_equal(ours + BODY + 36, theirs + BODY + 36, PREAUTH - BODY - 36 + 46);
	assert_memory_equal(ours + ENCRYPTION, theirs + ENCRYPTION, 8 + 2);
	assert_int_equal(w.len - 3, SIGNING + 16);
	assert_memory_equal(ours + SIGNING, theirs + SIGNING, 16);
	wire_writer_fini(&w);
}

TEST_GROUP(smb2_messages)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_decode_and_encode_as_recorded),
		cmocka_unit_test(a_header_with_another_magic_or_size_fails),
		cmocka_unit_test(negotiate_responses_decode_at_every_dialect),
		cmocka_unit_test(negotiate_refuses_what_was_not_offered),
		cmocka_unit_test(session_flags_share_type_file_id_and_count_are_found),
		cmocka_unit_test(tokens_and_pipe_bytes_are_found),
		cmocka_unit_test(every_response_that_ends_early_fails),
		cmocka_unit_test(a_changed_byte_never_leads_out_of_a_response),
		cmocka_unit_test(requests_are_the_recorded_ones_but_for_choices),
		cmocka_unit_test(a_negotiate_request_is_the_recorded_one_but_for_choices),
	};

	return cmocka_run_group_tests(tests, NULL, recorded_message_unload);
}
