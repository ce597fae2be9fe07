/* SPDX-License-Identifier: MIT */
#include "scripted_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "smb2/status.h"

#define CREDITS 16

static const struct smb2_session_key session_key = { "the session key", 16 };
const struct smb2_file_id pipe_id = { 0x1111222233334444, 0x5555666677778888 };

struct client_state c;

/* The server: what it was asked last, and what it is. */
struct asked asked[MAX_ASKED];
size_t asked_count;
struct wire_writer stub, pdus;
static struct wire_writer asked_bytes, body, out;
size_t stub_multiple;
static struct crypto_mac *server_key; /* NULL: it does not sign yet */
uint16_t grants;
bool validates;

int set_up(void **state)
{
	(void)state;
	validates = false;
	grants = CREDITS;
	stub_multiple = 1;
	client_state_init(&c, "fs1", CLIENT_OPEN_SMB2);
	return 0;
}

int tear_down(void **state)
{
	struct wire_writer *writers[] = { &asked_bytes, &body, &out, &stub, &pdus };

	(void)state;
	client_state_fini(&c);
	crypto_mac_free(server_key);
	server_key = NULL;
	for (size_t i = 0; i < COUNT(writers); i++)
		wire_writer_fini(writers[i]);
	return 0;
}

/* ---- the server's ears ---- */

static void hear_message(const uint8_t *message, size_t bytes)
{
	struct asked *a;

	do {
		assert_true(asked_count < MAX_ASKED);
		a = &asked[asked_count++];
		wire_reader_init(&a->body, message, bytes);
		smb2_header_decode(&a->body, &a->header);
		assert_null(a->body.error);
		message += a->header.next_command;
		bytes -= a->header.next_command;
	} while (a->header.next_command != 0);
}

/* Runs the client, then takes what it asks. */
void expect(enum client_event event)
{
	struct wire_writer *in = &asked_bytes;

	assert_int_equal(client_state_next(&c), event);
	wire_writer_clear(in);
	wire_put_bytes(in, c.smb.out.data, c.smb.out.len);
	wire_writer_clear(&c.smb.out);
	asked_count = 0;
	for (size_t at = 0; at < in->len;) {
		size_t bytes = (size_t)in->data[at + 2] << 8 | in->data[at + 3];

		hear_message(in->data + at + SMB2_FRAME_PREFIX_BYTES, bytes);
		at += SMB2_FRAME_PREFIX_BYTES + bytes;
	}
}

void expect_asked(size_t count, enum smb2_command first)
{
	assert_int_equal(asked_count, count);
	assert_int_equal(asked[0].header.command, first);
}

void expect_failure(NET_API_STATUS status, uint32_t nt, const char *doing)
{
	expect(CLIENT_EVENT_FAILED);
	assert_int_equal(c.err.status, status);
	assert_int_equal(c.err.nt_status, nt);
	assert_string_equal(c.err.step, doing);
}

/* ---- the server's mouth ---- */

/* Sends body as the answer to what was asked as number i, in a message of its own. */
void answer(size_t i, uint32_t status)
{
	const struct smb2_header h = {
		.command = asked[i].header.command,
		.message_id = asked[i].header.message_id,
		.status = status,
		.credits = grants,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.session_id = SESSION_ID,
		.tree_id = TREE_ID,
	};
	size_t begin = smb2_frame_begin(&out), at = 0, room;

	smb2_header_encode(&out, &h);
	wire_put_bytes(&out, body.data, body.len);
	smb2_frame_end(&out, begin);
	if (server_key != NULL)
		assert_true(smb2_sign(server_key, out.data + begin, out.len - begin));
	for (; at < out.len; at += room) {
		uint8_t *space = smb2_frames_space(&c.smb.in, &room);

		room = room < out.len - at ? room : out.len - at;
		memcpy(space, out.data + at, room);
		smb2_frames_received(&c.smb.in, room);
	}
	wire_writer_clear(&out);
	wire_writer_clear(&body);
}

void refuse(size_t i, uint32_t status)
{
	wire_put_u16le(&body, 9);
	wire_put_zeros(&body, 7);
	answer(i, status);
}

void answer_negotiate(void)
{
	wire_put_u16le(&body, 65);
	wire_put_u16le(&body, SMB2_NEGOTIATE_SIGNING_ENABLED);
	wire_put_u16le(&body, SMB2_DIALECT_210);
	wire_put_zeros(&body, 2 + SMB2_GUID_BYTES + 4);
	for (int i = 0; i < 3; i++)
		wire_put_u32le(&body, SMB2_MAX_PAYLOAD_BYTES);
	wire_put_zeros(&body, 8 + 8 + 2 + 2 + 4);
	answer(0, STATUS_SUCCESS);
}

void answer_session_setup(uint32_t status, uint16_t session_flags)
{
	static const char token[] = "challenge";

	wire_put_u16le(&body, 9);
	wire_put_u16le(&body, session_flags);
	wire_put_u16le(&body, SMB2_HEADER_BYTES + 8);
	wire_put_u16le(&body, sizeof token);
	wire_put_bytes(&body, token, sizeof token);
	answer(0, status);
}

void answer_tree_connect(size_t i, uint32_t share_flags)
{
	wire_put_u16le(&body, 16);
	wire_put_u16le(&body, 2);
	wire_put_u32le(&body, share_flags);
	wire_put_zeros(&body, 4 + 4);
	answer(i, STATUS_SUCCESS);
}

void answer_create(size_t i)
{
	wire_put_u16le(&body, 89);
	wire_put_zeros(&body, 62);
	wire_put_u64le(&body, pipe_id.persistent);
	wire_put_u64le(&body, pipe_id.volatile_);
	wire_put_zeros(&body, 8);
	answer(i, STATUS_SUCCESS);
}

/* Bytes of the pipe, to an IOCTL or a READ. */
void answer_data(size_t i, uint32_t status, const uint8_t *data, size_t bytes)
{
	if (asked[i].header.command == SMB2_IOCTL) {
		wire_put_u16le(&body, 49);
		wire_put_zeros(&body, 2 + 4 + 16 + 4 + 4);
		wire_put_u32le(&body, SMB2_HEADER_BYTES + 48);
		wire_put_u32le(&body, (uint32_t)bytes);
		wire_put_zeros(&body, 8);
	} else {
		assert_int_equal(asked[i].header.command, SMB2_READ);
		wire_put_u16le(&body, 17);
		wire_put_u16le(&body, SMB2_HEADER_BYTES + 16);
		wire_put_u32le(&body, (uint32_t)bytes);
		wire_put_zeros(&body, 8);
	}
	wire_put_bytes(&body, data, bytes);
	answer(i, status);
}

/* What the server says that it answered to NEGOTIATE; with one member changed, counted from 1. */
void answer_validation(unsigned changed)
{
	struct wire_writer info = { 0 };

	wire_put_u32le(&info, changed == 1);
	wire_put_u8(&info, changed == 2);
	wire_put_zeros(&info, SMB2_GUID_BYTES - 1);
	wire_put_u16le(&info, SMB2_NEGOTIATE_SIGNING_ENABLED | (changed == 3 ? 2 : 0));
	wire_put_u16le(&info, changed == 4 ? SMB2_DIALECT_302 : SMB2_DIALECT_210);
	answer_data(0, STATUS_SUCCESS, info.data, info.len);
	wire_writer_fini(&info);
}

void answer_write(uint32_t written)
{
	wire_put_u16le(&body, 17);
	wire_put_u16le(&body, 0);
	wire_put_u32le(&body, written);
	wire_put_zeros(&body, 8);
	answer(0, STATUS_SUCCESS);
}

void make_bind_ack(uint16_t result, uint16_t reason)
{
	const struct rpc_bind_ack ack = {
		.max_xmit_frag = FRAG_BYTES,
		.max_recv_frag = FRAG_BYTES,
		.secondary_address = "\\PIPE\\srvsvc",
		.results = { { .result = result, .reason = reason, .transfer = rpc_ndr_syntax } },
		.result_count = 1,
	};

	wire_writer_clear(&pdus);
	rpc_bind_ack_encode(&pdus, 1, &ack);
}

/* ---- the way to an open pipe ---- */

void negotiate(void)
{
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_NEGOTIATE);
	answer_negotiate();
	client_state_take_token(&c, (const uint8_t *)"token", 5, NULL);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_SESSION_SETUP);
}

/* Somebody else answers, who has no key. */
void stop_signing(void)
{
	crypto_mac_free(server_key);
	server_key = NULL;
}

/* From here on the server signs. */
void complete_log_on(void)
{
	server_key = crypto_mac_new(CRYPTO_HMAC_SHA256, session_key.data);
	answer_session_setup(STATUS_SUCCESS, 0);
	expect(CLIENT_EVENT_TOKEN);
	c.validation = validates ? c.validation : VALIDATION_NONE;
	client_state_take_token(&c, NULL, 0, &session_key);
}

void log_on(void)
{
	negotiate();
	complete_log_on();
	expect(CLIENT_EVENT_READ);
}

void open_pipe(void)
{
	log_on();
	expect_asked(3, SMB2_TREE_CONNECT);
	answer_tree_connect(0, 0);
	answer_create(1);
	make_bind_ack(RPC_ACCEPTANCE, 0);
	answer_data(2, STATUS_SUCCESS, pdus.data, pdus.len);
	expect(CLIENT_EVENT_READY);
}

/* ---- a call ---- */

void ask_level_0(void)
{
	const struct session_enum_request request = { .level = 0, .preferred_bytes = 0xFFFFFFFF };

	client_state_call_enum(&c, &request, false);
	expect(CLIENT_EVENT_READ);
	expect_asked(1, SMB2_IOCTL);
}

/* Makes the fragments of an answer, of FRAG_BYTES but for the last one. Their alloc_hint is too
 * high by lie, or none is given. */
void make_answer(uint32_t entries, uint32_t lie, bool has_hint)
{
	const struct session_enum_answer whole = { .entries = entries, .total_entries = entries };
	struct netsession_row *rows = calloc(entries, sizeof *rows);
	struct session_row_array array = { rows, entries, 0 };
	const struct session_rows source = session_rows_of_array(&array);
	const struct rpc_response response = { .context_id = 0 };
	struct ndr_writer w;
	size_t done = 0;

	for (uint32_t i = 0; i < entries; i++)
		rows[i].client = i % 2 == 0 ? "192.0.2.2" : "fs1.lab.example";
	wire_writer_clear(&stub);
	wire_writer_clear(&pdus);
	ndr_writer_init(&w, &stub);
	session_enum_answer_encode(&w, &whole, &source);
	wire_put_padding(&stub, 0, stub_multiple);
	free(rows);
	while (done < stub.len) {
		size_t begin = pdus.len, to_come = stub.len - done;

		rpc_response_encode(&pdus, c.rpc.call_id, &response, stub.data, stub.len, &done,
		                    FRAG_BYTES);
		wire_set_u32le(&pdus, begin + RPC_HEADER_BYTES,
		               has_hint ? (uint32_t)to_come + lie : 0);
	}
}

size_t fragments(void)
{
	return (pdus.len + FRAG_BYTES - 1) / FRAG_BYTES;
}

void answer_fragment(size_t i, size_t number)
{
	size_t at = number * FRAG_BYTES, left = pdus.len - at;

	assert_true(at < pdus.len);
	answer_data(i, STATUS_SUCCESS, pdus.data + at, left < FRAG_BYTES ? left : FRAG_BYTES);
}

void expect_answer(uint32_t entries)
{
	struct session_enum_answer got;
	void *infos;

	assert_int_equal(client_state_take_enum(&c, &got, &infos), NERR_Success);
	assert_int_equal(got.entries, entries);
	assert_int_equal(got.status, NERR_Success);
	assert_int_equal(infos != NULL, entries > 0);
	free(infos);
}
