/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "client/server_name.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct form {
	const char *text, *host;
	uint16_t port;
};

static void expect_forms(const struct form forms[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct server_name name;
		struct err err = { 0 };

		if (!server_name_parse(forms[i].text, &name, &err))
			fail_msg("\"%s\" was refused: %s", forms[i].text, err.text);
		assert_string_equal(name.host, forms[i].host);
		assert_int_equal(name.port, forms[i].port);
	}
}

static void expect_refusals(const char *const texts[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct server_name name;
		struct err err = { 0 };

		if (server_name_parse(texts[i], &name, &err))
			fail_msg("\"%s\" was taken", texts[i]);
		assert_int_equal(err.status, NERR_InvalidComputer);
		assert_string_not_equal(err.text, "");
	}
}

static void names_and_ipv4_addresses_are_taken(void **state)
{
	static const struct form forms[] = {
		{ "fs1", "fs1", 0 },
		{ "\\\\fs1", "fs1", 0 },
		{ "fs1.lab.example", "fs1.lab.example", 0 },
		{ "FS_1", "FS_1", 0 },
		{ "dateiserver-\xc3\xbc", "dateiserver-\xc3\xbc", 0 },
		{ "192.0.2.7", "192.0.2.7", 0 },
		{ "\\\\192.0.2.7", "192.0.2.7", 0 },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void a_port_may_follow(void **state)
{
	static const struct form forms[] = {
		{ "fs1:1", "fs1", 1 },
		{ "fs1:4450", "fs1", 4450 },
		{ "\\\\fs1.lab.example:139", "fs1.lab.example", 139 },
		{ "192.0.2.7:65535", "192.0.2.7", 65535 },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void ipv6_addresses_are_taken_with_and_without_brackets(void **state)
{
	static const struct form forms[] = {
		{ "::1", "::1", 0 },
		{ "\\\\2001:db8::1", "2001:db8::1", 0 },
		{ "fe80::1%eth0", "fe80::1%eth0", 0 },
		{ "2001:0DB8:0::0001", "2001:db8::1", 0 },
		{ "[::ffff:192.0.2.7]:445", "192.0.2.7", 445 },
		{ "[::1]", "::1", 0 },
		{ "[fe80::1%2]:445", "fe80::1%2", 445 },
		{ "\\\\[2001:db8::1]:4450", "2001:db8::1", 4450 },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void ipv6_literal_names_are_addresses(void **state)
{
	static const struct form forms[] = {
		{ "2001-db8--1.ipv6-literal.net", "2001:db8::1", 0 },
		{ "\\\\fe80--1s4.ipv6-literal.net", "fe80::1%4", 0 },
		{ "FE80--1S4.IPV6-LITERAL.NET", "fe80::1%4", 0 },
		{ "2001-db8--1.ipv6-literal.net:4450", "2001:db8::1", 4450 },
	};
	static const struct form names[] = {
		{ "ipv6-literal.net", "ipv6-literal.net", 0 },
		{ "fs-1.ipv6-literal.net.example", "fs-1.ipv6-literal.net.example", 0 },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
	expect_forms(names, COUNT(names));
}

static void ports_from_1_to_65535_alone_are_taken(void **state)
{
	static const char *const texts[] = {
		"fs1:",    "fs1:0",  "fs1:65536", "fs1:4294967741", "fs1:99999999999999999999",
		"fs1:-1",  "fs1:+1", "fs1: 445",  "fs1:445 ",       "fs1:0x1bd",
		"fs1:smb", "[::1]:", "[::1]:0",   "[::1]:65536",
	};

	(void)state;
	expect_refusals(texts, COUNT(texts));
}

static void nothing_is_no_name(void **state)
{
	static const char *const texts[] = { "", "\\\\", ":445", "[]", "[]:445", "\\\\:445" };

	(void)state;
	expect_refusals(texts, COUNT(texts));
}

static void broken_brackets_are_refused(void **state)
{
	static const char *const texts[] = {
		"[::1",    "::1]",   "[::1]445", "[::1]x", "[fs1]", "[192.0.2.7]:445",
		"[[::1]]", "[::1]]",
	};

	(void)state;
	expect_refusals(texts, COUNT(texts));
}

static void characters_that_no_name_has_are_refused(void **state)
{
	static const char *const texts[] = {
		"\\fs1", "\\\\\\fs1", "\\\\fs1\\share",
		"//fs1", "fs1/share", "f s",
		"f\"s",  "f[s",       "f]s",
		"f|s",   "f<s",       "f>s",
		"f+s",   "f=s",       "f;s",
		"f,s",   "f*s",       "f?s",
		"a@fs1", "f%s",       "fs1%eth0",
	};

	(void)state;
	expect_refusals(texts, COUNT(texts));
}

static void the_address_to_connect_to_may_stand_behind_a_name(void **state)
{
	static const struct {
		const char *text, *host, *address;
		uint16_t port;
	} forms[] = {
		{ "fs1@192.0.2.7", "fs1", "192.0.2.7", 0 },
		{ "fs1.lab.example@192.0.2.7:4450", "fs1.lab.example", "192.0.2.7", 4450 },
		{ "fs1@2001:DB8::5", "fs1", "2001:db8::5", 0 },
		{ "fs1@[2001:db8::5]:4450", "fs1", "2001:db8::5", 4450 },
	};
	static const char *const refused[] = {
		"fs1@",          "@192.0.2.7",        "fs1@fs2",
		"a@b@192.0.2.7", "fs1:445@192.0.2.7", "fs1@192.0.2.7:0"
	};

	(void)state;
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct server_name name;
		struct err err = { 0 };

		assert_true(server_name_parse(forms[i].text, &name, &err));
		assert_string_equal(name.host, forms[i].host);
		assert_string_equal(name.address, forms[i].address);
		assert_string_equal(server_name_target(&name), forms[i].address);
		assert_int_equal(name.port, forms[i].port);
	}
	expect_refusals(refused, COUNT(refused));
}

static void numbers_that_resolvers_read_differently_are_refused(void **state)
{
	static const char *const texts[] = { "192.0.2.010", "010.0.0.7", "10.0.0.256",
		                             "1.2.3.4567" };
	static const struct form forms[] = { { "127.1", "127.1", 0 },
		                             { "10.0.0.7.example", "10.0.0.7.example", 0 } };

	(void)state;
	expect_refusals(texts, COUNT(texts));
	expect_forms(forms, COUNT(forms));
}

static void control_characters_and_broken_utf_8_are_refused(void **state)
{
	static const char *const broken[] = { "fs\xff", "fs\xc3", "\xed\xa0\x80", "fs\x7f" };

	(void)state;
	expect_refusals(broken, COUNT(broken));
	for (char control = 1; control <= ' '; control++) {
		char text[] = { 'f', control, 's', '\0' };
		const char *const texts[] = { text };

		expect_refusals(texts, 1);
	}
}

static void a_name_has_at_most_255_bytes(void **state)
{
	char text[2 + SERVER_NAME_MAX_BYTES + 2] = "\\\\";
	const char *const texts[] = { text };
	struct form form = { text, text + 2, 0 };

	(void)state;
	memset(text + 2, 'a', SERVER_NAME_MAX_BYTES);
	expect_forms(&form, 1);
	text[2 + SERVER_NAME_MAX_BYTES] = 'a';
	expect_refusals(texts, 1);
}

TEST_GROUP(server_name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_ipv4_addresses_are_taken),
		cmocka_unit_test(a_port_may_follow),
		cmocka_unit_test(ipv6_addresses_are_taken_with_and_without_brackets),
		cmocka_unit_test(ipv6_literal_names_are_addresses),
		cmocka_unit_test(ports_from_1_to_65535_alone_are_taken),
		cmocka_unit_test(nothing_is_no_name),
		cmocka_unit_test(broken_brackets_are_refused),
		cmocka_unit_test(characters_that_no_name_has_are_refused),
		cmocka_unit_test(the_address_to_connect_to_may_stand_behind_a_name),
		cmocka_unit_test(numbers_that_resolvers_read_differently_are_refused),
		cmocka_unit_test(control_characters_and_broken_utf_8_are_refused),
		cmocka_unit_test(a_name_has_at_most_255_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
