/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/smbstatus.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/work.h"
#include "net/process.h"
#include "samba/smbstatus/peer_ports.h"

#define STEP "smbstatus"

enum {
	MAX_OUTPUT_BYTES = 256 << 20, /* some 300,000 sessions */
	DEADLINE_MS = 20000,
	MOST_TRIES = 4, /* for a complete list */
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
	char *configuration; /* as an argument */
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

static void smbstatus_on_parsed(void *context)
{
	struct smbstatus *s = context;

	s->parsing = NULL;
	s->list = s->output->list;
	s->output->list = NULL;
	if (s->list == NULL)
		s->err = s->output->err;
	if (s->list != NULL && !s->is_of_shares && s->handler->wants_shares(s->context, s->list)) {
		s->is_of_shares = true;
		if (smbstatus_start_run(s))
			return;
	}
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
	if (net_process_find("smbstatus", NULL, path))
		s->process = net_process_start(s->loop, &settings, smbstatus_on_ended, s, &s->err);
	else
		err_set(&s->err, ERROR_FILE_NOT_FOUND, STEP, "smbstatus was not found in PATH");
	return s->process != NULL;
}

static void smbstatus_on_failed(void *context)
{
	smbstatus_end(context);
}

/* `--json` alone would list everything, but makes smbstatus 4.17 panic over some opens. `-p` and
 * `-S` together print what `-p` prints. */
struct smbstatus *smbstatus_start(struct net_loop *loop, const char *smb_conf,
                                  const struct smbstatus_handler *handler, void *context)
{
	struct smbstatus *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->handler = handler;
	s->context = context;
	if (asprintf(&s->configuration, "--configfile=%s", smb_conf) < 0)
		s->configuration = NULL;
	if (s->configuration != NULL && !smbstatus_start_run(s))
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
