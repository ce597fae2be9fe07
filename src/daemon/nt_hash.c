/* SPDX-License-Identifier: MIT */
#include "daemon/nt_hash.h"

#include <stdio.h>
#include <unistd.h>
#include "auth/account_line.h"
#include "crypto/crypto.h"
#include "terminal/password_prompt.h"
#include "terminal/terminal.h"

static enum password_result nt_hash_read_password(const char *name, char password[PASSWORD_BYTES])
{
	if (isatty(STDIN_FILENO))
		return password_prompt(name, password);
	return password_read_line(STDIN_FILENO, password) ? PASSWORD_READ : PASSWORD_BAD_LINE;
}

int nt_hash_print(const char *name)
{
	char password[PASSWORD_BYTES], line[ACCOUNT_LINE_BYTES];
	enum password_result result = nt_hash_read_password(name, password);
	struct err err = { 0 };
	bool is_good = result == PASSWORD_READ && account_line_make(name, password, line, &err);

	crypto_wipe(password, sizeof password);
	if (result == PASSWORD_BAD_LINE)
		terminal_print_line(
			stderr,
			"netsessiond: the password is missing, has no end of line, or is longer than "
			"%d bytes",
			PASSWORD_BYTES - 1);
	else if (result == PASSWORD_NO_TERMINAL)
		fputs("netsessiond: there is no terminal to ask for the password on; write it to "
		      "the standard input of netsessiond\n",
		      stderr);
	else if (!is_good && result == PASSWORD_READ)
		terminal_print_line(stderr, "netsessiond: --nt-hash: %s", err_text(&err));
	if (!is_good)
		return 1;
	is_good = puts(line) != EOF && fflush(stdout) == 0;
	crypto_wipe(line, sizeof line);
	return is_good ? 0 : 1;
}
