/* SPDX-License-Identifier: MIT */
#include "credentials.h"

#include <stdio.h>
#include <string.h>
#include "output_forms.h"
#include "terminal/password_prompt.h"

/* Whether the user is none of smbclient's user%password. The message does not repeat the secret. */
static bool credentials_check_user(const char *user)
{
	if (strchr(user, '%') == NULL)
		return true;
	if (strcmp(user, "%") == 0)
		fprintf(stderr, "netsession: --as needs a user; use --no-pass to log on "
		                "anonymously\n");
	else
		fprintf(stderr,
		        "netsession: --as takes no password after a percent sign, because every user of this "
		        "computer can read a command line; give the user alone and enter the password, or "
		        "use --authentication-file FILE\n");
	return false;
}

/* False after a message on stderr, or without one for a signal that does not end the program. */
static bool credentials_prompt(const char *user, char password[PASSWORD_BYTES])
{
	switch (password_prompt(user, password)) {
	case PASSWORD_READ:
		return true;
	case PASSWORD_NO_TERMINAL:
		fprintf(stderr,
		        "netsession: the password of %s has to be asked for on a terminal, and "
		        "there is none; use --authentication-file FILE\n",
		        user);
		break;
	case PASSWORD_BAD_LINE:
		fprintf(stderr, "netsession: the password is missing or longer than %d bytes\n",
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
	if (!made) {
		fprintf(stderr, "netsession: --as %s: ", user);
		output_end_line(stderr, error.text);
	}
	return made;
}

bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials)
{
	struct netsession_error error;

	*credentials = NULL;
	if ((options->credentials_file != NULL) + (options->as != NULL) + options->anonymous > 1) {
		fprintf(stderr,
		        "netsession: use only one of --authentication-file, --as and --no-pass\n");
		return false;
	}
	if (options->anonymous && netsession_credentials_new_anonymous(credentials, &error) != 0) {
		fputs("netsession: --no-pass: ", stderr);
		output_end_line(stderr, error.text);
		return false;
	}
	if (options->as != NULL)
		return credentials_from_prompt(options->as, credentials);
	if (options->credentials_file == NULL ||
	    netsession_credentials_read(options->credentials_file, credentials, &error) == 0)
		return true;
	fputs("netsession: ", stderr);
	output_end_line(stderr, error.text);
	return false;
}
