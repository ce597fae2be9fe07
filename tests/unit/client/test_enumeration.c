/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <lmshare.h>
#include <cmocka.h>
#include "client/request.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL_BYTES    0xFFFFFFFFu

/* The last thing that an enumeration under test said. */
static struct {
	struct enumeration enumeration;
	struct netsession_page *page;
	struct err err;
} under_test;

static int end(void **state)
{
	(void)state;
	enumeration_fini(&under_test.enumeration);
	netsession_page_free(under_test.page);
	memset(&under_test, 0, sizeof under_test);
	return 0;
}

static NET_API_STATUS begin(const struct netsession_query *query)
{
	(void)end(NULL);
	return enumeration_init(&under_test.enumeration, query, &under_test.err);
}

static const struct session_enum_request *request(void)
{
	return &under_test.enumeration.request;
}

/* What an answer with these rows is to a client that decodes it. */
static void *infos_of(uint32_t level, const struct netsession_row rows[], uint32_t entries)
{
	struct session_enum_answer answer = { .level = level, .entries = entries };
	struct session_row_array array = { rows, entries, 0 };
	const struct session_rows source = session_rows_of_array(&array);
	struct session_enum_decoder d;
	struct wire_writer wire = { 0 };
	struct ndr_writer w;
	void *infos;

	ndr_writer_init(&w, &wire);
	session_enum_answer_encode(&w, &answer, &source);
	session_enum_decoder_init(&d, session_level_find(level));
	session_enum_decoder_feed(&d, wire.data, wire.len, false);
	assert_int_equal(session_enum_decoder_finish(&d, &answer, &infos), NERR_Success);
	session_enum_decoder_fini(&d);
	wire_writer_fini(&wire);
	return infos;
}

/* The server's answer to the request at hand. The page before is freed. */
static enum enumeration_next take(NET_API_STATUS status, const struct netsession_row rows[],
                                  uint32_t entries, uint32_t total, uint32_t resume_handle)
{
	const struct session_enum_answer answer = {
		.level = request()->level,
		.entries = entries,
		.total_entries = total,
		.has_resume_handle = true,
		.resume_handle = resume_handle,
		.status = status,
	};
	void *infos = infos_of(request()->level, rows, entries);

	netsession_page_free(under_test.page);
	return enumeration_take(&under_test.enumeration, &answer, infos, &under_test.page,
	                        &under_test.err);
}

static enum enumeration_next refuse(NET_API_STATUS status)
{
	return take(status, NULL, 0, 0, 0);
}

static const struct netsession_row crowd[] = {
	{ .client = "\\\\FS1", .user = "alice", .num_opens = 1 },
	{ .client = "192.0.2.7", .user = "bob", .num_opens = 2 },
	{ .client = "fs1", .user = "Bob", .num_opens = 3 },
	{ .client = "fs2", .user = "alice", .num_opens = 4 },
};

static void expect_opens(const uint32_t opens[], uint32_t count)
{
	assert_non_null(under_test.page);
	assert_int_equal(netsession_page_entries(under_test.page), count);
	for (uint32_t i = 0; i < count; i++) {
		struct netsession_row row;

		assert_int_equal(netsession_page_row(under_test.page, i, &row), NERR_Success);
		assert_int_equal(row.num_opens, opens[i]);
	}
}

/* ---- answers that are not complete ---- */

static void a_server_that_announces_more_than_it_sends_is_found_out(void **state)
{
	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .level = 1 }), 0);
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 4), ENUMERATION_DONE);
	assert_true(netsession_page_is_complete(under_test.page));
	assert_null(netsession_page_warning(under_test.page, 0));
	assert_int_equal(begin(&(struct netsession_query){ .level = 1 }), 0);
	assert_int_equal(take(NERR_Success, crowd, 4, 6, 4), ENUMERATION_DONE);
	assert_false(netsession_page_is_complete(under_test.page));
	assert_string_equal(netsession_page_warning(under_test.page, 0),
	                    "the server announced 6 sessions and sent 4");
	assert_null(netsession_page_warning(under_test.page, 1));
}

static void of_several_pages_the_last_one_says_it(void **state)
{
	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .level = 1, .all_pages = 1 }), 0);
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 2, 9, 2), ENUMERATION_ASK);
	assert_true(netsession_page_is_complete(under_test.page));
	assert_int_equal(take(NERR_Success, crowd, 2, 7, 4), ENUMERATION_DONE);
	assert_false(netsession_page_is_complete(under_test.page));
	assert_string_equal(netsession_page_warning(under_test.page, 0),
	                    "the server announced 7 sessions and sent 2");
}

/* Samba counts from the beginning wherever it begins; with a qualifier, servers differ. */
static void a_total_that_may_mean_other_sessions_is_not_compared(void **state)
{
	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .level = 1, .resume_handle = 5 }), 0);
	assert_int_equal(take(NERR_Success, crowd, 4, 9, 9), ENUMERATION_DONE);
	assert_true(netsession_page_is_complete(under_test.page));
	assert_int_equal(begin(&(struct netsession_query){ .level = 1, .user = "alice" }), 0);
	assert_int_equal(take(NERR_Success, crowd, 4, 9, 9), ENUMERATION_DONE);
	assert_true(netsession_page_is_complete(under_test.page));
}

static void times_that_no_session_can_have_are_not_known(void **state)
{
	static const struct netsession_row new_session = { .client = "fs1",
		                                           .active_s = UINT32_MAX,
		                                           .idle_s = 0x80000000 };
	struct netsession_row row;
	SESSION_INFO_1 *info;

	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .level = 1 }), 0);
	assert_int_equal(take(NERR_Success, &new_session, 1, 1, 1), ENUMERATION_DONE);
	assert_int_equal(netsession_page_row(under_test.page, 0, &row), 0);
	assert_int_equal(row.active_s, NETSESSION_UNKNOWN);
	assert_int_equal(row.idle_s, NETSESSION_UNKNOWN);
	assert_int_equal(row.num_opens, 0);
	info = netsession_page_take_infos(under_test.page);
	assert_int_equal(info->sesi1_time, 0);
	assert_int_equal(info->sesi1_idle_time, 0);
	assert_null(info->sesi1_username); /* as the server sent it */
	free(info);
}

/* ---- the query ---- */

static void a_client_is_asked_for_with_backslashes(void **state)
{
	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .client = "fs1", .user = "a" }), 0);
	assert_string_equal(request()->client, "\\\\fs1");
	assert_string_equal(request()->user, "a");
	assert_int_equal(begin(&(struct netsession_query){ .client = "\\\\Fs1" }), 0);
	assert_string_equal(request()->client, "\\\\Fs1");
	assert_null(request()->user);
}

static void an_address_is_asked_for_as_windows_spells_it(void **state)
{
	static const char *const asked[][2] = {
		{ "::1", "\\\\[::1]" },
		{ "\\\\0:0::1", "\\\\[::1]" },
		{ "::ffff:192.0.2.7", "\\\\192.0.2.7" },
		{ "fe80--1s4.ipv6-literal.net", "\\\\[fe80::1%4]" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(asked); i++) {
		assert_int_equal(begin(&(struct netsession_query){ .client = asked[i][0] }), 0);
		assert_string_equal(request()->client, asked[i][1]);
	}
}

static void an_empty_qualifier_is_none(void **state)
{
	(void)state;
	assert_int_equal(begin(&(struct netsession_query){ .client = "", .user = "" }), 0);
	assert_null(request()->client);
	assert_null(request()->user);
}

static void numbers_of_the_query_are_passed_on(void **state)
{
	const struct netsession_query all = { .level = 10 };
	const struct netsession_query some = { .level = 2,
		                               .preferred_bytes = 7,
		                               .resume_handle = 9 };

	(void)state;
	assert_int_equal(begin(&all), 0);
	assert_int_equal(request()->level, 10);
	assert_int_equal(request()->preferred_bytes, ALL_BYTES);
	assert_true(request()->has_resume_handle);
	assert_int_equal(begin(&some), 0);
	assert_int_equal(request()->level, 2);
	assert_int_equal(request()->preferred_bytes, 7);
	assert_int_equal(request()->resume_handle, 9);
}

static void queries_against_the_rules_are_refused(void **state)
{
	char name[1025];

	(void)state;
	memset(name, 'x', sizeof name - 1);
	name[1023] = '\0';
	assert_int_equal(begin(&(struct netsession_query){ .user = name }), NERR_Success);
	assert_int_equal(begin(&(struct netsession_query){ .client = name + 2 }), NERR_Success);
	assert_int_equal(begin(&(struct netsession_query){ .client = name + 1 }), 87);
	name[1023] = 'x';
	name[1024] = '\0';
	assert_int_equal(begin(&(struct netsession_query){ .user = name }),
	                 ERROR_INVALID_PARAMETER);
	assert_int_equal(begin(&(struct netsession_query){ .user = "\xff" }), 87);
	assert_int_equal(begin(&(struct netsession_query){ .client = "\xff" }), 87);
	assert_int_equal(begin(&(struct netsession_query){ .level = 3 }), ERROR_INVALID_LEVEL);
	assert_int_equal(under_test.err.status, ERROR_INVALID_LEVEL);
}

/* ---- qualifiers that a server neglects ---- */

static void others_than_the_client_are_left_out(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "Fs1" });
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 1, 3 }, 2);
	assert_int_equal(netsession_page_total(under_test.page), 2);
}

static void others_than_the_user_are_left_out(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .user = "BOB" });
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 2, 3 }, 2);
}

static void both_qualifiers_have_to_match(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 502, .client = "\\\\fs1", .user = "bob" });
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 3 }, 1);
}

static void a_total_counts_those_left_out_only_while_more_follow(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "fs1" });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 4, 40, 4), ENUMERATION_DONE);
	assert_int_equal(netsession_page_entries(under_test.page), 2);
	assert_int_equal(netsession_page_total(under_test.page), 40);
	begin(&(struct netsession_query){ .level = 1, .client = "fs2" });
	assert_int_equal(take(NERR_Success, crowd + 3, 1, 7, 0), ENUMERATION_DONE); /* none is */
	assert_int_equal(netsession_page_total(under_test.page), 7);
}

static void users_of_level_0_are_told_apart_at_level_10(void **state)
{
	struct netsession_row row;

	(void)state;
	begin(&(struct netsession_query){ .level = 0, .user = "bob" });
	assert_int_equal(request()->level, 10);
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_DONE);
	assert_int_equal(netsession_page_level(under_test.page), 0);
	assert_int_equal(netsession_page_entries(under_test.page), 2);
	assert_int_equal(netsession_page_row(under_test.page, 1, &row), NERR_Success);
	assert_string_equal(row.client, "fs1");
	assert_null(row.user);
}

static void level_0_itself_leaves_the_user_to_the_server(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 0, .user = "bob" });
	assert_int_equal(refuse(ERROR_INVALID_LEVEL), ENUMERATION_ASK);
	assert_int_equal(request()->level, 1);
	assert_int_equal(refuse(ERROR_ACCESS_DENIED), ENUMERATION_ASK);
	assert_int_equal(request()->level, 0);
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_DONE);
	assert_int_equal(netsession_page_entries(under_test.page), 4);
}

static void expect_nobody(const char *client, const char *user, NET_API_STATUS status)
{
	begin(&(struct netsession_query){ .level = 1, .client = client, .user = user });
	assert_int_equal(take(NERR_Success, crowd, 4, 4, 0), ENUMERATION_FAILED);
	assert_null(under_test.page);
	assert_int_equal(under_test.err.status, status);
}

static void nobody_found_names_the_qualifier_that_missed(void **state)
{
	(void)state;
	expect_nobody("fs9", NULL, NERR_ClientNameNotFound);
	expect_nobody(NULL, "carol", NERR_UserNotFound);
	expect_nobody("fs1", "carol", NERR_UserNotFound);
	expect_nobody("fs9", "alice", NERR_ClientNameNotFound);
}

static void nobody_at_all_is_no_failure_unless_somebody_was_asked_for(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1 });
	assert_int_equal(take(NERR_Success, NULL, 0, 0, 0), ENUMERATION_DONE);
	assert_int_equal(netsession_page_entries(under_test.page), 0);
	begin(&(struct netsession_query){ .level = 1, .client = "fs1", .user = "bob" });
	assert_int_equal(take(NERR_Success, NULL, 0, 0, 0), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, NERR_ClientNameNotFound);
	begin(&(struct netsession_query){ .level = 1, .user = "bob" });
	assert_int_equal(refuse(NERR_UserNotFound), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, NERR_UserNotFound);
}

static const struct netsession_row dual_stack[] = {
	{ .client = "fs1", .user = "alice", .num_opens = 1 },
	{ .client = "\\\\::FFFF:192.0.2.7", .user = "bob", .num_opens = 2 },
	{ .client = "[2001:db8:0::5]", .user = "bob", .num_opens = 3 },
};

static void an_address_that_the_server_does_not_find_is_looked_for_in_all_sessions(void **state)
{
	static const char *const clients[] = { "192.0.2.7", "2001:DB8::5" };
	static const NET_API_STATUS refusals[] = { NERR_ClientNameNotFound, NERR_UserNotFound,
		                                   NERR_Success };

	(void)state;
	for (uint32_t i = 0; i < COUNT(clients); i++)
		for (size_t r = 0; r < COUNT(refusals); r++) {
			begin(&(struct netsession_query){
				.level = 1, .client = clients[i], .user = "bob" });
			assert_non_null(request()->client);
			assert_int_equal(refuse(refusals[r]), ENUMERATION_ASK);
			assert_null(request()->client);
			assert_string_equal(request()->user, "bob");
			assert_int_equal(take(NERR_Success, dual_stack, 3, 3, 0), ENUMERATION_DONE);
			expect_opens((const uint32_t[]){ i + 2 }, 1);
		}
	begin(&(struct netsession_query){ .level = 1, .client = "::9" });
	assert_int_equal(refuse(NERR_ClientNameNotFound), ENUMERATION_ASK);
	assert_int_equal(refuse(NERR_ClientNameNotFound), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, NERR_ClientNameNotFound);
}

static void a_name_that_the_server_does_not_find_is_not_asked_for_again(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "fs9" });
	assert_int_equal(refuse(NERR_ClientNameNotFound), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, NERR_ClientNameNotFound);
	assert_non_null(strstr(under_test.err.text, "does not look up names"));
}

static void a_name_among_addresses_and_an_address_among_names_are_explained(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "fs-client.example" });
	assert_int_equal(take(NERR_Success, dual_stack + 1, 2, 2, 0), ENUMERATION_FAILED);
	assert_string_equal(under_test.err.text,
	                    "the server lists clients by address, such as ::FFFF:192.0.2.7, and "
	                    "netsession does not look up names: select the client by its address");
	begin(&(struct netsession_query){ .level = 1, .client = "192.0.2.8" });
	assert_int_equal(take(NERR_Success, dual_stack, 3, 3, 0), ENUMERATION_FAILED);
	assert_string_equal(under_test.err.text,
	                    "the server lists clients by name, such as fs1, and netsession does "
	                    "not look up names of addresses");
	begin(&(struct netsession_query){ .level = 1, .client = "192.0.2.8" });
	assert_int_equal(take(NERR_Success, dual_stack + 1, 2, 2, 0), ENUMERATION_FAILED);
	assert_string_equal(under_test.err.text, "");
}

/* ---- levels ---- */

static void auto_steps_down_from_the_richest_level(void **state)
{
	static const uint32_t levels[] = { 502, 2, 1, 10, 0 };
	static const NET_API_STATUS refusals[] = { ERROR_INVALID_LEVEL, ERROR_ACCESS_DENIED };

	(void)state;
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO });
	for (size_t i = 0; i < COUNT(levels); i++) {
		assert_int_equal(request()->level, levels[i]);
		assert_int_equal(refuse(refusals[i % 2]),
		                 i + 1 < COUNT(levels) ? ENUMERATION_ASK : ENUMERATION_FAILED);
	}
	assert_int_equal(under_test.err.status, ERROR_INVALID_LEVEL);
}

static void no_other_status_and_no_chosen_level_steps_down(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO });
	assert_int_equal(refuse(ERROR_REQ_NOT_ACCEP), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_REQ_NOT_ACCEP);
	begin(&(struct netsession_query){ .level = 502 });
	assert_int_equal(refuse(ERROR_ACCESS_DENIED), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_ACCESS_DENIED);
}

static void the_level_stays_once_a_page_was_given(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO, .all_pages = 1 });
	assert_int_equal(refuse(ERROR_INVALID_LEVEL), ENUMERATION_ASK);
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 2, 4, 2), ENUMERATION_ASK);
	assert_int_equal(netsession_page_level(under_test.page), 2);
	assert_int_equal(refuse(ERROR_ACCESS_DENIED), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_ACCESS_DENIED);
}

/* ---- pages ---- */

static void one_page_tells_where_the_next_one_begins(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .preferred_bytes = 100 });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 2, 4, 2), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 1, 2 }, 2);
	assert_true(netsession_page_has_more(under_test.page));
	assert_int_equal(netsession_page_resume_handle(under_test.page), 2);
	assert_int_equal(netsession_page_total(under_test.page), 4);
}

static void all_pages_are_asked_for_one_after_another(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .preferred_bytes = 100, .all_pages = 1 });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 3, 4, 3), ENUMERATION_ASK);
	expect_opens((const uint32_t[]){ 1, 2, 3 }, 3);
	assert_int_equal(request()->resume_handle, 3);
	assert_int_equal(request()->preferred_bytes, 100);
	assert_int_equal(take(NERR_Success, crowd + 3, 1, 1, 0), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 4 }, 1);
	assert_false(netsession_page_has_more(under_test.page));
}

/* Takes pages whose handles are 1 to lead, and then go round in a circle. Returns how many were
 * taken. */
static uint32_t pages_before_a_circle_is_noticed(uint32_t lead, uint32_t circle)
{
	uint32_t pages = 0;

	begin(&(struct netsession_query){ .level = 1, .all_pages = 1 });
	for (;; pages++) {
		uint32_t handle = pages < lead ? pages + 1 : lead + 1 + (pages - lead) % circle;

		if (take(ERROR_MORE_DATA, crowd, 1, 4, handle) != ENUMERATION_ASK)
			return pages;
	}
}

static void resume_handles_that_repeat_are_a_bad_answer(void **state)
{
	(void)state;
	for (uint32_t lead = 0; lead < 20; lead++)
		for (uint32_t circle = 1; circle < 20; circle++) {
			uint32_t pages = pages_before_a_circle_is_noticed(lead, circle);

			assert_true(pages >= lead + circle);
			assert_true(pages <= 4 * (lead + circle));
			assert_int_equal(under_test.err.status, ERROR_BAD_NET_RESP);
		}
}

static void handles_that_advance_are_followed_to_the_end(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .all_pages = 1 });
	for (uint32_t page = 0; page < 100000; page++) /* whatever the handles are */
		assert_int_equal(take(ERROR_MORE_DATA, crowd, 1, 4, (page + 1) * 2654435761u),
		                 ENUMERATION_ASK);
}

static void a_total_is_no_less_than_the_entries(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1 });
	assert_int_equal(take(NERR_Success, crowd, 4, 0, 0), ENUMERATION_DONE);
	assert_int_equal(netsession_page_total(under_test.page), 4);
}

static void a_resume_handle_that_does_not_advance_is_a_bad_answer(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .all_pages = 1, .resume_handle = 2 });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 2, 4, 2), ENUMERATION_FAILED);
	assert_null(under_test.page);
	assert_int_equal(under_test.err.status, ERROR_BAD_NET_RESP);
	begin(&(struct netsession_query){ .level = 1, .resume_handle = 2 });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 2, 4, 2), ENUMERATION_DONE);
}

static void more_data_without_an_entry_asks_for_larger_pages(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .preferred_bytes = 1, .resume_handle = 5 });
	for (uint32_t preferred_bytes = 4096; preferred_bytes != 0; preferred_bytes *= 2) {
		assert_int_equal(take(ERROR_MORE_DATA, NULL, 0, 4, 5), ENUMERATION_ASK);
		assert_null(under_test.page);
		assert_int_equal(request()->preferred_bytes, preferred_bytes);
		assert_int_equal(request()->resume_handle, 5);
	}
	assert_int_equal(take(ERROR_MORE_DATA, NULL, 0, 4, 5), ENUMERATION_ASK);
	assert_int_equal(request()->preferred_bytes, ALL_BYTES);
	assert_int_equal(take(ERROR_MORE_DATA, NULL, 0, 4, 5), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_BAD_NET_RESP);
}

static void too_much_for_one_answer_is_asked_for_in_parts(void **state)
{
	const uint32_t part_bytes = 16 * 1024 * 1024;

	(void)state;
	begin(&(struct netsession_query){ .level = 1, .resume_handle = 5 });
	assert_int_equal(refuse(ERROR_NOT_ENOUGH_MEMORY), ENUMERATION_ASK);
	assert_int_equal(request()->preferred_bytes, part_bytes);
	assert_int_equal(request()->resume_handle, 5);
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 3, 4, 8), ENUMERATION_DONE);
	assert_true(netsession_page_has_more(under_test.page));
	begin(&(struct netsession_query){ .level = 1, .all_pages = 1 });
	assert_int_equal(refuse(ERROR_NOT_ENOUGH_MEMORY), ENUMERATION_ASK);
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 3, 4, 8), ENUMERATION_ASK);
	assert_int_equal(request()->preferred_bytes, part_bytes);
	assert_int_equal(request()->resume_handle, 8);
}

static void a_part_that_is_too_much_is_a_failure(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .preferred_bytes = 100 });
	assert_int_equal(refuse(ERROR_NOT_ENOUGH_MEMORY), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_NOT_ENOUGH_MEMORY);
	begin(&(struct netsession_query){ .level = 1 });
	assert_int_equal(refuse(ERROR_NOT_ENOUGH_MEMORY), ENUMERATION_ASK);
	assert_int_equal(refuse(ERROR_NOT_ENOUGH_MEMORY), ENUMERATION_FAILED);
}

static void a_page_without_a_match_is_passed_over(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "fs2" });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 3, 4, 3), ENUMERATION_ASK);
	assert_null(under_test.page);
	assert_int_equal(request()->resume_handle, 3);
	assert_int_equal(take(NERR_Success, crowd + 3, 1, 1, 0), ENUMERATION_DONE);
	expect_opens((const uint32_t[]){ 4 }, 1);
}

static void an_end_without_a_match_is_no_failure_after_a_page(void **state)
{
	(void)state;
	begin(&(struct netsession_query){ .level = 1, .client = "fs1", .all_pages = 1 });
	assert_int_equal(take(ERROR_MORE_DATA, crowd, 3, 4, 3), ENUMERATION_ASK);
	assert_int_equal(take(NERR_Success, crowd + 3, 1, 1, 0), ENUMERATION_DONE);
	assert_int_equal(under_test.err.status, NERR_Success);
}

/* ---- rows before their page ---- */

static const struct netsession_row whole = {
	"10.0.0.1", "Mail", "type", "transport", 1, 2, 3, 4,
};

/* Whether a row of the answer to come is kept, and as what. */
static bool keeps(const struct netsession_row *row, uint32_t *level, struct netsession_row *kept)
{
	*kept = *row;
	*level = 77;
	return enumeration_accepts_row(&under_test.enumeration, level, kept);
}

static void rows_are_chosen_as_their_page_is(void **state)
{
	static const struct {
		const char *client, *user;
		bool kept;
	} cases[] = {
		{ NULL, NULL, true },           { "10.0.0.1", NULL, true },
		{ "\\\\10.0.0.1", NULL, true }, { "10.0.0.2", NULL, false },
		{ NULL, "mail", true },         { NULL, "games", false },
		{ "10.0.0.1", "MAIL", true },   { "10.0.0.1", "games", false },
		{ "10.0.0.2", "mail", false },
	};
	struct netsession_row kept;
	uint32_t level;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(&(struct netsession_query){
			.level = 1, .client = cases[i].client, .user = cases[i].user });
		assert_int_equal(keeps(&whole, &level, &kept), cases[i].kept);
		if (cases[i].kept)
			assert_int_equal(level, 1);
	}
}

static void rows_lose_what_their_level_lacks(void **state)
{
	struct netsession_row kept;
	uint32_t level;

	(void)state;
	begin(&(struct netsession_query){ .level = 0, .user = "mail" });
	assert_int_equal(request()->level, 10);
	assert_true(keeps(&whole, &level, &kept));
	assert_int_equal(level, 0);
	assert_string_equal(kept.client, "10.0.0.1");
	assert_null(kept.user);
	assert_null(kept.client_type);
	assert_null(kept.transport);
	assert_int_equal(kept.num_opens + kept.active_s + kept.idle_s + kept.user_flags, 0);
}

static void rows_of_auto_are_of_the_level_that_was_granted(void **state)
{
	struct netsession_row kept;
	uint32_t level;

	(void)state;
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO });
	assert_true(keeps(&whole, &level, &kept));
	assert_int_equal(level, 502);
	assert_string_equal(kept.transport, "transport");
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO });
	assert_int_equal(take(ERROR_INVALID_LEVEL, NULL, 0, 0, 0), ENUMERATION_ASK);
	assert_true(keeps(&whole, &level, &kept));
	assert_int_equal(level, 2);
	assert_string_equal(kept.client_type, "type");
	assert_null(kept.transport);
}

static void a_row_that_was_given_fixes_the_level(void **state)
{
	struct netsession_row kept;
	uint32_t level;

	(void)state;
	begin(&(struct netsession_query){ .level = NETSESSION_LEVEL_AUTO });
	assert_true(keeps(&whole, &level, &kept));
	assert_int_equal(take(ERROR_ACCESS_DENIED, NULL, 0, 0, 0), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, ERROR_ACCESS_DENIED);
}

static void a_row_that_is_left_out_was_not_given(void **state)
{
	struct netsession_row kept;
	uint32_t level;

	(void)state;
	begin(&(struct netsession_query){ .level = 1, .user = "games" });
	assert_false(keeps(&whole, &level, &kept));
	assert_int_equal(take(NERR_Success, &whole, 1, 1, 0), ENUMERATION_FAILED);
	assert_int_equal(under_test.err.status, NERR_UserNotFound);
}

TEST_GROUP(enumeration)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_announces_more_than_it_sends_is_found_out),
		cmocka_unit_test(of_several_pages_the_last_one_says_it),
		cmocka_unit_test(a_total_that_may_mean_other_sessions_is_not_compared),
		cmocka_unit_test(times_that_no_session_can_have_are_not_known),
		cmocka_unit_test(a_client_is_asked_for_with_backslashes),
		cmocka_unit_test(an_address_is_asked_for_as_windows_spells_it),
		cmocka_unit_test(an_empty_qualifier_is_none),
		cmocka_unit_test(numbers_of_the_query_are_passed_on),
		cmocka_unit_test(queries_against_the_rules_are_refused),
		cmocka_unit_test(others_than_the_client_are_left_out),
		cmocka_unit_test(others_than_the_user_are_left_out),
		cmocka_unit_test(both_qualifiers_have_to_match),
		cmocka_unit_test(a_total_counts_those_left_out_only_while_more_follow),
		cmocka_unit_test(users_of_level_0_are_told_apart_at_level_10),
		cmocka_unit_test(level_0_itself_leaves_the_user_to_the_server),
		cmocka_unit_test(nobody_found_names_the_qualifier_that_missed),
		cmocka_unit_test(
			an_address_that_the_server_does_not_find_is_looked_for_in_all_sessions),
		cmocka_unit_test(a_name_that_the_server_does_not_find_is_not_asked_for_again),
		cmocka_unit_test(a_name_among_addresses_and_an_address_among_names_are_explained),
		cmocka_unit_test(nobody_at_all_is_no_failure_unless_somebody_was_asked_for),
		cmocka_unit_test(auto_steps_down_from_the_richest_level),
		cmocka_unit_test(no_other_status_and_no_chosen_level_steps_down),
		cmocka_unit_test(the_level_stays_once_a_page_was_given),
		cmocka_unit_test(one_page_tells_where_the_next_one_begins),
		cmocka_unit_test(all_pages_are_asked_for_one_after_another),
		cmocka_unit_test(a_resume_handle_that_does_not_advance_is_a_bad_answer),
		cmocka_unit_test(resume_handles_that_repeat_are_a_bad_answer),
		cmocka_unit_test(handles_that_advance_are_followed_to_the_end),
		cmocka_unit_test(a_total_is_no_less_than_the_entries),
		cmocka_unit_test(more_data_without_an_entry_asks_for_larger_pages),
		cmocka_unit_test(too_much_for_one_answer_is_asked_for_in_parts),
		cmocka_unit_test(a_part_that_is_too_much_is_a_failure),
		cmocka_unit_test(a_page_without_a_match_is_passed_over),
		cmocka_unit_test(an_end_without_a_match_is_no_failure_after_a_page),
		cmocka_unit_test(rows_are_chosen_as_their_page_is),
		cmocka_unit_test(rows_lose_what_their_level_lacks),
		cmocka_unit_test(rows_of_auto_are_of_the_level_that_was_granted),
		cmocka_unit_test(a_row_that_was_given_fixes_the_level),
		cmocka_unit_test(a_row_that_is_left_out_was_not_given),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
