/* SPDX-License-Identifier: MIT */
#include "daemon/history.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netsession.h>
#include "crypto/crypto.h"
#include "daemon/json_line.h"
#include "net/stream.h"
#include "system/companion.h"
#include "system/log.h"

#define RECORDER "netsession-fleet"

enum {
	/* Of lines that the recorder has not read, some 20,000: beyond it, lines are dropped. */
	MOST_BYTES = 4 << 20,
	/* The list of all sessions waits while so much is unread. */
	LIST_BYTES = 256 << 10,
	LISTED_A_TURN = 1000,
	/* So old the last line is at most, so that what was known until when is in the store. */
	SEEN_MS = 10000,
	NONCE_BYTES = 64,
	NUMBERING_BYTES = 8,
};

enum history_step {
	HISTORY_AWAITING_RECORDER, /* it is not ready, or has not read what was dropped behind */
	HISTORY_LISTING,
	HISTORY_FOLLOWING, /* all sessions are listed; changes are sent as they happen */
	HISTORY_ENDED,     /* there is no recorder any more */
};

struct history {
	struct net_loop *loop;
	const struct srvsvc_server *service;
	char *server;
	struct net_stream *stream;
	struct session_observer observer;
	struct net_timer *seen_timer, *list_timer;
	enum history_step step;
	char input[NONCE_BYTES], nonce[NONCE_BYTES]; /* of the recorder; "": it is not ready */
	size_t input_bytes;
	const char *reason; /* of the next "begin"; NULL: nothing is missing */
	uint64_t dropped;
	uint32_t listed; /* the id of the last session that is listed */
	/* Of the ids of the table, at random: those of another netsessiond, or of the table before
	 * its sessions were renumbered, mean other sessions. */
	char numbering[2 * NUMBERING_BYTES + 1];
	struct refresh *refresh; /* NULL: nobody waits for publishers */
	struct refresh_wait wait;
	bool is_settled; /* sessions that are not in the table have ended, and this was sent */
};

int history_start_recorder(const char *db, struct err *err)
{
	static const char *const places[] = { "", "../" NETSESSION_LIBEXECDIR "/netsession/" };
	char path[PATH_MAX], own[PATH_MAX];
	ssize_t bytes = readlink("/proc/self/exe", own, sizeof own - 1);

	own[bytes > 0 ? bytes : 0] = '\0';
	if (strrchr(own, '/') != NULL)
		strrchr(own, '/')[1] = '\0';
	for (size_t i = 0; own[0] == '/' && i < sizeof places / sizeof *places; i++) {
		const char *const argv[] = { path, "record", db, NULL };

		if (snprintf(path, sizeof path, "%s%s" RECORDER, own, places[i]) <
		            (int)sizeof path &&
		    access(path, X_OK) == 0)
			return companion_start(argv, err);
	}
	err_set(err, ERROR_FILE_NOT_FOUND, "history",
	        "the program that records, " RECORDER
	        ", is not where it belongs; install the package netsession");
	return -1;
}

static int64_t history_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- lines ---- */

/* Nothing more is sent until the recorder has read what waits. */
static void history_drop(struct history *h, const char *reason)
{
	if (h->step != HISTORY_AWAITING_RECORDER)
		log_write(LOG_LEVEL_WARNING,
		          "the recorder of the history does not keep up: sessions that begin and "
		          "end are not recorded until it does");
	h->reason = reason;
	h->step = HISTORY_AWAITING_RECORDER;
}

/* Takes line. False: it is dropped. */
static bool history_send(struct history *h, json_t *line)
{
	size_t bytes;
	char *text = json_line_format(line, &bytes);
	bool is_sent = false;

	json_decref(line);
	if (text != NULL && net_stream_unsent(h->stream) + bytes < MOST_BYTES)
		is_sent = net_stream_send(h->stream, text, bytes);
	free(text);
	if (!is_sent)
		history_drop(h, "overflow");
	return is_sent;
}

static bool history_send_time(struct history *h, const char *event)
{
	return history_send(
		h, json_pack("{ss sI}", "event", event, "at", (json_int_t)history_now_ms()));
}

static void history_put_number(json_t *line, const char *name, uint32_t number)
{
	if (number != NETSESSION_UNKNOWN)
		json_object_set_new(line, name, json_integer(number));
}

static bool history_send_session(struct history *h, uint32_t id, const struct netsession_row *row)
{
	int64_t now_ms = history_now_ms();
	json_t *line = json_pack("{ss sI sI ss* ss* ss* ss*}", "event", "session", "session",
	                         (json_int_t)id, "at", (json_int_t)now_ms, "client", row->client,
	                         "user", row->user, "client_type", row->client_type, "transport",
	                         row->transport);

	history_put_number(line, "num_opens", row->num_opens);
	history_put_number(line, "user_flags", row->user_flags);
	if (row->active_s != NETSESSION_UNKNOWN)
		json_object_set_new(line, "started", json_integer(now_ms / 1000 - row->active_s));
	return history_send(h, line);
}

static bool history_send_end(struct history *h, uint32_t id, const char *event)
{
	return history_send(h, json_pack("{ss sI sI}", "event", event, "session", (json_int_t)id,
	                                 "at", (json_int_t)history_now_ms()));
}

/* ---- the list ---- */

/* Whether sessions are missing now that were not seen to end. */
static void history_on_warning(void *context, const struct session_warning *warning)
{
	bool *is_lost = context;

	*is_lost |= warning->is_lost;
}

static bool history_has_lost_source(const struct history *h)
{
	bool is_lost = false;

	session_sources_warn(&h->service->sources, history_on_warning, &is_lost);
	return is_lost;
}

static void history_list_more(void *context);

/* What is not in the table now has ended, unless it may be of a publisher that is away. */
static void history_on_settled(void *context)
{
	struct history *h = context;

	if (h->step == HISTORY_FOLLOWING && !h->is_settled && !history_has_lost_source(h))
		h->is_settled = history_send_time(h, "listed");
}

/* Publishers may be about to connect, or to answer. */
static void history_settle(struct history *h)
{
	if (h->step == HISTORY_FOLLOWING && !h->is_settled && h->refresh != NULL &&
	    !history_has_lost_source(h) && refresh_ready_or_wait(h->refresh, &h->wait))
		history_on_settled(h);
}

static void history_end_list(struct history *h)
{
	if (!history_send_time(h, "seen"))
		return;
	h->step = HISTORY_FOLLOWING;
	history_settle(h);
}

/* Lists sessions until the recorder has to read them, or other work of the loop has to be done. */
static void history_list(struct history *h)
{
	enum session_visit visit = SESSION_VISIT_OTHER;
	struct netsession_row row;
	struct session_walk walk;
	uint32_t id;

	session_walk_resume(&walk, h->service->table, NULL, h->listed);
	for (int i = 0; i < LISTED_A_TURN && net_stream_unsent(h->stream) < LIST_BYTES; i++) {
		visit = session_walk_visit(&walk, h->service->now_ms(h->service->context), &row,
		                           &id);
		if (visit == SESSION_VISIT_END)
			break;
		if (visit == SESSION_VISIT_ROW && !history_send_session(h, id, &row))
			return;
		h->listed = id;
	}
	if (visit == SESSION_VISIT_END) {
		history_end_list(h);
	} else if (net_stream_unsent(h->stream) == 0) {
		net_timer_stop(h->list_timer);
		h->list_timer = net_timer_start(h->loop, 1, history_list_more, h);
	}
}

static void history_list_more(void *context)
{
	struct history *h = context;

	if (h->step == HISTORY_LISTING)
		history_list(h);
}

/* Lists all sessions from the beginning on. */
static void history_begin_list(struct history *h)
{
	json_t *line = json_pack("{ss ss ss ss sI ss*}", "event", "begin", "nonce", h->nonce,
	                         "server", h->server, "numbering", h->numbering, "at",
	                         (json_int_t)history_now_ms(), "reason", h->reason);

	if (h->dropped > 0)
		json_object_set_new(line, "lost", json_integer((json_int_t)h->dropped));
	if (!history_send(h, line))
		return;
	if (h->dropped > 0)
		log_write(LOG_LEVEL_NOTICE,
		          "the history is recorded again; %llu changes of sessions were not",
		          (unsigned long long)h->dropped);
	h->dropped = 0;
	h->reason = NULL;
	h->listed = 0;
	h->step = HISTORY_LISTING;
	h->is_settled = false;
	history_list(h);
}

/* ---- the recorder ---- */

static uint8_t *history_on_space(void *context, size_t *room)
{
	struct history *h = context;

	*room = sizeof h->input - 1 - h->input_bytes;
	return *room > 0 ? (uint8_t *)h->input + h->input_bytes : NULL;
}

/* A recorder is ready: a new one, or one that has to read all from the beginning on. */
static void history_on_nonce(struct history *h, const char *nonce)
{
	if (h->nonce[0] != '\0')
		h->reason = "recorder";
	(void)snprintf(h->nonce, sizeof h->nonce, "%s", nonce);
	h->step = HISTORY_AWAITING_RECORDER;
	if (net_stream_unsent(h->stream) == 0)
		history_begin_list(h);
}

static void history_on_received(void *context, size_t bytes)
{
	struct history *h = context;
	char *end;

	h->input_bytes += bytes;
	h->input[h->input_bytes] = '\0';
	while ((end = strchr(h->input, '\n')) != NULL) {
		*end = '\0';
		history_on_nonce(h, h->input);
		h->input_bytes -= (size_t)(end + 1 - h->input);
		memmove(h->input, end + 1, h->input_bytes + 1);
	}
}

static void history_on_drained(void *context)
{
	struct history *h = context;

	if (h->step == HISTORY_AWAITING_RECORDER && h->nonce[0] != '\0')
		history_begin_list(h);
	else if (h->step == HISTORY_LISTING)
		history_list(h);
}

static void history_on_ended(void *context, const struct err *err)
{
	struct history *h = context;

	(void)err;
	h->step = HISTORY_ENDED;
	session_table_observe(h->service->table, NULL);
	log_write(LOG_LEVEL_ERROR,
	          "the recorder of the history ([history] db) has ended: sessions are not recorded "
	          "until netsessiond restarts");
}

static void history_schedule_seen(struct history *h);

static void history_on_seen(void *context)
{
	struct history *h = context;

	if (h->step == HISTORY_AWAITING_RECORDER && h->nonce[0] != '\0' &&
	    net_stream_unsent(h->stream) == 0)
		history_begin_list(h);
	else if (h->step == HISTORY_FOLLOWING && history_send_time(h, "seen"))
		history_settle(h);
	history_schedule_seen(h);
}

static void history_schedule_seen(struct history *h)
{
	net_timer_stop(h->seen_timer);
	h->seen_timer = net_timer_start(h->loop, SEEN_MS, history_on_seen, h);
}

/* ---- the table ---- */

/* Whether the recorder knows of the session; else it learns of it from the list. */
static bool history_has_sent(const struct history *h, uint32_t id)
{
	return h->step == HISTORY_FOLLOWING || (h->step == HISTORY_LISTING && id <= h->listed);
}

static void history_count_dropped(struct history *h)
{
	h->dropped += h->step == HISTORY_AWAITING_RECORDER && h->nonce[0] != '\0';
}

static bool history_send_facts(struct history *h, uint32_t id, const struct session_facts *facts)
{
	int64_t now_ms = h->service->now_ms(h->service->context);
	const struct netsession_row row = {
		.client = facts->client,
		.user = facts->user,
		.client_type = facts->client_type,
		.transport = facts->transport,
		.num_opens = facts->num_opens,
		.user_flags = facts->user_flags,
		.active_s = facts->created_ms == SESSION_TIME_UNKNOWN ? NETSESSION_UNKNOWN
		            : facts->created_ms > now_ms
		                    ? 0
		                    : (uint32_t)((now_ms - facts->created_ms) / 1000),
	};

	return history_send_session(h, id, &row);
}

static void history_on_added(void *context, uint32_t id, const struct session_facts *facts)
{
	struct history *h = context;

	if (!history_has_sent(h, id) || !history_send_facts(h, id, facts))
		history_count_dropped(h);
}

static void history_on_changed(void *context, uint32_t id, const struct session_facts *facts)
{
	struct history *h = context;

	if (!history_has_sent(h, id) || !history_send_end(h, id, "ended") ||
	    !history_send_facts(h, id, facts))
		history_count_dropped(h);
}

static void history_on_dated(void *context, uint32_t id, const struct session_facts *facts)
{
	struct history *h = context;

	if (history_has_sent(h, id))
		(void)history_send_facts(h, id, facts);
}

static void history_on_removed(void *context, uint32_t id, bool is_lost)
{
	struct history *h = context;

	h->is_settled &= !is_lost;
	if (!history_has_sent(h, id) || !history_send_end(h, id, is_lost ? "lost" : "ended"))
		history_count_dropped(h);
}

static void history_name_numbering(struct history *h)
{
	uint8_t bytes[NUMBERING_BYTES] = { 0 };

	(void)crypto_random(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(h->numbering + 2 * i, 3, "%02x", bytes[i]);
}

static void history_on_renumbered(void *context)
{
	struct history *h = context;

	history_name_numbering(h);
	if (h->step == HISTORY_FOLLOWING && history_send_time(h, "seen"))
		history_begin_list(h);
	else if (h->step == HISTORY_LISTING)
		history_drop(h, "overflow");
}

struct history *history_new(struct net_loop *loop, const struct srvsvc_server *service,
                            const char *server, int socket)
{
	static const struct net_stream_handler handler = { history_on_space, history_on_received,
		                                           history_on_ended, history_on_drained };
	struct history *h = calloc(1, sizeof *h);

	if (h == NULL || (h->server = strdup(server)) == NULL) {
		net_socket_forget(socket);
		free(h);
		return NULL;
	}
	h->loop = loop;
	h->service = service;
	h->observer = (struct session_observer){ history_on_added,      history_on_changed,
		                                 history_on_dated,      history_on_removed,
		                                 history_on_renumbered, h };
	h->wait = (struct refresh_wait){ .over = history_on_settled, .context = h };
	history_name_numbering(h);
	h->reason = "start";
	h->stream = net_stream_new(loop, socket, &handler, h);
	if (h->stream == NULL) {
		free(h->server);
		free(h);
		return NULL;
	}
	session_table_observe(service->table, &h->observer);
	history_schedule_seen(h);
	return h;
}

void history_set_refresh(struct history *h, struct refresh *refresh)
{
	if (h == NULL)
		return;
	if (h->refresh != NULL)
		refresh_cancel_wait(h->refresh, &h->wait);
	h->refresh = refresh;
}

void history_free(struct history *h)
{
	if (h == NULL)
		return;
	if (h->step == HISTORY_FOLLOWING)
		(void)history_send_time(h, "stop");
	if (h->step != HISTORY_ENDED) {
		session_table_observe(h->service->table, NULL);
		net_stream_finish(h->stream);
	} else {
		net_stream_close(h->stream);
	}
	net_timer_stop(h->seen_timer);
	net_timer_stop(h->list_timer);
	free(h->server);
	free(h);
}
