/* SPDX-License-Identifier: MIT */
/* An endpoint's list of connections: its bounds, timeouts, turns and end, over Unix sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "group.h"
#include "net/endpoint.h"
#include "net/stream.h"
#include "net/uv.h"

#define MOST       64
#define TIMEOUT_MS 10000

struct served {
	struct net_connection connection;
	int socket;
	bool is_busy; /* it has something to answer: draining does not close it */
	unsigned turns, most_turns;
	unsigned accepted; /* clients, when its last turn came */
};

static struct {
	char folder[32], path[64];
	struct net_loop *loop;
	struct net_endpoint *endpoint;
	int clients[MOST];
	struct served *served[MOST];
	unsigned accepted, refused, timed_out, evicted, ended, drained;
	struct sockaddr_in tcp; /* where it listens, if it was asked to */
	char reason[80], peer[NET_PEER_TEXT_BYTES];
} under_test;

static void served_free(struct served *s)
{
	for (size_t i = 0; i < MOST; i++)
		if (under_test.served[i] == s)
			under_test.served[i] = NULL;
	net_connection_remove(&s->connection);
	net_socket_hang_up(s->socket);
	free(s);
}

static void on_accepted(void *context, int socket, const struct net_peer *peer)
{
	struct served *s = calloc(1, sizeof *s);

	(void)context;
	assert_non_null(s);
	s->connection.context = s;
	s->socket = socket;
	under_test.served[under_test.accepted++] = s;
	net_connection_add(under_test.endpoint, &s->connection, peer);
}

static void on_refused(void *context, const struct net_peer *peer, const char *reason)
{
	(void)context;
	under_test.refused++;
	snprintf(under_test.reason, sizeof under_test.reason, "%s", reason);
	snprintf(under_test.peer, sizeof under_test.peer, "%s", peer->text);
}

static void on_close(struct net_connection *c, enum net_close_reason reason)
{
	*(reason == NET_CLOSE_TIMEOUT   ? &under_test.timed_out
	  : reason == NET_CLOSE_EVICTED ? &under_test.evicted
	                                : &under_test.ended) += 1;
	served_free(c->context);
}

static void on_drain(struct net_connection *c)
{
	struct served *s = c->context;

	under_test.drained++;
	if (!s->is_busy)
		served_free(s);
}

static void on_turn(struct net_connection *c)
{
	struct served *s = c->context;

	s->turns++;
	s->accepted = under_test.accepted;
	if (s->turns < s->most_turns)
		net_connection_await_turn(c);
}

#define PRIVILEGED_ADDRESS "127.0.0.99"

#define ADDRESS_NOT_ADMITTED "127.0.0.98"

static bool admits(void *context, const struct net_peer *peer)
{
	(void)context;
	return strcmp(peer->text, ADDRESS_NOT_ADMITTED) != 0;
}

static bool is_privileged(void *context, const struct net_peer *peer)
{
	(void)context;
	return strcmp(peer->text, PRIVILEGED_ADDRESS) == 0;
}

static int64_t clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs the loop until a condition holds. */
#define UNTIL(condition)                                                         \
	do {                                                                     \
		int64_t until_ms = clock_ms() + TIMEOUT_MS;                      \
		while (!(condition)) {                                           \
			uv_run(under_test.loop->uv, UV_RUN_NOWAIT);              \
			if (clock_ms() > until_ms)                               \
				fail_msg("waited in vain until %s", #condition); \
		}                                                                \
	} while (0)

static void begin(const struct net_endpoint_settings *settings)
{
	static const struct net_endpoint_handler handler = {
		.accepted = on_accepted,
		.refused = on_refused,
		.close = on_close,
		.drain = on_drain,
		.turn = on_turn,
		.is_privileged = is_privileged,
		.admits = admits,
	};
	struct err err = { 0 };

	under_test.endpoint = net_endpoint_new(under_test.loop, &handler, NULL, settings);
	assert_non_null(under_test.endpoint);
	assert_true(net_endpoint_listen_local(under_test.endpoint, under_test.path, 0600, &err));
}

static int set_up(void **state)
{
	(void)state;
	memset(&under_test, 0, sizeof under_test);
	for (size_t i = 0; i < MOST; i++)
		under_test.clients[i] = -1;
	strcpy(under_test.folder, "/tmp/netsession-endpoint-XXXXXX");
	if (mkdtemp(under_test.folder) == NULL)
		return -1;
	snprintf(under_test.path, sizeof under_test.path, "%s/s", under_test.folder);
	under_test.loop = net_loop_new();
	return under_test.loop != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	net_endpoint_free(under_test.endpoint);
	for (size_t i = 0; i < MOST; i++) {
		if (under_test.clients[i] >= 0)
			close(under_test.clients[i]);
		if (under_test.served[i] != NULL)
			return -1;
	}
	net_loop_run(under_test.loop);
	net_loop_free(under_test.loop);
	return access(under_test.path, F_OK) == 0 ? -1 : rmdir(under_test.folder);
}

static void connect_client(size_t index)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, under_test.path);
	under_test.clients[index] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
		connect(under_test.clients[index], (struct sockaddr *)&address, sizeof address), 0);
}

/* As many clients, which are accepted. */
static void connect_clients(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		connect_client(i);
	UNTIL(under_test.accepted == count);
}

/* The list is not touched for a while that is long enough for another client to be accepted. */
static void run_for(int64_t ms)
{
	int64_t until_ms = clock_ms() + ms;

	while (clock_ms() < until_ms)
		uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
}

static bool is_closed(size_t index)
{
	char byte;

	return recv(under_test.clients[index], &byte, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

static void a_peer_is_named_by_its_user_and_process(void **state)
{
	char expected[NET_PEER_TEXT_BYTES];

	(void)state;
	begin(&(struct net_endpoint_settings){ 0 });
	connect_clients(1);
	snprintf(expected, sizeof expected, "uid %lu, pid %ld", (unsigned long)geteuid(),
	         (long)getpid());
	assert_string_equal(under_test.served[0]->connection.peer.text, expected);
	assert_int_equal(under_test.served[0]->connection.peer.uid, geteuid());
}

/* As begin, with a TCP socket beside the Unix socket. */
static void begin_tcp(const struct net_endpoint_settings *settings)
{
	union net_address any = { .any.sa_family = AF_INET };
	socklen_t bytes = sizeof under_test.tcp;
	struct err err = { 0 };
	int listening = net_listen_tcp(&any, &err);

	begin(settings);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&under_test.tcp, &bytes), 0);
	assert_true(net_endpoint_listen(under_test.endpoint, listening, &err));
}

/* Connects from an address of 127.0.0.0/8, and waits for the outcome. Returns whether the client
 * was accepted; its number is that of the clients before it. */
static bool connect_from(const char *address)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	unsigned accepted = under_test.accepted, refused = under_test.refused;
	size_t index = accepted + refused;
	int s = socket(AF_INET, SOCK_STREAM, 0);

	under_test.clients[index] = s;
	assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
	assert_int_equal(bind(s, (struct sockaddr *)&from, sizeof from), 0);
	from = under_test.tcp;
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &from.sin_addr), 1);
	assert_int_equal(connect(s, (struct sockaddr *)&from, sizeof from), 0);
	UNTIL(under_test.accepted + under_test.refused > accepted + refused);
	return under_test.accepted > accepted;
}

/* How many connections that exist come from this address. */
static unsigned count_from(const char *address)
{
	unsigned count = 0;

	for (size_t i = 0; i < MOST; i++)
		count += under_test.served[i] != NULL &&
		         strcmp(under_test.served[i]->connection.peer.text, address) == 0;
	return count;
}

static void open_all(void)
{
	for (size_t i = 0; i < MOST; i++)
		if (under_test.served[i] != NULL && !under_test.served[i]->connection.is_open)
			net_connection_set_open(&under_test.served[i]->connection, true);
}

static void beyond_the_bound_clients_are_refused(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_connections = 1 });
	assert_true(connect_from("127.0.0.2"));
	open_all();
	assert_false(connect_from("127.0.0.3"));
	assert_string_equal(under_test.reason, "too many connections");
	assert_string_equal(under_test.peer, "127.0.0.3");
	UNTIL(is_closed(1));
	served_free(under_test.served[0]);
	assert_true(connect_from("127.0.0.3"));
}

static void a_higher_bound_is_for_the_next_client(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_connections = 1 });
	assert_true(connect_from("127.0.0.2"));
	assert_false(connect_from("127.0.0.2"));
	net_endpoint_configure(under_test.endpoint,
	                       &(struct net_endpoint_settings){ .bounds.max_connections = 2 });
	assert_true(connect_from("127.0.0.2"));
}

static void connections_that_are_not_open_are_bounded_by_themselves(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_pending = 1 });
	assert_true(connect_from("127.0.0.2"));
	assert_false(connect_from("127.0.0.3"));
	assert_string_equal(under_test.reason,
	                    "too many connections that have not been opened yet");
	open_all();
	assert_int_equal(net_endpoint_count_open(under_test.endpoint), 1);
	assert_true(connect_from("127.0.0.3"));
}

static void a_source_is_bounded_and_others_are_served(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_of_source = 3,
	                                           .bounds.max_pending_of_source = 2 });
	assert_true(connect_from("127.0.0.2"));
	assert_true(connect_from("127.0.0.2"));
	assert_false(connect_from("127.0.0.2"));
	assert_string_equal(under_test.reason,
	                    "too many connections from this address without a log-on");
	assert_true(connect_from("127.0.0.3"));
	open_all();
	assert_true(connect_from("127.0.0.2"));
	open_all();
	assert_false(connect_from("127.0.0.2"));
	assert_string_equal(under_test.reason, "too many connections from this address");
	assert_true(connect_from("127.0.0.3"));
	served_free(under_test.served[0]);
	assert_true(connect_from("127.0.0.2"));
}

static void a_user_of_this_computer_is_a_source_and_root_is_not_bounded(void **state)
{
	const uid_t other = geteuid() == 0 ? 65534 : geteuid();

	(void)state;
	begin(&(struct net_endpoint_settings){ .bounds.max_of_source = 1 });
	assert_int_equal(chmod(under_test.path, 0666), 0);
	assert_int_equal(chmod(under_test.folder, 0755), 0);
	assert_int_equal(seteuid(other), 0);
	connect_client(0);
	connect_client(1);
	assert_int_equal(seteuid(getuid()), 0);
	UNTIL(under_test.accepted == 1 && under_test.refused == 1);
	assert_string_equal(under_test.reason, "too many connections of this user");
	if (geteuid() != 0)
		return;
	connect_client(2);
	connect_client(3);
	UNTIL(under_test.accepted == 3);
}

/* The endpoint is full of connections of two sources; a third gets a place from the larger one. */
static void when_full_the_largest_source_makes_room_with_its_oldest(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_connections = 8 });
	for (size_t i = 0; i < 6; i++)
		assert_true(connect_from("127.0.0.2"));
	for (size_t i = 0; i < 2; i++)
		assert_true(connect_from("127.0.0.3"));
	net_connection_set_open(&under_test.served[0]->connection, true);
	assert_true(connect_from("127.0.0.4"));
	assert_int_equal(under_test.evicted, 1);
	assert_non_null(under_test.served[0]); /* open: it keeps its place */
	assert_null(under_test.served[1]);
	UNTIL(is_closed(1));
	assert_true(connect_from("127.0.0.4"));
	assert_int_equal(count_from("127.0.0.2"), 4);
	/* Now 127.0.0.2 has three that are not open, and the others two each: no source gets a
	 * place that would only change who is the largest. */
	assert_false(connect_from("127.0.0.4"));
	assert_false(connect_from("127.0.0.2"));
	assert_int_equal(under_test.evicted, 2);
}

static void a_flood_of_one_source_leaves_every_other_source_its_places(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_pending = 8 });
	for (size_t i = 0; i < 30; i++)
		(void)connect_from("127.0.0.2");
	for (size_t i = 0; i < 3; i++)
		assert_true(connect_from("127.0.0.3"));
	for (size_t i = 0; i < 10; i++)
		(void)connect_from("127.0.0.2");
	assert_int_equal(count_from("127.0.0.3"), 3);
}

static void newcomers_are_refused_more_and_more_as_it_fills(void **state)
{
	unsigned accepted = 0;

	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_pending = 40 });
	for (size_t i = 0; i < 5; i++)
		assert_true(connect_from("127.0.0.3"));
	for (size_t i = 0; i < 15; i++)
		assert_true(connect_from("127.0.0.2")); /* up to the half, all of them */
	for (size_t i = 0; i < 20; i++)
		accepted += connect_from("127.0.0.2");
	assert_true(accepted > 0);
	assert_true(accepted < 20); /* all of them have a chance of 20! / 20^20 = 2e-8 */
	assert_true(connect_from("127.0.0.3"));
	assert_int_equal(under_test.evicted, 0);
}

static void reserved_places_are_for_privileged_peers(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){
		.bounds.max_connections = 4, .bounds.max_of_source = 1, .bounds.reserved = 2 });
	assert_true(connect_from("127.0.0.2"));
	assert_true(connect_from("127.0.0.3"));
	open_all();
	assert_false(connect_from("127.0.0.4"));
	assert_string_equal(under_test.reason, "too many connections");
	assert_true(connect_from(PRIVILEGED_ADDRESS));
	assert_true(connect_from(PRIVILEGED_ADDRESS));
	assert_false(connect_from(PRIVILEGED_ADDRESS));
}

static void a_peer_that_is_not_admitted_takes_no_place(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_connections = 1 });
	assert_true(connect_from("127.0.0.2"));
	assert_false(connect_from(ADDRESS_NOT_ADMITTED));
	assert_string_equal(under_test.reason, "the configuration does not admit this address");
	assert_int_equal(under_test.evicted, 0);
}

static void a_privileged_source_makes_room_for_no_other(void **state)
{
	(void)state;
	begin_tcp(&(struct net_endpoint_settings){ .bounds.max_pending = 3 });
	for (size_t i = 0; i < 3; i++)
		assert_true(connect_from(PRIVILEGED_ADDRESS));
	assert_false(connect_from("127.0.0.2"));
	assert_int_equal(under_test.evicted, 0);
}

static void a_connection_that_is_not_opened_in_time_is_closed_whatever_happens_on_it(void **state)
{
	int64_t began_ms = clock_ms();

	(void)state;
	begin(&(struct net_endpoint_settings){ .open_timeout_ms = 100 });
	connect_clients(2);
	net_connection_set_open(&under_test.served[1]->connection, true);
	while (under_test.timed_out == 0 && clock_ms() < began_ms + TIMEOUT_MS) {
		net_connection_touch(&under_test.served[0]->connection);
		uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
	}
	assert_int_equal(under_test.timed_out, 1);
	assert_true(clock_ms() - began_ms >= 99);
	assert_null(under_test.served[0]);
	assert_non_null(under_test.served[1]);
}

static void an_open_connection_is_closed_when_nothing_happened_on_it_for_long(void **state)
{
	int64_t last_touch_ms = 0;

	(void)state;
	begin(&(struct net_endpoint_settings){ .idle_timeout_ms = 400 });
	connect_clients(3);
	for (size_t i = 0; i < 3; i++)
		net_connection_set_open(&under_test.served[i]->connection, true);
	while (under_test.timed_out < 2) {
		last_touch_ms = clock_ms();
		uv_update_time(under_test.loop->uv);
		net_connection_touch(&under_test.served[0]->connection);
		uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
	}
	assert_non_null(under_test.served[0]);
	UNTIL(under_test.timed_out == 3);
	assert_true(clock_ms() - last_touch_ms >= 399);
}

static void a_shorter_timeout_is_for_those_that_are_there_too(void **state)
{
	(void)state;
	begin(&(struct net_endpoint_settings){ .idle_timeout_ms = 3600000 });
	connect_clients(1);
	net_connection_set_open(&under_test.served[0]->connection, true);
	net_endpoint_configure(under_test.endpoint,
	                       &(struct net_endpoint_settings){ .idle_timeout_ms = 20 });
	UNTIL(under_test.timed_out == 1);
}

static void no_timer_keeps_the_loop_running_without_a_connection(void **state)
{
	int64_t began_ms = clock_ms();

	(void)state;
	begin(&(struct net_endpoint_settings){ .open_timeout_ms = 3600000,
	                                       .idle_timeout_ms = 3600000 });
	connect_clients(2);
	net_connection_set_open(&under_test.served[0]->connection, true);
	net_endpoint_drain(under_test.endpoint);
	net_loop_run(under_test.loop);
	assert_true(clock_ms() - began_ms < TIMEOUT_MS);
}

static void draining_closes_at_once_what_has_nothing_to_answer(void **state)
{
	(void)state;
	begin(&(struct net_endpoint_settings){ 0 });
	connect_clients(3);
	under_test.served[1]->is_busy = true;
	net_connection_set_open(&under_test.served[1]->connection, true);
	assert_false(net_endpoint_is_draining(under_test.endpoint));
	net_endpoint_drain(under_test.endpoint);
	assert_true(net_endpoint_is_draining(under_test.endpoint));
	assert_int_equal(under_test.drained, 3);
	assert_int_equal(net_endpoint_count(under_test.endpoint), 1);
	assert_int_equal(access(under_test.path, F_OK), -1);
	net_endpoint_free(under_test.endpoint);
	under_test.endpoint = NULL;
	assert_int_equal(under_test.ended, 1);
}

static void turns_are_given_once_each(void **state)
{
	struct net_connection *c;

	(void)state;
	begin(&(struct net_endpoint_settings){ 0 });
	connect_clients(2);
	c = &under_test.served[0]->connection;
	net_connection_await_turn(c);
	net_connection_await_turn(c);
	UNTIL(under_test.served[0]->turns == 1);
	run_for(5);
	assert_int_equal(under_test.served[0]->turns, 1);
	net_connection_await_turn(c);
	net_connection_cancel_turn(c);
	run_for(5);
	assert_int_equal(under_test.served[0]->turns, 1);
	net_connection_await_turn(&under_test.served[1]->connection);
	served_free(under_test.served[1]); /* its turn does not come */
}

static void others_are_served_between_two_turns(void **state)
{
	struct served *s;

	(void)state;
	begin(&(struct net_endpoint_settings){ 0 });
	connect_clients(1);
	s = under_test.served[0];
	s->most_turns = 5;
	net_connection_await_turn(&s->connection);
	connect_client(1);
	UNTIL(s->turns == 5);
	assert_int_equal(s->accepted, 2);
}

static void a_turn_is_over_after_some_time(void **state)
{
	int64_t began_ms = clock_ms();
	struct net_connection *c;

	(void)state;
	begin(&(struct net_endpoint_settings){ 0 });
	connect_clients(1);
	c = &under_test.served[0]->connection;
	assert_true(net_connection_begin_turn(c));
	while (!net_connection_turn_is_over(c) && clock_ms() < began_ms + TIMEOUT_MS)
		;
	assert_true(net_connection_turn_is_over(c));
	assert_true(clock_ms() - began_ms >= NET_TURN_MS - 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

TEST_GROUP(net_endpoint)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_peer_is_named_by_its_user_and_process),
		TEST(beyond_the_bound_clients_are_refused),
		TEST(a_higher_bound_is_for_the_next_client),
		TEST(connections_that_are_not_open_are_bounded_by_themselves),
		TEST(a_source_is_bounded_and_others_are_served),
		TEST(a_user_of_this_computer_is_a_source_and_root_is_not_bounded),
		TEST(when_full_the_largest_source_makes_room_with_its_oldest),
		TEST(a_flood_of_one_source_leaves_every_other_source_its_places),
		TEST(newcomers_are_refused_more_and_more_as_it_fills),
		TEST(reserved_places_are_for_privileged_peers),
		TEST(a_privileged_source_makes_room_for_no_other),
		TEST(a_peer_that_is_not_admitted_takes_no_place),
		TEST(a_connection_that_is_not_opened_in_time_is_closed_whatever_happens_on_it),
		TEST(an_open_connection_is_closed_when_nothing_happened_on_it_for_long),
		TEST(a_shorter_timeout_is_for_those_that_are_there_too),
		TEST(no_timer_keeps_the_loop_running_without_a_connection),
		TEST(draining_closes_at_once_what_has_nothing_to_answer),
		TEST(turns_are_given_once_each),
		TEST(others_are_served_between_two_turns),
		TEST(a_turn_is_over_after_some_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
