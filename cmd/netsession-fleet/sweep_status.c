/* SPDX-License-Identifier: MIT */
#include "sweep_status.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "failure.h"
#include "output_forms.h"
#include "query.h"
#include "report_output.h"
#include "store/report_store.h"
#include "store/status_store.h"
#include "store_path.h"
#include "sweep_record.h"
#include "terminal/terminal.h"

enum { MOST_COLUMNS = 8 };

static const struct report_column sweep_columns[] = {
	{ "sweep", "SWEEP", REPORT_NUMBER },       { "began", "BEGAN", REPORT_TIME },
	{ "ended", "ENDED", REPORT_TIME },         { "state", "STATE", REPORT_TEXT },
	{ "targets", "TARGETS", REPORT_NUMBER },   { "done", "DONE", REPORT_NUMBER },
	{ "sessions", "SESSIONS", REPORT_NUMBER }, { "last_minute", "LAST MINUTE", REPORT_NUMBER },
};
static const struct report_column outcome_columns[] = {
	{ "sweep", "SWEEP", REPORT_NUMBER },
	{ "outcome", "OUTCOME", REPORT_TEXT },
	{ "hosts", "HOSTS", REPORT_NUMBER },
	{ "sessions", "SESSIONS", REPORT_NUMBER },
};
static const struct report_column site_columns[] = {
	{ "site", "SITE", REPORT_TEXT },
	{ "sweep", "SWEEP", REPORT_NUMBER },
	{ "waiting", "WAITING", REPORT_NUMBER },
	{ "claimed", "CLAIMED", REPORT_NUMBER },
};
static const struct report_column collector_columns[] = {
	{ "collector", "COLLECTOR", REPORT_TEXT }, { "site", "SITE", REPORT_TEXT },
	{ "began", "BEGAN", REPORT_TIME },         { "seen", "SEEN", REPORT_TIME },
	{ "ended", "ENDED", REPORT_TIME },         { "hosts", "HOSTS", REPORT_NUMBER },
};

#define COLUMNS(OF) (OF), sizeof(OF) / sizeof *(OF)

static const struct {
	const char *key;
	const struct report_column *columns;
	size_t count;
} lists[STATUS_LIST_COUNT] = {
	[STATUS_SWEEPS] = { "sweeps", COLUMNS(sweep_columns) },
	[STATUS_OUTCOMES] = { "outcomes", COLUMNS(outcome_columns) },
	[STATUS_SITES] = { "sites", COLUMNS(site_columns) },
	[STATUS_COLLECTORS] = { "collectors", COLUMNS(collector_columns) },
};

struct sweep_status {
	enum status_list list;
	struct report_output *table; /* of the list; NULL: JSON is written */
	json_t *rows;                /* of the list */
	bool has_rows;               /* a table has some already */
};

bool sweep_status_is_meant(const struct options *options)
{
	return options->operands.count == 1 && strcmp(options->operands.list[0], "status") == 0;
}

static void sweep_status_put(void *context, struct database_statement *row)
{
	struct sweep_status *status = context;
	const struct report_column *columns = lists[status->list].columns;
	struct report_cell cells[MOST_COLUMNS];

	for (size_t i = 0; i < lists[status->list].count; i++)
		cells[i] = columns[i].kind == REPORT_TEXT
		                   ? (struct report_cell){ .text = database_text(row, (int)i) }
		                   : (struct report_cell){
					     .number = database_is_null(row, (int)i)
			                                       ? REPORT_UNKNOWN
			                                       : database_number(row, (int)i)
				     };
	if (status->table == NULL) {
		(void)json_array_append_new(
			status->rows,
			report_output_json(columns, lists[status->list].count, cells));
		return;
	}
	if (status->has_rows)
		fputc('\n', stdout);
	status->has_rows = false;
	report_output_put(status->table, cells);
}

/* Returns 0, or what stands in err. */
static uint32_t sweep_status_write_json(struct sweep_status *status, struct database *db,
                                        bool *is_written, struct err *err)
{
	json_t *object = json_object();

	json_object_set_new(object, "schema", json_integer(1));
	for (int list = 0; list < STATUS_LIST_COUNT && err->status == 0; list++) {
		status->list = (enum status_list)list;
		status->rows = json_array();
		(void)status_read(db, status->list, sweep_status_put, status, err);
		json_object_set_new(object, lists[list].key, status->rows);
	}
	if (err->status == 0)
		*is_written = output_json_write_line(stdout, object, JSON_INDENT(2));
	else
		json_decref(object);
	return err->status;
}

/* An empty list is left out. */
static uint32_t sweep_status_write_tables(struct sweep_status *status, struct database *db,
                                          bool *is_written, struct err *err)
{
	bool has_rows = false;

	*is_written = true;
	for (int list = 0; list < STATUS_LIST_COUNT && err->status == 0 && *is_written; list++) {
		status->list = (enum status_list)list;
		status->has_rows = has_rows;
		status->table = report_output_new("table", lists[list].key, lists[list].columns,
		                                  lists[list].count);
		if (status->table == NULL)
			return err->status = 8; /* ERROR_NOT_ENOUGH_MEMORY */
		(void)status_read(db, status->list, sweep_status_put, status, err);
		has_rows = has_rows || report_output_has_rows(status->table);
		*is_written = report_output_end(status->table);
	}
	return err->status;
}

int sweep_status_show(const struct options *options)
{
	struct sweep_status status = { 0 };
	struct database *db = NULL;
	bool is_written = false;
	struct err err = { 0 };
	char *path;

	if (strcmp(options->output, "table") != 0 && strcmp(options->output, "json") != 0) {
		terminal_print_line(stderr, "netsession: the status has -o table and -o json");
		return EXIT_USAGE;
	}
	path = store_path_from_options(options);
	if (path == NULL)
		return EXIT_USAGE;
	if (database_open(path, DATABASE_READ, &db, &err) == 0)
		(void)(strcmp(options->output, "json") == 0
		               ? sweep_status_write_json(&status, db, &is_written, &err)
		               : sweep_status_write_tables(&status, db, &is_written, &err));
	if (err.status != 0)
		failure_print(&err);
	else if (!is_written)
		query_print_write_error();
	database_close(db);
	free(path);
	return err.status == 0 && is_written ? EXIT_ALL : EXIT_NONE;
}
