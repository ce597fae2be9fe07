/* SPDX-License-Identifier: MIT */
/* A relay's pipe, with whatever its two sides send, cut anywhere.
 * Input: how (bit 0: messages are built, else the bytes are those of the sides; bit 1: bounds are
 * small; bit 2: smbstatus may be asked), cuts, then events: kind (bit 0: of the server; bits 1-4:
 * what; bit 5: in fragments; bit 6: big-endian; bit 7: without its last fragment), a value, for
 * some events a length and bytes.
 * Must reach: relay_pipe_receive relay_pipe_continue relay_pipe_may_read relay_pipe_is_idle
 *   relay_pipe_take_payload relay_pipe_forward_raw relay_pipe_on_caller_pdu
 *   relay_pipe_on_server_pdu relay_pipe_take_request relay_pipe_take_response
 *   relay_pipe_find_call relay_pipe_may_intercept relay_pipe_forward_call
 *   relay_pipe_forward_interrupted relay_pipe_expect_answer relay_pipe_put_fragment
 *   relay_pipe_refreshed relay_pipe_error relay_holds_much npa_reader_next
 *   npa_reader_read_opening npa_message_end outstanding_calls_add outstanding_calls_may_have
 *   outstanding_calls_remove relay_contexts_propose relay_contexts_answer relay_contexts_refuse
 *   relay_contexts_is_srvsvc relay_contexts_accept intercepted_calls_add
 *   intercepted_calls_remove intercepted_calls_find intercepted_call_query
 *   intercepted_call_put_query intercepted_call_receive intercepted_call_receive_del
 *   intercepted_call_complete intercepted_call_refreshed intercepted_call_accept_list
 *   intercepted_call_update_cache intercepted_call_refuse intercepted_call_set_answer
 *   intercepted_call_delete intercepted_call_delete_next relay_report_session_del
 *   relay_session_del_begin session_deletions_next session_deletions_receive
 *   session_deletions_status session_cache_update session_cache_add session_cache_change
 *   session_cache_follow session_cache_keep_missing snapshot_from_infos snapshot_lacks_sessions
 *   smbstatus_lacks_sessions snapshot_add snapshot_find_delay snapshot_count_same_second
 *   snapshot_pair_within tracker_compare tracker_keep tracker_update tracker_next_event
 * Holds: however the bytes are cut, the same bytes go to either side; where no query was sent in
 * place of a call, all bytes are forwarded in their order, but those that are held because the rest
 * of a PDU is missing; each message is one PDU, as long as all that came is PDUs; what is sent at
 * once, and what is held, is bounded; nothing is held when the pipe is gone. */
#include "fuzz.h"
#include "wire/ndr_writer.h"
#include "samba/relay/pipe.h"
#include "rpc/bind.h"
#include "rpc/call.h"
#include "srvsvc/interface.h"
#include "srvsvc/session_messages.h"

#define BUILT 1
#define SMALL 2
#define ASKED 4

#define OF_SERVER 0x01
#define FRAGMENTS 0x20
#define BIG       0x40
#define NOT_LAST  0x80

#define MAX_ANSWER_BYTES 200000
#define FEW_BYTES        3000
#define MOST_HELD        (65536 + 16384 + 4) /* of what came of a side: a PDU, a request */
#define MOST_PUT         (2 * 65536 + 8)

/* By bits 1-4 of an event's kind. */
enum { OPENING, BYTES, PDU, BIND, ENUM, DEL, LISTING, STATUS, FAULT, CLOCK, KINDS };

struct run {
	struct relay *relay;
	struct relay_pipe *pipe;
	int64_t now_ms;
	unsigned checks;
	bool has_ended;
	struct wire_writer said[RELAY_SIDES]; /* by a side: all that was fed */
	struct wire_writer got[RELAY_SIDES];  /* by a side */
};

static int64_t now_ms(void *context)
{
	return ((struct run *)context)->now_ms;
}

static const char *transport(void *context, const char *client, const char *user)
{
	(void)context;
	(void)user;
	return client[0] == 'a' ? "\\Device\\NetbiosSmb" : NULL;
}

static uint32_t there(void *context, const char *client, const char *user, int64_t began_s)
{
	const struct run *r = context;

	(void)user;
	(void)began_s;
	return client[0] == 'a' ? r->checks % 8 : 1;
}

static void closing(void *context, const char *client, const char *user)
{
	(void)context;
	MUST((client != NULL && client[0] != '\0') || (user != NULL && user[0] != '\0'));
}

static void tell(void *context, const struct srvsvc_event *event)
{
	(void)context;
	MUST(event->entries <= event->total || event->status != 0);
}

/* ---- events out of the input ---- */

struct event {
	unsigned what, flags;
	uint8_t value;
	enum relay_side side;
	uint8_t *data;
	size_t bytes;
};

static struct event next_event(struct fuzz_input *in, bool is_built)
{
	unsigned kind = fuzz_u8(in);
	struct event e = { .what = (kind >> 1 & 0x0F) % KINDS,
		           .flags = kind,
		           .side = kind & OF_SERVER ? RELAY_SERVER : RELAY_CALLER };

	if (!is_built)
		e.what = BYTES;
	e.value = fuzz_u8(in);
	if (e.what <= BIND) {
		e.bytes = fuzz_u16(in);
		e.data = fuzz_copy(in, &e.bytes);
	}
	return e;
}

static void put_message(struct wire_writer *w, const void *pdu, size_t bytes)
{
	wire_put_u16le(w, (uint16_t)bytes);
	wire_put_bytes(w, pdu, bytes);
}

/* What the header says in the other byte order. */
static void turn_header(uint8_t *pdu)
{
	static const uint8_t pairs[][2] = { { 8, 9 }, { 10, 11 }, { 12, 15 }, { 13, 14 } };

	pdu[4] = 0;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		uint8_t byte = pdu[pairs[i][0]];

		pdu[pairs[i][0]] = pdu[pairs[i][1]];
		pdu[pairs[i][1]] = byte;
	}
}

/* A request or a response, whole or in fragments. */
static void put_call(struct wire_writer *w, const struct event *e, enum rpc_ptype ptype,
                     uint16_t opnum, const uint8_t *stub, size_t bytes)
{
	size_t most = e->flags & FRAGMENTS ? 20 : bytes + 1, at = 0;
	bool is_last;

	do {
		struct wire_writer pdu = { 0 };
		size_t part = bytes - at < most ? bytes - at : most, begin;

		is_last = at + part == bytes;
		begin = rpc_pdu_begin(
			&pdu, ptype,
			(uint8_t)((at == 0 ? RPC_PFC_FIRST_FRAG : 0) |
		                  (is_last && !(e->flags & NOT_LAST) ? RPC_PFC_LAST_FRAG : 0)),
			e->value & 7);
		wire_put_u32le(&pdu, (uint32_t)(bytes - at));
		wire_put_u16le(&pdu, e->value >> 7);
		wire_put_u16le(&pdu, opnum);
		if (part > 0)
			wire_put_bytes(&pdu, stub + at, part);
		rpc_pdu_end(&pdu, begin);
		put_message(w, pdu.data, pdu.len);
		wire_writer_fini(&pdu);
		at += part;
	} while (!is_last);
}

static const struct rpc_syntax srvsvc = { SRVSVC_INTERFACE_UUID, SRVSVC_INTERFACE_VERSION, 0 };
static const struct rpc_syntax other = { .version = 3 };

/* value: bits 0-2 the call id, bit 3: another interface, bit 4: refused, bit 5: alter_context. */
static void put_bind(struct wire_writer *w, const struct event *e)
{
	bool is_alter = (e->value & 0x20) != 0;
	struct rpc_bind bind = { .max_xmit_frag = 4280, .max_recv_frag = 4280, .context_count = 1 };
	struct rpc_bind_ack ack = { .max_xmit_frag = 4280,
		                    .max_recv_frag = 4280,
		                    .assoc_group = 1,
		                    .secondary_address = "\\PIPE\\srvsvc",
		                    .result_count = 1 };
	struct wire_writer pdu = { 0 };

	if (e->side == RELAY_CALLER) {
		bind.contexts[0] = (struct rpc_presentation_context){
			.id = e->value >> 7,
			.interface = e->value & 8 ? other : srvsvc,
			.transfers = { rpc_ndr_syntax },
			.transfer_count = 1
		};
		rpc_bind_encode(&pdu, e->value & 7, &bind);
		pdu.data[2] = is_alter ? RPC_ALTER_CONTEXT : RPC_BIND;
	} else if (e->value & 0x10) {
		rpc_bind_nak_encode(&pdu, e->value & 7, RPC_NAK_NOT_SPECIFIED);
	} else {
		ack.results[0].result = e->value & 8 ? RPC_PROVIDER_REJECTION : RPC_ACCEPTANCE;
		ack.results[0].transfer = rpc_ndr_syntax;
		rpc_bind_ack_encode(&pdu, e->value & 7, &ack);
		pdu.data[2] = is_alter ? RPC_ALTER_CONTEXT_RESP : RPC_BIND_ACK;
	}
	put_message(w, pdu.data, pdu.len);
	wire_writer_fini(&pdu);
}

static const char *const clients[] = { NULL, "\\\\a", "b", "" };
static const char *const users[] = { NULL, "LAB\\alice", "alice", "bob" };

static void put_enum(struct wire_writer *w, const struct event *e)
{
	const struct session_enum_request request = {
		.client = clients[e->value >> 3 & 3],
		.user = users[e->value >> 5 & 3],
		.level = session_levels[(e->value + (e->flags >> 5)) % SESSION_LEVEL_COUNT].number +
		         (e->value == 0x7F),
		.preferred_bytes = e->value & 1 ? MAX_PREFERRED_LENGTH : 500,
		.has_resume_handle = (e->value & 4) != 0,
		.resume_handle = e->value & 2,
	};
	struct wire_writer stub = { 0 };
	struct ndr_writer ndr;

	ndr_writer_init(&ndr, &stub);
	session_enum_request_encode(&ndr, &request);
	put_call(w, e, RPC_REQUEST, SRVSVC_NETR_SESSION_ENUM, stub.data, stub.len);
	wire_writer_fini(&stub);
}

static void put_del(struct wire_writer *w, const struct event *e)
{
	const struct session_del_request request = { .client = clients[e->value >> 3 & 3],
		                                     .user = users[e->value >> 5 & 3] };
	struct wire_writer stub = { 0 };
	struct ndr_writer ndr;

	ndr_writer_init(&ndr, &stub);
	session_del_request_encode(&ndr, &request);
	put_call(w, e, RPC_REQUEST, SRVSVC_NETR_SESSION_DEL, stub.data, stub.len);
	wire_writer_fini(&stub);
}

struct rows {
	uint8_t value;
	uint32_t at;
};

static bool next_row(void *context, struct netsession_row *row)
{
	static const char *const names[] = { "alice", "LAB\\alice", "OTHER\\Alice", "bob" };
	struct rows *rows = context;
	uint32_t i = rows->at++;

	*row = (struct netsession_row){ .client = i % 3 ? "a" : "b",
		                        .user = names[(i + rows->value) % 4],
		                        .num_opens = rows->value,
		                        .active_s = (i * 7 + (rows->value & 3)) % 40 - 1 };
	return true;
}

static void rewind_rows(void *context)
{
	((struct rows *)context)->at = 0;
}

/* value: bits 0-2 the call id, the others how many sessions and which. */
static void put_listing(struct wire_writer *w, const struct event *e)
{
	unsigned many = e->value >> 3 == 31 ? 40 : 4;
	struct rows rows = { .value = e->value };
	const struct session_rows source = { next_row, rewind_rows, &rows };
	const struct session_enum_answer answer = {
		.level = 1,
		.entries = (e->value >> 3) * (e->flags & BIG ? many : 1),
		.status = e->value == 7 ? 5 : 0,
	};
	struct wire_writer stub = { 0 };
	struct ndr_writer ndr;

	ndr_writer_init(&ndr, &stub);
	session_enum_answer_encode(&ndr, &answer, answer.entries > 0 ? &source : NULL);
	put_call(w, e, RPC_RESPONSE, 0, stub.data, stub.len);
	wire_writer_fini(&stub);
}

/* What comes of a side by an event, as messages. */
static void encode(struct wire_writer *w, const struct event *e)
{
	const struct rpc_fault fault = { .status = RPC_FAULT_OP_RNG_ERROR };
	struct wire_writer pdu = { 0 };
	size_t begin;

	switch (e->what) {
	case OPENING:
		wire_put_u32le(w, __builtin_bswap32((uint32_t)e->bytes));
		wire_put_bytes(w, e->data, e->bytes);
		break;
	case BYTES:
		wire_put_bytes(w, e->data, e->bytes);
		break;
	case PDU: /* value: flags; its type and call id are in the bytes */
		begin = rpc_pdu_begin(&pdu, e->bytes > 0 ? (enum rpc_ptype)(e->data[0] & 31) : 0,
		                      e->value, e->bytes > 1 ? e->data[1] & 7 : 0);
		wire_put_bytes(&pdu, e->data, e->bytes < 60000 ? e->bytes : 60000);
		rpc_pdu_end(&pdu, begin);
		if (e->flags & FRAGMENTS)
			rpc_pdu_set_auth_length(&pdu, begin, 8);
		if (e->flags & BIG)
			turn_header(pdu.data);
		put_message(w, pdu.data, pdu.len);
		break;
	case BIND:
		put_bind(w, e);
		break;
	case ENUM:
		put_enum(w, e);
		break;
	case DEL:
		put_del(w, e);
		break;
	case LISTING:
		put_listing(w, e);
		break;
	case STATUS:
		put_call(w, e, RPC_RESPONSE, 0, (const uint8_t[]){ e->value >> 3, 0, 0, 0 }, 4);
		break;
	case FAULT:
		rpc_fault_encode(&pdu, e->value & 7, &fault);
		put_message(w, pdu.data, pdu.len);
		break;
	}
	wire_writer_fini(&pdu);
}

/* ---- what holds ---- */

static void keep_output(struct run *r, enum relay_side to, size_t most)
{
	struct wire_writer *output = relay_pipe_output(r->pipe, to);

	MUST(output->len <= most);
	wire_put_bytes(&r->got[to], output->data, output->len);
	wire_writer_clear(output);
}

/* All that there is to be sent, as who sends it does, once smbstatus was asked. */
static void go_on(struct run *r, size_t fed)
{
	bool moves = true;

	if (relay_pipe_needs_refresh(r->pipe)) {
		MUST(!relay_pipe_is_idle(r->pipe));
		r->has_ended = !relay_pipe_refreshed(r->pipe, r->checks++ % 3 != 0);
		MUST(!relay_pipe_needs_refresh(r->pipe));
	}
	keep_output(r, RELAY_SERVER, 3 * fed + 40000 + MOST_HELD);
	keep_output(r, RELAY_CALLER, 3 * fed + MOST_HELD);
	while (moves && !r->has_ended) {
		r->has_ended = !relay_pipe_continue(r->pipe);
		moves = relay_pipe_output(r->pipe, RELAY_CALLER)->len > 0;
		keep_output(r, RELAY_CALLER, 3 * fed + MOST_PUT + MOST_HELD);
	}
	MUST(r->has_ended || relay_pipe_may_read(r->pipe, RELAY_SERVER));
	(void)relay_pipe_may_read(r->pipe, RELAY_CALLER);
	(void)relay_pipe_is_idle(r->pipe);
}

static void feed(struct run *r, enum relay_side side, const struct wire_writer *w,
                 const struct fuzz_cuts *cuts, size_t most)
{
	for (size_t at = 0, end; at < w->len && !r->has_ended; at = end) {
		uint8_t *piece;

		end = fuzz_cut_after(cuts, at, w->len);
		if (end - at > most)
			end = at + most;
		piece = fuzz_piece(w->data + at, end - at);
		r->has_ended = !relay_pipe_receive(r->pipe, side, piece, end - at);
		MUST(!r->has_ended || relay_pipe_error(r->pipe).text[0] != '\0');
		free(piece);
		MUST(r->relay->service.held_bytes <=
		     4 * r->relay->settings.max_answer_bytes + 65536 + (w->len + MOST_HELD) * 8);
	}
	wire_put_bytes(&r->said[side], w->data, w->len);
	if (r->has_ended) {
		keep_output(r, RELAY_SERVER, SIZE_MAX);
		keep_output(r, RELAY_CALLER, SIZE_MAX);
	} else {
		go_on(r, w->len);
	}
}

/* A side's bytes without its messages' lengths. is_pdus: each message is one PDU. */
static struct wire_writer payload_of(const struct wire_writer *all, bool *is_pdus)
{
	struct wire_writer payload = { 0 };
	struct wire_reader r;
	size_t opening;

	*is_pdus = true;
	wire_reader_init(&r, all->data, all->len);
	r.big_endian = true;
	opening = wire_get_u32(&r);
	if (r.error != NULL || opening > wire_left(&r)) {
		wire_put_bytes(&payload, all->data, all->len);
		return payload;
	}
	wire_skip(&r, opening);
	wire_put_bytes(&payload, all->data, 4 + opening);
	r.big_endian = false;
	while (wire_left(&r) >= 2) {
		size_t bytes = wire_get_u16(&r);
		const uint8_t *message;
		struct rpc_header h;
		struct wire_reader pdu;

		if (bytes == 0)
			break;
		if (bytes > wire_left(&r))
			bytes = wire_left(&r);
		message = wire_get_bytes(&r, bytes);
		wire_put_bytes(&payload, message, bytes);
		wire_reader_init(&pdu, message, bytes);
		rpc_header_decode(&pdu, &h);
		*is_pdus &= pdu.error == NULL && h.frag_length == bytes;
	}
	return payload;
}

/* Whether there is nothing but PDUs, and the beginning of one. */
static bool is_rpc(const struct wire_writer *all)
{
	bool is_one_each, is_good = true;
	struct wire_writer payload = payload_of(all, &is_one_each);
	struct wire_reader r, pdu;
	struct rpc_header h;

	wire_reader_init(&r, payload.data, payload.len);
	r.big_endian = true;
	wire_skip(&r, wire_get_u32(&r));
	while (is_good && wire_left(&r) >= RPC_HEADER_BYTES) {
		wire_reader_init(&pdu, r.at, RPC_HEADER_BYTES);
		rpc_header_decode(&pdu, &h);
		is_good = pdu.error == NULL;
		wire_skip(&r, h.frag_length < wire_left(&r) ? h.frag_length : wire_left(&r));
	}
	wire_writer_fini(&payload);
	return is_good;
}

static void check(const struct run *r)
{
	for (int side = 0; side < RELAY_SIDES; side++) {
		const struct wire_writer *said = &r->said[side], *got = &r->got[1 - side];
		bool is_pdus, ignored;
		struct wire_writer from = payload_of(said, &ignored),
				   to = payload_of(got, &is_pdus);

		if (is_rpc(said) && is_rpc(&r->said[1 - side]))
			MUST(is_pdus);
		if (r->relay->queries == 0) {
			MUST(to.len <= from.len &&
			     (to.len == 0 || memcmp(to.data, from.data, to.len) == 0));
			MUST(r->has_ended || from.len - to.len <= MOST_HELD);
		}
		wire_writer_fini(&from);
		wire_writer_fini(&to);
	}
}

/* Gives what either side got. */
static struct wire_writer run(struct fuzz_input in, unsigned how, const struct fuzz_cuts *cuts,
                              size_t most)
{
	bool is_small = (how & SMALL) != 0;
	struct run r = { .now_ms = 1800000000000 };
	const struct relay_settings settings = {
		.max_sessions = is_small ? 20 : 1000,
		.max_answer_bytes = is_small ? FEW_BYTES : MAX_ANSWER_BYTES,
		.max_held_bytes = is_small ? FEW_BYTES : 4 * MAX_ANSWER_BYTES,
		.now_ms = now_ms,
		.find_transport = transport,
		.on_event = tell,
		.context = &r,
		.count_sessions = how & ASKED ? there : NULL,
		.on_session_del = closing,
	};
	struct wire_writer trace = { 0 };

	r.relay = relay_new(&settings);
	r.pipe = relay_pipe_new(r.relay);
	while (in.left > 0 && !r.has_ended) {
		struct event e = next_event(&in, (how & BUILT) != 0);
		struct wire_writer w = { 0 };

		if (e.what == CLOCK)
			r.now_ms += e.value * 400;
		else
			encode(&w, &e);
		feed(&r, e.side, &w, cuts, most);
		wire_writer_fini(&w);
		free(e.data);
	}
	check(&r);
	for (int side = 0; side < RELAY_SIDES; side++) {
		bool ignored;
		struct wire_writer payload = payload_of(&r.got[side], &ignored);

		wire_put_u32le(&trace, (uint32_t)payload.len);
		wire_put_bytes(&trace, payload.data, payload.len);
		wire_writer_fini(&payload);
		wire_writer_fini(&r.said[side]);
		wire_writer_fini(&r.got[side]);
	}
	wire_put_u8(&trace, r.has_ended);
	wire_put_u32le(&trace, (uint32_t)r.relay->forwarded);
	wire_put_u32le(&trace, (uint32_t)r.relay->intercepted);
	relay_pipe_free(r.pipe);
	MUST(r.relay->service.held_bytes == 0);
	relay_free(r.relay);
	return trace;
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
	unsigned how = fuzz_u8(&in);
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	struct wire_writer whole = run(in, how, &uncut, SIZE_MAX);

	compare(&whole, run(in, how, &cuts, SIZE_MAX));
	compare(&whole, run(in, how, &uncut, whole.len < FEW_BYTES ? 1 : 61));
	wire_writer_fini(&whole);
	return 0;
}
