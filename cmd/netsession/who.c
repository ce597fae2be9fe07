/* SPDX-License-Identifier: MIT */
#include "who.h"

#include <string.h>
#include "prompt.h"

/* --as: the password comes from the terminal, and from nowhere else. */
static bool credentials_from_prompt(const char *user, struct netsession_credentials **credentials)
{
	struct netsession_error error;
	char password[PROMPT_MAX_BYTES];
	bool made;

	if (!prompt_password(user, password))
		return false;
	made = netsession_credentials_new(user, NULL, password, credentials, &error) == 0;
	explicit_bzero(password, sizeof password);
	if (!made)
		fprintf(stderr, "netsession: --as %s: %s\n", user, error.text);
	return made;
}

bool credentials_from_options(const struct options *options,
                              struct netsession_credentials **credentials)
{
	struct netsession_error error;

	*credentials = NULL;
	if ((options->credentials_file != NULL) + (options->as != NULL) + options->anonymous > 1) {
		fprintf(stderr,
		        "netsession: --authentication-file, --as and --no-pass exclude each "
		        "other\n");
		return false;
	}
	if (options->anonymous && netsession_credentials_new_anonymous(credentials, &error) != 0) {
		fprintf(stderr, "netsession: --no-pass: %s\n", error.text);
		return false;
	}
	if (options->as != NULL)
		return credentials_from_prompt(options->as, credentials);
	if (options->credentials_file == NULL ||
	    netsession_credentials_read(options->credentials_file, credentials, &error) == 0)
		return true;
	fprintf(stderr, "netsession: %s: %s\n", options->credentials_file, error.text);
	return false;
}
