/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "auth/credentials.h"
#include "base/sanitizers.h"
#include "group.h"

#define COUNT(array)   (sizeof(array) / sizeof *(array))
#define MAX_FILE_BYTES 65536

static char directory[] = "/tmp/netsession-credentials-XXXXXX";
static char path[sizeof directory + 8];

static int make_directory(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/file", directory);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(directory);
}

static void write_file(const void *text, size_t bytes, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, bytes, file), bytes);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void expect_bytes(const char *text, size_t bytes, const char *user, const char *password,
                         const char *domain, const char *realm)
{
	struct netsession_credentials *c;
	struct err err = { 0 };

	write_file(text, bytes, 0600);
	if (credentials_read(path, &c, &err) != NERR_Success)
		fail_msg("%s: %s", text, err.text);
	assert_int_equal(err.status, NERR_Success);
	assert_string_equal(c->user, user);
	assert_string_equal(c->password, password);
	assert_string_equal(c->domain, domain);
	assert_string_equal(c->realm, realm);
	credentials_release(c);
}

static void expect(const char *text, const char *user, const char *password, const char *domain)
{
	expect_bytes(text, strlen(text), user, password, domain, "");
}

/* why: behind the file's name. */
static void expect_refusal(const char *why, NET_API_STATUS status)
{
	struct netsession_credentials unused, *c = &unused;
	struct err err = { 0 };

	assert_int_equal(credentials_read(path, &c, &err), status);
	assert_null(c);
	assert_int_equal(err.status, status);
	assert_string_equal(err.step, "credentials file");
	assert_memory_equal(err.text, path, strlen(path));
	assert_string_equal(err.text + strlen(path), why);
}

#define MARK "\xEF\xBB\xBF"

/* tests/e2e/test_credentials_files.py has them beside smbclient and mount.cifs. */
static void files_are_read_as_smbclient_and_mount_cifs_read_them(void **state)
{
	static const struct {
		const char *text, *user, *password, *domain;
	} cases[] = {
		{ "username = alice\npassword = s3cret\ndomain = LAB\n", "alice", "s3cret", "LAB" },
		{ "username=alice\npassword=s3cret\ndomain=LAB\n", "alice", "s3cret", "LAB" },
		{ "\tdomain =  LAB \nusername\t= alice\t\npassword = s3cret", "alice", "s3cret",
		  "LAB" },
		/* keys */
		{ "UserName=alice\nPASSWORD=s3cret\nDomain=LAB\n", "alice", "s3cret", "LAB" },
		{ "user name=alice\npass word=s3cret\n", "alice", "s3cret", "" },
		{ "user=alice\npass=s3cret\ndom=LAB\n", "alice", "s3cret", "LAB" },
		{ "userid=alice\npasswd=s3cret\ndomainname=LAB\n", "alice", "s3cret", "LAB" },
		{ "username=alice\nuser=eve\npassword=s3cret\npass=x\ndomain=LAB\ndom=X\n", "alice",
		  "s3cret", "LAB" },
		{ "user=eve\nusername=alice\npass=x\npassword=s3cret\n", "alice", "s3cret", "" },
		{ "username=alice\npassword2=next\npassword=s3cret\npass2=next\n", "alice",
		  "s3cret", "" },
		{ "username=eve\nusername=alice\npassword=x\npassword=s3cret\n", "alice", "s3cret",
		  "" },
		{ "realms=X\nrealmname=X\nworkgroup=X\nusername=alice\npassword=s3cret\n", "alice",
		  "s3cret", "" },
		/* what a user may hold */
		{ "username = LAB\\alice\npassword = s3cret\n", "alice", "s3cret", "LAB" },
		{ "domain=X\nusername = LAB\\alice\npassword = s3cret\n", "alice", "s3cret",
		  "LAB" },
		{ "username = LAB\\alice\npassword = s3cret\ndomain=X", "alice", "s3cret", "LAB" },
		{ "username = LAB/alice\npassword = s3cret\ndomain=X", "alice", "s3cret", "LAB" },
		{ "username = LAB\\\\alice\npassword = s3cret\n", "alice", "s3cret", "LAB" },
		{ "username = \\alice\npassword = s3cret\ndomain=X\n", "alice", "s3cret", "" },
		{ "username = alice%s3cret\n", "alice", "s3cret", "" },
		{ "username = alice%s3cret\npassword=x\n", "alice", "s3cret", "" },
		{ "password=x\nusername = LAB\\alice%s3%cr\\et@\n", "alice", "s3%cr\\et@", "LAB" },
		{ "username = LAB/alice%s3cret\n", "alice", "s3cret", "LAB" },
		{ "username = alice%\npassword=x\n", "alice", "", "" },
		{ "username = alice@lab.example\npassword = s3cret\n", "alice@lab.example",
		  "s3cret", "" },
		{ "username = alice@lab.example\npassword = s3cret\ndomain=X\n",
		  "alice@lab.example", "s3cret", "" },
		{ "username = alice/admin@LAB\npassword = s3cret\n", "alice/admin@LAB", "s3cret",
		  "" },
		{ "username = \"alice\"\npassword = s3cret\n", "\"alice\"", "s3cret", "" },
		/* what a password may hold */
		{ "username = alice\npassword = two words  \n", "alice", "two words  ", "" },
		{ "username = alice\npassword = two words  \r\n", "alice", "two words  ", "" },
		{ "username = alice\npassword = a=b#c;d\\e%f@g/h\"\n", "alice",
		  "a=b#c;d\\e%f@g/h\"", "" },
		{ "username = alice\npassword = \"s3cret\"\n", "alice", "\"s3cret\"", "" },
		{ "username = alice\npassword = s3 # no comment\n", "alice", "s3 # no comment",
		  "" },
		{ "username = alice\npassword = p\xc3\xa4ss\n", "alice", "p\xc3\xa4ss", "" },
		{ "username = alice\npassword = a\tb\x01\n", "alice", "a\tb\x01", "" },
		{ "username = alice\npassword =\n", "alice", "", "" },
		{ "username = alice\npassword =   \n", "alice", "", "" },
		/* the file */
		{ "username = alice\r\npassword = s3cret\r\ndomain = LAB\r\n", "alice", "s3cret",
		  "LAB" },
		{ "username = alice\r\ndomain = LAB\r\npassword = s3cret", "alice", "s3cret",
		  "LAB" },
		{ MARK "username = alice\npassword = s3cret\n", "alice", "s3cret", "" },
		{ MARK "# who\r\nusername = alice\r\npassword = s3cret\r\n", "alice", "s3cret",
		  "" },
		{ "# password = old\n\n; username = bob\nno sign of equality\n[global]\n"
		  "username = alice\npassword = s3cret\n#username = eve\n",
		  "alice", "s3cret", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].text, cases[i].user, cases[i].password, cases[i].domain);
}

static void another_domain_in_the_user_leaves_no_realm(void **state)
{
	static const char other[] =
		"username = OTHER\\alice%s3cret\ndomain=LAB\nrealm = LAB.EXAMPLE\n";
	static const char same[] =
		"username = lab/alice%s3cret\nrealm = LAB.EXAMPLE\ndomain=LAB \n";

	(void)state;
	expect_bytes(other, strlen(other), "alice", "s3cret", "OTHER", "");
	expect_bytes(same, strlen(same), "alice", "s3cret", "lab", "LAB.EXAMPLE");
}

static void a_realm_may_be_named(void **state)
{
	static const char text[] =
		"username = alice\npassword = s3cret\ndomain=LAB\nrealm = lab.example \n";

	(void)state;
	expect_bytes(text, strlen(text), "alice", "s3cret", "LAB", "lab.example");
}

static void what_others_may_read_or_change_is_refused(void **state)
{
	static const char text[] = "username = alice\npassword = s3cret\n";

	(void)state;
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		write_file(text, strlen(text), 0600 | bit);
		expect_refusal(": other users can read or change it: chmod 600 it",
		               ERROR_ACCESS_DENIED);
	}
	write_file(text, strlen(text), 0400);
	expect(text, "alice", "s3cret", "");
}

static void what_belongs_to_another_user_is_refused(void **state)
{
	static const char text[] = "username = alice\npassword = s3cret\n";

	(void)state;
	if (geteuid() != 0) {
		print_message("# not root, who alone can give a file away\n");
		skip();
	}
	write_file(text, strlen(text), 0600);
	assert_int_equal(chown(path, 65534, 0), 0);
	expect_refusal(": it belongs to another user: chown it to yourself or to root",
	               ERROR_ACCESS_DENIED);
	assert_int_equal(unlink(path), 0);
}

static void what_cannot_be_used_is_refused_with_file_and_line(void **state)
{
#define NO_USER     ": it lacks a line \"username = ...\"; add one"
#define NO_PASSWORD ": it lacks a line \"password = ...\"; add one"
#define FORM(LINE, KEY) \
	":" LINE ": expected KEY = VALUE, and no line sets " KEY "; write \"" KEY " = ...\""
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", NO_USER },
		{ "\n\n", NO_USER },
		{ "password = s3cret\n", NO_USER },
		{ "#username = alice\npassword = s3cret\n", NO_USER },
		{ "username = alice\n", NO_PASSWORD },
		{ "username = LAB\\alice\n# p\n", NO_PASSWORD },
		{ "alice\ns3cret\n", FORM("1", "username") },
		{ "\n# c\nusername: alice\npassword: s3cret\n", FORM("3", "username") },
		{ "username = alice\npassword: s3cret\n", FORM("2", "password") },
		{ "username =\npassword = s3cret\n", ":1: the username is empty; write one" },
		{ "password = s3cret\nusername = \t\r\n", ":2: the username is empty; write one" },
		{ "username = %\n", ":1: the username is empty; write one" },
		{ "username = LAB\\\npassword = s3cret\n",
		  ":1: the username is a domain and nothing else; write DOMAIN\\user" },
		{ "username = @LAB.EXAMPLE\npassword = s3cret\n",
		  ":1: the username is a realm and nothing else; write user@REALM" },
		{ "\nusername = a\tb\npassword = s3cret\n",
		  ":2: the username has a control character; delete it" },
		{ "username = alice\npassword = s3cret\ndomain = a\x01"
		  "b\n",
		  ":1: the domain or the realm has a control character; delete it" },
		{ "username = alice\npassword = p\xe4ss\n",
		  ":2: the line is not UTF-8; save the file as UTF-8" },
		{ "username = alice\rpassword = s3cret\r",
		  ":1: the line has a carriage return before its end; end lines with LF or CRLF" },
		{ "\xFF\xFEu", ":1: the file is UTF-16 text; save it as UTF-8" },
	};
	static const char nul[] = "username = alice\npassword = s3cret\n\0";

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		write_file(cases[i].text, strlen(cases[i].text), 0600);
		expect_refusal(cases[i].why, ERROR_INVALID_PARAMETER);
	}
	write_file(nul, sizeof nul, 0600);
	expect_refusal(":3: the line has a NUL byte; write plain text", ERROR_INVALID_PARAMETER);
}

static void what_is_too_long_is_refused(void **state)
{
	char text[MAX_FILE_BYTES + 2] = "username = alice\npassword = s3cret\n#";
	size_t length = strlen(text);

	(void)state;
	memset(text + length, 'x', MAX_FILE_BYTES + 1 - length);
	expect_bytes(text, MAX_FILE_BYTES, "alice", "s3cret", "", "");
	write_file(text, MAX_FILE_BYTES + 1, 0600);
	expect_refusal(": it is larger than 64 KiB", ERROR_INVALID_PARAMETER);
}

static void a_missing_file_is_not_found(void **state)
{
	(void)state;
	(void)unlink(path);
	expect_refusal(": no such file", ERROR_FILE_NOT_FOUND);
}

static void a_directory_cannot_be_read(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refusal(": it cannot be read: Is a directory", ERROR_ACCESS_DENIED);
	assert_int_equal(rmdir(path), 0);
}

static void a_user_may_name_its_domain(void **state)
{
	static const struct {
		const char *given, *domain, *user, *found;
	} cases[] = {
		{ "LAB\\alice", NULL, "alice", "LAB" }, { "LAB/alice", "", "alice", "LAB" },
		{ "LAB\\alice", "X", "alice", "LAB" },  { "\\alice", "X", "alice", "" },
		{ ".\\alice", NULL, "alice", "." },     { "alice@lab", "X", "alice@lab", "X" },
		{ "a/b@LAB", NULL, "a/b@LAB", "" },     { "LAB\\a@b", NULL, "a@b", "LAB" },
		{ "alice%x", NULL, "alice%x", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct netsession_credentials *c;
		struct err err = { 0 };

		assert_int_equal(credentials_new(cases[i].given, cases[i].domain, "p", &c, &err),
		                 NERR_Success);
		assert_string_equal(c->user, cases[i].user);
		assert_string_equal(c->domain, cases[i].found);
		credentials_release(c);
	}
}

static void a_refusal_tells_what_to_do(void **state)
{
	static const char text[] = "username = alice\npassword = s3cret\n";
	struct netsession_credentials *c;
	struct netsession_error error;

	(void)state;
	write_file(text, strlen(text), 0644);
	assert_int_equal(netsession_credentials_read(path, &c, &error), ERROR_ACCESS_DENIED);
	assert_null(c);
	assert_int_equal(error.status, ERROR_ACCESS_DENIED);
	assert_non_null(strstr(error.text, "chmod 600"));
	assert_int_equal(netsession_credentials_read(path, &c, NULL), ERROR_ACCESS_DENIED);
}

static void credentials_live_until_their_last_holder_lets_go(void **state)
{
	static const char text[] = "username = LAB\\alice\npassword = s3cret\n";
	struct netsession_credentials *c;
	struct err err = { 0 };

	(void)state;
	write_file(text, strlen(text), 0600);
	assert_int_equal(credentials_read(path, &c, &err), NERR_Success);
	assert_ptr_equal(credentials_hold(c), c);
	netsession_credentials_free(c);
	assert_string_equal(c->user, "alice");
	assert_string_equal(c->password, "s3cret");
	credentials_release(c);
}

/* In KiB: proc(5). */
static unsigned long locked_memory(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long locked = 0;
	char line[256];

	assert_non_null(status);
	while (fgets(line, sizeof line, status) != NULL)
		(void)sscanf(line, "VmLck: %lu", &locked);
	fclose(status);
	return locked;
}

static void a_password_is_in_memory_that_is_not_swapped_out(void **state)
{
	unsigned long before = locked_memory();
	struct netsession_credentials *c;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(credentials_new("alice", "LAB", "s3cret", &c, &err), NERR_Success);
#if !IS_SANITIZED /* their mlock does nothing */
	assert_true(locked_memory() > before);
#endif
	credentials_release(c);
	assert_int_equal(locked_memory(), before);
}

static void no_credentials_may_be_held_and_freed(void **state)
{
	(void)state;
	assert_null(credentials_hold(NULL));
	credentials_release(NULL);
	netsession_credentials_free(NULL);
}

TEST_GROUP(credentials)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_read_as_smbclient_and_mount_cifs_read_them),
		cmocka_unit_test(a_realm_may_be_named),
		cmocka_unit_test(another_domain_in_the_user_leaves_no_realm),
		cmocka_unit_test(what_others_may_read_or_change_is_refused),
		cmocka_unit_test(what_belongs_to_another_user_is_refused),
		cmocka_unit_test(what_cannot_be_used_is_refused_with_file_and_line),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(a_missing_file_is_not_found),
		cmocka_unit_test(a_directory_cannot_be_read),
		cmocka_unit_test(a_user_may_name_its_domain),
		cmocka_unit_test(a_refusal_tells_what_to_do),
		cmocka_unit_test(credentials_live_until_their_last_holder_lets_go),
		cmocka_unit_test(a_password_is_in_memory_that_is_not_swapped_out),
		cmocka_unit_test(no_credentials_may_be_held_and_freed),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
