/* SPDX-License-Identifier: MIT */
/* netsession store: takes the store of a site over into that of many machines, and brings stores up
 * to date. */
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "store/merge_store.h"
#include "failure.h"
#include "store_path.h"
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

/* Returns an exit code. */
static int store_migrate(const struct options *options)
{
	char *path = store_path_from_options(options);
	struct database *db = NULL;
	struct err err = { 0 };

	if (path == NULL)
		return EXIT_USAGE;
	if (database_open(path, DATABASE_CREATE, &db, &err) != 0)
		failure_print(&err);
	else if (!options->quiet)
		terminal_print_line(stderr, "netsession: %s has schema %d", path,
		                    database_schema_version());
	database_close(db);
	free(path);
	return err.status == 0 ? EXIT_ALL : EXIT_NONE;
}

int command_store(const struct options *options)
{
	const char *name = options->operands.list[0];
	const char *file = options->operands.count > 1 ? options->operands.list[1] : NULL;

	if (strcmp(name, "migrate") == 0 && file == NULL)
		return store_migrate(options);
	if (strcmp(name, "merge") != 0 || file == NULL) {
		terminal_print_line(stderr,
		                    "netsession: store has no command \"%s\": it has merge FILE, "
		                    "and migrate",
		                    name);
		return EXIT_USAGE;
	}
	if (options->db == NULL || strcmp(options->db, file) == 0 || database_name_is_url(file)) {
		terminal_print_line(stderr,
		                    "netsession: store merge takes the file of a store over "
		                    "into another store, which --db names");
		return EXIT_USAGE;
	}
	return store_merge(options, file);
}
