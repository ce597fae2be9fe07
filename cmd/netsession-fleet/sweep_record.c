/* SPDX-License-Identifier: MIT */
#include "sweep_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "failure.h"
#include "store_path.h"
#include "terminal/terminal.h"

#define OUT_OF_MEMORY 8 /* ERROR_NOT_ENOUGH_MEMORY */

static int64_t sweep_record_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- hosts ---- */

static void sweep_record_row(void *context, const struct server_result *result,
                             const struct netsession_row *row)
{
	struct sweep_record *record = context;

	(void)result;
	sweep_store_put_row(record->store, row);
}

static bool sweep_record_level_has(const struct session_level *level, int column)
{
	return level != NULL && session_level_field(level, session_columns[column]) != NULL;
}

static void sweep_record_host(struct sweep_record *record, const struct swept_host *host,
                              int64_t id, struct err *err)
{
	const struct server_result *result = &host->result;
	const struct netsession_error *error = &result->error;
	bool is_answer = host_outcome_is_answer(host->outcome);
	struct store_host stored = {
		.id = id,
		.answered_ms = host->answered_ms,
		.outcome = host_outcomes[host->outcome].name,
		.step = error->step,
		.error = error->status != 0 ? error->text : NULL,
		.address = host->address[0] != '\0' ? host->address : NULL,
		.status = error->status,
		.nt_status = error->nt_status,
		.sessions = server_result_count(result),
		.attempts = host->attempts,
		.is_answer = is_answer,
		.level = -1,
		.has_users = sweep_record_level_has(result->level, SESSION_COLUMN_USER),
		.has_starts = sweep_record_level_has(result->level, SESSION_COLUMN_ACTIVE),
		.has_opens = sweep_record_level_has(result->level, SESSION_COLUMN_OPENS),
	};

	if (result->level != NULL)
		stored.level = result->level->number;
	/* That a filter selects nobody is an error of the call, and an answer without a level. */
	if (is_answer) {
		stored.has_users |= result->level == NULL;
		stored.is_complete = error->status != 0 || server_result_is_complete(result);
	}
	if (!sweep_store_put_host(record->store, &record->run, &stored, err))
		return;
	server_result_each(result, sweep_record_row, record);
	(void)sweep_store_end_host(record->store, err);
}

static int sweep_record_compare_hosts(const void *left, const void *right)
{
	const struct swept_host *const *a = left, *const *b = right;

	return sweep_store_compare_names((*a)->result.server, (*b)->result.server);
}

/* Takes the hosts that are still ours out of the queue, and leaves only them. */
static void sweep_record_take(struct sweep_record *record, const struct swept_host *hosts[],
                              int64_t ids[], size_t *count, struct err *err)
{
	struct database *db = sweep_store_database(record->store);
	bool *is_ours = calloc(*count, sizeof *is_ours);
	size_t taken = 0;

	if (is_ours == NULL)
		err->status = OUT_OF_MEMORY;
	else
		(void)sweep_queue_take(db, record->claim, ids, is_ours, *count, err);
	for (size_t i = 0; i < *count && err->status == 0; i++)
		if (is_ours[i]) {
			hosts[taken] = hosts[i];
			ids[taken++] = ids[i];
		}
	*count = taken;
	free(is_ours);
	(void)sweep_queue_count(db, record->collector, (int64_t)taken, err);
}

/* One transaction. hosts are in the order of their names, and change. */
static uint32_t sweep_record_batch(struct sweep_record *record, const struct swept_host *hosts[],
                                   size_t count, struct err *err)
{
	const char **names = calloc(count, sizeof *names);
	int64_t *ids = calloc(count, sizeof *ids);

	if (names == NULL || ids == NULL) {
		err->status = OUT_OF_MEMORY;
	} else {
		for (size_t i = 0; i < count; i++)
			names[i] = hosts[i]->result.server;
		(void)sweep_store_begin(record->store, names, ids, count, err);
	}
	if (err->status == 0 && record->claim != NULL)
		sweep_record_take(record, hosts, ids, &count, err);
	for (size_t i = 0; i < count && err->status == 0; i++)
		sweep_record_host(record, hosts[i], ids[i], err);
	free(names);
	free(ids);
	return sweep_store_commit(record->store, err);
}

/* The database refuses what a host said: the others must not wait for that. */
static uint32_t sweep_record_refused(struct sweep_record *record, const struct swept_host *host,
                                     struct err *err)
{
	struct swept_host refused = {
		.result = { .server = host->result.server,
		            .error = { .status = err->status, .step = err->step } },
		.outcome = OUTCOME_LOCAL_ERROR,
		.attempts = host->attempts,
		.answered_ms = host->answered_ms,
	};
	const struct swept_host *one = &refused;

	memcpy(refused.address, host->address, sizeof refused.address);
	(void)snprintf(refused.result.error.text, sizeof refused.result.error.text,
	               "its sessions cannot be stored: %s", err_text(err));
	terminal_print_line(stderr, "netsession: %s: %s", host->result.server,
	                    refused.result.error.text);
	*err = (struct err){ 0 };
	return sweep_record_batch(record, &one, 1, err);
}

static uint32_t sweep_record_each(struct sweep_record *record, const struct swept_host hosts[],
                                  size_t count, struct err *err)
{
	for (size_t i = 0; i < count && err->status == 0; i++) {
		const struct swept_host *one = &hosts[i];

		(void)sweep_record_batch(record, &one, 1, err);
		if (database_failure_is_of_values(err))
			(void)sweep_record_refused(record, &hosts[i], err);
	}
	return err->status;
}

uint32_t sweep_record_hosts(struct sweep_record *record, const struct swept_host hosts[],
                            size_t count, struct err *err)
{
	const struct swept_host **sorted;

	if (record->store == NULL || count == 0)
		return 0;
	sorted = calloc(count, sizeof *sorted);
	if (sorted == NULL)
		return err->status = OUT_OF_MEMORY;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &hosts[i];
	qsort(sorted, count, sizeof *sorted, sweep_record_compare_hosts);
	(void)sweep_record_batch(record, sorted, count, err);
	free(sorted);
	if (!database_failure_is_of_values(err))
		return err->status;
	*err = (struct err){ 0 };
	return sweep_record_each(record, hosts, count, err);
}

/* ---- runs ---- */

static bool sweep_record_add_target(void *context, const char *name)
{
	struct target_list *targets = context;

	return text_list_add(&targets->names, name);
}

static uint32_t sweep_record_begin(struct sweep_record *record, const char *path,
                                   const struct options *options, struct target_list *targets,
                                   struct err *err)
{
	struct database *db;

	if (database_open(path, options->resume ? DATABASE_WRITE : DATABASE_CREATE, &db, err) != 0)
		return err->status;
	record->store = sweep_store_new(db);
	if (record->store == NULL)
		return err->status = OUT_OF_MEMORY;
	record->run = (struct store_run){ .user = options->user,
		                          .client = options->client,
		                          .level = options->level };
	if (options->queue)
		record->run.site = options->site != NULL ? options->site : SITE_UNLESS_SAID;
	return options->resume
	               ? sweep_store_resume_run(record->store, &record->run,
	                                        sweep_record_add_target, targets, err)
	               : sweep_store_begin_run(record->store, &record->run, targets->names.texts,
	                                       targets->names.count, sweep_record_now_ms(), err);
}

bool sweep_record_open(struct sweep_record *record, struct options *options,
                       struct target_list *targets)
{
	char *path = store_path_from_options(options);
	struct err err = { 0 };

	if (path == NULL)
		return false;
	if (sweep_record_begin(record, path, options, targets, &err) != 0)
		failure_print(&err);
	free(path);
	options->user = record->run.user;
	options->client = record->run.client;
	options->level = record->run.level;
	return err.status == 0;
}

void sweep_record_close(struct sweep_record *record)
{
	sweep_store_free(record->store);
	record->store = NULL;
}

uint32_t sweep_record_end(struct sweep_record *record, const char *end, struct err *err)
{
	if (record->store == NULL)
		return 0;
	return sweep_store_end_run(record->store, &record->run, end, sweep_record_now_ms(), err);
}
