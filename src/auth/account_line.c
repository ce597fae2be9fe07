/* SPDX-License-Identifier: MIT */
#include "auth/account_line.h"

#include <stdio.h>
#include <string.h>
#include "auth/password_hash.h"
#include "base/ascii.h"
#include "base/text.h"
#include "crypto/crypto.h"

#define STEP ACCOUNTS_STEP

enum {
	MOST_NAME_BYTES = 120,     /* each: both are a name of less than 256 bytes */
	MOST_PASSWORD_UNITS = 256, /* PWLEN of <lmcons.h>: Windows sends no longer one */
};

/* ---- names ---- */

const char *account_line_domain_fault(const char *name)
{
	size_t bytes = strlen(name);

	if (bytes == 0)
		return "is empty; write DOMAIN:user:password";
	if (bytes > MOST_NAME_BYTES)
		return "is longer than 120 bytes; use a shorter one";
	if (ascii_has_control(name))
		return "has a control character; delete it";
	if (name[0] == ' ' || name[bytes - 1] == ' ')
		return "begins or ends with a blank; delete the blank";
	if (strpbrk(name, "\\/@") != NULL)
		return "has one of the characters \\ / @, which separate a user from a domain; write "
		       "DOMAIN:user:password";
	return NULL;
}

const char *account_line_user_fault(const char *user)
{
	const char *fault = account_line_domain_fault(user);

	if (fault != NULL)
		return fault;
	/* [MS-NLMP] 3.3.2: the name in capitals is hashed with the password. */
	return text_has_windows_capitals(user)
	               ? NULL
	               : "has a letter whose capital is another one on Windows than in "
	                 "gss-ntlmssp, so that log-ons from Windows and Samba fail; use another "
	                 "name";
}

/* ---- passwords and hashes ---- */

/* crypt(5), NT: no salt is between the dollars. */
#define HASH_METHOD "$3$"
#define HASH_PREFIX HASH_METHOD "$"

static const char *account_line_password_fault(const char *password)
{
	if (password[0] == '\0')
		return "is empty, so that everybody could log on; enter one, or delete the line";
	return text_utf16_units(password) <= MOST_PASSWORD_UNITS
	               ? NULL
	               : "is longer than 256 characters, which Windows does not send; use a "
	                 "shorter one";
}

static bool account_line_is_hash_of_nothing(const uint8_t nt[PASSWORD_HASH_BYTES])
{
	static const uint8_t nothing[PASSWORD_HASH_BYTES] = { 0x31, 0xD6, 0xCF, 0xE0, 0xD1, 0x6A,
		                                              0xE9, 0x31, 0xB7, 0x3C, 0x59, 0xD7,
		                                              0xE0, 0xC0, 0x89, 0xC0 };

	return crypto_equal(nt, nothing, sizeof nothing);
}

static bool account_line_read_hash(const char *digits, uint8_t to[PASSWORD_HASH_BYTES])
{
	if (strlen(digits) != 2 * PASSWORD_HASH_BYTES)
		return false;
	for (size_t i = 0; i < 2 * PASSWORD_HASH_BYTES; i++) {
		const char *known = "0123456789abcdef";
		const char *at = strchr(known, ascii_lower(digits[i]));

		if (at == NULL)
			return false;
		to[i / 2] = (uint8_t)(to[i / 2] << 4 | (at - known));
	}
	return true;
}

/* ---- the line ---- */

/* Splits DOMAIN:user:password. A password may hold colons and blanks. False: the line fails, with a
 * text that repeats nothing of it, because any part may be a password. */
static bool account_line_split(struct text_lines *lines, char *line, struct account_line *account,
                               char **password)
{
	const char *fault;

	account->domain = strsep(&line, ":");
	account->user = strsep(&line, ":");
	*password = line;
	if (account->user == NULL || *password == NULL)
		text_lines_fail(
			lines,
			strchr(account->domain, '\\') != NULL
				? "expected DOMAIN:user:password, and not DOMAIN\\user; write "
				  "a colon in the place of the backslash"
				: "expected DOMAIN:user:password; write a line for each user, "
				  "such as LAB:bob:...");
	else if ((fault = account_line_domain_fault(account->domain)) != NULL)
		text_lines_fail(lines, "the domain %s", fault);
	else if ((fault = account_line_user_fault(account->user)) != NULL)
		text_lines_fail(lines, "the user's name %s", fault);
	else
		return true;
	return false;
}

/* What begins as an NT hash does. */
static bool account_line_read_method(struct text_lines *lines, const char *secret,
                                     uint8_t nt[PASSWORD_HASH_BYTES])
{
	if (strncmp(secret, HASH_PREFIX, strlen(HASH_PREFIX)) != 0 ||
	    !account_line_read_hash(secret + strlen(HASH_PREFIX), nt))
		text_lines_fail(lines,
		                "the password begins with " HASH_METHOD ", as an NT hash does, but "
		                "is not " HASH_PREFIX " and 32 hexadecimal digits; make a hash "
		                "with netsessiond --nt-hash");
	else if (account_line_is_hash_of_nothing(nt))
		text_lines_fail(lines, "the NT hash is that of an empty password, so that "
		                       "everybody could log on; delete the line");
	else
		return true;
	return false;
}

static bool account_line_read_secret(struct text_lines *lines, const char *secret,
                                     uint8_t nt[PASSWORD_HASH_BYTES])
{
	const char *fault = account_line_password_fault(secret);

	if (strncmp(secret, HASH_METHOD, strlen(HASH_METHOD)) == 0)
		return account_line_read_method(lines, secret, nt);
	if (fault != NULL)
		text_lines_fail(lines, "the password %s", fault);
	else
		(void)password_hash_compute(secret, nt, STEP, lines->err);
	return lines->err->status == NERR_Success;
}

bool account_line_parse(struct text_lines *lines, char *line, struct account_line *to)
{
	char *secret;
	bool is_good;

	*to = (struct account_line){ NULL, NULL, { 0 } };
	if (!account_line_split(lines, line, to, &secret))
		return false;
	is_good = account_line_read_secret(lines, secret, to->nt);
	crypto_wipe(secret, strlen(secret));
	return is_good;
}

/* ---- a new line ---- */

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* Whether name is DOMAIN:user, as a line has them. */
static bool account_line_check_name(const char *name, struct err *err)
{
	char text[2 * MOST_NAME_BYTES + 2], *user = NULL;
	const char *fault = NULL;

	if (strlen(name) < sizeof text)
		user = strchr(strcpy(text, name), ':');
	if (user == NULL || strchr(user + 1, ':') != NULL) {
		err_set(err, ERROR_INVALID_PARAMETER, STEP,
		        "expected DOMAIN:user, such as LAB:bob");
		return false;
	}
	/* Such a line would be refused by text_lines_next, or taken for a comment. */
	if (!text_utf8_is_valid(name) || name[0] == '#' || strncmp(name, BYTE_ORDER_MARK, 3) == 0) {
		err_set(err, ERROR_INVALID_PARAMETER, STEP,
		        "the name is not UTF-8, or begins with # or a byte order mark; use "
		        "another one");
		return false;
	}
	*user++ = '\0';
	if ((fault = account_line_domain_fault(text)) != NULL)
		err_format(err, ERROR_INVALID_PARAMETER, STEP, "the domain %s", fault);
	else if ((fault = account_line_user_fault(user)) != NULL)
		err_format(err, ERROR_INVALID_PARAMETER, STEP, "the user's name %s", fault);
	return fault == NULL;
}

bool account_line_make(const char *name, const char *password, char line[ACCOUNT_LINE_BYTES],
                       struct err *err)
{
	const char *fault = account_line_password_fault(password);
	uint8_t nt[PASSWORD_HASH_BYTES];
	char digits[PASSWORD_HASH_DIGITS];

	if (fault == NULL && (!text_utf8_is_valid(password) || ascii_has_control(password)))
		fault = "is not UTF-8, or has a control character; use another one";
	if (!account_line_check_name(name, err))
		return false;
	if (fault != NULL) {
		err_format(err, ERROR_INVALID_PARAMETER, STEP, "the password %s", fault);
		return false;
	}
	if (password_hash_compute(password, nt, STEP, err) != NERR_Success)
		return false;
	password_hash_print(nt, digits);
	snprintf(line, ACCOUNT_LINE_BYTES, "%s:" HASH_PREFIX "%s", name, digits);
	crypto_wipe(digits, sizeof digits);
	crypto_wipe(nt, sizeof nt);
	return true;
}
