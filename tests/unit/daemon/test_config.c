/* SPDX-License-Identifier: MIT */
/* The configuration, read from files as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/config.h"
#include "daemon/config_keys.h"
#include "group.h"

static char path[] = "/tmp/netsession-config-XXXXXX";

static void write_file(const char *text, size_t bytes)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
}

static struct config read_good(const char *text)
{
	struct err fault = { 0 };
	struct config c;
	bool is_good;

	write_file(text, strlen(text));
	is_good = config_read(&c, path, true, NULL, 0, &fault);
	if (!is_good)
		print_error("%s\n", fault.text);
	assert_true(is_good);
	return c;
}

/* expected: what the fault says behind the file's name. */
static void refuse_bytes(const char *text, size_t bytes, const char *expected)
{
	struct err fault = { 0 };
	struct config c;

	write_file(text, bytes);
	assert_false(config_read(&c, path, true, NULL, 0, &fault));
	assert_memory_equal(fault.text, path, strlen(path));
	assert_string_equal(fault.text + strlen(path), expected);
	assert_null(c.socket);
}

static void refuse(const char *text, const char *expected)
{
	refuse_bytes(text, strlen(text), expected);
}

static void an_empty_file_gives_the_defaults(void **state)
{
	struct config c = read_good("");

	(void)state;
	assert_int_equal(c.listen.count, 1);
	assert_string_equal(c.socket, "/run/netsession/local.sock");
	assert_string_equal(c.policy, "hardened");
	assert_string_equal(c.administrators, "root");
	assert_int_equal(c.max_connections, 10000);
	assert_false(c.anonymous);
	assert_string_equal(c.rights[ACCESS_DELETE], "");
	config_fini(&c);
}

static void a_missing_file_gives_the_defaults_unless_it_must_exist(void **state)
{
	struct err fault = { 0 };
	struct config c;

	(void)state;
	assert_true(config_read(&c, "/nonexistent/file", false, NULL, 0, &fault));
	assert_null(c.file);
	assert_string_equal(c.encryption, "offer");
	config_fini(&c);
	assert_false(config_read(&c, "/nonexistent/file", true, NULL, 0, &fault));
	assert_string_equal(fault.text, "/nonexistent/file: No such file or directory");
}

static void values_of_all_types_are_read(void **state)
{
	struct config c = read_good("# a comment\n"
	                            "[server]\n"
	                            "listen = 10.0.0.7:445, [::]:4450 ; and why\n"
	                            "idle_timeout_s=2\n"
	                            "encryption: require\n"
	                            "comment = J\xC3\xB6rg's = server\n"
	                            "\n"
	                            "[auth]\n"
	                            "anonymous = yes\n"
	                            "mechanisms = ntlm\n"
	                            "[access]\n"
	                            "level_502 = alice, @ops\n");
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&c.listen.list[0];
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&c.listen.list[1];

	(void)state;
	assert_int_equal(c.listen.count, 2);
	assert_int_equal(ntohl(v4->sin_addr.s_addr), 0x0A000007);
	assert_int_equal(ntohs(v4->sin_port), 445);
	assert_int_equal(v6->sin6_family, AF_INET6);
	assert_int_equal(ntohs(v6->sin6_port), 4450);
	assert_int_equal(c.idle_timeout_s, 2);
	assert_string_equal(c.encryption, "require");
	assert_string_equal(c.comment, "J\xC3\xB6rg's = server");
	assert_true(c.anonymous);
	assert_true(config_has_word(c.mechanisms, "ntlm"));
	assert_false(config_has_word(c.mechanisms, "kerberos"));
	assert_string_equal(c.rights[ACCESS_LEVEL_502], "alice, @ops");
	config_fini(&c);
}

static void the_name_of_a_database_has_no_password(void **state)
{
	struct config c = read_good("[history]\ndb = postgresql://u@h/d\n");

	(void)state;
	assert_string_equal(c.history_db, "postgresql://u@h/d");
	config_fini(&c);
	refuse("[history]\ndb = postgresql://u:secret@h/d\n",
	       ":2: the value of [history] db has a password, which others can see; leave it out, and "
	       "write it into a service file of libpq, as netsessiond.conf(5) shows");
}

static void an_empty_address_or_path_means_none(void **state)
{
	struct config c = read_good("[server]\nlisten =\nsocket =\n");

	(void)state;
	assert_int_equal(c.listen.count, 0);
	assert_string_equal(c.socket, "");
	config_fini(&c);
}

static void a_list_continues_on_lines_that_begin_with_a_blank(void **state)
{
	struct config c = read_good("[access]\nadministrators = alice,\n\tbob\n\n  # of the lab\n"
	                            "  @admins\npublishers = mail\n");

	(void)state;
	assert_string_equal(c.administrators, "alice,,bob,@admins");
	assert_string_equal(c.publishers, "mail");
	config_fini(&c);
}

static void an_unknown_key_or_section_is_refused_with_its_line(void **state)
{
	(void)state;
	refuse("[server]\n\n[sever]\n",
	       ":3: there is no section [sever]; expected [server], [auth], "
	       "[access], [audit], [history], [demo]");
	refuse("[audit]\nfiel = -\n", ":2: there is no key fiel in [audit]; expected file, format");
	refuse("listen = 127.0.0.1:1\n",
	       ":1: the key listen is in no section; expected a line such as [server] before it");
	refuse("[server]\nlisten\n", ":2: expected [SECTION] or KEY = VALUE");
	refuse("[server\n", ":1: expected [SECTION] or KEY = VALUE");
}

static void a_key_of_a_former_version_is_refused_with_its_present_name(void **state)
{
	(void)state;
	refuse("[server]\nfeed_socket = /run/s\n",
	       ":2: the key feed_socket in [server] was renamed; use publish_socket");
	refuse("[server]\nmax_feeders = 2\n",
	       ":2: the key max_feeders in [server] was renamed; use max_publishers");
	refuse("[server]\nfeed_max_sessions = 2\n",
	       ":2: the key feed_max_sessions in [server] was renamed; use publisher_max_sessions");
	refuse("[server]\nfeed_max_changes_per_s = 2\n",
	       ":2: the key feed_max_changes_per_s in [server] was renamed; "
	       "use publisher_max_changes_per_s");
	refuse("[access]\nfeeders = root\n",
	       ":2: the key feeders in [access] was renamed; use publishers");
	refuse("[access]\nfeed = root\n", ":2: the key feed in [access] was renamed; use publish");
}

static void an_invalid_value_is_refused_with_what_was_expected(void **state)
{
	static const struct {
		const char *line, *fault;
	} cases[] = {
		{ "max_connections = 0",
		  "max_connections cannot be \"0\"; expected a number from 1 to 1000000" },
		{ "max_connections = 1000001",
		  "max_connections cannot be \"1000001\"; expected a number from 1 to 1000000" },
		{ "max_connections = 99999999999",
		  "max_connections cannot be \"99999999999\"; expected a number from 1 to 1000000" },
		{ "max_connections = 1e3",
		  "max_connections cannot be \"1e3\"; expected a number from 1 to 1000000" },
		{ "max_connections = -1",
		  "max_connections cannot be \"-1\"; expected a number from 1 to 1000000" },
		{ "max_connections =",
		  "max_connections cannot be \"\"; expected a number from 1 to 1000000" },
		{ "encryption = yes",
		  "encryption cannot be \"yes\"; expected offer, require or off" },
		{ "encryption = offer off",
		  "encryption cannot be \"offer off\"; expected offer, require or off" },
		{ "netbios_name = LONGERTHANITMAYB",
		  "netbios_name cannot be \"LONGERTHANITMAYB\"; expected a text of at most "
		  "15 bytes" },
	};
	char text[256], fault[256];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, "[server]\n%s\n", cases[i].line);
		snprintf(fault, sizeof fault, ":2: [server] %s", cases[i].fault);
		refuse(text, fault);
	}
	refuse("[auth]\nanonymous = maybe\n",
	       ":2: [auth] anonymous cannot be \"maybe\"; expected yes or no");
	refuse("[auth]\nmechanisms = ntlm,lm\n",
	       ":2: [auth] mechanisms cannot be \"ntlm,lm\"; expected kerberos, ntlm");
	refuse("[audit]\nfile =\n",
	       ":2: [audit] file cannot be \"\"; expected a path of 1 to 4096 bytes");
}

static void an_invalid_address_is_refused(void **state)
{
	static const char *const wrong[] = { "127.0.0.1",       "localhost:445", "::1:445",
		                             "127.0.0.1:0",     "[::1]",         "[::1:445",
		                             "127.0.0.1:65536", ":445",          "[]:445",
		                             "127.0.0.1:445x",  "[127.0.0.1:1" };
	char text[128], fault[256];

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		snprintf(text, sizeof text, "[server]\nlisten = %s\n", wrong[i]);
		snprintf(fault, sizeof fault,
		         ":2: [server] listen cannot be \"%s\"; expected at most 16 "
		         "addresses, ADDRESS:PORT or [ADDRESS]:PORT, separated by commas",
		         wrong[i]);
		refuse(text, fault);
	}
}

static void a_key_that_is_set_twice_is_refused(void **state)
{
	(void)state;
	refuse("[server]\nsocket = /a\n[audit]\nfile = -\n[server]\nsocket = /a\n",
	       ":6: [server] socket was already set in line 2");
}

static void lines_that_are_not_text_are_refused(void **state)
{
	char longer[256];

	(void)state;
	memset(longer, 'a', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	refuse(longer, ":1: the line is longer than 198 bytes; continue a list on lines that begin "
	               "with a blank");
	refuse("[server]\ncomment = a\x1B[31m\n",
	       ":2: the line has a control character; expected text");
	refuse("[server]\ncomment = \xFF\n", ":2: the line is not UTF-8; save the file as UTF-8");
	refuse_bytes("[server]\ncomm\0ent = a\n", 22,
	             ":2: the line has a NUL byte; write plain text");
	refuse_bytes("[server]\nsocket = /a\0b", 22,
	             ":2: the line has a NUL byte; write plain text");
	refuse_bytes("\xFF\xFE[\0s\0", 6, ":1: the file is UTF-16 text; save it as UTF-8");
	refuse("[server]\rcomment = a\r", ":1: the line has a carriage return before its end; end "
	                                  "lines with LF or CRLF");
	refuse("[server]\nsocket = /a\n  /b\n",
	       ":3: a line that begins with a blank continues a list, but there is no list before it");
	refuse("[server]\n  socket = /a\n",
	       ":2: a line that begins with a blank continues a list, but there is no list before it");
}

#define MARK "\xEF\xBB\xBF"

static void files_of_editors_of_windows_are_read(void **state)
{
	static const char *const texts[] = { MARK "[server]\ncomment = a b\n",
		                             MARK "[server]\r\ncomment = a b\r\n",
		                             MARK "# who\r\n\r\n[server]\r\ncomment = a b" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct config c = read_good(texts[i]);

		assert_string_equal(c.comment, "a b");
		config_fini(&c);
	}
	refuse(MARK "[sever]\n",
	       ":1: there is no section [sever]; expected [server], [auth], [access], "
	       "[audit], [history], [demo]");
}

static void quotes_and_comments_behind_a_value_are_refused(void **state)
{
#define QUOTES  " is in quotes, which would be part of it; write it without quotes"
#define COMMENT " would be part of it; write the comment on a line of its own, or behind \" ;\""
	struct config c = read_good("[server]\ncomment = \"a\" # 1\nsocket = /a#b\n"
	                            "listen = 127.0.0.1:445 ; # here\n");

	(void)state;
	assert_string_equal(c.comment, "\"a\" # 1");
	assert_string_equal(c.socket, "/a#b");
	config_fini(&c);
	refuse("[server]\nsocket = \"/a\"\n", ":2: the value of [server] socket" QUOTES);
	refuse("[server]\nlisten = '127.0.0.1:445'\n", ":2: the value of [server] listen" QUOTES);
	refuse("[access]\npolicy = \"hardened\"\r\n", ":2: the value of [access] policy" QUOTES);
	refuse("[access]\nadministrators = root, \"LAB\\alice\", bob\n",
	       ":2: the value of [access] administrators" QUOTES);
	refuse("[access]\nadministrators = root # me\n",
	       ":2: a # behind the value of [access] administrators" COMMENT);
	refuse("[access]\nadministrators = root\n  alice\t# me\n",
	       ":3: a # behind the value of [access] administrators" COMMENT);
	refuse("[auth]\nntlm_users = /a # users\n",
	       ":2: a # behind the value of [auth] ntlm_users" COMMENT);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	size_t bytes = (1 << 20) + 1;
	char *text = malloc(bytes);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', bytes);
	refuse_bytes(text, bytes, ": it is larger than 1 MiB");
	free(text);
}

static void a_line_of_the_maximum_length_is_read(void **state)
{
	char text[256];
	struct config c;

	(void)state;
	snprintf(text, sizeof text, "[access]\npublishers = %0*d\n",
	         198 - (int)strlen("publishers = "), 7);
	c = read_good(text);
	assert_int_equal(strlen(c.publishers), 198 - strlen("publishers = "));
	config_fini(&c);
}

static void the_command_line_overrides_the_file(void **state)
{
	const struct config_override overrides[] = {
		{ "socket", "server", "socket", "/b" },
		{ "demo", "demo", "sessions", "7" },
	};
	const struct config_override wrong = { "demo", "demo", "sessions", "many" };
	const struct err no = { .status = ERROR_ACCESS_DENIED, .text = "no" };
	struct err fault = { 0 };
	struct config c;

	(void)state;
	write_file("[server]\nsocket = /a\n", 20);
	assert_true(config_read(&c, path, true, overrides, 2, &fault));
	assert_string_equal(c.socket, "/b");
	assert_int_equal(c.demo_sessions, 7);
	assert_true(config_is_set(&c, &c.socket));
	assert_false(config_is_set(&c, &c.publish_socket));
	config_explain_key(&c, &c.socket, &no, &fault);
	assert_string_equal(fault.text, "--socket cannot be \"/b\": no");
	assert_int_equal(fault.status, ERROR_ACCESS_DENIED);
	config_fini(&c);
	fault = (struct err){ 0 };
	assert_false(config_read(&c, path, true, &wrong, 1, &fault));
	assert_string_equal(fault.text,
	                    "--demo cannot be \"many\"; expected a number from 0 to 1000000");
}

static struct err explain(const struct config *c, const void *member, const char *text)
{
	struct err reason = { 0 }, fault = { 0 };

	err_set(&reason, ERROR_FILE_NOT_FOUND, "test", text);
	config_explain_key(c, member, &reason, &fault);
	return fault;
}

static void an_error_of_a_value_says_where_it_was_set(void **state)
{
	struct config c = read_good("[auth]\n\nkeytab = /k\n[server]\nlisten = 1.2.3.4:5\n");
	struct err fault;
	char expected[256];

	(void)state;
	fault = explain(&c, &c.keytab, "no such file");
	snprintf(expected, sizeof expected, "%s:3: [auth] keytab cannot be \"/k\": no such file",
	         path);
	assert_string_equal(fault.text, expected);
	fault = explain(&c, &c.listen, "not here");
	snprintf(expected, sizeof expected,
	         "%s:5: [server] listen cannot be \"1.2.3.4:5\": not here", path);
	assert_string_equal(fault.text, expected);
	fault = explain(&c, &c.socket, "not here");
	assert_string_equal(fault.text, "[server] socket (the default) cannot be "
	                                "\"/run/netsession/local.sock\": not here");
	config_fini(&c);
}

static void each_default_can_be_set(void **state)
{
	char text[8192] = "";
	struct config c;

	(void)state;
	for (size_t i = 0; i < config_key_count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "[%s]\n%s = %s\n",
		         config_keys[i].section, config_keys[i].name, config_keys[i].initial);
	c = read_good(text);
	assert_int_equal(c.places[config_key_count - 1].line, 2 * config_key_count);
	config_fini(&c);
}

TEST_GROUP(config)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(a_missing_file_gives_the_defaults_unless_it_must_exist),
		cmocka_unit_test(values_of_all_types_are_read),
		cmocka_unit_test(the_name_of_a_database_has_no_password),
		cmocka_unit_test(an_empty_address_or_path_means_none),
		cmocka_unit_test(a_list_continues_on_lines_that_begin_with_a_blank),
		cmocka_unit_test(an_unknown_key_or_section_is_refused_with_its_line),
		cmocka_unit_test(a_key_of_a_former_version_is_refused_with_its_present_name),
		cmocka_unit_test(an_invalid_value_is_refused_with_what_was_expected),
		cmocka_unit_test(an_invalid_address_is_refused),
		cmocka_unit_test(a_key_that_is_set_twice_is_refused),
		cmocka_unit_test(lines_that_are_not_text_are_refused),
		cmocka_unit_test(files_of_editors_of_windows_are_read),
		cmocka_unit_test(quotes_and_comments_behind_a_value_are_refused),
		cmocka_unit_test(a_file_that_is_too_large_is_refused),
		cmocka_unit_test(a_line_of_the_maximum_length_is_read),
		cmocka_unit_test(the_command_line_overrides_the_file),
		cmocka_unit_test(an_error_of_a_value_says_where_it_was_set),
		cmocka_unit_test(each_default_can_be_set),
	};
	int file = mkstemp(path), failed;

	if (file < 0)
		return 1;
	close(file);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(path);
	return failed;
}
