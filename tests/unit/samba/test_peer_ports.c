/* SPDX-License-Identifier: MIT */
/* At which ports connections came in, by answers of sock_diag(7) as the kernel writes them, and by
 * the kernel itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "samba/smbstatus/peer_ports.h"

struct connection {
	const char *peer;
	uint16_t peer_port, local_port;
};

static const struct connection ipv4[] = {
	{ "192.0.2.9", 60460, 445 }, { "192.0.2.10", 58165, 139 }, { "192.0.2.10", 58166, 445 },
	{ "192.0.2.11", 4096, 445 }, { "192.0.2.11", 4096, 139 },  { "192.0.2.11", 4096, 445 },
	{ "192.0.2.12", 8192, 445 }, { "192.0.2.12", 8192, 445 },  { NULL, 0, 0 },
};
static const struct connection ipv6[] = {
	{ "2001:db8::7", 54007, 445 },
	{ "::ffff:192.0.2.13", 12288, 445 },
	{ "fe80::2", 16384, 445 },
	{ NULL, 0, 0 },
};

/* One datagram of the kernel's answer. Each message has attributes behind it, which are passed
 * over. */
struct datagram {
	char bytes[4096];
	size_t used;
};

static void append_message(struct datagram *d, uint16_t type, const void *body, size_t bytes)
{
	const struct nlmsghdr head = { .nlmsg_type = type,
		                       .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + bytes) };

	memcpy(d->bytes + d->used, &head, sizeof head);
	memcpy(d->bytes + d->used + NLMSG_HDRLEN, body, bytes);
	d->used += NLMSG_ALIGN(head.nlmsg_len);
}

static struct datagram made_of(const struct connection *list)
{
	struct datagram d = { .used = 0 };

	for (; list->peer != NULL; list++) {
		struct {
			struct inet_diag_msg socket;
			char attributes[6];
		} body = { .socket = { .idiag_family = AF_INET,
			               .id.idiag_sport = htons(list->local_port),
			               .id.idiag_dport = htons(list->peer_port) } };

		if (inet_pton(AF_INET, list->peer, body.socket.id.idiag_dst) != 1) {
			body.socket.idiag_family = AF_INET6;
			assert_int_equal(inet_pton(AF_INET6, list->peer, body.socket.id.idiag_dst),
			                 1);
		}
		append_message(&d, SOCK_DIAG_BY_FAMILY, &body, sizeof body.socket + 6);
	}
	return d;
}

static uint16_t port_of(const char *peer, const struct connection *list)
{
	struct peer_ports *p = peer_ports_new();
	struct datagram d = made_of(list);
	uint16_t port;

	assert_int_equal(peer_ports_add(p, d.bytes, d.used), PEER_PORTS_MORE);
	port = peer_ports_find(p, peer);
	peer_ports_free(p);
	return port;
}

static void a_connection_is_found_by_its_other_end(void **state)
{
	(void)state;
	assert_int_equal(port_of("ipv4:192.0.2.9:60460", ipv4), 445);
	assert_int_equal(port_of("ipv4:192.0.2.10:58165", ipv4), 139);
	assert_int_equal(port_of("ipv4:192.0.2.10:58166", ipv4), 445);
	assert_int_equal(port_of("ipv4:192.0.2.10:58167", ipv4), 0);
	assert_int_equal(port_of("ipv4:192.0.2.1:445", ipv4), 0);
}

static void ipv6_is_found_and_ipv4_within_it(void **state)
{
	(void)state;
	assert_int_equal(port_of("ipv6:2001:db8::7:54007", ipv6), 445);
	assert_int_equal(port_of("ipv4:192.0.2.13:12288", ipv6), 445);
	assert_int_equal(port_of("ipv6:::ffff:192.0.2.13:12288", ipv6), 445);
	assert_int_equal(port_of("ipv6:fe80::2%eth0:16384", ipv6), 445);
}

static void what_could_be_two_connections_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(port_of("ipv4:192.0.2.11:4096", ipv4), 0);
	assert_int_equal(port_of("ipv4:192.0.2.12:8192", ipv4), 445); /* both came in there */
}

static void what_is_no_other_end_is_not_found(void **state)
{
	static const char *const odd[] = { "",
		                           "host.example",
		                           "192.0.2.9:60460",
		                           "ipv4:",
		                           "ipv4:60460",
		                           "ipv4:192.0.2.9",
		                           "ipv4:192.0.2.9:",
		                           "ipv4:192.0.2.9:0",
		                           "ipv4:192.0.2.9:60460x",
		                           "ipv4:192.0.2.9:125996",
		                           "ipv4:192.0.2:60460",
		                           "ipv6:192.0.2.9:60460",
		                           "ipv6:60460",
		                           "unix:/tmp:60460" };

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		assert_int_equal(port_of(odd[i], ipv4), 0);
}

static enum peer_ports_part part_of(const struct datagram *d, size_t bytes)
{
	struct peer_ports *p = peer_ports_new();
	char *copy = malloc(bytes + 1); /* a read behind its end is one behind the block's */
	enum peer_ports_part part;

	memcpy(copy, d->bytes, bytes);
	part = peer_ports_add(p, copy, bytes);
	free(copy);
	peer_ports_free(p);
	return part;
}

static void an_answer_ends_with_the_message_that_says_so(void **state)
{
	struct datagram d = made_of(ipv6);
	const int32_t status = 0;

	(void)state;
	assert_int_equal(part_of(&d, d.used), PEER_PORTS_MORE);
	append_message(&d, NLMSG_DONE, &status, sizeof status);
	assert_int_equal(part_of(&d, d.used), PEER_PORTS_LAST);
}

static void what_is_no_list_is_passed_over(void **state)
{
	const struct datagram whole = made_of(ipv4);
	struct datagram error = { .used = 0 }, other = { .used = 0 };
	const struct nlmsgerr refused = { .error = -1 };

	(void)state;
	append_message(&error, NLMSG_ERROR, &refused, sizeof refused);
	assert_int_equal(part_of(&error, error.used), PEER_PORTS_FAILED);
	append_message(&other, SOCK_DIAG_BY_FAMILY, &refused, sizeof refused);
	assert_int_equal(part_of(&other, other.used), PEER_PORTS_FAILED);
	/* Cut off in any message, but for the two bytes that only align the next one. */
	for (size_t i = 0, step = whole.used / 8; i < whole.used; i++)
		if (i % step != 0 && i % step < step - 2)
			assert_int_equal(part_of(&whole, i), PEER_PORTS_FAILED);
}

static void several_sessions_share_a_connection(void **state)
{
	enum { MANY = 1000 };
	struct peer_ports *p = peer_ports_new();
	const struct datagram d = made_of(ipv4);

	(void)state;
	assert_int_equal(peer_ports_add(p, d.bytes, d.used), PEER_PORTS_MORE);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(peer_ports_find(p, i % 2 == 0 ? "ipv4:192.0.2.9:60460"
		                                               : "ipv4:192.0.2.10:58165"),
		                 i % 2 == 0 ? 445 : 139);
	peer_ports_free(p);
}

static void the_kernel_knows_a_connection_of_ours(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof address;
	struct peer_ports *p = peer_ports_new();
	int listening = socket(AF_INET, SOCK_STREAM, 0), caller = socket(AF_INET, SOCK_STREAM, 0);
	int netlink = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
	uint16_t expected;
	char peer[64];

	(void)state;
	assert_int_equal(bind(listening, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &bytes), 0);
	expected = ntohs(address.sin_port);
	assert_int_equal(connect(caller, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(caller, (struct sockaddr *)&address, &bytes), 0);
	(void)snprintf(peer, sizeof peer, "ipv4:127.0.0.1:%u", ntohs(address.sin_port));
	peer_ports_read_kernel(p);
	if (netlink < 0) {
		print_message("# an emulator runs this, which has no sock_diag\n");
		expected = 0;
	} else {
		close(netlink);
	}
	assert_int_equal(peer_ports_find(p, peer), expected);
	peer_ports_free(p);
	close(caller);
	close(listening);
}

TEST_GROUP(peer_ports)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_found_by_its_other_end),
		cmocka_unit_test(ipv6_is_found_and_ipv4_within_it),
		cmocka_unit_test(what_could_be_two_connections_is_not_known),
		cmocka_unit_test(what_is_no_other_end_is_not_found),
		cmocka_unit_test(an_answer_ends_with_the_message_that_says_so),
		cmocka_unit_test(what_is_no_list_is_passed_over),
		cmocka_unit_test(several_sessions_share_a_connection),
		cmocka_unit_test(the_kernel_knows_a_connection_of_ours),
	};

	return cmocka_run_group_tests_name("peer_ports", tests, NULL, NULL);
}
