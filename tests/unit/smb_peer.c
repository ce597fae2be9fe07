/* SPDX-License-Identifier: MIT */
#include "smb_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "smb2/create.h"
#include "smb2/empty_body.h"
#include "smb2/frames.h"
#include "smb2/ioctl.h"
#include "smb2/pipe_io.h"
#include "smb2/session_setup.h"
#include "smb2/signing.h"
#include "smb2/tree_connect.h"

static const uint8_t hint[] = "a hint";
const struct smb2_file_id same_file = { ANY_ID, ANY_ID };
const struct smb2_session_key session_key = { "a session's key, of 32 bytes....", 32 };

struct smb2_server_settings settings;
struct smb2_server *server;
struct peer peer;

static struct wire_writer message, heard;
static size_t message_at[MAX_ANSWERS], message_count; /* where its requests stand */
static uint16_t first_command;

/* ---- the connection ---- */

static void forget_keys(void)
{
	crypto_mac_free(peer.signing_key);
	smb2_encryption_free(peer.sealing);
	peer.signing_key = NULL;
	peer.sealing = NULL;
}

static void begin(void)
{
	host = (struct host){ 0 };
	memset(&peer, 0, sizeof peer);
	peer.next.credits = 1;
	server = smb2_server_new(&settings, &host_functions, NULL);
	assert_non_null(server);
}

static void end(void)
{
	smb2_server_free(server);
	assert_int_equal(host_open_pipes(), 0);
	forget_keys();
	wire_writer_clear(&message);
	message_count = 0;
}

int peer_set_up(void **state)
{
	(void)state;
	settings = (struct smb2_server_settings){ .hint = hint, .hint_bytes = sizeof hint - 1 };
	memset(settings.guid, 0x42, sizeof settings.guid);
	begin();
	return 0;
}

int peer_tear_down(void **state)
{
	(void)state;
	end();
	wire_writer_fini(&message);
	wire_writer_fini(&heard);
	return 0;
}

void peer_begin_anew(void)
{
	end();
	begin();
}

struct wire_writer *peer_request(uint16_t command)
{
	struct smb2_header h = peer.next;

	if (message_count == 0) {
		first_command = command;
	} else {
		wire_put_padding(&message, 0, 8);
		smb2_header_set_next(&message, peer_header_at(),
		                     (uint32_t)(message.len - peer_header_at()));
	}
	assert_true(message_count < MAX_ANSWERS);
	message_at[message_count++] = message.len;
	h.command = command;
	smb2_header_encode(&message, &h);
	if (command != SMB2_CANCEL)
		peer.next.message_id += h.credit_charge > 0 ? h.credit_charge : 1;
	return &message;
}

size_t peer_header_at(void)
{
	return message_at[message_count - 1];
}

static void protect(void)
{
	if (peer.seals && peer.sealing != NULL) {
		assert_true(smb2_encrypt(peer.sealing, peer.next.session_id, &message, 0));
		return;
	}
	for (size_t i = 0; i < message_count; i++) {
		size_t until = i + 1 < message_count ? message_at[i + 1] : message.len;

		if (peer.signing_key != NULL && !peer.is_silent_about_signing)
			assert_true(smb2_sign(peer.signing_key, message.data + message_at[i],
			                      until - message_at[i]));
	}
}

struct wire_writer *peer_message(void)
{
	return &message;
}

/* As a socket's reader does, a piece at a time. */
static void deliver(const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		size_t room;
		uint8_t *to = smb2_server_space(server, &room);

		assert_non_null(to);
		if (room > bytes)
			room = bytes;
		memcpy(to, data, room);
		smb2_server_received(server, room);
		data += room;
		bytes -= room;
	}
}

static void hear_element(uint8_t *at, size_t bytes, bool is_sealed)
{
	struct answer *a = &peer.answers[peer.answer_count++];

	assert_true(peer.answer_count <= MAX_ANSWERS);
	wire_reader_init(&a->message, at, bytes);
	smb2_header_decode(&a->message, &a->header);
	assert_null(a->message.error);
	assert_true((a->header.flags & SMB2_FLAGS_SERVER_TO_REDIR) != 0);
	if (a->header.next_command != 0) {
		assert_int_equal(a->header.next_command % 8, 0);
		bytes = a->header.next_command;
	}
	wire_reader_init(&a->message, at, bytes);
	a->bytes = bytes;
	a->is_sealed = is_sealed;
	a->is_signed = (a->header.flags & SMB2_FLAGS_SIGNED) != 0;
	if (a->is_signed && peer.signing_key != NULL)
		assert_true(smb2_signature_holds(peer.signing_key, at, bytes));
}

static void hear_message(uint8_t *at, size_t bytes)
{
	bool is_sealed = bytes > 0 && at[0] == 0xFD;
	size_t next;

	if (is_sealed) {
		assert_non_null(peer.sealing);
		assert_null(
			smb2_decrypt(peer.sealing, peer.next.session_id, at, bytes, &at, &bytes));
	}
	do {
		hear_element(at, bytes, is_sealed);
		next = peer.answers[peer.answer_count - 1].header.next_command;
		assert_true(next <= bytes);
		at += next;
		bytes -= next;
	} while (next != 0);
}

static void hear_out(void)
{
	struct wire_writer *out = smb2_server_out(server);

	assert_false(out->failed);
	wire_put_bytes(&heard, out->data, out->len);
	wire_writer_clear(out);
}

void peer_listen(void)
{
	enum smb2_server_progress progress;

	wire_writer_clear(&heard);
	peer.answer_count = 0;
	hear_out();
	do {
		progress = smb2_server_work(server);
		hear_out();
	} while (progress == SMB2_SERVER_WORKED);
	peer.is_closed = progress == SMB2_SERVER_CLOSE;
	assert_int_equal(peer.is_closed, smb2_server_error(server) != NULL);
	for (size_t at = 0; at < heard.len;) {
		const uint8_t *prefix = heard.data + at;
		size_t bytes = (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];

		assert_int_equal(prefix[0], 0);
		assert_int_in_range(bytes, 4, SMB2_MAX_FRAME_BYTES);
		hear_message(heard.data + at + SMB2_FRAME_PREFIX_BYTES, bytes);
		at += SMB2_FRAME_PREFIX_BYTES + bytes;
	}
}

void peer_send_bytes(const void *data, size_t bytes)
{
	struct wire_writer frame = { 0 };
	size_t at = smb2_frame_begin(&frame);

	wire_put_bytes(&frame, data, bytes);
	smb2_frame_end(&frame, at);
	deliver(frame.data, frame.len);
	wire_writer_fini(&frame);
	peer_listen();
}

void peer_send(void)
{
	protect();
	if (peer.damage != 0)
		message.data[peer.damage] ^= 0x40;
	if (peer.signing_key == NULL && first_command <= SMB2_SESSION_SETUP)
		assert_true(crypto_sha512_chain(peer.preauth, message.data, message.len));
	peer_send_bytes(message.data, message.len);
	wire_writer_clear(&message);
	message_count = 0;
}

/* ---- requests ---- */

void ask_negotiate(uint16_t only_dialect)
{
	struct smb2_negotiate_request request = { .only_dialect = only_dialect };
	struct wire_writer *w = peer_request(SMB2_NEGOTIATE);

	memset(request.client_guid, 0x17, sizeof request.client_guid);
	smb2_negotiate_request_encode(w, peer_header_at(), &request);
}

#define SETUP_FLAGS_AT    2
#define SETUP_PREVIOUS_AT 16

void ask_session_setup(const char *token, uint64_t previous_session_id, uint8_t flags)
{
	struct wire_writer *w = peer_request(SMB2_SESSION_SETUP);
	size_t body_at = w->len;

	smb2_session_setup_request_encode(w, (const uint8_t *)token, strlen(token));
	w->data[body_at + SETUP_FLAGS_AT] = flags;
	wire_set_u32le(w, body_at + SETUP_PREVIOUS_AT, (uint32_t)previous_session_id);
}

void ask_empty(uint16_t command)
{
	smb2_empty_body_encode(peer_request(command));
}

void ask_tree_connect(const char *share)
{
	smb2_tree_connect_request_encode(peer_request(SMB2_TREE_CONNECT), "fs1", share);
}

void ask_create(const char *name)
{
	smb2_create_pipe_request_encode(peer_request(SMB2_CREATE), name);
}

void ask_close(struct smb2_file_id id, uint16_t flags)
{
	struct wire_writer *w = peer_request(SMB2_CLOSE);

	wire_put_u16le(w, 24); /* StructureSize */
	wire_put_u16le(w, flags);
	wire_put_u32le(w, 0);
	smb2_file_id_put(w, &id);
}

void ask_read(struct smb2_file_id id, uint32_t max_bytes)
{
	smb2_read_request_encode(peer_request(SMB2_READ), &id, max_bytes);
}

void query_write_results(struct smb2_file_id id, const char *text)
{
	smb2_write_request_encode(peer_request(SMB2_WRITE), &id, (const uint8_t *)text,
	                          strlen(text));
}

void ask_transceive(struct smb2_file_id id, const char *text, uint32_t max_bytes)
{
	smb2_transceive_request_encode(peer_request(SMB2_IOCTL), &id, (const uint8_t *)text,
	                               strlen(text), max_bytes);
}

void ask_ioctl(uint32_t fsctl, struct smb2_file_id id, const void *input, size_t bytes,
               uint32_t max_bytes)
{
	struct wire_writer *w = peer_request(SMB2_IOCTL);
	size_t input_at = smb2_ioctl_request_begin(w, fsctl, &id, max_bytes);

	wire_put_bytes(w, input, bytes);
	smb2_ioctl_request_end(w, input_at);
}

void ask_query_info(struct smb2_file_id id, uint8_t type, uint8_t class, uint32_t max_bytes)
{
	struct wire_writer *w = peer_request(SMB2_QUERY_INFO);

	wire_put_u16le(w, 41); /* StructureSize */
	wire_put_u8(w, type);
	wire_put_u8(w, class);
	wire_put_u32le(w, max_bytes);
	wire_put_zeros(w, 2 + 2 + 4 + 4 + 4); /* the input, AdditionalInformation, Flags */
	smb2_file_id_put(w, &id);
	wire_put_u8(w, 0);
}

void ask_set_info(struct smb2_file_id id, uint8_t class, const void *input, size_t bytes)
{
	struct wire_writer *w = peer_request(SMB2_SET_INFO);

	wire_put_u16le(w, 33); /* StructureSize */
	wire_put_u8(w, 1);     /* SMB2_0_INFO_FILE */
	wire_put_u8(w, class);
	wire_put_u32le(w, (uint32_t)bytes);
	wire_put_u16le(w, SMB2_HEADER_BYTES + 32); /* BufferOffset */
	wire_put_zeros(w, 2 + 4);
	smb2_file_id_put(w, &id);
	wire_put_bytes(w, input, bytes);
}

void ask_of_file(uint16_t command, uint16_t structure_size, size_t id_at, struct smb2_file_id id)
{
	struct wire_writer *w = peer_request(command);
	size_t body_at = w->len;

	wire_put_u16le(w, structure_size);
	wire_put_zeros(w, id_at - 2);
	smb2_file_id_put(w, &id);
	wire_put_zeros(w, structure_size - (w->len - body_at));
}

/* ---- what is expected ---- */

void expect_answers(size_t count)
{
	assert_false(peer.is_closed);
	assert_int_equal(peer.answer_count, count);
}

void expect_status(size_t i, uint32_t status)
{
	assert_int_in_range(i, 0, peer.answer_count - 1);
	assert_int_equal(peer.answers[i].header.status, status);
}

void expect_one(uint32_t status)
{
	peer_send();
	expect_answers(1);
	expect_status(0, status);
}

void expect_closed(void)
{
	peer_send();
	assert_true(peer.is_closed);
	assert_int_equal(peer.answer_count, 0);
}

void expect_data(size_t i, const char *text)
{
	struct answer *a = &peer.answers[i];
	struct smb2_data data;

	if (a->header.command == SMB2_READ)
		smb2_read_response_decode(&a->message, &data);
	else
		smb2_transceive_response_decode(&a->message, &data);
	assert_null(a->message.error);
	assert_int_equal(data.bytes, strlen(text));
	assert_memory_equal(data.data, text, data.bytes);
}

/* ---- how a conversation goes well ---- */

void negotiate(uint16_t only_dialect)
{
	struct answer *a = &peer.answers[0];

	ask_negotiate(only_dialect);
	expect_one(STATUS_SUCCESS);
	assert_true(crypto_sha512_chain(peer.preauth, a->message.at, a->bytes));
	smb2_negotiate_response_decode(&a->message, &peer.agreed);
	assert_null(a->message.error);
	if (!peer.agreed.has_signing_algorithm && peer.agreed.dialect >= SMB2_DIALECT_300)
		peer.agreed.signing_algorithm = SMB2_SIGNING_AES_CMAC;
}

void peer_make_keys(void)
{
	forget_keys();
	peer.signing_key = smb2_signing_key_new(peer.agreed.dialect, peer.agreed.signing_algorithm,
	                                        &session_key, peer.preauth);
	assert_non_null(peer.signing_key);
	if (peer.agreed.cipher == SMB2_CIPHER_NONE)
		return;
	peer.sealing = smb2_encryption_new(SMB2_CLIENT, peer.agreed.dialect, peer.agreed.cipher,
	                                   &session_key, peer.preauth);
	assert_non_null(peer.sealing);
}

void judge(uint32_t nt, bool is_anonymous)
{
	static const uint8_t token[] = "back";
	struct smb2_server_session *s = host.asking;
	struct smb2_server_authentication log_on = { .nt = nt, .token = token, .token_bytes = 4 };

	assert_non_null(s);
	if (nt == STATUS_SUCCESS) {
		log_on.who = is_anonymous ? identity_new_anonymous() : identity_new("alice", "LAB");
		assert_non_null(log_on.who);
	}
	if (!is_anonymous)
		log_on.key = session_key;
	host.asking = NULL;
	(void)smb2_server_authenticated(server, s, &log_on);
	identity_release(log_on.who);
	peer_listen();
	if (peer.answer_count == 1 && nt == STATUS_MORE_PROCESSING_REQUIRED &&
	    peer.signing_key == NULL)
		assert_true(crypto_sha512_chain(peer.preauth, peer.answers[0].message.at,
		                                peer.answers[0].bytes));
	if (peer.answer_count == 1)
		peer.next.session_id = peer.answers[0].header.session_id;
}

void log_on(void)
{
	ask_session_setup("first", 0, 0);
	peer_send();
	expect_answers(0);
	judge(STATUS_MORE_PROCESSING_REQUIRED, false);
	expect_answers(1);
	expect_status(0, STATUS_MORE_PROCESSING_REQUIRED);
	ask_session_setup("second", 0, 0);
	peer_send();
	expect_answers(0);
	peer_make_keys(); /* before the answer that they sign */
	judge(STATUS_SUCCESS, false);
	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
	assert_true(peer.answers[0].is_signed);
}

void log_on_as_nobody(void)
{
	ask_session_setup("", 0, 0);
	peer_send();
	judge(STATUS_SUCCESS, true);
	expect_answers(1);
	expect_status(0, STATUS_SUCCESS);
	assert_false(peer.answers[0].is_signed);
}

void connect_tree(void)
{
	ask_tree_connect("IPC$");
	expect_one(STATUS_SUCCESS);
	peer.next.tree_id = peer.answers[0].header.tree_id;
}

void open_pipe(void)
{
	ask_create(SRVSVC);
	expect_one(STATUS_SUCCESS);
	smb2_create_response_decode(&peer.answers[0].message, &peer.pipe);
	assert_null(peer.answers[0].message.error);
}

void begin_with_pipe(uint16_t only_dialect)
{
	negotiate(only_dialect);
	log_on();
	connect_tree();
	open_pipe();
}
