/* SPDX-License-Identifier: MIT */
/* Inside src/auth, and for what makes such lines: one line of the NTLM users' file,
 * DOMAIN:user:password or DOMAIN:user:$3$$hash. The second is the form of crypt(5) for an NT hash.
 */
#ifndef AUTH_ACCOUNT_LINE_H
#define AUTH_ACCOUNT_LINE_H

#include <stdbool.h>
#include "auth/password_hash.h"
#include "base/text_lines.h"

/* The step that fails when the file cannot be used. */
#define ACCOUNTS_STEP "NTLM users' file"

/* What no client can log on with; NULL: nothing. */
const char *account_line_domain_fault(const char *domain);
const char *account_line_user_fault(const char *user);

struct account_line {
	const char *domain, *user; /* parts of the line */
	uint8_t nt[PASSWORD_HASH_BYTES];
};

/* Splits a line, hashes its password or reads its hash, and wipes both in the line. False: see the
 * error of lines, whose text repeats nothing of the line, because any part may be a password. */
bool account_line_parse(struct text_lines *lines, char *line, struct account_line *to);

/* The largest line that account_line_make makes, and its terminator. */
#define ACCOUNT_LINE_BYTES 320

/* Makes a line with the NT hash of the password. name is DOMAIN:user. False: see err. */
bool account_line_make(const char *name, const char *password, char line[ACCOUNT_LINE_BYTES],
                       struct err *err);

#endif
