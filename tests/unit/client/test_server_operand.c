/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "client/server_operand.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct form {
	const char *text, *server, *share, *user;
};

static void expect_forms(const struct form forms[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct server_operand operand;
		struct netsession_error error;

		if (!server_operand_parse(forms[i].text, &operand, &error))
			fail_msg("\"%s\" was refused: %s", forms[i].text, error.text);
		assert_int_equal(error.status, 0);
		assert_string_equal(operand.server, forms[i].server);
		assert_string_equal(operand.share, forms[i].share != NULL ? forms[i].share : "");
		assert_string_equal(operand.user, forms[i].user != NULL ? forms[i].user : "");
	}
}

static void expect_refusal(const char *text, const char *why)
{
	struct server_operand operand;
	struct netsession_error error;

	if (server_operand_parse(text, &operand, &error))
		fail_msg("\"%s\" was taken", text);
	assert_int_equal(error.status, NERR_InvalidComputer);
	if (strstr(error.text, why) == NULL)
		fail_msg("\"%s\": \"%s\" is not in \"%s\"", text, why, error.text);
}

static void what_the_library_takes_is_taken(void **state)
{
	static const struct form forms[] = {
		{ .text = "fs1", .server = "fs1" },
		{ .text = "FS1.lab.example:4450", .server = "FS1.lab.example:4450" },
		{ .text = "\\\\fs1", .server = "fs1" },
		{ .text = "\\\\fs1:4450", .server = "fs1:4450" },
		{ .text = "::1", .server = "::1" },
		{ .text = "[2001:db8::1]:4450", .server = "[2001:db8::1]:4450" },
		{ .text = "\\\\fe80--1s4.ipv6-literal.net",
		  .server = "fe80--1s4.ipv6-literal.net" },
		{ .text = "m\xC3\xBCller.example", .server = "m\xC3\xBCller.example" },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void slashes_of_either_kind_and_a_share_are_taken(void **state)
{
	static const struct form forms[] = {
		{ .text = "//fs1", .server = "fs1" },
		{ .text = "//fs1/", .server = "fs1" },
		{ .text = "fs1/", .server = "fs1" },
		{ .text = "fs1/share", .server = "fs1", .share = "share" },
		{ .text = "//fs1/share", .server = "fs1", .share = "share" },
		{ .text = "//fs1:4450/share/a b", .server = "fs1:4450", .share = "share" },
		{ .text = "\\\\fs1\\share\\path", .server = "fs1", .share = "share" },
		{ .text = "\\\\fs1\\IPC$", .server = "fs1", .share = "IPC$" },
		{ .text = "\\\\fs1/share", .server = "fs1", .share = "share" },
		{ .text = "\\\\\\\\fs1\\\\share",
		  .server = "fs1",
		  .share = "share" }, /* from JSON */
		{ .text = "\\\\fs1\\100%25", .server = "fs1", .share = "100%25" },
		{ .text = "\\\\?\\UNC\\fs1\\share", .server = "fs1", .share = "share" },
		{ .text = "//?/unc/fs1", .server = "fs1" },
		{ .text = "//[::1]:4450/share", .server = "[::1]:4450", .share = "share" },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void urls_are_taken(void **state)
{
	static const struct form forms[] = {
		{ .text = "smb://fs1", .server = "fs1" },
		{ .text = "smb://fs1/", .server = "fs1" },
		{ .text = "SMB://FS1", .server = "FS1" },
		{ .text = "cifs://fs1/share", .server = "fs1", .share = "share" },
		{ .text = "file://fs1/share/x", .server = "fs1", .share = "share" },
		{ .text = "file:////fs1/share", .server = "fs1", .share = "share" },
		{ .text = "smb:\\\\fs1\\share", .server = "fs1", .share = "share" },
		{ .text = "smb:/fs1", .server = "fs1" },
		{ .text = "smb://fs1:4450", .server = "fs1:4450" },
		{ .text = "smb://fs1:", .server = "fs1" },
		{ .text = "smb://fs1:/share", .server = "fs1", .share = "share" },
		{ .text = "smb://fs1?x=1", .server = "fs1" },
		{ .text = "smb://fs1/share?x#y", .server = "fs1", .share = "share" },
		{ .text = "smb://fs1/a%20b/c", .server = "fs1", .share = "a b" },
		{ .text = "smb://f%73%31", .server = "fs1" },
		{ .text = "smb://m%C3%BCller.example", .server = "m\xC3\xBCller.example" },
		{ .text = "smb://[::1]/", .server = "[::1]" },
		{ .text = "smb://[::1]:4450/x", .server = "[::1]:4450", .share = "x" },
		{ .text = "smb://[fe80::1%25eth0]:4450", .server = "[fe80::1%eth0]:4450" },
		{ .text = "smb://[fe80::1%eth0]", .server = "[fe80::1%eth0]" },
		{ .text = "smb://[::1]:", .server = "[::1]" },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void the_user_of_a_url_is_given(void **state)
{
	static const struct form forms[] = {
		{ .text = "smb://alice@fs1", .server = "fs1", .user = "alice" },
		{ .text = "smb://alice@fs1:4450/share",
		  .server = "fs1:4450",
		  .share = "share",
		  .user = "alice" },
		{ .text = "smb://LAB;alice@fs1", .server = "fs1", .user = "LAB\\alice" },
		{ .text = "smb://LAB%5Calice@fs1", .server = "fs1", .user = "LAB\\alice" },
		{ .text = "smb://;alice@fs1", .server = "fs1", .user = "alice" },
		{ .text = "smb://alice%40lab.example@fs1",
		  .server = "fs1",
		  .user = "alice@lab.example" },
		{ .text = "smb://alice@lab.example@fs1",
		  .server = "fs1",
		  .user = "alice@lab.example" },
		{ .text = "smb://alice@[::1]:445/x",
		  .server = "[::1]:445",
		  .share = "x",
		  .user = "alice" },
		{ .text = "smb://@fs1", .server = "fs1" },
		{ .text = "smb://fs1:445/a@b", .server = "fs1:445", .share = "a@b" },
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void blanks_around_it_and_a_dot_at_its_end_are_passed_over(void **state)
{
	static const struct form forms[] = {
		{ .text = "fs1 ", .server = "fs1" },
		{ .text = "\t fs1\r\n", .server = "fs1" },
		{ .text = " smb://fs1/ ", .server = "fs1" },
		{ .text = "fs1.lab.example.", .server = "fs1.lab.example" },
		{ .text = " fs1@192.0.2.7:4450 ", .server = "fs1@192.0.2.7:4450" },
		{ .text = "smb://fs1.lab.example.:4450/", .server = "fs1.lab.example:4450" },
		{ .text = "//fs1.lab./share", .server = "fs1.lab", .share = "share" },
		{ .text = "fs1.", .server = "fs1." }, /* not by NetBIOS */
	};

	(void)state;
	expect_forms(forms, COUNT(forms));
}

static void what_is_no_server_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "the name is empty" },
		{ " ", "the name is empty" },
		{ "//", "no name of a server" },
		{ "\\\\", "no name of a server" },
		{ "smb://", "no name of a server" },
		{ "smb:///share", "no name of a server" },
		{ "smb://:445", "the name is empty" },
		{ "https://fs1", "another protocol than SMB" },
		{ "nfs://fs1/x", "another protocol than SMB" },
		{ "file:///srv/x", "a file of this computer" },
		{ "/srv/x", "one slash" },
		{ "\\fs1", "a shell drops every second one" },
		{ "\\fs1share", "a shell drops every second one" },
		{ "LAB\\fs1", "write \\\\host\\share" },
		{ "\\\\?\\C:\\x", "a file of this computer" },
		{ "\\\\.\\pipe\\srvsvc", "is this computer" },
		{ "\\\\fs1@4450\\share", "the port of a WebDAV server" },
		{ "\\\\fs1@SSL@443\\share", "the port of a WebDAV server" },
		{ "alice@fs1", "write --as USER" },
		{ "alice@192.0.2.7/share", "write --as USER" },
		{ "fs1,445", "host:445" },
		{ "fs1,fs2", "blanks between servers" },
		{ "fs 1", "has a blank" },
		{ "fs1:/export", "there is no port" },
		{ "fs1:", "there is no port" },
		{ "fs1:0", "there is no port" },
		{ "smb://fs1:smb/", "there is no port" },
		{ "smb://[::1/x", "brackets hold an IPv6 address" },
		{ "smb://[::1]445", "only a colon and a port" },
		{ "smb://f%zz", "a % in a URL" },
		{ "smb://f%00", "a % in a URL" },
		{ "smb://f%ff", "not valid UTF-8" },
		{ "smb://a%2Fb", "has a slash" },
		{ "smb://a%20b", "has a blank" },
		{ "fs*", "the character *" },
		{ "alice%pw/rest", "the character %" },
		{ "1:2:3", "it has to be an IPv6 address" },
		{ "10.0.0.07", "without leading zeros" },
		{ "fs\x01", "control character" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_refusal(cases[i].text, cases[i].why);
}

static void a_password_is_refused_and_hidden(void **state)
{
	static const char *const cases[][2] = {
		{ "smb://alice:secret@fs1/x", "smb://alice:***@fs1/x" },
		{ "SMB://LAB;alice:secret@fs1", "SMB://LAB;alice:***@fs1" },
		{ "smb://alice:sec/ret@fs1/x", "smb://alice:***@fs1/x" },
		{ "smb://alice:sec@ret@fs1", "smb://alice:***@fs1" },
		{ "smb://alice:sec#ret?@fs1", "smb://alice:***@fs1" },
		{ "smb://alice%secret@fs1", "smb://alice%***@fs1" }, /* smbclient's user%password */
		{ "smb:\\\\alice:secret@fs1\\x", "smb:\\\\alice:***@fs1\\x" },
		{ "https://alice:secret@fs1", "https://alice:***@fs1" },
		{ "//alice:secret@fs1/x", "//alice:***@fs1/x" },
		{ " alice:secret@fs1", " alice:***@fs1" },
		{ "smb://alice%25secret@fs1", "smb://alice%25***@fs1" },
		{ "smb://alice%3Asecret@fs1", "smb://alice%3A***@fs1" },
		{ "smb://alice%secret@fs1/a@b", "smb://alice%***@b" },
		{ "smb://alice%25secret@fs1:445/a@b", "smb://alice%25***@b" },
		{ "smb://[alice%25secret@fs1/a@b", "smb://[alice%25***@b" },
		{ "alice%ab12secret@fs1:1", "alice%***@fs1:1" }, /* no URL, and so no escape */
		{ "//alice%ab12secret@fs1", "//alice%***@fs1" },
		{ "alice%sec/ret@fs1", "alice%***@fs1" },
		{ "alice%sec:445/ret@fs1", "alice%***@fs1" },
		{ "alice%sec:ret@fs1", "alice%***@fs1" },
		{ "smb://alice:se@fs1", "smb://alice:**@fs1" },
		{ "smb://alice:@fs1", "smb://alice:@fs1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct server_operand operand;
		struct netsession_error error;
		char text[64];

		snprintf(text, sizeof text, "%s", cases[i][0]);
		expect_refusal(text, "a password stands in it");
		assert_false(server_operand_parse(text, &operand, &error));
		assert_null(strstr(error.text, "sec"));
		server_operand_hide_password(text);
		assert_string_equal(text, cases[i][1]);
		expect_refusal(text, "a password stands in it");
	}
}

static void what_has_no_password_is_left_alone(void **state)
{
	static const char *const texts[] = { "fs1:445",
		                             "smb://alice@fs1:445/x",
		                             "smb://fs1:445/a@b",
		                             "[::1]:445/a@b",
		                             "\\\\fs1\\a:b@c",
		                             "\\\\fs1\\a%b@c",
		                             "smb://f%73%31/a%b@c",
		                             "smb://LAB%5Calice@fs1",
		                             "",
		                             "@" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char text[64];

		snprintf(text, sizeof text, "%s", texts[i]);
		server_operand_hide_password(text);
		assert_string_equal(text, texts[i]);
	}
}

static void parts_that_are_too_long_are_refused(void **state)
{
	char text[4096];

	(void)state;
	memset(text, 'a', sizeof text);
	text[256] = '\0';
	expect_refusal(text, "longer than 255 bytes");
	memset(text, 'a', sizeof text);
	text[600] = '\0';
	expect_refusal(text, "longer than 511 bytes");
	memset(text, 'a', sizeof text);
	text[sizeof text - 1] = '\0';
	expect_refusal(text, "longer than 2,047 bytes");
}

TEST_GROUP(server_operand)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_library_takes_is_taken),
		cmocka_unit_test(slashes_of_either_kind_and_a_share_are_taken),
		cmocka_unit_test(urls_are_taken),
		cmocka_unit_test(the_user_of_a_url_is_given),
		cmocka_unit_test(blanks_around_it_and_a_dot_at_its_end_are_passed_over),
		cmocka_unit_test(what_is_no_server_is_refused_with_its_reason),
		cmocka_unit_test(a_password_is_refused_and_hidden),
		cmocka_unit_test(what_has_no_password_is_left_alone),
		cmocka_unit_test(parts_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests_name("server_operand", tests, NULL, NULL);
}
