/* SPDX-License-Identifier: MIT */
/* The publish endpoint, and publishers of all kinds. */
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
#include <time.h>
#include <unistd.h>
#include <lmerr.h>
#include <cmocka.h>
#include "group.h"
#include "net/uv.h"
#include "daemon/publish_endpoint.h"
#include "local/publish_message.h"

#define MAX_PUBLISHERS 2
#define MAX_SESSIONS   20000 /* of a publisher */
#define MAX_CHANGES    1000000
#define TABLE_SESSIONS 30000
#define TIMEOUT_MS     10000

/* A file server. */
struct peer {
	int socket;
	struct publish_input input;
};

static struct {
	char folder[32], path[64], mark[80]; /* mark: there while publishers are connected */
	struct net_loop *loop;
	struct srvsvc_server service;
	struct publish_endpoint_settings settings;
	struct refresh *refresh;
	struct publish_endpoint *endpoint;
	struct peer peers[MAX_PUBLISHERS + 1];
	unsigned opened, closed; /* by the events that were told */
	NET_API_STATUS last_status;
} under_test;

static int64_t now_ms(void *context)
{
	struct timespec now;

	(void)context;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_event(void *context, const struct srvsvc_event *event)
{
	(void)context;
	under_test.opened += strcmp(event->operation, "publish-open") == 0;
	under_test.closed += strcmp(event->operation, "publish-close") == 0;
	under_test.last_status = event->status;
	assert_non_null(event->identity);
}

static void turn(void)
{
	uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
}

/* Runs the loop until a condition holds, or for TIMEOUT_MS. */
#define UNTIL(condition)                                                         \
	do {                                                                     \
		int64_t until_ms = now_ms(NULL) + TIMEOUT_MS;                    \
		while (!(condition)) {                                           \
			turn();                                                  \
			if (now_ms(NULL) > until_ms)                             \
				fail_msg("waited in vain until %s", #condition); \
		}                                                                \
	} while (0)

static void allow_publishers(const char *publishers)
{
	struct err err = { 0 };

	access_policy_release(under_test.service.policy);
	under_test.service.policy = access_policy_new("hardened");
	assert_true(
		access_policy_set_group(under_test.service.policy, "publishers", publishers, &err));
}

static int set_up(void **state)
{
	struct err err = { 0 };
	char me[32];

	(void)state;
	memset(&under_test, 0, sizeof under_test);
	for (size_t i = 0; i <= MAX_PUBLISHERS; i++)
		under_test.peers[i].socket = -1;
	strcpy(under_test.folder, "/tmp/netsession-publish-XXXXXX");
	if (mkdtemp(under_test.folder) == NULL)
		return -1;
	snprintf(under_test.path, sizeof under_test.path, "%s/publish.sock", under_test.folder);
	snprintf(under_test.mark, sizeof under_test.mark, "%s.connected", under_test.path);
	under_test.loop = net_loop_new();
	under_test.service.table = session_table_new(TABLE_SESSIONS);
	under_test.service.now_ms = now_ms;
	under_test.service.report = on_event;
	snprintf(me, sizeof me, "root,uid:%u", (unsigned)geteuid());
	allow_publishers(me);
	under_test.settings = (struct publish_endpoint_settings){ under_test.path, -1,
		                                                  MAX_PUBLISHERS,  MAX_SESSIONS,
		                                                  MAX_CHANGES,     TIMEOUT_MS };
	under_test.refresh = refresh_new(under_test.loop, &under_test.service);
	under_test.endpoint = publish_endpoint_new(under_test.loop, &under_test.service,
	                                           under_test.refresh, &under_test.settings, &err);
	return under_test.endpoint != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	publish_endpoint_free(under_test.endpoint);
	refresh_free(under_test.refresh);
	assert_int_equal(session_table_count(under_test.service.table), 0);
	for (size_t i = 0; i <= MAX_PUBLISHERS; i++)
		if (under_test.peers[i].socket >= 0)
			close(under_test.peers[i].socket);
	net_loop_run(under_test.loop);
	net_loop_free(under_test.loop);
	session_table_free(under_test.service.table);
	access_policy_release(under_test.service.policy);
	unlink(under_test.path);
	unlink(under_test.mark);
	return rmdir(under_test.folder);
}

/* ---- publishers ---- */

static struct peer *connect_peer(size_t index)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct peer *p = &under_test.peers[index];

	memset(p, 0, sizeof *p);
	strcpy(address.sun_path, under_test.path);
	p->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(connect(p->socket, (struct sockaddr *)&address, sizeof address), 0);
	return p;
}

static void say_bytes(struct peer *p, const void *data, size_t bytes)
{
	size_t sent = 0;

	while (sent < bytes) {
		ssize_t some = send(p->socket, (const char *)data + sent, bytes - sent,
		                    MSG_NOSIGNAL);

		if (some > 0)
			sent += (size_t)some;
		turn();
	}
}

static void say(struct peer *p, const struct publish_message *m)
{
	struct wire_writer w = { 0 };

	publish_message_encode(&w, m);
	say_bytes(p, w.data, w.len);
	wire_writer_fini(&w);
}

enum heard { HEARD, NOTHING, END };

static enum heard hear(struct peer *p, struct publish_message *m)
{
	const char *error;

	while (!publish_input_next(&p->input, m, &error)) {
		size_t room;
		uint8_t *space = publish_input_space(&p->input, &room);
		ssize_t bytes = recv(p->socket, space, room, 0);

		assert_null(error);
		if (bytes <= 0)
			return bytes == 0 ? END : NOTHING;
		publish_input_received(&p->input, (size_t)bytes);
	}
	return HEARD;
}

/* The next message, which has to come; not one that tells how much was taken. */
static struct publish_message expect(struct peer *p, enum publish_kind kind)
{
	struct publish_message m = { 0 };

	do
		UNTIL(hear(p, &m) == HEARD);
	while (m.kind == PUBLISH_ACCEPTED && kind != PUBLISH_ACCEPTED);
	assert_int_equal(m.kind, kind);
	return m;
}

static void expect_end(struct peer *p)
{
	struct publish_message m;
	enum heard heard = NOTHING;

	UNTIL((heard = hear(p, &m)) == END || (heard == HEARD && m.kind != PUBLISH_ACCEPTED));
	assert_int_equal(heard, END);
}

static struct peer *ask(size_t index, uint32_t version)
{
	struct peer *p = connect_peer(index);

	say(p,
	    &(struct publish_message){ .kind = PUBLISH_HELLO, .version = version, .name = "test" });
	return p;
}

static struct peer *let_in(size_t index)
{
	struct peer *p = ask(index, PUBLISH_VERSION);
	struct publish_message welcome = expect(p, PUBLISH_WELCOME);

	assert_int_equal(welcome.version, PUBLISH_VERSION);
	assert_int_equal(welcome.max_sessions, MAX_SESSIONS);
	return p;
}

static void put(struct peer *p, uint64_t key, const char *client, uint32_t num_opens)
{
	say(p, &(struct publish_message){ .kind = PUBLISH_PUT,
	                                  .key = key,
	                                  .row = { .client = client,
	                                           .user = "zoë",
	                                           .client_type = "",
	                                           .transport = "tcp",
	                                           .num_opens = num_opens,
	                                           .active_s = 100,
	                                           .idle_s = 40,
	                                           .user_flags = 2 } });
}

static uint32_t count(void)
{
	return session_table_count(under_test.service.table);
}

/* The first session from client, NULL: none. Its texts are the table's. */
static const struct netsession_row *row_of(const char *client)
{
	static struct netsession_row row;
	struct session_filter filter = { .client = client };
	struct session_walk walk;
	uint32_t id;

	session_walk_begin(&walk, under_test.service.table, &filter, 0);
	return session_walk_next(&walk, now_ms(NULL), &row, &id) ? &row : NULL;
}

/* ---- who may ---- */

static void a_publisher_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(access(under_test.mark, F_OK), -1);
	(void)let_in(0);
	assert_int_equal(access(under_test.mark, F_OK), 0);
	assert_int_equal(under_test.opened, 1);
	assert_int_equal(under_test.last_status, 0);
	assert_int_equal(publish_endpoint_connections(under_test.endpoint), 1);
}

static void a_user_without_the_right_is_refused_with_a_status(void **state)
{
	struct peer *p;

	(void)state;
	allow_publishers("somebody-else");
	p = ask(0, PUBLISH_VERSION);
	assert_int_equal(expect(p, PUBLISH_REFUSED).status, ERROR_ACCESS_DENIED);
	expect_end(p);
	assert_int_equal(under_test.last_status, ERROR_ACCESS_DENIED);
	UNTIL(publish_endpoint_connections(under_test.endpoint) == 0);
}

static void another_version_is_refused_with_a_status(void **state)
{
	struct peer *p;

	(void)state;
	p = ask(0, PUBLISH_VERSION + 1);
	assert_int_equal(expect(p, PUBLISH_REFUSED).status, ERROR_NOT_SUPPORTED);
	expect_end(p);
}

static void publishers_beyond_the_limit_are_refused_until_another_one_leaves(void **state)
{
	struct peer *p;

	(void)state;
	(void)let_in(0);
	(void)let_in(1);
	p = ask(2, PUBLISH_VERSION);
	assert_int_equal(expect(p, PUBLISH_REFUSED).status, ERROR_REQ_NOT_ACCEP);
	expect_end(p);
	close(p->socket);
	close(under_test.peers[0].socket);
	UNTIL(publish_endpoint_connections(under_test.endpoint) == 1);
	(void)let_in(0);
}

static void hello_may_arrive_byte_by_byte_and_nothing_may_follow_it(void **state)
{
	struct wire_writer w = { 0 };
	struct peer *p;

	(void)state;
	publish_message_encode(&w, &(struct publish_message){ .kind = PUBLISH_HELLO,
	                                                      .version = PUBLISH_VERSION,
	                                                      .name = "test" });
	p = connect_peer(0);
	for (size_t i = 0; i < w.len; i++) {
		say_bytes(p, w.data + i, 1);
		turn();
	}
	(void)expect(p, PUBLISH_WELCOME);
	p = connect_peer(1);
	wire_put_u8(&w, 0);
	say_bytes(p, w.data, w.len);
	expect_end(p);
	wire_writer_fini(&w);
}

static void a_client_without_a_hello_is_disconnected(void **state)
{
	struct err err = { 0 };

	(void)state;
	publish_endpoint_free(under_test.endpoint);
	under_test.settings.hello_timeout_ms = 50;
	under_test.endpoint = publish_endpoint_new(under_test.loop, &under_test.service,
	                                           under_test.refresh, &under_test.settings, &err);
	assert_non_null(under_test.endpoint);
	expect_end(connect_peer(0));
}

static void a_publisher_that_loses_its_right_is_disconnected(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 1, "fs1", 1);
	UNTIL(count() == 1);
	publish_endpoint_configure(under_test.endpoint, &under_test.settings);
	assert_int_equal(count(), 1);
	allow_publishers("somebody-else");
	publish_endpoint_configure(under_test.endpoint, &under_test.settings);
	assert_int_equal(count(), 0);
	expect_end(p);
	assert_int_equal(under_test.last_status, ERROR_ACCESS_DENIED);
}

/* ---- what they publish ---- */

static void a_session_is_listed_as_it_was_published(void **state)
{
	const struct netsession_row *row;
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 7, "10.0.0.7", 3);
	UNTIL((row = row_of("10.0.0.7")) != NULL);
	assert_string_equal(row->client, "10.0.0.7");
	assert_string_equal(row->user, "zoë");
	assert_string_equal(row->transport, "tcp");
	assert_int_equal(row->num_opens, 3);
	assert_int_in_range(row->active_s, 100, 105);
	assert_int_in_range(row->idle_s, 40, 45);
	assert_int_equal(row->user_flags, 2);
}

static void a_session_is_touched_published_again_and_removed(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 7, "fs1", 3);
	say(p, &(struct publish_message){
		       .kind = PUBLISH_TOUCH, .key = 7, .row = { .num_opens = 9, .idle_s = 1 } });
	UNTIL(row_of("fs1") != NULL && row_of("fs1")->num_opens == 9);
	assert_int_in_range(row_of("fs1")->idle_s, 1, 5);
	assert_int_in_range(row_of("fs1")->active_s, 100, 105);
	put(p, 7, "fs2", 4);
	UNTIL(row_of("fs2") != NULL);
	assert_int_equal(count(), 1);
	say(p, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 7 });
	UNTIL(count() == 0);
}

static void unknown_keys_are_ignored(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	say(p, &(struct publish_message){ .kind = PUBLISH_TOUCH, .key = 1 });
	say(p, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 1 });
	put(p, 2, "fs1", 1);
	UNTIL(count() == 1);
}

static void publishers_have_keys_of_their_own(void **state)
{
	struct peer *a, *b;

	(void)state;
	a = let_in(0);
	b = let_in(1);
	put(a, 1, "a", 1);
	put(b, 1, "b", 1);
	UNTIL(count() == 2);
	say(a, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 1 });
	UNTIL(count() == 1);
	assert_non_null(row_of("b"));
}

static void all_bytes_are_acknowledged(void **state)
{
	struct wire_writer w = { 0 };
	size_t taken = 0;
	struct peer *p;

	(void)state;
	p = let_in(0);
	for (uint64_t key = 1; key <= 3000; key++)
		publish_message_encode(
			&w, &(struct publish_message){ .kind = PUBLISH_TOUCH, .key = key });
	say_bytes(p, w.data, w.len);
	while (taken < w.len)
		taken += expect(p, PUBLISH_ACCEPTED).bytes;
	assert_int_equal(taken, w.len);
	wire_writer_fini(&w);
}

static void a_session_stays_its_publishers_when_all_ids_change(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 1, "fs1", 1);
	put(p, 2, "fs2", 1);
	UNTIL(count() == 2);
	session_table_skip_ids(under_test.service.table, UINT32_MAX);
	put(p, 3, "fs3", 1);
	UNTIL(count() == 3);
	say(p, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 2 });
	UNTIL(count() == 2);
	assert_null(row_of("fs2"));
	say(p, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 3 });
	UNTIL(count() == 1);
	assert_non_null(row_of("fs1"));
}

/* ---- what they are told ---- */

static void a_session_is_listed_until_its_publisher_has_closed_it(void **state)
{
	struct session_filter filter = { .client = "fs2" };
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 1, "fs1", 1);
	put(p, 2, "fs2", 1);
	UNTIL(count() == 2);
	assert_int_equal(session_table_close(under_test.service.table, &filter), 1);
	assert_true(expect(p, PUBLISH_CLOSE).key == 2);
	assert_int_equal(count(), 2);
	say(p, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = 2 });
	UNTIL(count() == 1);
}

static void put_many(struct peer *p, uint64_t first, uint64_t last)
{
	struct wire_writer w = { 0 };

	for (uint64_t key = first; key <= last; key++)
		publish_message_encode(&w, &(struct publish_message){ .kind = PUBLISH_PUT,
		                                                      .key = key,
		                                                      .row = { .client = "fs1" } });
	say_bytes(p, w.data, w.len);
	wire_writer_fini(&w);
}

static void many_sessions_are_requested_to_close_at_once(void **state)
{
	struct session_filter filter = { .client = "fs1" };
	struct peer *p;

	(void)state;
	p = let_in(0);
	put_many(p, 1, MAX_SESSIONS);
	UNTIL(count() == MAX_SESSIONS);
	assert_int_equal(session_table_close(under_test.service.table, &filter), MAX_SESSIONS);
	for (unsigned i = 0; i < MAX_SESSIONS; i++)
		(void)expect(p, PUBLISH_CLOSE);
}

static void sessions_beyond_the_limit_are_refused_and_the_others_stay(void **state)
{
	struct publish_message m;
	struct peer *a, *b;

	(void)state;
	a = let_in(0);
	put_many(a, 1, MAX_SESSIONS);
	put(a, MAX_SESSIONS + 1, "fs1", 1);
	m = expect(a, PUBLISH_ERROR);
	assert_int_equal(m.status, ERROR_TOO_MANY_SESS);
	assert_true(m.key == MAX_SESSIONS + 1);
	put(a, 1, "fs2", 1); /* one that is there already */
	UNTIL(row_of("fs2") != NULL);
	b = let_in(1);
	put_many(b, 1, TABLE_SESSIONS - MAX_SESSIONS);
	put(b, 0, "fs1", 1); /* the table is full */
	m = expect(b, PUBLISH_ERROR);
	assert_int_equal(m.status, ERROR_TOO_MANY_SESS);
	assert_true(m.key == 0);
	assert_int_equal(count(), TABLE_SESSIONS);
}

static void an_invalid_text_is_refused_and_its_session_removed(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	put(p, 1, "fs1", 1);
	put(p, 1, "fs\n", 1);
	assert_int_equal(expect(p, PUBLISH_ERROR).status, ERROR_INVALID_PARAMETER);
	assert_int_equal(count(), 0);
	put(p, 1, "", 1);
	assert_int_equal(expect(p, PUBLISH_ERROR).status, ERROR_INVALID_PARAMETER);
	put(p, 1, "fs1", 1);
	UNTIL(count() == 1);
}

/* ---- how it ends ---- */

static void sessions_of_a_lost_publisher_are_removed_a_part_in_each_turn(void **state)
{
	uint32_t before, most = 0;
	struct peer *a, *b;

	(void)state;
	a = let_in(0);
	b = let_in(1);
	put_many(a, 1, MAX_SESSIONS);
	put(b, 1, "other", 1);
	UNTIL(count() == MAX_SESSIONS + 1);
	close(a->socket);
	a->socket = -1;
	while ((before = count()) > 1) {
		turn();
		most = before - count() > most ? before - count() : most;
	}
	assert_int_in_range(most, 1, 4096);
	assert_non_null(row_of("other"));
	assert_int_equal(under_test.closed, 1);
	UNTIL(publish_endpoint_connections(under_test.endpoint) == 1);
}

static void sessions_of_a_leaving_publisher_may_be_requested_to_close(void **state)
{
	struct session_filter filter = { .client = "fs1" };
	struct peer *a;

	(void)state;
	a = let_in(0);
	put_many(a, 1, MAX_SESSIONS);
	UNTIL(count() == MAX_SESSIONS);
	close(a->socket);
	a->socket = -1;
	UNTIL(count() < MAX_SESSIONS);
	assert_true(session_table_close(under_test.service.table, &filter) > 0);
	UNTIL(count() == 0);
}

static void a_violation_of_the_protocol_ends_the_connection(void **state)
{
	static const struct {
		const char *bytes;
		size_t count;
	} broken[] = {
		{ "\x00\x00\x00\x00", 4 }, /* no kind */
		{ "\x00\x00\xFF\xFF", 4 }, /* no kind either */
		{ "\xFF\xFF\x04\x00", 4 }, /* too long for any */
		{ "\x07\x00\x06\x00"
		  "1234567",
		  11 }, /* a REMOVE that is too short */
		{ "\x09\x00\x06\x00"
		  "123456789",
		  13 } /* and one that is too long */,
		{ "\x04\x00\x07\x00"
		  "1234",
		  8 }, /* netsessiond's part */
		{ "\x09\x00\x01\x00"
		  "\2FSN"
		  "\0\0\0\0"
		  "\0",
		  13 }, /* a HELLO without its name */
	};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct peer *p = let_in(0);

		put(p, 1, "fs1", 1);
		UNTIL(count() == 1);
		say_bytes(p, broken[i].bytes, broken[i].count);
		expect_end(p);
		assert_int_equal(count(), 0);
		assert_int_equal(under_test.last_status, ERROR_INVALID_DATA);
		close(p->socket);
		p->socket = -1;
	}
}

static void the_endpoint_can_be_drained(void **state)
{
	struct peer *p;

	(void)state;
	p = let_in(0);
	put_many(p, 1, MAX_SESSIONS);
	UNTIL(count() == MAX_SESSIONS);
	publish_endpoint_drain(under_test.endpoint);
	expect_end(p);
	net_loop_run(under_test.loop); /* nothing is left to wait for */
	assert_int_equal(publish_endpoint_connections(under_test.endpoint), 0);
	assert_int_equal(count(), 0);
	assert_int_equal(access(under_test.path, F_OK), -1);
}

/* ---- how fast ---- */

static void changes_beyond_the_rate_wait(void **state)
{
	int64_t begun_ms;
	struct peer *p;

	(void)state;
	p = let_in(0);
	under_test.settings.max_changes_per_s = 10000;
	publish_endpoint_configure(under_test.endpoint, &under_test.settings);
	begun_ms = now_ms(NULL);
	put_many(p, 1, MAX_SESSIONS);
	UNTIL(count() == MAX_SESSIONS);
	/* A second's worth at once, the other one at its pace. */
	assert_int_in_range(now_ms(NULL) - begun_ms, 900, 5000);
}

static void a_publisher_that_does_not_read_is_not_read(void **state)
{
	struct wire_writer w = { 0 };
	size_t sent = 0, heard = 0;
	struct publish_message m;
	struct peer *p;

	(void)state;
	p = let_in(0);
	for (unsigned i = 0; i < 100; i++)
		publish_message_encode(&w,
		                       &(struct publish_message){ .kind = PUBLISH_PUT, .key = 1 });
	/* Refused one by one, until nobody reads them any more. */
	for (int64_t quiet_ms = now_ms(NULL); now_ms(NULL) < quiet_ms + 200; turn()) {
		size_t at = sent % w.len;
		ssize_t some = send(p->socket, w.data + at, w.len - at, MSG_NOSIGNAL);

		if (some > 0) {
			sent += (size_t)some;
			quiet_ms = now_ms(NULL);
		}
		assert_true(sent < 100000000);
	}
	/* When it listens, all goes on. */
	while (heard < sent / (w.len / 100)) {
		enum heard what = NOTHING;

		UNTIL((what = hear(p, &m)) != NOTHING);
		assert_int_equal(what, HEARD);
		heard += m.kind == PUBLISH_ERROR;
	}
	wire_writer_fini(&w);
}

TEST_GROUP(publish_endpoint)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(a_publisher_is_accepted),
		TEST(a_user_without_the_right_is_refused_with_a_status),
		TEST(another_version_is_refused_with_a_status),
		TEST(publishers_beyond_the_limit_are_refused_until_another_one_leaves),
		TEST(hello_may_arrive_byte_by_byte_and_nothing_may_follow_it),
		TEST(a_client_without_a_hello_is_disconnected),
		TEST(a_publisher_that_loses_its_right_is_disconnected),
		TEST(a_session_is_listed_as_it_was_published),
		TEST(a_session_is_touched_published_again_and_removed),
		TEST(unknown_keys_are_ignored),
		TEST(publishers_have_keys_of_their_own),
		TEST(all_bytes_are_acknowledged),
		TEST(a_session_stays_its_publishers_when_all_ids_change),
		TEST(a_session_is_listed_until_its_publisher_has_closed_it),
		TEST(many_sessions_are_requested_to_close_at_once),
		TEST(sessions_beyond_the_limit_are_refused_and_the_others_stay),
		TEST(an_invalid_text_is_refused_and_its_session_removed),
		TEST(sessions_of_a_lost_publisher_are_removed_a_part_in_each_turn),
		TEST(sessions_of_a_leaving_publisher_may_be_requested_to_close),
		TEST(a_violation_of_the_protocol_ends_the_connection),
		TEST(the_endpoint_can_be_drained),
		TEST(changes_beyond_the_rate_wait),
		TEST(a_publisher_that_does_not_read_is_not_read),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
