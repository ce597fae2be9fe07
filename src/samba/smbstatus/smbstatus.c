/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/smbstatus.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "net/work.h"
#include "net/process.h"
#include "samba/smbstatus/peer_ports.h"

#define STEP "smbstatus"

enum {
	MAX_OUTPUT_BYTES = 256 << 20, /* some 300,000 sessions */
	DEADLINE_MS = 20000,
	MOST_TRIES = 4, /* for a complete list */
	MOST_WBINFO_RUNS = 8,
	WBINFO_OUTPUT_BYTES = 1 << 20,
	WBINFO_DEADLINE_MS = 1000, /* the callers of netsessiond wait for it */
	UID_OPTION_BYTES = 24,     /* "--uid-info=4294967295" */
};

/* Samba logs this at debug level 1 when it stops listing at the record of a session whose client
 * has closed its connection without a log-off. Such a record stands there for some milliseconds. */
#define CUT_SHORT "Invalid record in smbXsrv_session_global.tdb"

/* What a run printed, on its way through the pool, where it is parsed. */
struct smbstatus_output {
	bool is_of_shares;
	char *text;
	size_t bytes;
	struct smbstatus_list *list; /* of shares: the list to complete */
	struct err err;
};

struct smbstatus {
	struct net_loop *loop;
	const struct smbstatus_handler *handler;
	void *context;
	char *bin_dir;
	char *configuration; /* as an argument */
	struct user_names *names;
	uint32_t asked[USER_NAMES_MOST_ASKED]; /* users whose names wbinfo looks up */
	size_t asked_count;
	unsigned wbinfo_runs;
	struct net_process *process;
	struct net_pooled *parsing;
	struct smbstatus_output *output; /* the pool's, while it parses */
	bool is_of_shares;               /* the second run */
	unsigned tries;                  /* of the first one */
	struct smbstatus_list *list;
	struct net_timer *failed; /* when no run could be started */
	struct err err;           /* why there is no list */
};

static void smbstatus_free(struct smbstatus *s)
{
	net_timer_stop(s->failed);
	smbstatus_list_free(s->list);
	free(s->bin_dir);
	free(s->configuration);
	free(s);
}

static void smbstatus_end(struct smbstatus *s)
{
	struct smbstatus_list *list = s->list;

	s->list = NULL;
	s->handler->done(s->context, list, list != NULL ? NULL : &s->err);
	smbstatus_free(s);
}

/* ---- parsing ---- */

/* Before 4.20 Samba does not say at which port a session came in, but the kernel knows. Where
 * neither does, the session has no transport. */
static void smbstatus_find_transports(struct smbstatus_list *list)
{
	struct peer_ports *ports = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct smbstatus_session *s = &list->sessions[i];

		if (s->peer == NULL)
			continue;
		if (ports == NULL) {
			ports = peer_ports_new();
			if (ports == NULL)
				return;
			peer_ports_read_kernel(ports);
		}
		s->transport = smbstatus_transport_of_port(peer_ports_find(ports, s->peer));
	}
	peer_ports_free(ports);
}

static void smbstatus_output_parse(void *job)
{
	struct smbstatus_output *a = job;

	if (a->is_of_shares)
		(void)smbstatus_parse_shares(a->list, a->text, a->bytes, &a->err);
	else
		a->list = smbstatus_parse_sessions(a->text, a->bytes, &a->err);
	if (!a->is_of_shares && a->list != NULL)
		smbstatus_find_transports(a->list);
}

static void smbstatus_output_free(void *job)
{
	struct smbstatus_output *a = job;

	smbstatus_list_free(a->list);
	free(a->text);
	free(a);
}

static bool smbstatus_start_run(struct smbstatus *s);

/* The list is complete but for the shares. */
static void smbstatus_on_named(struct smbstatus *s)
{
	if (s->handler->wants_shares(s->context, s->list)) {
		s->is_of_shares = true;
		if (smbstatus_start_run(s))
			return;
	}
	smbstatus_end(s);
}

static void smbstatus_find_names(struct smbstatus *s);

static void smbstatus_on_parsed(void *context)
{
	struct smbstatus *s = context;

	s->parsing = NULL;
	s->list = s->output->list;
	s->output->list = NULL;
	if (s->list == NULL)
		s->err = s->output->err;
	if (s->list != NULL && !s->is_of_shares)
		smbstatus_find_names(s);
	else
		smbstatus_end(s);
}

/* Takes text. */
static void smbstatus_start_parsing(struct smbstatus *s, char *text, size_t bytes)
{
	static const struct net_pool_job kind = { smbstatus_output_parse, smbstatus_on_parsed,
		                                  smbstatus_output_free };
	struct smbstatus_output *a = calloc(1, sizeof *a);

	if (a != NULL) {
		*a = (struct smbstatus_output){ .is_of_shares = s->is_of_shares,
			                        .text = text,
			                        .bytes = bytes,
			                        .list = s->list };
		s->output = a;
		s->list = NULL;
		s->parsing = net_pool_start(s->loop, &kind, a, s);
	} else {
		free(text);
	}
	if (s->parsing == NULL) {
		err_set(&s->err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		smbstatus_end(s);
	}
}

/* ---- names of users ---- */

static int64_t smbstatus_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* wbinfo ends at the first user whom winbindd does not know, and is run again for the others. */
static void smbstatus_on_wbinfo_ended(void *context, const struct net_process_result *result)
{
	struct smbstatus *s = context;
	bool is_killed = result->err.status != 0;

	s->process = NULL;
	(void)user_names_learn(s->names, s->asked, s->asked_count,
	                       result->output != NULL ? result->output : "", is_killed,
	                       smbstatus_now_ms());
	free(result->output);
	if (is_killed)
		s->wbinfo_runs = MOST_WBINFO_RUNS;
	smbstatus_find_names(s);
}

static bool smbstatus_start_wbinfo(struct smbstatus *s)
{
	char path[PATH_MAX], options[USER_NAMES_MOST_ASKED][UID_OPTION_BYTES];
	const char *argv[USER_NAMES_MOST_ASKED + 2] = { path };
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = WBINFO_OUTPUT_BYTES,
		                                       .deadline_ms = WBINFO_DEADLINE_MS };
	struct err err = { 0 };

	for (size_t i = 0; i < s->asked_count; i++) {
		(void)snprintf(options[i], sizeof options[i], "--uid-info=%u",
		               (unsigned)s->asked[i]);
		argv[i + 1] = options[i];
	}
	s->wbinfo_runs++;
	if (net_process_find("wbinfo", s->bin_dir, path))
		s->process = net_process_start(s->loop, &settings, smbstatus_on_wbinfo_ended, s,
		                               &err);
	return s->process != NULL;
}

static void smbstatus_find_names(struct smbstatus *s)
{
	s->asked_count = user_names_apply(s->names, s->list, smbstatus_now_ms(), s->asked);
	if (s->asked_count == 0 || s->wbinfo_runs == MOST_WBINFO_RUNS || !smbstatus_start_wbinfo(s))
		smbstatus_on_named(s);
}

/* ---- running ---- */

static void smbstatus_on_ended(void *context, const struct net_process_result *result)
{
	struct smbstatus *s = context;

	s->process = NULL;
	if (result->has_complained && !s->is_of_shares) {
		free(result->output);
		if (s->tries == MOST_TRIES)
			err_format(&s->err, ERROR_INVALID_DATA, STEP,
			           "smbstatus listed too few sessions %u times: " CUT_SHORT,
			           s->tries);
		else if (smbstatus_start_run(s))
			return;
		smbstatus_end(s);
		return;
	}
	if (net_process_succeeded(result, "smbstatus", &s->err)) {
		smbstatus_start_parsing(s, result->output, result->output_bytes);
		return;
	}
	free(result->output);
	smbstatus_end(s);
}

static bool smbstatus_start_run(struct smbstatus *s)
{
	char path[PATH_MAX];
	const char *argv[] = {
		path, "--json", s->is_of_shares ? "-S" : "-p", "--debuglevel=1", s->configuration,
		NULL
	};
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = DEADLINE_MS,
		                                       .complaint = CUT_SHORT };

	s->tries += !s->is_of_shares;
	if (net_process_find("smbstatus", s->bin_dir, path))
		s->process = net_process_start(s->loop, &settings, smbstatus_on_ended, s, &s->err);
	else
		err_format(&s->err, ERROR_FILE_NOT_FOUND, STEP, "smbstatus was not found in %s",
		           s->bin_dir);
	return s->process != NULL;
}

static void smbstatus_on_failed(void *context)
{
	smbstatus_end(context);
}

/* `--json` alone would list everything, but makes smbstatus 4.17 panic over some opens. `-p` and
 * `-S` together print what `-p` prints. */
struct smbstatus *smbstatus_start(struct net_loop *loop, const char *bin_dir, const char *smb_conf,
                                  struct user_names *names, const struct smbstatus_handler *handler,
                                  void *context)
{
	struct smbstatus *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->names = names;
	s->handler = handler;
	s->context = context;
	s->bin_dir = strdup(bin_dir);
	if (asprintf(&s->configuration, "--configfile=%s", smb_conf) < 0)
		s->configuration = NULL;
	if (s->bin_dir != NULL && s->configuration != NULL && !smbstatus_start_run(s))
		s->failed = net_timer_start(loop, 0, smbstatus_on_failed, s);
	if (s->process != NULL || s->failed != NULL)
		return s;
	smbstatus_free(s);
	return NULL;
}

void smbstatus_cancel(struct smbstatus *s)
{
	if (s == NULL)
		return;
	net_process_cancel(s->process);
	net_pool_abandon(s->parsing);
	smbstatus_free(s);
}
