/* SPDX-License-Identifier: MIT */
#include "store_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "terminal/terminal.h"

#define STORE_NAME "netsession/sessions.db"

/* The XDG Base Directory Specification: a relative path is not to be used. */
char *store_path_from_options(const struct options *options)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char *path = NULL;
	bool has_place = options->db != NULL || (state != NULL && state[0] == '/') ||
	                 (home != NULL && home[0] == '/');
	int length = 0;

	if (options->db != NULL)
		path = strdup(options->db);
	else if (state != NULL && state[0] == '/')
		length = asprintf(&path, "%s/" STORE_NAME, state);
	else if (has_place)
		length = asprintf(&path, "%s/.local/state/" STORE_NAME, home);
	if (length < 0)
		path = NULL;
	if (path == NULL)
		terminal_print_line(stderr,
		                    has_place ? "netsession: out of memory"
		                              : "netsession: there is no home directory for the "
		                                "store; name its file with --db");
	return path;
}
