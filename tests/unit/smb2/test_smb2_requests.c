/* SPDX-License-Identifier: MIT */
/* What a server reads: the requests that clients of others sent, and those of our own client. */
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
#include "smb2/header.h"
#include "smb2/ioctl.h"
#include "smb2/read_write.h"
#include "smb2/info.h"
#include "smb2/session.h"
#include "smb2/tree.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct smb2_file_id rpcclients_pipe = { 0x2d768921, 0x78c4515f };
static const struct smb2_file_id impackets_pipe = { 0xd58453ff, 0x52a9b481 };
static const struct smb2_file_id no_file = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };

/* What a request says, and its variable part. */
struct asked {
	struct smb2_session_setup_request setup;
	struct smb2_tree_connect_request tree;
	struct smb2_create_request create;
	struct smb2_close_request close;
	struct smb2_read_request read;
	struct smb2_ioctl_request ioctl;
	struct smb2_query_info_request query;
	struct smb2_set_info_request set;
	struct smb2_write_request write;
	struct smb2_file_id id;
	struct smb2_data data;
};

static void decode(uint16_t command, struct wire_reader *message, struct asked *a)
{
	*a = (struct asked){ .data = { message->end, 0 } };
	switch (command) {
	case SMB2_SESSION_SETUP:
		smb2_session_setup_request_decode(message, &a->setup);
		a->data = a->setup.token;
		break;
	case SMB2_TREE_CONNECT:
		smb2_tree_connect_request_decode(message, &a->tree);
		break;
	case SMB2_CREATE:
		smb2_create_request_decode(message, &a->create);
		break;
	case SMB2_CLOSE:
		smb2_close_request_decode(message, &a->close);
		a->id = a->close.id;
		break;
	case SMB2_FLUSH:
		smb2_flush_request_decode(message, &a->id);
		break;
	case SMB2_READ:
		smb2_read_request_decode(message, &a->read);
		a->id = a->read.id;
		break;
	case SMB2_WRITE:
		smb2_write_request_decode(message, &a->write);
		a->id = a->write.id;
		a->data = a->write.data;
		break;
	case SMB2_IOCTL:
		smb2_ioctl_request_decode(message, &a->ioctl);
		a->id = a->ioctl.id;
		a->data = a->ioctl.input;
		break;
	case SMB2_QUERY_INFO:
		smb2_query_info_request_decode(message, &a->query);
		a->id = a->query.id;
		break;
	case SMB2_SET_INFO:
		smb2_set_info_request_decode(message, &a->set);
		a->id = a->set.id;
		a->data = a->set.input;
		break;
	default: /* LOGOFF, TREE_DISCONNECT, CANCEL, ECHO */
		smb2_empty_body_decode(message);
		break;
	}
}

static const struct request {
	const char *name;
	uint16_t command;
	size_t data_bytes;  /* they end the message */
	size_t least_bytes; /* of a message that decodes */
	const struct smb2_file_id *id;
} requests[] = {
	{ "rpcclient-4.17-session-setup-request-1", SMB2_SESSION_SETUP, 74, 162, NULL },
	{ "rpcclient-4.17-session-setup-request-2", SMB2_SESSION_SETUP, 412, 500, NULL },
	{ "impacket-0.10-session-setup-request", SMB2_SESSION_SETUP, 66, 154, NULL },
	{ "impacket-0.10-logoff-request", SMB2_LOGOFF, 0, 68, NULL },
	{ "rpcclient-4.17-tree-connect-request", SMB2_TREE_CONNECT, 0, 104, NULL },
	{ "impacket-0.10-tree-connect-request", SMB2_TREE_CONNECT, 0, 104, NULL },
	{ "rpcclient-4.17-tree-disconnect-request", SMB2_TREE_DISCONNECT, 0, 68, NULL },
	{ "impacket-0.10-tree-disconnect-request", SMB2_TREE_DISCONNECT, 0, 68, NULL },
	{ "rpcclient-4.17-create-request", SMB2_CREATE, 0, 132, NULL },
	{ "impacket-0.10-create-request", SMB2_CREATE, 0, 132, NULL },
	{ "rpcclient-4.17-close-request", SMB2_CLOSE, 0, 88, &rpcclients_pipe },
	{ "impacket-0.10-close-request", SMB2_CLOSE, 0, 88, &impackets_pipe },
	{ "impacket-0.10-flush-request", SMB2_FLUSH, 0, 88, &impackets_pipe },
	{ "rpcclient-4.17-read-request", SMB2_READ, 0, 112, &rpcclients_pipe },
	{ "impacket-0.10-write-request", SMB2_WRITE, 72, 184, NULL },
	{ "rpcclient-4.17-ioctl-request-bind", SMB2_IOCTL, 72, 192, &rpcclients_pipe },
	{ "impacket-0.10-ioctl-request-pipe-peek", SMB2_IOCTL, 0, 120, &impackets_pipe },
	{ "impacket-0.10-ioctl-request-pipe-wait", SMB2_IOCTL, 26, 146, &no_file },
	{ "rpcclient-4.17-ioctl-request-validate-negotiate-info", SMB2_IOCTL, 30, 150, &no_file },
	{ "impacket-0.10-cancel-request", SMB2_CANCEL, 0, 68, NULL },
	{ "impacket-0.10-echo-request", SMB2_ECHO, 0, 68, NULL },
	{ "impacket-0.10-query-info-request", SMB2_QUERY_INFO, 0, 104, &impackets_pipe },
	{ "impacket-0.10-set-info-request", SMB2_SET_INFO, 8, 104, &impackets_pipe },
};

static void recorded_requests_decode_with_their_file_and_their_data(void **state)
{
	(void)state;
	for (const struct request *s = requests; s < requests + COUNT(requests); s++) {
		struct wire_reader message = recorded_message(s->name), header = message;
		struct smb2_header h;
		struct asked a;

		smb2_header_decode(&header, &h);
		assert_int_equal(h.command, s->command);
		decode(s->command, &message, &a);
		assert_null(message.error);
		assert_int_equal(a.data.bytes, s->data_bytes);
		if (s->data_bytes > 0)
			assert_ptr_equal(a.data.data + a.data.bytes, message.end);
		if (s->id != NULL)
			assert_memory_equal(&a.id, s->id, sizeof a.id);
	}
}

static void expect_failure_below_the_least(struct wire_reader *message, const void *argument)
{
	const struct request *s = argument;
	size_t bytes = wire_left(message);
	struct asked a;

	decode(s->command, message, &a);
	assert_int_equal(message->error != NULL, bytes < s->least_bytes);
}

static void every_request_that_ends_early_fails(void **state)
{
	(void)state;
	for (const struct request *s = requests; s < requests + COUNT(requests); s++) {
		(void)recorded_message(s->name);
		recorded_message_cut(expect_failure_below_the_least, s);
	}
}

/* All changes of each byte. */
static void a_changed_byte_never_leads_out_of_a_request(void **state)
{
	(void)state;
	for (const struct request *s = requests; s < requests + COUNT(requests); s++) {
		(void)recorded_message(s->name);
		for (size_t at = MESSAGE_AT; at < recorded.bytes; at++)
			for (unsigned change = 0; change < 256; change++) {
				struct wire_reader message = recorded_message_again();
				struct asked a;

				recorded.data[at]++;
				decode(s->command, &message, &a);
				assert_true(a.data.data >= message.start &&
				            a.data.data <= message.end);
				assert_true(a.data.bytes <= (size_t)(message.end - a.data.data));
				assert_true(message.error == NULL || a.data.bytes == 0);
			}
	}
}

static void another_structure_size_fails_every_request(void **state)
{
	(void)state;
	for (const struct request *s = requests; s < requests + COUNT(requests); s++) {
		struct wire_reader message = recorded_message(s->name);
		struct asked a;

		recorded.data[MESSAGE_AT + SMB2_HEADER_BYTES]++;
		decode(s->command, &message, &a);
		assert_string_equal(message.error, "a structure has the wrong size");
	}
}

static struct asked asked_by(const char *name)
{
	struct wire_reader message = recorded_message(name), header = message;
	struct smb2_header h;
	struct asked a;

	smb2_header_decode(&header, &h);
	decode(h.command, &message, &a);
	assert_null(message.error);
	return a;
}

static void what_clients_ask_for_is_found(void **state)
{
	struct asked a = asked_by("rpcclient-4.17-session-setup-request-2");

	(void)state;
	assert_int_equal(a.setup.flags, 0);
	assert_int_equal(a.setup.security_mode,
	                 SMB2_NEGOTIATE_SIGNING_ENABLED | SMB2_NEGOTIATE_SIGNING_REQUIRED);
	assert_int_equal(a.setup.capabilities, 1);
	assert_int_equal(a.setup.previous_session_id, 0);
	a = asked_by("rpcclient-4.17-tree-connect-request");
	assert_string_equal(a.tree.path, "\\\\127.0.0.1\\IPC$");
	a = asked_by("rpcclient-4.17-create-request");
	assert_string_equal(a.create.name, "srvsvc");
	assert_int_equal(a.create.desired_access, 0x2019f);
	assert_int_equal(a.create.impersonation_level, 2);
	assert_int_equal(a.create.disposition, FILE_OPEN);
	assert_int_equal(a.create.options, 0);
	a = asked_by("impacket-0.10-create-request");
	assert_int_equal(a.create.desired_access, FILE_READ_DATA | FILE_WRITE_DATA);
	assert_int_equal(a.create.options, 0x40);
	a = asked_by("rpcclient-4.17-close-request");
	assert_int_equal(a.close.flags, 0);
	a = asked_by("rpcclient-4.17-read-request");
	assert_int_equal(a.read.max_bytes, 4280);
	assert_int_equal(a.read.min_bytes, 0);
	a = asked_by("impacket-0.10-ioctl-request-max-output-20");
	assert_int_equal(a.ioctl.fsctl, FSCTL_PIPE_TRANSCEIVE);
	assert_int_equal(a.ioctl.max_output_bytes, 20);
	assert_int_equal(a.ioctl.flags, SMB2_0_IOCTL_IS_FSCTL);
	a = asked_by("impacket-0.10-query-info-request");
	assert_int_equal(a.query.type, SMB2_INFO_FILE);
	assert_int_equal(a.query.class, 5);
	assert_int_equal(a.query.max_output_bytes, 65535);
	a = asked_by("impacket-0.10-set-info-request");
	assert_int_equal(a.set.type, SMB2_INFO_FILE);
	assert_int_equal(a.set.class, 23);
}

/* ---- our own client's ---- */

static struct wire_writer request;

static struct wire_writer *begin_request(void)
{
	wire_writer_fini(&request);
	wire_put_zeros(&request, SMB2_HEADER_BYTES);
	return &request;
}

static struct asked asked_by_us(uint16_t command)
{
	struct wire_reader message;
	struct asked a;

	wire_reader_init(&message, request.data, request.len);
	decode(command, &message, &a);
	assert_null(message.error);
	return a;
}

static void assert_is_text(const struct smb2_data *data, const char *text)
{
	assert_int_equal(data->bytes, strlen(text));
	assert_memory_equal(data->data, text, data->bytes);
}

static void what_our_client_asks_for_is_found(void **state)
{
	static const uint8_t bytes[] = "some bytes";
	struct asked a;

	(void)state;
	smb2_session_setup_request_encode(begin_request(), bytes, 10);
	a = asked_by_us(SMB2_SESSION_SETUP);
	assert_is_text(&a.setup.token, "some bytes");
	assert_int_equal(a.setup.security_mode, SMB2_NEGOTIATE_SIGNING_REQUIRED);
	smb2_tree_connect_request_encode(begin_request(), "b\xC3\xBCro", "IPC$");
	assert_string_equal(asked_by_us(SMB2_TREE_CONNECT).tree.path, "\\\\b\xC3\xBCro\\IPC$");
	smb2_create_pipe_request_encode(begin_request(), "srvsvc");
	a = asked_by_us(SMB2_CREATE);
	assert_string_equal(a.create.name, "srvsvc");
	assert_int_equal(a.create.desired_access, FILE_READ_DATA | FILE_WRITE_DATA);
	smb2_transceive_request_encode(begin_request(), &rpcclients_pipe, bytes, 4, 1024);
	a = asked_by_us(SMB2_IOCTL);
	assert_int_equal(a.ioctl.fsctl, FSCTL_PIPE_TRANSCEIVE);
	assert_int_equal(a.ioctl.max_output_bytes, 1024);
	assert_is_text(&a.ioctl.input, "some");
	assert_memory_equal(&a.id, &rpcclients_pipe, sizeof a.id);
	smb2_read_request_encode(begin_request(), &rpcclients_pipe, 77);
	a = asked_by_us(SMB2_READ);
	assert_int_equal(a.read.max_bytes, 77);
	assert_memory_equal(&a.id, &rpcclients_pipe, sizeof a.id);
	smb2_write_request_encode(begin_request(), &rpcclients_pipe, bytes, 4);
	a = asked_by_us(SMB2_WRITE);
	assert_is_text(&a.write.data, "some");
	assert_memory_equal(&a.id, &rpcclients_pipe, sizeof a.id);
	wire_writer_fini(&request);
}

/* ---- names ---- */

/* A CREATE with this name, as it stands on the wire. */
static const char *name_error(const void *utf16le, size_t bytes, char to[SMB2_NAME_BYTES])
{
	enum { LENGTH_AT = SMB2_HEADER_BYTES + 46 };
	struct wire_reader message;
	struct asked a;

	smb2_create_pipe_request_encode(begin_request(), "");
	wire_put_bytes(&request, utf16le, bytes);
	wire_set_u16le(&request, LENGTH_AT, (uint16_t)bytes);
	wire_reader_init(&message, request.data, request.len);
	decode(SMB2_CREATE, &message, &a);
	memcpy(to, a.create.name, sizeof a.create.name);
	wire_writer_fini(&request);
	return message.error;
}

static void malformed_names_fail_and_long_names_fit(void **state)
{
	char name[SMB2_NAME_BYTES], units[2 * SMB2_MAX_NAME_UNITS + 2];

	(void)state;
	assert_null(name_error("", 0, name));
	assert_string_equal(name, "");
	assert_null(name_error("\x3D\xD8\x00\xDE", 4, name));
	assert_string_equal(name, "\xF0\x9F\x98\x80");
	assert_non_null(name_error("a\0b", 3, name));
	assert_string_equal(name, "");
	assert_non_null(name_error("a\0\0\0b", 6, name));
	assert_non_null(name_error("\x3D\xD8", 2, name));
	assert_non_null(name_error("\x00\xDE\x3D\xD8", 4, name));
	memset(units, 0x4E, sizeof units);
	assert_null(name_error(units, 2 * SMB2_MAX_NAME_UNITS, name));
	assert_int_equal(strlen(name), 3 * SMB2_MAX_NAME_UNITS);
	assert_non_null(name_error(units, sizeof units, name));
	assert_string_equal(name, "");
}

/* 2.2.9.1: the extension stands where the path else is. */
static void a_path_behind_an_extension_is_found(void **state)
{
	enum { OFFSET_AT = SMB2_HEADER_BYTES + 4, EXTENSION_BYTES = 16 };
	struct wire_writer *w = begin_request();
	struct asked a;

	(void)state;
	wire_put_u16le(w, 9);
	wire_put_u16le(w, 4); /* SMB2_TREE_CONNECT_FLAG_EXTENSION_PRESENT */
	wire_put_u16le(w, SMB2_HEADER_BYTES + 8 + EXTENSION_BYTES);
	wire_put_u16le(w, 2 * 8);
	wire_put_zeros(w, EXTENSION_BYTES);
	wire_put_utf16le(w, "\\\\a\\IPC$");
	a = asked_by_us(SMB2_TREE_CONNECT);
	assert_string_equal(a.tree.path, "\\\\a\\IPC$");
	wire_writer_fini(&request);
}

/* ---- create contexts ---- */

struct context {
	uint32_t next;
	uint16_t name_at, name_bytes, data_at;
	uint32_t data_bytes;
};

/* Of a CREATE with two contexts: one of 24 bytes, one of 32 with data. */
static const char *contexts_error(const struct context *first, const struct context *second,
                                  uint32_t bytes)
{
	enum { CONTEXTS_AT = SMB2_HEADER_BYTES + 48 };
	const struct context *contexts[] = { first, second };
	struct wire_reader message;
	struct asked a;

	smb2_create_pipe_request_encode(begin_request(), "abcd");
	wire_set_u32le(&request, CONTEXTS_AT, (uint32_t)request.len);
	wire_set_u32le(&request, CONTEXTS_AT + 4, bytes);
	for (size_t i = 0; i < COUNT(contexts); i++) {
		wire_put_u32le(&request, contexts[i]->next);
		wire_put_u16le(&request, contexts[i]->name_at);
		wire_put_u16le(&request, contexts[i]->name_bytes);
		wire_put_u16le(&request, 0);
		wire_put_u16le(&request, contexts[i]->data_at);
		wire_put_u32le(&request, contexts[i]->data_bytes);
		wire_put_bytes(&request, "MxAc\0\0\0", 8);
	}
	wire_put_zeros(&request, 8);
	wire_reader_init(&message, request.data, request.len);
	decode(SMB2_CREATE, &message, &a);
	wire_writer_fini(&request);
	return message.error;
}

static void create_contexts_must_lie_within_the_message(void **state)
{
	static const struct context first = { 24, 16, 4, 0, 0 }, second = { 0, 16, 4, 24, 8 };
	static const struct context beyond = { 64, 16, 4, 0, 0 }, crooked = { 12, 16, 4, 0, 0 },
				    long_name = { 0, 16, 17, 0, 0 },
				    long_data = { 0, 16, 4, 24, 9 }, far_data = { 0, 16, 4, 33, 1 },
				    huge_data = { 0, 16, 4, 24, 0xFFFFFFF8 };
	static const char malformed[] = "a create context is malformed";

	(void)state;
	assert_null(contexts_error(&first, &second, 56));
	assert_string_equal(contexts_error(&first, &second, 57), "a part lies outside the message");
	assert_string_equal(contexts_error(&first, &second, 55), malformed);
	assert_string_equal(contexts_error(&first, &second, 24), malformed);
	assert_string_equal(contexts_error(&beyond, &second, 56), malformed);
	assert_string_equal(contexts_error(&crooked, &second, 56), malformed);
	assert_string_equal(contexts_error(&first, &long_name, 56), malformed);
	assert_string_equal(contexts_error(&first, &long_data, 56), malformed);
	assert_string_equal(contexts_error(&first, &far_data, 56), malformed);
	assert_string_equal(contexts_error(&first, &huge_data, 56), malformed);
}

/* ---- the header ---- */

static void commands_and_fsctls_have_their_names(void **state)
{
	(void)state;
	assert_string_equal(smb2_command_name(0), "NEGOTIATE");
	assert_string_equal(smb2_command_name(SMB2_CANCEL), "CANCEL");
	assert_string_equal(smb2_command_name(18), "OPLOCK_BREAK");
	assert_null(smb2_command_name(19));
	assert_string_equal(smb2_fsctl_name(0x0011C017), "FSCTL_PIPE_TRANSCEIVE");
	assert_null(smb2_fsctl_name(0));
}

static void an_asynchronous_header_has_an_async_id_and_no_tree(void **state)
{
	struct wire_reader message = recorded_message("samba-4.17-ioctl-response-pending");
	struct wire_writer w = { 0 };
	struct smb2_header h;

	(void)state;
	smb2_header_decode(&message, &h);
	assert_null(message.error);
	assert_int_equal(h.flags & SMB2_FLAGS_ASYNC_COMMAND, SMB2_FLAGS_ASYNC_COMMAND);
	assert_true(h.async_id != 0);
	assert_int_equal(h.tree_id, 0);
	smb2_header_encode(&w, &h);
	assert_memory_equal(w.data, message.start, SMB2_SIGNATURE_AT);
	wire_writer_fini(&w);
}

TEST_GROUP(smb2_requests)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_requests_decode_with_their_file_and_their_data),
		cmocka_unit_test(every_request_that_ends_early_fails),
		cmocka_unit_test(a_changed_byte_never_leads_out_of_a_request),
		cmocka_unit_test(another_structure_size_fails_every_request),
		cmocka_unit_test(what_clients_ask_for_is_found),
		cmocka_unit_test(what_our_client_asks_for_is_found),
		cmocka_unit_test(malformed_names_fail_and_long_names_fit),
		cmocka_unit_test(a_path_behind_an_extension_is_found),
		cmocka_unit_test(create_contexts_must_lie_within_the_message),
		cmocka_unit_test(commands_and_fsctls_have_their_names),
		cmocka_unit_test(an_asynchronous_header_has_an_async_id_and_no_tree),
	};

	return cmocka_run_group_tests(tests, NULL, recorded_message_unload);
}
