/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum as a server answers it, over a real table. */
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
#include "base/client_name.h"
#include "base/user_name.h"
#include "group.h"
#include "srvsvc_fixture.h"
#include "srvsvc/session_messages.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL          MAX_PREFERRED_LENGTH

struct page {
	struct session_enum_answer answer;
	void *infos;
};

static struct page ask(struct srvsvc_fixture *b, enum who who,
                       const struct session_enum_request *request)
{
	struct session_enum_decoder d;
	struct ndr_writer w;
	struct page page;

	ndr_writer_init(&w, &b->stub);
	session_enum_request_encode(&w, request);
	assert_int_equal(srvsvc_fixture_call(b, who, SRVSVC_NETR_SESSION_ENUM), 0);
	assert_string_equal(b->event.operation, "NetrSessionEnum");
	assert_int_equal(b->event.level, request->level);
	assert_string_equal(b->client, request->client != NULL ? request->client : "-");
	assert_string_equal(b->user, request->user != NULL ? request->user : "-");
	session_enum_decoder_init(&d, session_level_find(request->level));
	session_enum_decoder_feed(&d, b->answer.data, b->answer.len, false);
	assert_int_equal(session_enum_decoder_finish(&d, &page.answer, &page.infos), 0);
	session_enum_decoder_fini(&d);
	assert_int_equal(b->event.status, page.answer.status);
	assert_int_equal(b->event.entries, page.answer.entries);
	assert_int_equal(b->event.total, page.answer.total_entries);
	assert_int_equal(page.answer.has_resume_handle, request->has_resume_handle);
	return page;
}

static NET_API_STATUS status_of(struct srvsvc_fixture *b, enum who who,
                                const struct session_enum_request *request)
{
	struct page page = ask(b, who, request);

	if (page.answer.status != NERR_Success) {
		assert_int_equal(page.answer.entries, 0);
		assert_int_equal(page.answer.total_entries, 0);
		assert_int_equal(page.answer.resume_handle, request->resume_handle);
	}
	free(page.infos);
	return page.answer.status;
}

/* ---- a model of the table ---- */

#define MODEL_MAX 2000

struct model {
	struct srvsvc_fixture b;
	struct {
		uint32_t id; /* 0: removed */
		struct netsession_row row;
		bool stays; /* it was there when the enumeration began, and still is */
		unsigned given;
	} sessions[MODEL_MAX];
	uint32_t count;
	uint32_t seed;
};

static uint32_t any(struct model *m, uint32_t below)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)m->seed * below) >> 32);
}

static const char *const clients[] = { "\\\\10.0.0.1", "10.0.0.2", "\\\\WS-\xC3\x84RGER",
	                               "ws-long-name", "\\\\[2001:db8::17]" };
static const char *const users[] = {
	"alice", "LAB\\Alice", "BOB", "bob@lab.example", "\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD", ""
};

static void model_add(struct model *m)
{
	uint32_t i = m->count++;
	struct session_facts facts = {
		.client = clients[any(m, COUNT(clients))],
		.user = users[any(m, COUNT(users))],
		.client_type = "",
		.transport = "\\Device\\NetbiosSmb",
		.num_opens = i,
		.user_flags = any(m, 3),
		.created_ms = m->b.now_ms - 1000 * (int64_t)any(m, 500),
		.used_ms = m->b.now_ms,
	};

	assert_true(i < MODEL_MAX);
	m->sessions[i].id = srvsvc_fixture_add(&m->b, &facts);
	m->sessions[i].row = (struct netsession_row){
		.client = facts.client,
		.user = facts.user,
		.client_type = facts.client_type,
		.transport = facts.transport,
		.num_opens = i,
		.user_flags = facts.user_flags,
		.active_s = (uint32_t)((m->b.now_ms - facts.created_ms) / 1000),
	};
}

static void model_remove(struct model *m, uint32_t i)
{
	session_table_remove(m->b.service.table, m->sessions[i].id);
	m->sessions[i].id = 0;
	m->sessions[i].stays = false;
}

static bool model_matches(const struct model *m, uint32_t i, const struct session_enum_request *q)
{
	const struct netsession_row *row = &m->sessions[i].row;

	return m->sessions[i].id != 0 &&
	       (!session_qualifier_is_given(q->client) ||
	        client_name_equal(q->client, row->client)) &&
	       (!session_qualifier_is_given(q->user) || user_name_matches(q->user, row->user));
}

static void assert_text(const char *text, const char *expected)
{
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

static void assert_row(const struct netsession_row *row, const struct netsession_row *expected,
                       const struct session_level *level)
{
	for (size_t f = 0; f < level->field_count; f++)
		if (level->fields[f].kind == SESSION_CELL_TEXT)
			assert_text(session_row_text(row, &level->fields[f]),
			            session_row_text(expected, &level->fields[f]));
		else
			assert_int_equal(session_row_u32(row, &level->fields[f]),
			                 session_row_u32(expected, &level->fields[f]));
}

/* Compares a page with that of the model, and counts its entries. */
static void model_check(struct model *m, const struct session_enum_request *q,
                        const struct page *page)
{
	const struct session_level *level = session_level_find(q->level);
	uint32_t entries = 0, total = 0, last_id = q->resume_handle;
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0, bytes = 0;
	bool is_full = false;

	for (uint32_t i = 0; i < m->count; i++) {
		if (!model_matches(m, i, q) || m->sessions[i].id <= q->resume_handle)
			continue;
		total++;
		bytes += session_row_info_bytes(level, &m->sessions[i].row);
		is_full = is_full || (entries > 0 && bytes > q->preferred_bytes);
		if (is_full)
			continue;
		assert_true(entries < page->answer.entries);
		assert_true(session_infos_row(level, page->infos, entries++, &row, &scratch,
		                              &scratch_bytes));
		assert_row(&row, &m->sessions[i].row, level);
		m->sessions[i].given++;
		last_id = m->sessions[i].id;
	}
	free(scratch);
	assert_int_equal(page->answer.entries, entries);
	assert_int_equal(page->answer.total_entries, total);
	assert_int_equal(page->answer.status, is_full ? ERROR_MORE_DATA : NERR_Success);
	assert_int_equal(page->answer.resume_handle, last_id);
}

static void model_churn(struct model *m)
{
	for (uint32_t n = any(m, 12); n > 0; n--) {
		uint32_t i = any(m, m->count);

		if (any(m, 2) == 0 && m->count < MODEL_MAX)
			model_add(m);
		else if (m->sessions[i].id != 0)
			model_remove(m, i);
	}
}

/* One enumeration by pages, while sessions come and go. */
static void enumerate_under_churn(struct model *m)
{
	static const char *const asked_clients[] = {
		NULL, "", "\\\\10.0.0.1", "\\\\10.0.0.2", "\\\\ws-\xC3\xA4rger", "\\\\WS-LONG-NAME"
	};
	static const char *const asked_users[] = {
		NULL,         "",        "ALICE",      "bob",
		"lab\\alice", "bob@LAB", "OTHER\\bob", "\xD0\x98\xD0\x92\xD0\x90\xD0\x9D"
	};
	struct session_enum_request q = {
		.client = asked_clients[any(m, COUNT(asked_clients))],
		.user = asked_users[any(m, COUNT(asked_users))],
		.level = session_levels[any(m, SESSION_LEVEL_COUNT)].number,
		.has_resume_handle = true,
	};
	NET_API_STATUS status;

	for (uint32_t i = 0; i < m->count; i++) {
		m->sessions[i].stays = model_matches(m, i, &q);
		m->sessions[i].given = 0;
	}
	do {
		struct page page;

		q.preferred_bytes = any(m, 8) == 0 ? ALL : any(m, 3000);
		page = ask(&m->b, ADMINISTRATOR, &q);
		status = page.answer.status;
		if (status == NERR_ClientNameNotFound || status == NERR_UserNotFound) {
			for (uint32_t i = 0; i < m->count; i++)
				assert_false(model_matches(m, i, &q));
		} else {
			model_check(m, &q, &page);
			q.resume_handle = page.answer.resume_handle;
		}
		free(page.infos);
		model_churn(m);
	} while (status == ERROR_MORE_DATA);
	for (uint32_t i = 0; i < m->count; i++) {
		assert_true(m->sessions[i].given <= 1);
		if (m->sessions[i].stays && status == NERR_Success)
			assert_int_equal(m->sessions[i].given, 1);
	}
}

static void pages_neither_repeat_nor_skip_whatever_comes_and_goes(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		struct model *m = calloc(1, sizeof *m);

		srvsvc_fixture_init(&m->b, "documented");
		m->seed = seed * 2654435761u;
		for (uint32_t n = any(m, 150); n > 0; n--)
			model_add(m);
		for (unsigned n = 0; n < 6 && m->count > 0 && m->count < MODEL_MAX - 800; n++)
			enumerate_under_churn(m);
		for (uint32_t i = 0; i < m->count; i++)
			if (m->sessions[i].id != 0)
				model_remove(m, i);
		srvsvc_fixture_fini(&m->b);
		free(m);
	}
}

/* ---- single rules ---- */

static const struct session_facts three[] = {
	{ .client = "\\\\ws1", .user = "alice", .num_opens = 1 },
	{ .client = "ws2", .user = "bob", .num_opens = 2 },
	{ .client = "\\\\ws1", .user = "carol", .num_opens = 3 },
};

static void init_with_three(struct srvsvc_fixture *b, const char *preset)
{
	srvsvc_fixture_init(b, preset);
	for (size_t i = 0; i < COUNT(three); i++)
		srvsvc_fixture_add(b, &three[i]);
}

/* Longest, and one too long: 1,023 and 1,024 characters without the terminator. */
static char longest[1024], too_long[1025];

static void each_rule_of_the_qualifiers_has_its_error(void **state)
{
	static const struct {
		const char *client, *user;
		NET_API_STATUS status;
	} cases[] = {
		{ NULL, NULL, NERR_Success },
		{ "", "", NERR_Success },
		{ "\\\\ws1", NULL, NERR_Success },
		{ "\\\\WS1", "", NERR_Success },
		{ "\\\\ws2", "bob", NERR_Success },
		{ "", "CAROL", NERR_Success },
		{ "ws1", NULL, NERR_InvalidComputer },
		{ "\\ws1", NULL, NERR_InvalidComputer },
		{ "\\\\ws9", NULL, NERR_ClientNameNotFound },
		{ "\\\\ws9", "alice", NERR_ClientNameNotFound },
		{ "\\\\ws9", "nobody", NERR_ClientNameNotFound },
		{ "\\\\ws1", "bob", NERR_UserNotFound },
		{ "\\\\ws1", "nobody", NERR_UserNotFound },
		{ NULL, "nobody", NERR_UserNotFound },
		{ "\\\\", NULL, NERR_ClientNameNotFound },
		{ longest, NULL, NERR_ClientNameNotFound },
		{ too_long, NULL, ERROR_INVALID_PARAMETER },
		{ NULL, longest, NERR_UserNotFound },
		{ NULL, too_long, ERROR_INVALID_PARAMETER },
	};
	struct srvsvc_fixture b;

	(void)state;
	memset(longest, '\\', sizeof longest - 1);
	memset(too_long, '\\', sizeof too_long - 1);
	init_with_three(&b, "hardened");
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(
			status_of(&b, ADMINISTRATOR,
		                  &(struct session_enum_request){ .client = cases[i].client,
		                                                  .user = cases[i].user,
		                                                  .level = 10,
		                                                  .preferred_bytes = ALL }),
			cases[i].status);
	srvsvc_fixture_fini(&b);
}

static void an_unknown_level_is_reported_to_every_caller(void **state)
{
	static const uint32_t levels[] = { 3, 9, 11, 501, 503, 0xFFFFFFFF };
	struct wire_reader r;
	struct srvsvc_fixture b;

	(void)state;
	init_with_three(&b, "hardened");
	for (size_t i = 0; i < COUNT(levels); i++)
		for (enum who who = 0; who < WHO_COUNT; who++) {
			struct ndr_writer w;

			ndr_writer_init(&w, &b.stub);
			session_enum_request_encode(
				&w, &(struct session_enum_request){ .client = "without slashes",
			                                            .level = levels[i] });
			assert_int_equal(srvsvc_fixture_call(&b, who, SRVSVC_NETR_SESSION_ENUM), 0);
			assert_int_equal(b.event.status, ERROR_INVALID_LEVEL);
			/* A union without that arm, no entries, no resume handle. */
			wire_reader_init(&r, b.answer.data, b.answer.len);
			assert_int_equal(ndr_get_u32(&r), levels[i]);
			assert_int_equal(ndr_get_u32(&r), levels[i]);
			assert_int_equal(ndr_get_u32(&r), 0);
			assert_int_equal(ndr_get_u32(&r), 0);
			assert_int_equal(ndr_get_u32(&r), ERROR_INVALID_LEVEL);
			assert_null(r.error);
			assert_int_equal(wire_left(&r), 0);
		}
	srvsvc_fixture_fini(&b);
}

static void each_level_is_for_the_users_of_the_preset(void **state)
{
	static const struct {
		const char *preset;
		uint32_t level;
		bool is_for_strangers;
	} cases[] = {
		{ "documented", 0, true },    { "documented", 10, true },
		{ "documented", 1, false },   { "documented", 2, false },
		{ "documented", 502, false }, { "hardened", 0, false },
		{ "hardened", 10, false },    { "hardened", 1, false },
		{ "hardened", 2, false },     { "hardened", 502, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (enum who who = 0; who < WHO_COUNT; who++) {
			bool may = who == ADMINISTRATOR || who == OPERATOR ||
			           (who == STRANGER && cases[i].is_for_strangers);
			struct session_enum_request q = { .level = cases[i].level,
				                          .preferred_bytes = ALL };
			struct srvsvc_fixture b;

			init_with_three(&b, cases[i].preset);
			assert_int_equal(status_of(&b, who, &q),
			                 may ? NERR_Success : ERROR_ACCESS_DENIED);
			q.client = "without slashes"; /* reported to callers with access only */
			assert_int_equal(status_of(&b, who, &q),
			                 may ? NERR_InvalidComputer : ERROR_ACCESS_DENIED);
			srvsvc_fixture_fini(&b);
		}
}

static void an_empty_table_is_a_success_without_qualifiers(void **state)
{
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	assert_int_equal(status_of(&b, ADMINISTRATOR, &(struct session_enum_request){ .level = 1 }),
	                 NERR_Success);
	assert_int_equal(status_of(&b, ADMINISTRATOR,
	                           &(struct session_enum_request){ .level = 1, .user = "alice" }),
	                 NERR_UserNotFound);
	srvsvc_fixture_fini(&b);
}

static void past_the_end_is_a_success_without_entries(void **state)
{
	static const char *const asked[] = { NULL, "\\\\ws1" };
	struct srvsvc_fixture b;

	(void)state;
	init_with_three(&b, "hardened");
	for (size_t i = 0; i < COUNT(asked); i++)
		for (uint32_t handle = 3; handle < 6; handle++) {
			struct session_enum_request q = { .client = asked[i],
				                          .level = 2,
				                          .preferred_bytes = ALL,
				                          .has_resume_handle = true,
				                          .resume_handle = handle };
			struct page page = ask(&b, ADMINISTRATOR, &q);

			assert_int_equal(page.answer.status, NERR_Success);
			assert_int_equal(page.answer.entries, 0);
			assert_int_equal(page.answer.total_entries, 0);
			assert_int_equal(page.answer.resume_handle, handle);
		}
	srvsvc_fixture_fini(&b);
}

static void at_least_one_entry_is_given_and_a_handle_need_not_be(void **state)
{
	struct session_enum_request q = { .level = 1, .preferred_bytes = 0 };
	struct page page;
	struct srvsvc_fixture b;

	(void)state;
	init_with_three(&b, "hardened");
	page = ask(&b, ADMINISTRATOR, &q);
	assert_int_equal(page.answer.status, ERROR_MORE_DATA);
	assert_int_equal(page.answer.entries, 1);
	assert_int_equal(page.answer.total_entries, 3);
	assert_false(page.answer.has_resume_handle);
	free(page.infos);
	srvsvc_fixture_fini(&b);
}

static void the_preferred_length_counts_what_a_caller_gets_to_the_byte(void **state)
{
	/* Of level 1: an entry, "\\ws1" or "ws2", and "alice", "bob" or "carol". */
	const size_t bytes[] = { sizeof(SESSION_INFO_1) + 2 * (6 + 6),
		                 sizeof(SESSION_INFO_1) + 2 * (4 + 4),
		                 sizeof(SESSION_INFO_1) + 2 * (6 + 6) };
	struct srvsvc_fixture b;

	(void)state;
	init_with_three(&b, "hardened");
	for (uint32_t n = 2; n <= 3; n++) {
		struct session_enum_request q = { .level = 1 };

		for (uint32_t i = 0; i < n; i++)
			q.preferred_bytes += (uint32_t)bytes[i];
		for (unsigned less = 0; less < 2; less++, q.preferred_bytes--) {
			struct page page = ask(&b, ADMINISTRATOR, &q);

			assert_int_equal(page.answer.entries, n - less);
			free(page.infos);
		}
	}
	srvsvc_fixture_fini(&b);
}

static void an_answer_is_bounded_even_if_all_sessions_are_requested(void **state)
{
	struct session_enum_request q = { .level = 502, .preferred_bytes = ALL };
	uint32_t got = 0;
	struct page page;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	b.service.max_answer_bytes = 20000;
	for (unsigned i = 0; i < 1000; i++)
		srvsvc_fixture_add(&b, &three[i % COUNT(three)]);
	assert_int_equal(status_of(&b, ADMINISTRATOR, &q), ERROR_NOT_ENOUGH_MEMORY);
	q.preferred_bytes = ALL - 1;
	q.has_resume_handle = true;
	do {
		page = ask(&b, ADMINISTRATOR, &q);
		assert_int_in_range(b.answer.len, 1, 20000 + 100);
		assert_int_in_range(page.answer.entries, 1, 1000);
		assert_int_equal(page.answer.total_entries, 1000 - got);
		got += page.answer.entries;
		q.resume_handle = page.answer.resume_handle;
		free(page.infos);
	} while (page.answer.status == ERROR_MORE_DATA);
	assert_int_equal(page.answer.status, NERR_Success);
	assert_int_equal(got, 1000);
	srvsvc_fixture_fini(&b);
}

static void unread_answers_of_others_leave_less_for_an_answer(void **state)
{
	struct session_enum_request q = { .level = 502, .preferred_bytes = ALL };
	size_t first = 0, second = 0;
	uint32_t all, few;
	struct page page;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (unsigned i = 0; i < 1000; i++)
		srvsvc_fixture_add(&b, &three[i % COUNT(three)]);
	page = ask(&b, ADMINISTRATOR, &q);
	all = page.answer.entries;
	free(page.infos);
	srvsvc_count_held(&b.service, NULL, &first, 3 << 20);
	srvsvc_count_held(&b.service, NULL, &second, (1 << 20) - 80000);
	assert_int_equal(status_of(&b, ADMINISTRATOR, &q), ERROR_NOT_ENOUGH_MEMORY);
	q.preferred_bytes = ALL - 1;
	page = ask(&b, ADMINISTRATOR, &q);
	few = page.answer.entries;
	assert_int_in_range(few, 1, all - 1);
	assert_int_in_range(b.answer.len, 70000, 80000);
	free(page.infos);
	srvsvc_count_held(&b.service, NULL, &second, 4 << 20); /* more than there should be */
	page = ask(&b, ADMINISTRATOR, &q);
	assert_int_in_range(b.answer.len, 55000, 65536);
	free(page.infos);
	srvsvc_count_held(&b.service, NULL, &second, 0);
	srvsvc_count_held(&b.service, NULL, &first, 0);
	assert_int_equal(b.service.held_bytes, 0);
	q.preferred_bytes = ALL;
	page = ask(&b, ADMINISTRATOR, &q);
	assert_int_equal(page.answer.entries, all);
	free(page.infos);
	srvsvc_fixture_fini(&b);
}

/* ---- calls that are run in parts ---- */

enum { CROWD = 300, NEWCOMERS = 2 * CROWD };

/* Who was there from before the call until after it. */
static bool is_gone[CROWD];
static uint32_t visited;

static void add_to_crowd(struct srvsvc_fixture *b, uint32_t number)
{
	char client[32];

	snprintf(client, sizeof client, "\\\\c%u", number);
	srvsvc_fixture_add(b, &(struct session_facts){ .client = client,
	                                               .user = number % 3 == 0   ? "LAB\\alice"
	                                                       : number % 3 == 1 ? "alice"
	                                                                         : "bob" });
}

/* The session that was visited last ends, another one ends, and one begins. */
static bool churn_between_parts(struct srvsvc_fixture *b)
{
	uint32_t ending[] = { visited % CROWD, (visited * 7 + 5) % CROWD };

	for (size_t i = 0; i < COUNT(ending); i++)
		if (ending[i] % 5 == 0 && !is_gone[ending[i]]) {
			session_table_remove(b->service.table, b->ids[ending[i]]);
			is_gone[ending[i]] = true;
		}
	if (b->id_count < NEWCOMERS)
		add_to_crowd(b, (uint32_t)b->id_count);
	visited++;
	return true;
}

static void assert_has_all_who_stayed(const struct page *page, const struct session_enum_request *q)
{
	struct netsession_row row;
	size_t scratch_bytes = 0;
	char *scratch = NULL;
	uint32_t entry = 0, number = 0;

	for (; entry < page->answer.entries; entry++, number++) {
		char client[32];

		assert_true(session_infos_row(session_level_find(q->level), page->infos, entry,
		                              &row, &scratch, &scratch_bytes));
		for (;; number++) { /* in the order in which they began */
			assert_int_in_range(number, 0, NEWCOMERS - 1);
			snprintf(client, sizeof client, "\\\\c%u", number);
			if (strcmp(client, row.client) == 0)
				break;
			assert_true(number >= CROWD || is_gone[number] ||
			            (q->user != NULL && number % 3 == 2));
		}
		assert_true(q->user == NULL || number % 3 != 2);
	}
	for (; number < CROWD; number++)
		assert_true(is_gone[number] || (q->user != NULL && number % 3 == 2));
	free(scratch);
}

static void a_long_call_is_run_in_parts_while_sessions_come_and_go(void **state)
{
	static const char *const selected[] = { NULL, "alice", "OTHER\\bob" };

	(void)state;
	for (size_t i = 0; i < COUNT(selected); i++)
		for (uint32_t visits = 1; visits < 40; visits += 6) {
			struct session_enum_request q = { .level = 502,
				                          .user = selected[i],
				                          .preferred_bytes = ALL };
			struct srvsvc_fixture b;
			struct page page;

			srvsvc_fixture_init(&b, "hardened");
			for (uint32_t n = 0; n < CROWD; n++)
				add_to_crowd(&b, n);
			memset(is_gone, 0, sizeof is_gone);
			visited = 0;
			b.service.part_visits = visits;
			b.between = churn_between_parts;
			page = ask(&b, ADMINISTRATOR, &q);
			assert_int_equal(page.answer.total_entries, page.answer.entries);
			assert_true(b.parts > CROWD / 3 / visits);
			if (i < 2)
				assert_has_all_who_stayed(&page, &q);
			free(page.infos);
			assert_int_equal(b.service.held_bytes, 0);
			srvsvc_fixture_fini(&b);
		}
}

static bool caller_goes_away(struct srvsvc_fixture *b)
{
	return b->parts < 5;
}

static void a_caller_who_goes_away_leaves_nothing_of_an_unfinished_call(void **state)
{
	struct session_enum_request q = { .level = 502, .preferred_bytes = ALL };
	struct srvsvc_account account = { 0 };
	struct srvsvc_fixture b;
	struct ndr_writer w;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (uint32_t n = 0; n < CROWD; n++)
		add_to_crowd(&b, n);
	b.service.part_visits = 8;
	b.account = &account;
	b.between = caller_goes_away;
	ndr_writer_init(&w, &b.stub);
	session_enum_request_encode(&w, &q);
	assert_int_equal(srvsvc_fixture_call(&b, ADMINISTRATOR, SRVSVC_NETR_SESSION_ENUM),
	                 RPC_CALL_UNFINISHED);
	assert_int_equal(b.parts, 5);
	assert_int_equal(b.service.held_bytes, 0);
	assert_int_equal(account.held_bytes, 0);
	srvsvc_fixture_fini(&b);
}

static void an_account_that_holds_all_it_may_gets_faults_and_others_get_answers(void **state)
{
	struct srvsvc_account account = { 0 }, other = { 0 };
	struct session_enum_request q = { .level = 0, .preferred_bytes = ALL };
	struct srvsvc_fixture b;
	struct ndr_writer w;
	size_t held = 0;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	add_to_crowd(&b, 0);
	b.account = &account;
	srvsvc_count_held(&b.service, &account, &held, b.service.max_held_of_account);
	ndr_writer_init(&w, &b.stub);
	session_enum_request_encode(&w, &q);
	assert_int_equal(srvsvc_fixture_call(&b, ADMINISTRATOR, SRVSVC_NETR_SESSION_ENUM),
	                 RPC_FAULT_REMOTE_NO_MEMORY);
	b.account = &other;
	assert_int_equal(status_of(&b, ADMINISTRATOR, &q), NERR_Success);
	srvsvc_count_held(&b.service, &account, &held, 0);
	b.account = &account;
	assert_int_equal(status_of(&b, ADMINISTRATOR, &q), NERR_Success);
	srvsvc_fixture_fini(&b);
}

static void an_account_gets_no_more_than_half_of_what_is_left_for_all(void **state)
{
	struct srvsvc_account account = { 0 };
	struct srvsvc_server *s;
	struct srvsvc_fixture b;
	size_t held = 0;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	s = &b.service;
	assert_int_equal(srvsvc_memory_left(s, NULL), s->max_held_bytes);
	assert_int_equal(srvsvc_memory_left(s, &account), s->max_held_of_account);
	srvsvc_count_held(s, NULL, &held, s->max_held_bytes - 1000);
	assert_int_equal(srvsvc_memory_left(s, &account), 500);
	srvsvc_count_held(s, NULL, &held, 0);
	srvsvc_count_held(s, &account, &held, s->max_held_of_account - 7);
	assert_int_equal(srvsvc_memory_left(s, &account), 7);
	srvsvc_count_held(s, &account, &held, 0);
	srvsvc_fixture_fini(&b);
}

static void a_bound_holds_for_texts_of_any_length(void **state)
{
	char text[SESSION_TABLE_TEXT_BYTES];
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (size_t bytes = 1; bytes < 40; bytes++) {
		memset(text, 'x', bytes);
		text[bytes] = '\0';
		srvsvc_fixture_add(&b, &(struct session_facts){ .client = text,
		                                                .user = text,
		                                                .client_type = text,
		                                                .transport = text });
	}
	for (size_t i = 0; i < SESSION_LEVEL_COUNT; i++)
		for (b.service.max_answer_bytes = 0; b.service.max_answer_bytes < 9000;
		     b.service.max_answer_bytes += 61) {
			struct session_enum_request q = { .level = session_levels[i].number,
				                          .preferred_bytes = 0x7FFFFFFF };
			struct page page = ask(&b, ADMINISTRATOR, &q);

			if (page.answer.entries > 1) /* beside the head and the tail */
				assert_int_in_range(b.answer.len, 1,
				                    b.service.max_answer_bytes + 48);
			free(page.infos);
		}
	srvsvc_fixture_fini(&b);
}

static void times_are_seconds_until_now(void **state)
{
	struct session_enum_request q = { .level = 10, .preferred_bytes = ALL };
	const SESSION_INFO_10 *info;
	struct page page;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	srvsvc_fixture_add(&b, &(struct session_facts){ .client = "ws",
	                                                .user = "u",
	                                                .created_ms = b.now_ms - 61000,
	                                                .used_ms = b.now_ms - 4000 });
	b.now_ms += 1000;
	page = ask(&b, ADMINISTRATOR, &q);
	info = page.infos;
	assert_int_equal(info->sesi10_time, 62);
	assert_int_equal(info->sesi10_idle_time, 5);
	free(page.infos);
	srvsvc_fixture_fini(&b);
}

static void a_request_that_is_cut_anywhere_faults(void **state)
{
	struct session_enum_request q = { .server = "srv",
		                          .client = "\\\\ws1",
		                          .user = "alice",
		                          .level = 1,
		                          .preferred_bytes = ALL };
	struct srvsvc_fixture b;

	(void)state;
	init_with_three(&b, "hardened");
	for (unsigned has = 0; has < 2; has++) {
		struct ndr_writer w;

		q.has_resume_handle = has;
		ndr_writer_init(&w, &b.stub);
		session_enum_request_encode(&w, &q);
		srvsvc_fixture_assert_cut_stubs_fault(&b, SRVSVC_NETR_SESSION_ENUM);
	}
	srvsvc_fixture_fini(&b);
}

TEST_GROUP(srvsvc_session_enum)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_neither_repeat_nor_skip_whatever_comes_and_goes),
		cmocka_unit_test(each_rule_of_the_qualifiers_has_its_error),
		cmocka_unit_test(an_unknown_level_is_reported_to_every_caller),
		cmocka_unit_test(each_level_is_for_the_users_of_the_preset),
		cmocka_unit_test(an_empty_table_is_a_success_without_qualifiers),
		cmocka_unit_test(past_the_end_is_a_success_without_entries),
		cmocka_unit_test(at_least_one_entry_is_given_and_a_handle_need_not_be),
		cmocka_unit_test(the_preferred_length_counts_what_a_caller_gets_to_the_byte),
		cmocka_unit_test(an_answer_is_bounded_even_if_all_sessions_are_requested),
		cmocka_unit_test(unread_answers_of_others_leave_less_for_an_answer),
		cmocka_unit_test(a_long_call_is_run_in_parts_while_sessions_come_and_go),
		cmocka_unit_test(a_caller_who_goes_away_leaves_nothing_of_an_unfinished_call),
		cmocka_unit_test(
			an_account_that_holds_all_it_may_gets_faults_and_others_get_answers),
		cmocka_unit_test(an_account_gets_no_more_than_half_of_what_is_left_for_all),
		cmocka_unit_test(a_bound_holds_for_texts_of_any_length),
		cmocka_unit_test(times_are_seconds_until_now),
		cmocka_unit_test(a_request_that_is_cut_anywhere_faults),
	};

	return cmocka_run_group_tests_name("srvsvc_session_enum", tests, NULL, NULL);
}
