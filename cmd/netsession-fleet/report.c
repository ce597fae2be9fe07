/* SPDX-License-Identifier: MIT */
/* netsession report: what sweeps have seen. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "client/server_operand.h"
#include "commands.h"
#include "fleet/outcome.h"
#include "failure.h"
#include "query.h"
#include "report_notes.h"
#include "report_output.h"
#include "store/prune_store.h"
#include "store/report_store.h"
#include "store_path.h"
#include "terminal/terminal.h"

struct report {
	const struct options *options;
	struct database *db;
	struct report_output *output;
	const char *operand; /* the user, the server; NULL: the report has none */
	struct report_period period;
};

/* ---- sessions ---- */

static const struct report_column session_columns_of_report[] = {
	{ "server", "SERVER", REPORT_TEXT },
	{ "client", "CLIENT", REPORT_TEXT },
	{ "user", "USER", REPORT_TEXT },
	{ "started", "STARTED", REPORT_TIME },
	{ "first_seen", "FIRST SEEN", REPORT_TIME },
	{ "last_seen", "LAST SEEN", REPORT_TIME },
	{ "gone", "GONE", REPORT_TIME },
	{ "certain", "CERTAIN", REPORT_FLAG },
	{ "num_opens", NULL, REPORT_NUMBER },
	{ "transport", NULL, REPORT_TEXT },
	{ "level", NULL, REPORT_NUMBER },
	{ "seen_by", NULL, REPORT_TEXT },
};

static void report_put_session(void *context, const struct report_session *session)
{
	const struct report *report = context;
	const struct report_cell cells[] = {
		{ .text = session->server },       { .text = session->client },
		{ .text = session->user },         { .number = session->started },
		{ .number = session->first_seen }, { .number = session->last_seen },
		{ .number = session->gone },       { .number = session->is_certain },
		{ .number = session->num_opens },  { .text = session->transport },
		{ .number = session->level },      { .text = session->source },
	};

	report_output_put(report->output, cells);
}

/* Adds what is not known of the time of the report. */
static uint32_t report_add_notes(struct report *report, const char *server, struct err *err)
{
	int64_t now = (int64_t)time(NULL), at = report->period.at, since = report->period.since;
	bool is_now = at == REPORT_UNKNOWN && since == REPORT_UNKNOWN;

	if (err->status != 0)
		return err->status;
	return report_notes_put(report->db, server,
	                        is_now                 ? now
	                        : at != REPORT_UNKNOWN ? at
	                                               : since,
	                        at != REPORT_UNKNOWN ? at : now, is_now, report->output, err);
}

static uint32_t report_run_who(struct report *report, struct err *err)
{
	(void)report_who(report->db, report->operand, &report->period, report_put_session, report,
	                 err);
	return report_add_notes(report, NULL, err);
}

/* By the name that the sweep gave it, which server_operand_parse makes of what people write. */
static uint32_t report_run_on(struct report *report, struct err *err)
{
	struct server_operand operand;
	struct netsession_error error;

	if (!server_operand_parse(report->operand, &operand, &error))
		return err_set(err, error.status, "report", error.text);
	(void)report_on(report->db, operand.server, &report->period, report_put_session, report,
	                err);
	return report_add_notes(report, operand.server, err);
}

/* ---- changes ---- */

static const struct report_column change_columns[] = {
	{ "time", "TIME", REPORT_TIME },           { "change", "CHANGE", REPORT_TEXT },
	{ "server", "SERVER", REPORT_TEXT },       { "client", "CLIENT", REPORT_TEXT },
	{ "user", "USER", REPORT_TEXT },           { "started", "STARTED", REPORT_TIME },
	{ "last_seen", "LAST SEEN", REPORT_TIME },
};

static void report_put_change(void *context, const struct report_session *session, bool is_gone)
{
	const struct report *report = context;
	const struct report_cell cells[] = {
		{ .number = is_gone ? session->gone : session->first_seen },
		{ .text = is_gone ? "gone" : "appeared" },
		{ .text = session->server },
		{ .text = session->client },
		{ .text = session->user },
		{ .number = session->started },
		{ .number = session->last_seen },
	};

	report_output_put(report->output, cells);
}

static uint32_t report_run_changes(struct report *report, struct err *err)
{
	(void)report_changes(report->db, report->period.since, report_put_change, report, err);
	return report_add_notes(report, NULL, err);
}

/* ---- hosts ---- */

static const struct report_column host_columns[] = {
	{ "server", "SERVER", REPORT_TEXT },     { "outcome", "OUTCOME", REPORT_TEXT },
	{ "step", "STEP", REPORT_TEXT },         { "asked", "ASKED", REPORT_TIME },
	{ "answered", "ANSWERED", REPORT_TIME }, { "sessions", "SESSIONS", REPORT_NUMBER },
	{ "fix", "WHAT TO DO", REPORT_TEXT },    { "address", NULL, REPORT_TEXT },
	{ "error", NULL, REPORT_TEXT },
};

static void report_put_host(void *context, const struct report_host *host)
{
	const struct report *report = context;
	enum host_outcome outcome = host_outcome_find(host->outcome);
	const struct report_cell cells[] = {
		{ .text = host->server },
		{ .text = host->outcome },
		{ .text = host->step },
		{ .number = host->asked },
		{ .number = host->answered },
		{ .number = host->sessions },
		{ .text = outcome < OUTCOME_COUNT ? host_outcomes[outcome].fix : NULL },
		{ .text = host->address },
		{ .text = host->error },
	};

	report_output_put(report->output, cells);
}

static uint32_t report_run_hosts(struct report *report, struct err *err)
{
	return report_hosts(report->db, report_put_host, report, err);
}

/* ---- pruning ---- */

static uint32_t report_run_prune(struct report *report, struct err *err)
{
	struct prune_counts pruned;

	if (prune_store(report->db, (int64_t)report->options->older_than_days * 86400, &pruned,
	                err) == 0)
		terminal_print_line(stderr,
		                    "netsession: deleted %lld sweeps, %lld sessions and %lld hosts",
		                    (long long)pruned.runs, (long long)pruned.sessions,
		                    (long long)pruned.hosts);
	return err->status;
}

/* ---- the command ---- */

static const struct report_kind_of_command {
	const char *name;
	const char *operand; /* NULL: there is none */
	bool takes_at, takes_since;
	enum database_access access;
	uint32_t (*run)(struct report *report, struct err *err);
	const struct report_column *columns; /* NULL: it has no rows */
	size_t column_count;
} kinds[] = {
	{ "who", "USER", true, true, DATABASE_READ, report_run_who, session_columns_of_report,
	  sizeof session_columns_of_report / sizeof *session_columns_of_report },
	{ "on", "SERVER", true, true, DATABASE_READ, report_run_on, session_columns_of_report,
	  sizeof session_columns_of_report / sizeof *session_columns_of_report },
	{ "changes", NULL, false, true, DATABASE_READ, report_run_changes, change_columns,
	  sizeof change_columns / sizeof *change_columns },
	{ "hosts", NULL, false, false, DATABASE_READ, report_run_hosts, host_columns,
	  sizeof host_columns / sizeof *host_columns },
	{ "prune", NULL, false, false, DATABASE_WRITE, report_run_prune, NULL, 0 },
};

/* Returns NULL after a message. */
static const struct report_kind_of_command *report_find_kind(const struct options *options)
{
	const struct report_kind_of_command *kind = kinds,
					    *end = kinds + sizeof kinds / sizeof *kinds;
	const char *name = options->operands.list[0];

	while (kind < end && strcmp(kind->name, name) != 0)
		kind++;
	if (kind == end) {
		terminal_print_line(stderr,
		                    "netsession: there is no report \"%s\": name one of who, on, "
		                    "changes, hosts and prune",
		                    name);
		return NULL;
	}
	if (options->operands.count != (kind->operand != NULL ? 2 : 1)) {
		terminal_print_line(stderr, "netsession: report %s requires %s", kind->name,
		                    kind->operand != NULL ? kind->operand : "no operand");
		return NULL;
	}
	if ((options->at != 0 && !kind->takes_at) || (options->since != 0 && !kind->takes_since) ||
	    (options->at != 0 && options->since != 0)) {
		terminal_print_line(stderr, "netsession: report %s does not take %s", kind->name,
		                    options->at != 0 && options->since != 0
		                            ? "--at and --since together"
		                    : options->at != 0 ? "--at"
		                                       : "--since");
		return NULL;
	}
	if ((kind->run == report_run_prune) != (options->older_than_days != 0)) {
		terminal_print_line(stderr, "netsession: report %s %s --older-than", kind->name,
		                    kind->run == report_run_prune ? "requires" : "does not take");
		return NULL;
	}
	return kind;
}

/* Returns an exit code. */
static int report_write(struct report *report, const struct report_kind_of_command *kind)
{
	bool is_written = true;
	struct err err = { 0 };

	if (kind->columns != NULL) {
		report->output = report_output_new(report->options->output, kind->name,
		                                   kind->columns, kind->column_count);
		if (report->output == NULL) {
			terminal_print_line(stderr, "netsession: out of memory");
			return EXIT_NONE;
		}
	}
	(void)kind->run(report, &err);
	if (report->output != NULL)
		is_written = report_output_end(report->output);
	if (err.status != 0)
		failure_print(&err);
	else if (!is_written)
		query_print_write_error();
	return err.status == 0 && is_written ? EXIT_ALL : EXIT_NONE;
}

int command_report(const struct options *options)
{
	const struct report_kind_of_command *kind = report_find_kind(options);
	struct report report = {
		.options = options,
		.operand = kind != NULL && kind->operand != NULL ? options->operands.list[1] : NULL,
		.period = { options->at != 0 ? options->at : REPORT_UNKNOWN,
		            options->since != 0 ? options->since : REPORT_UNKNOWN },
	};
	struct err err = { 0 };
	int code = EXIT_NONE;
	char *path;

	if (kind == NULL)
		return EXIT_USAGE;
	path = store_path_from_options(options);
	if (path == NULL)
		return EXIT_USAGE;
	if (database_open(path, kind->access, &report.db, &err) == 0)
		code = report_write(&report, kind);
	else
		failure_print(&err);
	database_close(report.db);
	free(path);
	return code;
}
