/* SPDX-License-Identifier: MIT */
/* netsession collect: asks the targets that wait in a shared database for the collectors of a site.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "collector.h"
#include "commands.h"
#include "credentials.h"
#include "failure.h"
#include "progress.h"
#include "query.h"
#include "sweep_record.h"
#include "sweep_setup.h"
#include "terminal/terminal.h"

enum {
	NAME_BYTES = 320,
	/* Targets that are claimed at once: fewer for a sweep that is narrow. */
	MOST_CLAIMED = 100,
	/* What a look-up of a name may take, and the longest pause before another attempt. */
	LOOK_UP_MS = 10000,
	MOST_BACKOFF_MS = 60000,
	/* For a slow database, and for a computer that is busy. */
	LEASE_RESERVE_MS = 60000,
};

struct collect {
	struct options options;
	struct netsession_credentials *credentials;
	struct collector *collector;
	struct progress progress;
	struct sweep_counts counts; /* of all runs */
	bool is_stopped;            /* by the lock-out guard, or for want of memory */
};

static void collect_add_counts(struct sweep_counts *to, const struct sweep_counts *counts)
{
	to->total += counts->total;
	to->done += counts->done;
	to->sessions += counts->sessions;
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		to->outcomes[i] += counts->outcomes[i];
}

static bool collect_on_result(void *context, struct sweep_result *result)
{
	struct collect *collect = context;

	return collector_put(collect->collector, result);
}

static bool collect_on_tick(void *context, const struct sweep_counts *counts)
{
	struct collect *collect = context;

	progress_show(&collect->progress, counts);
	return !sweep_setup_is_interrupted() && !collector_has_failed(collect->collector);
}

static bool collect_on_more(void *context, char *const **names, size_t *count)
{
	struct collect *collect = context;

	return collector_give_names(collect->collector, names, count);
}

/* Asks the targets of a run until there are none to claim. Returns false after a message. */
static bool collect_run(struct collect *collect, const struct store_run *run)
{
	static const struct sweep_handler handler = {
		.on_result = collect_on_result,
		.on_tick = collect_on_tick,
		.on_more = collect_on_more,
	};
	struct sweep_settings settings;
	struct sweep_counts counts;
	struct err err = { 0 };
	enum sweep_end end;

	collect->options.user = run->user;
	collect->options.client = run->client;
	collect->options.level = run->level;
	if (!sweep_setup_settings(&collect->options, collect->credentials, &settings))
		return false;
	if (!collector_begin(collect->collector)) {
		terminal_print_line(stderr, "netsession: no thread can be started");
		return false;
	}
	progress_begin(&collect->progress, !collect->options.quiet);
	end = sweep_run(&settings, NULL, 0, &handler, collect, &counts);
	(void)collector_end(collect->collector, end == SWEEP_LOCK_OUT, &err);
	progress_clear(&collect->progress);
	sweep_setup_print_end(end, &counts);
	collect_add_counts(&collect->counts, &counts);
	collect->is_stopped = end == SWEEP_LOCK_OUT || end == SWEEP_OUT_OF_MEMORY;
	if (err.status != 0)
		failure_print(&err);
	return err.status == 0;
}

/* Returns false after a message. */
static bool collect_runs(struct collect *collect)
{
	const struct store_run *run;
	bool has_targets = true;
	struct err err = { 0 };

	while (!sweep_setup_is_interrupted() && !collect->is_stopped &&
	       (has_targets || collect->options.wait)) {
		size_t before = collect->counts.total;

		run = collector_find_run(collect->collector, &err);
		if (run != NULL && !collect_run(collect, run))
			return false;
		if (collect->counts.total == before && err.status == 0)
			(void)collector_wait(collect->collector, collect->options.wait,
			                     &has_targets, &err);
		if (err.status != 0) {
			failure_print(&err);
			return false;
		}
	}
	return true;
}

/* The longest that a target can take from its claim to its outcome. */
static int64_t collect_lease_ms(const struct options *options, uint32_t most)
{
	int64_t attempts = (int64_t)options->retries + 1;
	int64_t host_ms = options->jitter_ms +
	                  attempts * (options->connect_ms + options->timeout_ms + LOOK_UP_MS) +
	                  (attempts - 1) * MOST_BACKOFF_MS;
	int64_t rounds = 2; /* those before it, and its own */

	if (options->lease_ms != 0)
		return options->lease_ms;
	if (options->per_network != 0)
		rounds += most / options->per_network;
	return LEASE_RESERVE_MS + rounds * host_ms +
	       (options->rate != 0 ? 2000 * (int64_t)most / options->rate : 0);
}

static void collect_print_end(const struct collect *collect, const char *site)
{
	if (collect->options.quiet)
		return;
	terminal_print_line(stderr, "netsession: site %s: %zu hosts, %llu sessions", site,
	                    collect->counts.done, (unsigned long long)collect->counts.sessions);
	sweep_setup_print_outcomes(&collect->counts);
}

/* Returns an exit code. */
static int collect_with_credentials(struct collect *collect)
{
	const struct options *options = &collect->options;
	char host[256] = "", name[NAME_BYTES];
	struct collector_settings settings = {
		.db = options->db,
		.site = options->site != NULL ? options->site : SITE_UNLESS_SAID,
		.name = name,
		.waits = options->wait,
		.most = options->concurrency != 0 && options->concurrency < MOST_CLAIMED
		                ? options->concurrency
		                : MOST_CLAIMED,
	};
	struct err err = { 0 };
	bool is_good;

	(void)gethostname(host, sizeof host - 1);
	(void)snprintf(name, sizeof name, "%s:%ld", host, (long)getpid());
	settings.lease_ms = collect_lease_ms(options, settings.most);
	sweep_setup_catch_signals();
	collect->collector = collector_open(&settings, &err);
	if (collect->collector == NULL) {
		failure_print(&err);
		return EXIT_NONE;
	}
	is_good = collect_runs(collect);
	collector_close(collect->collector);
	collect_print_end(collect, settings.site);
	if (!is_good)
		return EXIT_NONE;
	return sweep_setup_is_interrupted() || collect->is_stopped ? EXIT_SOME : EXIT_ALL;
}

int command_collect(const struct options *options)
{
	struct collect collect = { .options = *options };
	int code = EXIT_USAGE;

	if (options->db == NULL || !database_name_is_url(options->db)) {
		terminal_print_line(
			stderr, "netsession: collect requires --db with the URL of a database of "
				"PostgreSQL");
		return EXIT_USAGE;
	}
	if (credentials_from_options(options, &collect.credentials))
		code = collect_with_credentials(&collect);
	netsession_credentials_free(collect.credentials);
	return code;
}
