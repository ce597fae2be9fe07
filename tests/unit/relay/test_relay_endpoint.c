/* SPDX-License-Identifier: MIT */
/* The relay's endpoint between two sockets of the test: smbd's and Samba's. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "group.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/uv.h"
#include "samba/relay/npa.h"
#include "rpc/call.h"
#include "samba/relay_endpoint.h"
#include "system/log.h"

#define MAX_PIPES 2
#define HANG_MS   10000
#define MOST_QUEUED \
	(2u << 20) /* that the kernel and the relay take while the other side does not read */

static struct {
	struct net_loop *loop;
	struct relay *relay;
	struct relay_endpoint *endpoint;
	char folder[64], path[100], upstream[100];
	int samba; /* listens */
} under_test;

static int64_t now_ms(void *context)
{
	struct timespec now;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The relay's clock stands still, so that all lines fall into one window of the log's limit. */
static int64_t relay_now_ms(void *context)
{
	(void)context;
	return 1800000000000;
}

static const char *transport(void *context, const char *client, const char *user)
{
	(void)context;
	(void)client;
	(void)user;
	return NULL;
}

static void tell(void *context, const struct srvsvc_event *event)
{
	(void)context;
	(void)event;
}

static void turn(void)
{
	uv_run(under_test.loop->uv, UV_RUN_NOWAIT);
}

#define UNTIL(condition)                                                         \
	do {                                                                     \
		int64_t until_ms = now_ms(NULL) + HANG_MS;                       \
		while (!(condition)) {                                           \
			turn();                                                  \
			if (now_ms(NULL) > until_ms)                             \
				fail_msg("waited in vain until %s", #condition); \
		}                                                                \
	} while (0)

static int set_up(void **state)
{
	const struct relay_settings settings = { .max_sessions = 100,
		                                 .max_answer_bytes = 1 << 20,
		                                 .max_held_bytes = 4 << 20,
		                                 .now_ms = relay_now_ms,
		                                 .find_transport = transport,
		                                 .on_event = tell };
	struct relay_endpoint_settings endpoint = { .upstream = under_test.upstream,
		                                    .max_pipes = MAX_PIPES };
	struct err err = { 0 };
	int socket;

	(void)state;
	strcpy(under_test.folder, "/tmp/netsession-endpoint-XXXXXX");
	if (mkdtemp(under_test.folder) == NULL)
		return -1;
	snprintf(under_test.path, sizeof under_test.path, "%s/ours", under_test.folder);
	snprintf(under_test.upstream, sizeof under_test.upstream, "%s/samba", under_test.folder);
	under_test.loop = net_loop_new();
	under_test.relay = relay_new(&settings);
	under_test.samba = net_listen_local(under_test.upstream, 0600, &err);
	socket = net_listen_local(under_test.path, 0600, &err);
	if (socket < 0 || under_test.samba < 0)
		return -1;
	under_test.endpoint = relay_endpoint_new(under_test.loop, under_test.relay, socket,
	                                         &endpoint, &err);
	return under_test.endpoint != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	relay_endpoint_free(under_test.endpoint);
	if (under_test.samba >= 0)
		close(under_test.samba);
	net_loop_run(under_test.loop);
	net_loop_free(under_test.loop);
	relay_free(under_test.relay);
	unlink(under_test.path);
	unlink(under_test.upstream);
	return rmdir(under_test.folder);
}

/* ---- both sides ---- */

/* smbd opens the pipe. */
static int open_pipe(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, under_test.path);
	assert_int_equal(connect(made, (struct sockaddr *)&address, sizeof address), 0);
	return made;
}

/* Samba accepts it. */
static int take_pipe(void)
{
	int taken = -1;

	UNTIL((taken = accept4(under_test.samba, NULL, NULL, SOCK_NONBLOCK)) >= 0);
	return taken;
}

static void say(int end, const void *data, size_t bytes)
{
	assert_int_equal(send(end, data, bytes, MSG_NOSIGNAL), bytes);
}

/* Asserts which bytes come next. */
static void expect(int end, const void *data, size_t bytes)
{
	char heard[256];
	size_t so_far = 0;

	assert_true(bytes <= sizeof heard);
	while (so_far < bytes) {
		ssize_t some = -1;

		UNTIL((some = recv(end, heard + so_far, bytes - so_far, 0)) >= 0);
		assert_true(some > 0);
		so_far += (size_t)some;
	}
	assert_memory_equal(heard, data, bytes);
}

static bool is_at_end(int end)
{
	char byte;
	ssize_t some = recv(end, &byte, 1, 0);

	assert_true(some <= 0);
	return some == 0 || (errno != EAGAIN && errno != EINTR);
}

static uint32_t pipes_now(void)
{
	struct relay_endpoint_counts counts;

	relay_endpoint_count(under_test.endpoint, &counts);
	return counts.pipes_now;
}

static const char who[] = "\0\0\0\5NPAM!", reply[] = "\0\0\0\4NPAM";

#define BYTES(text) (sizeof(text) - 1)

static void open_up(int *caller, int *samba)
{
	*caller = open_pipe();
	*samba = take_pipe();
	say(*caller, who, BYTES(who));
	expect(*samba, who, BYTES(who));
	say(*samba, reply, BYTES(reply));
	expect(*caller, reply, BYTES(reply));
}

/* A request, or an answer to it, as a message; no operation has opnum 99. */
static size_t message_of(uint8_t to[64], bool is_request)
{
	struct wire_writer w = { 0 };
	const struct rpc_request request = { .opnum = 99 };
	const struct rpc_response response = { 0 };
	size_t begin = npa_message_begin(&w), at = 0, bytes;

	if (is_request)
		rpc_request_encode(&w, 7, &request, NULL, 0, &at, 1432);
	else
		rpc_response_encode(&w, 7, &response, (const uint8_t *)"\0\0\0", 4, &at, 1432);
	npa_message_end(&w, begin);
	bytes = w.len;
	assert_true(bytes <= 64);
	memcpy(to, w.data, bytes);
	wire_writer_fini(&w);
	return bytes;
}

/* ---- sentences ---- */

static void both_sides_receive_what_the_other_one_sends(void **state)
{
	uint8_t message[64];
	size_t bytes;
	int caller, samba;

	(void)state;
	open_up(&caller, &samba);
	bytes = message_of(message, true);
	say(caller, message, bytes);
	expect(samba, message, bytes);
	bytes = message_of(message, false);
	say(samba, message, bytes);
	expect(caller, message, bytes);
	close(caller);
	UNTIL(is_at_end(samba));
	UNTIL(pipes_now() == 0);
	close(samba);
}

/* Samba since July 2026, where smbd only wants to know whether the pipe is there: PROBE_ONLY. */
static void a_reply_is_forwarded_although_samba_closes_behind_it(void **state)
{
	int caller = open_pipe(), samba = take_pipe();

	(void)state;
	say(caller, who, BYTES(who));
	expect(samba, who, BYTES(who));
	say(samba, reply, BYTES(reply));
	close(samba);
	expect(caller, reply, BYTES(reply));
	UNTIL(is_at_end(caller));
	close(caller);
	UNTIL(pipes_now() == 0);
}

static void if_nobody_listens_for_samba_the_pipe_is_closed_at_once(void **state)
{
	int64_t began_ms = now_ms(NULL);
	struct relay_endpoint_counts counts;
	int caller;

	(void)state;
	for (int is_gone = 0; is_gone < 2; is_gone++) {
		if (is_gone)
			unlink(under_test.upstream);
		else
			close(under_test.samba); /* its socket stays where it is */
		under_test.samba = -1;
		caller = open_pipe();
		say(caller, who, BYTES(who));
		UNTIL(is_at_end(caller));
		close(caller);
	}
	assert_true(now_ms(NULL) - began_ms < HANG_MS / 2);
	relay_endpoint_count(under_test.endpoint, &counts);
	assert_int_equal(counts.without_samba, 2);
	assert_int_equal(counts.pipes_now, 0);
}

static void a_pipe_beyond_the_bound_is_closed_at_once(void **state)
{
	int callers[MAX_PIPES], sambas[MAX_PIPES], third;

	(void)state;
	for (int i = 0; i < MAX_PIPES; i++)
		open_up(&callers[i], &sambas[i]);
	third = open_pipe();
	UNTIL(is_at_end(third));
	close(third);
	close(callers[0]);
	UNTIL(is_at_end(sambas[0]));
	close(sambas[0]);
	open_up(&callers[0], &sambas[0]);
	for (int i = 0; i < MAX_PIPES; i++) {
		close(callers[i]);
		close(sambas[i]);
	}
	UNTIL(pipes_now() == 0);
}

/* Sends messages that the other side does not read, until no more are accepted. Returns the number
 * of bytes. */
static size_t fill(int end, bool with_requests)
{
	uint8_t message[64];
	size_t bytes = message_of(message, with_requests), all = 0, at = 0;

	for (int64_t quiet_ms = now_ms(NULL); now_ms(NULL) < quiet_ms + 200; turn()) {
		ssize_t some = send(end, message + at, bytes - at, MSG_NOSIGNAL);

		if (some <= 0)
			continue;
		all += (size_t)some;
		at = (at + (size_t)some) % bytes;
		quiet_ms = now_ms(NULL);
		assert_true(all < MOST_QUEUED);
	}
	return all;
}

static size_t drain(int end, size_t bytes)
{
	char heard[65536];
	size_t all = 0;

	while (all < bytes) {
		ssize_t some = -1;

		UNTIL((some = recv(end, heard, sizeof heard, 0)) >= 0);
		assert_true(some > 0);
		all += (size_t)some;
	}
	return all;
}

static void a_side_that_does_not_read_makes_the_other_wait_and_loses_nothing(void **state)
{
	int caller, samba;
	size_t bytes;

	(void)state;
	open_up(&caller, &samba);
	bytes = fill(samba, false);
	assert_int_equal(drain(caller, bytes), bytes);
	bytes = fill(caller, true);
	assert_int_equal(drain(samba, bytes), bytes);
	close(caller);
	close(samba);
	UNTIL(pipes_now() == 0);
}

static void draining_closes_idle_pipes_and_others_once_they_are_answered(void **state)
{
	int idle, idle_samba, busy, busy_samba;
	uint8_t message[64];
	size_t bytes;

	(void)state;
	open_up(&idle, &idle_samba);
	open_up(&busy, &busy_samba);
	bytes = message_of(message, true);
	say(busy, message, bytes);
	expect(busy_samba, message, bytes);
	relay_endpoint_drain(under_test.endpoint);
	UNTIL(is_at_end(idle));
	assert_int_equal(pipes_now(), 1);
	bytes = message_of(message, false);
	say(busy_samba, message, bytes);
	expect(busy, message, bytes);
	UNTIL(is_at_end(busy));
	assert_int_equal(pipes_now(), 0);
	close(idle);
	close(idle_samba);
	close(busy);
	close(busy_samba);
}

/* Samba from 4.20 on drops what it has not read if its peer closes the socket. */
static bool is_hung_up(int end)
{
	struct pollfd polled = { .fd = end, .events = POLLIN | POLLRDHUP };

	return poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLRDHUP | POLLERR)) != 0;
}

static void wait_ms(int64_t ms)
{
	for (int64_t until_ms = now_ms(NULL) + ms; now_ms(NULL) < until_ms; turn())
		;
}

static void a_pipe_stays_open_until_its_last_answer_is_read(void **state)
{
	int callers[2], sambas[2];
	uint8_t message[64];
	size_t bytes;

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_up(&callers[i], &sambas[i]);
		bytes = message_of(message, true);
		say(callers[i], message, bytes);
		expect(sambas[i], message, bytes);
		bytes = message_of(message, false);
		say(sambas[i], message, bytes);
	}
	close(sambas[0]); /* Samba closes this pipe; the relay closes the other one when it drains
	                   */
	relay_endpoint_drain(under_test.endpoint);
	UNTIL(pipes_now() == 0);
	wait_ms(200);
	for (int i = 0; i < 2; i++) {
		assert_false(is_hung_up(callers[i]));
		expect(callers[i], message, bytes);
		UNTIL(is_at_end(callers[i]));
		close(callers[i]);
	}
	close(sambas[1]);
}

static void a_message_without_bytes_ends_the_pipe(void **state)
{
	struct relay_endpoint_counts counts;
	int caller, samba;

	(void)state;
	open_up(&caller, &samba);
	say(caller, "\0\0", 2);
	UNTIL(is_at_end(caller));
	UNTIL(is_at_end(samba));
	relay_endpoint_count(under_test.endpoint, &counts);
	assert_int_equal(counts.malformed, 1);
	close(caller);
	close(samba);
}

/* Sends a pipe something that ends it. */
static void break_pipe(void)
{
	int caller, samba;

	open_up(&caller, &samba);
	say(caller, "\0\0", 2);
	UNTIL(is_at_end(caller));
	UNTIL(pipes_now() == 0);
	close(caller);
	close(samba);
}

static void a_dropped_pipe_logs_its_reason_and_many_are_counted(void **state)
{
	char expected[128], logged[8192] = "";
	int log = memfd_create("log", 0), standard_error = dup(STDERR_FILENO);

	(void)state;
	dup2(log, STDERR_FILENO);
	for (int i = 0; i < LOG_LIMIT_LINES + 3; i++)
		break_pipe();
	relay_endpoint_free(under_test.endpoint);
	under_test.endpoint = NULL;
	dup2(standard_error, STDERR_FILENO);
	close(standard_error);
	assert_true(pread(log, logged, sizeof logged - 1, 0) > 0);
	close(log);
	snprintf(expected, sizeof expected,
	         "warning: srvsvc pipe of smbd (uid %u, pid %u) closed: smbd sent a message "
	         "without bytes\n",
	         (unsigned)getuid(), (unsigned)getpid());
	assert_non_null(strstr(logged, expected));
	assert_non_null(strstr(logged, "relay endpoint: 3 similar messages suppressed\n"));
}

TEST_GROUP(relay_endpoint)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(both_sides_receive_what_the_other_one_sends),
		TEST(a_reply_is_forwarded_although_samba_closes_behind_it),
		TEST(if_nobody_listens_for_samba_the_pipe_is_closed_at_once),
		TEST(a_pipe_beyond_the_bound_is_closed_at_once),
		TEST(a_side_that_does_not_read_makes_the_other_wait_and_loses_nothing),
		TEST(draining_closes_idle_pipes_and_others_once_they_are_answered),
		TEST(a_pipe_stays_open_until_its_last_answer_is_read),
		TEST(a_message_without_bytes_ends_the_pipe),
		TEST(a_dropped_pipe_logs_its_reason_and_many_are_counted),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
