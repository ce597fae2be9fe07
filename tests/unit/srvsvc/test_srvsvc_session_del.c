/* SPDX-License-Identifier: MIT */
/* NetrSessionDel as a server does it, over a real table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "group.h"
#include "srvsvc_fixture.h"
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct session_facts five[] = {
	{ .client = "\\\\ws1", .user = "alice" }, { .client = "ws2", .user = "bob" },
	{ .client = "\\\\ws1", .user = "bob" },   { .client = "\\\\ws1", .user = "ALICE" },
	{ .client = "\\\\ws3", .user = "carol" },
};

static void init_with_five(struct srvsvc_fixture *b, const char *preset)
{
	srvsvc_fixture_init(b, preset);
	for (size_t i = 0; i < COUNT(five); i++)
		srvsvc_fixture_add(b, &five[i]);
}

static NET_API_STATUS del(struct srvsvc_fixture *b, enum who who, const char *client,
                          const char *user)
{
	struct session_del_request request = { .server = "srv", .client = client, .user = user };
	struct ndr_writer w;
	struct wire_reader r;
	NET_API_STATUS status;

	ndr_writer_init(&w, &b->stub);
	session_del_request_encode(&w, &request);
	assert_int_equal(srvsvc_fixture_call(b, who, SRVSVC_NETR_SESSION_DEL), 0);
	wire_reader_init(&r, b->answer.data, b->answer.len);
	status = session_del_answer_decode(&r);
	assert_null(r.error);
	assert_int_equal(wire_left(&r), 0);
	assert_string_equal(b->event.operation, "NetrSessionDel");
	assert_int_equal(b->event.level, -1);
	assert_int_equal(b->event.status, status);
	assert_string_equal(b->client, client != NULL ? client : "-");
	assert_string_equal(b->user, user != NULL ? user : "-");
	return status;
}

/* Which of the five are there, as bits. */
static unsigned those_left(const struct srvsvc_fixture *b)
{
	struct session_walk w;
	struct netsession_row row;
	unsigned left = 0;
	uint32_t id;

	session_walk_begin(&w, b->service.table, NULL, 0);
	while (session_walk_next(&w, b->now_ms, &row, &id))
		left |= 1u << (id - 1);
	return left;
}

static void every_match_is_closed_and_no_other_session(void **state)
{
	static const struct {
		const char *client, *user;
		unsigned left;
	} cases[] = {
		{ "\\\\ws1", NULL, 0x12 },    { "\\\\WS1", "", 0x12 },
		{ NULL, "alice", 0x16 },      { "", "Bob", 0x19 },
		{ "\\\\ws1", "alice", 0x16 }, { "\\\\ws2", "bob", 0x1D },
		{ "\\\\ws3", "CAROL", 0x0F },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct srvsvc_fixture b;

		init_with_five(&b, "hardened");
		assert_int_equal(del(&b, ADMINISTRATOR, cases[i].client, cases[i].user),
		                 NERR_Success);
		assert_int_equal(those_left(&b), cases[i].left);
		assert_int_equal(b.event.entries, 5 - session_table_count(b.service.table));
		assert_int_equal(b.event.total, b.event.entries);
		srvsvc_fixture_fini(&b);
	}
}

static char longest[1024], too_long[1025];

static void sessions_that_end_with_a_deleted_one_are_reported(void **state)
{
	static const struct {
		uint32_t groups[5];
		const char *client, *user, *also;
	} cases[] = {
		{ { 0, 0, 0, 0, 0 }, NULL, "bob", "" },
		{ { 1, 2, 3, 4, 5 }, NULL, "bob", "" },
		{ { 7, 7, 8, 8, 7 },
		  NULL,
		  "alice",
		  "bob from ws2;bob from \\\\ws1;carol from \\\\ws3;" },
		{ { 7, 7, 8, 8, 7 },
		  NULL,
		  "bob",
		  "alice from \\\\ws1;ALICE from \\\\ws1;carol from \\\\ws3;" },
		{ { 7, 7, 8, 8, 7 }, "\\\\ws1", "bob", "ALICE from \\\\ws1;" },
		{ { 7, 7, 7, 7, 7 }, NULL, "nobody", "" },
		{ { UINT32_MAX, 0, 0, 0, UINT32_MAX }, NULL, "carol", "alice from \\\\ws1;" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t names = 0;
		struct srvsvc_fixture b;

		init_with_five(&b, "hardened");
		memcpy(b.groups, cases[i].groups, sizeof cases[i].groups);
		(void)del(&b, ADMINISTRATOR, cases[i].client, cases[i].user);
		assert_string_equal(b.also, cases[i].also);
		for (const char *at = cases[i].also; *at != '\0'; at++)
			names += *at == ';';
		assert_int_equal(b.event.also_count, names);
		assert_int_equal(b.event.also_total, names);
		srvsvc_fixture_fini(&b);
	}
}

static void each_rule_has_its_error_and_closes_nothing(void **state)
{
	static const struct {
		const char *client, *user;
		NET_API_STATUS status;
	} cases[] = {
		{ NULL, NULL, ERROR_INVALID_PARAMETER },
		{ "", "", ERROR_INVALID_PARAMETER },
		{ "ws1", NULL, NERR_ClientNameNotFound },
		{ "\\ws1", "alice", NERR_ClientNameNotFound },
		{ "\\\\", NULL, NERR_ClientNameNotFound },
		{ "\\\\ws9", NULL, NERR_ClientNameNotFound },
		{ "\\\\ws2", "alice", NERR_ClientNameNotFound },
		{ NULL, "nobody", NERR_ClientNameNotFound },
		{ longest, NULL, NERR_ClientNameNotFound },
		{ too_long, NULL, ERROR_INVALID_PARAMETER },
		{ NULL, longest, NERR_ClientNameNotFound },
		{ NULL, too_long, ERROR_INVALID_PARAMETER },
	};
	struct srvsvc_fixture b;

	(void)state;
	memset(longest, '\\', sizeof longest - 1);
	memset(too_long, '\\', sizeof too_long - 1);
	init_with_five(&b, "documented");
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(del(&b, ADMINISTRATOR, cases[i].client, cases[i].user),
		                 cases[i].status);
		assert_int_equal(b.event.entries, 0);
		assert_int_equal(those_left(&b), 0x1F);
	}
	srvsvc_fixture_fini(&b);
}

static void only_operators_close_by_either_preset(void **state)
{
	static const char *const presets[] = { "documented", "hardened" };

	(void)state;
	for (size_t i = 0; i < COUNT(presets); i++)
		for (enum who who = 0; who < WHO_COUNT; who++) {
			bool may = who == ADMINISTRATOR || who == OPERATOR;
			struct srvsvc_fixture b;

			init_with_five(&b, presets[i]);
			assert_int_equal(del(&b, who, "without slashes", NULL),
			                 may ? NERR_ClientNameNotFound : ERROR_ACCESS_DENIED);
			assert_int_equal(del(&b, who, NULL, "bob"),
			                 may ? NERR_Success : ERROR_ACCESS_DENIED);
			assert_int_equal(those_left(&b), may ? 0x19 : 0x1F);
			srvsvc_fixture_fini(&b);
		}
}

static void a_request_that_is_cut_anywhere_faults_and_closes_nothing(void **state)
{
	struct session_del_request request = { .client = "\\\\ws1", .user = "carol" };
	struct ndr_writer w;
	struct srvsvc_fixture b;

	(void)state;
	init_with_five(&b, "hardened");
	ndr_writer_init(&w, &b.stub);
	session_del_request_encode(&w, &request);
	srvsvc_fixture_assert_cut_stubs_fault(&b, SRVSVC_NETR_SESSION_DEL);
	assert_int_equal(those_left(&b), 0x1F);
	srvsvc_fixture_fini(&b);
}

TEST_GROUP(srvsvc_session_del)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_match_is_closed_and_no_other_session),
		cmocka_unit_test(sessions_that_end_with_a_deleted_one_are_reported),
		cmocka_unit_test(each_rule_has_its_error_and_closes_nothing),
		cmocka_unit_test(only_operators_close_by_either_preset),
		cmocka_unit_test(a_request_that_is_cut_anywhere_faults_and_closes_nothing),
	};

	return cmocka_run_group_tests_name("srvsvc_session_del", tests, NULL, NULL);
}
