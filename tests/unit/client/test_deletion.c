/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "client/request.h"
#include "group.h"

#define LONGEST_UNITS 1023

static struct deletion d;
static struct err err;

static int end(void **state)
{
	(void)state;
	deletion_fini(&d);
	d = (struct deletion){ 0 };
	err = (struct err){ 0 };
	return 0;
}

static NET_API_STATUS begin(const char *client, const char *user)
{
	const struct netsession_query query = { .client = client, .user = user };

	(void)end(NULL);
	return deletion_init(&d, &query, false, &err);
}

/* A name of so many characters, freed by the caller. */
static char *name_of(const char *character, size_t count)
{
	char *name = calloc(count, strlen(character) + 1);

	assert_non_null(name);
	for (size_t i = 0; i < count; i++)
		strcat(name, character);
	return name;
}

static void a_client_gets_its_backslashes(void **state)
{
	(void)state;
	assert_int_equal(begin("fs1", NULL), NERR_Success);
	assert_string_equal(d.request.client, "\\\\fs1");
	assert_null(d.request.user);
	assert_int_equal(begin("\\\\fs1", NULL), NERR_Success);
	assert_string_equal(d.request.client, "\\\\fs1");
	assert_int_equal(begin("\\fs1", NULL), NERR_Success);
	assert_string_equal(d.request.client, "\\\\\\fs1");
}

static void a_user_is_passed_on_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(begin(NULL, "J\xC3\xBCrgen"), NERR_Success);
	assert_string_equal(d.request.user, "J\xC3\xBCrgen");
	assert_null(d.request.client);
	assert_null(d.request.server);
	assert_int_equal(begin("192.0.2.1", "mail"), NERR_Success);
	assert_string_equal(d.request.client, "\\\\192.0.2.1");
	assert_string_equal(d.request.user, "mail");
}

static void a_request_outlives_its_query(void **state)
{
	char client[] = "fs1", user[] = "mail";

	(void)state;
	assert_int_equal(begin(client, user), NERR_Success);
	memset(client, 'x', sizeof client - 1);
	memset(user, 'x', sizeof user - 1);
	assert_string_equal(d.request.client, "\\\\fs1");
	assert_string_equal(d.request.user, "mail");
}

/* It would mean everybody. */
static void neither_client_nor_user_is_refused(void **state)
{
	(void)state;
	assert_int_equal(begin(NULL, NULL), ERROR_INVALID_PARAMETER);
	assert_int_equal(err.status, ERROR_INVALID_PARAMETER);
	assert_string_not_equal(err.text, "");
	assert_int_equal(begin("", NULL), ERROR_INVALID_PARAMETER);
	assert_int_equal(begin(NULL, ""), ERROR_INVALID_PARAMETER);
	assert_int_equal(begin("", ""), ERROR_INVALID_PARAMETER);
	assert_int_equal(begin("", "mail"), NERR_Success);
	assert_null(d.request.client);
}

static void names_that_are_not_utf8_are_refused(void **state)
{
	static const char *const bad[] = { "\xFF", "a\xC3", "\xC0\xAF", "\xED\xA0\x80",
		                           "\xF4\x90\x80\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(begin(bad[i], NULL), ERROR_INVALID_PARAMETER);
		assert_int_equal(begin(NULL, bad[i]), ERROR_INVALID_PARAMETER);
		assert_int_equal(begin("fs1", bad[i]), ERROR_INVALID_PARAMETER);
		assert_string_equal(err.step, "query");
	}
}

static void check_longest(const char *character, size_t units)
{
	char *fits = name_of(character, LONGEST_UNITS / units);
	char *too_long = name_of(character, LONGEST_UNITS / units + 1);

	assert_int_equal(begin(NULL, fits), NERR_Success);
	assert_int_equal(begin(NULL, too_long), ERROR_INVALID_PARAMETER);
	assert_int_equal(begin(too_long, NULL), ERROR_INVALID_PARAMETER);
	free(fits);
	free(too_long);
}

static void names_are_measured_in_what_the_wire_counts(void **state)
{
	(void)state;
	check_longest("n", 1);
	check_longest("\xC3\xBC", 1);         /* two bytes, one unit of UTF-16 */
	check_longest("\xF0\x9F\x98\x80", 2); /* four bytes, two units */
}

static void backslashes_count_for_a_clients_length(void **state)
{
	char *name = name_of("n", LONGEST_UNITS - 1);

	(void)state;
	assert_int_equal(begin(name, NULL), ERROR_INVALID_PARAMETER);
	name[LONGEST_UNITS - 2] = '\0';
	assert_int_equal(begin(name, NULL), NERR_Success);
	free(name);
}

static void what_is_written_is_read_again(void **state)
{
	struct session_qualifier_texts texts;
	struct session_del_request request;
	struct wire_writer wire = { 0 };
	struct wire_reader r;
	struct ndr_writer w;

	(void)state;
	assert_int_equal(begin("fs1", "mail"), NERR_Success);
	ndr_writer_init(&w, &wire);
	session_del_request_encode(&w, &d.request);
	wire_reader_init(&r, wire.data, wire.len);
	session_del_request_decode(&r, &request, &texts);
	assert_null(r.error);
	assert_string_equal(request.client, "\\\\fs1");
	assert_string_equal(request.user, "mail");
	wire_writer_fini(&wire);
}

/* ---- the list before it ---- */

static const struct {
	const char *client, *user;
} listed[] = {
	{ "10.0.0.7", "LAB\\alice" },     { "10.0.0.8", "LAB\\alice" }, { "[::1]", "alice" },
	{ "\\\\10.0.0.7", "LAB\\Alice" }, { "10.0.0.7", NULL },
};

/* Adds the rows as if the list had them alone. */
static void add_listed(size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		session_deletions_add(&d.requests, d.client != NULL ? listed[i].client : NULL,
		                      d.user != NULL ? listed[i].user : NULL);
}

static void begin_list(const char *client, const char *user)
{
	const struct netsession_query query = { .client = client, .user = user };

	(void)end(NULL);
	assert_int_equal(deletion_init(&d, &query, true, &err), NERR_Success);
	assert_true(d.is_listing);
}

static void end_list(NET_API_STATUS status)
{
	assert_int_equal(deletion_end_list(&d, &(struct err){ .status = status }, &err),
	                 NERR_Success);
	assert_false(d.is_listing);
}

static void check_request(const char *client, const char *user)
{
	if (client != NULL)
		assert_string_equal(d.request.client, client);
	else
		assert_null(d.request.client);
	if (user != NULL)
		assert_string_equal(d.request.user, user);
	else
		assert_null(d.request.user);
}

static void each_spelling_of_a_user_in_the_list_is_a_request(void **state)
{
	(void)state;
	begin_list(NULL, "alice");
	add_listed(0, 4);
	end_list(NERR_Success);
	check_request(NULL, "LAB\\alice");
	assert_true(deletion_receive(&d, NERR_Success, &err));
	check_request(NULL, "alice");
	assert_true(deletion_receive(&d, NERR_Success, &err));
	check_request(NULL, "LAB\\Alice");
	assert_false(deletion_receive(&d, ERROR_ACCESS_DENIED, &err));
	assert_int_equal(err.status, NERR_Success); /* some were closed */
}

static void each_client_in_the_list_is_a_request_with_backslashes(void **state)
{
	(void)state;
	begin_list("10.0.0.7", NULL);
	add_listed(0, 1);
	add_listed(2, 3);
	end_list(NERR_Success);
	check_request("\\\\10.0.0.7", NULL);
	assert_true(deletion_receive(&d, NERR_Success, &err));
	check_request("\\\\[::1]", NULL);
	assert_false(deletion_receive(&d, NERR_Success, &err));
}

static void a_client_and_a_user_are_requested_together(void **state)
{
	(void)state;
	begin_list("10.0.0.7", "lab.example\\alice");
	add_listed(0, 1);
	end_list(NERR_Success);
	check_request("\\\\10.0.0.7", "LAB\\alice");
	assert_false(deletion_receive(&d, NERR_ClientNameNotFound, &err));
	assert_int_equal(err.status, NERR_ClientNameNotFound);
}

static void without_a_list_the_names_of_the_query_are_requested(void **state)
{
	static const NET_API_STATUS why[] = { ERROR_ACCESS_DENIED, NERR_UserNotFound },
				    status[] = { ERROR_ACCESS_DENIED, NERR_ClientNameNotFound };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin_list("::1", "alice");
		end_list(why[i]);
		check_request("\\\\::1", "alice");
		/* Samba says so of a session that is not there, too. */
		assert_false(deletion_receive(&d, ERROR_ACCESS_DENIED, &err));
		assert_int_equal(err.status, status[i]);
	}
	begin_list(NULL, "alice");
	end_list(NERR_UserNotFound);
	assert_false(deletion_receive(&d, NERR_Success, &err)); /* it came meanwhile */
	assert_int_equal(err.status, NERR_Success);
}

static void a_list_that_broke_off_is_a_failure_after_its_sessions_are_closed(void **state)
{
	const struct err broken = { .status = ERROR_BAD_NET_RESP };

	(void)state;
	begin_list(NULL, "alice");
	add_listed(0, 2);
	assert_int_equal(deletion_end_list(&d, &broken, &err), NERR_Success);
	check_request(NULL, "LAB\\alice");
	assert_false(deletion_receive(&d, NERR_Success, &err));
	assert_int_equal(err.status, ERROR_BAD_NET_RESP);
}

static void a_long_list_has_each_pair_of_names_once_and_takes_no_time(void **state)
{
	enum { PAIRS = 100000 };
	struct session_deletions many = { 0 };
	struct session_del_request request;
	uint32_t count = 0;
	char user[32];

	(void)state;
	for (uint32_t i = 0; i < 3 * PAIRS; i++) {
		snprintf(user, sizeof user, "LAB%u\\alice", (unsigned)(i % PAIRS));
		session_deletions_add(&many, "ws1", user);
	}
	assert_false(many.texts.failed);
	while (session_deletions_next(&many, &request)) {
		snprintf(user, sizeof user, "LAB%u\\alice", (unsigned)count++);
		assert_string_equal(request.user, user);
		assert_string_equal(request.client, "\\\\ws1");
	}
	assert_int_equal(count, PAIRS);
	session_deletions_fini(&many);
}

TEST_GROUP(deletion)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_long_list_has_each_pair_of_names_once_and_takes_no_time),
		cmocka_unit_test(a_client_gets_its_backslashes),
		cmocka_unit_test(a_user_is_passed_on_as_it_is),
		cmocka_unit_test(a_request_outlives_its_query),
		cmocka_unit_test(neither_client_nor_user_is_refused),
		cmocka_unit_test(names_that_are_not_utf8_are_refused),
		cmocka_unit_test(names_are_measured_in_what_the_wire_counts),
		cmocka_unit_test(backslashes_count_for_a_clients_length),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(each_spelling_of_a_user_in_the_list_is_a_request),
		cmocka_unit_test(each_client_in_the_list_is_a_request_with_backslashes),
		cmocka_unit_test(a_client_and_a_user_are_requested_together),
		cmocka_unit_test(without_a_list_the_names_of_the_query_are_requested),
		cmocka_unit_test(a_list_that_broke_off_is_a_failure_after_its_sessions_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
