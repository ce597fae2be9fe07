/* SPDX-License-Identifier: MIT */
/* netsession export: what was seen, for other programs. */
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "export_forms.h"
#include "failure.h"
#include "store_path.h"
#include "terminal/terminal.h"

static int export_in_form(const struct options *options, const char *path,
                          int (*write)(struct database *db, const struct options *options))
{
	struct database *db = NULL;
	struct err err = { 0 };
	int code = EXIT_NONE;

	if (database_open(path, DATABASE_READ, &db, &err) == 0)
		code = write(db, options);
	else
		failure_print(&err);
	database_close(db);
	return code;
}

/* NULL: nothing is missing, and nothing has no meaning. */
static const char *export_fault(const struct options *options, bool is_bloodhound)
{
	if (is_bloodhound)
		return options->domain == NULL
		               ? "export bloodhound requires --domain DOMAIN, whose directory has "
		                 "the SIDs"
		       : options->since != 0 ? "export bloodhound takes no --since: it writes what "
		                               "the last answers had"
		                             : NULL;
	return options->domain != NULL || options->domain_controller != NULL
	               ? "export ocsf takes no --domain: it writes the sessions of "
	                 "all servers"
	       : options->no_lookups ? "export ocsf takes no --no-lookups: it looks up no names"
	                             : NULL;
}

int command_export(const struct options *options)
{
	const char *form = options->operands.list[0], *fault;
	bool is_bloodhound = strcmp(form, "bloodhound") == 0;
	int code = EXIT_USAGE;
	char *path;

	if (!is_bloodhound && strcmp(form, "ocsf") != 0)
		terminal_print_line(stderr,
		                    "netsession: there is no form \"%s\"; write bloodhound or ocsf",
		                    form);
	else if ((fault = export_fault(options, is_bloodhound)) != NULL)
		terminal_print_line(stderr, "netsession: %s", fault);
	else if ((path = store_path_from_options(options)) != NULL) {
		code = export_in_form(options, path,
		                      is_bloodhound ? export_bloodhound : export_ocsf);
		free(path);
	}
	return code;
}
