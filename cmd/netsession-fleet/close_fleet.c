/* SPDX-License-Identifier: MIT */
/* netsession close --hosts: closes the selected sessions on all hosts of a list. A sweep lists them
 * first, and a second one, of the Samba servers, those that may be closed with them; then the
 * caller confirms; then each host that has selected sessions is asked to close them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "also_closed.h"
#include "commands.h"
#include "credentials.h"
#include "progress.h"
#include "query.h"
#include "report_output.h"
#include "sweep_setup.h"
#include "swept_hosts.h"
#include "targets.h"
#include "terminal/terminal.h"

#define CLIENT_NOT_FOUND 2312 /* NERR_ClientNameNotFound */
#define OUT_OF_MEMORY    8    /* ERROR_NOT_ENOUGH_MEMORY */

/* Hosts that are asked to close sessions at the same time. */
#define MAX_CLOSING 64

/* A host of which something is to be told. */
struct closing_host {
	struct close_fleet *fleet;
	char *name;
	const char *outcome; /* of the list, then of the closing */
	struct netsession_error error;
	uint64_t sessions; /* that are selected */
	int64_t at;        /* since 1970 */
};

struct close_fleet {
	const struct options *options;
	struct netsession_credentials *credentials;
	struct progress progress;
	struct closing_host *hosts;
	size_t count, next;
	uint64_t sessions;        /* on all hosts */
	struct swept_hosts samba; /* the hosts that are Samba, with their selected sessions */
	const struct swept_host *compared; /* one of them */
	size_t also_closed; /* sessions that are not selected, and may be closed too */
	struct netsession *session;
};

/* ---- the list ---- */

static void close_fleet_print_session(const char *server, const struct netsession_row *row)
{
	terminal_print_line(stderr, "  %s from %s on %s",
	                    row->user != NULL && row->user[0] != '\0' ? row->user : "-",
	                    row->client != NULL ? row->client : "-", server);
}

/* Names the sessions that would be closed. Returns false if memory ran out. */
static bool close_fleet_print_sessions(struct close_fleet *fleet, const struct sweep_result *result)
{
	struct netsession_row row;

	progress_clear(&fleet->progress);
	if (fleet->sessions == 0)
		terminal_print_line(stderr, "netsession: these sessions are selected:");
	for (size_t i = 0; i < result->page_count; i++)
		for (uint32_t e = 0; e < netsession_page_entries(result->pages[i]); e++) {
			if (netsession_page_row(result->pages[i], e, &row) != 0)
				return false;
			close_fleet_print_session(result->name, &row);
		}
	return true;
}

static bool close_fleet_is_samba(const struct close_fleet *fleet, const struct sweep_result *result)
{
	uint32_t number = netsession_page_level(result->pages[0]);
	const struct server_result answer = { .level = session_level_find(number) };

	return query_shows_samba(fleet->options, &answer);
}

static bool close_fleet_on_result(void *context, struct sweep_result *result)
{
	struct close_fleet *fleet = context;
	struct closing_host *host = &fleet->hosts[fleet->count];

	*host = (struct closing_host){ .fleet = fleet,
		                       .name = strdup(result->name),
		                       .outcome = host_outcomes[result->outcome].name,
		                       .error = *result->error,
		                       .sessions = result->sessions,
		                       .at = result->answered_ms / 1000 };
	if (host->name == NULL)
		return false;
	fleet->count++;
	if (host_outcome_is_answer(result->outcome))
		host->outcome = result->sessions > 0 ? "not_closed" : "nothing_to_close";
	if (result->outcome == OUTCOME_EMPTY)
		host->error = (struct netsession_error){ 0 };
	if (result->sessions == 0)
		return true;
	if (!close_fleet_print_sessions(fleet, result))
		return false;
	fleet->sessions += result->sessions;
	return !close_fleet_is_samba(fleet, result) || swept_hosts_add(&fleet->samba, result);
}

static bool close_fleet_on_tick(void *context, const struct sweep_counts *counts)
{
	struct close_fleet *fleet = context;

	progress_show(&fleet->progress, counts);
	return !sweep_setup_is_interrupted();
}

/* Returns false after a message: nothing is to be closed, because not all hosts were asked. */
static bool close_fleet_sweep(struct close_fleet *fleet, const struct options *options,
                              char *const names[], size_t count,
                              const struct sweep_handler *handler)
{
	struct sweep_settings settings;
	struct sweep_counts counts;
	enum sweep_end end;

	if (!sweep_setup_settings(options, fleet->credentials, &settings))
		return false;
	progress_begin(&fleet->progress, true);
	end = sweep_run(&settings, names, count, handler, fleet, &counts);
	progress_clear(&fleet->progress);
	if (end == SWEEP_STOPPED && !sweep_setup_is_interrupted())
		end = SWEEP_OUT_OF_MEMORY; /* of a handler */
	sweep_setup_print_end(end, &counts);
	if (end != SWEEP_FINISHED)
		terminal_print_line(stderr,
		                    "netsession: %zu of %zu hosts were asked; nothing was closed",
		                    counts.done, counts.total);
	return end == SWEEP_FINISHED;
}

static bool close_fleet_list(struct close_fleet *fleet, const struct target_list *targets)
{
	static const struct sweep_handler handler = { .on_result = close_fleet_on_result,
		                                      .on_tick = close_fleet_on_tick };

	return close_fleet_sweep(fleet, fleet->options, targets->names.texts, targets->names.count,
	                         &handler);
}

/* ---- the sessions that are closed with the selected ones ---- */

static void close_fleet_print_also_closed(void *context, const struct netsession_row *row)
{
	struct close_fleet *fleet = context;

	if (fleet->also_closed++ == 0)
		terminal_print_line(stderr, "netsession: Samba closes all connections of a client "
		                            "together; these sessions may be closed too:");
	close_fleet_print_session(fleet->compared->result.server, row);
}

/* Nothing is closed on a host that does not tell which sessions that would be. */
static void close_fleet_leave_out(struct close_fleet *fleet, const struct sweep_result *result)
{
	struct closing_host *host = fleet->hosts;

	while (strcmp(host->name, result->name) != 0)
		host++;
	terminal_print_line(stderr,
	                    "netsession: %s: nothing is closed there, because the other sessions "
	                    "that may be closed too cannot be listed: %s",
	                    host->name, result->error->text);
	fleet->sessions -= host->sessions;
	host->sessions = 0;
	host->outcome = host_outcomes[result->outcome].name;
	host->error = *result->error;
}

static bool close_fleet_on_all_sessions(void *context, struct sweep_result *result)
{
	struct close_fleet *fleet = context;
	struct swept_hosts all = { 0 };

	progress_clear(&fleet->progress);
	if (!host_outcome_is_answer(result->outcome)) {
		close_fleet_leave_out(fleet, result);
		return true;
	}
	fleet->compared = fleet->samba.hosts;
	while (fleet->compared->result.server != result->name)
		fleet->compared++;
	if (!swept_hosts_add(&all, result))
		return false;
	also_closed_each(&fleet->compared->result, &all.hosts[0].result,
	                 close_fleet_print_also_closed, fleet);
	swept_hosts_fini(&all);
	return true;
}

static bool close_fleet_list_also_closed(struct close_fleet *fleet)
{
	static const struct sweep_handler handler = { .on_result = close_fleet_on_all_sessions,
		                                      .on_tick = close_fleet_on_tick };
	struct options all_users = *fleet->options;
	char **names;
	bool is_good;

	if (fleet->samba.count == 0)
		return true;
	all_users.client = all_users.user = NULL;
	all_users.level = 1;
	names = calloc(fleet->samba.count, sizeof *names);
	if (names == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		return false;
	}
	for (size_t i = 0; i < fleet->samba.count; i++)
		names[i] = (char *)fleet->samba.hosts[i].result.server;
	is_good = close_fleet_sweep(fleet, &all_users, names, fleet->samba.count, &handler);
	free(names);
	return is_good;
}

/* ---- closing ---- */

static void close_fleet_start_next(struct close_fleet *fleet);

static void close_fleet_on_closed(void *context, const struct netsession_error *error)
{
	struct closing_host *host = context;

	host->error = *error;
	host->at = (int64_t)time(NULL);
	if (error->status == 0) {
		host->outcome = "closed";
	} else if (error->status == CLIENT_NOT_FOUND) { /* they have ended meanwhile */
		host->outcome = "nothing_to_close";
		host->error = (struct netsession_error){ 0 };
	} else {
		host->outcome = host_outcomes[host_outcome_of(error, 0)].name;
	}
	close_fleet_start_next(host->fleet);
}

static void close_fleet_start_next(struct close_fleet *fleet)
{
	static const struct netsession_handler handler = { .on_end = close_fleet_on_closed };
	struct netsession_query query;
	struct server_operand room;

	while (fleet->next < fleet->count && !sweep_setup_is_interrupted()) {
		struct closing_host *host = &fleet->hosts[fleet->next++];

		if (host->sessions == 0)
			continue;
		if (query_from_options(fleet->options, fleet->credentials, host->name, &room,
		                       &query, &host->error) &&
		    netsession_start_del(fleet->session, &query, &handler, host, NULL) == 0)
			return;
		if (host->error.status == 0)
			host->error = (struct netsession_error){ .status = OUT_OF_MEMORY,
				                                 .text = "out of memory" };
	}
}

static bool close_fleet_run(struct close_fleet *fleet)
{
	fleet->session = netsession_new();
	if (fleet->session == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		return false;
	}
	for (int i = 0; i < MAX_CLOSING; i++)
		close_fleet_start_next(fleet);
	netsession_run(fleet->session);
	netsession_free(fleet->session);
	return true;
}

static bool close_fleet_is_confirmed(const struct close_fleet *fleet)
{
	char answer[16];

	if (fleet->options->yes || fleet->sessions == 0)
		return true;
	terminal_print(stderr, "Close %llu session%s%s? [y/N] ",
	               (unsigned long long)fleet->sessions, fleet->sessions == 1 ? "" : "s",
	               fleet->also_closed > 0 ? ", and perhaps the others listed" : "");
	fflush(stderr);
	return fgets(answer, sizeof answer, stdin) != NULL &&
	       (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0 ||
	        strcmp(answer, "Y\n") == 0);
}

/* ---- the outcomes ---- */

static const struct report_column close_columns[] = {
	{ "time", "TIME", REPORT_TIME },       { "server", "SERVER", REPORT_TEXT },
	{ "outcome", "OUTCOME", REPORT_TEXT }, { "sessions", "SESSIONS", REPORT_NUMBER },
	{ "step", "STEP", REPORT_TEXT },       { "status", "STATUS", REPORT_NUMBER },
	{ "error", NULL, REPORT_TEXT },
};

static bool close_fleet_write(const struct close_fleet *fleet)
{
	struct report_output *output =
		report_output_new(fleet->options->output, "close", close_columns,
	                          sizeof close_columns / sizeof *close_columns);

	if (output == NULL)
		return false;
	for (size_t i = 0; i < fleet->count; i++) {
		const struct closing_host *host = &fleet->hosts[i];
		const struct report_cell cells[] = {
			{ .number = host->at },
			{ .text = host->name },
			{ .text = host->outcome },
			{ .number = (int64_t)host->sessions },
			{ .text = host->error.step },
			{ .number = host->error.status },
			{ .text = host->error.status != 0 ? host->error.text : NULL },
		};

		report_output_put(output, cells);
	}
	return report_output_end(output);
}

/* ---- the command ---- */

static int close_fleet_exit_code(const struct close_fleet *fleet)
{
	size_t failed = 0;

	for (size_t i = 0; i < fleet->count; i++)
		failed += strcmp(fleet->hosts[i].outcome, "closed") != 0 &&
		          strcmp(fleet->hosts[i].outcome, "nothing_to_close") != 0;
	if (failed == 0)
		return EXIT_ALL;
	return failed < fleet->count ? EXIT_SOME : EXIT_NONE;
}

/* Returns an exit code. */
static int close_fleet_close(struct close_fleet *fleet, const struct target_list *targets)
{
	if (!close_fleet_list(fleet, targets) || !close_fleet_list_also_closed(fleet))
		return EXIT_NONE;
	if (!close_fleet_is_confirmed(fleet))
		return EXIT_SOME;
	if (!close_fleet_run(fleet))
		return EXIT_NONE;
	if (!close_fleet_write(fleet)) {
		query_print_write_error();
		return EXIT_NONE;
	}
	return close_fleet_exit_code(fleet);
}

/* Returns EXIT_ALL, or EXIT_USAGE after a message. */
static int close_fleet_check_options(const struct options *options)
{
	if (options->client == NULL && options->user == NULL) {
		terminal_print_line(stderr, "netsession: close requires --client, --user or both");
		return EXIT_USAGE;
	}
	if (!options->yes && (!isatty(STDIN_FILENO) ||
	                      (options->hosts != NULL && strcmp(options->hosts, "-") == 0))) {
		terminal_print_line(
			stderr,
			"netsession: close asks for confirmation, but standard input is not a "
			"terminal; use --yes to close without asking");
		return EXIT_USAGE;
	}
	return EXIT_ALL;
}

int command_close_fleet(const struct options *options)
{
	struct close_fleet fleet = { .options = options };
	struct target_list targets = { 0 };
	int code = close_fleet_check_options(options);

	if (code != EXIT_ALL)
		return code;
	if (!targets_collect_distinct(options, &targets) ||
	    !credentials_from_options(options, &fleet.credentials)) {
		code = EXIT_USAGE;
		goto out;
	}
	fleet.hosts = calloc(targets.names.count + 1, sizeof *fleet.hosts);
	if (fleet.hosts == NULL) {
		terminal_print_line(stderr, "netsession: out of memory");
		code = EXIT_NONE;
		goto out;
	}
	sweep_setup_catch_signals();
	code = close_fleet_close(&fleet, &targets);
	if (code == EXIT_ALL && targets.refused > 0)
		code = EXIT_SOME;
out:
	for (size_t i = 0; i < fleet.count; i++)
		free(fleet.hosts[i].name);
	free(fleet.hosts);
	swept_hosts_fini(&fleet.samba);
	netsession_credentials_free(fleet.credentials);
	target_list_fini(&targets);
	return code;
}
