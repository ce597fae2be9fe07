/* SPDX-License-Identifier: MIT */
/* A publisher, and a netsessiond that is as slow, as wrong or as dead as a test needs. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <lmerr.h>
#include <cmocka.h>
#include <netsession.h>
#include "group.h"
#include "local/publish_message.h"

#define MOST 1000 /* sessions */

static struct {
	char folder[40], path[64];
	int listening, peer; /* netsessiond's sockets */
	struct publish_input input;
	struct publish_message greeting; /* of kind 0: netsessiond says nothing */
	struct publish_message behind; /* the greeting, in one piece with it; of kind 0: nothing */
	struct publish_message hello;
	char hello_name[64];
	struct netsession_publisher *publisher;
	struct netsession_error error;
	unsigned closes, refusals, asks;
	bool looks; /* it is to be asked */
	uint64_t key;
	uint32_t refusal;
} under_test;

/* ---- netsessiond ---- */

static void say_both(const struct publish_message *m, const struct publish_message *next)
{
	struct wire_writer w = { 0 };

	publish_message_encode(&w, m);
	if (next->kind != 0)
		publish_message_encode(&w, next);
	assert_int_equal(send(under_test.peer, w.data, w.len, MSG_NOSIGNAL), w.len);
	wire_writer_fini(&w);
}

static void say(const struct publish_message *m)
{
	say_both(m, &(struct publish_message){ 0 });
}

/* The next message that has come. False: there is none. Adds the bytes that were read to *read. */
static bool hear(struct publish_message *m, size_t *read)
{
	const char *error;

	while (!publish_input_next(&under_test.input, m, &error)) {
		size_t room;
		uint8_t *space = publish_input_space(&under_test.input, &room);
		ssize_t bytes = recv(under_test.peer, space, room, MSG_DONTWAIT);

		assert_null(error);
		if (bytes <= 0)
			return false;
		publish_input_received(&under_test.input, (size_t)bytes);
		*read += (size_t)bytes;
	}
	return true;
}

static void expect(enum publish_kind kind, uint64_t key, size_t *read)
{
	struct publish_message m;

	assert_true(hear(&m, read));
	assert_int_equal(m.kind, kind);
	assert_true(m.key == key);
}

static void expect_nothing(size_t *read)
{
	struct publish_message m;

	assert_false(hear(&m, read));
}

static void took(size_t bytes)
{
	say(&(struct publish_message){ .kind = PUBLISH_ACCEPTED, .bytes = (uint32_t)bytes });
}

/* Lets one in: on a thread, since the other side waits. */
static void *let_in(void *nothing)
{
	size_t room;
	const char *error;
	uint8_t *space = publish_input_space(&under_test.input, &room);
	ssize_t bytes;

	under_test.peer = accept(under_test.listening, NULL, NULL);
	bytes = recv(under_test.peer, space, room, 0);
	publish_input_received(&under_test.input, bytes > 0 ? (size_t)bytes : 0);
	if (publish_input_next(&under_test.input, &under_test.hello, &error))
		snprintf(under_test.hello_name, sizeof under_test.hello_name, "%s",
		         under_test.hello.name);
	if (under_test.greeting.kind != 0)
		say_both(&under_test.greeting, &under_test.behind);
	return nothing;
}

/* ---- the file server ---- */

static void on_close(void *context, uint64_t key)
{
	(void)context;
	under_test.closes++;
	under_test.key = key;
}

static void on_refused(void *context, uint64_t key, const struct netsession_error *error)
{
	(void)context;
	under_test.refusals++;
	under_test.key = key;
	under_test.refusal = error->status;
}

static void on_asked(void *context)
{
	(void)context;
	under_test.asks++;
}

static uint32_t open_feed(uint32_t timeout_ms)
{
	static const struct netsession_publisher_handler tells = { .on_close = on_close,
		                                                   .on_refused = on_refused };
	static const struct netsession_publisher_handler looks = { .on_close = on_close,
		                                                   .on_refused = on_refused,
		                                                   .on_refresh = on_asked };
	struct netsession_publisher_options options = { .socket = under_test.path,
		                                        .name = "filesrv",
		                                        .timeout_ms = timeout_ms };

	return netsession_publisher_open(&options, under_test.looks ? &looks : &tells, NULL,
	                                 &under_test.publisher, &under_test.error);
}

/* Opens it to a netsessiond that says greeting. */
static uint32_t greeted(const struct publish_message *greeting, uint32_t timeout_ms)
{
	pthread_t thread;
	uint32_t status;

	under_test.greeting = *greeting;
	assert_int_equal(pthread_create(&thread, NULL, let_in, NULL), 0);
	status = open_feed(timeout_ms);
	pthread_join(thread, NULL);
	return status;
}

static void open_well(void)
{
	static const struct publish_message welcome = { .kind = PUBLISH_WELCOME,
		                                        .version = PUBLISH_VERSION,
		                                        .max_sessions = MOST };

	assert_int_equal(greeted(&welcome, 0), 0);
}

static uint32_t put(uint64_t key)
{
	struct netsession_row row = { .client = "10.0.0.7", .user = "zoë" };

	return netsession_publisher_put(under_test.publisher, key, &row);
}

static uint32_t dispatch(void)
{
	return netsession_publisher_dispatch(under_test.publisher, &under_test.error);
}

static int set_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)state;
	memset(&under_test, 0, sizeof under_test);
	under_test.peer = -1;
	strcpy(under_test.folder, "/tmp/netsession-publisher-XXXXXX");
	if (mkdtemp(under_test.folder) == NULL)
		return -1;
	snprintf(under_test.path, sizeof under_test.path, "%s/publish.sock", under_test.folder);
	strcpy(address.sun_path, under_test.path);
	under_test.listening = socket(AF_UNIX, SOCK_STREAM, 0);
	return bind(under_test.listening, (struct sockaddr *)&address, sizeof address) == 0 &&
	                       listen(under_test.listening, 5) == 0
	               ? 0
	               : -1;
}

static int tear_down(void **state)
{
	(void)state;
	netsession_publisher_close(under_test.publisher);
	if (under_test.peer >= 0)
		close(under_test.peer);
	close(under_test.listening);
	unlink(under_test.path);
	rmdir(under_test.folder);
	return 0;
}

/* ---- how it begins ---- */

static void a_feed_introduces_itself_and_is_let_in(void **state)
{
	(void)state;
	open_well();
	assert_int_equal(under_test.hello.kind, PUBLISH_HELLO);
	assert_int_equal(under_test.hello.version, PUBLISH_VERSION);
	assert_string_equal(under_test.hello_name, "filesrv");
	assert_int_equal(under_test.hello.wants_refresh, 0);
	assert_int_equal(under_test.error.status, 0);
}

static void one_that_looks_wants_to_be_asked(void **state)
{
	(void)state;
	under_test.looks = true;
	open_well();
	assert_int_equal(under_test.hello.wants_refresh, 1);
}

static void a_request_that_comes_with_the_welcome_waits_to_be_dispatched(void **state)
{
	size_t read = 0;

	(void)state;
	under_test.looks = true;
	under_test.behind = (struct publish_message){ .kind = PUBLISH_REFRESH, .number = 1 };
	open_well();
	assert_int_equal(under_test.asks, 0);
	assert_int_equal(dispatch(), 0);
	assert_int_equal(under_test.asks, 1);
	netsession_publisher_refreshed(under_test.publisher);
	expect(PUBLISH_REFRESHED, 0, &read);
}

static void a_refusal_has_a_story(void **state)
{
	(void)state;
	assert_int_equal(
		greeted(&(struct publish_message){ .kind = PUBLISH_REFUSED, .status = 5 }, 0), 5);
	assert_null(under_test.publisher);
	assert_string_equal(
		under_test.error.text,
		"access denied at publisher (5): the access policy of netsessiond does not let "
		"this user publish");
}

static void who_is_no_netsessiond_is_found_out(void **state)
{
	(void)state;
	assert_int_equal(
		greeted(&(struct publish_message){ .kind = PUBLISH_ACCEPTED, .bytes = 1 }, 0),
		ERROR_BAD_NET_RESP);
	assert_null(under_test.publisher);
}

static void a_welcome_of_another_version_is_none(void **state)
{
	static const struct publish_message welcome = { .kind = PUBLISH_WELCOME,
		                                        .version = PUBLISH_VERSION + 1 };

	(void)state;
	assert_int_equal(greeted(&welcome, 0), ERROR_BAD_NET_RESP);
}

/* Refuses version 4 as a netsessiond does that only knows version 3, then accepts version 3. */
static void *let_in_older(void *nothing)
{
	under_test.greeting = (struct publish_message){ .kind = PUBLISH_REFUSED,
		                                        .status = ERROR_NOT_SUPPORTED };
	(void)let_in(nothing);
	close(under_test.peer);
	under_test.input = (struct publish_input){ 0 };
	under_test.greeting = (struct publish_message){ .kind = PUBLISH_WELCOME,
		                                        .version = PUBLISH_VERSION_3,
		                                        .max_sessions = MOST };
	return let_in(nothing);
}

static void an_older_netsessiond_gets_zeros_and_no_state(void **state)
{
	static const struct netsession_row row = { .client = "10.0.0.7",
		                                   .num_opens = NETSESSION_UNKNOWN,
		                                   .active_s = NETSESSION_UNKNOWN,
		                                   .idle_s = NETSESSION_UNKNOWN,
		                                   .user_flags = NETSESSION_UNKNOWN };
	struct publish_message m;
	pthread_t thread;
	size_t read = 0;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, let_in_older, NULL), 0);
	assert_int_equal(open_feed(0), 0);
	pthread_join(thread, NULL);
	assert_int_equal(under_test.hello.version, PUBLISH_VERSION_3);
	assert_int_equal(netsession_publisher_put(under_test.publisher, 1, &row), 0);
	assert_int_equal(netsession_publisher_set_complete(under_test.publisher, 0, "why"), 0);
	assert_true(hear(&m, &read));
	assert_int_equal(m.kind, PUBLISH_PUT);
	assert_int_equal(m.row.num_opens | m.row.active_s | m.row.idle_s | m.row.user_flags, 0);
	took(read);
	assert_int_equal(dispatch(), 0);
	read = 0;
	expect_nothing(&read);
}

static void numbers_that_are_not_known_are_sent_as_such(void **state)
{
	static const struct netsession_row row = { .client = "10.0.0.7",
		                                   .num_opens = NETSESSION_UNKNOWN,
		                                   .active_s = 60,
		                                   .idle_s = NETSESSION_UNKNOWN };
	struct publish_message m;
	size_t read = 0;

	(void)state;
	open_well();
	assert_int_equal(netsession_publisher_put(under_test.publisher, 1, &row), 0);
	assert_true(hear(&m, &read));
	assert_int_equal(m.row.num_opens, NETSESSION_UNKNOWN);
	assert_int_equal(m.row.idle_s, NETSESSION_UNKNOWN);
	assert_int_in_range(m.row.active_s, 60, 70);
}

static void what_is_missing_is_sent_once_and_behind_the_changes(void **state)
{
	struct netsession_publisher *p;
	struct publish_message m;
	size_t read = 0;
	char long_text[PUBLISH_MAX_TEXT_BYTES + 1] = { 0 };

	(void)state;
	open_well();
	p = under_test.publisher;
	assert_int_equal(netsession_publisher_set_complete(p, 1, NULL), 0); /* as before */
	assert_int_equal(put(1), 0);
	assert_int_equal(netsession_publisher_set_complete(p, 0, "a\nb"), ERROR_INVALID_PARAMETER);
	assert_int_equal(netsession_publisher_set_complete(p, 0, "first"), 0);
	assert_int_equal(netsession_publisher_set_complete(p, 0, "müller is missing"), 0);
	assert_int_equal(netsession_publisher_set_complete(p, 0, "müller is missing"), 0);
	expect(PUBLISH_PUT, 1, &read);
	expect_nothing(&read);
	took(read);
	assert_int_equal(dispatch(), 0);
	read = 0;
	assert_true(hear(&m, &read));
	assert_int_equal(m.kind, PUBLISH_STATE);
	assert_int_equal(m.is_incomplete, 1);
	assert_string_equal(m.warning, "müller is missing");
	expect_nothing(&read);
	took(read);
	assert_int_equal(dispatch(), 0);
	memset(long_text, 'x', PUBLISH_MAX_TEXT_BYTES);
	assert_int_equal(netsession_publisher_set_complete(p, 1, long_text), 0);
	read = 0;
	assert_true(hear(&m, &read));
	assert_int_equal(m.is_incomplete, 0);
	assert_int_equal(strlen(m.warning), PUBLISH_WARNING_BYTES);
}

static void silence_ends_at_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(greeted(&(struct publish_message){ 0 }, 100), ERROR_TIMEOUT);
	assert_null(under_test.publisher);
}

static void where_nobody_listens_the_service_is_not_started(void **state)
{
	(void)state;
	close(under_test.listening);
	assert_int_equal(open_feed(0), NERR_ServerNotStarted);
	unlink(under_test.path);
	assert_int_equal(open_feed(0), NERR_ServerNotStarted);
}

static void a_name_that_cannot_be_shown_is_refused(void **state)
{
	struct netsession_publisher_options options = { .socket = under_test.path, .name = "a\nb" };
	static const struct netsession_publisher_handler handler;

	(void)state;
	assert_int_equal(
		netsession_publisher_open(&options, &handler, NULL, &under_test.publisher, NULL),
		ERROR_INVALID_PARAMETER);
}

/* ---- what is told ---- */

static void one_batch_is_on_its_way_at_a_time(void **state)
{
	size_t read = 0;

	(void)state;
	open_well();
	assert_int_equal(put(1), 0);
	assert_int_equal(put(2), 0);
	netsession_publisher_touch(under_test.publisher, 2, 7, 0);
	netsession_publisher_remove(under_test.publisher, 1);
	expect(PUBLISH_PUT, 1, &read);
	expect_nothing(&read);
	took(read);
	assert_int_equal(dispatch(), 0);
	read = 0;
	expect(PUBLISH_PUT, 2, &read);
	expect(PUBLISH_REMOVE, 1, &read);
	expect_nothing(&read);
}

static void expect_fresh(uint32_t number, size_t *read)
{
	struct publish_message m;

	assert_true(hear(&m, read));
	assert_int_equal(m.kind, PUBLISH_REFRESHED);
	assert_int_equal(m.number, number);
}

static void who_was_asked_is_fresh_behind_all_that_it_found(void **state)
{
	size_t read = 0;

	(void)state;
	under_test.looks = true;
	open_well();
	assert_int_equal(put(1), 0);
	say(&(struct publish_message){ .kind = PUBLISH_REFRESH, .number = 5 });
	assert_int_equal(dispatch(), 0);
	assert_int_equal(under_test.asks, 1);
	assert_int_equal(put(2), 0);
	netsession_publisher_remove(under_test.publisher, 1);
	netsession_publisher_refreshed(under_test.publisher);
	expect(PUBLISH_PUT, 1, &read);
	expect_nothing(&read);
	took(read);
	assert_int_equal(dispatch(), 0);
	read = 0;
	expect(PUBLISH_PUT, 2, &read);
	expect(PUBLISH_REMOVE, 1, &read);
	expect_fresh(5, &read);
	expect_nothing(&read);
}

static void who_found_nothing_new_is_fresh_at_once_and_once(void **state)
{
	size_t read = 0;

	(void)state;
	under_test.looks = true;
	open_well();
	netsession_publisher_refreshed(under_test.publisher); /* nobody asked */
	expect_nothing(&read);
	for (uint32_t number = 1; number < 3; number++) {
		say(&(struct publish_message){ .kind = PUBLISH_REFRESH, .number = number });
		assert_int_equal(dispatch(), 0);
		assert_int_equal(under_test.asks, number);
		netsession_publisher_refreshed(under_test.publisher);
		netsession_publisher_refreshed(under_test.publisher);
		read = 0;
		expect_fresh(number, &read);
		expect_nothing(&read);
		took(read);
		assert_int_equal(dispatch(), 0);
	}
}

/* More than one batch: 32 KiB at a time. */
static void a_long_list_is_told_before_it_is_fresh(void **state)
{
	struct publish_message m = { 0 };
	size_t told = 0;

	(void)state;
	under_test.looks = true;
	open_well();
	say(&(struct publish_message){ .kind = PUBLISH_REFRESH, .number = 1 });
	assert_int_equal(dispatch(), 0);
	for (uint64_t key = 0; key < MOST; key++)
		assert_int_equal(put(key), 0);
	netsession_publisher_refreshed(under_test.publisher);
	while (m.kind != PUBLISH_REFRESHED) {
		size_t read = 0;

		while (hear(&m, &read))
			told += m.kind == PUBLISH_PUT;
		assert_true(read > 0);
		took(read);
		assert_int_equal(dispatch(), 0);
	}
	assert_int_equal(told, MOST);
}

static void a_netsessiond_that_sleeps_holds_up_nobody(void **state)
{
	size_t read = 0;
	unsigned told = 0;
	struct publish_message m;

	(void)state;
	open_well();
	for (unsigned round = 0; round < 1000; round++)
		for (uint64_t key = 1; key <= MOST; key++) {
			assert_int_equal(put(key), 0);
			netsession_publisher_touch(under_test.publisher, key, round, 0);
		}
	do {
		took(read);
		read = 0;
		assert_int_equal(dispatch(), 0);
		while (hear(&m, &read))
			assert_int_equal(m.row.num_opens, told++ == 0 ? 0 : 999);
	} while (read > 0);
	/* The very first change was told at once, and what has become of it with all the others. */
	assert_int_equal(told, MOST + 1);
}

static void a_row_that_cannot_be_shown_is_refused_at_once(void **state)
{
	static const struct netsession_row rows[] = { { .user = "zoë" },
		                                      { .client = "fs\n" },
		                                      { .client = "fs1", .user = "\xC3" } };

	(void)state;
	open_well();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(netsession_publisher_put(under_test.publisher, 1, &rows[i]),
		                 ERROR_INVALID_PARAMETER);
}

static void more_sessions_than_welcome_are_refused_at_once(void **state)
{
	(void)state;
	open_well();
	for (uint64_t key = 1; key <= MOST; key++)
		assert_int_equal(put(key), 0);
	assert_int_equal(put(MOST + 1), ERROR_TOO_MANY_SESS);
	assert_int_equal(put(MOST), 0);
}

/* ---- what is heard ---- */

static void a_session_that_shall_be_closed_is_told_of(void **state)
{
	(void)state;
	open_well();
	put(7);
	say(&(struct publish_message){ .kind = PUBLISH_CLOSE, .key = 7 });
	assert_int_equal(dispatch(), 0);
	assert_int_equal(under_test.closes, 1);
	assert_true(under_test.key == 7);
}

static void a_session_that_is_gone_is_not_asked_to_be_closed(void **state)
{
	(void)state;
	open_well();
	put(7);
	netsession_publisher_remove(under_test.publisher, 7);
	say(&(struct publish_message){ .kind = PUBLISH_CLOSE, .key = 7 });
	say(&(struct publish_message){ .kind = PUBLISH_CLOSE, .key = 8 });
	assert_int_equal(dispatch(), 0);
	assert_int_equal(under_test.closes, 0);
}

static void a_session_that_is_refused_is_told_of_once(void **state)
{
	size_t read = 0;
	static const struct publish_message refusal = { .kind = PUBLISH_ERROR,
		                                        .key = 7,
		                                        .status = ERROR_TOO_MANY_SESS };

	(void)state;
	open_well();
	put(7);
	expect(PUBLISH_PUT, 7, &read);
	say(&refusal);
	say(&refusal);
	took(read);
	assert_int_equal(dispatch(), 0);
	assert_int_equal(under_test.refusals, 1);
	assert_int_equal(under_test.refusal, ERROR_TOO_MANY_SESS);
	netsession_publisher_touch(under_test.publisher, 7, 1, 0);
	netsession_publisher_remove(under_test.publisher, 7);
	expect_nothing(&read);
	assert_int_equal(put(7), 0);
	expect(PUBLISH_PUT, 7, &read);
}

static void nothing_to_read_is_nothing_lost(void **state)
{
	(void)state;
	open_well();
	assert_int_equal(dispatch(), 0);
	assert_int_equal(dispatch(), 0);
}

/* ---- how it ends ---- */

static void expect_lost(uint32_t status)
{
	assert_int_equal(dispatch(), status);
	assert_int_equal(under_test.error.status, status);
	assert_int_equal(dispatch(), status);
	assert_int_equal(put(1), ERROR_NETNAME_DELETED);
	netsession_publisher_touch(under_test.publisher, 1, 1, 0);
	netsession_publisher_remove(under_test.publisher, 1);
}

static void a_netsessiond_that_dies_is_noticed_and_kills_nobody(void **state)
{
	(void)state;
	open_well();
	close(under_test.peer);
	under_test.peer = -1;
	assert_int_equal(put(1), 0);
	expect_lost(ERROR_NETNAME_DELETED);
}

static void what_netsessiond_may_not_say_ends_the_feed(void **state)
{
	static const struct publish_message forbidden[] = {
		{ .kind = PUBLISH_ACCEPTED, .bytes = 1 },
		{ .kind = PUBLISH_PUT, .row = { .client = "fs1" } },
		{ .kind = PUBLISH_WELCOME, .version = PUBLISH_VERSION },
		{ .kind = PUBLISH_REFRESH, .number = 1 }, /* who tells all is not asked */
	};

	(void)state;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		open_well();
		say(&forbidden[i]);
		expect_lost(ERROR_BAD_NET_RESP);
		netsession_publisher_close(under_test.publisher);
		under_test.publisher = NULL;
		close(under_test.peer);
		under_test.input = (struct publish_input){ 0 };
	}
	under_test.peer = -1;
}

static void a_malformed_message_ends_the_feed(void **state)
{
	(void)state;
	open_well();
	assert_int_equal(send(under_test.peer, "\xFF\xFF\7\0", 4, MSG_NOSIGNAL), 4);
	expect_lost(ERROR_BAD_NET_RESP);
}

static void a_closed_feed_is_a_closed_connection(void **state)
{
	char byte;

	(void)state;
	open_well();
	netsession_publisher_close(under_test.publisher);
	under_test.publisher = NULL;
	assert_int_equal(recv(under_test.peer, &byte, 1, 0), 0);
}

static void a_child_that_closes_it_leaves_it_to_its_parent(void **state)
{
	size_t read = 0;
	int status;
	pid_t child;

	(void)state;
	open_well();
	child = fork();
	if (child == 0) {
		netsession_publisher_close(under_test.publisher);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(put(1), 0);
	expect(PUBLISH_PUT, 1, &read);
	assert_int_equal(dispatch(), 0);
}

TEST_GROUP(publisher)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_feed_introduces_itself_and_is_let_in),
		TEST(a_refusal_has_a_story),
		TEST(who_is_no_netsessiond_is_found_out),
		TEST(a_welcome_of_another_version_is_none),
		TEST(an_older_netsessiond_gets_zeros_and_no_state),
		TEST(numbers_that_are_not_known_are_sent_as_such),
		TEST(what_is_missing_is_sent_once_and_behind_the_changes),
		TEST(silence_ends_at_the_deadline),
		TEST(where_nobody_listens_the_service_is_not_started),
		TEST(a_name_that_cannot_be_shown_is_refused),
		TEST(one_batch_is_on_its_way_at_a_time),
		TEST(one_that_looks_wants_to_be_asked),
		TEST(a_request_that_comes_with_the_welcome_waits_to_be_dispatched),
		TEST(who_was_asked_is_fresh_behind_all_that_it_found),
		TEST(who_found_nothing_new_is_fresh_at_once_and_once),
		TEST(a_long_list_is_told_before_it_is_fresh),
		TEST(a_netsessiond_that_sleeps_holds_up_nobody),
		TEST(a_row_that_cannot_be_shown_is_refused_at_once),
		TEST(more_sessions_than_welcome_are_refused_at_once),
		TEST(a_session_that_shall_be_closed_is_told_of),
		TEST(a_session_that_is_gone_is_not_asked_to_be_closed),
		TEST(a_session_that_is_refused_is_told_of_once),
		TEST(nothing_to_read_is_nothing_lost),
		TEST(a_netsessiond_that_dies_is_noticed_and_kills_nobody),
		TEST(what_netsessiond_may_not_say_ends_the_feed),
		TEST(a_malformed_message_ends_the_feed),
		TEST(a_closed_feed_is_a_closed_connection),
		TEST(a_child_that_closes_it_leaves_it_to_its_parent),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
