/* SPDX-License-Identifier: MIT */
#include "relay_fixture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include <lmshare.h>
#include "recording.h"
#include "samba/relay/npa.h"

#define CALL_ID_AT 12 /* in a PDU */

bool relay_fixture_is_inside;

/* ---- the server ---- */

static void keep(char to[128], const char *text)
{
	snprintf(to, 128, "%s", text != NULL ? text : "-");
}

static uint32_t delete(struct relay_fixture *b, struct wire_reader *stub,
                       struct wire_writer *answer)
{
	struct session_qualifier_texts texts;
	struct session_del_request request;
	struct ndr_writer w;

	session_del_request_decode(stub, &request, &texts);
	if (stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	b->dels++;
	keep(b->del_client, request.client);
	keep(b->del_user, request.user);
	ndr_writer_init(&w, answer);
	session_del_answer_encode(&w, b->del_status);
	return 0;
}

/* As Samba has it: who asks is looked at before the level, no qualifiers, all at once. */
static uint32_t enumerate(struct relay_fixture *b, struct wire_reader *stub,
                          struct wire_writer *answer)
{
	struct session_enum_answer refusal = { .status = ERROR_INVALID_LEVEL };
	struct session_enum_request request;
	struct session_qualifier_texts texts;
	struct ndr_writer w;
	struct wire_writer plain = { 0 };
	struct wire_reader r;
	uint32_t fault;

	session_enum_request_decode(stub, &request, &texts);
	if (stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	b->enums++;
	ndr_writer_init(&w, answer);
	if (b->as.identity == b->samba.identities[ADMINISTRATOR] && request.level > 1) {
		refusal.level = request.level;
		session_enum_answer_encode(&w, &refusal, NULL);
		return 0;
	}
	request.client = request.user = NULL;
	request.preferred_bytes = MAX_PREFERRED_LENGTH;
	ndr_writer_init(&w, &plain);
	session_enum_request_encode(&w, &request);
	wire_reader_init(&r, plain.data, plain.len);
	fault = srvsvc_interface.call(&b->as, SRVSVC_NETR_SESSION_ENUM, &r, answer);
	wire_writer_fini(&plain);
	return fault;
}

static uint32_t call(void *context, uint16_t opnum, struct wire_reader *stub,
                     struct wire_writer *answer)
{
	struct relay_fixture *b = context;

	switch (opnum) {
	case SRVSVC_NETR_SESSION_ENUM:
		return enumerate(b, stub, answer);
	case SRVSVC_NETR_SESSION_DEL:
		return delete (b, stub, answer);
	case SAY_MUCH:
		for (uint32_t i = 0; i < MUCH_BYTES / 4; i++)
			wire_put_u32le(answer, i);
		return 0;
	case ECHO_STUB:
		wire_put_bytes(answer, stub->at, wire_left(stub));
		return 0;
	case SAY_NUMBER:
		wire_put_u32le(answer, 42);
		return 0;
	default:
		return RPC_FAULT_OP_RNG_ERROR;
	}
}

static const struct rpc_interface srvsvc = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = call,
};
static const struct rpc_interface other = {
	.syntax = { { 0x01020304, 5, 6, { 7, 8, 9, 10, 11, 12, 13, 14 } }, 2, 1 },
	.call = call,
};
static const struct rpc_interface *const interfaces[] = { &srvsvc, &other };
static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = 2,
	.secondary_address = "\\PIPE\\srvsvc",
	.max_request_bytes = 1 << 22,
};

/* ---- the relay ---- */

static int64_t now_ms(void *context)
{
	struct relay_fixture *b = context;

	b->now_ms += b->tick_ms;
	return b->now_ms;
}

static const char *transport(void *context, const char *client, const char *user)
{
	(void)client;
	(void)user;
	return ((struct relay_fixture *)context)->transport;
}

static uint32_t there(void *context, const char *client, const char *user, int64_t began_s)
{
	const struct relay_fixture *b = context;

	(void)client;
	(void)user;
	(void)began_s;
	return b->sessions_of_each_name;
}

void relay_fixture_has_smbstatus(struct relay_fixture *b, uint32_t sessions_of_each_name)
{
	b->sessions_of_each_name = sessions_of_each_name;
	b->relay->settings.count_sessions = there;
}

static void tell(void *context, const struct srvsvc_event *event)
{
	struct relay_fixture *b = context;

	b->told++;
	b->event = *event;
	b->event.client = b->event.user = NULL;
}

static void keep_output(struct relay_fixture *b, enum relay_side to, struct wire_writer *all)
{
	struct wire_writer *output = relay_pipe_output(b->pipe, to);

	wire_put_bytes(all, output->data, output->len);
	wire_writer_clear(output);
}

void relay_fixture_feed(struct relay_fixture *b, enum relay_side from, const void *data,
                        size_t bytes)
{
	for (size_t at = 0; at < bytes && !b->has_ended;) {
		size_t count = bytes - at < b->step ? bytes - at : b->step;
		uint8_t *piece = malloc(count);

		memcpy(piece, (const uint8_t *)data + at, count);
		relay_fixture_is_inside = true;
		b->has_ended = !relay_pipe_receive(b->pipe, from, piece, count);
		relay_fixture_is_inside = false;
		free(piece);
		at += count;
	}
}

static bool go_on(struct relay_fixture *b)
{
	size_t before = b->heard.len;

	if (b->has_ended)
		return false;
	keep_output(b, RELAY_SERVER, &b->asked);
	keep_output(b, RELAY_CALLER, &b->heard);
	relay_fixture_is_inside = true;
	b->has_ended = !relay_pipe_continue(b->pipe);
	relay_fixture_is_inside = false;
	if (!b->has_ended)
		keep_output(b, RELAY_CALLER, &b->heard);
	return b->heard.len > before;
}

/* The next message that the server gets: false where there is none. */
static bool serve(struct relay_fixture *b)
{
	struct relay_fixture_pdu pdu;
	struct wire_writer answer = { 0 };
	size_t left;

	if (b->is_server_slow || !relay_fixture_next(&b->asked, &b->asked_at, &pdu))
		return false;
	(void)rpc_server_feed(b->server, pdu.data, pdu.bytes);
	while (rpc_server_pending(b->server) > 0) {
		wire_writer_clear(&answer);
		(void)rpc_server_read(b->server, &answer, SIZE_MAX, &left);
		assert_int_equal(left, 0);
		relay_fixture_put_message(&b->answered, answer.data, answer.len);
	}
	wire_writer_fini(&answer);
	return true;
}

/* As much as may be read of a side at once. */
static bool hear(struct relay_fixture *b, enum relay_side from, struct wire_writer *waiting)
{
	size_t count = waiting->len < 65536 ? waiting->len : 65536;

	if (b->has_ended || count == 0 || !relay_pipe_may_read(b->pipe, from))
		return false;
	relay_fixture_feed(b, from, waiting->data, count);
	memmove(waiting->data, waiting->data + count, waiting->len - count);
	waiting->len -= count;
	return true;
}

void relay_fixture_talk(struct relay_fixture *b)
{
	bool moves = true;

	while (moves) {
		moves = hear(b, RELAY_CALLER, &b->said);
		moves |= go_on(b);
		while (serve(b))
			moves = true;
		moves |= hear(b, RELAY_SERVER, &b->answered);
		if (!b->has_ended && !b->is_smbstatus_slow && relay_pipe_needs_refresh(b->pipe)) {
			b->checks++;
			b->has_ended = !relay_pipe_refreshed(b->pipe, !b->has_smbstatus_failed);
			moves = true;
		}
		moves |= go_on(b);
	}
}

void relay_fixture_forget(struct relay_fixture *b)
{
	wire_writer_clear(&b->asked);
	wire_writer_clear(&b->heard);
	b->asked_at = 0;
}

static bool open_pipe(struct relay_fixture *b)
{
	static const uint8_t opening[] = { 0, 0, 0, 8, 'N', 'P', 'A', 'M', 7, 0, 0, 0 };

	relay_fixture_is_inside = true;
	b->pipe = relay_pipe_new(b->relay);
	relay_fixture_is_inside = false;
	if (b->pipe == NULL)
		return false;
	relay_fixture_feed(b, RELAY_CALLER, opening, sizeof opening);
	relay_fixture_feed(b, RELAY_SERVER, opening, sizeof opening);
	if (b->has_ended)
		return true;
	keep_output(b, RELAY_SERVER, &b->asked);
	keep_output(b, RELAY_CALLER, &b->heard);
	assert_int_equal(b->asked.len, sizeof opening);
	assert_memory_equal(b->asked.data, opening, sizeof opening);
	assert_memory_equal(b->heard.data, opening, sizeof opening);
	relay_fixture_forget(b);
	return true;
}

bool relay_fixture_init(struct relay_fixture *b, const struct relay_settings *settings)
{
	struct relay_settings ours = { .max_sessions = 100000,
		                       .max_answer_bytes = 1 << 20,
		                       .max_held_bytes = 4 << 20 };

	*b = (struct relay_fixture){ .now_ms = 1800000000000, .step = SIZE_MAX };
	if (settings != NULL)
		ours = *settings;
	ours.now_ms = now_ms;
	ours.find_transport = transport;
	ours.on_event = tell;
	ours.context = b;
	bench_init(&b->samba, "hardened");
	b->samba.now_ms = b->now_ms;
	b->as = (struct srvsvc_caller){ &b->samba.service, b->samba.identities[ADMINISTRATOR],
		                        "192.0.2.1", "smb" };
	b->server = rpc_server_new(&endpoint, b);
	relay_fixture_is_inside = true;
	b->relay = relay_new(&ours);
	relay_fixture_is_inside = false;
	return b->relay != NULL && open_pipe(b);
}

void relay_fixture_reopen(struct relay_fixture *b)
{
	relay_pipe_free(b->pipe);
	rpc_server_free(b->server);
	b->server = rpc_server_new(&endpoint, b);
	b->has_ended = false;
	wire_writer_clear(&b->said);
	wire_writer_clear(&b->answered);
	relay_fixture_forget(b);
	assert_true(open_pipe(b));
}

void relay_fixture_fini(struct relay_fixture *b)
{
	relay_pipe_free(b->pipe);
	if (b->relay != NULL)
		assert_int_equal(b->relay->service.held_bytes, 0);
	relay_free(b->relay);
	rpc_server_free(b->server);
	bench_fini(&b->samba);
	wire_writer_fini(&b->said);
	wire_writer_fini(&b->asked);
	wire_writer_fini(&b->answered);
	wire_writer_fini(&b->heard);
}

uint32_t relay_fixture_add(struct relay_fixture *b, const char *client, const char *user,
                           int64_t began_s)
{
	return bench_add(&b->samba, &(struct session_facts){ .client = client,
	                                                     .user = user,
	                                                     .num_opens = 3,
	                                                     .created_ms = began_s * 1000,
	                                                     .used_ms = b->now_ms });
}

/* ---- what the caller says ---- */

void relay_fixture_put_message(struct wire_writer *w, const void *pdu, size_t bytes)
{
	wire_put_u16le(w, (uint16_t)bytes);
	wire_put_bytes(w, pdu, bytes);
}

static struct rpc_presentation_context context_of(uint16_t id, const struct rpc_syntax *interface)
{
	return (struct rpc_presentation_context){ .id = id,
		                                  .interface = *interface,
		                                  .transfers = { rpc_ndr_syntax },
		                                  .transfer_count = 1 };
}

struct rpc_presentation_context relay_fixture_srvsvc(uint16_t id)
{
	return context_of(id, &srvsvc.syntax);
}

struct rpc_presentation_context relay_fixture_other(uint16_t id)
{
	return context_of(id, &other.syntax);
}

void relay_fixture_put_bind(struct relay_fixture *b, enum rpc_ptype ptype, uint32_t call_id,
                            const struct rpc_bind *bind)
{
	struct wire_writer pdu = { 0 };

	rpc_bind_encode(&pdu, call_id, bind);
	pdu.data[2] = (uint8_t)ptype;
	relay_fixture_put_message(&b->said, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

void relay_fixture_bind(struct relay_fixture *b, uint16_t max_frag)
{
	const struct rpc_bind bind = {
		.max_xmit_frag = max_frag,
		.max_recv_frag = max_frag,
		.contexts = { relay_fixture_srvsvc(SRVSVC_CONTEXT),
		              relay_fixture_other(OTHER_CONTEXT) },
		.context_count = 2,
	};

	relay_fixture_put_bind(b, RPC_BIND, 1, &bind);
	relay_fixture_talk(b);
	relay_fixture_forget(b);
}

void relay_fixture_put_request(struct relay_fixture *b, uint8_t pfc_flags, uint32_t call_id,
                               uint16_t context_id, uint16_t opnum, const void *stub, size_t bytes)
{
	struct wire_writer pdu = { 0 };
	size_t begin = rpc_pdu_begin(&pdu, RPC_REQUEST, pfc_flags, call_id);

	wire_put_u32le(&pdu, 0);
	wire_put_u16le(&pdu, context_id);
	wire_put_u16le(&pdu, opnum);
	wire_put_bytes(&pdu, stub, bytes);
	rpc_pdu_end(&pdu, begin);
	relay_fixture_put_message(&b->said, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

struct wire_writer relay_fixture_enum_stub(const struct session_enum_request *request)
{
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	ndr_writer_init(&w, &stub);
	session_enum_request_encode(&w, request);
	return stub;
}

void relay_fixture_put_enum(struct relay_fixture *b, uint32_t call_id,
                            const struct session_enum_request *request)
{
	struct wire_writer stub = relay_fixture_enum_stub(request);

	relay_fixture_put_request(b, WHOLE, call_id, SRVSVC_CONTEXT, SRVSVC_NETR_SESSION_ENUM,
	                          stub.data, stub.len);
	wire_writer_fini(&stub);
}

void relay_fixture_put_del(struct relay_fixture *b, uint32_t call_id, const char *client,
                           const char *user)
{
	const struct session_del_request request = { .client = client, .user = user };
	struct wire_writer stub = { 0 };
	struct ndr_writer w;

	ndr_writer_init(&w, &stub);
	session_del_request_encode(&w, &request);
	relay_fixture_put_request(b, WHOLE, call_id, SRVSVC_CONTEXT, SRVSVC_NETR_SESSION_DEL,
	                          stub.data, stub.len);
	wire_writer_fini(&stub);
}

void relay_fixture_put_recording(struct relay_fixture *b, const char *name)
{
	struct recording pdus = recording_load(name);

	for (size_t at = 0; at < pdus.bytes;) {
		struct wire_reader r;
		struct rpc_header h;

		wire_reader_init(&r, pdus.data + at, pdus.bytes - at);
		rpc_header_decode(&r, &h);
		assert_null(r.error);
		relay_fixture_put_message(&b->said, pdus.data + at, h.frag_length);
		at += h.frag_length;
	}
	recording_free(&pdus);
}

/* ---- what was heard and asked ---- */

bool relay_fixture_next(const struct wire_writer *messages, size_t *at,
                        struct relay_fixture_pdu *pdu)
{
	struct wire_reader r;
	struct rpc_request request;
	struct rpc_response response;

	if (*at == messages->len)
		return false;
	wire_reader_init(&r, messages->data + *at, messages->len - *at);
	pdu->bytes = wire_get_u16(&r);
	pdu->data = wire_get_bytes(&r, pdu->bytes);
	assert_null(r.error);
	*at += 2 + pdu->bytes;
	wire_reader_init(&pdu->body, pdu->data, pdu->bytes);
	rpc_header_decode(&pdu->body, &pdu->h);
	assert_int_equal(pdu->h.frag_length, pdu->bytes);
	if (pdu->h.ptype == RPC_REQUEST) {
		rpc_request_decode(&pdu->body, &pdu->h, &request);
		pdu->context_id = request.context_id;
		pdu->opnum = request.opnum;
	} else if (pdu->h.ptype == RPC_RESPONSE) {
		rpc_response_decode(&pdu->body, &response);
		pdu->context_id = response.context_id;
	}
	return true;
}

unsigned relay_fixture_count(const struct wire_writer *messages)
{
	struct relay_fixture_pdu pdu;
	unsigned count = 0;
	size_t at = 0;

	while (relay_fixture_next(messages, &at, &pdu))
		count++;
	return count;
}

struct wire_writer relay_fixture_answer_stub(const struct relay_fixture *b, uint32_t call_id,
                                             unsigned *fragments)
{
	struct wire_writer stub = { 0 };
	struct relay_fixture_pdu pdu;
	bool is_open = false, is_whole = false;
	size_t at = 0;

	*fragments = 0;
	while (relay_fixture_next(&b->heard, &at, &pdu)) {
		assert_true(!is_open || pdu.h.call_id == call_id);
		if (pdu.h.call_id != call_id)
			continue;
		assert_false(is_whole);
		assert_int_equal(pdu.h.ptype, RPC_RESPONSE);
		assert_int_equal((pdu.h.pfc_flags & FIRST) != 0, !is_open);
		is_whole = (pdu.h.pfc_flags & LAST) != 0;
		is_open = !is_whole;
		wire_put_bytes(&stub, pdu.body.at, wire_left(&pdu.body));
		++*fragments;
	}
	assert_true(is_whole);
	return stub;
}

struct relay_fixture_answer relay_fixture_enum_answer(const struct relay_fixture *b,
                                                      uint32_t call_id, uint32_t level)
{
	struct relay_fixture_answer a;
	struct session_enum_decoder d;
	struct wire_writer stub = relay_fixture_answer_stub(b, call_id, &a.fragments);

	session_enum_decoder_init(&d, session_level_find(level));
	session_enum_decoder_feed(&d, stub.data, stub.len, false);
	assert_int_equal(session_enum_decoder_finish(&d, &a.answer, &a.infos), 0);
	session_enum_decoder_fini(&d);
	wire_writer_fini(&stub);
	return a;
}

NET_API_STATUS relay_fixture_del_answer(const struct relay_fixture *b, uint32_t call_id)
{
	unsigned fragments;
	struct wire_writer stub = relay_fixture_answer_stub(b, call_id, &fragments);
	struct wire_reader r;
	NET_API_STATUS status;

	wire_reader_init(&r, stub.data, stub.len);
	status = session_del_answer_decode(&r);
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	wire_writer_fini(&stub);
	return status;
}

struct relay_fixture_answer relay_fixture_enum(struct relay_fixture *b, uint32_t call_id,
                                               const struct session_enum_request *request)
{
	relay_fixture_forget(b);
	relay_fixture_put_enum(b, call_id, request);
	relay_fixture_talk(b);
	return relay_fixture_enum_answer(b, call_id, request->level);
}

/* ---- what many sentences begin and end with ---- */

struct relay_fixture *relay_fixture_start(void)
{
	struct relay_fixture *b = calloc(1, sizeof *b);

	assert_true(relay_fixture_init(b, NULL));
	relay_fixture_bind(b, 4280);
	return b;
}

struct relay_fixture *relay_fixture_start_by_hand(void)
{
	struct relay_fixture *b = relay_fixture_start();

	b->is_server_slow = true;
	return b;
}

void relay_fixture_end(struct relay_fixture *b)
{
	relay_fixture_fini(b);
	free(b);
}

struct session_enum_request relay_fixture_at_level(uint32_t level)
{
	return (struct session_enum_request){ .level = level,
		                              .preferred_bytes = MAX_PREFERRED_LENGTH };
}

void relay_fixture_add_some(struct relay_fixture *b, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char client[32], user[32];

		snprintf(client, sizeof client, "10.1.%u.%u", i / 250, i % 250);
		snprintf(user, sizeof user, "user%u", i % 7);
		relay_fixture_add(b, client, user, b->now_ms / 1000 - 500 + i % 400);
	}
}

void relay_fixture_assert_same(const struct wire_writer *all, const struct wire_writer *expected)
{
	assert_int_equal(all->len, expected->len);
	if (all->len > 0)
		assert_memory_equal(all->data, expected->data, all->len);
}

struct wire_writer relay_fixture_copy(const struct wire_writer *w)
{
	struct wire_writer c = { 0 };

	wire_put_bytes(&c, w->data, w->len);
	return c;
}

void relay_fixture_put_pdu(struct wire_writer *messages, uint8_t ptype, uint8_t pfc_flags,
                           uint32_t call_id, size_t bytes)
{
	struct wire_writer pdu = { 0 };
	size_t begin = rpc_pdu_begin(&pdu, (enum rpc_ptype)ptype, pfc_flags, call_id);

	for (size_t i = 0; i < bytes; i++)
		wire_put_u8(&pdu, (uint8_t)(i * 3));
	rpc_pdu_end(&pdu, begin);
	relay_fixture_put_message(messages, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

struct wire_writer relay_fixture_recorded_answer(const char *name, uint32_t call_id)
{
	struct recording pdus = recording_load(name);
	struct wire_writer messages = { 0 };

	for (size_t at = 0; at < pdus.bytes;) {
		size_t begin = messages.len;
		struct wire_reader r;
		struct rpc_header h;

		wire_reader_init(&r, pdus.data + at, pdus.bytes - at);
		rpc_header_decode(&r, &h);
		relay_fixture_put_message(&messages, pdus.data + at, h.frag_length);
		wire_set_u32le(&messages, begin + 2 + CALL_ID_AT, call_id);
		at += h.frag_length;
	}
	recording_free(&pdus);
	return messages;
}

void relay_fixture_assert_goes_on(struct relay_fixture *b)
{
	struct wire_writer said = relay_fixture_copy(&b->said);

	for (size_t step = 1; step <= 64; step = step < 8 ? step + 1 : step * 2) {
		b->step = step;
		relay_fixture_forget(b);
		wire_writer_clear(&b->said);
		wire_put_bytes(&b->said, said.data, said.len);
		relay_fixture_talk(b);
		assert_int_equal(b->said.len, 0);
		relay_fixture_assert_same(&b->asked, &said);
		assert_int_equal(b->heard.len, 0);
		assert_false(b->has_ended);
	}
	b->step = SIZE_MAX;
	wire_writer_fini(&said);
	wire_writer_clear(&b->said);
}
