/* SPDX-License-Identifier: MIT */
/* Listeners on real sockets, and jobs on the shared threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "group.h"
#include "net/listener.h"
#include "net/work.h"

#define MOST 8

struct arrivals {
	struct net_listener *listener;
	int sockets[MOST];
	int count, wanted;
};

static void on_accepted(void *context, int socket)
{
	struct arrivals *a = context;

	a->sockets[a->count++] = socket;
	if (a->count == a->wanted) {
		net_listener_free(a->listener);
		a->listener = NULL;
	}
}

static union net_address loopback(int family)
{
	union net_address address = { .any.sa_family = (sa_family_t)family };

	if (family == AF_INET)
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address.v6.sin6_addr = in6addr_loopback;
	return address;
}

/* Connects to where listening listens. */
static int connect_to(int listening)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof address;
	int s;

	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &bytes), 0);
	s = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s, (struct sockaddr *)&address, bytes), 0);
	return s;
}

static void accepts_what_connects(int family, const char *expected)
{
	union net_address address = loopback(family);
	struct net_loop *loop = net_loop_new();
	struct arrivals a = { .wanted = 3 };
	struct err err = { 0 };
	char text[NET_PEER_TEXT_BYTES];
	int listening = net_listen_tcp(&address, &err), callers[3];

	assert_true(listening >= 0);
	for (int i = 0; i < 3; i++)
		callers[i] = connect_to(listening);
	a.listener = net_listener_new(loop, listening, on_accepted, &a);
	net_loop_run(loop);
	assert_int_equal(a.count, 3);
	assert_true(net_socket_peer_text(a.sockets[0], text));
	assert_string_equal(text, expected);
	for (int i = 0; i < 3; i++) {
		close(callers[i]);
		close(a.sockets[i]);
	}
	net_loop_free(loop);
}

static void accepts_over_ipv4(void **state)
{
	(void)state;
	accepts_what_connects(AF_INET, "127.0.0.1");
}

static void accepts_over_ipv6(void **state)
{
	(void)state;
	accepts_what_connects(AF_INET6, "[::1]");
}

/* Of two minutes' silence: one until the kernel asks, and four questions. */
static void a_peer_that_is_gone_without_a_word_is_found_out(void **state)
{
	static const struct {
		int level, name, value;
	} options[] = { { SOL_SOCKET, SO_KEEPALIVE, 1 },
		        { IPPROTO_TCP, TCP_KEEPIDLE, 60 },
		        { IPPROTO_TCP, TCP_KEEPINTVL, 15 },
		        { IPPROTO_TCP, TCP_KEEPCNT, 4 },
		        { IPPROTO_TCP, TCP_USER_TIMEOUT, 120000 } };
	union net_address address = loopback(AF_INET);
	struct net_loop *loop = net_loop_new();
	struct arrivals a = { .wanted = 1 };
	struct err err = { 0 };
	int listening = net_listen_tcp(&address, &err), caller = connect_to(listening);

	(void)state;
	a.listener = net_listener_new(loop, listening, on_accepted, &a);
	net_loop_run(loop);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		int value = 0;
		socklen_t bytes = sizeof value;

		assert_int_equal(
			getsockopt(a.sockets[0], options[i].level, options[i].name, &value, &bytes),
			0);
		assert_int_equal(value, options[i].value);
	}
	close(caller);
	close(a.sockets[0]);
	net_loop_free(loop);
}

static void says_that_another_listens_there(void **state)
{
	union net_address address = loopback(AF_INET);
	socklen_t bytes = sizeof address;
	struct err err = { 0 };
	int first = net_listen_tcp(&address, &err);

	(void)state;
	assert_int_equal(getsockname(first, &address.any, &bytes), 0);
	assert_int_equal(net_listen_tcp(&address, &err), -1);
	assert_string_equal(err.text, "another process already listens there");
	close(first);
}

static char folder[] = "/tmp/netsession-listener-XXXXXX";

static const char *path_of(const char *name)
{
	static char path[100];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void a_local_socket_has_its_permissions_and_knows_its_peer(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct arrivals a = { .wanted = 1 };
	const char *path = path_of("local");
	struct err err = { 0 };
	struct stat status;
	int listening = net_listen_local(path, 0660, &err), caller;
	uid_t uid;
	gid_t gid;
	pid_t pid;

	(void)state;
	assert_true(listening >= 0);
	assert_int_equal(lstat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0660);
	caller = connect_to(listening);
	a.listener = net_listener_new(loop, listening, on_accepted, &a);
	net_loop_run(loop);
	assert_true(net_socket_peer_process(a.sockets[0], &uid, &gid, &pid));
	assert_int_equal(uid, getuid());
	assert_int_equal(gid, getgid());
	assert_int_equal(pid, getpid());
	close(caller);
	close(a.sockets[0]);
	net_loop_free(loop);
	unlink(path);
}

static void a_dead_process_socket_is_replaced_and_a_living_one_is_not(void **state)
{
	const char *path = path_of("stale");
	struct err err = { 0 };
	int first = net_listen_local(path, 0600, &err), second;

	(void)state;
	assert_int_equal(net_listen_local(path, 0600, &err), -1);
	assert_string_equal(err.text, "another process already listens there");
	close(first);
	err = (struct err){ 0 };
	second = net_listen_local(path, 0600, &err);
	assert_true(second >= 0);
	close(second);
	unlink(path);
}

static void what_is_no_socket_is_left_alone(void **state)
{
	const char *path = path_of("file");
	struct err err = { 0 };
	struct stat status;
	FILE *file = fopen(path, "w");

	(void)state;
	fclose(file);
	assert_int_equal(net_listen_local(path, 0600, &err), -1);
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISREG(status.st_mode));
	unlink(path);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char path[200];
	struct err err = { 0 };

	(void)state;
	memset(path, 'x', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	assert_int_equal(net_listen_local(path, 0600, &err), -1);
	assert_string_equal(err.text, "the path of a Unix socket has at most 107 bytes");
}

struct tally {
	int run, done, dropped;
};

static void run(void *job)
{
	((struct tally *)job)->run++;
}

static void done(void *context)
{
	((struct tally *)context)->done++;
}

static void drop(void *job)
{
	((struct tally *)job)->dropped++;
}

static const struct net_pool_job counting = { run, done, drop };

static void a_pooled_job_is_run_told_and_dropped(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct tally tallies[20] = { 0 };

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_non_null(net_pool_start(loop, &counting, &tallies[i], &tallies[i]));
	net_loop_run(loop);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tallies[i].run, 1);
		assert_int_equal(tallies[i].done, 1);
		assert_int_equal(tallies[i].dropped, 1);
	}
	net_loop_free(loop);
}

static void an_abandoned_job_is_dropped_untold(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct tally tallies[20] = { 0 };
	struct net_pooled *pooled[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		pooled[i] = net_pool_start(loop, &counting, &tallies[i], &tallies[i]);
	for (int i = 0; i < 20; i++)
		net_pool_abandon(pooled[i]);
	net_loop_run(loop);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(tallies[i].done, 0);
		assert_int_equal(tallies[i].dropped, 1);
	}
	net_loop_free(loop);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

TEST_GROUP(net_listener)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_over_ipv4),
		cmocka_unit_test(accepts_over_ipv6),
		cmocka_unit_test(a_peer_that_is_gone_without_a_word_is_found_out),
		cmocka_unit_test(says_that_another_listens_there),
		cmocka_unit_test(a_local_socket_has_its_permissions_and_knows_its_peer),
		cmocka_unit_test(a_dead_process_socket_is_replaced_and_a_living_one_is_not),
		cmocka_unit_test(what_is_no_socket_is_left_alone),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(a_pooled_job_is_run_told_and_dropped),
		cmocka_unit_test(an_abandoned_job_is_dropped_untold),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
