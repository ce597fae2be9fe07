/* SPDX-License-Identifier: MIT */
/* Calls that are signed or sealed, by a security provider of this test's own: a sum for a
 * signature, and a mask for a seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "rpc/call.h"
#include "rpc/server.h"
#include "rpc/server_security.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WHOLE        (RPC_PFC_FIRST_FRAG | RPC_PFC_LAST_FRAG)
#define OURS         77 /* the one type that the provider takes */
#define CONTEXT_ID   3  /* of the security context */
#define CAREFUL      2  /* the presentation context of the interface that wants protection */
#define TOKEN_BYTES  12
#define MUCH_BYTES   30001

enum { ECHO, SAY_MUCH };

struct peer {
	struct rpc_server *s;
	unsigned calls, steps;
	char token[100];                    /* the last one handed over */
	bool has_started, cannot_seal;      /* the token was handed over */
	uint32_t sequence_in, sequence_out; /* of the provider */
	uint32_t sequence_sent;             /* of the client's side */
	uint8_t level;
	bool signs_all;
	struct wire_writer sent, got;
};

/* ---- the provider, and its client's side ---- */

static void sum(uint32_t sequence, const uint8_t *data, size_t bytes, uint8_t token[TOKEN_BYTES])
{
	uint64_t hash = 1469598103934665603u ^ sequence;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ data[i]) * 1099511628211u;
	for (size_t i = 0; i < 8; i++)
		token[i] = (uint8_t)(hash >> 8 * i);
	for (size_t i = 0; i < 4; i++)
		token[8 + i] = (uint8_t)(sequence >> 8 * i);
}

static void mask(const struct rpc_message *m)
{
	for (size_t i = 0; i < m->body_bytes; i++)
		m->data[m->body_at + i] ^= 0x5A;
}

static void put_sum(const struct rpc_message *m, uint32_t sequence, uint8_t token[TOKEN_BYTES])
{
	if (m->signs_all)
		sum(sequence, m->data, m->bytes, token);
	else
		sum(sequence, m->data + m->body_at, m->body_bytes, token);
}

static bool takes(void *context, uint8_t auth_type, uint8_t auth_level)
{
	(void)context;
	(void)auth_level;
	return auth_type == OURS;
}

static size_t token_bytes(void *context, bool seals)
{
	return seals && ((struct peer *)context)->cannot_seal ? 0 : TOKEN_BYTES;
}

static bool sign(void *context, const struct rpc_message *m, uint8_t *token)
{
	put_sum(m, ((struct peer *)context)->sequence_out++, token);
	return true;
}

static bool verify(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	uint8_t expected[TOKEN_BYTES];

	put_sum(m, ((struct peer *)context)->sequence_in++, expected);
	return bytes == TOKEN_BYTES && memcmp(token, expected, bytes) == 0;
}

static bool seal(void *context, const struct rpc_message *m, uint8_t *token)
{
	(void)sign(context, m, token);
	mask(m);
	return true;
}

static bool unseal(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	mask(m);
	return verify(context, m, token, bytes);
}

static const struct rpc_security_provider security = { takes,  token_bytes, sign,
	                                               verify, seal,        unseal };

/* ---- the server ---- */

static uint32_t call(void *context, uint16_t opnum, struct wire_reader *stub,
                     struct wire_writer *answer)
{
	((struct peer *)context)->calls++;
	if (opnum == SAY_MUCH)
		for (uint32_t i = 0; i < MUCH_BYTES; i++)
			wire_put_u8(answer, (uint8_t)(i / 7));
	else if (opnum == ECHO)
		wire_put_bytes(answer, stub->at, wire_left(stub));
	else
		return RPC_FAULT_OP_RNG_ERROR;
	return 0;
}

static const struct rpc_interface interface = {
	.syntax = { { 1, 2, 3, { 4 } }, 1, 0 },
	.call = call,
};
static const struct rpc_interface careful = {
	.syntax = { { 5, 6, 7, { 8 } }, 1, 0 },
	.call = call,
	.wants_protection = true,
};
static const struct rpc_interface *const interfaces[] = { &interface, &careful };
static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = COUNT(interfaces),
	.secondary_address = "",
	.max_request_bytes = 16384,
};

static void peer_init(struct peer *p)
{
	*p = (struct peer){ 0 };
	p->s = rpc_server_new(&endpoint);
	rpc_server_set_security(p->s, &security, p);
}

static void peer_fini(struct peer *p)
{
	rpc_server_free(p->s);
	wire_writer_fini(&p->sent);
	wire_writer_fini(&p->got);
}

/* Answers the events that wait, but a token, of which the test says what becomes. */
static void run_events(struct peer *p)
{
	struct rpc_server_event event;
	enum rpc_server_event_kind kind;

	while ((kind = rpc_server_next(p->s, &event)) == RPC_SERVER_CALL)
		rpc_server_run_call(p->s, &event, p);
	if (kind != RPC_SERVER_TOKEN || p->has_started)
		return;
	assert_true(event.token_bytes < sizeof p->token);
	memcpy(p->token, event.token, event.token_bytes);
	p->token[event.token_bytes] = '\0';
	p->steps++;
	p->has_started = true;
}

static void authenticated(struct peer *p, enum rpc_auth_progress progress, const char *token)
{
	p->has_started = false;
	rpc_server_authenticated(p->s, progress, (const uint8_t *)token,
	                         token != NULL ? strlen(token) : 0);
	run_events(p);
}

static bool feed(struct peer *p)
{
	uint8_t *copy = malloc(p->sent.len + 1);
	bool is_good;

	memcpy(copy, p->sent.data, p->sent.len);
	is_good = rpc_server_feed(p->s, copy, p->sent.len);
	free(copy);
	run_events(p);
	wire_writer_clear(&p->sent);
	return is_good;
}

static void read_all(struct peer *p, size_t max_bytes)
{
	size_t left, pending;

	wire_writer_clear(&p->got);
	while ((pending = rpc_server_pending(p->s)) > 0) {
		size_t count = rpc_server_read(p->s, &p->got, max_bytes, &left);

		run_events(p);
		assert_int_equal(rpc_server_pending(p->s), pending - count);
	}
}

static void talk(struct peer *p)
{
	assert_true(feed(p));
	read_all(p, 4280);
}

/* ---- what the client's side sends ---- */

static struct rpc_trailer trailer_of(uint8_t level, size_t bytes)
{
	return (struct rpc_trailer){
		.type = OURS, .level = level, .context_id = CONTEXT_ID, .token_bytes = bytes
	};
}

/* Appends a token to the bind-like PDU that begins at 0. */
static void put_token(struct peer *p, uint8_t level, const char *token)
{
	struct rpc_trailer t = trailer_of(level, strlen(token));

	memcpy(rpc_trailer_encode(&p->sent, 0, RPC_HEADER_BYTES, 4, &t), token, t.token_bytes);
}

static void put_bind(struct peer *p, enum rpc_ptype ptype, uint8_t level, const char *token)
{
	struct rpc_bind bind = {
		.max_xmit_frag = 4280,
		.max_recv_frag = 4280,
		.contexts = { { .id = 1,
		                .interface = interface.syntax,
		                .transfers = { rpc_ndr_syntax },
		                .transfer_count = 1 },
		              { .id = CAREFUL,
		                .interface = careful.syntax,
		                .transfers = { rpc_ndr_syntax },
		                .transfer_count = 1 } },
		.context_count = 2,
	};

	rpc_bind_encode(&p->sent, 1, &bind);
	p->sent.data[2] = (uint8_t)ptype;
	if (p->signs_all)
		p->sent.data[3] |= RPC_PFC_SUPPORT_HEADER_SIGN;
	put_token(p, level, token);
}

/* Inserts zeros in front of the trailer of the PDU that begins at 0. */
static void insert_padding(struct peer *p, size_t token_len, size_t bytes)
{
	size_t tail = RPC_TRAILER_BYTES + token_len, at = p->sent.len - tail;

	wire_put_zeros(&p->sent, bytes);
	memmove(p->sent.data + at + bytes, p->sent.data + at, tail);
	memset(p->sent.data + at, 0, bytes);
	rpc_pdu_end(&p->sent, 0);
}

/* Binds without a log-on by RPC. */
static void init_plain(struct peer *p)
{
	peer_init(p);
	put_bind(p, RPC_BIND, RPC_LEVEL_INTEGRITY, "");
	wire_set_u16le(&p->sent, 10, 0); /* auth_length */
	talk(p);
	assert_int_equal(p->got.data[2], RPC_BIND_ACK);
}

static void put_auth3(struct peer *p, uint8_t level, const char *token)
{
	(void)rpc_pdu_begin(&p->sent, RPC_AUTH3, WHOLE, 1);
	wire_put_zeros(&p->sent, 4);
	put_token(p, level, token);
}

/* Binds, and authenticates in one leg. */
static void init_secure(struct peer *p, uint8_t level, bool signs_all)
{
	peer_init(p);
	p->level = level;
	p->signs_all = signs_all;
	put_bind(p, RPC_BIND, level, "let me in");
	assert_true(feed(p));
	assert_int_equal(rpc_server_pending(p->s), 0);
	assert_string_equal(p->token, "let me in");
	authenticated(p, RPC_AUTH_COMPLETE, "welcome");
	read_all(p, 4280);
	assert_int_equal(p->got.data[2], RPC_BIND_ACK);
}

/* Appends a request, which is a fragment with these flags, protected as was agreed. */
static void put_request(struct peer *p, uint8_t pfc_flags, uint16_t opnum, const void *stub,
                        size_t bytes)
{
	size_t begin = rpc_pdu_begin(&p->sent, RPC_REQUEST, pfc_flags, 2), body_at;
	struct rpc_trailer t = trailer_of(p->level, TOKEN_BYTES);
	struct rpc_message m = { .signs_all = p->signs_all };
	uint8_t *token;

	wire_put_u32le(&p->sent, 0);
	wire_put_u16le(&p->sent, 1);
	wire_put_u16le(&p->sent, opnum);
	body_at = p->sent.len;
	wire_put_bytes(&p->sent, stub, bytes);
	token = rpc_trailer_encode(&p->sent, begin, body_at, RPC_TRAILER_ALIGN, &t);
	m.data = p->sent.data + begin;
	m.bytes = (size_t)(token - m.data);
	m.body_at = body_at - begin;
	m.body_bytes = m.bytes - RPC_TRAILER_BYTES - m.body_at;
	put_sum(&m, p->sequence_sent++, token);
	if (p->level == RPC_LEVEL_PRIVACY)
		mask(&m);
}

/* ---- what it reads ---- */

static uint32_t fault_of(const struct peer *p)
{
	struct wire_reader r;
	struct rpc_header h;
	struct rpc_fault fault;

	wire_reader_init(&r, p->got.data, p->got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.ptype, RPC_FAULT);
	rpc_fault_decode(&r, &h, &fault);
	assert_null(r.error);
	return fault.status;
}

/* Checks the fragments that were got, and puts their stubs together. */
static struct wire_writer open_answer(struct peer *p)
{
	struct wire_writer stub = { 0 };
	uint32_t sequence = 0;

	for (size_t at = 0; at < p->got.len;) {
		uint8_t *pdu = p->got.data + at, expected[TOKEN_BYTES];
		size_t bytes = pdu[8] | (size_t)pdu[9] << 8;
		struct rpc_message m = { .data = pdu, .signs_all = p->signs_all };
		struct rpc_trailer t;
		struct wire_reader r;
		struct rpc_header h;

		assert_int_in_range(bytes, 1, 4280);
		wire_reader_init(&r, pdu, bytes);
		rpc_header_decode(&r, &h);
		assert_int_equal(h.ptype, RPC_RESPONSE);
		assert_int_equal(h.pfc_flags,
		                 (at == 0 ? RPC_PFC_FIRST_FRAG : 0) |
		                         (at + bytes == p->got.len ? RPC_PFC_LAST_FRAG : 0));
		rpc_response_decode(&r, &(struct rpc_response){ 0 });
		rpc_trailer_decode(&r, &h, &t);
		assert_null(r.error);
		assert_int_equal(t.type, OURS);
		assert_int_equal(t.level, p->level);
		assert_int_equal(t.context_id, CONTEXT_ID);
		assert_int_equal(t.token_bytes, TOKEN_BYTES);
		m.body_at = RPC_CALL_HEADER_BYTES;
		m.body_bytes = wire_left(&r);
		m.bytes = (size_t)(t.token - pdu);
		assert_int_equal(m.body_bytes % RPC_TRAILER_ALIGN, 0);
		if (p->level == RPC_LEVEL_PRIVACY)
			mask(&m);
		put_sum(&m, sequence++, expected);
		assert_memory_equal(t.token, expected, TOKEN_BYTES);
		wire_put_bytes(&stub, r.at, m.body_bytes - t.pad_bytes);
		at += bytes;
	}
	return stub;
}

/* ---- log-ons ---- */

static void a_bind_is_answered_when_the_result_of_its_token_is_known(void **state)
{
	struct rpc_bind_ack ack;
	struct rpc_trailer t;
	struct wire_reader r;
	struct rpc_header h;
	struct peer p;

	(void)state;
	init_secure(&p, RPC_LEVEL_INTEGRITY, true);
	wire_reader_init(&r, p.got.data, p.got.len);
	rpc_header_decode(&r, &h);
	assert_int_equal(h.pfc_flags, WHOLE | RPC_PFC_SUPPORT_HEADER_SIGN);
	rpc_trailer_decode(&r, &h, &t);
	rpc_bind_ack_decode(&r, &ack);
	assert_null(r.error);
	assert_int_equal(ack.results[0].result, RPC_ACCEPTANCE);
	assert_int_equal(t.type, OURS);
	assert_int_equal(t.level, RPC_LEVEL_INTEGRITY);
	assert_int_equal(t.context_id, CONTEXT_ID);
	assert_int_equal(t.token_bytes, 7);
	assert_memory_equal(t.token, "welcome", 7);
	peer_fini(&p);
}

static void a_log_on_of_several_legs_goes_on_by_alter_context(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	p.level = RPC_LEVEL_PACKET;
	put_bind(&p, RPC_BIND, p.level, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_CONTINUES, "two");
	read_all(&p, 4280);
	put_bind(&p, RPC_ALTER_CONTEXT, p.level, "three");
	assert_true(feed(&p));
	assert_string_equal(p.token, "three");
	authenticated(&p, RPC_AUTH_COMPLETE, NULL);
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_ALTER_CONTEXT_RESP);
	/* No token, and yet a trailer, as of Windows. */
	assert_int_equal(p.got.data[10], 0);
	assert_int_equal(p.got.data[p.got.len - RPC_TRAILER_BYTES], OURS);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	talk(&p);
	assert_int_equal(p.calls, 1);
	peer_fini(&p);
}

static void an_auth3_has_no_answer_and_input_behind_it_waits(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	p.level = RPC_LEVEL_INTEGRITY;
	put_bind(&p, RPC_BIND, p.level, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_CONTINUES, "two");
	read_all(&p, 4280);
	put_auth3(&p, p.level, "three");
	assert_true(feed(&p));
	put_request(&p, WHOLE, ECHO, "hello", 5);
	assert_true(feed(&p));
	assert_int_equal(p.calls, 0);
	authenticated(&p, RPC_AUTH_COMPLETE, NULL);
	assert_int_equal(p.calls, 1);
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_RESPONSE);
	peer_fini(&p);
}

static void a_wrong_token_ends_the_association(void **state)
{
	static const struct {
		enum rpc_auth_progress progress;
		const char *token; /* for the caller; there is no PDU to send it in */
	} auth3[] = {
		{ RPC_AUTH_FAILED, NULL },
		{ RPC_AUTH_CONTINUES, NULL },
		{ RPC_AUTH_CONTINUES, "four" },
		{ RPC_AUTH_COMPLETE, "four" },
	};
	struct peer p;

	(void)state;
	peer_init(&p); /* a bind's */
	put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_FAILED, NULL);
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_BIND_NAK);
	assert_int_equal(p.got.data[16], RPC_NAK_INVALID_CHECKSUM);
	assert_true(rpc_server_is_over(p.s));
	peer_fini(&p);

	peer_init(&p); /* an alter_context's */
	put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_CONTINUES, "two");
	read_all(&p, 4280);
	put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "three");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_FAILED, NULL);
	read_all(&p, 4280);
	assert_int_equal(fault_of(&p), RPC_FAULT_SECURITY_PACKAGE);
	assert_true(rpc_server_is_over(p.s));
	peer_fini(&p);

	for (size_t i = 0; i < COUNT(auth3); i++) { /* an AUTH3's: so has the first request */
		peer_init(&p);
		p.level = RPC_LEVEL_INTEGRITY;
		put_bind(&p, RPC_BIND, p.level, "one");
		assert_true(feed(&p));
		authenticated(&p, RPC_AUTH_CONTINUES, "two");
		read_all(&p, 4280);
		put_auth3(&p, p.level, "three");
		assert_true(feed(&p));
		authenticated(&p, auth3[i].progress, auth3[i].token);
		assert_int_equal(rpc_server_pending(p.s), 0);
		put_request(&p, WHOLE, ECHO, "hello", 5);
		talk(&p);
		assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
		assert_true(rpc_server_is_over(p.s));
		assert_int_equal(p.calls, 0);
		peer_fini(&p);
	}
}

static void a_trailer_that_is_not_aligned_to_4_bytes_ends_the_association(void **state)
{
	struct peer p;

	(void)state;
	for (size_t bytes = 1; bytes < 4; bytes++) {
		peer_init(&p);
		put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
		insert_padding(&p, 3, bytes);
		talk(&p);
		assert_int_equal(p.got.data[2], RPC_BIND_NAK);
		assert_int_equal(p.got.data[16], RPC_NAK_NOT_SPECIFIED);
		assert_true(rpc_server_is_over(p.s));
		peer_fini(&p);

		for (unsigned by_auth3 = 0; by_auth3 < 2; by_auth3++) {
			peer_init(&p);
			put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
			assert_true(feed(&p));
			authenticated(&p, RPC_AUTH_CONTINUES, "two");
			read_all(&p, 4280);
			if (by_auth3)
				put_auth3(&p, RPC_LEVEL_INTEGRITY, "three");
			else
				put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "three");
			insert_padding(&p, 5, bytes);
			talk(&p);
			assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
			assert_int_equal(p.steps, 1);
			peer_fini(&p);
		}

		init_secure(&p, RPC_LEVEL_INTEGRITY, false);
		put_request(&p, WHOLE, ECHO, "hello", 5);
		insert_padding(&p, TOKEN_BYTES, bytes);
		talk(&p);
		assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
		assert_int_equal(p.got.data[20], 1); /* the presentation context */
		assert_int_equal(p.calls, 0);
		peer_fini(&p);
	}
}

static void a_bind_may_be_as_long_as_its_length_field_allows_but_no_request(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
	insert_padding(&p, 3, UINT16_MAX - p.sent.len);
	assert_true(feed(&p));
	assert_string_equal(p.token, "one");
	authenticated(&p, RPC_AUTH_CONTINUES, "two");
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_BIND_ACK);
	put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "six");
	insert_padding(&p, 3, UINT16_MAX - p.sent.len);
	assert_true(feed(&p));
	assert_string_equal(p.token, "six");
	peer_fini(&p);

	init_secure(&p, RPC_LEVEL_CONNECT, false);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	insert_padding(&p, TOKEN_BYTES, UINT16_MAX - p.sent.len);
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
	assert_int_equal(p.calls, 0);
	peer_fini(&p);
}

static void a_type_or_level_that_is_not_supported_has_its_own_reason(void **state)
{
	static const struct {
		uint8_t type, level, reason;
	} cases[] = {
		{ OURS, 0, RPC_NAK_NOT_SPECIFIED },
		{ OURS, RPC_LEVEL_NONE, RPC_NAK_NOT_SPECIFIED },
		{ OURS, RPC_LEVEL_CALL, RPC_NAK_INVALID_CHECKSUM },
		{ OURS, 7, RPC_NAK_NOT_SPECIFIED },
		{ OURS, 255, RPC_NAK_NOT_SPECIFIED },
		{ OURS + 1, RPC_LEVEL_INTEGRITY, RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED },
		{ RPC_AUTH_NONE, RPC_LEVEL_CONNECT, RPC_NAK_AUTHENTICATION_TYPE_NOT_RECOGNIZED },
		{ RPC_AUTH_NONE, RPC_LEVEL_NONE, RPC_NAK_NOT_SPECIFIED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct peer p;

		peer_init(&p);
		put_bind(&p, RPC_BIND, cases[i].level, "one");
		p.sent.data[p.sent.len - 3 - RPC_TRAILER_BYTES] = cases[i].type;
		talk(&p);
		assert_int_equal(p.got.data[2], RPC_BIND_NAK);
		assert_int_equal(p.got.data[16], cases[i].reason);
		assert_int_equal(p.steps, 0);
		peer_fini(&p);
	}
}

static void sealing_that_is_impossible_is_refused_at_the_end_of_a_log_on(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	p.cannot_seal = true;
	put_bind(&p, RPC_BIND, RPC_LEVEL_PRIVACY, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_COMPLETE, NULL);
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_BIND_NAK);
	assert_int_equal(p.got.data[16], RPC_NAK_INVALID_CHECKSUM);
	peer_fini(&p);
}

static void a_leg_of_another_security_context_is_denied(void **state)
{
	(void)state;
	for (unsigned what = 0; what < 3; what++) {
		struct peer p;
		size_t trailer_at;

		peer_init(&p);
		put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
		assert_true(feed(&p));
		authenticated(&p, RPC_AUTH_CONTINUES, "two");
		read_all(&p, 4280);
		put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "three");
		trailer_at = p.sent.len - 5 - RPC_TRAILER_BYTES;
		p.sent.data[trailer_at + (what == 2 ? 4 : what)]++; /* type, level, id */
		talk(&p);
		assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
		assert_int_equal(p.steps, 1);
		peer_fini(&p);
	}
}

static void an_association_has_one_security_context_at_most(void **state)
{
	struct peer p;

	(void)state;
	init_secure(&p, RPC_LEVEL_INTEGRITY, false);
	put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "again");
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
	peer_fini(&p);
	init_secure(&p, RPC_LEVEL_INTEGRITY, false);
	put_auth3(&p, RPC_LEVEL_INTEGRITY, "again");
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
	peer_fini(&p);
}

static void without_memory_for_a_token_the_association_ends(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	put_bind(&p, RPC_BIND, RPC_LEVEL_INTEGRITY, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_FAILED, NULL); /* so does a host without memory answer */
	read_all(&p, 4280);
	assert_int_equal(p.got.data[2], RPC_BIND_NAK);
	assert_true(rpc_server_is_over(p.s));
	peer_fini(&p);
}

/* ---- calls ---- */

static const struct {
	uint8_t level;
	bool signs_all;
} protections[] = {
	{ RPC_LEVEL_PACKET, false },   { RPC_LEVEL_PACKET, true },   { RPC_LEVEL_INTEGRITY, false },
	{ RPC_LEVEL_INTEGRITY, true }, { RPC_LEVEL_PRIVACY, false }, { RPC_LEVEL_PRIVACY, true },
};

static void calls_of_any_length_are_protected_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protections); i++) {
		struct peer p;

		init_secure(&p, protections[i].level, protections[i].signs_all);
		for (size_t bytes = 0; bytes < 40; bytes++) {
			struct wire_writer stub;

			put_request(&p, WHOLE, ECHO, "0123456789abcdefghijklmnopqrstuvwxyzABCDE",
			            bytes);
			talk(&p);
			p.sequence_out = 0;
			stub = open_answer(&p);
			assert_int_equal(stub.len, bytes);
			if (bytes > 0)
				assert_memory_equal(stub.data,
				                    "0123456789abcdefghijklmnopqrstuvwxyzABCDE",
				                    bytes);
			wire_writer_fini(&stub);
		}
		assert_int_equal(p.calls, 40);
		peer_fini(&p);
	}
}

static void each_fragment_of_a_long_answer_is_protected_by_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protections); i++)
		for (size_t max_bytes = 1; max_bytes < 5000; max_bytes += max_bytes / 2 + 1) {
			struct wire_writer stub;
			struct peer p;

			init_secure(&p, protections[i].level, protections[i].signs_all);
			put_request(&p, WHOLE, SAY_MUCH, NULL, 0);
			assert_true(feed(&p));
			read_all(&p, max_bytes);
			stub = open_answer(&p);
			assert_int_equal(stub.len, MUCH_BYTES);
			for (size_t n = 0; n < stub.len; n++)
				assert_int_equal(stub.data[n], (uint8_t)(n / 7));
			wire_writer_fini(&stub);
			peer_fini(&p);
		}
}

static void each_fragment_of_a_request_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protections); i++) {
		struct wire_writer stub;
		struct peer p;

		init_secure(&p, protections[i].level, protections[i].signs_all);
		put_request(&p, RPC_PFC_FIRST_FRAG, ECHO, "abcde", 5);
		put_request(&p, 0, ECHO, "fghijklmnopqrstuvw", 18);
		put_request(&p, RPC_PFC_LAST_FRAG, ECHO, "xyz", 3);
		talk(&p);
		stub = open_answer(&p);
		assert_int_equal(stub.len, 26);
		assert_memory_equal(stub.data, "abcdefghijklmnopqrstuvwxyz", 26);
		wire_writer_fini(&stub);
		peer_fini(&p);
	}
}

static void a_request_that_was_changed_anywhere_is_not_executed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protections); i++)
		for (size_t at = 0; at < 24 + 32 + 8 + TOKEN_BYTES; at++) {
			bool is_signed = at >= 24 || protections[i].signs_all;
			struct peer p;

			init_secure(&p, protections[i].level, protections[i].signs_all);
			put_request(&p, WHOLE, ECHO, "0123456789abcdefghijklmn", 24);
			p.sent.data[at] ^= 0x10;
			if (feed(&p))
				read_all(&p, 4280);
			/* Without header signing, who may say what the header and the trailer say?
			 */
			if (is_signed &&
			    !(at >= 24 + 32 && at < 24 + 32 + 8 && !protections[i].signs_all))
				assert_int_equal(p.calls, 0);
			peer_fini(&p);
		}
}

static void a_request_that_was_changed_faults_and_ends_the_association(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(protections); i++) {
		struct peer p;

		init_secure(&p, protections[i].level, protections[i].signs_all);
		put_request(&p, WHOLE, ECHO, "0123456789abcdefghijklmn", 24);
		p.sent.data[24] ^= 1;
		talk(&p);
		assert_int_equal(fault_of(&p), RPC_FAULT_SECURITY_PACKAGE);
		assert_true(rpc_server_is_over(p.s));
		peer_fini(&p);
	}
}

static void a_request_without_the_negotiated_protection_is_denied(void **state)
{
	struct rpc_request request = { .context_id = 1, .opnum = ECHO };
	struct peer p;
	size_t at = 0;

	(void)state;
	init_secure(&p, RPC_LEVEL_INTEGRITY, false);
	rpc_request_encode(&p.sent, 2, &request, (const uint8_t *)"hello", 5, &at, 4280);
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
	assert_int_equal(p.calls, 0);
	peer_fini(&p);

	init_secure(&p, RPC_LEVEL_INTEGRITY, false);
	p.level = RPC_LEVEL_CONNECT; /* the client's side thinks */
	put_request(&p, WHOLE, ECHO, "hello", 5);
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
	assert_int_equal(p.calls, 0);
	peer_fini(&p);
}

static void at_the_level_connect_requests_come_with_a_trailer_or_without(void **state)
{
	struct rpc_request request = { .context_id = 1, .opnum = ECHO };
	struct peer p;
	size_t at = 0;

	(void)state;
	init_secure(&p, RPC_LEVEL_CONNECT, false);
	rpc_request_encode(&p.sent, 2, &request, (const uint8_t *)"hello", 5, &at, 4280);
	talk(&p);
	assert_int_equal(p.got.len, RPC_CALL_HEADER_BYTES + 5);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	talk(&p);
	assert_int_equal(p.got.len, RPC_CALL_HEADER_BYTES + 5);
	assert_memory_equal(p.got.data + RPC_CALL_HEADER_BYTES, "hello", 5);
	assert_int_equal(p.calls, 2);
	peer_fini(&p);
}

/* Who passes on another's log-on has no key to sign with. */
static void an_interface_may_require_more_than_the_level_connect(void **state)
{
	static const uint8_t levels[] = { RPC_LEVEL_PACKET, RPC_LEVEL_INTEGRITY,
		                          RPC_LEVEL_PRIVACY };
	struct rpc_request request = { .context_id = CAREFUL, .opnum = ECHO };
	struct peer p;
	size_t at = 0;

	(void)state;
	init_secure(&p, RPC_LEVEL_CONNECT, false);
	rpc_request_encode(&p.sent, 2, &request, (const uint8_t *)"hello", 5, &at, 4280);
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	p.sent.data[20] = CAREFUL;
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_ACCESS_DENIED);
	assert_int_equal(p.calls, 0);
	put_request(&p, WHOLE, ECHO, "hello", 5); /* of the other interface */
	talk(&p);
	assert_int_equal(p.calls, 1);
	peer_fini(&p);

	for (size_t i = 0; i < COUNT(levels); i++) {
		init_secure(&p, levels[i], false);
		put_request(&p, WHOLE, ECHO, "hello", 5);
		p.sent.data[20] = CAREFUL; /* which is not signed */
		talk(&p);
		assert_int_equal(p.calls, 1);
		peer_fini(&p);
	}
}

/* Without a log-on by RPC the caller is the user of the session. */
static void without_a_log_on_an_interface_requires_no_protection(void **state)
{
	struct rpc_request request = { .context_id = CAREFUL, .opnum = ECHO };
	struct peer p;
	size_t at = 0;

	(void)state;
	init_plain(&p);
	rpc_request_encode(&p.sent, 2, &request, (const uint8_t *)"hello", 5, &at, 4280);
	talk(&p);
	assert_int_equal(p.calls, 1);
	peer_fini(&p);
}

static void no_log_on_begins_within_a_call(void **state)
{
	struct rpc_request request = { .context_id = 1, .opnum = ECHO };
	static const uint8_t stub[3000];
	struct peer p;
	size_t at = 0;

	(void)state;
	init_plain(&p);
	rpc_request_encode(&p.sent, 2, &request, stub, sizeof stub, &at, RPC_MIN_FRAG_BYTES);
	talk(&p);
	put_bind(&p, RPC_ALTER_CONTEXT, RPC_LEVEL_INTEGRITY, "let me in");
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
	assert_int_equal(p.steps, 0);
	assert_true(rpc_server_is_over(p.s));
	peer_fini(&p);
}

static void a_request_during_a_log_on_is_a_protocol_error(void **state)
{
	struct peer p;

	(void)state;
	peer_init(&p);
	p.level = RPC_LEVEL_INTEGRITY;
	put_bind(&p, RPC_BIND, p.level, "one");
	assert_true(feed(&p));
	authenticated(&p, RPC_AUTH_CONTINUES, "two");
	read_all(&p, 4280);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
	assert_int_equal(p.calls, 0);
	peer_fini(&p);
}

static void more_padding_than_body_is_a_protocol_error(void **state)
{
	struct peer p;

	(void)state;
	init_secure(&p, RPC_LEVEL_CONNECT, false);
	put_request(&p, WHOLE, ECHO, "hello", 5);
	p.sent.data[p.sent.len - TOKEN_BYTES - RPC_TRAILER_BYTES + 2] = 17;
	talk(&p);
	assert_int_equal(fault_of(&p), RPC_FAULT_PROTO_ERROR);
	peer_fini(&p);
}

TEST_GROUP(rpc_security)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bind_is_answered_when_the_result_of_its_token_is_known),
		cmocka_unit_test(a_log_on_of_several_legs_goes_on_by_alter_context),
		cmocka_unit_test(an_auth3_has_no_answer_and_input_behind_it_waits),
		cmocka_unit_test(a_wrong_token_ends_the_association),
		cmocka_unit_test(a_trailer_that_is_not_aligned_to_4_bytes_ends_the_association),
		cmocka_unit_test(a_bind_may_be_as_long_as_its_length_field_allows_but_no_request),
		cmocka_unit_test(a_type_or_level_that_is_not_supported_has_its_own_reason),
		cmocka_unit_test(sealing_that_is_impossible_is_refused_at_the_end_of_a_log_on),
		cmocka_unit_test(a_leg_of_another_security_context_is_denied),
		cmocka_unit_test(an_association_has_one_security_context_at_most),
		cmocka_unit_test(without_memory_for_a_token_the_association_ends),
		cmocka_unit_test(calls_of_any_length_are_protected_both_ways),
		cmocka_unit_test(each_fragment_of_a_long_answer_is_protected_by_itself),
		cmocka_unit_test(each_fragment_of_a_request_is_checked),
		cmocka_unit_test(a_request_that_was_changed_anywhere_is_not_executed),
		cmocka_unit_test(a_request_that_was_changed_faults_and_ends_the_association),
		cmocka_unit_test(a_request_without_the_negotiated_protection_is_denied),
		cmocka_unit_test(at_the_level_connect_requests_come_with_a_trailer_or_without),
		cmocka_unit_test(an_interface_may_require_more_than_the_level_connect),
		cmocka_unit_test(without_a_log_on_an_interface_requires_no_protection),
		cmocka_unit_test(no_log_on_begins_within_a_call),
		cmocka_unit_test(a_request_during_a_log_on_is_a_protocol_error),
		cmocka_unit_test(more_padding_than_body_is_a_protocol_error),
	};

	return cmocka_run_group_tests_name("rpc_security", tests, NULL, NULL);
}
