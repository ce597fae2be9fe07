/* SPDX-License-Identifier: MIT */
#include "service_bench.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int64_t now_ms(void *context)
{
	return ((struct bench *)context)->now_ms;
}

static void keep(char to[2048], const char *text)
{
	snprintf(to, 2048, "%s", text != NULL ? text : "-");
}

static void tell(void *context, const struct srvsvc_event *event)
{
	struct bench *b = context;

	b->told++;
	b->event = *event;
	keep(b->client, event->client);
	keep(b->user, event->user);
	b->also[0] = '\0';
	for (uint32_t i = 0; i < event->also_count; i++)
		snprintf(b->also + strlen(b->also), sizeof b->also - strlen(b->also), "%s;",
		         event->also[i]);
	b->event.also = NULL;
	b->event.client = b->event.user = NULL;
}

static void close_session(void *context, uint64_t key)
{
	struct bench *b = context;

	session_table_remove(b->service.table, b->ids[key]);
}

static uint32_t group(void *context, uint64_t key)
{
	const struct bench *b = context;

	return key < sizeof b->groups / sizeof *b->groups ? b->groups[key] : 0;
}

void bench_init(struct bench *b, const char *preset)
{
	const char *why;

	*b = (struct bench){ .now_ms = 1000000 };
	b->service = (struct srvsvc_server){
		.table = session_table_new(100000),
		.policy = access_policy_new(preset),
		.netbios_name = "FILESRV",
		.comment = "what it says",
		.max_answer_bytes = 1 << 20,
		.max_held_bytes = 4 << 20,
		.now_ms = now_ms,
		.report = tell,
		.context = b,
	};
	b->owner = (struct session_owner){
		.close = close_session, .context = b, .name = "bench", .group = group
	};
	assert_true(access_policy_set_group(b->service.policy, "administrators", "alice", &why));
	assert_true(access_policy_set_group(b->service.policy, "server_operators", "@ops", &why));
	b->identities[ADMINISTRATOR] = identity_new("alice", "LAB");
	b->identities[OPERATOR] = identity_new("oscar", "LAB");
	assert_true(identity_add_label(b->identities[OPERATOR], "@ops"));
	b->identities[STRANGER] = identity_new("sam", "LAB");
	b->identities[ANONYMOUS] = identity_new_anonymous();
}

void bench_fini(struct bench *b)
{
	session_table_free(b->service.table);
	access_policy_release(b->service.policy);
	for (size_t i = 0; i < WHO_COUNT; i++)
		identity_release(b->identities[i]);
	wire_writer_fini(&b->stub);
	wire_writer_fini(&b->answer);
	free(b->ids);
}

uint32_t bench_add(struct bench *b, const struct session_facts *facts)
{
	uint32_t id = session_table_add(b->service.table, facts, &b->owner, b->id_count);

	assert_int_not_equal(id, 0);
	b->ids = realloc(b->ids, (b->id_count + 1) * sizeof *b->ids);
	b->ids[b->id_count++] = id;
	return id;
}

static uint32_t call_with(struct bench *b, enum who who, uint16_t opnum, size_t bytes)
{
	struct srvsvc_caller caller = { .service = &b->service,
		                        .identity = b->identities[who],
		                        .address = "192.0.2.1",
		                        .endpoint = "smb" };
	uint8_t *stub = calloc(1, bytes > 0 ? bytes : 1);
	struct wire_reader r;
	uint32_t fault;

	if (bytes > 0)
		memcpy(stub, b->stub.data, bytes);
	wire_reader_init(&r, stub, bytes);
	wire_writer_clear(&b->answer);
	fault = srvsvc_interface.call(&caller, opnum, &r, &b->answer);
	free(stub);
	return fault;
}

uint32_t bench_call(struct bench *b, enum who who, uint16_t opnum)
{
	unsigned told = b->told;
	uint32_t fault = call_with(b, who, opnum, b->stub.len);

	assert_int_equal(b->told, told + (fault == 0));
	if (fault == 0) {
		assert_ptr_equal(b->event.identity, b->identities[who]);
		assert_string_equal(b->event.address, "192.0.2.1");
		assert_string_equal(b->event.endpoint, "smb");
	}
	wire_writer_clear(&b->stub);
	return fault;
}

void bench_assert_cut_stubs_fault(struct bench *b, uint16_t opnum)
{
	unsigned told = b->told;

	for (size_t bytes = 0; bytes < b->stub.len; bytes++) {
		assert_int_equal(call_with(b, ADMINISTRATOR, opnum, bytes),
		                 RPC_FAULT_BAD_STUB_DATA);
		assert_int_equal(b->answer.len, 0);
	}
	assert_int_equal(b->told, told);
	assert_int_equal(call_with(b, ADMINISTRATOR, opnum, b->stub.len), 0);
	wire_writer_clear(&b->stub);
}
