/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum and NetrSessionDel by one query at level 1. */
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
#define ALL          MAX_PREFERRED_LENGTH
#define CONTEXT      SRVSVC_CONTEXT

/* ---- NetrSessionEnum ---- */

/* Asserts that the server got one query at level 1 for all sessions, with this call id. */
static void assert_one_question(const struct relay_fixture *b, uint32_t call_id)
{
	struct session_qualifier_texts texts;
	struct session_enum_request request;
	struct relay_fixture_pdu pdu;
	size_t at = 0;

	assert_true(relay_fixture_next(&b->server_got, &at, &pdu));
	assert_int_equal(at, b->server_got.len);
	assert_int_equal(pdu.h.ptype, RPC_REQUEST);
	assert_int_equal(pdu.h.pfc_flags, WHOLE);
	assert_int_equal(pdu.h.call_id, call_id);
	assert_int_equal(pdu.h.auth_length, 0);
	assert_int_equal(pdu.opnum, SRVSVC_NETR_SESSION_ENUM);
	assert_int_equal(pdu.context_id, CONTEXT);
	session_enum_request_decode(&pdu.body, &request, &texts);
	assert_null(pdu.body.error);
	assert_int_equal(request.level, 1);
	assert_null(request.client);
	assert_null(request.user);
	assert_int_equal(request.preferred_bytes, ALL);
	assert_false(request.has_resume_handle);
}

static void each_level_is_one_query_at_level_1(void **state)
{
	struct relay_fixture *b = relay_fixture_start();
	uint32_t call_id = 10;

	(void)state;
	b->transport = "\\Device\\NetbiosSmb";
	relay_fixture_add_some(b, 3);
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++) {
		const struct session_level *level = &session_levels[i];
		struct session_enum_request request = relay_fixture_at_level(level->number);
		struct relay_fixture_answer a = relay_fixture_enum(b, ++call_id, &request);
		size_t scratch_bytes = 0;
		char *scratch = NULL;

		assert_one_question(b, call_id);
		assert_int_equal(a.answer.status, 0);
		assert_int_equal(a.answer.entries, 3);
		assert_int_equal(a.answer.total_entries, 3);
		for (uint32_t n = 0; n < 3; n++) {
			struct netsession_row row;
			char client[32];

			assert_true(session_infos_row(level, a.infos, n, &row, &scratch,
			                              &scratch_bytes));
			snprintf(client, sizeof client, "\\\\10.1.0.%u", n);
			assert_string_equal(row.client, client);
			if (level->number != 0)
				assert_string_equal(row.user, n == 0   ? "user0"
				                              : n == 1 ? "user1"
				                                       : "user2");
			if (level->number != 0)
				assert_int_equal(row.active_s, 500 - n);
			if (level->number != 0 && level->number != 10)
				assert_int_equal(row.num_opens, 3);
			if (level->number == 502)
				assert_string_equal(row.transport, "\\Device\\NetbiosSmb");
		}
		free(scratch);
		free(a.infos);
		assert_int_equal(b->event.level, level->number);
	}
	assert_int_equal(b->events, SESSION_LEVEL_COUNT);
	assert_int_equal(b->relay->intercepted, SESSION_LEVEL_COUNT);
	assert_int_equal(b->relay->forwarded, 0);
	assert_int_equal(b->relay->service.held_bytes, 0);
	relay_fixture_end(b);
}

static void a_client_that_samba_refuses_is_refused_at_its_own_level(void **state)
{
	struct relay_fixture *b = relay_fixture_start();
	uint32_t call_id = 10;

	(void)state;
	relay_fixture_add_some(b, 3);
	b->client.identity = b->samba.identities[STRANGER];
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++) {
		struct session_enum_request request =
			relay_fixture_at_level(session_levels[i].number);
		struct relay_fixture_answer a;

		request.has_resume_handle = i % 2;
		request.resume_handle = 77;
		a = relay_fixture_enum(b, ++call_id, &request);
		assert_one_question(b, call_id);
		assert_int_equal(a.answer.status, ERROR_ACCESS_DENIED);
		assert_int_equal(a.answer.entries, 0);
		assert_int_equal(a.answer.has_resume_handle, i % 2);
		if (i % 2)
			assert_int_equal(a.answer.resume_handle, 77);
		free(a.infos);
	}
	/* It gets nothing of what other clients were answered. */
	assert_int_equal(session_table_count(b->relay->service.table), 0);
	relay_fixture_end(b);
}

static void the_relay_answers_filters_and_pages(void **state)
{
	struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start();
	struct relay_fixture_answer a;
	uint32_t call_id = 10, seen = 0;

	(void)state;
	relay_fixture_add_some(b, 70);
	request.user = "USER3";
	a = relay_fixture_enum(b, ++call_id, &request);
	assert_int_equal(a.answer.status, 0);
	assert_int_equal(a.answer.entries, 10);
	free(a.infos);
	request = relay_fixture_at_level(10);
	request.client = "\\\\10.1.0.9";
	a = relay_fixture_enum(b, ++call_id, &request);
	assert_int_equal(a.answer.entries, 1);
	free(a.infos);
	request.client = "\\\\10.9.9.9";
	a = relay_fixture_enum(b, ++call_id, &request);
	assert_int_equal(a.answer.status, NERR_ClientNameNotFound);
	request = relay_fixture_at_level(502);
	request.has_resume_handle = true;
	request.preferred_bytes = 1000;
	do {
		a = relay_fixture_enum(b, ++call_id, &request);
		assert_one_question(b, call_id);
		assert_int_equal(a.answer.total_entries, 70 - seen);
		request.resume_handle = a.answer.resume_handle;
		seen += a.answer.entries;
		free(a.infos);
	} while (a.answer.status == ERROR_MORE_DATA);
	assert_int_equal(a.answer.status, 0);
	assert_int_equal(seen, 70);
	relay_fixture_end(b);
}

static void requests_of_other_clients_are_answered_at_every_level(void **state)
{
	static const char *const clients[][3] = {
		{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-level%u-null" },
		{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-level%u-empty" },
		{ "rpcclient-4.17-bind", "rpcclient-4.17-session-enum-request-level%u" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(clients); i++)
		for (size_t level = 0; level < SESSION_LEVEL_COUNT; level++) {
			struct relay_fixture *b = calloc(1, sizeof *b);
			struct relay_fixture_pdu pdu;
			char name[100];
			size_t at = 0;

			assert_true(relay_fixture_init(b, NULL));
			relay_fixture_add_some(b, 2);
			/* rpcclient asks for a client and a user. */
			relay_fixture_add(b, "127.0.0.1", "root", b->now_ms / 1000 - 9);
			relay_fixture_put_recording(b, clients[i][0]);
			relay_fixture_talk(b);
			relay_fixture_forget(b);
			snprintf(name, sizeof name, clients[i][1], session_levels[level].number);
			relay_fixture_put_recording(b, name);
			relay_fixture_talk(b);
			assert_true(relay_fixture_next(&b->client_got, &at, &pdu));
			assert_int_equal(at, b->client_got.len);
			assert_one_question(b, pdu.h.call_id);
			free(relay_fixture_enum_answer(b, pdu.h.call_id,
			                               session_levels[level].number)
			             .infos);
			assert_int_equal(b->relay->intercepted, 1);
			relay_fixture_end(b);
		}
}

static void requests_in_fragments_as_other_clients_send_them_are_answered(void **state)
{
	static const char *const names[][2] = {
		{ "impacket-0.10-bind", "impacket-0.10-session-enum-request-fragments-of-48" },
		{ "rpcclient-4.17-bind", "rpcclient-4.17-session-enum-request-2-fragments" },
		{ "samba-4.17-python-bind-big-endian",
		  "samba-4.17-python-session-enum-request-big-endian" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		for (size_t step = 1; step < 100; step += 9) {
			struct relay_fixture *b = calloc(1, sizeof *b);
			struct relay_fixture_pdu pdu;
			size_t at = 0;

			assert_true(relay_fixture_init(b, NULL));
			b->step = step;
			relay_fixture_add(b, "127.0.0.1", "root", b->now_ms / 1000 - 9);
			relay_fixture_put_recording(b, names[i][0]);
			relay_fixture_talk(b);
			relay_fixture_forget(b);
			relay_fixture_put_recording(b, names[i][1]);
			relay_fixture_talk(b);
			assert_true(relay_fixture_next(&b->client_got, &at, &pdu));
			assert_int_equal(pdu.h.ptype, RPC_RESPONSE);
			assert_one_question(b, pdu.h.call_id);
			assert_int_equal(b->relay->intercepted, 1);
			relay_fixture_end(b);
		}
}

static void recorded_answers_of_samba_are_understood(void **state)
{
	static const struct {
		const char *name;
		uint32_t entries;
		NET_API_STATUS status;
	} cases[] = {
		{ "samba-4.17-session-enum-response-level1-1", 1, 0 },
		{ "samba-4.17-session-enum-response-level1-3", 3, 0 },
		{ "samba-4.17-session-enum-response-level1-130", 130, 0 },
		{ "samba-4.17-session-enum-response-level1-130-to-impacket", 130, 0 },
		{ "samba-4.17-session-enum-response-level1-access-denied", 0, ERROR_ACCESS_DENIED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t step = 1; step < 5000; step = step * 4 + 1) {
			const struct session_enum_request request = relay_fixture_at_level(502);
			struct relay_fixture *b = relay_fixture_start_by_hand();
			struct wire_writer messages = relay_fixture_recorded_answer(cases[i].name,
			                                                            5);
			struct relay_fixture_answer a;

			relay_fixture_put_enum(b, 5, &request);
			relay_fixture_talk(b);
			assert_one_question(b, 5);
			b->step = step;
			relay_fixture_feed(b, RELAY_SERVER, messages.data, messages.len);
			relay_fixture_talk(b);
			a = relay_fixture_enum_answer(b, 5, 502);
			assert_int_equal(a.answer.status, cases[i].status);
			if (cases[i].status == 0)
				assert_int_in_range(a.answer.entries, cases[i].entries,
				                    cases[i].entries + 2);
			free(a.infos);
			wire_writer_fini(&messages);
			assert_true(relay_pipe_is_idle(b->pipe));
			relay_fixture_end(b);
		}
}

static void a_malformed_answer_is_an_error_at_the_requested_level(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();
	const struct session_enum_request request = relay_fixture_at_level(2);
	struct wire_writer answer = { 0 };
	struct relay_fixture_answer a;

	(void)state;
	for (size_t bytes = 0; bytes < 60; bytes += 7) {
		relay_fixture_forget(b);
		relay_fixture_put_enum(b, 5, &request);
		relay_fixture_talk(b);
		wire_writer_clear(&answer);
		relay_fixture_put_pdu(&answer, RPC_RESPONSE, WHOLE, 5, bytes);
		relay_fixture_feed(b, RELAY_SERVER, answer.data, answer.len);
		relay_fixture_talk(b);
		a = relay_fixture_enum_answer(b, 5, 2);
		assert_int_equal(a.answer.status, RPC_X_BAD_STUB_DATA);
	}
	wire_writer_fini(&answer);
	relay_fixture_end(b);
}

static void a_fault_in_place_of_the_list_is_forwarded(void **state)
{
	struct relay_fixture *b = relay_fixture_start_by_hand();
	const struct session_enum_request request = relay_fixture_at_level(2);
	struct wire_writer answer = relay_fixture_recorded_answer("samba-4.17-fault-unknown-opnum",
	                                                          5);

	(void)state;
	relay_fixture_put_enum(b, 5, &request);
	relay_fixture_talk(b);
	relay_fixture_feed(b, RELAY_SERVER, answer.data, answer.len);
	relay_fixture_talk(b);
	relay_fixture_assert_same(&b->client_got, &answer);
	assert_true(relay_pipe_is_idle(b->pipe));
	assert_int_equal(b->relay->service.held_bytes, 0);
	wire_writer_fini(&answer);
	relay_fixture_end(b);
}

static void unknown_levels_are_forwarded_and_samba_refuses_them(void **state)
{
	static const uint32_t levels[] = { 3, 9, 11, 100, 501, 503, UINT32_MAX };
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	for (uint32_t i = 0; i < COUNT(levels); i++) {
		const struct session_enum_request request = relay_fixture_at_level(levels[i]);

		relay_fixture_put_enum(b, 20 + i, &request);
	}
	relay_fixture_assert_goes_on(b);
	relay_fixture_end(b);
}

static void malformed_stubs_are_forwarded_and_samba_refuses_them(void **state)
{
	static const uint16_t opnums[] = { SRVSVC_NETR_SESSION_ENUM, SRVSVC_NETR_SESSION_DEL };
	const struct session_enum_request request = { .client = "\\\\c", .level = 10 };
	struct wire_writer stub = relay_fixture_enum_stub(&request);
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	for (size_t i = 0; i < COUNT(opnums); i++)
		/* The stub of NetrSessionDel is the beginning of one of NetrSessionEnum. */
		for (size_t bytes = 0; bytes < (i == 0 ? stub.len : 24); bytes++)
			relay_fixture_put_request(b, WHOLE, (uint32_t)(i * 1000 + bytes), CONTEXT,
			                          opnums[i], stub.data, bytes);
	relay_fixture_assert_goes_on(b);
	wire_writer_fini(&stub);
	relay_fixture_end(b);
}

/* ---- fragments ---- */

static void put_fragments(struct relay_fixture *b, uint32_t call_id, const struct wire_writer *stub,
                          size_t most)
{
	for (size_t at = 0; at < stub->len; at += most) {
		bool is_last = stub->len - at <= most;

		relay_fixture_put_request(b,
		                          (uint8_t)((at == 0 ? FIRST : 0) | (is_last ? LAST : 0)),
		                          call_id, CONTEXT, SRVSVC_NETR_SESSION_ENUM,
		                          stub->data + at, is_last ? stub->len - at : most);
	}
}

static void requests_may_come_in_fragments_of_any_size(void **state)
{
	const struct session_enum_request request = { .server = "\\\\filesrv",
		                                      .client = "\\\\10.1.0.1",
		                                      .user = "user1",
		                                      .level = 10,
		                                      .preferred_bytes = ALL };
	struct wire_writer stub = relay_fixture_enum_stub(&request);
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add_some(b, 3);
	for (size_t most = 1; most <= stub.len; most++) {
		struct relay_fixture_answer a;

		relay_fixture_forget(b);
		put_fragments(b, (uint32_t)most, &stub, most);
		relay_fixture_talk(b);
		assert_one_question(b, (uint32_t)most);
		a = relay_fixture_enum_answer(b, (uint32_t)most, 10);
		assert_int_equal(a.answer.status, 0);
		assert_int_equal(a.answer.entries, 1);
		free(a.infos);
	}
	assert_int_equal(b->relay->service.held_bytes, 0);
	wire_writer_fini(&stub);
	relay_fixture_end(b);
}

/* ---- many pipes, one cache ---- */

static void the_answer_to_an_earlier_query_does_not_replace_a_later_one(void **state)
{
	const struct session_enum_request request = { .level = 10,
		                                      .preferred_bytes = ALL,
		                                      .has_resume_handle = true };
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct wire_writer *output;
	struct relay_pipe *slow = b->pipe;
	struct wire_writer old_listing;
	struct relay_fixture_answer first, second;

	(void)state;
	relay_fixture_add(b, "10.0.0.1", "alice", b->now_ms / 1000 - 100);
	/* Samba answers over the first pipe, but the answer is delayed. */
	relay_fixture_put_enum(b, 5, &request);
	relay_fixture_talk(b);
	b->is_server_slow = false;
	{
		struct wire_writer answer = { 0 };
		struct relay_fixture_pdu pdu;
		size_t left;

		assert_true(relay_fixture_next(&b->server_got, &b->server_read, &pdu));
		assert_true(rpc_server_feed(b->server, pdu.data, pdu.bytes));
		relay_fixture_read(b, &answer, &left);
		relay_fixture_put_message(&b->server_sent, answer.data, answer.len);
		wire_writer_fini(&answer);
	}
	old_listing = relay_fixture_copy(&b->server_sent);
	b->pipe = NULL;
	relay_fixture_reopen(b);
	relay_fixture_bind(b, 4280);
	/* Meanwhile a session opens, and is listed over the second pipe. */
	relay_fixture_add(b, "10.0.0.2", "bob", b->now_ms / 1000 - 1);
	first = relay_fixture_enum(b, 5, &request);
	assert_int_equal(first.answer.entries, 2);
	assert_true(relay_pipe_receive(slow, RELAY_SERVER, old_listing.data, old_listing.len));
	assert_true(relay_pipe_continue(slow));
	output = relay_pipe_output(slow, RELAY_CALLER);
	wire_writer_clear(&b->client_got);
	wire_put_bytes(&b->client_got, output->data, output->len);
	/* The first client gets the cache of now, and no id has changed. */
	second = relay_fixture_enum_answer(b, 5, 10);
	assert_int_equal(second.answer.entries, 2);
	assert_int_equal(second.answer.resume_handle, first.answer.resume_handle);
	free(first.infos);
	free(second.infos);
	first = relay_fixture_enum(b, 6, &request);
	assert_int_equal(first.answer.resume_handle, second.answer.resume_handle);
	free(first.infos);
	relay_pipe_free(slow);
	wire_writer_fini(&old_listing);
	relay_fixture_end(b);
}

static void an_answer_that_took_longer_than_clients_wait_is_not_used(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = relay_fixture_start_by_hand();
	struct relay_fixture_answer a;

	(void)state;
	relay_fixture_add(b, "10.0.0.1", "alice", b->now_ms / 1000 - 100);
	relay_fixture_put_enum(b, 5, &request);
	relay_fixture_talk(b);
	b->now_ms += 3600000;
	b->is_server_slow = false;
	relay_fixture_talk(b);
	a = relay_fixture_enum_answer(b, 5, 10);
	assert_int_equal(a.answer.status, ERROR_SEM_TIMEOUT);
	free(a.infos);
	b->samba.now_ms = b->now_ms;
	a = relay_fixture_enum(b, 6, &request);
	assert_int_equal(a.answer.entries, 1);
	assert_int_equal(((SESSION_INFO_10 *)a.infos)->sesi10_time, 3700);
	free(a.infos);
	relay_fixture_end(b);
}

/* ---- bounds ---- */

static void an_answer_beyond_the_bound_is_not_held(void **state)
{
	const struct relay_settings settings = { .max_sessions = 100000,
		                                 .max_answer_bytes = 3000,
		                                 .max_held_bytes = 1 << 20 };
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer listing =
		relay_fixture_recorded_answer("samba-4.17-session-enum-response-level1-130", 9);
	struct relay_fixture *b = calloc(1, sizeof *b);
	struct relay_fixture_answer a;

	(void)state;
	assert_true(relay_fixture_init(b, &settings));
	relay_fixture_bind(b, 4280);
	b->is_server_slow = true;
	relay_fixture_put_enum(b, 9, &request);
	relay_fixture_talk(b);
	for (size_t at = 0; at < listing.len; at += 100) {
		relay_fixture_feed(b, RELAY_SERVER, listing.data + at,
		                   listing.len - at < 100 ? listing.len - at : 100);
		assert_int_in_range(b->relay->service.held_bytes, 0, 6000);
	}
	relay_fixture_talk(b);
	a = relay_fixture_enum_answer(b, 9, 10);
	assert_int_equal(a.answer.status, ERROR_NOT_ENOUGH_MEMORY);
	assert_int_equal(a.answer.entries, 0);
	assert_int_equal(session_table_count(b->relay->service.table), 0);
	assert_int_equal(b->relay->service.held_bytes, 0);
	relay_fixture_end(b);
	wire_writer_fini(&listing);
}

static void a_short_list_is_accepted_however_much_is_held_for_others(void **state)
{
	const struct relay_settings settings = { .max_sessions = 100000,
		                                 .max_answer_bytes = 1 << 20,
		                                 .max_held_bytes = 200000 };
	struct session_enum_request request = relay_fixture_at_level(1);
	struct relay_fixture *b = calloc(1, sizeof *b);
	struct relay_fixture_answer a;
	size_t by_others = 0;

	(void)state;
	assert_true(relay_fixture_init(b, &settings));
	relay_fixture_bind(b, 4280);
	srvsvc_count_held(&b->relay->service, NULL, &by_others, 250000);
	relay_fixture_add_some(b, 300);
	a = relay_fixture_enum(b, 5, &request);
	assert_int_equal(a.answer.status, 0);
	assert_int_equal(a.answer.entries, 300);
	free(a.infos);
	/* A long answer, in pages or not, is refused until then. */
	relay_fixture_add_some(b, 1000);
	request.preferred_bytes = 1000;
	a = relay_fixture_enum(b, 6, &request);
	assert_int_equal(a.answer.status, ERROR_NOT_ENOUGH_MEMORY);
	free(a.infos);
	srvsvc_count_held(&b->relay->service, NULL, &by_others, 0);
	a = relay_fixture_enum(b, 7, &request);
	assert_int_equal(a.answer.status, ERROR_MORE_DATA);
	assert_int_equal(a.answer.total_entries, 1300);
	free(a.infos);
	relay_fixture_end(b);
}

/* A request of another minor version, or with PFC_PENDING_CANCEL. */
static void requests_that_samba_refuses_by_their_headers_are_forwarded(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request);
	struct relay_fixture *b = relay_fixture_start_by_hand();

	(void)state;
	relay_fixture_put_request(b, WHOLE | RPC_PFC_PENDING_CANCEL, 5, CONTEXT,
	                          SRVSVC_NETR_SESSION_ENUM, stub.data, stub.len);
	relay_fixture_assert_goes_on(b);
	relay_fixture_put_request(b, WHOLE, 6, CONTEXT, SRVSVC_NETR_SESSION_ENUM, stub.data,
	                          stub.len);
	b->client_sent.data[2 + 1] = 1;
	relay_fixture_assert_goes_on(b);
	wire_writer_fini(&stub);
	relay_fixture_end(b);
}

/* ---- NetrSessionDel ---- */

/* Samba 4.22 to 4.25 leaves a session out while others log on. */
static struct relay_fixture *start_with_a_session_left_out(uint32_t sessions_of_each_name)
{
	struct relay_fixture *b = relay_fixture_start();
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture_answer a;
	uint32_t id;

	id = relay_fixture_add(b, "10.0.0.1", "alice", b->now_ms / 1000 - 50);
	relay_fixture_add(b, "10.0.0.2", "bob", b->now_ms / 1000 - 40);
	relay_fixture_has_smbstatus(b, sessions_of_each_name);
	a = relay_fixture_enum(b, 2, &request);
	assert_int_equal(a.answer.entries, 2);
	assert_int_equal(b->refreshes, 0);
	free(a.infos);
	session_table_remove(b->samba.service.table, id);
	return b;
}

static void smbstatus_is_asked_before_a_missing_session_counts_as_closed(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture_answer a;

	(void)state;
	for (uint32_t there = 0; there <= 1; there++)
		for (int has_failed = 0; has_failed <= 1; has_failed++) {
			struct relay_fixture *b = start_with_a_session_left_out(there);

			b->has_smbstatus_failed = has_failed;
			a = relay_fixture_enum(b, 3, &request);
			assert_int_equal(a.answer.status, 0);
			assert_int_equal(a.answer.entries, there == 1 && !has_failed ? 2 : 1);
			assert_int_equal(b->refreshes, 1);
			free(a.infos);
			/* If it has closed, that is known from then on. */
			a = relay_fixture_enum(b, 4, &request);
			assert_int_equal(b->refreshes, there == 1 && !has_failed ? 2 : 1);
			free(a.infos);
			relay_fixture_end(b);
		}
}

static void a_call_that_waits_for_smbstatus_is_answered_after_it(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct relay_fixture *b = start_with_a_session_left_out(1);
	struct relay_fixture_answer a;

	(void)state;
	b->is_smbstatus_slow = true;
	relay_fixture_forget(b);
	relay_fixture_put_enum(b, 3, &request);
	relay_fixture_put_request(b, WHOLE, 4, SRVSVC_CONTEXT, SAY_NUMBER, NULL, 0);
	relay_fixture_talk(b);
	assert_true(relay_pipe_needs_refresh(b->pipe));
	assert_false(relay_pipe_is_idle(b->pipe));
	assert_true(b->relay->service.held_bytes > 0);
	assert_int_equal(relay_fixture_count(&b->client_got), 1); /* call 4 */
	relay_fixture_forget(b);
	b->is_smbstatus_slow = false;
	relay_fixture_talk(b);
	a = relay_fixture_enum_answer(b, 3, 10);
	assert_int_equal(a.answer.entries, 2);
	assert_true(relay_pipe_is_idle(b->pipe));
	free(a.infos);
	relay_fixture_end(b);
}

static void session_del_finds_a_session_that_an_incomplete_answer_lacks(void **state)
{
	struct relay_fixture *b = start_with_a_session_left_out(1);

	(void)state;
	relay_fixture_forget(b);
	relay_fixture_put_del(b, 3, NULL, "alice");
	relay_fixture_talk(b);
	assert_int_equal(relay_fixture_del_answer(b, 3), 0);
	assert_int_equal(b->dels, 1);
	relay_fixture_end(b);
}

static void level_502_waits_for_the_first_run_of_smbstatus_and_others_do_not(void **state)
{
	static const uint32_t levels[] = { 0, 1, 2, 10, 502 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		const struct session_enum_request request = relay_fixture_at_level(levels[i]);
		struct relay_fixture *b = relay_fixture_start();
		struct relay_fixture_answer a;

		relay_fixture_add(b, "10.0.0.1", "alice", b->now_ms / 1000 - 50);
		relay_fixture_has_smbstatus(b, 0);
		a = relay_fixture_enum(b, 2, &request);
		assert_int_equal(a.answer.entries, 1);
		assert_int_equal(b->refreshes, levels[i] == 502);
		free(a.infos);
		relay_fixture_end(b);
	}
}

static void session_del_without_a_match_gives_2312(void **state)
{
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	b->del_status = ERROR_ACCESS_DENIED;
	relay_fixture_add_some(b, 3);
	relay_fixture_put_del(b, 5, "\\\\10.9.9.9", NULL);
	relay_fixture_put_del(b, 6, "\\\\10.1.0.1", "user0");
	relay_fixture_put_del(b, 7, NULL, "nobody");
	relay_fixture_put_del(b, 8, "10.1.0.1", NULL); /* without \\ */
	relay_fixture_talk(b);
	for (uint32_t id = 5; id <= 8; id++)
		assert_int_equal(relay_fixture_del_answer(b, id), NERR_ClientNameNotFound);
	assert_int_equal(b->dels, 0);
	relay_fixture_end(b);
}

static void session_del_of_all_sessions_is_refused(void **state)
{
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add_some(b, 3);
	relay_fixture_put_del(b, 5, NULL, NULL);
	relay_fixture_put_del(b, 6, "", "");
	relay_fixture_talk(b);
	assert_int_equal(relay_fixture_del_answer(b, 5), ERROR_INVALID_PARAMETER);
	assert_int_equal(relay_fixture_del_answer(b, 6), ERROR_INVALID_PARAMETER);
	assert_int_equal(b->dels, 0);
	relay_fixture_end(b);
}

/* Asserts that the last PDU that the server got is the client's request. */
static void assert_asked_last(const struct relay_fixture *b, const struct wire_writer *said)
{
	assert_true(b->server_got.len > said->len);
	assert_memory_equal(b->server_got.data + b->server_got.len - said->len, said->data,
	                    said->len);
}

static void session_del_with_a_match_is_forwarded_as_it_is(void **state)
{
	static const struct {
		const char *client, *user;
	} cases[] = { { "\\\\10.1.0.1", NULL },
		      { "\\\\10.1.0.1", "user1" },
		      { NULL, "user1" },
		      { "", "USER1" } };
	struct relay_fixture *b = relay_fixture_start();
	uint32_t call_id = 5;

	(void)state;
	relay_fixture_add_some(b, 3);
	for (size_t i = 0; i < COUNT(cases); i++)
		for (b->del_status = 0; b->del_status <= 5; b->del_status += 5) {
			struct wire_writer said;

			relay_fixture_forget(b);
			relay_fixture_put_del(b, ++call_id, cases[i].client, cases[i].user);
			said = relay_fixture_copy(&b->client_sent);
			relay_fixture_talk(b);
			assert_asked_last(b, &said);
			assert_int_equal(relay_fixture_del_answer(b, call_id), b->del_status);
			wire_writer_fini(&said);
		}
	assert_int_equal(b->dels, 8);
	assert_true(relay_pipe_is_idle(b->pipe));
	relay_fixture_end(b);
}

static void session_del_of_a_client_that_may_not_list_is_forwarded(void **state)
{
	struct relay_fixture *b = relay_fixture_start();
	struct wire_writer said;

	(void)state;
	relay_fixture_add_some(b, 3);
	b->client.identity = b->samba.identities[STRANGER];
	b->del_status = ERROR_ACCESS_DENIED;
	relay_fixture_put_del(b, 5, "\\\\10.9.9.9", NULL);
	said = relay_fixture_copy(&b->client_sent);
	relay_fixture_talk(b);
	assert_asked_last(b, &said);
	assert_int_equal(b->dels, 1);
	assert_int_equal(relay_fixture_del_answer(b, 5), ERROR_ACCESS_DENIED);
	wire_writer_fini(&said);
	relay_fixture_end(b);
}

static void session_del_of_an_address_names_the_client_as_samba_spells_it(void **state)
{
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add(b, "10.0.0.2", "alice", b->now_ms / 1000 - 50);
	relay_fixture_add(b, "10.0.0.2", "bob", b->now_ms / 1000 - 40);
	relay_fixture_add(b, "10.0.0.3", "alice", b->now_ms / 1000 - 30);
	relay_fixture_put_del(b, 5, "\\\\[::FFFF:10.0.0.2]", NULL);
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 1);
	assert_string_equal(b->del_client, "\\\\10.0.0.2");
	assert_string_equal(b->del_user, "-"); /* NULL */
	assert_int_equal(relay_fixture_del_answer(b, 5), 0);
	relay_fixture_forget(b);
	relay_fixture_put_del(b, 6, "\\\\[::ffff:a00:3]", "ALICE");
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 2);
	assert_string_equal(b->del_client, "\\\\10.0.0.3");
	assert_string_equal(b->del_user, "alice");
	assert_int_equal(relay_fixture_del_answer(b, 6), 0);
	relay_fixture_end(b);
}

static void session_del_of_an_account_becomes_one_request_for_each_name(void **state)
{
	struct relay_fixture *b = relay_fixture_start();

	(void)state;
	relay_fixture_add(b, "10.0.0.1", "LAB\\alice", b->now_ms / 1000 - 50);
	relay_fixture_add(b, "10.0.0.1", "OTHER\\Alice", b->now_ms / 1000 - 40);
	relay_fixture_add(b, "10.0.0.2", "LAB\\alice", b->now_ms / 1000 - 30);
	relay_fixture_add(b, "10.0.0.1", "LAB\\bob", b->now_ms / 1000 - 20);
	relay_fixture_put_del(b, 5, NULL, "alice");
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 2);
	assert_string_equal(b->del_user, "OTHER\\Alice");
	assert_int_equal(relay_fixture_del_answer(b, 5), 0);
	relay_fixture_forget(b);
	b->del_status = ERROR_ACCESS_DENIED;
	relay_fixture_put_del(b, 6, "\\\\10.0.0.2", "ALICE");
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 3);
	assert_string_equal(b->del_client, "\\\\10.0.0.2");
	assert_string_equal(b->del_user, "LAB\\alice");
	assert_int_equal(relay_fixture_del_answer(b, 6), ERROR_ACCESS_DENIED);
	b->del_status = 0;
	relay_fixture_forget(b);
	relay_fixture_put_del(b, 7, NULL, "alice@lab.example");
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 4);
	assert_string_equal(b->del_user, "LAB\\alice");
	assert_true(relay_pipe_is_idle(b->pipe));
	assert_int_equal(b->relay->service.held_bytes, 0);
	relay_fixture_end(b);
}

/* Samba takes no fragment of more than 5,840 bytes: librpc/rpc/dcesrv_core.c. */
static void session_del_of_a_long_name_is_sent_in_fragments(void **state)
{
	struct relay_fixture *b = relay_fixture_start();
	struct relay_fixture_pdu pdu;
	char user[3600];
	size_t at = 0;

	(void)state;
	memset(user, 'x', sizeof user);
	strcpy(user + sizeof user - 7, "\\alice");
	relay_fixture_add(b, "10.0.0.1", user, b->now_ms / 1000 - 50);
	relay_fixture_put_del(b, 5, NULL, "alice");
	relay_fixture_talk(b);
	assert_int_equal(b->dels, 1);
	while (relay_fixture_next(&b->server_got, &at, &pdu))
		assert_int_in_range(pdu.bytes, 24, 5840);
	assert_int_equal(relay_fixture_del_answer(b, 5), 0);
	relay_fixture_end(b);
}

static void idle_times_are_always_0(void **state)
{
	struct relay_fixture *b = relay_fixture_start();
	struct session_enum_request request = relay_fixture_at_level(502);
	uint32_t call_id = 10;

	(void)state;
	relay_fixture_add_some(b, 3);
	b->tick_ms = 900; /* Samba gives no idle times */
	for (int i = 0; i < 5; i++) {
		struct relay_fixture_answer a = relay_fixture_enum(b, ++call_id, &request);
		const SESSION_INFO_502 *infos = a.infos;

		assert_int_equal(a.answer.entries, 3);
		for (uint32_t n = 0; n < 3; n++)
			assert_int_equal(infos[n].sesi502_idle_time, 0);
		free(a.infos);
	}
	relay_fixture_end(b);
}

TEST_GROUP(relay_intercepted_calls)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_level_is_one_query_at_level_1),
		cmocka_unit_test(idle_times_are_always_0),
		cmocka_unit_test(a_client_that_samba_refuses_is_refused_at_its_own_level),
		cmocka_unit_test(the_relay_answers_filters_and_pages),
		cmocka_unit_test(requests_of_other_clients_are_answered_at_every_level),
		cmocka_unit_test(requests_in_fragments_as_other_clients_send_them_are_answered),
		cmocka_unit_test(recorded_answers_of_samba_are_understood),
		cmocka_unit_test(a_malformed_answer_is_an_error_at_the_requested_level),
		cmocka_unit_test(a_fault_in_place_of_the_list_is_forwarded),
		cmocka_unit_test(unknown_levels_are_forwarded_and_samba_refuses_them),
		cmocka_unit_test(malformed_stubs_are_forwarded_and_samba_refuses_them),
		cmocka_unit_test(requests_may_come_in_fragments_of_any_size),
		cmocka_unit_test(the_answer_to_an_earlier_query_does_not_replace_a_later_one),
		cmocka_unit_test(an_answer_that_took_longer_than_clients_wait_is_not_used),
		cmocka_unit_test(an_answer_beyond_the_bound_is_not_held),
		cmocka_unit_test(a_short_list_is_accepted_however_much_is_held_for_others),
		cmocka_unit_test(requests_that_samba_refuses_by_their_headers_are_forwarded),
		cmocka_unit_test(smbstatus_is_asked_before_a_missing_session_counts_as_closed),
		cmocka_unit_test(a_call_that_waits_for_smbstatus_is_answered_after_it),
		cmocka_unit_test(session_del_finds_a_session_that_an_incomplete_answer_lacks),
		cmocka_unit_test(level_502_waits_for_the_first_run_of_smbstatus_and_others_do_not),
		cmocka_unit_test(session_del_without_a_match_gives_2312),
		cmocka_unit_test(session_del_of_all_sessions_is_refused),
		cmocka_unit_test(session_del_with_a_match_is_forwarded_as_it_is),
		cmocka_unit_test(session_del_of_a_client_that_may_not_list_is_forwarded),
		cmocka_unit_test(session_del_of_an_address_names_the_client_as_samba_spells_it),
		cmocka_unit_test(session_del_of_an_account_becomes_one_request_for_each_name),
		cmocka_unit_test(session_del_of_a_long_name_is_sent_in_fragments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
