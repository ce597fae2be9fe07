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
#include "group.h"

#define COUNT(array)   (sizeof(array) / sizeof *(array))
#define MAX_FILE_BYTES 4095

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

static void expect(const char *text, const char *user, const char *password, const char *domain)
{
	struct netsession_credentials *c;
	struct err err = { 0 };

	write_file(text, strlen(text), 0600);
	assert_int_equal(credentials_read(path, &c, &err), NERR_Success);
	assert_int_equal(err.status, NERR_Success);
	assert_string_equal(c->user, user);
	assert_string_equal(c->password, password);
	assert_string_equal(c->domain, domain);
	credentials_release(c);
}

static void expect_refusal(const char *why, NET_API_STATUS status)
{
	struct netsession_credentials unused, *c = &unused;
	struct err err = { 0 };

	assert_int_equal(credentials_read(path, &c, &err), status);
	assert_null(c);
	assert_int_equal(err.status, status);
	assert_string_equal(err.step, "credentials file");
	assert_non_null(strstr(err.text, why));
}

static void the_form_of_smbclient_is_read(void **state)
{
	(void)state;
	expect("username = alice\npassword = s3cret\ndomain = LAB\n", "alice", "s3cret", "LAB");
	expect("\tdomain =  LAB \nusername\t= alice\t\npassword = s3cret", "alice", "s3cret",
	       "LAB");
}

static void the_form_of_mount_cifs_is_read(void **state)
{
	(void)state;
	expect("username=alice\npassword=s3cret\ndomain=LAB\n", "alice", "s3cret", "LAB");
	expect("user=alice\nPASSWORD=s3cret\nDomain=LAB\n", "alice", "s3cret", "LAB");
}

static void lines_may_end_as_windows_ends_them(void **state)
{
	(void)state;
	expect("username = alice\r\npassword = s3cret\r\ndomain = LAB\r\n", "alice", "s3cret",
	       "LAB");
	expect("username = alice\r\ndomain = LAB\r\npassword = s3cret", "alice", "s3cret", "LAB");
}

static void comments_blank_lines_and_other_keys_are_passed_over(void **state)
{
	(void)state;
	expect("# password = old\n\n; username = bob\nworkgroup = X\nno sign of equality\n"
	       "username = alice\npassword = s3cret\n#username = eve\n",
	       "alice", "s3cret", "");
}

static void a_domain_may_stand_before_the_user(void **state)
{
	(void)state;
	expect("username = LAB\\alice\npassword = s3cret\n", "alice", "s3cret", "LAB");
}

static void without_a_domain_there_is_none(void **state)
{
	(void)state;
	expect("username = alice@lab.example\npassword = s3cret\n", "alice@lab.example", "s3cret",
	       "");
}

static void a_password_keeps_its_blanks_and_signs(void **state)
{
	(void)state;
	expect("username = alice\npassword = two words  \n", "alice", "two words  ", "");
	expect("username = alice\npassword = a=b#c;d\\e\"\n", "alice", "a=b#c;d\\e\"", "");
	expect("username = alice\npassword = p\xc3\xa4ss\n", "alice", "p\xc3\xa4ss", "");
}

static void a_password_may_be_empty(void **state)
{
	(void)state;
	expect("username = alice\npassword =\n", "alice", "", "");
}

static void what_others_may_read_or_change_is_refused(void **state)
{
	static const char text[] = "username = alice\npassword = s3cret\n";

	(void)state;
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		write_file(text, strlen(text), 0600 | bit);
		expect_refusal("other users can read or change it", ERROR_ACCESS_DENIED);
	}
	write_file(text, strlen(text), 0400);
	expect(text, "alice", "s3cret", "");
}

static void what_lacks_a_user_or_a_password_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"alice\ns3cret\n",
		"username = alice\n",
		"password = s3cret\n",
		"username =\npassword = s3cret\n",
		"username = \t\r\npassword = s3cret\n",
		"#username = alice\npassword = s3cret\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		write_file(texts[i], strlen(texts[i]), 0600);
		expect_refusal("it lacks a line", ERROR_INVALID_PARAMETER);
	}
}

static void what_is_too_long_is_refused(void **state)
{
	char text[MAX_FILE_BYTES + 2] = "username = alice\npassword = s3cret\n#";
	size_t length = strlen(text);

	(void)state;
	memset(text + length, 'x', MAX_FILE_BYTES - length);
	expect(text, "alice", "s3cret", "");
	text[MAX_FILE_BYTES] = 'x';
	write_file(text, MAX_FILE_BYTES + 1, 0600);
	expect_refusal("not a short UTF-8 text", ERROR_INVALID_PARAMETER);
}

static void what_is_no_utf_8_text_is_refused(void **state)
{
	static const char latin_1[] = "username = alice\npassword = p\xe4ss\n";
	static const char nul[] = "username = alice\npassword = s3cret\n\0";

	(void)state;
	write_file(latin_1, sizeof latin_1 - 1, 0600);
	expect_refusal("not a short UTF-8 text", ERROR_INVALID_PARAMETER);
	write_file(nul, sizeof nul, 0600);
	expect_refusal("not a short UTF-8 text", ERROR_INVALID_PARAMETER);
}

static void a_missing_file_is_not_found(void **state)
{
	(void)state;
	(void)unlink(path);
	expect_refusal("no such file", ERROR_FILE_NOT_FOUND);
}

static void a_directory_cannot_be_read(void **state)
{
	(void)state;
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	expect_refusal("it cannot be read", ERROR_ACCESS_DENIED);
	assert_int_equal(rmdir(path), 0);
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
		cmocka_unit_test(the_form_of_smbclient_is_read),
		cmocka_unit_test(the_form_of_mount_cifs_is_read),
		cmocka_unit_test(lines_may_end_as_windows_ends_them),
		cmocka_unit_test(comments_blank_lines_and_other_keys_are_passed_over),
		cmocka_unit_test(a_domain_may_stand_before_the_user),
		cmocka_unit_test(without_a_domain_there_is_none),
		cmocka_unit_test(a_password_keeps_its_blanks_and_signs),
		cmocka_unit_test(a_password_may_be_empty),
		cmocka_unit_test(what_others_may_read_or_change_is_refused),
		cmocka_unit_test(what_lacks_a_user_or_a_password_is_refused),
		cmocka_unit_test(what_is_too_long_is_refused),
		cmocka_unit_test(what_is_no_utf_8_text_is_refused),
		cmocka_unit_test(a_missing_file_is_not_found),
		cmocka_unit_test(a_directory_cannot_be_read),
		cmocka_unit_test(a_refusal_tells_what_to_do),
		cmocka_unit_test(credentials_live_until_their_last_holder_lets_go),
		cmocka_unit_test(no_credentials_may_be_held_and_freed),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
