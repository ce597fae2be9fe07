/* SPDX-License-Identifier: MIT */
/* At which ports connections came in, by lists as Linux 6.1 writes them, and by its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "group.h"
#include "samba/smbstatus/local_ports.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
#define REST \
	" 01 00000000:00000000 00:00000000 00000000     0        0 1132 1 000000007d566a7f 20 0\n"

/* As a little-endian computer writes them: see open_list. */
static const char ipv4[] = HEAD
	"   0: 00000000:01BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1132\n"
	"   1: 010200C0:01BD 090200C0:EC2C" REST "   2: 010200C0:008B 0A0200C0:E335" REST
	"   3: 010200C0:01BD 0A0200C0:E336" REST "   4: 020200C0:01BD 0B0200C0:1000" REST
	"   5: 030200C0:008B 0B0200C0:1000" REST "   6: 040200C0:01BD 0B0200C0:1000" REST
	"   7: 010200C0:01BD 0C0200C0:2000" REST "   8: 020200C0:01BD 0C0200C0:2000" REST;
static const char ipv6[] = HEAD
	"   0: B80D0120000000000000000001000000:01BD B80D0120000000000000000007000000:D2F7" REST
	"  10: 0000000000000000FFFF0000010200C0:01BD 0000000000000000FFFF00000D0200C0:3000" REST
	"  11: 000080FE000000000000000001000000:01BD 000080FE000000000000000002000000:4000" REST;

/* A list as this computer writes it: each address consists of words of 8 digits, which a big-endian
 * one writes with their bytes in the other order. */
static FILE *open_list(const char *list)
{
	static char copy[4096];
	bool is_big_endian = htonl(1) == 1;
	size_t digits = 0;

	assert_true(strlen(list) < sizeof copy);
	strcpy(copy, list);
	for (size_t i = 0; copy[i] != '\0'; i++) {
		digits = isxdigit((unsigned char)copy[i]) ? digits + 1 : 0;
		if (is_big_endian && digits == 8) {
			for (size_t k = 0; k < 8; k++)
				copy[i - 7 + k] = list[i - 1 - k + 2 * (k % 2)];
			digits = 0;
		}
	}
	return fmemopen(copy, strlen(copy), "r");
}

static uint16_t port_of(const char *peer, const char *list)
{
	struct local_ports *l = local_ports_new();
	FILE *file = open_list(list);
	uint16_t port = 9;

	local_ports_want(l, peer, &port);
	local_ports_read(l, file);
	fclose(file);
	local_ports_free(l);
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

static void what_is_no_list_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(port_of("ipv4:192.0.2.9:60460", "x"), 0);
	assert_int_equal(port_of("ipv4:192.0.2.9:60460",
	                         "   1: 0200C0:01BD 0200C0:EC2C" REST
	                         "   1: 010200C0:01BD 090200C0\n"
	                         "   1: 010200C0:01BD 090200C090:EC2C" REST
	                         "   1: 010200C0:01BD 090200C0090200C0:EC2C" REST),
	                 0);
}

static void several_sessions_share_a_connection(void **state)
{
	enum { MANY = 1000 };
	struct local_ports *l = local_ports_new();
	FILE *file = open_list(ipv4);
	static uint16_t ports[MANY];

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		local_ports_want(l, i % 2 == 0 ? "ipv4:192.0.2.9:60460" : "ipv4:192.0.2.10:58165",
		                 &ports[i]);
	local_ports_read(l, file);
	fclose(file);
	local_ports_free(l);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(ports[i], i % 2 == 0 ? 445 : 139);
}

/* Whether the kernel's list has a connection from 127.0.0.1 at that port, its address being word.
 */
static bool kernel_writes(uint32_t word, uint16_t port)
{
	FILE *list = fopen("/proc/net/tcp", "re");
	char wanted[32], line[512];
	bool has = false;

	assert_non_null(list);
	(void)snprintf(wanted, sizeof wanted, " %08X:%04X ", (unsigned)word, port);
	while (fgets(line, sizeof line, list) != NULL)
		has = has || strstr(line, wanted) != NULL;
	fclose(list);
	return has;
}

static void the_kernel_knows_a_connection_of_ours(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof address;
	struct local_ports *l = local_ports_new();
	int listening = socket(AF_INET, SOCK_STREAM, 0), caller = socket(AF_INET, SOCK_STREAM, 0);
	uint16_t expected, port;
	char peer[64];

	(void)state;
	assert_int_equal(bind(listening, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &bytes), 0);
	expected = ntohs(address.sin_port);
	assert_int_equal(connect(caller, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(caller, (struct sockaddr *)&address, &bytes), 0);
	(void)snprintf(peer, sizeof peer, "ipv4:127.0.0.1:%u", ntohs(address.sin_port));
	local_ports_want(l, peer, &port);
	local_ports_read_all(l);
	if (!kernel_writes(address.sin_addr.s_addr, ntohs(address.sin_port))) {
		/* An emulator that lets this program see the list of a kernel of the other order.
		 */
		assert_true(kernel_writes(__builtin_bswap32(address.sin_addr.s_addr),
		                          ntohs(address.sin_port)));
		print_message("# the list of connections is of a kernel of the other byte order\n");
		expected = 0;
	}
	assert_int_equal(port, expected);
	local_ports_free(l);
	close(caller);
	close(listening);
}

TEST_GROUP(local_ports)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_found_by_its_other_end),
		cmocka_unit_test(ipv6_is_found_and_ipv4_within_it),
		cmocka_unit_test(what_could_be_two_connections_is_not_known),
		cmocka_unit_test(what_is_no_other_end_is_not_found),
		cmocka_unit_test(what_is_no_list_is_passed_over),
		cmocka_unit_test(several_sessions_share_a_connection),
		cmocka_unit_test(the_kernel_knows_a_connection_of_ours),
	};

	return cmocka_run_group_tests_name("local_ports", tests, NULL, NULL);
}
