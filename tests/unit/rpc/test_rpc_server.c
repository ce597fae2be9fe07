/* SPDX-License-Identifier: MIT */
/* The server's side of an association: what other clients sent and Samba answered, and our own
 * client's side. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "rpc/client_association.h"
#include "rpc/management.h"
#include "rpc/server.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { PFC_FLAGS = 3, FRAG_LENGTH = 8, CALL_ID = 12, ASSOC_GROUP = 20, STATUS = 24 };

#define FIRST RPC_PFC_FIRST_FRAG
#define LAST  RPC_PFC_LAST_FRAG
#define WHOLE (FIRST | LAST)

/* ---- what is called ---- */

enum { SAY_NOTHING, SAY_MUCH, SUM, FAIL };

#define MUCH_BYTES 100000

struct callee {
	struct session_enum_request request; /* the last NetrSessionEnum */
	struct session_qualifier_texts texts;
	unsigned calls;
};

static uint32_t call_srvsvc(void *context, uint16_t opnum, struct wire_reader *stub,
                            struct wire_writer *answer)
{
	struct callee *callee = context;
	struct session_enum_answer nothing = { .level = 502, .status = ERROR_INVALID_LEVEL };
	struct ndr_writer w;

	if (opnum != SRVSVC_NETR_SESSION_ENUM)
		return RPC_FAULT_OP_RNG_ERROR;
	session_enum_request_decode(stub, &callee->request, &callee->texts);
	if (stub->error != NULL)
		return RPC_FAULT_BAD_STUB_DATA;
	callee->calls++;
	ndr_writer_init(&w, answer);
	session_enum_answer_encode(&w, &nothing, NULL);
	return 0;
}

static uint32_t call_other(void *context, uint16_t opnum, struct wire_reader *stub,
                           struct wire_writer *answer)
{
	struct callee *callee = context;
	uint32_t sum = 0;

	callee->calls++;
	switch (opnum) {
	case SAY_NOTHING:
		return 0;
	case SAY_MUCH:
		for (uint32_t i = 0; i < MUCH_BYTES / 4; i++)
			wire_put_u32le(answer, i);
		return 0;
	case SUM:
		while (wire_left(stub) > 0)
			sum += wire_get_u32(stub);
		wire_put_u32le(answer, sum);
		return 0;
	case FAIL:
		answer->failed = true;
		return 0;
	default:
		return RPC_FAULT_OP_RNG_ERROR;
	}
}

static const struct rpc_interface srvsvc = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = call_srvsvc,
};
static const struct rpc_interface other = {
	.syntax = { { 0x01020304, 5, 6, { 7, 8, 9, 10, 11, 12, 13, 14 } }, 2, 1 },
	.call = call_other,
};
static const struct rpc_interface *const interfaces[] = { &srvsvc, &other };
static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = COUNT(interfaces),
	.secondary_address = "\\pipe\\srvsvc",
	.max_request_bytes = 16384,
};

/* ---- one association ---- */

struct peer {
	struct callee callee;
	struct rpc_server *s;
	struct wire_writer sent, got;
	bool has_no_turn; /* calls are left for later */
};

/* Runs the calls that wait. */
static void run_calls(struct peer *p)
{
	struct rpc_server_event event;

	while (!p->has_no_turn && rpc_server_next(p->s, &event) == RPC_SERVER_CALL)
		rpc_server_run_call(p->s, &event, &p->callee);
}

/* Reads as a host does it: then it looks for calls again. */
static size_t read_some(struct peer *p, size_t max_bytes, size_t *left)
{
	size_t count = rpc_server_read(p->s, &p->got, max_bytes, left);

	run_calls(p);
	return count;
}

static void peer_init(struct peer *p)
{
	*p = (struct peer){ 0 };
	p->s = rpc_server_new(&endpoint);
}

static void peer_fini(struct peer *p)
{
	rpc_server_free(p->s);
	wire_writer_fini(&p->sent);
	wire_writer_fini(&p->got);
}

/* Feeds bytes that are freed afterwards. */
static bool feed(struct peer *p, const void *data, size_t bytes)
{
	uint8_t *copy = malloc(bytes > 0 ? bytes : 1);
	bool is_good;

	memcpy(copy, data, bytes);
	is_good = rpc_server_feed(p->s, copy, bytes);
	free(copy);
	run_calls(p);
	return is_good;
}

/* Reads all that waits, at most max_bytes at once. */
static void read_all(struct peer *p, size_t max_bytes)
{
	size_t left;

	wire_writer_clear(&p->got);
	while (rpc_server_pending(p->s) > 0) {
		size_t pending = rpc_server_pending(p->s), count = read_some(p, max_bytes, &left);

		assert_int_in_range(count, 1, pending - left);
		assert_true(count <= max_bytes);
	}
}

/* Feeds what was put into sent, and reads the answer. */
static void talk(struct peer *p)
{
	assert_true(feed(p, p->sent.data, p->sent.len));
	wire_writer_clear(&p->sent);
	read_all(p, 4280);
}

static struct rpc_presentation_context context_of(uint16_t id, const struct rpc_syntax *interface)
{
	return (struct rpc_presentation_context){ .id = id,
		                                  .interface = *interface,
		                                  .transfers = { rpc_ndr_syntax },
		                                  .transfer_count = 1 };
}

/* Binds with contexts 0, srvsvc, and 1, the other one. */
static void peer_init_bound(struct peer *p, uint16_t max_frag)
{
	struct rpc_bind bind = {
		.max_xmit_frag = max_frag,
		.max_recv_frag = max_frag,
		.contexts = { context_of(0, &srvsvc.syntax), context_of(1, &other.syntax) },
		.context_count = 2,
	};

	peer_init(p);
	rpc_bind_encode(&p->sent, 1, &bind);
	talk(p);
	assert_int_equal(p->got.data[2], RPC_BIND_ACK);
}

/* Appends a request that is a fragment with these flags. */
static void put_request(struct peer *p, uint8_t pfc_flags, uint32_t call_id, uint16_t context_id,
                        uint16_t opnum, const void *stub, size_t bytes)
{
	size_t begin = rpc_pdu_begin(&p->sent, RPC_REQUEST, pfc_flags, call_id);

	wire_put_u32le(&p->sent, 0);
	wire_put_u16le(&p->sent, context_id);
	wire_put_u16le(&p->sent, opnum);
	wire_put_bytes(&p->sent, stub, bytes);
	rpc_pdu_end(&p->sent, begin);
}

/* Of context 1, whole, for SUM of one number. */
static void put_number_request(struct peer *p, uint32_t call_id, uint32_t number)
{
	struct wire_writer stub = { 0 };

	wire_put_u32le(&stub, number);
	put_request(p, WHOLE, call_id, 1, SUM, stub.data, stub.len);
	wire_writer_fini(&stub);
}

/* What was got is one fault, and this one. */
static void assert_fault(const struct peer *p, uint32_t call_id, uint32_t status)
{
	struct wire_reader r;
	struct rpc_header h;
	struct rpc_fault fault;

	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, RPC_FAULT);
	assert_int_equal(h.frag_length, p->got.len);
	assert_int_equal(h.call_id, call_id);
	rpc_fault_decode(&r, &h, &fault);
	assert_null(r.error);
	assert_int_equal(fault.status, status);
}

/* What was got is one whole answer with a stub of one number. */
static void assert_answer(const struct peer *p, uint32_t call_id, uint32_t number)
{
	struct wire_reader r;
	struct rpc_header h;
	struct rpc_response response;

	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, RPC_RESPONSE);
	assert_int_equal(h.pfc_flags, WHOLE);
	assert_int_equal(h.frag_length, p->got.len);
	assert_int_equal(h.call_id, call_id);
	rpc_response_decode(&r, &response);
	assert_int_equal(response.alloc_hint, 4);
	assert_int_equal(response.context_id, 1);
	assert_int_equal(wire_get_u32(&r), number);
	assert_int_equal(wire_left(&r), 0);
	assert_null(r.error);
}

static void assert_nak(const struct peer *p, enum rpc_nak_reason reason)
{
	struct wire_reader r;
	struct rpc_header h;
	uint16_t got;

	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, RPC_BIND_NAK);
	rpc_bind_nak_decode(&r, &got);
	assert_null(r.error);
	assert_int_equal(got, reason);
	assert_true(rpc_server_is_over(p->s));
}

/* ---- recordings ---- */

/* Feeds one, in blocks of step bytes. */
static void feed_recording(struct peer *p, const char *name, size_t step)
{
	struct recording pdus = recording_load(name);

	for (size_t at = 0; at < pdus.bytes; at += step)
		assert_true(
			feed(p, pdus.data + at, pdus.bytes - at < step ? pdus.bytes - at : step));
	recording_free(&pdus);
}

/* Sets what two servers may well say differently. */
static void level(uint8_t *pdu, size_t bytes)
{
	if (pdu[2] == RPC_BIND_ACK || pdu[2] == RPC_ALTER_CONTEXT_RESP)
		memset(pdu + ASSOC_GROUP, 0, 4);
	if (pdu[2] == RPC_FAULT)
		pdu[16] = 0; /* alloc_hint, of a stub that is not there */
	memset(pdu + CALL_ID, 0, 4);
	if (bytes == 92)
		pdu[70] &= 2; /* Samba multiplexes security contexts as well */
}

static void assert_answered_as(struct peer *p, const char *name)
{
	struct recording answer = recording_load(name);

	read_all(p, SIZE_MAX);
	assert_int_equal(p->got.len, answer.bytes);
	level(answer.data, answer.bytes);
	level(p->got.data, p->got.len);
	assert_memory_equal(p->got.data, answer.data, answer.bytes);
	recording_free(&answer);
}

static void binds_are_answered_as_samba_answers_them(void **state)
{
	static const char *const cases[][2] = {
		{ "rpcclient-4.17-bind", "samba-4.17-bind-ack-to-rpcclient" },
		{ "impacket-0.10-bind", "samba-4.17-bind-ack-to-impacket" },
		{ "impacket-0.10-bind-unknown-interface", "samba-4.17-bind-ack-unknown-interface" },
		{ "samba-4.17-python-bind-big-endian", "samba-4.17-bind-ack-to-big-endian" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step <= 128; step++) {
			struct peer p;

			peer_init(&p);
			feed_recording(&p, cases[i][0], step);
			assert_answered_as(&p, cases[i][1]);
			peer_fini(&p);
		}
}

static void a_bind_of_another_version_is_refused_as_samba_refuses_it(void **state)
{
	(void)state;
	for (uint8_t minor = 1; minor < 10; minor++) {
		struct recording bind = recording_load("rpcclient-4.17-bind");
		struct peer p;

		bind.data[1] = minor;
		peer_init(&p);
		assert_true(feed(&p, bind.data, bind.bytes));
		assert_answered_as(&p, "samba-4.17-bind-nak-version");
		assert_false(feed(&p, bind.data, bind.bytes));
		recording_free(&bind);
		peer_fini(&p);
	}
}

static void an_alter_context_is_answered_as_samba_answers_it(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	feed_recording(&p, "impacket-0.10-bind", SIZE_MAX);
	read_all(&p, 4280);
	feed_recording(&p, "impacket-0.10-alter-context", SIZE_MAX);
	assert_answered_as(&p, "samba-4.17-alter-context-resp");
	peer_fini(&p);
}

/* server "127.0.0.1", client "\\127.0.0.1", user "root" */
static const struct {
	const char *bind, *name;
	uint32_t level;
	const char *client, *user;
} requests[] = {
	{ "rpcclient-4.17-bind", "rpcclient-4.17-session-enum-request-level0", 0, "\\\\127.0.0.1",
	  "root" },
	{ "rpcclient-4.17-bind", "rpcclient-4.17-session-enum-request-level502", 502,
	  "\\\\127.0.0.1", "root" },
	{ "rpcclient-4.17-bind", "rpcclient-4.17-session-enum-request-no-qualifiers", 1, NULL,
	  NULL },
	{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-level10-empty", 10, "", "" },
	{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-level2-null", 2, NULL, NULL },
	{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-fragments-of-48", 502,
	  "\\\\127.0.0.1", "root" },
	{ "samba-4.17-python-bind-big-endian", "samba-4.17-python-session-enum-request-big-endian",
	  1, NULL, "root" },
};

static void assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void requests_of_other_clients_arrive_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		for (size_t step = 1; step < 300; step += step < 64 ? 1 : 59) {
			struct peer p;

			peer_init(&p);
			feed_recording(&p, requests[i].bind, SIZE_MAX);
			read_all(&p, 4280);
			feed_recording(&p, requests[i].name, step);
			read_all(&p, 4280);
			assert_int_equal(p.got.data[2], RPC_RESPONSE);
			assert_int_equal(p.callee.calls, 1);
			assert_int_equal(p.callee.request.level, requests[i].level);
			assert_text(p.callee.request.client, requests[i].client);
			assert_text(p.callee.request.user, requests[i].user);
			peer_fini(&p);
		}
}

static void a_request_of_two_fragments_arrives_whole(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	feed_recording(&p, "rpcclient-4.17-bind", SIZE_MAX);
	read_all(&p, 4280);
	feed_recording(&p, "rpcclient-4.17-session-enum-request-2-fragments", 4096);
	assert_int_equal(p.callee.calls, 1);
	assert_true(session_qualifier_is_too_long(p.callee.request.client));
	assert_string_equal(p.callee.request.user, "root");
	peer_fini(&p);
}

static void what_cannot_be_called_faults_as_samba_does(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 1, 0, 200, NULL, 0);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	assert_answered_as(&p, "samba-4.17-fault-unknown-opnum");
	wire_writer_clear(&p.sent);
	put_request(&p, WHOLE, 1, 0, SRVSVC_NETR_SESSION_ENUM, "\1\2\3", 3);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	assert_answered_as(&p, "samba-4.17-fault-malformed-stub");
	peer_fini(&p);
}

/* ---- negotiation ---- */

static const struct rpc_syntax ndr64 = {
	{ 0x71710533, 0xbeba, 0x4937, { 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36 } }, 1, 0
};
static const struct rpc_syntax features = { { 0x6cb71c2c, 0x9812, 0x4540, { 3 } }, 1, 0 };

/* Binds, or alters, and decodes the answer. */
static struct rpc_bind_ack propose(struct peer *p, bool is_alter, const struct rpc_bind *bind)
{
	struct rpc_bind_ack ack;
	struct wire_reader r;
	struct rpc_header h;

	rpc_bind_encode(&p->sent, 1, bind);
	if (is_alter)
		p->sent.data[2] = RPC_ALTER_CONTEXT;
	talk(p);
	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, is_alter ? RPC_ALTER_CONTEXT_RESP : RPC_BIND_ACK);
	rpc_bind_ack_decode(&r, &ack);
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	assert_int_equal(ack.result_count, bind->context_count);
	return ack;
}

static void assert_result(const struct rpc_context_result *result, uint16_t is, uint16_t reason)
{
	static const struct rpc_syntax none;

	assert_int_equal(result->result, is);
	assert_int_equal(result->reason, reason);
	assert_memory_equal(&result->transfer, is == RPC_ACCEPTANCE ? &rpc_ndr_syntax : &none,
	                    sizeof none);
}

static void each_context_of_a_bind_has_its_own_answer(void **state)
{
	struct rpc_bind bind = {
		.max_xmit_frag = 4280,
		.max_recv_frag = 4280,
		.contexts = { context_of(7, &srvsvc.syntax), context_of(8, &srvsvc.syntax),
		              context_of(9, &srvsvc.syntax), context_of(10, &srvsvc.syntax),
		              context_of(11, &other.syntax), context_of(12, &other.syntax),
		              context_of(13, &other.syntax), context_of(14, &ndr64) },
		.context_count = 8,
	};
	struct rpc_bind_ack ack;
	struct peer p;

	(void)state;
	bind.contexts[1].transfers[0] = ndr64;
	bind.contexts[2].transfers[0] = features;
	bind.contexts[3].transfers[0] = ndr64;
	bind.contexts[3].transfers[1] = rpc_ndr_syntax;
	bind.contexts[3].transfer_count = 2;
	bind.contexts[4].interface.version = 3;
	bind.contexts[5].interface.version_minor = 0;
	bind.contexts[6].interface.version_minor = 2;
	peer_init(&p);
	ack = propose(&p, false, &bind);
	assert_result(&ack.results[0], RPC_ACCEPTANCE, 0);
	assert_result(&ack.results[1], RPC_PROVIDER_REJECTION, RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED);
	assert_result(&ack.results[2], RPC_NEGOTIATE_ACK, 2);
	/* One context an interface is enough. */
	assert_result(&ack.results[3], RPC_PROVIDER_REJECTION, RPC_TRANSFER_SYNTAXES_NOT_SUPPORTED);
	assert_result(&ack.results[4], RPC_PROVIDER_REJECTION, RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);
	assert_result(&ack.results[5], RPC_ACCEPTANCE, 0);
	assert_result(&ack.results[6], RPC_PROVIDER_REJECTION, RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);
	assert_result(&ack.results[7], RPC_PROVIDER_REJECTION, RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);
	peer_fini(&p);
}

static void a_context_that_was_rejected_can_be_agreed_to_later(void **state)
{
	struct rpc_bind bind = { .contexts = { context_of(0, &ndr64) }, .context_count = 1 },
			alter = { .contexts = { context_of(1, &other.syntax) },
		                  .context_count = 1 };
	struct rpc_bind_ack ack, again;
	struct peer p;

	(void)state;
	peer_init(&p);
	ack = propose(&p, false, &bind);
	assert_result(&ack.results[0], RPC_PROVIDER_REJECTION, RPC_ABSTRACT_SYNTAX_NOT_SUPPORTED);
	put_request(&p, WHOLE, 2, 1, SUM, NULL, 0);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_UNKNOWN_IF);
	again = propose(&p, true, &alter);
	assert_result(&again.results[0], RPC_ACCEPTANCE, 0);
	assert_int_equal(again.assoc_group, ack.assoc_group);
	put_request(&p, WHOLE, 3, 1, SUM, "\1\0\0\0\2\0\0\0", 8);
	talk(&p);
	assert_answer(&p, 3, 3);
	again = propose(&p, true, &alter); /* the same once more: it stays */
	assert_result(&again.results[0], RPC_ACCEPTANCE, 0);
	peer_fini(&p);
}

static void fragments_are_as_long_as_both_can_receive(void **state)
{
	static const uint16_t cases[][3] = {
		{ 4280, 4280, 4280 },  { 5840, 5840, 5840 },    { 65535, 65535, 65528 },
		{ 3199, 65535, 3192 }, { 65535, 3199, 3192 },   { 0, 65535, RPC_MIN_FRAG_BYTES },
		{ 1431, 0, 1432 },     { 65528, 65528, 65528 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct rpc_bind bind = { .max_xmit_frag = cases[i][0],
			                 .max_recv_frag = cases[i][1],
			                 .contexts = { context_of(0, &srvsvc.syntax) },
			                 .context_count = 1 };
		struct rpc_bind_ack ack;
		struct peer p;

		peer_init(&p);
		ack = propose(&p, false, &bind);
		assert_int_equal(ack.max_xmit_frag, cases[i][2]);
		assert_int_equal(ack.max_recv_frag, cases[i][2]);
		peer_fini(&p);
	}
}

static void each_association_has_a_group_and_joins_the_one_it_asks_for(void **state)
{
	struct rpc_bind bind = { .contexts = { context_of(0, &srvsvc.syntax) },
		                 .context_count = 1 };
	struct rpc_bind_ack first, second;
	struct peer p;

	(void)state;
	peer_init(&p);
	first = propose(&p, false, &bind);
	peer_fini(&p);
	peer_init(&p);
	second = propose(&p, false, &bind);
	peer_fini(&p);
	assert_int_not_equal(first.assoc_group, 0);
	assert_int_not_equal(second.assoc_group, 0);
	assert_int_not_equal(first.assoc_group, second.assoc_group);
	bind.assoc_group = first.assoc_group;
	peer_init(&p);
	second = propose(&p, false, &bind);
	assert_int_equal(second.assoc_group, first.assoc_group);
	peer_fini(&p);
}

/* A bind's body, after the sizes and the group. */
static void put_bind(struct peer *p, uint16_t auth_bytes, const void *elements, size_t bytes)
{
	size_t begin = rpc_pdu_begin(&p->sent, RPC_BIND, WHOLE, 1);

	wire_set_u16le(&p->sent, begin + 10, auth_bytes);
	wire_put_zeros(&p->sent, 8);
	wire_put_bytes(&p->sent, elements, bytes);
	rpc_pdu_end(&p->sent, begin);
}

static void binds_that_cannot_be_answered_are_refused_with_a_reason(void **state)
{
	static const uint8_t one[4 + 4 + 20 + 20 + 16] = { 1, 0, 0, 0, 0, 0, 1 };
	static const uint8_t secure[4 + 4 + 20 + 20 + 16] = {
		[0] = 1, [6] = 1, [48] = 10, [49] = 5
	};
	static const uint8_t twice[4 + 2 * (4 + 20 + 20)] = {
		[0] = 2,     [6] = 1,     [28] = 0x2c, [29] = 0x1c, [30] = 0xb7, [31] = 0x6c,
		[32] = 0x12, [33] = 0x98, [34] = 0x40, [35] = 0x45, [44] = 1,    [50] = 1,
		[72] = 0x2c, [73] = 0x1c, [74] = 0xb7, [75] = 0x6c, [76] = 0x12, [77] = 0x98,
		[78] = 0x40, [79] = 0x45, [88] = 1,
	};
	static const struct {
		const void *elements;
		size_t bytes;
		uint16_t auth_bytes;
		enum rpc_nak_reason reason;
	} cases[] = {
		{ "\0", 1, 0, RPC_NAK_NOT_SPECIFIED }, /* no context */
		{ "\1\0\0\0\0\0\0\0abcdefghijklmnopqrst", 28, 0, RPC_NAK_NOT_SPECIFIED },
		{ twice, sizeof twice, 0, RPC_NAK_NOT_SPECIFIED },          /* features, twice */
		{ "\1\0\0", 3, 0, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED }, /* it ends early */
		{ one, 40, 0, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED },
		{ "\41\0\0\0", 4, 0, RPC_NAK_LOCAL_LIMIT_EXCEEDED },         /* 33 contexts */
		{ "\1\0\0\0\0\0\11\0", 8, 0, RPC_NAK_LOCAL_LIMIT_EXCEEDED }, /* 9 syntaxes */
		{ one, sizeof one, 8, RPC_NAK_NOT_SPECIFIED },               /* of level 0 */
		{ secure, sizeof secure, 8, RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED },
		{ "\0", 1, 8, RPC_NAK_PROTOCOL_VERSION_NOT_SUPPORTED }, /* no room for it */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer p;

		peer_init(&p);
		put_bind(&p, cases[i].auth_bytes, cases[i].elements, cases[i].bytes);
		talk(&p);
		assert_nak(&p, cases[i].reason);
		assert_false(feed(&p, "", 1));
		peer_fini(&p);
	}
}

static void a_second_bind_is_refused(void **state)
{
	struct rpc_bind bind = { .contexts = { context_of(0, &srvsvc.syntax) },
		                 .context_count = 1 };
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	rpc_bind_encode(&p.sent, 2, &bind);
	talk(&p);
	assert_nak(&p, RPC_NAK_NOT_SPECIFIED);
	peer_fini(&p);
}

static void contexts_are_bounded(void **state)
{
	struct rpc_bind bind = { .context_count = 1 };
	struct rpc_bind_ack ack;
	struct peer p;

	(void)state;
	peer_init(&p);
	for (uint16_t i = 0; i < RPC_MAX_CONTEXTS; i++) {
		bind.contexts[0] = context_of((uint16_t)(100 + i), &srvsvc.syntax);
		ack = propose(&p, i > 0, &bind);
		assert_result(&ack.results[0], RPC_ACCEPTANCE, 0);
	}
	ack = propose(&p, true, &bind); /* one that is there */
	assert_result(&ack.results[0], RPC_ACCEPTANCE, 0);
	bind.contexts[0].id = 1;
	ack = propose(&p, true, &bind);
	assert_result(&ack.results[0], RPC_PROVIDER_REJECTION, RPC_CONTEXT_LIMIT_EXCEEDED);
	peer_fini(&p);
}

static void an_alter_context_that_violates_the_protocol_ends_the_association(void **state)
{
	struct rpc_bind nothing = { 0 },
			taken = { .contexts = { context_of(0, &other.syntax) },
		                  .context_count = 1 },
			no_syntax = taken;
	const struct rpc_bind *const cases[] = { &nothing, &taken, &no_syntax };
	struct peer p;

	(void)state;
	no_syntax.contexts[0].transfer_count = 0;
	for (size_t i = 0; i < COUNT(cases); i++) {
		peer_init_bound(&p, 4280);
		rpc_bind_encode(&p.sent, 5, cases[i]);
		p.sent.data[2] = RPC_ALTER_CONTEXT;
		talk(&p);
		assert_fault(&p, 5, RPC_FAULT_PROTO_ERROR);
		assert_int_equal(p.got.data[PFC_FLAGS], WHOLE | RPC_PFC_DID_NOT_EXECUTE);
		assert_true(rpc_server_is_over(p.s));
		peer_fini(&p);
	}
	peer_init(&p); /* not yet bound */
	rpc_bind_encode(&p.sent, 5, &taken);
	p.sent.data[2] = RPC_ALTER_CONTEXT;
	talk(&p);
	assert_fault(&p, 5, RPC_FAULT_PROTO_ERROR);
	peer_fini(&p);
}

/* ---- answers ---- */

/* Our own client knows one presentation context. */
static void name_context_0(struct peer *p)
{
	enum { LENGTH = 8, CONTEXT = 20 };

	for (size_t at = 0; at < p->got.len;
	     at += (size_t)p->got.data[at + LENGTH] | (size_t)p->got.data[at + LENGTH + 1] << 8)
		p->got.data[at + CONTEXT] = 0;
}

/* Calls SAY_MUCH with our own client, whose pipe reads max_bytes at once. */
static void check_much(uint16_t max_frag, size_t max_bytes)
{
	struct rpc_association a;
	struct rpc_piece piece;
	uint32_t next = 0;
	struct peer p;

	peer_init_bound(&p, max_frag);
	put_request(&p, WHOLE, 2, 1, SAY_MUCH, NULL, 0);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	read_all(&p, max_bytes);
	name_context_0(&p);
	rpc_association_init(&a);
	a.step = RPC_CALLING;
	a.call_id = 2;
	rpc_association_feed(&a, p.got.data, p.got.len);
	do {
		struct wire_reader r;

		assert_int_equal(rpc_association_next(&a, &piece), RPC_STUB);
		wire_reader_init(&r, piece.data, piece.bytes);
		while (wire_left(&r) > 0)
			assert_int_equal(wire_get_u32(&r), next++);
		assert_int_equal(piece.remaining_bytes, MUCH_BYTES - 4 * next);
	} while (!piece.last);
	assert_int_equal(next, MUCH_BYTES / 4);
	rpc_association_fini(&a);
	peer_fini(&p);
}

static void a_long_answer_is_read_in_pieces_of_any_size(void **state)
{
	static const uint16_t frags[] = { RPC_MIN_FRAG_BYTES, 4280, 65528 };

	(void)state;
	for (size_t i = 0; i < COUNT(frags); i++)
		for (size_t max_bytes = 1; max_bytes < 70000; max_bytes += max_bytes / 2 + 1)
			check_much(frags[i], max_bytes);
}

static void pending_bytes_are_exact(void **state)
{
	size_t left, total = 0;
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SAY_MUCH, NULL, 0);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	while (rpc_server_pending(p.s) > 0) {
		size_t pending = rpc_server_pending(p.s), count = read_some(&p, 1000, &left);

		assert_int_equal(pending - rpc_server_pending(p.s), count);
		total += count;
	}
	assert_int_equal(total, MUCH_BYTES + (MUCH_BYTES + 4255) / 4256 * RPC_CALL_HEADER_BYTES);
	assert_int_equal(read_some(&p, 1000, &left), 0);
	assert_int_equal(left, 0);
	peer_fini(&p);
}

static void an_answer_without_a_stub_is_one_fragment(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SAY_NOTHING, NULL, 0);
	talk(&p);
	assert_int_equal(p.got.len, RPC_CALL_HEADER_BYTES);
	assert_int_equal(p.got.data[PFC_FLAGS], WHOLE);
	peer_fini(&p);
}

static void an_answer_that_does_not_fit_into_memory_is_a_fault(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, FAIL, NULL, 0);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_REMOTE_NO_MEMORY);
	put_request(&p, WHOLE, 3, 1, SUM, "\5\0\0\0", 4);
	talk(&p);
	assert_answer(&p, 3, 5);
	peer_fini(&p);
}

static void requests_that_do_not_wait_for_answers_are_answered_in_order(void **state)
{
	struct peer p;

	(void)state;
	for (size_t step = 1; step < 100; step++) {
		size_t left;

		peer_init_bound(&p, 4280);
		for (uint32_t i = 2; i < 6; i++)
			put_number_request(&p, i, i);
		for (size_t at = 0; at < p.sent.len; at += step)
			assert_true(feed(&p, p.sent.data + at,
			                 p.sent.len - at < step ? p.sent.len - at : step));
		assert_int_equal(p.callee.calls, 1); /* the others wait for its answer to be read */
		for (uint32_t i = 2; i < 6; i++) {
			wire_writer_clear(&p.got);
			read_some(&p, 4280, &left);
			assert_answer(&p, i, i);
		}
		assert_int_equal(rpc_server_pending(p.s), 0);
		peer_fini(&p);
	}
}

static void a_caller_that_writes_and_never_reads_is_disconnected(void **state)
{
	static const uint8_t stub[4000] = { 0 };
	size_t written = 0;
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SUM, stub, sizeof stub);
	while (feed(&p, p.sent.data, p.sent.len))
		written += p.sent.len;
	assert_int_in_range(written, 65528, 65528 + 2 * endpoint.max_request_bytes);
	assert_string_equal(rpc_server_end_reason(p.s),
	                    "requests are sent without reading the answers");
	peer_fini(&p);
}

static void a_caller_that_always_writes_ahead_needs_no_more_memory_than_once(void **state)
{
	static const uint8_t stub[1000] = { 0 };
	struct peer p;
	size_t left;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SUM, stub, sizeof stub);
	for (size_t ahead = 0; ahead < 5; ahead++)
		assert_true(feed(&p, p.sent.data, p.sent.len));
	for (size_t round = 0; round < 1000; round++) {
		assert_true(feed(&p, p.sent.data, p.sent.len));
		wire_writer_clear(&p.got);
		read_some(&p, 4280, &left);
		assert_answer(&p, 2, 0);
		assert_int_in_range(rpc_server_held_bytes(p.s), 1, 32768);
	}
	assert_int_equal(p.callee.calls, 1001);
	peer_fini(&p);
}

static void without_a_turn_calls_wait_in_order(void **state)
{
	struct rpc_server_event event;
	struct peer p;
	size_t left;

	(void)state;
	peer_init_bound(&p, 4280);
	p.has_no_turn = true;
	for (uint32_t i = 2; i < 6; i++) {
		wire_writer_clear(&p.sent);
		put_number_request(&p, i, i);
		assert_true(feed(&p, p.sent.data, p.sent.len));
	}
	assert_int_equal(p.callee.calls, 0);
	assert_int_equal(rpc_server_pending(p.s), 0);
	for (uint32_t i = 2; i < 6; i++) {
		p.has_no_turn = false;
		run_calls(&p);
		run_calls(&p); /* an answer is to be read first */
		p.has_no_turn = true;
		assert_int_equal(p.callee.calls, i - 1);
		wire_writer_clear(&p.got);
		read_some(&p, 4280, &left);
		assert_answer(&p, i, i);
		assert_int_equal(rpc_server_pending(p.s), 0);
	}
	assert_int_equal(rpc_server_next(p.s, &event), RPC_SERVER_IDLE);
	assert_int_equal(p.callee.calls, 4);
	assert_int_equal(rpc_server_held_bytes(p.s), 0);
	peer_fini(&p);
}

static void a_call_is_the_same_until_it_is_answered(void **state)
{
	struct rpc_server_event first, again;
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	p.has_no_turn = true;
	put_number_request(&p, 2, 7);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	assert_int_equal(rpc_server_next(p.s, &first), RPC_SERVER_CALL);
	assert_ptr_equal(first.interface, &other);
	assert_int_equal(first.opnum, SUM);
	assert_int_equal(wire_get_u32(&first.stub), 7);
	assert_int_equal(rpc_server_next(p.s, &again), RPC_SERVER_CALL);
	assert_int_equal(wire_get_u32(&again.stub), 7);
	rpc_server_finish_call(p.s, RPC_FAULT_BAD_STUB_DATA);
	assert_int_equal(rpc_server_next(p.s, &again), RPC_SERVER_IDLE);
	wire_writer_clear(&p.sent);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_BAD_STUB_DATA);
	peer_fini(&p);
}

static void memory_that_a_server_holds_is_released(void **state)
{
	static const uint8_t stub[4000] = { 0 };
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	assert_int_equal(rpc_server_held_bytes(p.s), 0);
	put_request(&p, FIRST, 2, 1, SAY_MUCH, stub, sizeof stub);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	assert_int_in_range(rpc_server_held_bytes(p.s), sizeof stub, 4 * sizeof stub);
	wire_writer_clear(&p.sent);
	put_request(&p, LAST, 2, 1, SAY_MUCH, "", 0);
	assert_true(feed(&p, p.sent.data, p.sent.len));
	assert_int_in_range(rpc_server_held_bytes(p.s), MUCH_BYTES, 3 * MUCH_BYTES);
	read_all(&p, 1000);
	assert_int_equal(rpc_server_held_bytes(p.s), 0);
	peer_fini(&p);
}

static void multiplexing_and_header_signing_are_confirmed(void **state)
{
	struct rpc_bind bind = { .contexts = { context_of(0, &srvsvc.syntax) },
		                 .context_count = 1 };

	(void)state;
	for (unsigned flags = 0; flags < 256; flags++) {
		struct peer p;

		peer_init(&p);
		rpc_bind_encode(&p.sent, 1, &bind);
		p.sent.data[PFC_FLAGS] = (uint8_t)flags;
		talk(&p);
		assert_int_equal(
			p.got.data[PFC_FLAGS],
			WHOLE | (flags & (RPC_PFC_CONC_MPX | RPC_PFC_SUPPORT_HEADER_SIGN)));
		peer_fini(&p);
	}
}

/* ---- requests in fragments ---- */

static void fragments_are_put_together(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, FIRST, 2, 1, SUM, "\1\0\0\0\2\0", 6);
	put_request(&p, 0, 2, 1, SUM, "\0\0\3\0", 4);
	put_request(&p, RPC_PFC_PENDING_CANCEL, 2, 1, SUM, NULL, 0);
	put_request(&p, LAST, 2, 1, SUM, "\0\0", 2);
	talk(&p);
	assert_answer(&p, 2, 6);
	peer_fini(&p);
}

static void an_object_uuid_in_a_request_is_ignored(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE | RPC_PFC_OBJECT_UUID, 2, 1, SUM, "0123456789abcdef\1\0\0\0", 20);
	talk(&p);
	assert_answer(&p, 2, 1);
	peer_fini(&p);
}

static void a_big_endian_request_is_read_in_its_order_and_answered_in_ours(void **state)
{
	static const uint8_t whole[] = { 5, 0, 0, 3, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0,
		                         0, 2, 0, 0, 0, 4, 0, 1, 0, 2,  0, 0, 1, 2 };
	uint8_t first[sizeof whole], last[sizeof whole];
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	assert_true(feed(&p, whole, sizeof whole));
	read_all(&p, 4280);
	assert_answer(&p, 2, 0x102);
	memcpy(first, whole, sizeof whole);
	memcpy(last, whole, sizeof whole);
	first[PFC_FLAGS] = FIRST;
	last[PFC_FLAGS] = LAST;
	assert_true(feed(&p, first, sizeof first) && feed(&p, last, sizeof last));
	read_all(&p, 4280);
	assert_answer(&p, 2, 0x204);
	peer_fini(&p);
}

static void cancels_and_orphans_without_a_call_are_ignored(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, FIRST, 2, 1, SUM, "\1\0\0\0", 4);
	rpc_pdu_end(&p.sent, rpc_pdu_begin(&p.sent, RPC_CO_CANCEL, WHOLE, 2));
	rpc_pdu_end(&p.sent, rpc_pdu_begin(&p.sent, RPC_CO_CANCEL, WHOLE, 7));
	rpc_pdu_end(&p.sent, rpc_pdu_begin(&p.sent, RPC_ORPHANED, WHOLE, 2));
	put_request(&p, LAST, 2, 1, SUM, "\1\0\0\0", 4);
	talk(&p);
	assert_answer(&p, 2, 2);
	peer_fini(&p);
}

static void an_orphaned_call_is_dropped_if_that_was_negotiated(void **state)
{
	struct rpc_bind bind = {
		.contexts = { context_of(1, &other.syntax), context_of(2, &other.syntax) },
		.context_count = 2,
	};
	struct rpc_bind_ack ack;
	struct peer p;

	(void)state;
	bind.contexts[1].transfers[0] = features;
	peer_init(&p);
	ack = propose(&p, false, &bind);
	assert_result(&ack.results[1], RPC_NEGOTIATE_ACK, 2);
	put_request(&p, FIRST, 2, 1, SUM, "\1\0\0\0", 4);
	rpc_pdu_end(&p.sent, rpc_pdu_begin(&p.sent, RPC_ORPHANED, WHOLE, 2));
	put_request(&p, LAST, 2, 1, SUM, "\1\0\0\0", 4); /* one of a call that is over */
	put_request(&p, WHOLE, 3, 1, SUM, "\5\0\0\0", 4);
	talk(&p);
	assert_answer(&p, 3, 5);
	peer_fini(&p);
}

static void the_rest_of_a_call_that_faulted_is_ignored(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, FIRST, 2, 77, SUM, "\1\0\0\0", 4);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_UNKNOWN_IF);
	put_request(&p, 0, 2, 77, SUM, "\1\0\0\0", 4);
	put_request(&p, LAST, 2, 77, SUM, "\1\0\0\0", 4);
	put_request(&p, WHOLE, 3, 1, SUM, "\5\0\0\0", 4);
	talk(&p);
	assert_answer(&p, 3, 5);
	peer_fini(&p);
}

/* One or two PDUs of a bound association that break the protocol. */
static const struct {
	uint8_t ptype, flags[2];
	uint32_t call_id[2];
	uint32_t fault_call_id, status;
} broken[] = {
	{ RPC_REQUEST, { LAST }, { 2 }, 2, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { 0 }, { 2 }, 2, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { FIRST, FIRST }, { 2, 2 }, 2, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { FIRST, FIRST }, { 2, 3 }, 2, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { FIRST, LAST }, { 2, 3 }, 2, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { WHOLE, LAST }, { 200, 50 }, 50, RPC_FAULT_PROTO_ERROR },
	{ RPC_REQUEST, { FIRST | RPC_PFC_PENDING_CANCEL }, { 2 }, 2, RPC_FAULT_NO_CALL_ACTIVE },
	{ RPC_RESPONSE, { WHOLE }, { 2 }, 2, RPC_FAULT_PROTO_ERROR },
	{ 16, { WHOLE }, { 2 }, 2, RPC_FAULT_PROTO_ERROR },
	{ 255, { WHOLE }, { 2 }, 2, RPC_FAULT_PROTO_ERROR },
};

static void a_violation_of_the_protocol_faults_and_ends_the_association(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		struct peer p;

		peer_init_bound(&p, 4280);
		for (size_t n = 0; n < 2 && broken[i].call_id[n] != 0; n++) {
			put_request(&p, broken[i].flags[n], broken[i].call_id[n], 1, SUM,
			            "\1\0\0\0", 4);
			p.sent.data[2] = broken[i].ptype;
			talk(&p);
		}
		assert_fault(&p, broken[i].fault_call_id, broken[i].status);
		assert_true(rpc_server_is_over(p.s));
		assert_non_null(rpc_server_end_reason(p.s));
		assert_false(feed(&p, "", 1));
		peer_fini(&p);
	}
}

static void a_request_before_the_bind_faults(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	put_request(&p, WHOLE, 2, 1, SUM, NULL, 0);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_PROTO_ERROR);
	peer_fini(&p);
}

static void a_request_with_authentication_that_was_not_negotiated_is_denied(void **state)
{
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SUM, "0123\0\0\0\0\12\5\0\0\0\0\0\0abcdefgh", 24);
	wire_set_u16le(&p.sent, 10, 8);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_ACCESS_DENIED);
	assert_true(rpc_server_is_over(p.s));
	assert_string_equal(rpc_server_end_reason(p.s),
	                    "a request lacks the protection that was negotiated");
	assert_int_equal(p.callee.calls, 0);
	peer_fini(&p);
}

static void a_request_that_is_longer_than_the_limit_is_denied(void **state)
{
	static const uint8_t stub[4096] = { 0 };
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	for (size_t i = 0; i < endpoint.max_request_bytes / sizeof stub; i++) {
		put_request(&p, i == 0 ? FIRST : 0, 2, 1, SUM, stub, sizeof stub);
		talk(&p);
		assert_int_equal(p.got.len, 0);
	}
	put_request(&p, LAST, 2, 1, SUM, stub, 1);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_ACCESS_DENIED);
	assert_int_equal(p.callee.calls, 0);
	peer_fini(&p);

	peer_init_bound(&p, 4280); /* the length is announced */
	put_request(&p, FIRST, 2, 1, SUM, stub, 8);
	p.sent.data[16 + 2] = 1;
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_ACCESS_DENIED);
	peer_fini(&p);

	peer_init_bound(&p, 4280); /* an alloc_hint that is nonsense, of what is all there */
	put_request(&p, WHOLE, 2, 1, SUM, "\5\0\0\0", 4);
	memset(p.sent.data + 16, 0xFF, 4);
	talk(&p);
	assert_answer(&p, 2, 5);
	peer_fini(&p);
}

static void a_fragment_that_is_longer_than_any_faults(void **state)
{
	static const uint8_t stub[65535 - RPC_CALL_HEADER_BYTES] = { 0 };
	struct peer p;

	(void)state;
	peer_init_bound(&p, 4280);
	put_request(&p, WHOLE, 2, 1, SUM, stub, sizeof stub);
	talk(&p);
	assert_fault(&p, 2, RPC_FAULT_PROTO_ERROR);
	assert_true(rpc_server_is_over(p.s));
	peer_fini(&p);
}

static void input_that_is_no_rpc_has_no_answer(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	assert_null(rpc_server_end_reason(p.s));
	assert_false(feed(&p, "GET / HTTP/1.1\r\n\r\n", 18));
	assert_string_equal(rpc_server_end_reason(p.s), "not a DCE/RPC version 5 PDU");
	assert_int_equal(rpc_server_pending(p.s), 0);
	peer_fini(&p);
}

/* ---- the management interface ---- */

static void init_managed(struct peer *p)
{
	struct rpc_bind bind = { .contexts = { context_of(5, &rpc_management.syntax) },
		                 .context_count = 1 };

	peer_init(p);
	assert_result(&propose(p, false, &bind).results[0], RPC_ACCEPTANCE, 0);
}

/* Calls it, and gives a reader over the answer's stub. */
static struct wire_reader manage(struct peer *p, uint16_t opnum, const void *stub, size_t bytes)
{
	struct rpc_response response;
	struct rpc_header h;
	struct wire_reader r;

	put_request(p, WHOLE, 2, 5, opnum, stub, bytes);
	talk(p);
	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, RPC_RESPONSE);
	rpc_response_decode(&r, &response);
	assert_null(r.error);
	return r;
}

static void assert_words(struct wire_reader *r, const uint32_t words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(wire_get_u32(r), words[i]);
	assert_null(r->error);
}

static void the_management_interface_lists_interfaces(void **state)
{
	static const uint32_t head[] = { 0x20000, 3, 3, 0x20004, 0x20008, 0x2000C };
	struct wire_writer syntaxes = { 0 };
	struct wire_reader r;
	struct peer p;

	(void)state;
	init_managed(&p);
	rpc_syntax_encode(&syntaxes, &srvsvc.syntax);
	rpc_syntax_encode(&syntaxes, &other.syntax);
	rpc_syntax_encode(&syntaxes, &rpc_management.syntax);
	r = manage(&p, 0, NULL, 0);
	assert_words(&r, head, COUNT(head));
	assert_memory_equal(wire_get_bytes(&r, 60), syntaxes.data, 60);
	assert_int_equal(wire_get_u32(&r), 0);
	assert_int_equal(wire_left(&r), 0);
	wire_writer_fini(&syntaxes);
	peer_fini(&p);
}

static void the_management_interface_counts_calls_and_packets(void **state)
{
	uint32_t calls, in, out;
	struct wire_reader r;
	struct peer p;

	(void)state;
	init_managed(&p);
	r = manage(&p, 1, "\4\0\0\0", 4);
	assert_words(&r, (const uint32_t[]){ 4, 4 }, 2);
	calls = wire_get_u32(&r);
	(void)wire_get_u32(&r);
	in = wire_get_u32(&r);
	out = wire_get_u32(&r);
	r = manage(&p, 1, "\62\0\0\0", 4);
	assert_words(&r, (const uint32_t[]){ 4, 4, calls + 1, 0, in + 1, out + 1, 0 }, 7);
	r = manage(&p, 1, "\1\0\0\0", 4);
	assert_words(&r, (const uint32_t[]){ 1, 1, calls + 2, 0 }, 4);
	assert_int_equal(wire_left(&r), 0);
	peer_fini(&p);
}

static void the_management_interface_listens_and_does_not_stop(void **state)
{
	struct wire_reader r;
	struct peer p;

	(void)state;
	init_managed(&p);
	r = manage(&p, 2, NULL, 0);
	assert_words(&r, (const uint32_t[]){ 0, 1 }, 2);
	r = manage(&p, 3, NULL, 0);
	assert_words(&r, (const uint32_t[]){ ERROR_ACCESS_DENIED }, 1);
	r = manage(&p, 2, NULL, 0);
	assert_words(&r, (const uint32_t[]){ 0, 1 }, 2);
	peer_fini(&p);
}

static void the_management_interface_has_no_principal(void **state)
{
	struct wire_reader r;
	struct peer p;

	(void)state;
	init_managed(&p);
	r = manage(&p, 4, "\11\0\0\0\144\0\0\0", 8);
	assert_words(&r, (const uint32_t[]){ 100, 0, 1, 0, RPC_S_UNKNOWN_AUTHN_SERVICE }, 5);
	r = manage(&p, 4, "\11\0\0\0\0\0\0\0", 8);
	assert_words(&r, (const uint32_t[]){ 0, 0, 0, RPC_S_UNKNOWN_AUTHN_SERVICE }, 4);
	peer_fini(&p);
}

static void requests_of_the_management_interface_are_bounded(void **state)
{
	static const struct {
		uint16_t opnum;
		const char *stub;
		size_t bytes;
		uint32_t status;
	} cases[] = {
		{ 1, "\63\0\0\0", 4, RPC_FAULT_BAD_STUB_DATA }, /* 51 */
		{ 1, "\4\0\0", 3, RPC_FAULT_BAD_STUB_DATA },
		{ 4, "\11\0\0\0\1\20\0\0", 8, RPC_FAULT_BAD_STUB_DATA }, /* 4,097 */
		{ 4, "\11\0\0\0\1\0\0", 7, RPC_FAULT_BAD_STUB_DATA },
		{ 5, "", 0, RPC_FAULT_OP_RNG_ERROR },
	};
	struct peer p;

	(void)state;
	init_managed(&p);
	for (size_t i = 0; i < COUNT(cases); i++) {
		put_request(&p, WHOLE, 2, 5, cases[i].opnum, cases[i].stub, cases[i].bytes);
		talk(&p);
		assert_fault(&p, 2, cases[i].status);
	}
	peer_fini(&p);
}

/* ---- damage ---- */

static void bytes_that_are_damaged_anywhere_do_no_harm(void **state)
{
	struct recording bind = recording_load("samba-4.17-python-bind-big-endian"),
			 request = recording_load(
				 "impacket-0.10-session-enum-request-fragments-of-48");

	(void)state;
	for (size_t at = 0; at < bind.bytes + request.bytes; at++)
		for (unsigned i = 0; i < 5; i++) {
			uint8_t *byte = at < bind.bytes ? &bind.data[at]
			                                : &request.data[at - bind.bytes];
			const uint8_t was = *byte,
				      values[] = { was ^ 0xFF, was ^ 1, was ^ 0x80, 0, was + 1 };
			struct peer p;

			*byte = values[i];
			peer_init(&p);
			if (feed(&p, bind.data, bind.bytes)) {
				read_all(&p, 100);
				if (feed(&p, request.data, request.bytes))
					read_all(&p, 100);
			}
			assert_true(p.callee.calls <= 1);
			*byte = was;
			peer_fini(&p);
		}
	recording_free(&bind);
	recording_free(&request);
}

TEST_GROUP(rpc_server)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binds_are_answered_as_samba_answers_them),
		cmocka_unit_test(a_bind_of_another_version_is_refused_as_samba_refuses_it),
		cmocka_unit_test(an_alter_context_is_answered_as_samba_answers_it),
		cmocka_unit_test(requests_of_other_clients_arrive_whole),
		cmocka_unit_test(a_request_of_two_fragments_arrives_whole),
		cmocka_unit_test(what_cannot_be_called_faults_as_samba_does),
		cmocka_unit_test(each_context_of_a_bind_has_its_own_answer),
		cmocka_unit_test(a_context_that_was_rejected_can_be_agreed_to_later),
		cmocka_unit_test(fragments_are_as_long_as_both_can_receive),
		cmocka_unit_test(each_association_has_a_group_and_joins_the_one_it_asks_for),
		cmocka_unit_test(binds_that_cannot_be_answered_are_refused_with_a_reason),
		cmocka_unit_test(a_second_bind_is_refused),
		cmocka_unit_test(contexts_are_bounded),
		cmocka_unit_test(an_alter_context_that_violates_the_protocol_ends_the_association),
		cmocka_unit_test(a_long_answer_is_read_in_pieces_of_any_size),
		cmocka_unit_test(pending_bytes_are_exact),
		cmocka_unit_test(an_answer_without_a_stub_is_one_fragment),
		cmocka_unit_test(an_answer_that_does_not_fit_into_memory_is_a_fault),
		cmocka_unit_test(requests_that_do_not_wait_for_answers_are_answered_in_order),
		cmocka_unit_test(a_caller_that_writes_and_never_reads_is_disconnected),
		cmocka_unit_test(a_caller_that_always_writes_ahead_needs_no_more_memory_than_once),
		cmocka_unit_test(without_a_turn_calls_wait_in_order),
		cmocka_unit_test(a_call_is_the_same_until_it_is_answered),
		cmocka_unit_test(memory_that_a_server_holds_is_released),
		cmocka_unit_test(multiplexing_and_header_signing_are_confirmed),
		cmocka_unit_test(fragments_are_put_together),
		cmocka_unit_test(an_object_uuid_in_a_request_is_ignored),
		cmocka_unit_test(a_big_endian_request_is_read_in_its_order_and_answered_in_ours),
		cmocka_unit_test(cancels_and_orphans_without_a_call_are_ignored),
		cmocka_unit_test(an_orphaned_call_is_dropped_if_that_was_negotiated),
		cmocka_unit_test(the_rest_of_a_call_that_faulted_is_ignored),
		cmocka_unit_test(a_violation_of_the_protocol_faults_and_ends_the_association),
		cmocka_unit_test(a_request_before_the_bind_faults),
		cmocka_unit_test(a_request_with_authentication_that_was_not_negotiated_is_denied),
		cmocka_unit_test(a_request_that_is_longer_than_the_limit_is_denied),
		cmocka_unit_test(a_fragment_that_is_longer_than_any_faults),
		cmocka_unit_test(input_that_is_no_rpc_has_no_answer),
		cmocka_unit_test(the_management_interface_lists_interfaces),
		cmocka_unit_test(the_management_interface_counts_calls_and_packets),
		cmocka_unit_test(the_management_interface_listens_and_does_not_stop),
		cmocka_unit_test(the_management_interface_has_no_principal),
		cmocka_unit_test(requests_of_the_management_interface_are_bounded),
		cmocka_unit_test(bytes_that_are_damaged_anywhere_do_no_harm),
	};

	return cmocka_run_group_tests_name("rpc_server", tests, NULL, NULL);
}
