/* SPDX-License-Identifier: MIT */
/* Connecting to Unix sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>
#include "group.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"

static char folder[64], path[108];

static struct {
	int socket, calls;
	struct err err;
} dialed;

static int set_up(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/net-local-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	(void)snprintf(path, sizeof path, "%s/socket", folder);
	dialed.socket = -1;
	dialed.calls = 0;
	dialed.err = (struct err){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static int listen_there(int queue)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(bind(made, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(made, queue), 0);
	return made;
}

static void on_dialed(void *context, int socket, const struct err *err)
{
	(void)context;
	dialed.calls++;
	dialed.socket = socket;
	if (err != NULL)
		dialed.err = *err;
}

static void dial(struct net_loop *loop)
{
	struct sockaddr_un address;

	assert_true(net_address_local(path, &address));
	assert_non_null(net_dial_start_local(loop, &address, on_dialed, NULL));
}

static void dial_and_wait(void)
{
	struct net_loop *loop = net_loop_new();

	dial(loop);
	net_loop_run(loop);
	assert_int_equal(dialed.calls, 1);
	net_loop_free(loop);
}

static void a_socket_that_is_not_there_is_a_service_not_started(void **state)
{
	(void)state;
	dial_and_wait();
	assert_int_equal(dialed.socket, -1);
	assert_int_equal(dialed.err.status, NERR_ServerNotStarted);
}

static void a_socket_nobody_listens_at_is_a_service_not_started(void **state)
{
	(void)state;
	close(listen_there(1));
	dial_and_wait();
	assert_int_equal(dialed.socket, -1);
	assert_int_equal(dialed.err.status, NERR_ServerNotStarted);
}

static void a_socket_that_forbids_it_denies_access(void **state)
{
	int listener = listen_there(1);

	(void)state;
	if (geteuid() == 0) {
		assert_int_equal(chmod(folder, 0755), 0);
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(seteuid(1), 0);
		dial_and_wait();
		assert_int_equal(seteuid(0), 0);
	} else {
		assert_int_equal(chmod(path, 0), 0);
		dial_and_wait();
	}
	assert_int_equal(dialed.socket, -1);
	assert_int_equal(dialed.err.status, ERROR_ACCESS_DENIED);
	close(listener);
}

static void who_listens_is_reached(void **state)
{
	int listener = listen_there(1);

	(void)state;
	dial_and_wait();
	assert_true(dialed.socket >= 0);
	close(dialed.socket);
	close(listener);
}

static void on_timer(void *context)
{
	int *listener = context, taken;

	while ((taken = accept4(*listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		close(taken);
}

/* connect(2): EAGAIN, and no event ever. */
static void a_full_queue_is_waited_for(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = listen_there(0), before[64], count = 0;
	struct net_timer *timer;

	(void)state;
	strcpy(address.sun_path, path);
	do
		before[count] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (connect(before[count++], (struct sockaddr *)&address, sizeof address) == 0 &&
	       count < 64);
	assert_true(count < 64);
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO,
	                            &(struct timeval){ .tv_usec = 1000 }, sizeof(struct timeval)),
	                 0);
	dial(loop);
	timer = net_timer_start(loop, 50, on_timer, &listener);
	net_loop_run(loop);
	net_timer_stop(timer);
	assert_int_equal(dialed.calls, 1);
	assert_true(dialed.socket >= 0);
	close(dialed.socket);
	while (count > 0)
		close(before[--count]);
	close(listener);
	net_loop_free(loop);
}

static void a_path_that_no_address_holds_is_refused(void **state)
{
	struct sockaddr_un address;
	char text[200];

	(void)state;
	memset(text, 'x', sizeof text);
	text[108] = '\0';
	assert_false(net_address_local(text, &address));
	assert_false(net_address_local("", &address));
	text[107] = '\0';
	assert_true(net_address_local(text, &address));
}

TEST_GROUP(net_local)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_socket_that_is_not_there_is_a_service_not_started),
		TEST(a_socket_nobody_listens_at_is_a_service_not_started),
		TEST(a_socket_that_forbids_it_denies_access),
		TEST(who_listens_is_reached),
		TEST(a_full_queue_is_waited_for),
		TEST(a_path_that_no_address_holds_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
