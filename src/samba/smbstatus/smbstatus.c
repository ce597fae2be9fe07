/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/smbstatus.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/text.h"
#include "net/work.h"
#include "net/process.h"
#include "samba/smbstatus/peer_ports.h"
#include "samba/smbstatus/process_start.h"

#define STEP "smbstatus"

enum {
	MAX_OUTPUT_BYTES = 256 << 20, /* some 300,000 sessions */
	DEADLINE_MS = 20000,
	/* For open files, of which there may be very many: callers of netsessiond wait for them, 2
	 * s by default, and a number that is not known is better than a list that is late. */
	OPENS_DEADLINE_MS = 1500,
	MOST_TRIES = 4, /* for a complete list */
	MOST_WBINFO_RUNS = 8,
	WBINFO_OUTPUT_BYTES = 1 << 20,
	WBINFO_DEADLINE_MS = 1000, /* the callers of netsessiond wait for it */
	UID_OPTION_BYTES = 24,     /* "--uid-info=4294967295" */
};

/* What smbstatus writes to stderr when its list lacks sessions. */
static const char *const complaints[] = {
	/* Samba logs this at debug level 1 when it stops listing at the record of a session whose
	 * client has closed its connection without a log-off. Such a record stands there for some
	 * milliseconds, or for good where smbd has thrown the client out (docs/SAMBA.md). */
	"Invalid record in smbXsrv_session_global.tdb",
	/* A name that is not in UTF-8, as with another `unix charset`: the list ends there, and the
	 * exit status is 0 (ran, 4.17.12). The functions are json_add_string and the like. */
	"json_",
	NULL,
};

enum { COMPLAINT_CUT_SHORT = 1, COMPLAINT_NOT_UTF8 = 2 };

/* The runs, in their order: sessions with the names of their users; the same with user ids, if that
 * lacked some; wbinfo for names that smbstatus does not know; shares and open files, if they are
 * wanted. */
enum smbstatus_run { RUN_NAMED, RUN_NUMERIC, RUN_WBINFO, RUN_SHARES, RUN_OPENS };

/* What a run printed, on its way through the pool, where it is parsed. */
struct smbstatus_output {
	enum smbstatus_run run;
	char *text;
	size_t bytes;
	char *charset;
	struct smbstatus_list *list; /* of the runs before */
	struct err err;              /* of this run */
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
	char *charset;
	bool wants_opens;
	struct net_process *process;
	struct net_pooled *parsing;
	struct smbstatus_output *output; /* the pool's, while it parses */
	enum smbstatus_run run;
	unsigned tries;                            /* of the first run */
	bool has_left_out;                         /* sessions with names that are not in UTF-8 */
	char complaint[SMBSTATUS_COMPLAINT_BYTES]; /* of a run that lists sessions */
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
	free(s->charset);
	free(s);
}

static void smbstatus_end(struct smbstatus *s)
{
	struct smbstatus_list *list = s->list;

	s->list = NULL;
	if (list != NULL)
		memcpy(list->complaint, s->complaint, sizeof list->complaint);
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

/* Before 4.20 Samba does not say when a session began. It cannot have begun before its smbd, which
 * is started when the connection comes in. */
static void smbstatus_find_smbd_starts(struct smbstatus_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct smbstatus_session *s = &list->sessions[i];

		if (s->started_s == 0 && s->node == SMBSTATUS_NO_CLUSTER)
			s->smbd_started_s = process_start_s(s->identity.pid);
	}
}

static void smbstatus_output_parse(void *job)
{
	struct smbstatus_output *a = job;

	switch (a->run) {
	case RUN_NAMED:
		a->list = smbstatus_parse_sessions(a->text, a->bytes, &a->err);
		break;
	case RUN_NUMERIC:
		a->list = smbstatus_parse_numeric(a->text, a->bytes, a->list, a->charset, &a->err);
		break;
	case RUN_WBINFO:
		return;
	case RUN_SHARES:
		(void)smbstatus_parse_shares(a->list, a->text, a->bytes, &a->err);
		return;
	case RUN_OPENS:
		(void)smbstatus_parse_opens(a->list, a->text, a->bytes, &a->err);
		return;
	}
	if (a->list != NULL) {
		smbstatus_find_transports(a->list);
		smbstatus_find_smbd_starts(a->list);
	}
}

static void smbstatus_output_free(void *job)
{
	struct smbstatus_output *a = job;

	smbstatus_list_free(a->list);
	free(a->charset);
	free(a->text);
	free(a);
}

static void smbstatus_run_next(struct smbstatus *s);

static void smbstatus_on_parsed(void *context)
{
	struct smbstatus *s = context;

	s->parsing = NULL;
	s->list = s->output->list;
	s->output->list = NULL;
	if (s->list == NULL)
		s->err = s->output->err;
	else if (s->run == RUN_OPENS)
		s->list->opens_err = s->output->err;
	smbstatus_run_next(s);
}

/* Takes text. */
static void smbstatus_start_parsing(struct smbstatus *s, char *text, size_t bytes)
{
	static const struct net_pool_job kind = { smbstatus_output_parse, smbstatus_on_parsed,
		                                  smbstatus_output_free };
	struct smbstatus_output *a = calloc(1, sizeof *a);

	if (a != NULL) {
		*a = (struct smbstatus_output){ .run = s->run,
			                        .text = text,
			                        .bytes = bytes,
			                        .charset = strdup(s->charset),
			                        .list = s->list };
		s->output = a;
		s->list = NULL;
		if (a->charset != NULL)
			s->parsing = net_pool_start(s->loop, &kind, a, s);
		else
			smbstatus_output_free(a);
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

/* winbindd has names in Samba's charset. Returns output, or the same in UTF-8, which replaces it.
 */
static char *smbstatus_output_in_utf8(const struct smbstatus *s, char *output)
{
	size_t room = 4 * strlen(output) + 1;
	char *converted = text_utf8_is_valid(output) ? NULL : malloc(room);

	if (converted == NULL)
		return output;
	if (text_utf8_from_charset(s->charset, output, converted, room)) {
		free(output);
		return converted;
	}
	free(converted);
	return output;
}

/* wbinfo ends at the first user whom winbindd does not know, and is run again for the others. */
static void smbstatus_on_wbinfo_ended(void *context, const struct net_process_result *result)
{
	struct smbstatus *s = context;
	bool is_killed = result->err.status != 0;
	char *output = result->output;

	s->process = NULL;
	if (output != NULL)
		output = smbstatus_output_in_utf8(s, output);
	(void)user_names_learn(s->names, s->asked, s->asked_count, output != NULL ? output : "",
	                       is_killed, smbstatus_now_ms());
	free(output);
	if (is_killed)
		s->wbinfo_runs = MOST_WBINFO_RUNS;
	s->run = RUN_NUMERIC; /* wbinfo may be needed again */
	smbstatus_run_next(s);
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

/* Puts the names that are known into the list. Returns whether others are to be looked up. */
static bool smbstatus_lacks_names(struct smbstatus *s)
{
	s->asked_count = user_names_apply(s->names, s->list, smbstatus_now_ms(), s->asked);
	return s->asked_count > 0 && s->wbinfo_runs < MOST_WBINFO_RUNS;
}

/* ---- running ---- */

/* A run that lists sessions has succeeded, or has failed. Returns whether its answer counts. */
static bool smbstatus_check_sessions(struct smbstatus *s, const struct net_process_result *result)
{
	if (result->stderr_text[0] != '\0')
		memcpy(s->complaint, result->stderr_text, sizeof s->complaint);
	if ((result->complained & COMPLAINT_CUT_SHORT) != 0)
		err_format(
			&s->err, ERROR_INVALID_DATA, STEP,
			"smbstatus listed too few sessions %u times: %s; if this lasts, end the "
			"smbd that smbstatus -S shows without a session: smbcontrol PID shutdown",
			s->tries, complaints[0]);
	else if (net_process_succeeded(result, "smbstatus", &s->err))
		return true;
	return false;
}

/* A run that only adds to the list has failed: what it adds is not known. */
static void smbstatus_give_up_run(struct smbstatus *s, const struct net_process_result *result)
{
	struct err err = { 0 };

	if (net_process_succeeded(result, "smbstatus", &err))
		err_format(&err, ERROR_INVALID_DATA, STEP, "smbstatus: %s", result->stderr_text);
	if (s->run == RUN_OPENS)
		s->list->opens_err = err;
	else if (s->run == RUN_NUMERIC && s->list != NULL)
		s->list->is_incomplete = true;
	else if (s->run == RUN_NUMERIC)
		s->err = err;
}

static bool smbstatus_start_run(struct smbstatus *s, enum smbstatus_run run);

static void smbstatus_on_ended(void *context, const struct net_process_result *result)
{
	struct smbstatus *s = context;
	bool is_good;

	s->process = NULL;
	if (s->run == RUN_NAMED && (result->complained & COMPLAINT_CUT_SHORT) != 0 &&
	    s->tries < MOST_TRIES && smbstatus_start_run(s, RUN_NAMED)) {
		free(result->output);
		return;
	}
	if (s->run == RUN_NAMED) {
		is_good = smbstatus_check_sessions(s, result);
		s->has_left_out = (result->complained & COMPLAINT_NOT_UTF8) != 0;
	} else if (s->run == RUN_SHARES) {
		is_good = net_process_succeeded(result, "smbstatus", &(struct err){ 0 });
	} else {
		is_good = result->complained == 0 &&
		          net_process_succeeded(result, "smbstatus", &(struct err){ 0 });
	}
	if (is_good) {
		smbstatus_start_parsing(s, result->output, result->output_bytes);
		return;
	}
	free(result->output);
	if (s->run != RUN_NAMED)
		smbstatus_give_up_run(s, result);
	smbstatus_run_next(s);
}

/* `--json` alone would list everything, but makes smbstatus before 4.24 panic over files that are
 * open with the right WRITE_OWNER, and so does `-L`. `-p` and `-S` together print what `-p` prints.
 * The panic action, which may be a mail to root, is for panics of smbd. What Samba's databases
 * hold is in UTF-8, and is printed in the `unix charset`, but JSON has to be in UTF-8. */
static bool smbstatus_start_run(struct smbstatus *s, enum smbstatus_run run)
{
	static const char *const lists[] = {
		[RUN_NAMED] = "-p", [RUN_NUMERIC] = "-p", [RUN_SHARES] = "-S", [RUN_OPENS] = "-L"
	};
	char path[PATH_MAX];
	const char *argv[] = { path,
		               "--json",
		               lists[run],
		               "--debuglevel=1",
		               s->configuration,
		               "--option=panic action=",
		               run == RUN_NAMED ? NULL : "--option=unix charset=UTF-8",
		               run == RUN_NUMERIC ? "--numeric" : NULL,
		               NULL };
	const struct net_process_settings settings = { .argv = argv,
		                                       .max_output_bytes = MAX_OUTPUT_BYTES,
		                                       .deadline_ms = run == RUN_OPENS
		                                                              ? OPENS_DEADLINE_MS
		                                                              : DEADLINE_MS,
		                                       .complaints = complaints };

	s->run = run;
	s->tries += run == RUN_NAMED;
	if (net_process_find("smbstatus", s->bin_dir, path))
		s->process = net_process_start(s->loop, &settings, smbstatus_on_ended, s, &s->err);
	else
		err_format(&s->err, ERROR_FILE_NOT_FOUND, STEP, "smbstatus was not found in %s",
		           s->bin_dir);
	return s->process != NULL;
}

/* Whether this run is needed. */
static bool smbstatus_wants_run(struct smbstatus *s, enum smbstatus_run run)
{
	if (run == RUN_NUMERIC)
		return s->has_left_out;
	if (s->list == NULL)
		return false;
	if (run == RUN_WBINFO)
		return smbstatus_lacks_names(s);
	return run == RUN_SHARES ? s->handler->wants_shares(s->context, s->list)
	                         : s->wants_opens && s->list->count > 0;
}

static void smbstatus_run_next(struct smbstatus *s)
{
	for (unsigned run = s->run + 1; run <= RUN_OPENS; run++)
		if (smbstatus_wants_run(s, (enum smbstatus_run)run) &&
		    (run == RUN_WBINFO ? smbstatus_start_wbinfo(s)
		                       : smbstatus_start_run(s, (enum smbstatus_run)run)))
			return;
	smbstatus_end(s);
}

static void smbstatus_on_failed(void *context)
{
	smbstatus_end(context);
}

struct smbstatus *smbstatus_start(struct net_loop *loop, const struct smbstatus_settings *settings,
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
	s->wants_opens = settings->wants_opens;
	s->bin_dir = strdup(settings->bin_dir);
	s->charset = strdup(settings->charset);
	if (asprintf(&s->configuration, "--configfile=%s", settings->smb_conf) < 0)
		s->configuration = NULL;
	if (s->configuration != NULL && s->bin_dir != NULL && s->charset != NULL &&
	    !smbstatus_start_run(s, RUN_NAMED))
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
