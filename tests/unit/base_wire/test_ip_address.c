/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/ip_address.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct ip_address address_of(const char *text)
{
	struct ip_address a;

	if (!ip_address_parse(text, &a))
		fail_msg("\"%s\" is an address", text);
	return a;
}

static void all_spellings_of_an_address_are_written_in_one(void **state)
{
	static const struct {
		const char *text, *plain, *bracketed;
	} cases[] = {
		{ "10.0.0.7", "10.0.0.7", "10.0.0.7" },
		{ "\\\\10.0.0.7", "10.0.0.7", "10.0.0.7" },
		{ "::ffff:10.0.0.7", "10.0.0.7", "10.0.0.7" },
		{ "::FFFF:0a00:0007", "10.0.0.7", "10.0.0.7" },
		{ "[::ffff:10.0.0.7]", "10.0.0.7", "10.0.0.7" },
		{ "::1", "::1", "[::1]" },
		{ "[::1]", "::1", "[::1]" },
		{ "\\\\::1", "::1", "[::1]" },
		{ "\\\\[::1]", "::1", "[::1]" },
		{ "0:0:0:0:0:0:0:1", "::1", "[::1]" },
		{ "0000:0000::0001", "::1", "[::1]" },
		{ "2001:DB8:0:0:0:0:0:5", "2001:db8::5", "[2001:db8::5]" },
		{ "2001:0db8::0:0005", "2001:db8::5", "[2001:db8::5]" },
		{ "2001:db8::5:0:0:1", "2001:db8::5:0:0:1", "[2001:db8::5:0:0:1]" },
		{ "fe80::1%eth0", "fe80::1%eth0", "[fe80::1%eth0]" },
		{ "\\\\[FE80::1%4]", "fe80::1%4", "[fe80::1%4]" },
		{ "2001-db8--1.ipv6-literal.net", "2001:db8::1", "[2001:db8::1]" },
		{ "\\\\FE80--1S4.IPv6-Literal.Net", "fe80::1%4", "[fe80::1%4]" },
		{ "fe80--1slan-s.ipv6-literal.net.", "fe80::1%lan-s", "[fe80::1%lan-s]" },
	};
	char text[IP_ADDRESS_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_address a = address_of(cases[i].text);

		assert_string_equal(ip_address_text(&a, text), cases[i].plain);
		assert_string_equal(ip_address_bracketed_text(&a, text), cases[i].bracketed);
	}
}

static void a_network_has_the_addresses_that_begin_like_it(void **state)
{
	static const struct {
		const char *network, *within, *outside;
	} cases[] = {
		{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
		{ "10.0.0.0/9", "10.127.0.1", "10.128.0.0" },
		{ "10.0.0.7", "::ffff:10.0.0.7", "10.0.0.6" },
		{ "10.0.0.7/32", "10.0.0.7", "10.0.0.8" },
		{ "0.0.0.0/0", "203.0.113.1", "::1" },
		{ "2001:db8::/32", "[2001:db8:ffff::1]", "2001:db9::1" },
		{ "2001:db8::/127", "2001:db8::1", "2001:db8::2" },
		{ "fe80::/10", "fe80::1%eth0", "fec0::1" },
	};
	static const char *const wrong[] = {
		"",       "/8",    "10.0.0.0/",    "10.0.0.0/33", "10.0.0.1/8",  "::1/129",
		"::1/64", "fs1/8", "fe80::5%eth1", "10.0.0.0/8x", "10.0.0.0/-1", "10.0.0.0/0008"
	};
	struct ip_network network;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_address within = address_of(cases[i].within);
		struct ip_address outside = address_of(cases[i].outside);

		assert_true(ip_network_parse(cases[i].network, &network));
		assert_true(ip_network_has(&network, &within));
		assert_false(ip_network_has(&network, &outside));
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		assert_false(ip_network_parse(wrong[i], &network));
}

static void the_longest_address_has_room(void **state)
{
	const char *longest = "[2001:db88:1111:2222:3333:4444:5555:6666%fifteen-bytes-x]";
	struct ip_address a = address_of(longest);
	char text[IP_ADDRESS_TEXT_BYTES];

	(void)state;
	assert_string_equal(ip_address_bracketed_text(&a, text), longest);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\\\\",
		"[",
		"]",
		"[]",
		"fs1",
		"1",
		"10.0.0",
		"10.0.0.256",
		"10.0.0.7.",
		"010.0.0.7",
		"10.0.0.07",
		"10.0.0.7 ",
		" 10.0.0.7",
		"[10.0.0.7]",
		"10.0.0.7%eth0",
		"::ffff:10.0.0.7%eth0",
		"10.0.0.7.ipv6-literal.net",
		"\\10.0.0.7",
		"\\\\\\\\10.0.0.7",
		"::1]",
		"[::1",
		"[::1]:445",
		"[[::1]]",
		":",
		":::",
		"::00001",
		"1::2::3",
		"fe80::1%",
		"fe80::1%sixteen-bytes-xx",
		"fe80::1%a%b",
		"fe80::1%a b",
		"fs-1.ipv6-literal.net",
		".ipv6-literal.net",
		"2001-db8--1.ipv6-literal.net.example",
		"2001:0db8:0000:0000:0000:0000:0000:0001:0000:0000:0000:0000:0000:0000:0000:0000:0000",
	};
	struct ip_address a;

	(void)state;
	assert_false(ip_address_parse(NULL, &a));
	for (size_t i = 0; i < COUNT(texts); i++)
		if (ip_address_parse(texts[i], &a))
			fail_msg("\"%s\" is no address", texts[i]);
}

static void addresses_are_equal_whatever_their_spelling(void **state)
{
	static const struct {
		const char *one, *other;
		bool are_equal;
	} cases[] = {
		{ "::1", "\\\\[0::0:1]", true },
		{ "10.0.0.7", "\\\\[::ffff:10.0.0.7]", true },
		{ "10.0.0.7", "::10.0.0.7", false }, /* not v4-mapped */
		{ "10.0.0.7", "10.0.0.70", false },
		{ "fe80::1%eth0", "fe80::1%eth0", true },
		{ "fe80::1%eth0", "fe80::1", true },
		{ "fe80::1", "fe80::1%4", true },
		{ "fe80::1%eth0", "fe80::1%eth1", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ip_address a = address_of(cases[i].one), b = address_of(cases[i].other);

		assert_int_equal(ip_address_equal(&a, &b), cases[i].are_equal);
		assert_int_equal(ip_address_equal(&b, &a), cases[i].are_equal);
	}
}

static void addresses_are_sorted_by_their_numbers(void **state)
{
	static const char *const sorted[] = {
		"9.0.0.1",      "10.0.0.9", "10.0.0.10", "2001:db8::9",
		"2001:db8::10", "fe80::1",  "fe80::1%4",
	};

	(void)state;
	for (size_t i = 1; i < COUNT(sorted); i++) {
		struct ip_address a = address_of(sorted[i - 1]), b = address_of(sorted[i]);

		assert_true(ip_address_compare(&a, &b) < 0);
		assert_true(ip_address_compare(&b, &a) > 0);
		assert_int_equal(ip_address_compare(&a, &a), 0);
	}
}

static void only_an_ipv4_address_is_v4(void **state)
{
	struct ip_address v4 = address_of("10.0.0.7"), mapped = address_of("::ffff:a00:7"),
			  v6 = address_of("::1");

	(void)state;
	assert_true(ip_address_is_v4(&v4));
	assert_true(ip_address_is_v4(&mapped));
	assert_false(ip_address_is_v4(&v6));
}

TEST_GROUP(ip_address)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_spellings_of_an_address_are_written_in_one),
		cmocka_unit_test(a_network_has_the_addresses_that_begin_like_it),
		cmocka_unit_test(the_longest_address_has_room),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(addresses_are_equal_whatever_their_spelling),
		cmocka_unit_test(addresses_are_sorted_by_their_numbers),
		cmocka_unit_test(only_an_ipv4_address_is_v4),
	};

	return cmocka_run_group_tests_name("ip_address", tests, NULL, NULL);
}
