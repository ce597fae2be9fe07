/* SPDX-License-Identifier: MIT */
/* A relay that runs out of memory: the pipe ends, or the call fails, and nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "group.h"
#include "relay_fixture.h"

static size_t allocations, failing_allocation;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);

/* Counts allocations of the relay only, not of the fixture. */
static bool allocation_fails(void)
{
	return relay_fixture_is_inside && ++allocations == failing_allocation;
}

void *__wrap_malloc(size_t bytes)
{
	return allocation_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
	return allocation_fails() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
	return allocation_fails() ? NULL : __real_realloc(old, bytes);
}

/* The results of the calls of one run. */
struct outcome {
	unsigned ended, answered, refused, faults, passed;
};

/* Asserts that the client got complete answers only, one for each call. */
static void judge(const struct relay_fixture *b, struct outcome *o)
{
	struct relay_fixture_pdu pdu;
	uint32_t open_id = 0;
	bool is_open = false;
	size_t at = 0;

	while (relay_fixture_next(&b->client_got, &at, &pdu)) {
		bool is_first = (pdu.h.pfc_flags & FIRST) != 0;

		assert_true(pdu.h.ptype == RPC_FAULT || pdu.h.ptype == RPC_RESPONSE ||
		            pdu.h.ptype == RPC_BIND_ACK);
		assert_int_equal(is_first, !is_open);
		assert_true(!is_open || pdu.h.call_id == open_id);
		is_open = (pdu.h.pfc_flags & LAST) == 0;
		open_id = pdu.h.call_id;
		if (pdu.h.ptype == RPC_FAULT)
			o->faults++;
		else if (!is_open)
			o->answered++;
	}
	/* A pipe that ended may have ended within one. */
	assert_true(!is_open || b->has_ended);
}

static struct outcome run(size_t n, void (*say)(struct relay_fixture *b))
{
	struct outcome o = { 0 };
	struct relay_fixture b;

	allocations = 0;
	failing_allocation = n;
	if (relay_fixture_init(&b, NULL)) {
		relay_fixture_add_some(&b, 300);
		relay_fixture_add(&b, "10.9.0.1", "LAB\\alice", b.now_ms / 1000 - 9);
		relay_fixture_bind(&b, 4280);
		say(&b);
		b.step = 700;
		relay_fixture_talk(&b);
		judge(&b, &o);
		if (!b.has_ended) {
			assert_true(relay_pipe_is_idle(b.pipe));
			assert_int_equal(b.relay->service.held_bytes, 0);
		}
		o.ended = b.has_ended;
		o.passed = (unsigned)b.relay->forwarded;
	} else {
		o.ended = 1;
	}
	failing_allocation = 0;
	relay_fixture_fini(&b);
	return o;
}

/* Has each allocation fail in turn. calls: the number of calls that are to be answered. */
static void run_all(void (*say)(struct relay_fixture *b), unsigned calls)
{
	unsigned ended = 0, survived = 0;
	size_t needed;
	struct outcome all = run(SIZE_MAX, say);

	needed = allocations;
	assert_int_equal(all.ended, 0);
	assert_int_equal(all.answered + all.faults, calls);
	assert_int_equal(all.faults, 0);
	assert_true(needed > 20);
	for (size_t n = 1; n <= needed; n++) {
		struct outcome o = run(n, say);

		if (o.ended) {
			ended++;
		} else {
			survived++;
			assert_int_equal(o.answered + o.faults, calls);
		}
	}
	assert_true(ended > 0 && survived > 0);
}

static void say_enums(struct relay_fixture *b)
{
	const struct session_enum_request request = relay_fixture_at_level(502);

	relay_fixture_put_enum(b, 2, &request);
	relay_fixture_put_request(b, WHOLE, 3, SRVSVC_CONTEXT, SAY_MUCH, NULL, 0);
	relay_fixture_put_enum(b, 4, &request);
}

static void enumerations_without_memory_fail_or_end_the_pipe(void **state)
{
	(void)state;
	run_all(say_enums, 3);
}

static void say_enums_that_are_checked(struct relay_fixture *b)
{
	relay_fixture_has_smbstatus(b, 1);
	say_enums(b);
}

static void enumerations_with_smbstatus_without_memory_fail_or_end_the_pipe(void **state)
{
	(void)state;
	run_all(say_enums_that_are_checked, 3);
}

static void say_fragments(struct relay_fixture *b)
{
	const struct session_enum_request request = relay_fixture_at_level(10);
	struct wire_writer stub = relay_fixture_enum_stub(&request);

	for (size_t at = 0; at < stub.len; at++)
		relay_fixture_put_request(
			b, (uint8_t)((at == 0 ? FIRST : 0) | (at == stub.len - 1 ? LAST : 0)), 2,
			SRVSVC_CONTEXT, SRVSVC_NETR_SESSION_ENUM, stub.data + at, 1);
	wire_writer_fini(&stub);
}

static void a_request_in_fragments_without_memory_fails_or_ends_the_pipe(void **state)
{
	(void)state;
	run_all(say_fragments, 1);
}

static void say_dels(struct relay_fixture *b)
{
	relay_fixture_put_del(b, 2, NULL, "alice");
	relay_fixture_put_del(b, 3, "\\\\10.1.0.1", NULL);
	relay_fixture_put_del(b, 4, NULL, "nobody");
}

static void deletions_without_memory_fail_or_end_the_pipe(void **state)
{
	(void)state;
	run_all(say_dels, 3);
}

static void a_list_that_lacked_memory_is_complete_the_next_time(void **state)
{
	const struct session_enum_request request = relay_fixture_at_level(502);
	size_t needed = 0;

	(void)state;
	for (size_t n = 0; n <= needed; n++) {
		struct relay_fixture b;
		struct relay_fixture_answer a;

		failing_allocation = 0;
		assert_true(relay_fixture_init(&b, NULL));
		relay_fixture_bind(&b, 4280);
		relay_fixture_add_some(&b, 100);
		a = relay_fixture_enum(&b, 2, &request);
		free(a.infos);
		/* Half of them change and as many come. */
		for (uint32_t i = 0; i < 100; i += 2)
			session_table_set_opens(b.samba.service.table, b.samba.ids[i], 1000 + i);
		for (uint32_t i = 0; i < 50; i++) {
			char client[32];

			snprintf(client, sizeof client, "10.2.0.%u", i);
			relay_fixture_add(&b, client, "bob", b.now_ms / 1000 - 9);
		}
		relay_fixture_forget(&b);
		relay_fixture_put_enum(&b, 3, &request);
		allocations = 0;
		failing_allocation = n;
		relay_fixture_talk(&b);
		if (n == 0)
			needed = allocations;
		failing_allocation = 0;
		if (b.has_ended) {
			relay_fixture_reopen(&b);
			relay_fixture_bind(&b, 4280);
		}
		a = relay_fixture_enum(&b, 4, &request);
		assert_int_equal(a.answer.status, 0);
		assert_int_equal(a.answer.entries, 150);
		for (uint32_t i = 0; i < 100; i++)
			assert_int_equal(((SESSION_INFO_502 *)a.infos)[i].sesi502_num_opens,
			                 i % 2 == 0 ? 1000 + i : 3);
		free(a.infos);
		relay_fixture_fini(&b);
	}
	assert_true(needed > 20);
}

TEST_GROUP(relay_memory)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enumerations_without_memory_fail_or_end_the_pipe),
		cmocka_unit_test(enumerations_with_smbstatus_without_memory_fail_or_end_the_pipe),
		cmocka_unit_test(a_request_in_fragments_without_memory_fails_or_ends_the_pipe),
		cmocka_unit_test(deletions_without_memory_fail_or_end_the_pipe),
		cmocka_unit_test(a_list_that_lacked_memory_is_complete_the_next_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
