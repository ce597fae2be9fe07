/* SPDX-License-Identifier: MIT */
/* A client's pipe: what is forwarded unchanged, and which answer belongs to which call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include <lmshare.h>
#include "group.h"
#include "recording.h"
#include "relay_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CONTEXT      SRVSVC_CONTEXT

enum { DREP = 4, AUTH_LENGTH = 10 };

/* The same for messages of the server. */
static void assert_comes_back(struct relay_fixture *b, const struct wire_writer *messages)
{
	for (size_t step = 1; step <= 64; step = step < 8 ? step + 1 : step * 2) {
		b->step = step;
		relay_fixture_forget(b);
		relay_fixture_feed(b, RELAY_SERVER, messages->data, messages->len);
		relay_fixture_talk(b);
		relay_fixture_assert_same(&b->client_got, messages);
		assert_int_equal(b->server_got.len, 0);
		assert_false(b->has_ended);
	}
	b->step = SIZE_MAX;
}

static void openings_are_forwarded_unchanged_however_they_are_cut(void **state)
{
	uint8_t opening[300];

	(void)state;
	for (size_t i = 0; i < sizeof opening; i++)
		opening[i] = (uint8_t)(i < 4 ? (sizeof opening - 4) >> (8 * (3 - i)) : i);
	for (size_t step = 1; step <= sizeof opening; step += step < 10 ? 1 : 29)
		for (int from = 0; from < RELAY_SIDES; from++) {
			struct relay_settings settings = { .max_sessions = 10,
				                           .max_answer_bytes = 1 << 20,
				                           .max_held_bytes = 1 << 20 };
			struct relay_fixture b;
			struct wire_writer *output;

			assert_true(relay_fixture_init(&b, &settings));
			relay_pipe_free(b.pipe);
			b.pipe = relay_pipe_new(b.relay);
			b.step = step;
			relay_fixture_feed(&b, (enum relay_side)from, opening, sizeof opening);
			output = relay_pipe_output(b.pipe, from == RELAY_CALLER ? RELAY_SERVER
			                                                        : RELAY_CALLER);
			assert_int_equal(output->len, sizeof opening);
			assert_memory_equal(output->data, opening, sizeof opening);
			assert_int_equal(relay_pipe_output(b.pipe, (enum relay_side)from)->len, 0);
			relay_fixture_fini(&b);
		}
}

static void all_other_pdus_of_the_client_are_forwarded_unchanged(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	for (uint16_t opnum = 0; opnum < 60; opnum++)
		if (opnum != SRVSVC_NETR_SESSION_ENUM && opnum != SRVSVC_NETR_SESSION_DEL)
			relay_fixture_put_request(b, WHOLE, 100u + opnum, CONTEXT, opnum,
			                          "anything", 8);
	/* Of another context, and of one that does not exist. */
	relay_fixture_put_request(b, WHOLE, 170, OTHER_CONTEXT, SRVSVC_NETR_SESSION_ENUM, "x", 1);
	relay_fixture_put_request(b, WHOLE, 171, 99, SRVSVC_NETR_SESSION_ENUM, "x", 1);
	/* In fragments, and a last fragment without a first one. */
	relay_fixture_put_request(b, FIRST, 172, CONTEXT, SAY_MUCH, "one", 3);
	relay_fixture_put_request(b, 0, 172, CONTEXT, SAY_MUCH, "two", 3);
	relay_fixture_put_request(b, LAST, 172, CONTEXT, SAY_MUCH, "three", 5);
	relay_fixture_put_request(b, LAST, 173, CONTEXT, SRVSVC_NETR_SESSION_ENUM, "end", 3);
	for (uint8_t ptype = 0; ptype < 30; ptype++)
		if (ptype != RPC_BIND && ptype != RPC_ALTER_CONTEXT)
			relay_fixture_put_pdu(&b->client_sent, ptype, WHOLE, 180, ptype);
	relay_fixture_put_pdu(&b->client_sent, RPC_CO_CANCEL, WHOLE, 172, 0);
	relay_fixture_put_pdu(&b->client_sent, RPC_ORPHANED, WHOLE, 172, 0);
	relay_fixture_put_pdu(&b->client_sent, RPC_AUTH3, WHOLE, 172, 40);
	relay_fixture_put_pdu(&b->client_sent, 0xFF, 0xFF, 172, 4000);
	relay_fixture_assert_goes_on(b);
	assert_int_equal(b->events, 0);
	assert_int_equal(b->relay->intercepted, 0);
	relay_fixture_end(b);
}

static void all_other_pdus_of_the_server_are_forwarded_unchanged(void **state)
{
	static const char *const recordings[] = {
		"samba-4.17-bind-ack-to-rpcclient", "samba-4.17-bind-nak-version",
		"samba-4.17-fault-unknown-opnum",   "samba-4.17-alter-context-resp",
		"samba-4.17-fault-malformed-stub",  "samba-4.17-session-enum-response-level1-1",
	};
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer messages = { 0 };

	(void)state;
	for (uint8_t ptype = 0; ptype < 30; ptype++)
		relay_fixture_put_pdu(&messages, ptype, WHOLE, 180, 8u + ptype);
	relay_fixture_put_pdu(&messages, RPC_RESPONSE, FIRST, 9, 4000);
	relay_fixture_put_pdu(&messages, RPC_RESPONSE, LAST, 9, 4000);
	for (size_t i = 0; i < COUNT(recordings); i++) {
		struct recording pdu = recording_load(recordings[i]);

		relay_fixture_put_message(&messages, pdu.data, pdu.bytes);
		recording_free(&pdu);
	}
	assert_comes_back(b, &messages);
	wire_writer_fini(&messages);
	relay_fixture_end(b);
}

static void each_message_has_one_pdu_however_they_were_cut(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer pdus = { 0 };

	(void)state;
	relay_fixture_put_request(b, WHOLE, 7, CONTEXT, 40, "seven", 5);
	relay_fixture_put_request(b, WHOLE, 8, CONTEXT, 41, NULL, 0);
	relay_fixture_put_request(b, WHOLE, 9, CONTEXT, 42, "nine", 4);
	for (size_t at = 0, bytes; at < b->client_sent.len; at += bytes) {
		struct wire_reader r;

		wire_reader_init(&r, b->client_sent.data + at, b->client_sent.len - at);
		bytes = 2u + wire_get_u16(&r);
		wire_put_bytes(&pdus, b->client_sent.data + at + 2, bytes - 2);
	}
	for (size_t most = 1; most <= pdus.len; most++) {
		struct wire_writer messages = { 0 };

		for (size_t at = 0; at < pdus.len; at += most)
			relay_fixture_put_message(&messages, pdus.data + at,
			                          pdus.len - at < most ? pdus.len - at : most);
		relay_fixture_forget(b);
		relay_fixture_feed(b, RELAY_CALLER, messages.data, messages.len);
		struct wire_writer *output = relay_pipe_output(b->pipe, RELAY_SERVER);

		relay_fixture_assert_same(output, &b->client_sent);
		wire_writer_clear(output);
		wire_writer_fini(&messages);
	}
	wire_writer_clear(&b->client_sent);
	wire_writer_fini(&pdus);
	relay_fixture_end(b);
}

/* Appends an authentication trailer to the PDU of a message. */
static void secure_last(struct wire_writer *messages, size_t at)
{
	size_t bytes = messages->len - at - 2;

	wire_put_zeros(messages, 8 + 16);
	wire_set_u16le(messages, at, (uint16_t)(bytes + 24));
	wire_set_u16le(messages, at + 2 + 8, (uint16_t)(bytes + 24));
	wire_set_u16le(messages, at + 2 + AUTH_LENGTH, 16);
}

static void all_of_a_secured_association_is_forwarded_unchanged(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	const struct rpc_bind bind = { .max_xmit_frag = 4280,
		                       .max_recv_frag = 4280,
		                       .contexts = { relay_fixture_srvsvc(0) },
		                       .context_count = 1 };
	struct relay_fixture *b = calloc(1, sizeof *b);
	struct recording ack = recording_load("samba-4.17-bind-ack-to-rpcclient");
	struct wire_writer answers = { 0 };
	size_t at;

	(void)state;
	assert_true(relay_fixture_init(b, NULL));
	b->is_server_slow = true;
	relay_fixture_put_bind(b, RPC_BIND, 1, &bind);
	secure_last(&b->client_sent, 0);
	relay_fixture_assert_goes_on(b);
	wire_put_bytes(&answers, (const uint8_t[]){ 0, 0 }, 2);
	wire_set_u16le(&answers, 0, (uint16_t)ack.bytes);
	wire_put_bytes(&answers, ack.data, ack.bytes);
	assert_comes_back(b, &answers);
	relay_fixture_put_pdu(&b->client_sent, RPC_AUTH3, WHOLE, 1, 60);
	at = b->client_sent.len;
	relay_fixture_put_enum(b, 2, &request);
	secure_last(&b->client_sent, at);
	relay_fixture_put_enum(b, 3, &request); /* of one who only connects by it */
	relay_fixture_put_del(b, 4, NULL, "alice");
	relay_fixture_put_bind(b, RPC_ALTER_CONTEXT, 5, &bind);
	relay_fixture_put_enum(b, 6, &request);
	relay_fixture_assert_goes_on(b);
	recording_free(&ack);
	wire_writer_fini(&answers);
	relay_fixture_end(b);
}

static void once_a_client_secures_its_calls_none_is_intercepted(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	size_t at;

	(void)state;
	relay_fixture_put_enum(b, 2, &request);
	secure_last(&b->client_sent, 0);
	at = b->client_sent.len;
	relay_fixture_put_enum(b, 3, &request);
	assert_true(b->client_sent.len > at);
	relay_fixture_assert_goes_on(b);
	relay_fixture_end(b);
}

static void bytes_that_are_not_rpc_are_forwarded_and_none_is_lost(void **state)
{
	static const uint8_t garbage[] = "\x04no such thing was ever said over a pipe of srvsvc";

	(void)state;
	for (size_t step = 1; step < 40; step++)
		for (int from = 0; from < RELAY_SIDES; from++) {
			struct relay_fixture *b = relay_fixture_start_by_hand();
			struct wire_writer messages = { 0 }, payload = { 0 };
			const struct wire_writer *got = from == RELAY_CALLER ? &b->server_got
			                                                     : &b->client_got;
			size_t at = 0;

			relay_fixture_put_message(&messages, garbage, sizeof garbage);
			relay_fixture_put_message(&messages, garbage, 3);
			relay_fixture_put_message(&messages, "\5\0\0\3", 4);
			b->step = step;
			relay_fixture_feed(b, (enum relay_side)from, messages.data, messages.len);
			relay_fixture_talk(b);
			assert_false(b->has_ended);
			while (at < got->len) {
				struct wire_reader r;
				size_t bytes;

				wire_reader_init(&r, got->data + at, got->len - at);
				bytes = wire_get_u16(&r);
				assert_int_in_range(bytes, 1, wire_left(&r));
				wire_put_bytes(&payload, r.at, bytes);
				at += 2 + bytes;
			}
			assert_int_equal(payload.len, sizeof garbage + 3 + 4);
			assert_memory_equal(payload.data, garbage, sizeof garbage);
			assert_memory_equal(payload.data + sizeof garbage, garbage, 3);
			assert_memory_equal(payload.data + sizeof garbage + 3, "\5\0\0\3", 4);
			wire_writer_fini(&messages);
			wire_writer_fini(&payload);
			relay_fixture_end(b);
		}
}

static void a_message_without_bytes_ends_the_pipe(void **state)
{
	(void)state;
	for (int from = 0; from < RELAY_SIDES; from++) {
		struct relay_fixture *b = relay_fixture_start_by_hand();

		relay_fixture_feed(b, (enum relay_side)from, "\0\0", 2);
		assert_true(b->has_ended);
		assert_false(relay_pipe_continue(b->pipe));
		relay_fixture_end(b);
	}
}

/* [MS-RPCE] 3.3.1.5.8: Samba answers these with a fault and hangs up. */
static void a_pdu_between_the_fragments_of_a_request_has_it_forwarded(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request);

	(void)state;
	for (int kind = 0; kind < 7; kind++) {
		struct relay_fixture *b = relay_fixture_start_by_hand();
		size_t at;

		relay_fixture_put_request(b, FIRST, 4, CONTEXT, SRVSVC_NETR_SESSION_ENUM, stub.data,
		                          8);
		switch (kind) {
		case 0: /* another one that could be intercepted */
			relay_fixture_put_request(b, FIRST, 5, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
			                          stub.data, 8);
			relay_fixture_put_request(b, LAST, 5, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
			                          stub.data + 8, stub.len - 8);
			break;
		case 1: /* one that could not */
			relay_fixture_put_request(b, WHOLE, 5, CONTEXT, ECHO_STUB, "five", 4);
			break;
		case 2: /* the same again */
			relay_fixture_put_request(b, FIRST, 4, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
			                          stub.data, 8);
			break;
		case 3: /* the rest of another one */
			relay_fixture_put_request(b, 0, 5, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
			                          stub.data, 8);
			break;
		case 4:
			relay_fixture_put_pdu(&b->client_sent, RPC_ORPHANED, WHOLE, 4, 0);
			break;
		case 5: /* too short for a request */
			relay_fixture_put_pdu(&b->client_sent, RPC_REQUEST, LAST, 4, 3);
			break;
		case 6: /* a fragment in the other byte order */
			at = b->client_sent.len;
			relay_fixture_put_request(b, 0, 4, CONTEXT, SRVSVC_NETR_SESSION_ENUM, NULL,
			                          0);
			memcpy(b->client_sent.data + at + 2 + DREP, "\0\0\0\0\0\x18\0\0\0\0\0\4",
			       12);
			break;
		}
		relay_fixture_put_request(b, LAST, 4, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
		                          stub.data + 8, stub.len - 8);
		/* Once: the second time these ids would be outstanding. */
		{
			struct wire_writer said = relay_fixture_copy(&b->client_sent);

			relay_fixture_talk(b);
			relay_fixture_assert_same(&b->server_got, &said);
			wire_writer_fini(&said);
		}
		assert_int_equal(b->relay->service.held_bytes, 0);
		relay_fixture_end(b);
	}
	wire_writer_fini(&stub);
}

static void bytes_that_are_not_rpc_follow_the_fragments_that_were_held(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request), said;
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	relay_fixture_put_request(b, FIRST, 4, CONTEXT, SRVSVC_NETR_SESSION_ENUM, stub.data, 8);
	relay_fixture_put_message(&b->client_sent, "no PDU of RPC at", 16);
	said = relay_fixture_copy(&b->client_sent);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->server_got, &said);
	wire_writer_fini(&stub);
	wire_writer_fini(&said);
	relay_fixture_end(b);
}

static void a_request_that_is_too_long_is_forwarded_with_its_rest(void **state)
{
	static uint8_t block[3000];
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer said;

	(void)state;
	for (int i = 0; i < 30; i++)
		relay_fixture_put_request(b,
		                          (uint8_t)(i == 0    ? FIRST
		                                    : i == 29 ? LAST
		                                              : 0),
		                          4, CONTEXT, SRVSVC_NETR_SESSION_ENUM, block,
		                          sizeof block);
	said = relay_fixture_copy(&b->client_sent);
	b->step = 777;
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->server_got, &said);
	assert_int_equal(b->relay->forwarded, 1);
	assert_int_equal(b->relay->service.held_bytes, 0);
	/* Its one answer is outstanding. */
	assert_false(relay_pipe_is_idle(b->pipe));
	wire_writer_clear(&said);
	relay_fixture_put_pdu(&said, RPC_FAULT, WHOLE, 4, 16);
	relay_fixture_feed(b, RELAY_SERVER, said.data, said.len);
	assert_true(relay_pipe_is_idle(b->pipe));
	wire_writer_fini(&said);
	relay_fixture_end(b);
}

/* ---- outstanding at the same time ---- */

static void each_outstanding_request_is_answered_once(void **state)
{
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add_some(b, 40);
	for (size_t step = 7; step < 100000; step *= 9) {
		relay_fixture_forget(b);
		b->step = step;
		for (uint32_t id = 100; id < 160; id++) {
			const struct session_enum_request request = relay_fixture_at_level(
				session_levels[id % SESSION_LEVEL_COUNT].number);

			if (id % 4 == 3)
				relay_fixture_put_request(b, WHOLE, id, id % 8 == 3, SAY_MUCH, NULL,
				                          0);
			else
				relay_fixture_put_enum(b, id, &request);
		}
		relay_fixture_talk(b);
		for (uint32_t id = 100; id < 160; id++) {
			unsigned fragments;

			if (id % 4 == 3) {
				struct wire_writer stub = relay_fixture_answer_stub(b, id,
				                                                    &fragments);

				assert_int_equal(stub.len, MUCH_BYTES);
				wire_writer_fini(&stub);
			} else {
				struct relay_fixture_answer a = relay_fixture_enum_answer(
					b, id, session_levels[id % SESSION_LEVEL_COUNT].number);

				assert_int_equal(a.answer.entries, 40);
				free(a.infos);
			}
		}
		assert_true(relay_pipe_is_idle(b->pipe));
	}
	assert_int_equal(b->relay->service.held_bytes, 0);
	relay_fixture_end(b);
}

static void a_client_with_many_outstanding_calls_is_not_read(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	unsigned asked;

	(void)state;
	b->step = 100;
	for (uint32_t id = 0; id < 200; id++) {
		relay_fixture_put_enum(b, id, &request);
		relay_fixture_feed(b, RELAY_CALLER, b->client_sent.data, b->client_sent.len);
		wire_writer_clear(&b->client_sent);
		if (!relay_pipe_may_read(b->pipe, RELAY_CALLER))
			break;
	}
	relay_fixture_talk(b);
	asked = relay_fixture_count(&b->server_got);
	assert_int_in_range(asked, 2, 100);
	assert_true(relay_pipe_may_read(b->pipe, RELAY_SERVER));
	b->is_server_slow = false;
	relay_fixture_talk(b);
	assert_true(relay_pipe_may_read(b->pipe, RELAY_CALLER));
	assert_int_equal(relay_fixture_count(&b->client_got), asked);
	relay_fixture_end(b);
}

static void a_client_that_never_completes_a_request_is_still_read(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request);
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	for (uint32_t id = 0; id < 500; id++) {
		relay_fixture_put_request(b, FIRST, id, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
		                          stub.data, 8);
		relay_fixture_feed(b, RELAY_CALLER, b->client_sent.data, b->client_sent.len);
		wire_writer_clear(&b->client_sent);
		assert_true(relay_pipe_may_read(b->pipe, RELAY_CALLER));
		assert_int_in_range(b->relay->service.held_bytes, 0, 4096);
	}
	wire_writer_fini(&stub);
	relay_fixture_end(b);
}

static void nothing_comes_between_the_fragments_of_an_answer(void **state)
{
	struct session_enum_request request = relay_fixture_at_level(502);
	struct wire_writer listing = relay_fixture_recorded_answer(
				   "samba-4.17-session-enum-response-level1-130", 5),
			   behind = { 0 };
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct relay_fixture_answer a;
	struct relay_fixture_pdu pdu;
	size_t at = 0, of_ours = 0;

	(void)state;
	relay_fixture_put_enum(b, 5, &request);
	relay_fixture_put_request(b, WHOLE, 6, CONTEXT, ECHO_STUB, "six", 3);
	relay_fixture_talk(b);
	/* All of it at once: the list, and what follows. */
	relay_fixture_put_pdu(&behind, RPC_RESPONSE, FIRST, 6, 3000);
	relay_fixture_put_pdu(&behind, RPC_RESPONSE, LAST, 6, 3000);
	relay_fixture_put_pdu(&behind, RPC_FAULT, WHOLE, 7, 16);
	wire_put_bytes(&listing, behind.data, behind.len);
	relay_fixture_feed(b, RELAY_SERVER, listing.data, listing.len);
	assert_false(relay_pipe_may_read(b->pipe, RELAY_SERVER));
	relay_fixture_talk(b);
	a = relay_fixture_enum_answer(b, 5, 502);
	assert_true(a.fragments > 1);
	free(a.infos);
	/* It follows unchanged. */
	while (relay_fixture_next(&b->client_got, &at, &pdu) && pdu.h.call_id == 5)
		of_ours = at;
	assert_int_equal(b->client_got.len - of_ours, behind.len);
	assert_memory_equal(b->client_got.data + of_ours, behind.data, behind.len);
	assert_true(relay_pipe_may_read(b->pipe, RELAY_SERVER));
	wire_writer_fini(&listing);
	wire_writer_fini(&behind);
	relay_fixture_end(b);
}

static void a_long_answer_is_sent_piece_by_piece(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(502);
	struct relay_fixture *b = relay_fixture_start();
	struct wire_writer *output = relay_pipe_output(b->pipe, RELAY_CALLER);
	struct relay_fixture_answer a;
	unsigned pieces = 0;

	(void)state;
	relay_fixture_add_some(b, 3000);
	relay_fixture_put_enum(b, 9, &request);
	relay_fixture_feed(b, RELAY_CALLER, b->client_sent.data, b->client_sent.len);
	wire_writer_clear(&b->client_sent);
	/* The server's side by hand, so that nothing is sent by itself. */
	wire_put_bytes(&b->server_got, relay_pipe_output(b->pipe, RELAY_SERVER)->data,
	               relay_pipe_output(b->pipe, RELAY_SERVER)->len);
	wire_writer_clear(relay_pipe_output(b->pipe, RELAY_SERVER));
	{
		struct wire_writer answer = { 0 };
		struct relay_fixture_pdu pdu;
		size_t left;

		assert_true(relay_fixture_next(&b->server_got, &b->server_read, &pdu));
		assert_true(rpc_server_feed(b->server, pdu.data, pdu.bytes));
		do {
			wire_writer_clear(&answer);
			relay_fixture_read(b, &answer, &left);
			relay_fixture_put_message(&b->server_sent, answer.data, answer.len);
		} while (rpc_server_pending(b->server) > 0);
		wire_writer_fini(&answer);
	}
	relay_fixture_feed(b, RELAY_SERVER, b->server_sent.data, b->server_sent.len);
	wire_writer_clear(&b->server_sent);
	assert_int_equal(output->len, 0);
	while (relay_pipe_continue(b->pipe) && output->len > 0) {
		assert_int_in_range(output->len, 1, 65536 + 4280 + 2);
		/* Until it is sent, nothing follows, and the server is not read. */
		assert_int_equal(relay_pipe_may_read(b->pipe, RELAY_SERVER),
		                 b->relay->service.held_bytes == 0);
		wire_put_bytes(&b->client_got, output->data, output->len);
		wire_writer_clear(output);
		pieces++;
	}
	assert_true(pieces > 3);
	a = relay_fixture_enum_answer(b, 9, 502);
	assert_int_equal(a.answer.entries, 3000);
	assert_true(a.fragments > 20);
	free(a.infos);
	assert_int_equal(b->relay->service.held_bytes, 0);
	relay_fixture_end(b);
}

static void no_fragment_is_longer_than_the_caller_and_the_server_agreed(void **state)
{
	static const uint16_t sizes[] = { 1432, 2000, 4280, 5840, 65528 };
	const struct session_enum_request request = relay_fixture_at_level(502);

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct relay_fixture *b = calloc(1, sizeof *b);
		struct relay_fixture_pdu pdu;
		size_t at = 0, longest = 0;

		assert_true(relay_fixture_init(b, NULL));
		relay_fixture_bind(b, sizes[i]);
		relay_fixture_add_some(b, 1000);
		relay_fixture_put_enum(b, 9, &request);
		relay_fixture_talk(b);
		while (relay_fixture_next(&b->client_got, &at, &pdu))
			longest = pdu.bytes > longest ? pdu.bytes : longest;
		assert_int_in_range(longest, sizes[i] - 7, sizes[i]);
		relay_fixture_end(b);
	}
}

static void a_pipe_that_is_freed_at_any_time_leaves_nothing(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request),
			   listing = relay_fixture_recorded_answer(
				   "samba-4.17-session-enum-response-level1-130", 9);

	(void)state;
	for (size_t bytes = 0; bytes < listing.len; bytes += 1 + bytes / 3) {
		struct relay_fixture *b = relay_fixture_start_by_hand();

		relay_fixture_put_enum(b, 9, &request);
		relay_fixture_put_request(b, FIRST, 10, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
		                          stub.data, 8);
		relay_fixture_talk(b);
		relay_fixture_feed(b, RELAY_SERVER, listing.data, bytes);
		relay_pipe_free(b->pipe);
		b->pipe = NULL;
		assert_int_equal(b->relay->service.held_bytes, 0);
		relay_fixture_end(b);
	}
	wire_writer_fini(&stub);
	wire_writer_fini(&listing);
}

/* ---- ids ---- */

/* An answer that looks like a list must not become the cache. */
static void the_answer_to_another_call_is_not_taken_for_the_list(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer listing =
		relay_fixture_recorded_answer("samba-4.17-session-enum-response-level1-3", 5);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer said;

	(void)state;
	b->client.identity = b->samba.identities[STRANGER];
	relay_fixture_put_request(b, WHOLE, 5, CONTEXT, ECHO_STUB, "like a listing", 14);
	relay_fixture_put_enum(b, 5, &request);
	said = relay_fixture_copy(&b->client_sent);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->server_got, &said);
	relay_fixture_feed(b, RELAY_SERVER, listing.data, listing.len);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->client_got, &listing);
	assert_int_equal(session_table_count(b->relay->service.table), 0);
	/* Nor between the fragments of a request that began before. */
	relay_fixture_forget(b);
	relay_fixture_put_request(b, FIRST, 6, CONTEXT, SRVSVC_NETR_SESSION_ENUM, "", 0);
	relay_fixture_put_request(b, WHOLE, 6, CONTEXT, ECHO_STUB, "like a listing", 14);
	wire_writer_fini(&said);
	said = relay_fixture_copy(&b->client_sent);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->server_got, &said);
	wire_writer_fini(&said);
	wire_writer_fini(&listing);
	relay_fixture_end(b);
}

static void an_id_may_be_used_again_once_it_is_answered(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add_some(b, 2);
	for (int i = 0; i < 100; i++) {
		struct relay_fixture_answer a = relay_fixture_enum(b, 1, &request);

		assert_int_equal(a.answer.entries, 2);
		free(a.infos);
		relay_fixture_forget(b);
		relay_fixture_put_request(b, WHOLE, 1, CONTEXT, i % 2 ? SAY_NUMBER : 99, NULL, 0);
		relay_fixture_talk(b);
		assert_int_equal(relay_fixture_count(&b->client_got), 1);
	}
	assert_int_equal(b->relay->intercepted, 100);
	assert_true(relay_pipe_is_idle(b->pipe));
	relay_fixture_end(b);
}

static void with_too_many_outstanding_calls_none_is_intercepted(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer said;

	(void)state;
	for (uint32_t id = 0; id < 300; id++)
		relay_fixture_put_request(b, WHOLE, id, CONTEXT, SAY_NUMBER, NULL, 0);
	relay_fixture_put_enum(b, 1000, &request);
	said = relay_fixture_copy(&b->client_sent);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->server_got, &said);
	wire_writer_fini(&said);
	relay_fixture_end(b);
}

static void a_pipe_is_idle_when_all_calls_are_answered(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	assert_true(relay_pipe_is_idle(b->pipe));
	relay_fixture_put_request(b, WHOLE, 2, CONTEXT, SAY_MUCH, NULL, 0);
	relay_fixture_talk(b);
	assert_false(relay_pipe_is_idle(b->pipe));
	b->is_server_slow = false;
	relay_fixture_talk(b);
	assert_true(relay_pipe_is_idle(b->pipe));
	b->is_server_slow = true;
	relay_fixture_put_enum(b, 3, &request);
	relay_fixture_talk(b);
	assert_false(relay_pipe_is_idle(b->pipe));
	b->is_server_slow = false;
	relay_fixture_talk(b);
	assert_true(relay_pipe_is_idle(b->pipe));
	/* A request that Samba refuses before it is complete. */
	b->is_server_slow = true;
	relay_fixture_put_request(b, FIRST, 4, 77, SAY_MUCH, "x", 1);
	relay_fixture_talk(b);
	assert_false(relay_pipe_is_idle(b->pipe));
	b->is_server_slow = false;
	relay_fixture_talk(b);
	assert_true(relay_pipe_is_idle(b->pipe));
	relay_fixture_put_request(b, LAST, 4, 77, SAY_MUCH, "x", 1);
	relay_fixture_talk(b);
	assert_true(relay_pipe_is_idle(b->pipe));
	relay_fixture_end(b);
}

/* ---- contexts ---- */

static const struct rpc_syntax ndr64 = {
	.uuid = { 0x71710533, 0xbeba, 0x4937, { 0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36 } },
	.version = 1,
};

/* Whether NetrSessionEnum of this context is intercepted. */
static bool is_ours(struct relay_fixture *b, uint32_t call_id, uint16_t context_id)
{
	const struct session_enum_request request = relay_fixture_at_level(1);
	struct wire_writer stub = relay_fixture_enum_stub(&request);
	uint64_t translated = b->relay->intercepted;

	relay_fixture_forget(b);
	relay_fixture_put_request(b, WHOLE, call_id, context_id, SRVSVC_NETR_SESSION_ENUM,
	                          stub.data, stub.len);
	relay_fixture_talk(b);
	wire_writer_fini(&stub);
	return b->relay->intercepted > translated;
}

static void only_srvsvc_in_ndr_is_intercepted(void **state)
{
	struct rpc_bind bind = {
		.max_xmit_frag = 4280,
		.max_recv_frag = 4280,
		.contexts = { relay_fixture_srvsvc(7), relay_fixture_srvsvc(8),
		              relay_fixture_other(9), relay_fixture_srvsvc(10) },
		.context_count = 4,
	};
	struct relay_fixture *b = calloc(1, sizeof *b);

	(void)state;
	bind.contexts[0].transfers[0] = ndr64;
	bind.contexts[1].transfers[0] = ndr64;
	bind.contexts[1].transfers[1] = rpc_ndr_syntax;
	bind.contexts[1].transfer_count = 2;
	bind.contexts[3].interface.version = 2;
	assert_true(relay_fixture_init(b, NULL));
	assert_false(is_ours(b, 2, 8)); /* before any bind */
	relay_fixture_reopen(b);
	relay_fixture_put_bind(b, RPC_BIND, 1, &bind);
	relay_fixture_talk(b);
	assert_false(is_ours(b, 3, 7));
	assert_true(is_ours(b, 4, 8));
	assert_false(is_ours(b, 5, 9));
	assert_false(is_ours(b, 6, 10));
	relay_fixture_end(b);
}

static void an_alter_context_adds_a_context(void **state)
{
	const struct rpc_bind bind = { .max_xmit_frag = 4280,
		                       .max_recv_frag = 4280,
		                       .contexts = { relay_fixture_other(0) },
		                       .context_count = 1 };
	const struct rpc_bind alter = { .max_xmit_frag = 4280,
		                        .max_recv_frag = 4280,
		                        .contexts = { relay_fixture_srvsvc(5) },
		                        .context_count = 1 };
	struct relay_fixture *b = calloc(1, sizeof *b);

	(void)state;
	assert_true(relay_fixture_init(b, NULL));
	relay_fixture_put_bind(b, RPC_BIND, 1, &bind);
	relay_fixture_talk(b);
	assert_false(is_ours(b, 2, 0));
	assert_false(is_ours(b, 3, 5));
	relay_fixture_put_bind(b, RPC_ALTER_CONTEXT, 4, &alter);
	relay_fixture_talk(b);
	assert_false(is_ours(b, 5, 0));
	assert_true(is_ours(b, 6, 5));
	relay_fixture_end(b);
}

static void a_context_that_is_refused_is_not_intercepted(void **state)
{
	const struct rpc_bind alter = { .max_xmit_frag = 4280,
		                        .max_recv_frag = 4280,
		                        .contexts = { relay_fixture_srvsvc(5) },
		                        .context_count = 1 };
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer fault = { 0 };

	(void)state;
	relay_fixture_put_bind(b, RPC_ALTER_CONTEXT, 4, &alter);
	relay_fixture_talk(b);
	relay_fixture_put_pdu(&fault, RPC_FAULT, WHOLE, 4, 16);
	relay_fixture_feed(b, RELAY_SERVER, fault.data, fault.len);
	assert_false(is_ours(b, 5, 5));
	/* The refused proposal is forgotten: the next one is the only one. */
	relay_fixture_forget(b);
	wire_writer_clear(&b->client_sent);
	relay_fixture_put_bind(b, RPC_ALTER_CONTEXT, 6, &alter);
	relay_fixture_talk(b);
	b->server_read = 0;
	b->is_server_slow = false;
	relay_fixture_talk(b);
	assert_true(is_ours(b, 7, 5));
	wire_writer_fini(&fault);
	relay_fixture_end(b);
}

/* Answers an alter_context with one context. */
static void accept(struct relay_fixture *b, uint32_t call_id, uint16_t max_frag)
{
	const struct rpc_bind_ack ack = {
		.max_xmit_frag = max_frag,
		.max_recv_frag = max_frag,
		.results = { { .result = RPC_ACCEPTANCE, .transfer = rpc_ndr_syntax } },
		.result_count = 1,
	};
	struct wire_writer pdu = { 0 }, message = { 0 };

	rpc_alter_context_resp_encode(&pdu, call_id, &ack);
	relay_fixture_put_message(&message, pdu.data, pdu.len);
	relay_fixture_feed(b, RELAY_SERVER, message.data, message.len);
	relay_fixture_talk(b);
	wire_writer_fini(&pdu);
	wire_writer_fini(&message);
}

static void put_alter(struct relay_fixture *b, uint32_t call_id,
                      struct rpc_presentation_context context)
{
	const struct rpc_bind alter = { .max_xmit_frag = 4280,
		                        .max_recv_frag = 4280,
		                        .contexts = { context },
		                        .context_count = 1 };

	relay_fixture_put_bind(b, RPC_ALTER_CONTEXT, call_id, &alter);
	relay_fixture_talk(b);
}

/* Asserts that NetrSessionEnum of context 5 is forwarded. */
static void assert_is_not_ours(struct relay_fixture *b)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request);

	relay_fixture_put_request(b, WHOLE, 20, 5, SRVSVC_NETR_SESSION_ENUM, stub.data, stub.len);
	relay_fixture_assert_goes_on(b);
	wire_writer_fini(&stub);
}

static void an_ambiguous_answer_to_two_proposals_adds_no_context(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	put_alter(b, 4, relay_fixture_other(5));
	put_alter(b, 4, relay_fixture_srvsvc(5));
	accept(b, 4, 4280); /* the first one */
	assert_is_not_ours(b);
	relay_fixture_end(b);
}

static void an_answer_with_another_call_id_adds_no_context(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	put_alter(b, 4, relay_fixture_srvsvc(5));
	accept(b, 3, 4280);
	assert_is_not_ours(b);
	relay_fixture_end(b);
}

static void an_alter_context_does_not_change_the_fragment_size(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(502);
	struct wire_writer listing =
		relay_fixture_recorded_answer("samba-4.17-session-enum-response-level1-130", 9);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct relay_fixture_pdu pdu;
	size_t at = 0;

	(void)state;
	put_alter(b, 4, relay_fixture_srvsvc(5));
	accept(b, 4, 65528);
	relay_fixture_talk(b);
	relay_fixture_forget(b);
	relay_fixture_put_enum(b, 9, &request);
	relay_fixture_talk(b);
	relay_fixture_feed(b, RELAY_SERVER, listing.data, listing.len);
	relay_fixture_talk(b);
	while (relay_fixture_next(&b->client_got, &at, &pdu))
		assert_int_in_range(pdu.bytes, 24, 4280);
	wire_writer_fini(&listing);
	relay_fixture_end(b);
}

TEST_GROUP(relay_pipe)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openings_are_forwarded_unchanged_however_they_are_cut),
		cmocka_unit_test(all_other_pdus_of_the_client_are_forwarded_unchanged),
		cmocka_unit_test(all_other_pdus_of_the_server_are_forwarded_unchanged),
		cmocka_unit_test(each_message_has_one_pdu_however_they_were_cut),
		cmocka_unit_test(all_of_a_secured_association_is_forwarded_unchanged),
		cmocka_unit_test(once_a_client_secures_its_calls_none_is_intercepted),
		cmocka_unit_test(bytes_that_are_not_rpc_are_forwarded_and_none_is_lost),
		cmocka_unit_test(a_message_without_bytes_ends_the_pipe),
		cmocka_unit_test(a_pdu_between_the_fragments_of_a_request_has_it_forwarded),
		cmocka_unit_test(bytes_that_are_not_rpc_follow_the_fragments_that_were_held),
		cmocka_unit_test(a_request_that_is_too_long_is_forwarded_with_its_rest),
		cmocka_unit_test(each_outstanding_request_is_answered_once),
		cmocka_unit_test(a_client_with_many_outstanding_calls_is_not_read),
		cmocka_unit_test(a_client_that_never_completes_a_request_is_still_read),
		cmocka_unit_test(nothing_comes_between_the_fragments_of_an_answer),
		cmocka_unit_test(a_long_answer_is_sent_piece_by_piece),
		cmocka_unit_test(no_fragment_is_longer_than_the_caller_and_the_server_agreed),
		cmocka_unit_test(a_pipe_that_is_freed_at_any_time_leaves_nothing),
		cmocka_unit_test(the_answer_to_another_call_is_not_taken_for_the_list),
		cmocka_unit_test(an_id_may_be_used_again_once_it_is_answered),
		cmocka_unit_test(with_too_many_outstanding_calls_none_is_intercepted),
		cmocka_unit_test(a_pipe_is_idle_when_all_calls_are_answered),
		cmocka_unit_test(only_srvsvc_in_ndr_is_intercepted),
		cmocka_unit_test(an_alter_context_adds_a_context),
		cmocka_unit_test(a_context_that_is_refused_is_not_intercepted),
		cmocka_unit_test(an_ambiguous_answer_to_two_proposals_adds_no_context),
		cmocka_unit_test(an_answer_with_another_call_id_adds_no_context),
		cmocka_unit_test(an_alter_context_does_not_change_the_fragment_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
