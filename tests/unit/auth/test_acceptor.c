/* SPDX-License-Identifier: MIT */
/* Both ends of a log-on in one process: our initiator, and what netsessiond accepts it with. */
#include <pthread.h>
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
#include <gssapi/gssapi.h>
#include "auth/acceptor.h"
#include "auth/account_line.h"
#include "auth/gss.h"
#include "auth/initiator.h"
#include "auth/spnego/message.h"
#include "group.h"
#include "recording.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char directory[] = "/tmp/netsession-acceptor-XXXXXX";
static char users[sizeof directory + 8];

static const char two_users[] = "# who may log on\n\nLAB:alice:s3cret:with:colons \n"
				"OTHER:Bob:p\xC3\xA4ssword\r\n";

static void write_users(const char *text, mode_t mode)
{
	FILE *file = fopen(users, "w");

	assert_non_null(file);
	assert_int_equal(fputs(text, file) >= 0, 1);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(users, mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(users, sizeof users, "%s/users", directory);
	/* neither a keytab nor tickets, whatever this computer has */
	return setenv("KRB5_KTNAME", "/nonexistent/keytab", 1) ||
	       setenv("KRB5CCNAME", "FILE:/nonexistent/tickets", 1);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(users);
	return rmdir(directory);
}

static struct auth_acceptor_settings *accept_with(const struct auth_acceptor_options *options)
{
	struct auth_acceptor_settings *acceptance;
	struct err err = { 0 };

	write_users(two_users, 0600);
	assert_int_equal(auth_acceptor_settings_new(options, &acceptance, &err), NERR_Success);
	assert_int_equal(err.status, NERR_Success);
	return acceptance;
}

static struct auth_acceptor_settings *accept_ntlm(void)
{
	return accept_with(&(struct auth_acceptor_options){ .ntlm = true, .ntlm_users = users });
}

/* One log-on: what came of it, and what either side made of it. */
struct log_on {
	struct auth_initiator *initiator;
	struct auth_acceptor *acceptor;
	enum auth_progress progress;
	struct err err;
};

/* credentials: taken. */
static struct log_on log_on(struct auth_acceptor_settings *acceptance,
                            struct netsession_credentials *credentials)
{
	struct log_on l = { .progress = AUTH_CONTINUE };
	enum auth_progress initiator = AUTH_CONTINUE;
	const uint8_t *token = NULL, *answer = NULL;
	size_t token_bytes = 0, answer_bytes = 0;
	struct err err = { 0 };

	l.initiator = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_NTLM, "127.0.0.1");
	l.acceptor = auth_acceptor_new(acceptance);
	credentials_release(credentials);
	if (l.initiator == NULL || l.acceptor == NULL)
		abort();
	while (l.progress == AUTH_CONTINUE && initiator != AUTH_FAILED) {
		initiator = auth_initiator_step(l.initiator, answer, answer_bytes, &token,
		                                &token_bytes, &err);
		if (initiator != AUTH_FAILED)
			l.progress = auth_acceptor_step(l.acceptor, token, token_bytes, &answer,
			                                &answer_bytes, &l.err);
	}
	if (l.progress == AUTH_COMPLETE && initiator == AUTH_CONTINUE)
		initiator = auth_initiator_step(l.initiator, answer, answer_bytes, &token,
		                                &token_bytes, &err);
	if (initiator != AUTH_COMPLETE && l.progress == AUTH_COMPLETE)
		abort();
	return l;
}

static void log_on_end(struct log_on *l)
{
	auth_initiator_free(l->initiator);
	auth_acceptor_free(l->acceptor);
}

static struct netsession_credentials *make_credentials(const char *user, const char *domain,
                                                       const char *password)
{
	struct netsession_credentials *credentials;
	struct err err = { 0 };

	if (credentials_new(user, domain, password, &credentials, &err) != NERR_Success)
		abort();
	return credentials;
}

/* Whether it succeeded, with one key at both ends and these names. */
static bool is_good(struct log_on *l, const char *user, const char *domain)
{
	uint8_t ours[AUTH_MAX_KEY_BYTES], theirs[AUTH_MAX_KEY_BYTES];
	size_t our_bytes, their_bytes;
	struct identity *who;
	bool good;

	if (l->progress != AUTH_COMPLETE ||
	    auth_acceptor_finish(l->acceptor, &who, ours, &our_bytes, &l->err) != NERR_Success)
		return false;
	good = auth_initiator_key(l->initiator, theirs, &their_bytes, &l->err) == NERR_Success &&
	       our_bytes == their_bytes && memcmp(ours, theirs, our_bytes) == 0 &&
	       strcmp(identity_user(who), user) == 0 && strcmp(identity_domain(who), domain) == 0;
	identity_release(who);
	return good;
}

static void expect_good(const char *user, const char *domain, const char *password,
                        const char *known_user, const char *known_domain)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct log_on l = log_on(acceptance, make_credentials(user, domain, password));

	assert_int_equal(l.err.status, NERR_Success);
	assert_true(is_good(&l, known_user, known_domain));
	assert_string_equal(auth_acceptor_mechanism(l.acceptor), "ntlm");
	log_on_end(&l);
	auth_acceptor_settings_release(acceptance);
}

static void a_user_of_the_file_logs_on(void **state)
{
	(void)state;
	expect_good("alice", "LAB", "s3cret:with:colons ", "alice", "LAB");
	expect_good("Bob", "OTHER", "p\xC3\xA4ssword", "Bob", "OTHER");
}

static void names_are_the_files_whatever_the_caller_writes(void **state)
{
	(void)state;
	expect_good("ALICE", "LAB", "s3cret:with:colons ", "alice", "LAB");
	expect_good("alice", "lab", "s3cret:with:colons ", "alice", "LAB");
	expect_good("Alice", "Lab", "s3cret:with:colons ", "alice", "LAB");
	expect_good("alice@lab", "", "s3cret:with:colons ", "alice", "LAB");
	expect_good("lab/ALICE", "", "s3cret:with:colons ", "alice", "LAB");
	expect_good("bob", "", "p\xC3\xA4ssword", "Bob", "OTHER");
}

static void an_account_goes_by_its_names(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct log_on l = log_on(acceptance,
	                         make_credentials("alice", "LAB", "s3cret:with:colons "));
	uint8_t key[AUTH_MAX_KEY_BYTES];
	struct identity *who;
	size_t bytes;

	(void)state;
	assert_int_equal(auth_acceptor_finish(l.acceptor, &who, key, &bytes, &l.err), NERR_Success);
	assert_int_equal(bytes, 16);
	assert_true(identity_is_authenticated(who));
	assert_true(identity_has_label(who, "alice"));
	assert_true(identity_has_label(who, "LAB\\alice"));
	assert_false(identity_has_label(who, "OTHER\\alice"));
	identity_release(who);
	log_on_end(&l);
	auth_acceptor_settings_release(acceptance);
}

static void expect_refusal(struct auth_acceptor_settings *acceptance,
                           struct netsession_credentials *credentials, uint32_t nt)
{
	struct log_on l = log_on(acceptance, credentials);

	assert_int_equal(l.progress, AUTH_FAILED);
	assert_int_equal(l.err.nt_status, nt);
	assert_int_not_equal(l.err.status, NERR_Success);
	log_on_end(&l);
}

static void a_wrong_password_and_an_unknown_user_look_alike(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	expect_refusal(acceptance, make_credentials("alice", "LAB", "wrong"), 0xC000006D);
	expect_refusal(acceptance, make_credentials("alice", "LAB", ""), 0xC000006D);
	expect_refusal(acceptance, make_credentials("carol", "LAB", "wrong"), 0xC000006D);
	expect_refusal(acceptance, make_credentials("alice", "OTHER", "s3cret:with:colons "),
	               0xC000006D);
	auth_acceptor_settings_release(acceptance);
}

static struct netsession_credentials *nobodys(void)
{
	struct netsession_credentials *credentials;
	struct err err = { 0 };

	if (credentials_new_anonymous(&credentials, &err) != NERR_Success)
		abort();
	return credentials;
}

static void a_null_session_is_had_where_it_is_allowed(void **state)
{
	struct auth_acceptor_settings *acceptance =
		accept_with(&(struct auth_acceptor_options){ .anonymous = true });
	struct log_on l = log_on(acceptance, nobodys());
	uint8_t key[AUTH_MAX_KEY_BYTES];
	struct identity *who;
	size_t bytes = 1;

	(void)state;
	assert_int_equal(l.progress, AUTH_COMPLETE);
	assert_int_equal(auth_acceptor_finish(l.acceptor, &who, key, &bytes, &l.err), NERR_Success);
	assert_int_equal(bytes, 0);
	assert_false(identity_is_authenticated(who));
	assert_string_equal(auth_acceptor_mechanism(l.acceptor), "anonymous");
	assert_null(auth_acceptor_context(l.acceptor));
	identity_release(who);
	log_on_end(&l);
	expect_refusal(acceptance, make_credentials("alice", "LAB", "s3cret:with:colons "),
	               0xC000006D);
	auth_acceptor_settings_release(acceptance);
}

static void a_null_session_is_refused_elsewhere(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	expect_refusal(acceptance, nobodys(), 0xC0000022);
	auth_acceptor_settings_release(acceptance);
}

static unsigned hinted(const struct auth_acceptor_settings *acceptance)
{
	size_t bytes;
	const uint8_t *hint = auth_acceptor_settings_hint(acceptance, &bytes);

	return spnego_hint_mechanisms((struct crypto_span){ hint, bytes });
}

static void the_hint_names_what_is_served(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	assert_int_equal(hinted(acceptance), 1 << AUTH_NTLM);
	assert_true(auth_acceptor_settings_serve(acceptance, AUTH_NTLM));
	assert_false(auth_acceptor_settings_serve(acceptance, AUTH_KERBEROS));
	auth_acceptor_settings_release(acceptance);
}

static void without_keytab_and_users_nobody_logs_on(void **state)
{
	struct auth_acceptor_settings *acceptance =
		accept_with(&(struct auth_acceptor_options){ .kerberos = true, .ntlm = true });

	(void)state;
	assert_int_equal(hinted(acceptance), 0);
	assert_false(auth_acceptor_settings_serve(acceptance, AUTH_NTLM));
	assert_false(auth_acceptor_settings_serve(acceptance, AUTH_KERBEROS));
	expect_refusal(acceptance, make_credentials("alice", "LAB", "s3cret:with:colons "),
	               0xC00000BB);
	auth_acceptor_settings_release(acceptance);
}

static void accounts_that_were_read_again_are_those_that_count(void **state)
{
	struct auth_acceptor_settings *before = accept_ntlm(), *after;
	struct err err = { 0 };
	struct log_on l;

	(void)state;
	write_users("LAB:alice:another\n", 0600);
	assert_int_equal(
		auth_acceptor_settings_new(
			&(struct auth_acceptor_options){ .ntlm = true, .ntlm_users = users },
			&after, &err),
		NERR_Success);
	auth_acceptor_settings_release(before);
	expect_refusal(after, make_credentials("alice", "LAB", "s3cret:with:colons "), 0xC000006D);
	l = log_on(after, make_credentials("alice", "LAB", "another"));
	assert_true(is_good(&l, "alice", "LAB"));
	log_on_end(&l);
	auth_acceptor_settings_release(after);
}

static void expect_file_refused(const char *text, mode_t mode, NET_API_STATUS status,
                                const char *why)
{
	struct auth_acceptor_settings *acceptance;
	struct err err = { 0 };

	write_users(text, mode);
	assert_int_equal(
		auth_acceptor_settings_new(
			&(struct auth_acceptor_options){ .ntlm = true, .ntlm_users = users },
			&acceptance, &err),
		status);
	assert_null(acceptance);
	assert_string_equal(err.step, "NTLM users' file");
	assert_non_null(strstr(err.text, why));
}

static void a_file_that_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0604, 0602, 0620, 0644, 0666 };

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++)
		expect_file_refused(two_users, modes[i], ERROR_ACCESS_DENIED, "chmod 600");
	if (geteuid() != 0)
		expect_file_refused(two_users, 0640, ERROR_ACCESS_DENIED, "chmod 600");
}

/* What --nt-hash prints is a line of the file. */
static void no_line_is_made_that_would_not_be_read(void **state)
{
	static const char *const names[] = { "LAB:h\xE4user", "#LAB:bob", "\xEF\xBB\xBFLAB:bob" };
	char line[ACCOUNT_LINE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct err err = { 0 };

		assert_false(account_line_make(names[i], "s3cret", line, &err));
		assert_int_equal(err.status, ERROR_INVALID_PARAMETER);
		assert_non_null(strstr(err.text, "not UTF-8, or begins with #"));
	}
}

static void a_line_that_nobody_can_log_on_with_is_refused(void **state)
{
#define NOT_A_LINE "expected DOMAIN:user:password; write a line for each user, such as LAB:bob:..."
#define SEPARATOR                                                                       \
	"has one of the characters \\ / @, which separate a user from a domain; write " \
	"DOMAIN:user:password"
#define CAPITALS                                                                            \
	":1: the user's name has a letter whose capital is another one on Windows than in " \
	"gss-ntlmssp, so that log-ons from Windows and Samba fail; use another name"
#define NOT_A_HASH                                                                              \
	"the password begins with $3$, as an NT hash does, but is not $3$$ and 32 hexadecimal " \
	"digits; make a hash with netsessiond --nt-hash"
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "alice:s3cret\n", ":1: " NOT_A_LINE },
		{ "alice\n", ":1: " NOT_A_LINE },
		{ "# who\n\nLAB:alice:s3cret\r\nLAB:bob", ":4: " NOT_A_LINE },
		{ "LAB\\alice:s3cret\n", ":1: expected DOMAIN:user:password, and not DOMAIN\\user; "
		                         "write a colon in the place of the backslash" },
		{ ":alice:s3cret\n", ":1: the domain is empty; write DOMAIN:user:password" },
		{ "LAB::s3cret\n", ":1: the user's name is empty; write DOMAIN:user:password" },
		{ "LAB\\x:alice:s3cret\n", ":1: the domain " SEPARATOR },
		{ "LAB:LAB\\alice:s3cret\n", ":1: the user's name " SEPARATOR },
		{ "LAB:LAB/alice:s3cret\n", ":1: the user's name " SEPARATOR },
		{ "LAB:alice@lab:s3cret\n", ":1: the user's name " SEPARATOR },
		{ "LAB : alice : s3cret\n",
		  ":1: the domain begins or ends with a blank; delete the blank" },
		{ "LAB: alice:s3cret\n",
		  ":1: the user's name begins or ends with a blank; delete the blank" },
		{ "LAB:a\tb:s3cret\n", ":1: the user's name has a control character; delete it" },
		{ "LAB:stra\xC3\x9F"
		  "e:s3cret\n",
		  CAPITALS },
		{ "LAB:\xEF\xAC\x81x:s3cret\n", CAPITALS },
		{ "LAB:alice:x\nLAB:bob:\n", ":2: the password is empty, so that everybody could "
		                             "log on; enter one, or delete the line" },
		{ "LAB:alice:s3cret\nLAB:bob:s3cret\nlab:ALICE:other\n",
		  ":3: the user is in line 1 already, where upper and lower case are the same; "
		  "delete one of the two lines" },
		{ "LAB:j\xC3\xB6rg:s3cret\n#\nLAB:bob:s3cret\nLAB:BOB:s3cret\nLAB:J\xC3\x96RG:x\n",
		  ":4: the user is in line 3 already, where upper and lower case are the same; "
		  "delete one of the two lines" },
		{ "LAB:alice:x\nLAB:bob:$3$$0123\n", ":2: " NOT_A_HASH },
		{ "LAB:bob:$3$$8846f7eaee8fb117ad06bdd830b7586c0\n", ":1: " NOT_A_HASH },
		{ "LAB:bob:$3$$8846f7eaee8fb117ad06bdd830b7586g\n", ":1: " NOT_A_HASH },
		{ "LAB:bob:$3$salt$8846f7eaee8fb117ad06bdd830b7586c\n", ":1: " NOT_A_HASH },
		{ "LAB:bob:$3$$31d6cfe0d16ae931b73c59d7e0c089c0\n",
		  ":1: the NT hash is that of an empty password, so that everybody could log on; "
		  "delete the line" },
		{ "LAB:alice:s3cr\xE9t\n", ":1: the line is not UTF-8; save the file as UTF-8" },
		{ "LAB:alice:s3cret\rLAB:bob:s3cret\r",
		  ":1: the line has a carriage return before its end; end lines with LF or CRLF" },
		{ "\xFF\xFEL", ":1: the file is UTF-16 text; save it as UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect_file_refused(cases[i].text, 0600, ERROR_INVALID_PARAMETER, cases[i].why);
		expect_file_refused(cases[i].text, 0600, ERROR_INVALID_PARAMETER, users);
	}
}

static void names_and_passwords_have_a_greatest_length(void **state)
{
	char text[1024];

	(void)state;
	snprintf(text, sizeof text, "LAB:%0121d:s3cret\n", 0);
	expect_file_refused(text, 0600, ERROR_INVALID_PARAMETER,
	                    ":1: the user's name is longer than 120 bytes; use a shorter one");
	snprintf(text, sizeof text, "LAB:alice:%0257d\n", 0);
	expect_file_refused(text, 0600, ERROR_INVALID_PARAMETER,
	                    ":1: the password is longer than 256 characters, which Windows does "
	                    "not send; use a shorter one");
}

static void a_file_of_every_editor_is_read(void **state)
{
	static const char *const texts[] = {
		"LAB:alice:s3cret:with:colons ",
		"\xEF\xBB\xBFLAB:alice:s3cret:with:colons \r\nLAB:bob:x\r\n",
		"# who\r\n \t\r\nLAB:alice:s3cret:with:colons \r\n",
		"OTHER:alice:x\nLAB:alice:s3cret:with:colons \n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct auth_acceptor_settings *acceptance;
		struct err err = { 0 };
		struct log_on l;

		write_users(texts[i], 0600);
		assert_int_equal(auth_acceptor_settings_new(
					 &(struct auth_acceptor_options){ .ntlm = true,
		                                                          .ntlm_users = users },
					 &acceptance, &err),
		                 NERR_Success);
		l = log_on(acceptance, make_credentials("alice", "LAB", "s3cret:with:colons "));
		assert_true(is_good(&l, "alice", "LAB"));
		log_on_end(&l);
		auth_acceptor_settings_release(acceptance);
	}
}

static void a_file_that_is_none_is_refused(void **state)
{
	struct auth_acceptor_options options = { .ntlm = true, .ntlm_users = directory };
	struct auth_acceptor_settings *acceptance;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_INVALID_PARAMETER);
	options.ntlm_users = "/nonexistent/users";
	err = (struct err){ 0 };
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_FILE_NOT_FOUND);
}

static void a_keytab_that_is_named_must_be_there(void **state)
{
	struct auth_acceptor_options options = { .kerberos = true,
		                                 .keytab = "/nonexistent/keytab" };
	struct auth_acceptor_settings *acceptance;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_FILE_NOT_FOUND);
	assert_string_equal(err.step, "keytab");
	write_users("", 0604);
	options.keytab = users;
	err = (struct err){ 0 };
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_ACCESS_DENIED);
	assert_int_equal(chmod(users, 0640), 0);
	err = (struct err){ 0 };
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_NO_SUCH_LOGON_SESSION);
}

/* ---- tokens ---- */

#define IMPACKETS_TOKEN_AT 92 /* in its SESSION_SETUP */

static enum auth_progress step_once(struct auth_acceptor_settings *acceptance, const uint8_t *token,
                                    size_t bytes, struct err *err)
{
	struct auth_acceptor *acceptor = auth_acceptor_new(acceptance);
	enum auth_progress progress;
	const uint8_t *answer;
	size_t answer_bytes;

	progress = auth_acceptor_step(acceptor, token, bytes, &answer, &answer_bytes, err);
	assert_true(progress != AUTH_FAILED || answer_bytes == 0);
	assert_true(progress != AUTH_CONTINUE || answer_bytes > 0);
	auth_acceptor_free(acceptor);
	return progress;
}

static void impackets_token_without_a_version_is_taken(void **state)
{
	struct recording r = recording_load("impacket-0.10-session-setup-request");
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct err err = { 0 };

	(void)state;
	assert_int_equal(step_once(acceptance, r.data + IMPACKETS_TOKEN_AT,
	                           r.bytes - IMPACKETS_TOKEN_AT, &err),
	                 AUTH_CONTINUE);
	/* and the bare message in it */
	assert_int_equal(step_once(acceptance, r.data + r.bytes - 32, 32, &err), AUTH_CONTINUE);
	auth_acceptor_settings_release(acceptance);
	recording_free(&r);
}

static void a_token_that_is_cut_off_is_refused(void **state)
{
	struct recording r = recording_load("impacket-0.10-session-setup-request");
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	for (size_t bytes = 0; bytes < r.bytes - IMPACKETS_TOKEN_AT; bytes++) {
		struct err err = { 0 };
		uint8_t *token = malloc(bytes > 0 ? bytes : 1);

		assert_non_null(token);
		memcpy(token, r.data + IMPACKETS_TOKEN_AT, bytes);
		assert_int_equal(step_once(acceptance, token, bytes, &err), AUTH_FAILED);
		assert_int_not_equal(err.nt_status, 0);
		free(token);
	}
	auth_acceptor_settings_release(acceptance);
	recording_free(&r);
}

static void a_token_that_is_none_is_an_invalid_parameter(void **state)
{
	static const char *const tokens[] = { "", "\xFF", "GET / HTTP/1.1\r\n\r\n", "NTLMSSP" };
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct err err = { 0 };

		assert_int_equal(
			step_once(acceptance, (const uint8_t *)tokens[i], strlen(tokens[i]), &err),
			AUTH_FAILED);
		assert_int_equal(err.nt_status, 0xC000000D);
	}
	auth_acceptor_settings_release(acceptance);
}

static void a_finished_log_on_takes_no_more_tokens(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct log_on l = log_on(acceptance,
	                         make_credentials("alice", "LAB", "s3cret:with:colons "));
	struct recording r = recording_load("impacket-0.10-session-setup-request");
	const uint8_t *answer;
	size_t bytes;

	(void)state;
	assert_int_equal(auth_acceptor_step(l.acceptor, r.data + IMPACKETS_TOKEN_AT,
	                                    r.bytes - IMPACKETS_TOKEN_AT, &answer, &bytes, &l.err),
	                 AUTH_FAILED);
	recording_free(&r);
	log_on_end(&l);
	auth_acceptor_settings_release(acceptance);
}

static void a_failed_log_on_takes_no_more_tokens(void **state)
{
	struct recording r = recording_load("impacket-0.10-session-setup-request");
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct auth_acceptor *acceptor = auth_acceptor_new(acceptance);
	struct err err = { 0 };
	const uint8_t *answer;
	size_t bytes;

	(void)state;
	assert_int_equal(
		auth_acceptor_step(acceptor, (const uint8_t *)"\xFF", 1, &answer, &bytes, &err),
		AUTH_FAILED);
	assert_int_equal(auth_acceptor_step(acceptor, r.data + IMPACKETS_TOKEN_AT,
	                                    r.bytes - IMPACKETS_TOKEN_AT, &answer, &bytes, &err),
	                 AUTH_FAILED);
	auth_acceptor_free(acceptor);
	auth_acceptor_settings_release(acceptance);
	recording_free(&r);
}

/* ---- clients that wrap our initiator's tokens in another way ---- */

/* One of them: its initiator, and what it got and what it sends next. */
struct client {
	struct auth_initiator *initiator;
	struct auth_acceptor *acceptor;
	struct wire_writer message;
	struct crypto_span token, mic; /* of the initiator's last message */
	const uint8_t *answer;
	size_t answer_bytes;
	struct err err;
};

/* credentials: taken. The initiator's first token is there. */
static struct client client_begin(struct auth_acceptor_settings *acceptance,
                                  struct netsession_credentials *credentials)
{
	struct client c = { .acceptor = auth_acceptor_new(acceptance) };
	struct spnego_init init;
	const uint8_t *first;
	size_t bytes;

	c.initiator = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_NTLM, "127.0.0.1");
	credentials_release(credentials);
	assert_int_equal(auth_initiator_step(c.initiator, NULL, 0, &first, &bytes, &c.err),
	                 AUTH_CONTINUE);
	assert_true(spnego_init_decode((struct crypto_span){ first, bytes }, &init));
	c.token = init.token;
	return c;
}

static void client_end(struct client *c)
{
	auth_initiator_free(c->initiator);
	auth_acceptor_free(c->acceptor);
	wire_writer_fini(&c->message);
}

static enum auth_progress client_send(struct client *c, struct crypto_span message)
{
	return auth_acceptor_step(c->acceptor, message.data, message.bytes, &c->answer,
	                          &c->answer_bytes, &c->err);
}

static enum auth_progress client_send_response(struct client *c, struct crypto_span mic)
{
	wire_writer_clear(&c->message);
	spnego_response_encode(&c->message, &(struct spnego_response){ .state = SPNEGO_NO_STATE,
	                                                               .token = c->token,
	                                                               .mic = mic });
	return client_send(c, (struct crypto_span){ c->message.data, c->message.len });
}

static enum auth_progress client_send_list(struct client *c, const enum auth_mechanism mechanisms[],
                                           size_t count, struct crypto_span token)
{
	struct wire_writer list = { 0 };

	spnego_mechanism_list_encode(&list, mechanisms, count, false);
	wire_writer_clear(&c->message);
	spnego_init_encode(&c->message, (struct crypto_span){ list.data, list.len }, token);
	wire_writer_fini(&list);
	return client_send(c, (struct crypto_span){ c->message.data, c->message.len });
}

static enum auth_progress client_send_init(struct client *c, struct crypto_span token)
{
	static const enum auth_mechanism ntlm_only[] = { AUTH_NTLM };

	return client_send_list(c, ntlm_only, 1, token);
}

/* The initiator's answer to this CHALLENGE. */
static void client_take_challenge(struct client *c, struct crypto_span challenge)
{
	struct spnego_response response;
	const uint8_t *next;
	size_t bytes;

	wire_writer_clear(&c->message);
	spnego_response_encode(
		&c->message,
		&(struct spnego_response){ .state = SPNEGO_ACCEPT_INCOMPLETE, .token = challenge });
	assert_int_equal(auth_initiator_step(c->initiator, c->message.data, c->message.len, &next,
	                                     &bytes, &c->err),
	                 AUTH_CONTINUE);
	assert_true(spnego_response_decode((struct crypto_span){ next, bytes }, &response));
	c->token = response.token;
	c->mic = response.mic;
}

/* As far as AUTHENTICATE, in SPNEGO. */
static struct client client_at_authenticate(struct auth_acceptor_settings *acceptance,
                                            struct netsession_credentials *credentials)
{
	struct client c = client_begin(acceptance, credentials);
	struct spnego_response challenge;

	assert_int_equal(client_send_init(&c, c.token), AUTH_CONTINUE);
	assert_true(spnego_response_decode((struct crypto_span){ c.answer, c.answer_bytes },
	                                   &challenge));
	client_take_challenge(&c, challenge.token);
	return c;
}

/* Lengths that gss-ntlmssp cannot decode must not tell who has an account. */
static void a_malformed_name_is_refused_alike_for_known_and_unknown_users(void **state)
{
	static const char *const names[] = { "alice", "nobody" };
	static const size_t length_at[] = { 28, 36, 44 }; /* [MS-NLMP] 2.2.1.3: domain, user,
	                                                   * workstation */
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	for (size_t i = 0; i < COUNT(names) * COUNT(length_at); i++) {
		struct client c = client_at_authenticate(
			acceptance, make_credentials(names[i % 2], "LAB", "any password"));
		uint8_t *token = malloc(c.token.bytes);

		assert_non_null(token);
		memcpy(token, c.token.data, c.token.bytes);
		token[length_at[i / 2]] |= 1;
		assert_int_equal(
			client_send_response(&c, (struct crypto_span){ token, c.token.bytes }),
			AUTH_FAILED);
		assert_int_equal(c.err.nt_status, 0xC000006D);
		free(token);
		client_end(&c);
	}
	auth_acceptor_settings_release(acceptance);
}

static void ntlm_without_spnego_is_accepted(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct client c = client_begin(acceptance,
	                               make_credentials("alice", "LAB", "s3cret:with:colons "));

	(void)state;
	assert_int_equal(client_send(&c, c.token), AUTH_CONTINUE);
	client_take_challenge(&c, (struct crypto_span){ c.answer, c.answer_bytes });
	assert_int_equal(client_send(&c, c.token), AUTH_COMPLETE);
	assert_int_equal(c.answer_bytes, 0);
	client_end(&c);
	auth_acceptor_settings_release(acceptance);
}

static void a_mic_is_answered_by_one(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct client c = client_at_authenticate(
		acceptance, make_credentials("alice", "LAB", "s3cret:with:colons "));
	struct spnego_response last;

	(void)state;
	assert_int_equal(c.mic.bytes, 16);
	assert_int_equal(client_send_response(&c, c.mic), AUTH_COMPLETE);
	assert_true(
		spnego_response_decode((struct crypto_span){ c.answer, c.answer_bytes }, &last));
	assert_int_equal(last.state, SPNEGO_ACCEPT_COMPLETED);
	assert_null(last.token.data);
	assert_int_equal(last.mic.bytes, 16);
	client_end(&c);
	auth_acceptor_settings_release(acceptance);
}

static void a_mic_of_another_list_is_a_log_on_failure(void **state)
{
	static const uint8_t wrong[17] = { 1 };
	static const size_t lengths[] = { 0, 1, 15, 16, 17 };
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct client c = client_at_authenticate(
			acceptance, make_credentials("alice", "LAB", "s3cret:with:colons "));

		assert_int_equal(
			client_send_response(&c, (struct crypto_span){ wrong, lengths[i] }),
			AUTH_FAILED);
		assert_int_equal(c.err.nt_status, 0xC000006D);
		assert_int_equal(c.err.status, ERROR_LOGON_FAILURE);
		client_end(&c);
	}
	auth_acceptor_settings_release(acceptance);
}

static void a_null_session_may_bring_a_mic(void **state)
{
	static const uint8_t mic[16] = { 1 };
	struct auth_acceptor_settings *acceptance =
		accept_with(&(struct auth_acceptor_options){ .anonymous = true });
	struct client c = client_at_authenticate(acceptance, nobodys());

	(void)state;
	assert_int_equal(client_send_response(&c, (struct crypto_span){ mic, sizeof mic }),
	                 AUTH_COMPLETE);
	assert_string_equal(auth_acceptor_mechanism(c.acceptor), "anonymous");
	client_end(&c);
	auth_acceptor_settings_release(acceptance);
}

/* 5: a null session has no key, so the choice of its mechanism cannot be proven. */
static void a_null_session_behind_kerberos_needs_no_mic(void **state)
{
	static const enum auth_mechanism both[] = { AUTH_KERBEROS, AUTH_NTLM };
	struct auth_acceptor_settings *acceptance =
		accept_with(&(struct auth_acceptor_options){ .anonymous = true });
	struct client c = client_begin(acceptance, nobodys());
	struct spnego_response response;

	(void)state;
	assert_int_equal(client_send_list(&c, both, 2, (struct crypto_span){ "AP-REQ", 6 }),
	                 AUTH_CONTINUE);
	assert_int_equal(client_send_response(&c, (struct crypto_span){ 0 }), AUTH_CONTINUE);
	assert_true(spnego_response_decode((struct crypto_span){ c.answer, c.answer_bytes },
	                                   &response));
	client_take_challenge(&c, response.token);
	assert_int_equal(client_send_response(&c, (struct crypto_span){ 0 }), AUTH_COMPLETE);
	assert_true(spnego_response_decode((struct crypto_span){ c.answer, c.answer_bytes },
	                                   &response));
	assert_int_equal(response.state, SPNEGO_ACCEPT_COMPLETED);
	assert_null(response.mic.data);
	client_end(&c);
	auth_acceptor_settings_release(acceptance);
}

static void a_token_of_another_mechanism_is_an_invalid_parameter(void **state)
{
	static const struct crypto_span tokens[] = {
		{ "\x6e\x02\x30\x00", 4 }, { "\x60\x08\x06\x06\x2b\x06\x01\x05\x05\x02", 10 }
	};
	struct auth_acceptor_settings *acceptance = accept_ntlm();

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct client c = client_begin(acceptance, make_credentials("alice", "LAB", "x"));

		assert_int_equal(client_send_init(&c, tokens[i]), AUTH_FAILED);
		assert_int_equal(c.err.nt_status, 0xC000000D);
		client_end(&c);
	}
	auth_acceptor_settings_release(acceptance);
}

static void a_bare_token_of_a_mechanism_that_is_not_served_is_not_supported(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	struct err err = { 0 };

	(void)state;
	assert_int_equal(step_once(acceptance, (const uint8_t *)"\x6e\x02\x30\x00", 4, &err),
	                 AUTH_FAILED);
	assert_int_equal(err.nt_status, 0xC00000BB);
	assert_string_equal(err.text, "this server does not accept Kerberos");
	auth_acceptor_settings_release(acceptance);
}

/* ---- what a server may send to the initiator ---- */

#define SERVER_FLAGS 0xE28A8235u /* as Samba's challenges have them, [MS-NLMP] 2.2.2.5 */

/* A CHALLENGE whose target has these names, of so many bytes each in the target information. */
static void put_challenge(struct wire_writer *w, const char *target, uint16_t pair_bytes)
{
	uint16_t target_bytes = (uint16_t)(2 * strlen(target));
	uint16_t info_bytes = (uint16_t)(2 * (4 + pair_bytes) + 4);

	wire_put_bytes(w, "NTLMSSP", 8);
	wire_put_u32le(w, 2);
	wire_put_u16le(w, target_bytes);
	wire_put_u16le(w, target_bytes);
	wire_put_u32le(w, 56);
	wire_put_u32le(w, SERVER_FLAGS);
	wire_put_zeros(w, 16); /* the challenge, reserved */
	wire_put_u16le(w, info_bytes);
	wire_put_u16le(w, info_bytes);
	wire_put_u32le(w, 56u + target_bytes);
	wire_put_zeros(w, 8); /* VERSION */
	wire_put_utf16le(w, target);
	for (uint16_t id = 1; id <= 2; id++) { /* MsvAvNbComputerName, MsvAvNbDomainName */
		wire_put_u16le(w, id);
		wire_put_u16le(w, pair_bytes);
		for (uint16_t i = 0; i < pair_bytes / 2; i++)
			wire_put_u16le(w, 'A');
	}
	wire_put_u32le(w, 0); /* MsvAvEOL */
}

/* What the initiator makes of such a challenge, in the first answer of a server. */
static enum auth_progress answer_challenge(const char *target, uint16_t pair_bytes, struct err *err)
{
	struct netsession_credentials *credentials = make_credentials("alice", "LAB", "s3cret");
	struct auth_initiator *a = auth_initiator_new(credentials, NETSESSION_AUTHENTICATION_NTLM,
	                                              "127.0.0.1");
	struct wire_writer challenge = { 0 }, message = { 0 };
	enum auth_progress progress;
	const uint8_t *token;
	size_t bytes;

	assert_non_null(a);
	assert_int_equal(auth_initiator_step(a, NULL, 0, &token, &bytes, err), AUTH_CONTINUE);
	put_challenge(&challenge, target, pair_bytes);
	spnego_response_encode(
		&message, &(struct spnego_response){ .state = SPNEGO_ACCEPT_INCOMPLETE,
	                                             .token = { challenge.data, challenge.len } });
	progress = auth_initiator_step(a, message.data, message.len, &token, &bytes, err);
	assert_true(bytes <= UINT16_MAX);
	wire_writer_fini(&challenge);
	wire_writer_fini(&message);
	auth_initiator_free(a);
	credentials_release(credentials);
	return progress;
}

static void a_challenge_whose_answer_is_too_large_is_refused(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(answer_challenge("SRV", 16, &err), AUTH_CONTINUE);
	assert_int_equal(answer_challenge("SRV", 32000, &err), AUTH_CONTINUE);
	assert_int_equal(err.status, NERR_Success);
	assert_int_equal(answer_challenge("SRV", 32460, &err), AUTH_FAILED);
	assert_int_equal(err.status, ERROR_BAD_NET_RESP);
	assert_non_null(strstr(err.text, "too large"));
}

static void a_challenge_that_names_no_target_is_refused(void **state)
{
	struct err err = { 0 };

	(void)state;
	assert_int_equal(answer_challenge("", 16, &err), AUTH_FAILED);
	assert_int_equal(err.status, ERROR_BAD_NET_RESP);
	assert_non_null(strstr(err.text, "names no target"));
}

/* ---- many at once ---- */

#define THREADS          8
#define LOG_ONS_A_THREAD 25

static void *log_on_often(void *argument)
{
	size_t good = 0;

	for (size_t i = 0; i < LOG_ONS_A_THREAD; i++) {
		bool is_alice = i % 2 == 0;
		struct log_on l =
			is_alice ? log_on(argument,
		                          make_credentials("alice", "LAB", "s3cret:with:colons "))
				 : log_on(argument, make_credentials("Bob", "OTHER", "wrong"));

		good += is_alice ? is_good(&l, "alice", "LAB") : l.err.nt_status == 0xC000006D;
		log_on_end(&l);
	}
	return good == LOG_ONS_A_THREAD ? argument : NULL;
}

static void many_log_on_at_once(void **state)
{
	struct auth_acceptor_settings *acceptance = accept_ntlm();
	pthread_t threads[THREADS];
	size_t good = 0;
	void *result;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, log_on_often, acceptance), 0);
	for (size_t i = 0; i < THREADS; i++) { /* all have ended before an assertion can fail */
		assert_int_equal(pthread_join(threads[i], &result), 0);
		good += result != NULL;
	}
	assert_int_equal(good, THREADS);
	auth_acceptor_settings_release(acceptance);
}

/* ---- gss-ntlmssp of a big-endian machine ---- */

/* Whether the library answers a NEGOTIATE message: asked without our own code. */
static bool gss_ntlmssp_challenges(void)
{
	static gss_OID_desc ntlm = {
		10, (void *)(uintptr_t)"\x2B\x06\x01\x04\x01\x82\x37\x02\x02\x0A"
	};
	static const char negotiate[40] = "NTLMSSP\0\1\0\0\0\x35\x82\x08\xE2";
	gss_OID_set_desc mechanisms = { 1, &ntlm };
	gss_buffer_desc token = { sizeof negotiate, (void *)(uintptr_t)negotiate }, answer = { 0 };
	gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
	gss_ctx_id_t context = GSS_C_NO_CONTEXT;
	OM_uint32 major, minor;

	(void)gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanisms, GSS_C_ACCEPT,
	                       &credential, NULL, NULL);
	major = gss_accept_sec_context(&minor, &context, credential, &token,
	                               GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, &answer, NULL, NULL,
	                               NULL);
	(void)gss_release_buffer(&minor, &answer);
	(void)gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
	(void)gss_release_cred(&minor, &credential);
	return major == GSS_S_CONTINUE_NEEDED;
}

static void where_gss_ntlmssp_makes_no_challenge_ntlm_is_not_served(void **state)
{
	struct auth_acceptor_options options = { .ntlm = true, .ntlm_users = users };
	struct auth_acceptor_settings *acceptance;
	struct err err = { 0 };

	(void)state;
	print_message("# gss-ntlmssp answers no NTLM message on this machine: none of the tests of "
	              "whole log-ons can be made\n");
	write_users(two_users, 0600);
	assert_int_equal(auth_acceptor_settings_new(&options, &acceptance, &err),
	                 ERROR_NOT_SUPPORTED);
	assert_null(acceptance);
	assert_string_equal(err.text,
	                    "gss-ntlmssp cannot encode an NTLM challenge on this machine");
}

TEST_GROUP(acceptor)
{
	const struct CMUnitTest without_ntlm[] = {
		cmocka_unit_test(where_gss_ntlmssp_makes_no_challenge_ntlm_is_not_served),
		cmocka_unit_test(without_keytab_and_users_nobody_logs_on),
		cmocka_unit_test(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(no_line_is_made_that_would_not_be_read),
		cmocka_unit_test(a_line_that_nobody_can_log_on_with_is_refused),
		cmocka_unit_test(names_and_passwords_have_a_greatest_length),
		cmocka_unit_test(a_file_that_is_none_is_refused),
		cmocka_unit_test(a_keytab_that_is_named_must_be_there),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_of_the_file_logs_on),
		cmocka_unit_test(names_are_the_files_whatever_the_caller_writes),
		cmocka_unit_test(an_account_goes_by_its_names),
		cmocka_unit_test(a_wrong_password_and_an_unknown_user_look_alike),
		cmocka_unit_test(a_null_session_is_had_where_it_is_allowed),
		cmocka_unit_test(a_null_session_is_refused_elsewhere),
		cmocka_unit_test(the_hint_names_what_is_served),
		cmocka_unit_test(without_keytab_and_users_nobody_logs_on),
		cmocka_unit_test(accounts_that_were_read_again_are_those_that_count),
		cmocka_unit_test(a_file_that_others_may_read_is_refused),
		cmocka_unit_test(a_line_that_nobody_can_log_on_with_is_refused),
		cmocka_unit_test(names_and_passwords_have_a_greatest_length),
		cmocka_unit_test(a_file_of_every_editor_is_read),
		cmocka_unit_test(a_file_that_is_none_is_refused),
		cmocka_unit_test(a_keytab_that_is_named_must_be_there),
		cmocka_unit_test(impackets_token_without_a_version_is_taken),
		cmocka_unit_test(a_token_that_is_cut_off_is_refused),
		cmocka_unit_test(a_token_that_is_none_is_an_invalid_parameter),
		cmocka_unit_test(a_finished_log_on_takes_no_more_tokens),
		cmocka_unit_test(a_failed_log_on_takes_no_more_tokens),
		cmocka_unit_test(a_malformed_name_is_refused_alike_for_known_and_unknown_users),
		cmocka_unit_test(ntlm_without_spnego_is_accepted),
		cmocka_unit_test(a_mic_is_answered_by_one),
		cmocka_unit_test(a_mic_of_another_list_is_a_log_on_failure),
		cmocka_unit_test(a_null_session_may_bring_a_mic),
		cmocka_unit_test(a_null_session_behind_kerberos_needs_no_mic),
		cmocka_unit_test(a_token_of_another_mechanism_is_an_invalid_parameter),
		cmocka_unit_test(a_bare_token_of_a_mechanism_that_is_not_served_is_not_supported),
		cmocka_unit_test(a_challenge_whose_answer_is_too_large_is_refused),
		cmocka_unit_test(a_challenge_that_names_no_target_is_refused),
		cmocka_unit_test(many_log_on_at_once),
	};

	return gss_ntlmssp_challenges() ? cmocka_run_group_tests(tests, set_up, tear_down)
	                                : cmocka_run_group_tests(without_ntlm, set_up, tear_down);
}
