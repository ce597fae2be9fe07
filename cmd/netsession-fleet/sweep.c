/* SPDX-License-Identifier: MIT */
/* netsession sweep: the sessions of a whole fleet, and what became of each host. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "commands.h"
#include "base/growing.h"
#include "credentials.h"
#include "domain_targets.h"
#include "fleet/sweep.h"
#include "failure.h"
#include "output.h"
#include "output_forms.h"
#include "progress.h"
#include "query.h"
#include "store_job.h"
#include "sweep_record.h"
#include "sweep_repeat.h"
#include "sweep_setup.h"
#include "sweep_status.h"
#include "swept_hosts.h"
#include "targets.h"
#include "terminal/terminal.h"

enum {
	/* Results wait for each other so long, or until they are so many. */
	BATCH_MS = 200,
	BATCH_HOSTS = 256,
};

struct sweep_command {
	const struct options *options;
	const struct sweep_output *output;
	struct progress progress;
	struct swept_hosts batch, storing; /* storing: those of job */
	int64_t batch_began_ms;
	struct store_job *job; /* NULL: none are being stored */
	/* All hosts so far, for a table. */
	struct swept_host *kept;
	size_t kept_count, kept_room;
	bool has_host;       /* one was written */
	const char *failure; /* what ended the sweep; NULL: nothing did */
	bool is_locked_out;
	struct sweep_record record;
};

/* ---- output formats ---- */

struct sweep_output {
	const char *name;
	bool (*put)(struct sweep_command *command,
	            struct swept_host *host); /* may take the pages */
	bool (*end)(struct sweep_command *command, const struct sweep_counts *counts,
	            const char *end);
};

/* A table is written in the end, because its columns are as wide as they have to be. */
static bool sweep_table_put(struct sweep_command *command, struct swept_host *host)
{
	struct swept_host *kept = growing_make_room(command->kept, command->kept_count,
	                                            &command->kept_room, sizeof *kept);

	if (kept == NULL)
		return false;
	command->kept = kept;
	command->kept[command->kept_count++] = *host;
	host->result.pages = NULL;
	host->result.page_count = 0;
	return true;
}

static int sweep_compare_results(const void *left, const void *right)
{
	const struct server_result *a = left, *b = right;

	return strcmp(a->server, b->server);
}

static bool sweep_table_end(struct sweep_command *command, const struct sweep_counts *counts,
                            const char *end)
{
	struct server_result *results = calloc(command->kept_count + 1, sizeof *results);
	size_t count = command->kept_count;
	bool is_good;

	(void)counts;
	(void)end;
	if (results == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		results[i] = command->kept[i].result;
	qsort(results, count, sizeof *results, sweep_compare_results);
	/* One more, so that a single host has its name in the table, too. */
	is_good = output_format_find("table")->write(stdout, results, count > 0 ? count + 1 : 0);
	free(results);
	return is_good;
}

static bool sweep_json_put(struct sweep_command *command, struct swept_host *host)
{
	return output_write_host_json(stdout, host, !command->has_host);
}

static bool sweep_json_end(struct sweep_command *command, const struct sweep_counts *counts,
                           const char *end)
{
	return output_write_summary_json(stdout, counts, end, !command->has_host);
}

static bool sweep_jsonl_put(struct sweep_command *command, struct swept_host *host)
{
	(void)command;
	return output_write_host_jsonl(stdout, host);
}

static bool sweep_jsonl_end(struct sweep_command *command, const struct sweep_counts *counts,
                            const char *end)
{
	(void)command;
	return output_write_summary_jsonl(stdout, counts, end);
}

static bool sweep_csv_put(struct sweep_command *command, struct swept_host *host)
{
	return output_write_host_csv(stdout, host, !command->has_host);
}

static bool sweep_csv_end(struct sweep_command *command, const struct sweep_counts *counts,
                          const char *end)
{
	(void)command;
	(void)counts;
	(void)end;
	return true;
}

static const struct sweep_output outputs[] = {
	{ "table", sweep_table_put, sweep_table_end },
	{ "json", sweep_json_put, sweep_json_end },
	{ "jsonl", sweep_jsonl_put, sweep_jsonl_end },
	{ "csv", sweep_csv_put, sweep_csv_end },
};

/* name is that of a format. */
static const struct sweep_output *sweep_output_find(const char *name)
{
	const struct sweep_output *output = outputs;

	while (strcmp(output->name, name) != 0)
		output++;
	return output;
}

/* ---- results ---- */

static int64_t sweep_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sweep_print_messages(struct sweep_command *command, const struct swept_host *host)
{
	if (!command->options->verbose)
		return;
	progress_clear(&command->progress);
	query_print_messages(command->options, &host->result);
}

static bool sweep_fail(struct sweep_command *command, const char *failure)
{
	if (command->failure == NULL)
		command->failure = failure;
	return false;
}

static bool sweep_fail_to_store(struct sweep_command *command, const struct err *err)
{
	progress_clear(&command->progress);
	failure_print(err);
	return sweep_fail(command, "store_failed");
}

/* Whether results may still be stored and written. */
static bool sweep_is_good(const struct sweep_command *command)
{
	return command->failure == NULL || strcmp(command->failure, "interrupted") == 0;
}

/* Writes the hosts that are stored, and frees them. */
static bool sweep_write_stored(struct sweep_command *command)
{
	bool is_good = sweep_is_good(command);

	for (size_t i = 0; i < command->storing.count && is_good; i++) {
		sweep_print_messages(command, &command->storing.hosts[i]);
		is_good = command->output->put(command, &command->storing.hosts[i]);
		command->has_host = true;
	}
	swept_hosts_clear(&command->storing);
	if (is_good && fflush(stdout) == 0)
		return true;
	if (!sweep_is_good(command))
		return false;
	query_print_write_error();
	return sweep_fail(command, "output_failed");
}

/* Stores the hosts of the batch, beside the sweep. */
static bool sweep_begin_job(struct sweep_command *command)
{
	struct err err = { .status = 8 }; /* ERROR_NOT_ENOUGH_MEMORY */

	if (!sweep_is_good(command))
		return false;
	swept_hosts_swap(&command->batch, &command->storing);
	if (command->record.store == NULL)
		return sweep_write_stored(command);
	command->job = store_job_start(&command->record, command->storing.hosts,
	                               command->storing.count);
	return command->job != NULL || sweep_fail_to_store(command, &err);
}

/* Waits until the hosts are stored, and writes them. Those that could not be stored are not
 * written: --resume asks them again. */
static bool sweep_end_job(struct sweep_command *command)
{
	struct err err;

	if (store_job_end(command->job, &err) != 0)
		(void)sweep_fail_to_store(command, &err);
	command->job = NULL;
	return sweep_write_stored(command);
}

/* Stores and writes what can be without waiting. */
static bool sweep_flush(struct sweep_command *command)
{
	if (command->job != NULL && !store_job_is_done(command->job))
		return true;
	if (command->job != NULL && !sweep_end_job(command))
		return false;
	return command->batch.count == 0 || sweep_begin_job(command);
}

/* Stores and writes all. */
static void sweep_finish(struct sweep_command *command)
{
	if (command->job != NULL)
		(void)sweep_end_job(command);
	if (command->batch.count > 0 && sweep_begin_job(command) && command->job != NULL)
		(void)sweep_end_job(command);
}

static bool sweep_on_result(void *context, struct sweep_result *result)
{
	struct sweep_command *command = context;

	if (command->batch.count == 0)
		command->batch_began_ms = sweep_now_ms();
	if (!swept_hosts_add(&command->batch, result)) {
		progress_clear(&command->progress);
		terminal_print_line(stderr, "netsession: out of memory");
		return sweep_fail(command, "out_of_memory");
	}
	return command->batch.count < BATCH_HOSTS || sweep_flush(command);
}

static bool sweep_on_tick_of_command(void *context, const struct sweep_counts *counts)
{
	struct sweep_command *command = context;

	if ((command->job != NULL ||
	     (command->batch.count > 0 && sweep_now_ms() - command->batch_began_ms >= BATCH_MS)) &&
	    !sweep_flush(command))
		return false;
	progress_show(&command->progress, counts);
	return sweep_setup_is_interrupted() ? sweep_fail(command, "interrupted") : true;
}

/* ---- the command ---- */

static const char *sweep_end_word(const struct sweep_command *command, enum sweep_end end)
{
	static const char *const words[] = {
		[SWEEP_FINISHED] = "finished",
		[SWEEP_STOPPED] = "stopped",
		[SWEEP_LOCK_OUT] = "lock_out_guard",
		[SWEEP_OUT_OF_MEMORY] = "out_of_memory",
	};

	return command->failure != NULL ? command->failure : words[end];
}

static void sweep_print_end(const struct sweep_command *command, enum sweep_end end,
                            const struct sweep_counts *counts)
{
	sweep_setup_print_end(end, counts);
	if (command->options->quiet)
		return;
	terminal_print_line(stderr, "netsession: %zu of %zu hosts, %llu sessions, %.1f s%s",
	                    counts->done, counts->total, (unsigned long long)counts->sessions,
	                    progress_seconds(&command->progress),
	                    end == SWEEP_FINISHED ? "" : "; the others were not asked");
	sweep_setup_print_outcomes(counts);
}

static int sweep_exit_code(const struct sweep_command *command, enum sweep_end end,
                           const struct sweep_counts *counts, size_t refused)
{
	size_t answered = counts->outcomes[OUTCOME_ANSWERED] + counts->outcomes[OUTCOME_EMPTY];

	if (answered == counts->total && end == SWEEP_FINISHED && refused == 0 &&
	    command->failure == NULL)
		return EXIT_ALL;
	return answered > 0 ? EXIT_SOME : EXIT_NONE;
}

static int sweep_targets(struct sweep_command *command, const struct sweep_settings *settings,
                         const struct target_list *targets)
{
	static const struct sweep_handler handler = {
		.on_result = sweep_on_result,
		.on_tick = sweep_on_tick_of_command,
	};
	struct sweep_counts counts;
	struct err err = { 0 };
	enum sweep_end end;
	bool is_written;

	sweep_setup_catch_signals();
	progress_begin(&command->progress, !command->options->quiet);
	end = sweep_run(settings, targets->names.texts, targets->names.count, &handler, command,
	                &counts);
	command->is_locked_out = end == SWEEP_LOCK_OUT;
	sweep_finish(command);
	progress_clear(&command->progress);
	if (command->failure == NULL || strcmp(command->failure, "interrupted") == 0) {
		if (sweep_record_end(&command->record, sweep_end_word(command, end), &err) != 0)
			(void)sweep_fail_to_store(command, &err);
	}
	is_written = command->output->end(command, &counts, sweep_end_word(command, end)) &&
	             fflush(stdout) == 0;
	if (!is_written && command->failure == NULL) {
		query_print_write_error();
		(void)sweep_fail(command, "output_failed");
	}
	sweep_print_end(command, end, &counts);
	return sweep_exit_code(command, end, &counts, targets->refused);
}

/* Returns false after a message. */
static bool sweep_check_queue(const struct options *options)
{
	const char *problem = NULL;

	if (options->queue && (options->db == NULL || !database_name_is_url(options->db)))
		problem = "--queue requires --db with the URL of a database of PostgreSQL";
	else if (options->queue && (options->resume || options->no_db))
		problem = "--queue does not take --resume and --no-db";
	else if (!options->queue && options->site != NULL)
		problem = "--site is for --queue: it says whose collectors ask the targets";
	if (problem != NULL)
		terminal_print_line(stderr, "netsession: %s", problem);
	return problem == NULL;
}

/* Gathers the targets, and prepares the store. Returns an exit code; EXIT_ALL: the sweep may begin.
 */
static int sweep_prepare(struct sweep_command *command, struct options *options,
                         struct target_list *targets)
{
	bool has_targets = options->operands.count > 0 || options->hosts != NULL ||
	                   options->domain != NULL;

	if (options->resume && (has_targets || options->no_db)) {
		terminal_print_line(stderr,
		                    "netsession: --resume goes on with a sweep of the store; leave "
		                    "out %s",
		                    has_targets ? "servers, --hosts and --domain" : "--no-db");
		return EXIT_USAGE;
	}
	if (!sweep_check_queue(options))
		return EXIT_USAGE;
	if (!options->resume && !has_targets) {
		terminal_print_line(
			stderr,
			"netsession: sweep requires servers, --hosts FILE or --domain DOMAIN");
		return EXIT_USAGE;
	}
	if (!domain_targets_check(options))
		return EXIT_USAGE;
	if (!domain_targets_add(options, targets))
		return EXIT_NONE;
	if (!targets_collect_distinct(options, targets))
		return EXIT_USAGE;
	return options->no_db || sweep_record_open(&command->record, options, targets) ? EXIT_ALL
	                                                                               : EXIT_NONE;
}

/* Returns an exit code. The targets are in the queue. */
static int sweep_print_queued(const struct sweep_command *command,
                              const struct target_list *targets)
{
	if (!command->options->quiet)
		terminal_print_line(
			stderr,
			"netsession: sweep %lld: %zu targets wait for collectors of site %s",
			(long long)command->record.run.id, targets->names.count,
			command->record.run.site);
	return targets->refused == 0 ? EXIT_ALL : EXIT_SOME;
}

/* Returns an exit code. */
static int sweep_with_credentials(struct sweep_command *command,
                                  struct netsession_credentials *credentials,
                                  const struct target_list *targets)
{
	struct sweep_settings settings;

	if (!sweep_setup_settings(command->options, credentials, &settings))
		return EXIT_USAGE;
	return sweep_targets(command, &settings, targets);
}

/* Returns an exit code. must_end: the sweep is not to be repeated, because a signal or the lock-out
 * guard has stopped it, or nobody reads what it writes. */
static int sweep_run_once(const struct options *given, struct netsession_credentials *credentials,
                          bool *must_end)
{
	struct sweep_command *command = calloc(1, sizeof *command);
	struct target_list targets = { 0 };
	struct options options = *given;
	int code;

	if (command == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		return EXIT_NONE;
	}
	command->options = &options;
	command->output = sweep_output_find(options.output);
	code = sweep_prepare(command, &options, &targets);
	if (code == EXIT_ALL)
		code = options.queue ? sweep_print_queued(command, &targets)
		                     : sweep_with_credentials(command, credentials, &targets);
	*must_end = code == EXIT_USAGE || command->is_locked_out ||
	            (command->failure != NULL && strcmp(command->failure, "store_failed") != 0);
	sweep_record_close(&command->record);
	for (size_t i = 0; i < command->kept_count; i++)
		server_result_fini(&command->kept[i].result);
	free(command->kept);
	swept_hosts_fini(&command->batch);
	swept_hosts_fini(&command->storing);
	free(command);
	target_list_fini(&targets);
	return code;
}

struct repeated_sweep {
	const struct options *options;
	struct netsession_credentials *credentials;
};

static int sweep_run_turn(void *context, bool *must_end)
{
	const struct repeated_sweep *sweep = context;

	return sweep_run_once(sweep->options, sweep->credentials, must_end);
}

/* Returns false after a message. */
static bool sweep_check_every(const struct options *options)
{
	const char *what = options->resume  ? "--resume"
	                   : options->queue ? "--queue"
	                   : options->hosts != NULL && strcmp(options->hosts, "-") == 0
	                           ? "--hosts -"
	                           : NULL;

	if (options->every_s == 0 || what == NULL)
		return true;
	terminal_print_line(stderr, "netsession: sweep --every does not take %s", what);
	return false;
}

static int sweep_run_command(const struct options *options)
{
	struct repeated_sweep sweep = { .options = options };
	bool must_end;
	int code;

	if (!sweep_check_every(options) || !credentials_from_options(options, &sweep.credentials))
		return EXIT_USAGE;
	code = options->every_s != 0 ? sweep_repeat(options->every_s, sweep_run_turn, &sweep)
	                             : sweep_run_turn(&sweep, &must_end);
	netsession_credentials_free(sweep.credentials);
	return code;
}

int command_sweep(const struct options *options)
{
	return sweep_status_is_meant(options) ? sweep_status_show(options)
	                                      : sweep_run_command(options);
}
