/* SPDX-License-Identifier: MIT */
/* The server's side of an association, from a pipe that is cut anywhere and read in any pieces.
 * Input: how (bit 0: PDUs are built, else the bytes are the pipe's; bit 1: callers may authenticate
 * themselves), how much is read at a time, cuts, then the pipe; or, of PDUs to build: kind (bits
 * 0-4: type, bit 5: it has a token, bit 6: its trailer says that it is sealed, bit 7: big-endian),
 * flags, call id, u16 length, body.
 * Must reach: rpc_server_feed rpc_server_read rpc_server_pending rpc_server_is_over
 *   rpc_server_next rpc_server_finish_call rpc_server_on_bind rpc_server_on_alter_context
 *   rpc_server_on_request rpc_server_on_co_cancel rpc_server_on_orphaned rpc_server_begin_call
 *   rpc_server_collect_fragment rpc_server_begin_execution rpc_answer_begin_fragment
 *   rpc_answer_last_fault rpc_answer_fault rpc_answer_nak rpc_answer_protocol_error
 *   rpc_server_refuse_pdu rpc_server_read_queued rpc_server_is_old_call rpc_server_is_mixed
 *   rpc_server_is_request_too_long rpc_server_agree_on_frag rpc_presentation_negotiate
 *   rpc_presentation_find rpc_presentation_agree_on_features rpc_presentation_reject
 *   rpc_bind_decode rpc_bind_ack_encode rpc_alter_context_resp_encode rpc_bind_nak_encode
 *   rpc_response_head_encode rpc_fault_encode rpc_request_decode rpc_pdu_reader_take_rest
 *   rpc_server_on_auth3 rpc_server_authenticated rpc_server_finish_token
 *   rpc_security_check_request rpc_security_protect_response rpc_security_unprotect
 *   rpc_security_finish_token rpc_security_fragment_bytes rpc_trailer_decode rpc_trailer_encode
 *   rpc_server_send_secure_ack
 * Holds: calls and answers do not depend on how the pipe is cut and read; an answer consists of
 * whole PDUs of a type that a server sends, no longer than negotiated; the fragments of a
 * response are together what the call gave, protected as negotiated; as many bytes are pending
 * as can be read; an association that has ended has a reason. */
#include "fuzz.h"
#include "rpc/call.h"
#include "rpc/server.h"
#include "rpc/server_security.h"
#include "srvsvc/interface.h"

#define BUILT  1
#define SECURE 2

/* Of a PDU to build. */
#define WITH_TOKEN 0x20
#define SEALED     0x40

#define TOKEN_BYTES 4
#define MASK        0x5A

#define MAX_REQUEST_BYTES 16384
#define MUCH_BYTES        70000

enum { SAY_NOTHING, SAY_MUCH, ECHO, ECHO_LATER = 4 };

/* ---- what is called ---- */

struct calls {
	struct wire_writer trace;
	struct wire_writer given; /* the stubs of all answers, one behind the other */
	size_t taken;             /* of them, by what was read */
	bool is_unfinished;
};

static uint32_t call(void *context, uint16_t opnum, struct wire_reader *stub,
                     struct wire_writer *answer)
{
	struct calls *calls = context;
	size_t bytes = wire_left(stub);

	MUST(stub->error == NULL && bytes <= MAX_REQUEST_BYTES);
	calls->is_unfinished = opnum == ECHO_LATER && !calls->is_unfinished;
	if (calls->is_unfinished)
		return RPC_CALL_UNFINISHED;
	wire_put_u16le(&calls->trace, opnum);
	wire_put_u8(&calls->trace, stub->big_endian);
	wire_put_u32le(&calls->trace, (uint32_t)bytes);
	wire_put_bytes(&calls->trace, stub->at, bytes);
	switch (opnum) {
	case SAY_NOTHING:
		return 0;
	case SAY_MUCH:
		for (uint32_t i = 0; i < MUCH_BYTES / 4; i++)
			wire_put_u32le(answer, i);
		break;
	case ECHO:
	case ECHO_LATER:
		wire_put_bytes(answer, stub->at, bytes);
		break;
	default:
		/* What stands in the answer of a call that fails is not sent. */
		wire_put_u32le(answer, opnum);
		return opnum % 2 ? RPC_FAULT_OP_RNG_ERROR : RPC_FAULT_BAD_STUB_DATA;
	}
	wire_put_bytes(&calls->given, answer->data, answer->len);
	return 0;
}

static const struct rpc_interface srvsvc = {
	.syntax = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 },
	.call = call,
};
static const struct rpc_interface other = { .syntax = { .version = 3 }, .call = call };
static const struct rpc_interface *const interfaces[] = { &srvsvc, &other };
static const struct rpc_endpoint endpoint = {
	.interfaces = interfaces,
	.interface_count = sizeof interfaces / sizeof *interfaces,
	.secondary_address = "\\PIPE\\srvsvc",
	.max_request_bytes = MAX_REQUEST_BYTES,
};

/* ---- security: a token's first byte says what becomes of it, and what is sealed is masked ---- */

static bool takes(void *context, uint8_t auth_type, uint8_t auth_level)
{
	(void)context;
	MUST(auth_level >= RPC_LEVEL_CONNECT && auth_level <= RPC_LEVEL_PRIVACY);
	return auth_type == RPC_AUTH_SPNEGO;
}

static size_t token_bytes(void *context, bool seals)
{
	(void)context;
	(void)seals;
	return TOKEN_BYTES;
}

static bool sign(void *context, const struct rpc_message *m, uint8_t *token)
{
	(void)context;
	MUST(m->body_at + m->body_bytes + RPC_TRAILER_BYTES == m->bytes);
	memcpy(token, m->data + m->bytes - 4, TOKEN_BYTES); /* the context's id */
	return true;
}

static bool verify(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	(void)context;
	MUST(m->body_at + m->body_bytes + RPC_TRAILER_BYTES == m->bytes && bytes > 0);
	return token[0] != 'x';
}

static void mask(uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		data[i] ^= MASK;
}

static bool seal(void *context, const struct rpc_message *m, uint8_t *token)
{
	mask(m->data + m->body_at, m->body_bytes);
	return sign(context, m, token);
}

static bool unseal(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	mask(m->data + m->body_at, m->body_bytes);
	return verify(context, m, token, bytes);
}

static const struct rpc_security_provider security = { takes,  token_bytes, sign,
	                                               verify, seal,        unseal };

/* Answers the events that wait: a token's first byte says what becomes of it. */
static void run_events(struct rpc_server *s, struct calls *calls)
{
	struct rpc_server_event event;
	enum rpc_server_event_kind kind;

	while ((kind = rpc_server_next(s, &event)) != RPC_SERVER_IDLE) {
		if (kind == RPC_SERVER_CALL) {
			rpc_server_run_call(s, &event, calls);
		} else {
			enum rpc_auth_progress progress;

			MUST(event.token_bytes > 0);
			progress = (enum rpc_auth_progress)(event.token[0] % 3);
			rpc_server_authenticated(s, progress, (const uint8_t *)"token",
			                         progress == RPC_AUTH_CONTINUES ? 5 : 0);
		}
	}
}

/* ---- what is answered ---- */

/* The association as its answers show it. */
struct answers {
	struct wire_writer trace;
	uint16_t max_frag;  /* bytes */
	bool is_open;       /* the last fragment of a response has not come */
	uint32_t call_id;   /* of that response */
	uint32_t left_then; /* the bytes that its last fragment announced to follow */
};

/* Leaves the plain body to r. */
static void check_protection(uint8_t *pdu, const struct rpc_header *h, struct wire_reader *r)
{
	struct rpc_trailer t;
	uint8_t *body = pdu + RPC_CALL_HEADER_BYTES;

	rpc_trailer_decode(r, h, &t);
	MUST(r->error == NULL && t.type == RPC_AUTH_SPNEGO && t.token_bytes == h->auth_length);
	if (h->ptype != RPC_RESPONSE)
		return;
	MUST(t.level >= RPC_LEVEL_PACKET && t.token_bytes == TOKEN_BYTES);
	if (t.level == RPC_LEVEL_PRIVACY)
		mask(body, (size_t)(r->end - body));
	r->end -= t.pad_bytes;
}

static void check_response(struct answers *a, struct calls *calls, const struct rpc_header *h,
                           struct wire_reader *r)
{
	bool is_first = (h->pfc_flags & RPC_PFC_FIRST_FRAG) != 0;
	struct rpc_response response;
	size_t bytes;

	rpc_response_decode(r, &response);
	bytes = wire_left(r);
	MUST(r->error == NULL && is_first == !a->is_open);
	MUST(is_first || (h->call_id == a->call_id && response.alloc_hint == a->left_then));
	MUST(bytes <= response.alloc_hint && bytes <= calls->given.len - calls->taken);
	MUST(bytes == 0 || memcmp(r->at, calls->given.data + calls->taken, bytes) == 0);
	calls->taken += bytes;
	a->call_id = h->call_id;
	a->left_then = response.alloc_hint - (uint32_t)bytes;
	a->is_open = (h->pfc_flags & RPC_PFC_LAST_FRAG) == 0;
	MUST(a->is_open == (a->left_then > 0));
	MUST(!a->is_open || bytes % 8 == 0);
}

static void check_pdu(struct answers *a, struct calls *calls, uint8_t *pdu, size_t bytes)
{
	struct wire_reader r;
	struct rpc_header h;
	struct rpc_bind_ack ack;
	struct rpc_fault fault;
	uint16_t reason;

	wire_reader_init(&r, pdu, bytes);
	rpc_header_decode(&r, &h);
	MUST(r.error == NULL && h.frag_length == bytes && !r.big_endian);
	if (h.auth_length != 0)
		check_protection(pdu, &h, &r);
	MUST(a->max_frag == 0 || bytes <= a->max_frag);
	MUST(!a->is_open || h.ptype == RPC_RESPONSE);
	switch (h.ptype) {
	case RPC_RESPONSE:
		check_response(a, calls, &h, &r);
		break;
	case RPC_FAULT:
		rpc_fault_decode(&r, &h, &fault);
		MUST(fault.status != 0);
		break;
	case RPC_BIND_ACK:
	case RPC_ALTER_CONTEXT_RESP:
		rpc_bind_ack_decode(&r, &ack);
		MUST(ack.result_count > 0 && ack.assoc_group != 0);
		MUST(ack.max_xmit_frag >= RPC_MIN_FRAG_BYTES && ack.max_xmit_frag % 8 == 0);
		MUST(h.ptype == RPC_BIND_ACK ? a->max_frag == 0 : a->max_frag == ack.max_xmit_frag);
		a->max_frag = ack.max_xmit_frag;
		memset(pdu + 20, 0, 4); /* a new group has another number each time */
		break;
	default:
		MUST(h.ptype == RPC_BIND_NAK);
		rpc_bind_nak_decode(&r, &reason);
	}
	MUST(r.error == NULL);
	wire_put_bytes(&a->trace, pdu, bytes);
}

/* Reads all that is pending. */
static void read_all(struct rpc_server *s, size_t most, struct answers *a, struct calls *calls)
{
	struct wire_writer pdu = { 0 };
	size_t pending;

	for (run_events(s, calls); (pending = rpc_server_pending(s)) > 0; run_events(s, calls)) {
		size_t had = pdu.len, left, count = rpc_server_read(s, &pdu, most, &left);

		MUST(count > 0 && count <= most && count <= pending && pdu.len == had + count);
		if (left > 0 || count < pending)
			MUST(rpc_server_pending(s) == pending - count && left <= pending - count);
		if (left > 0)
			continue;
		check_pdu(a, calls, pdu.data, pdu.len);
		wire_writer_clear(&pdu);
	}
	MUST(pdu.len == 0);
	wire_writer_fini(&pdu);
}

/* ---- the pipe ---- */

static struct wire_writer build(struct fuzz_input *in)
{
	struct wire_writer pipe = { 0 };

	while (in->left > 0) {
		unsigned kind = fuzz_u8(in);
		bool is_big = (kind & 0x80) != 0;
		uint8_t flags = fuzz_u8(in), call_id = fuzz_u8(in);
		size_t body_bytes = fuzz_u16(in);
		uint8_t *body = fuzz_copy(in, &body_bytes);
		uint16_t length = (uint16_t)(RPC_HEADER_BYTES + body_bytes);
		const uint8_t head[] = { 5, 0, kind & 0x1F, flags, is_big ? 0 : 0x10, 0, 0, 0 };
		const uint8_t trailer[] = { RPC_AUTH_SPNEGO,
			                    kind & SEALED ? RPC_LEVEL_PRIVACY : RPC_LEVEL_INTEGRITY,
			                    0,
			                    0,
			                    1,
			                    1,
			                    1,
			                    1 };
		uint16_t auth_length = kind & WITH_TOKEN ? TOKEN_BYTES : 0;

		if (auth_length != 0)
			length = (uint16_t)(length + sizeof trailer + auth_length);
		wire_put_bytes(&pipe, head, sizeof head);
		wire_put_u16le(&pipe, is_big ? __builtin_bswap16(length) : length);
		wire_put_u16le(&pipe, is_big ? __builtin_bswap16(auth_length) : auth_length);
		wire_put_u32le(&pipe, is_big ? (uint32_t)call_id << 24 : call_id);
		wire_put_bytes(&pipe, body, body_bytes);
		if (auth_length != 0) {
			wire_put_bytes(&pipe, trailer, sizeof trailer);
			wire_put_u32le(&pipe, call_id); /* its first byte is what counts */
		}
		free(body);
	}
	return pipe;
}

/* Writes down the calls and the answers. */
static struct wire_writer run(const struct wire_writer *pipe, const struct fuzz_cuts *cuts,
                              size_t most_fed, size_t most_read, bool reads_at_once, bool is_secure)
{
	struct calls calls = { 0 };
	struct answers answers = { 0 };
	struct rpc_server *s = rpc_server_new(&endpoint);
	bool goes_on = true;

	if (is_secure)
		rpc_server_set_security(s, &security, &calls);
	for (size_t at = 0, end; goes_on && at < pipe->len; at = end) {
		uint8_t *part;

		end = fuzz_cut_after(cuts, at, pipe->len);
		if (end - at > most_fed)
			end = at + most_fed;
		part = fuzz_piece(pipe->data + at, end - at);
		goes_on = rpc_server_feed(s, part, end - at);
		free(part);
		if (reads_at_once)
			read_all(s, most_read, &answers, &calls);
	}
	read_all(s, most_read, &answers, &calls);
	MUST(calls.taken == calls.given.len && !answers.is_open);
	MUST(rpc_server_is_over(s) == (rpc_server_end_reason(s) != NULL));
	if (rpc_server_is_over(s))
		MUST(!rpc_server_feed(s, "", 0));
	wire_put_u8(&answers.trace, rpc_server_is_over(s));
	wire_put_bytes(&answers.trace, calls.trace.data, calls.trace.len);
	rpc_server_free(s);
	wire_writer_fini(&calls.trace);
	wire_writer_fini(&calls.given);
	return answers.trace;
}

static void compare(const struct wire_writer *a, struct wire_writer b)
{
	MUST(a->len == b.len && memcmp(a->data, b.data, b.len) == 0);
	wire_writer_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct fuzz_cuts uncut;
	struct fuzz_input in = { data, bytes };
	unsigned flags = fuzz_u8(&in);
	size_t most_read = (size_t)fuzz_u8(&in) * 16 + 1;
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct wire_writer pipe = { 0 }, whole;

	if ((flags & BUILT) != 0)
		pipe = build(&in);
	else
		wire_put_bytes(&pipe, in.at, in.left);
	whole = run(&pipe, &uncut, SIZE_MAX, SIZE_MAX, true, flags & SECURE);
	compare(&whole, run(&pipe, &cuts, SIZE_MAX, most_read, false, flags & SECURE));
	compare(&whole, run(&pipe, &cuts, SIZE_MAX, most_read, true, flags & SECURE));
	compare(&whole, run(&pipe, &uncut, 1, SIZE_MAX, true, flags & SECURE));
	wire_writer_fini(&whole);
	wire_writer_fini(&pipe);
	return 0;
}
