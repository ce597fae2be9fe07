/* SPDX-License-Identifier: MIT */
/* Streams at one end of a pair of sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>
#include "group.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/uv.h"

#define MUCH 4000000 /* bytes, more than sockets hold */

static struct {
	struct net_loop *loop;
	struct net_stream *stream;
	int peer;
	uint8_t space[64];
	size_t received;
	NET_API_STATUS ended; /* 0: it has not */
	int drained;
	struct net_timer *timer; /* NULL: there is none */
} under_test;

static uint8_t *on_space(void *context, size_t *room)
{
	(void)context;
	*room = sizeof under_test.space;
	return under_test.space;
}

static void on_received(void *context, size_t bytes)
{
	(void)context;
	under_test.received += bytes;
}

static void stop_timer(void)
{
	net_timer_stop(under_test.timer);
	under_test.timer = NULL;
}

static void close_stream(void)
{
	net_stream_close(under_test.stream);
	under_test.stream = NULL;
}

static void on_ended(void *context, const struct err *err)
{
	(void)context;
	assert_int_equal(under_test.ended, 0);
	under_test.ended = err->status;
	stop_timer();
	close_stream();
}

static void on_drained(void *context)
{
	(void)context;
	under_test.drained++;
	assert_int_equal(under_test.received, 0);
	assert_int_equal(net_stream_unsent(under_test.stream), 0);
	net_stream_resume(under_test.stream);
}

static void on_first_timer(void *context)
{
	(void)context;
	stop_timer();
}

static int set_up_stream(struct net_stream *(*make)(struct net_loop *loop, int socket,
                                                    const struct net_stream_handler *handler,
                                                    void *context))
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };
	int sockets[2];

	memset(&under_test, 0, sizeof under_test);
	under_test.loop = net_loop_new();
	/* A loop that has never run does not wait for anything alone. */
	under_test.timer = net_timer_start(under_test.loop, 0, on_first_timer, NULL);
	net_loop_run(under_test.loop);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
		return -1;
	under_test.peer = sockets[1];
	under_test.stream = make(under_test.loop, sockets[0], &handler, NULL);
	return under_test.stream != NULL ? 0 : -1;
}

static int set_up(void **state)
{
	(void)state;
	return set_up_stream(net_stream_new);
}

/* The loop waits for this one without libuv. */
static int set_up_alone(void **state)
{
	int failed;

	(void)state;
	failed = set_up_stream(net_stream_new_alone);
	assert_ptr_equal(under_test.loop->alone, under_test.stream);
	return failed;
}

static int tear_down(void **state)
{
	(void)state;
	close_stream();
	if (under_test.peer >= 0)
		close(under_test.peer);
	net_loop_free(under_test.loop);
	return 0;
}

static void close_peer(void)
{
	close(under_test.peer);
	under_test.peer = -1;
}

static void a_peer_that_is_gone_kills_nobody_who_sends(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	close_peer();
	assert_true(net_stream_send(under_test.stream, "a", 1));
	assert_true(net_stream_send(under_test.stream, "b", 1));
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
}

static void what_came_before_the_end_is_received(void **state)
{
	char bytes[1000] = { 0 };

	(void)state;
	assert_int_equal(write(under_test.peer, bytes, sizeof bytes), sizeof bytes);
	close_peer();
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.received, sizeof bytes);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
}

static void *read_all(void *total)
{
	char bytes[65536];
	size_t *at = total;
	ssize_t count;

	while (*at < MUCH && (count = read(under_test.peer, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < count; i++, (*at)++)
			if (bytes[i] != (char)(*at % 251))
				return NULL;
	close_peer();
	return NULL;
}

static void what_the_socket_does_not_take_follows_in_order(void **state)
{
	uint8_t *much = malloc(MUCH);
	pthread_t reader;
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (uint8_t)(i % 251);
	for (size_t at = 0; at < MUCH; at += MUCH / 4)
		assert_true(net_stream_send(under_test.stream, much + at, MUCH / 4));
	free(much);
	pthread_create(&reader, NULL, read_all, &total);
	net_loop_run(under_test.loop);
	pthread_join(reader, NULL);
	assert_int_equal(total, MUCH);
}

static void a_paused_stream_is_not_read_until_it_is_resumed(void **state)
{
	uint8_t *much = malloc(MUCH);
	pthread_t reader;
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (uint8_t)(i % 251);
	assert_int_equal(write(under_test.peer, "xyz", 3), 3);
	assert_true(net_stream_send(under_test.stream, much, MUCH));
	free(much);
	net_stream_pause(under_test.stream);
	assert_true(net_stream_unsent(under_test.stream) > 0);
	pthread_create(&reader, NULL, read_all, &total);
	net_loop_run(under_test.loop);
	pthread_join(reader, NULL);
	assert_int_equal(under_test.received, 3);
	assert_int_equal(under_test.drained, 1);
}

static void who_will_not_read_is_let_go_although_it_waits(void **state)
{
	(void)state;
	assert_int_equal(shutdown(under_test.peer, SHUT_RD), 0);
	assert_true(net_stream_send(under_test.stream, "a", 1));
	net_stream_pause(under_test.stream);
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
}

static void who_will_not_read_is_heard_to_the_end(void **state)
{
	(void)state;
	assert_int_equal(write(under_test.peer, "xyz", 3), 3);
	assert_int_equal(shutdown(under_test.peer, SHUT_RD), 0);
	assert_true(net_stream_send(under_test.stream, "a", 1));
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.received, 3);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
}

static void what_has_not_been_sent_is_not_released(void **state)
{
	uint8_t *much = calloc(1, MUCH);

	(void)state;
	assert_true(net_stream_send(under_test.stream, much, MUCH));
	free(much);
	assert_int_equal(net_stream_release(under_test.stream), -1);
	under_test.stream = NULL;
}

static void a_released_socket_is_open_and_serves_another_stream(void **state)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };
	struct net_loop *another = net_loop_new();
	int socket = net_stream_release(under_test.stream);

	(void)state;
	under_test.stream = NULL;
	assert_true(socket >= 0);
	net_loop_run(under_test.loop);
	assert_true(net_socket_is_quiet(socket));
	assert_int_equal(write(under_test.peer, "xyz", 3), 3);
	assert_false(net_socket_is_quiet(socket));
	under_test.stream = net_stream_new(another, socket, &handler, NULL);
	close_peer();
	net_loop_run(another);
	assert_int_equal(under_test.received, 3);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
	net_loop_free(another);
}

static void a_socket_whose_peer_is_gone_is_not_quiet(void **state)
{
	int socket = net_stream_release(under_test.stream);

	(void)state;
	under_test.stream = NULL;
	close_peer();
	assert_false(net_socket_is_quiet(socket));
	net_socket_hang_up(socket);
}

static void forgetting_leaves_another_processs_connection_alone(void **state)
{
	int socket = net_stream_release(under_test.stream), other = dup(socket);
	char byte;

	(void)state;
	under_test.stream = NULL;
	net_socket_forget(socket);
	assert_int_equal(write(other, "x", 1), 1);
	assert_int_equal(read(under_test.peer, &byte, 1), 1);
	net_socket_hang_up(other);
	assert_int_equal(read(under_test.peer, &byte, 1), 0);
}

/* ---- finished streams ---- */

static void run_for_ms(int ms)
{
	uint64_t until_ms;

	uv_update_time(under_test.loop->uv);
	until_ms = uv_now(under_test.loop->uv) + (uint64_t)ms;
	while (uv_run(under_test.loop->uv, UV_RUN_NOWAIT) != 0 &&
	       uv_now(under_test.loop->uv) < until_ms)
		(void)poll(NULL, 0, 1);
}

static void finish_stream(void)
{
	net_stream_finish(under_test.stream);
	under_test.stream = NULL;
}

/* Samba takes this as a reason not to read what is there. */
static bool is_hung_up(int peer)
{
	struct pollfd polled = { .fd = peer, .events = POLLIN | POLLRDHUP };

	return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void expect_from_peer(const char *text)
{
	char bytes[16];
	ssize_t count = read(under_test.peer, bytes, sizeof bytes);

	assert_int_equal(count, strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static int peer_of_tcp(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof address;
	int listens = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listens, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(listens, 1), 0);
	assert_int_equal(getsockname(listens, (struct sockaddr *)&address, &bytes), 0);
	close_peer();
	under_test.peer = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(under_test.peer, (struct sockaddr *)&address, bytes), 0);
	bytes = (socklen_t)accept(listens, NULL, NULL);
	close(listens);
	return (int)bytes;
}

static int set_up_tcp(void **state)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };

	if (set_up(state) != 0)
		return -1;
	close_stream();
	under_test.stream = net_stream_new(under_test.loop, peer_of_tcp(), &handler, NULL);
	return under_test.stream != NULL ? 0 : -1;
}

static void a_finished_stream_stays_open_until_its_peer_has_read_the_answer(void **state)
{
	(void)state;
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	finish_stream();
	run_for_ms(200);
	assert_false(is_hung_up(under_test.peer));
	expect_from_peer("answer");
	run_for_ms(NET_FINISH_MS / 2);
	assert_true(is_hung_up(under_test.peer));
	assert_int_equal(under_test.loop->finishing_count, 0);
}

static void what_waits_for_room_is_sent_before_a_finished_stream_is_closed(void **state)
{
	uint8_t *much = malloc(MUCH);
	pthread_t reader;
	size_t total = 0;

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		much[i] = (uint8_t)(i % 251);
	assert_true(net_stream_send(under_test.stream, much, MUCH));
	free(much);
	finish_stream();
	pthread_create(&reader, NULL, read_all, &total);
	net_loop_run(under_test.loop);
	pthread_join(reader, NULL);
	assert_int_equal(total, MUCH);
	assert_int_equal(under_test.drained, 0);
}

static void nothing_is_received_by_a_finished_stream(void **state)
{
	(void)state;
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	assert_int_equal(write(under_test.peer, "xyz", 3), 3);
	finish_stream();
	run_for_ms(100);
	expect_from_peer("answer");
	close_peer();
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.received, 0);
	assert_int_equal(under_test.ended, 0);
}

static void a_finished_stream_with_nothing_to_read_is_closed_at_once(void **state)
{
	(void)state;
	finish_stream();
	assert_int_equal(under_test.loop->finishing_count, 0);
	assert_true(is_hung_up(under_test.peer));
}

static void a_peer_that_never_reads_keeps_a_finished_stream_for_a_bounded_time(void **state)
{
	(void)state;
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	finish_stream();
	run_for_ms(10 * NET_FINISH_MS);
	assert_false(uv_loop_alive(under_test.loop->uv));
	assert_true(is_hung_up(under_test.peer));
}

static void beyond_the_bound_the_oldest_finished_stream_is_closed(void **state)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };
	int peers[NET_MAX_FINISHING], sockets[2];
	struct rlimit files;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	finish_stream();
	for (int i = 0; i < NET_MAX_FINISHING; i++) {
		assert_false(is_hung_up(under_test.peer));
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) != 0)
			fail_msg("the test needs %d descriptors", 2 * NET_MAX_FINISHING);
		peers[i] = sockets[1];
		under_test.stream = net_stream_new(under_test.loop, sockets[0], &handler, NULL);
		assert_true(net_stream_send(under_test.stream, "answer", 6));
		finish_stream();
	}
	assert_true(is_hung_up(under_test.peer));
	assert_int_equal(under_test.loop->finishing_count, NET_MAX_FINISHING);
	for (int i = 0; i < NET_MAX_FINISHING; i++)
		close(peers[i]);
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.loop->finishing_count, 0);
}

static void unread_input_resets_no_finished_connection_of_tcp(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(write(under_test.peer, "xyz", 3), 3);
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	finish_stream();
	run_for_ms(100);
	assert_int_equal(send(under_test.peer, "more", 4, MSG_NOSIGNAL), 4);
	run_for_ms(100);
	expect_from_peer("answer");
	assert_int_equal(read(under_test.peer, &byte, 1), 0);
	close_peer();
	run_for_ms(NET_FINISH_MS / 2);
	assert_false(uv_loop_alive(under_test.loop->uv));
}

/* Samba's rpcclient 4.25 drops an answer that it has received when the stream has ended by then. */
static void a_finished_connection_of_tcp_ends_a_moment_behind_its_last_bytes(void **state)
{
	(void)state;
	assert_true(net_stream_send(under_test.stream, "answer", 6));
	finish_stream();
	run_for_ms(20);
	assert_false(is_hung_up(under_test.peer));
	run_for_ms(100);
	assert_true(is_hung_up(under_test.peer));
	expect_from_peer("answer");
}

static void a_finished_connection_of_tcp_on_which_nothing_was_sent_is_closed_at_once(void **state)
{
	(void)state;
	finish_stream();
	assert_int_equal(under_test.loop->finishing_count, 0);
}

/* ---- a stream that is alone on its loop ---- */

static void on_timer(void *context)
{
	(void)context;
	stop_timer();
	assert_int_equal(under_test.received, 3);
	assert_int_equal(write(under_test.peer, "late", 4), 4);
	close_peer();
}

static void a_timer_is_on_time_while_a_stream_is_waited_for_alone(void **state)
{
	(void)state;
	under_test.timer = net_timer_start(under_test.loop, 20, on_timer, NULL);
	assert_int_equal(write(under_test.peer, "abc", 3), 3);
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.received, 7);
	assert_int_equal(under_test.ended, ERROR_NETNAME_DELETED);
}

static void on_alarm(int number)
{
	(void)number;
	if (write(under_test.peer, "abc", 3) == 3)
		close_peer();
}

static void a_signal_ends_no_wait(void **state)
{
	const struct sigaction action = { .sa_handler = on_alarm };
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct sigaction before;

	(void)state;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	under_test.timer = net_timer_start(under_test.loop, 60000, on_timer, NULL);
	net_loop_run(under_test.loop);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(under_test.received, 3);
}

static void one_stream_at_a_time_is_alone(void **state)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended, NULL };
	struct net_stream *other;
	int sockets[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	other = net_stream_new_alone(under_test.loop, sockets[0], &handler, NULL);
	assert_ptr_equal(under_test.loop->alone, under_test.stream);
	net_stream_close(other);
	close(sockets[1]);
}

static void a_stream_that_is_released_leaves_the_loop(void **state)
{
	int socket = net_stream_release(under_test.stream);

	(void)state;
	under_test.stream = NULL;
	assert_null(under_test.loop->alone);
	assert_int_equal(write(under_test.peer, "a", 1), 1);
	net_loop_run(under_test.loop);
	assert_int_equal(under_test.received, 0);
	close(socket);
}

TEST_GROUP(net_stream)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_peer_that_is_gone_kills_nobody_who_sends),
		TEST(what_came_before_the_end_is_received),
		TEST(what_the_socket_does_not_take_follows_in_order),
		TEST(a_paused_stream_is_not_read_until_it_is_resumed),
		TEST(who_will_not_read_is_let_go_although_it_waits),
		TEST(who_will_not_read_is_heard_to_the_end),
		TEST(what_has_not_been_sent_is_not_released),
		TEST(a_released_socket_is_open_and_serves_another_stream),
		TEST(a_socket_whose_peer_is_gone_is_not_quiet),
		TEST(forgetting_leaves_another_processs_connection_alone),
		TEST(a_finished_stream_stays_open_until_its_peer_has_read_the_answer),
		TEST(what_waits_for_room_is_sent_before_a_finished_stream_is_closed),
		TEST(nothing_is_received_by_a_finished_stream),
		TEST(a_finished_stream_with_nothing_to_read_is_closed_at_once),
		TEST(a_peer_that_never_reads_keeps_a_finished_stream_for_a_bounded_time),
		TEST(beyond_the_bound_the_oldest_finished_stream_is_closed),
#define TEST_ALONE(name) cmocka_unit_test_setup_teardown(name, set_up_alone, tear_down)
		TEST_ALONE(a_peer_that_is_gone_kills_nobody_who_sends),
		TEST_ALONE(what_came_before_the_end_is_received),
		TEST_ALONE(what_the_socket_does_not_take_follows_in_order),
		TEST_ALONE(what_has_not_been_sent_is_not_released),
		TEST_ALONE(a_timer_is_on_time_while_a_stream_is_waited_for_alone),
		TEST_ALONE(a_signal_ends_no_wait),
		TEST_ALONE(one_stream_at_a_time_is_alone),
		TEST_ALONE(a_stream_that_is_released_leaves_the_loop),
#define TEST_TCP(name) cmocka_unit_test_setup_teardown(name, set_up_tcp, tear_down)
		TEST_TCP(unread_input_resets_no_finished_connection_of_tcp),
		TEST_TCP(a_finished_connection_of_tcp_ends_a_moment_behind_its_last_bytes),
		TEST_TCP(a_finished_connection_of_tcp_on_which_nothing_was_sent_is_closed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
