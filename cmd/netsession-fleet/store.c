/* SPDX-License-Identifier: MIT */
/* netsession store: takes the store of a site over into that of many machines. */
#include <string.h>
#include "commands.h"
#include "store/merge_store.h"
#include "failure.h"
#include "sweep_record.h"
#include "terminal/terminal.h"

/* Returns an exit code. */
static int store_merge(const struct options *options, const char *path)
{
	struct database *from = NULL, *to = NULL;
	struct merge_counts counts = { 0 };
	struct err err = { 0 };

	if (database_open(path, DATABASE_READ, &from, &err) == 0 &&
	    database_open(options->db, DATABASE_CREATE, &to, &err) == 0)
		(void)merge_store(from, to, &counts, &err);
	database_close(from);
	database_close(to);
	if (err.status != 0) {
		failure_print(&err);
		return EXIT_NONE;
	}
	if (!options->quiet)
		terminal_print_line(
			stderr, "netsession: added %lld sweeps, %lld outcomes and %lld sessions",
			(long long)counts.runs, (long long)counts.outcomes,
			(long long)counts.sessions);
	return EXIT_ALL;
}

int command_store(const struct options *options)
{
	char *const *operands = options->operands.list;

	if (strcmp(operands[0], "merge") != 0) {
		terminal_print_line(stderr, "netsession: store has no command \"%s\": name merge",
		                    operands[0]);
		return EXIT_USAGE;
	}
	if (options->db == NULL || strcmp(options->db, operands[1]) == 0 ||
	    database_name_is_url(operands[1])) {
		terminal_print_line(stderr,
		                    "netsession: store merge takes the file of a store over "
		                    "into another store, which --db names");
		return EXIT_USAGE;
	}
	return store_merge(options, operands[1]);
}
