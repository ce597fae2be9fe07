/* SPDX-License-Identifier: MIT */
#include "credentials.h"

#include <stdio.h>
#include <string.h>
#include "terminal/terminal.h"
#include "terminal/password_prompt.h"

/* Whether the user is none of smbclient's user%password. The message does not repeat the secret. */
static bool credentials_check_user(const char *user)
{
	if (strchr(user, '%') == NULL)
		return true;
	if (strcmp(user, "%") == 0)
		terminal_print_line(stderr,
		                    "netsession: --as needs a user; use --no-pass to log on "
		                    "anonymously");
	else
		terminal_print_line(
			stderr,
			"netsession: --as takes no password after a percent sign, because every user of this "
			"computer can read a command line; give the user alone and enter the password, or "
			"use --authentication-file FILE");
	return false;
}

/* False after a message on stderr, or without one for a signal that does not end the program. */
static bool credentials_prompt(const char *user, char password[PASSWORD_BYTES])
{
	switch (password_prompt(user, password)) {
	case PASSWORD_READ:
		return true;
	case PASSWORD_NO_TERMINAL:
		terminal_print_line(
			stderr,
			"netsession: the password of %s has to be asked for on a terminal, and "
			"there is none; use --authentication-file FILE",
			user);
		break;
	case PASSWORD_BAD_LINE:
		terminal_print_line(stderr,
		                    "netsession: the password is missing or longer than %d bytes",
		                    PASSWORD_BYTES - 1);
		break;
	case PASSWORD_INTERRUPTED:
		break;
	}
	return false;
}

/* --as: the password comes from the terminal only. */
static bool credentials_from_prompt(const char *user, struct netsession_credentials **credentials)
{
	struct netsession_error error;
	char password[PASSWORD_BYTES];
	bool made;

	if (!credentials_check_user(user) || !credentials_prompt(user, password))
		return false;
	made = netsession_credentials_new(user, NULL, password, credentials, &error) == 0;
	explicit_bzero(password, sizeof password);
	if (!made)
		terminal_print_line(stderr, "netsession: --as %s: %s", user, error.text);
	return made;
}

bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials)
{
	struct netsession_error error;

	*credentials = NULL;
	if ((options->credentials_file != NULL) + (options->as != NULL) + options->anonymous > 1) {
		terminal_print_line(
			stderr,
			"netsession: use only one of --authentication-file, --as and --no-pass");
		return false;
	}
	if (options->anonymous && netsession_credentials_new_anonymous(credentials, &error) != 0) {
		terminal_print_line(stderr, "netsession: --no-pass: %s", error.text);
		return false;
	}
	if (options->as != NULL)
		return credentials_from_prompt(options->as, credentials);
	if (options->credentials_file == NULL ||
	    netsession_credentials_read(options->credentials_file, credentials, &error) == 0)
		return true;
	terminal_print_line(stderr, "netsession: %s", error.text);
	return false;
}
