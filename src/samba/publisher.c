/* SPDX-License-Identifier: MIT */
#include "samba/publisher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "base/client_name.h"
#include "base/text.h"
#include "base/user_name.h"
#include "samba/publisher_connection.h"
#include "samba/smbstatus/tracker.h"
#include "samba/smbstatus/poll_plan.h"
#include "samba/smbcontrol.h"
#include "samba/smbstatus/smbstatus.h"
#include "system/log.h"

#define STEP "smbstatus"

enum {
	JUST_STARTED_MS = 2000, /* a session that a poll so long ago lacked has just started */
	NAMES_BYTES = 1024,     /* of sessions that close together; the rest are counted */
	CLIENT_BYTES = 1100,    /* a longer one is cut off, and netsessiond refuses it */
	OPENS_AGAIN_MS =
		60000, /* after numbers of open files could not be had, which may take long */
};

struct samba_publisher {
	struct net_loop *loop;
	char *bin_dir, *smb_conf, *unix_charset;
	bool (*find_start)(void *context, const char *client, const char *user, int64_t started_s,
	                   int64_t *seen_started_s);
	void *find_start_context;
	struct publisher_connection *connection;
	struct netsession_publisher *publisher; /* the connection's; NULL: there is none */

	struct poll_plan plan;
	struct net_timer *due;
	struct smbstatus *smbstatus;
	struct user_names *names;
	bool is_refresh_requested; /* netsessiond waits for a poll */
	uint64_t polls, failed_polls;
	int64_t polled_ms;  /* when the last successful poll began */
	struct err err;     /* of the last poll */
	int64_t listed_s;   /* when the last successful poll began (Unix time); 0: never */
	bool is_incomplete; /* smbstatus has left out sessions then */
	size_t unnamed;     /* sessions whose user's name cannot be shown */
	char complaint[SMBSTATUS_COMPLAINT_BYTES]; /* that was logged last */
	char opens_error[ERR_TEXT_BYTES];
	int64_t opens_again_ms; /* numbers of open files are not asked for before this time */
	struct log_limit limit;
	struct smbstatus_tracker *tracker;
	uint64_t refused;

	TAILQ_HEAD(samba_publisher_waits, samba_publisher_wait)
	waits; /* the longest first */
	struct net_timer *wait_timer;

	struct smbcontrol *control;
	uint64_t controlled;     /* the key of the session that smbcontrol closes */
	size_t controlled_count; /* sessions that close with it */
	uint64_t closed;
};

static int64_t samba_publisher_clock_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t samba_publisher_steady_ms(void)
{
	return samba_publisher_clock_ms(CLOCK_MONOTONIC);
}

static int64_t samba_publisher_unix_s(void)
{
	return samba_publisher_clock_ms(CLOCK_REALTIME) / 1000;
}

/* Keeps why the last poll failed, and logs it unless it is the same again. NULL: it succeeded. */
static void samba_publisher_set_error(struct samba_publisher *p, const struct err *err)
{
	const char *text = err != NULL ? err_text(err) : "";

	if (strcmp(p->err.text, text) == 0)
		return;
	p->err = (struct err){ 0 };
	if (err != NULL) {
		err_set(&p->err, err->status, err->step, text);
		log_write(LOG_LEVEL_WARNING, "publish: %s", text);
	} else {
		log_write(LOG_LEVEL_NOTICE, "publish: smbstatus lists Samba's sessions again");
	}
}

/* ---- what netsessiond receives ---- */

/* Logged once: where one session finds no room, many do not. */
static void samba_publisher_log_refused(struct samba_publisher *p, const char *why)
{
	if (p->refused++ == 0)
		log_write(LOG_LEVEL_WARNING,
		          "publish: netsessiond refuses some of Samba's sessions: %s", why);
}

/* A number for the smbd with which the session ends: a pid has 22 bits, a node's number few. */
static uint32_t samba_publisher_session_group(const struct published_session *s)
{
	uint32_t node = s->node != SMBSTATUS_NO_CLUSTER ? s->node + 1 : 0;

	return (uint32_t)s->identity.pid ^ node << 22;
}

/* The client's name gets the \\ that the relay puts before it, too, and that Samba leaves out. */
static bool samba_publisher_send_session(void *context, struct published_session *s)
{
	struct samba_publisher *p = context;
	int64_t active_s = samba_publisher_unix_s() - s->started_s;
	char client[CLIENT_BYTES];
	const struct netsession_row row = {
		.client = client,
		.user = s->user,
		.transport = s->transport,
		.num_opens = s->num_opens,
		.active_s = !s->is_start_known     ? NETSESSION_UNKNOWN
		            : active_s < 0         ? 0
		            : active_s > INT32_MAX ? INT32_MAX
		                                   : (uint32_t)active_s,
		.idle_s = NETSESSION_UNKNOWN, /* Samba does not say */
		.user_flags = s->user_flags,
	};
	uint32_t status;

	if (p->publisher == NULL)
		return false;
	(void)snprintf(client, sizeof client, "\\\\%s", client_name_bare(s->client));
	status = netsession_publisher_put_in_group(p->publisher, s->key,
	                                           samba_publisher_session_group(s), &row);

	if (status == 0)
		return true;
	if (s->is_published)
		netsession_publisher_remove(p->publisher, s->key);
	s->is_unpublishable = status == ERROR_INVALID_PARAMETER;
	s->is_postponed = status == ERROR_NOT_ENOUGH_MEMORY;
	s->is_refused = !s->is_unpublishable && !s->is_postponed;
	if (s->is_unpublishable)
		log_write(
			LOG_LEVEL_WARNING,
			"publish: netsessiond does not accept these names, so the session is not published: %s from %s",
			s->user, s->client);
	else if (s->is_refused)
		samba_publisher_log_refused(
			p, "the limit [server] publisher_max_sessions of netsessiond is reached");
	return false;
}

static void samba_publisher_send_touch(void *context, const struct published_session *s)
{
	struct samba_publisher *p = context;

	netsession_publisher_touch(p->publisher, s->key, s->num_opens, NETSESSION_UNKNOWN);
}

static void samba_publisher_send_removed(void *context, const struct published_session *s)
{
	struct samba_publisher *p = context;

	netsession_publisher_remove(p->publisher, s->key);
}

static bool samba_publisher_find_cached(void *context, const struct published_session *s,
                                        int64_t started_s, int64_t *seen_started_s)
{
	struct samba_publisher *p = context;

	return p->find_start != NULL &&
	       p->find_start(p->find_start_context, s->client, s->user, started_s, seen_started_s);
}

/* ---- a poll's result ---- */

static void samba_publisher_schedule(struct samba_publisher *p);
static void samba_publisher_schedule_now(struct samba_publisher *p);
static void samba_publisher_close_next(struct samba_publisher *p);

static bool samba_publisher_wants_shares(void *context, const struct smbstatus_list *list)
{
	struct samba_publisher *p = context;

	return (p->polled_ms == 0 || p->plan.began_ms - p->polled_ms > JUST_STARTED_MS) &&
	       smbstatus_tracker_lacks_starts(p->tracker, list);
}

/* A session is closed only if a poll that began after the request lists it. */
static void samba_publisher_check_closings(struct samba_publisher *p)
{
	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker); i++) {
		struct published_session *s = smbstatus_tracker_at(p->tracker, i);

		if (s->closing == PUBLISHED_TO_CLOSE && s->closing_since < p->polls)
			s->closing = PUBLISHED_SEEN_AGAIN;
		if (s->closing == PUBLISHED_CLOSING &&
		    samba_publisher_steady_ms() > s->closing_by_ms) {
			log_write(LOG_LEVEL_WARNING,
			          "publish: smbd %" PRIu64 " was told to end but is still running",
			          s->identity.pid);
			s->closing = PUBLISHED_OPEN;
		}
	}
}

static bool samba_publisher_is_closing(const struct samba_publisher *p)
{
	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker); i++)
		if (smbstatus_tracker_at(p->tracker, i)->closing != PUBLISHED_OPEN)
			return true;
	return false;
}

/* Callers of netsessiond that wait for this poll get their answers. While a session closes, they
 * wait for the next poll: a session that netsessiond has had closed is not to be listed any more.
 */
static void samba_publisher_send_fresh(struct samba_publisher *p, bool is_failing)
{
	if (p->publisher == NULL || !p->is_refresh_requested)
		return;
	if (!is_failing && samba_publisher_is_closing(p)) {
		poll_plan_want(&p->plan);
		return;
	}
	p->is_refresh_requested = false;
	netsession_publisher_refreshed(p->publisher);
}

/* ---- waiting for a poll ---- */

static void samba_publisher_set_wait_timer(struct samba_publisher *p);

static void samba_publisher_end_wait(struct samba_publisher *p, struct samba_publisher_wait *wait,
                                     bool is_current)
{
	TAILQ_REMOVE(&p->waits, wait, next);
	wait->is_waiting = false;
	wait->over(wait->context, is_current);
}

static void samba_publisher_end_waits(struct samba_publisher *p, bool is_current)
{
	struct samba_publisher_wait *wait;

	while ((wait = TAILQ_FIRST(&p->waits)) != NULL && wait->since < p->polls)
		samba_publisher_end_wait(p, wait, is_current);
	samba_publisher_set_wait_timer(p);
}

static void samba_publisher_on_wait_timeout(void *context)
{
	struct samba_publisher *p = context;
	struct samba_publisher_wait *wait;

	while ((wait = TAILQ_FIRST(&p->waits)) != NULL &&
	       wait->until_ms <= samba_publisher_steady_ms())
		samba_publisher_end_wait(p, wait, false);
	samba_publisher_set_wait_timer(p);
}

/* Without a timer they wait for the poll itself, which has a deadline of its own. */
static void samba_publisher_set_wait_timer(struct samba_publisher *p)
{
	const struct samba_publisher_wait *first = TAILQ_FIRST(&p->waits);

	net_timer_stop(p->wait_timer);
	p->wait_timer = NULL;
	if (first != NULL)
		p->wait_timer = net_timer_start(
			p->loop,
			first->until_ms > samba_publisher_steady_ms()
				? (uint32_t)(first->until_ms - samba_publisher_steady_ms())
				: 0,
			samba_publisher_on_wait_timeout, p);
}

bool samba_publisher_wait_for_poll(struct samba_publisher *p, struct samba_publisher_wait *wait)
{
	if (wait->is_waiting)
		return true;
	if (poll_plan_is_pausing(&p->plan, samba_publisher_steady_ms()))
		return false;
	wait->is_waiting = true;
	wait->since = p->polls;
	wait->until_ms = samba_publisher_steady_ms() + SAMBA_PUBLISHER_WAIT_MS;
	TAILQ_INSERT_TAIL(&p->waits, wait, next);
	samba_publisher_set_wait_timer(p);
	poll_plan_want(&p->plan);
	samba_publisher_schedule_now(p);
	return true;
}

void samba_publisher_cancel_wait(struct samba_publisher *p, struct samba_publisher_wait *wait)
{
	if (!wait->is_waiting)
		return;
	TAILQ_REMOVE(&p->waits, wait, next);
	wait->is_waiting = false;
	samba_publisher_set_wait_timer(p);
}

/* ---- what netsessiond is told about the list ---- */

static void samba_publisher_count_unpublished(const struct samba_publisher *p, size_t *refused,
                                              size_t *unpublishable, size_t *postponed)
{
	*refused = *unpublishable = *postponed = 0;
	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker); i++) {
		const struct published_session *s = smbstatus_tracker_at(p->tracker, i);

		*refused += s->is_refused;
		*unpublishable += s->is_unpublishable;
		*postponed += s->is_postponed;
	}
}

/* Gives whether all of Samba's sessions are published as they are now; else the reason. */
static bool samba_publisher_describe_state(const struct samba_publisher *p, bool has_failed,
                                           char *text, size_t room)
{
	char listed_at[32] = "";
	time_t listed_s = (time_t)p->listed_s;
	size_t refused, unpublishable, postponed;
	struct tm utc;

	text[0] = '\0';
	samba_publisher_count_unpublished(p, &refused, &unpublishable, &postponed);
	strftime(listed_at, sizeof listed_at, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&listed_s, &utc));
	if (has_failed && p->listed_s == 0)
		snprintf(text, room, "no sessions are known: %s", err_text(&p->err));
	else if (has_failed)
		snprintf(text, room, "the sessions are those of %s: %s", listed_at,
		         err_text(&p->err));
	else if (p->is_incomplete)
		snprintf(text, room, "%s", err_text(&p->err));
	else if (refused > 0)
		snprintf(text, room, "%zu session%s not published: netsessiond has no room",
		         refused, refused == 1 ? " is" : "s are");
	else if (postponed > 0)
		snprintf(text, room, "%zu session%s not published: out of memory", postponed,
		         postponed == 1 ? " is" : "s are");
	else if (unpublishable > 0)
		snprintf(text, room, "%zu session%s not published: the names cannot be shown",
		         unpublishable, unpublishable == 1 ? " is" : "s are");
	if (text[0] != '\0')
		return false;
	if (p->unnamed > 0)
		snprintf(text, room, "%zu session%s of users whose names cannot be shown",
		         p->unnamed, p->unnamed == 1 ? " is" : "s are");
	return true;
}

/* A poll has ended. */
static void samba_publisher_report_state(struct samba_publisher *p)
{
	const bool has_failed = p->err.status != NERR_Success && !p->is_incomplete;
	char text[ERR_TEXT_BYTES + 64];
	bool is_complete = samba_publisher_describe_state(p, has_failed, text, sizeof text);

	text_utf8_make_valid(text);
	if (p->publisher != NULL &&
	    netsession_publisher_set_complete(p->publisher, is_complete, text) ==
	            ERROR_INVALID_PARAMETER)
		(void)netsession_publisher_set_complete(p->publisher, is_complete, NULL);
}

/* Passes on what smbstatus wrote to stderr, unless it is the same again. */
static void samba_publisher_log_list(struct samba_publisher *p, const struct smbstatus_list *list)
{
	const char *error = list->opens_err.status != NERR_Success ? err_text(&list->opens_err)
	                                                           : "";

	if (strcmp(p->complaint, list->complaint) != 0 && list->complaint[0] != '\0')
		log_write_limited(&p->limit, samba_publisher_steady_ms(), LOG_LEVEL_NOTICE,
		                  "smbstatus: %s", list->complaint);
	memcpy(p->complaint, list->complaint, sizeof p->complaint);
	if (error[0] != '\0') {
		p->opens_again_ms = samba_publisher_steady_ms() + OPENS_AGAIN_MS;
		if (strcmp(p->opens_error, error) != 0)
			log_write_limited(&p->limit, samba_publisher_steady_ms(), LOG_LEVEL_WARNING,
			                  "publish: the numbers of open files are not known: %s",
			                  error);
		(void)snprintf(p->opens_error, sizeof p->opens_error, "%s", error);
	} else if (samba_publisher_steady_ms() >= p->opens_again_ms) {
		p->opens_error[0] = '\0';
	}
}

/* ---- polls ---- */

static enum poll_plan_found samba_publisher_take_list(struct samba_publisher *p,
                                                      const struct smbstatus_list *list)
{
	enum smbstatus_tracker_change change = smbstatus_tracker_update(p->tracker, list,
	                                                                samba_publisher_unix_s());
	struct err err = { 0 };

	if (change == SMBSTATUS_NO_MEMORY) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		samba_publisher_set_error(p, &err);
		return POLL_PLAN_FAILED;
	}
	samba_publisher_log_list(p, list);
	if (list->passed_over > 0)
		err_set(&err, ERROR_INVALID_DATA, STEP,
		        "smbstatus lists sessions in a form that netsession-samba does not know");
	else if (list->is_incomplete)
		err_format(&err, ERROR_INVALID_DATA, STEP, "smbstatus has left out sessions: %s",
		           list->complaint);
	p->is_incomplete = err.status != NERR_Success;
	samba_publisher_set_error(p, p->is_incomplete ? &err : NULL);
	p->unnamed = list->unnamed;
	p->polled_ms = p->plan.began_ms;
	p->listed_s = samba_publisher_unix_s() -
	              (samba_publisher_steady_ms() - p->plan.began_ms) / 1000;
	samba_publisher_check_closings(p);
	return change == SMBSTATUS_CHANGED ? POLL_PLAN_CHANGED : POLL_PLAN_SAME;
}

static void samba_publisher_on_polled(void *context, struct smbstatus_list *list,
                                      const struct err *err)
{
	struct samba_publisher *p = context;
	enum poll_plan_found found = POLL_PLAN_FAILED;

	p->smbstatus = NULL;
	if (list != NULL)
		found = samba_publisher_take_list(p, list);
	else
		samba_publisher_set_error(p, err);
	smbstatus_list_free(list);
	if (found == POLL_PLAN_FAILED)
		p->is_incomplete = false; /* the error is another one */
	samba_publisher_report_state(p);
	p->failed_polls += found == POLL_PLAN_FAILED;
	if (poll_plan_ended(&p->plan, samba_publisher_steady_ms(), found))
		samba_publisher_send_fresh(p, found == POLL_PLAN_FAILED);
	samba_publisher_end_waits(p, found != POLL_PLAN_FAILED);
	samba_publisher_close_next(p);
	samba_publisher_schedule(p);
}

static void samba_publisher_on_due(void *context)
{
	samba_publisher_schedule(context);
}

/* The poll begins later, because the relay calls this, and must not be called back from here. */
static void samba_publisher_schedule_now(struct samba_publisher *p)
{
	net_timer_stop(p->due);
	p->due = net_timer_start(p->loop, 0, samba_publisher_on_due, p);
}

static void samba_publisher_start_poll(struct samba_publisher *p)
{
	static const struct smbstatus_handler handler = { samba_publisher_wants_shares,
		                                          samba_publisher_on_polled };
	struct err err = { 0 };

	poll_plan_began(&p->plan, samba_publisher_steady_ms());
	p->polls++;
	p->smbstatus = smbstatus_start(
		p->loop,
		&(struct smbstatus_settings){ .bin_dir = p->bin_dir,
	                                      .smb_conf = p->smb_conf,
	                                      .charset = p->unix_charset,
	                                      .wants_opens = p->publisher != NULL &&
	                                                     samba_publisher_steady_ms() >=
	                                                             p->opens_again_ms },
		p->names, &handler, p);
	if (p->smbstatus != NULL)
		return;
	p->failed_polls++;
	err_set(&err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	samba_publisher_set_error(p, &err);
	samba_publisher_report_state(p);
	if (poll_plan_ended(&p->plan, samba_publisher_steady_ms(), POLL_PLAN_FAILED))
		samba_publisher_send_fresh(p, true);
	samba_publisher_end_waits(p, false);
}

static void samba_publisher_schedule(struct samba_publisher *p)
{
	int64_t due_ms;

	net_timer_stop(p->due);
	p->due = NULL;
	if (p->publisher == NULL && TAILQ_EMPTY(&p->waits))
		return;
	if (poll_plan_due_ms(&p->plan, samba_publisher_steady_ms()) == 0)
		samba_publisher_start_poll(p);
	due_ms = poll_plan_due_ms(&p->plan, samba_publisher_steady_ms());
	if (due_ms >= 0)
		p->due = net_timer_start(p->loop, (uint32_t)due_ms, samba_publisher_on_due, p);
}

/* ---- closing ---- */

/* All sessions of one smbd close together. Returns how many of them change. */
static size_t samba_publisher_set_closing(struct samba_publisher *p,
                                          const struct published_session *one,
                                          enum published_closing from, enum published_closing to)
{
	size_t changed = 0;

	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker); i++) {
		struct published_session *s = smbstatus_tracker_at(p->tracker, i);

		if (s->closing != from || !published_session_shares_smbd(s, one))
			continue;
		s->closing = to;
		s->closing_by_ms = samba_publisher_steady_ms() + POLL_PLAN_EXPECT_MS;
		changed++;
	}
	return changed;
}

static void samba_publisher_on_smbcontrol_ended(void *context, const struct err *err)
{
	struct samba_publisher *p = context;
	const struct published_session *s = smbstatus_tracker_find(p->tracker, p->controlled);

	p->control = NULL;
	if (err == NULL) {
		p->closed += p->controlled_count;
	} else if (s != NULL) {
		log_write(LOG_LEVEL_WARNING,
		          "publish: smbd %" PRIu64 " could not be told to end: %s", s->identity.pid,
		          err_text(err));
		(void)samba_publisher_set_closing(p, s, PUBLISHED_CLOSING, PUBLISHED_OPEN);
	}
	/* Also after a failure, because that smbd may have ended by itself. */
	poll_plan_expect(&p->plan, samba_publisher_steady_ms());
	samba_publisher_close_next(p);
	if (p->control == NULL)
		poll_plan_want(&p->plan);
	samba_publisher_schedule(p);
}

/* A list of sessions, as far as there is room: "alice from 192.0.2.7 (2 sessions), bob from
 * 192.0.2.7". */
struct closing_names {
	char text[NAMES_BYTES];
	size_t used;
	unsigned left_out;
	const struct published_session *last; /* which is not in text yet */
	unsigned last_count; /* sessions of its user and client, one after the other */
};

static void closing_names_put_last(struct closing_names *n)
{
	size_t room = sizeof n->text - n->used;
	char count[32] = "", address[CLIENT_NAME_ROOM];
	int bytes;

	if (n->last == NULL)
		return;
	if (n->last_count > 1)
		(void)snprintf(count, sizeof count, " (%u sessions)", n->last_count);
	bytes = snprintf(n->text + n->used, room, "%s%s from %s%s", n->used > 0 ? ", " : "",
	                 n->last->user, client_name_spell(n->last->client, address), count);
	if (bytes >= 0 && (size_t)bytes < room && n->left_out == 0) {
		n->used += (size_t)bytes;
	} else {
		n->text[n->used] = '\0';
		n->left_out += n->last_count;
	}
	n->last = NULL;
}

static void closing_names_add(struct closing_names *n, const struct published_session *s)
{
	if (n->last == NULL || strcmp(n->last->user, s->user) != 0 ||
	    strcmp(n->last->client, s->client) != 0) {
		closing_names_put_last(n);
		n->last = s;
		n->last_count = 0;
	}
	n->last_count++;
}

/* One smbd serves all connections of a client GUID (docs/SAMBA.md), and one connection may carry
 * the sessions of several users. client and user say which sessions are meant; "": any. */
static void closing_names_log(const char *how, const char *client, const char *user,
                              struct closing_names *closed, struct closing_names *beside)
{
	const struct log_fields fields = { .message = LOG_MESSAGE_SAMBA_CLOSING,
		                           .user = user[0] != '\0' ? user : NULL,
		                           .client = client[0] != '\0' ? client : NULL };
	char more[2][32] = { "", "" };
	struct closing_names *both[2] = { closed, beside };

	for (int i = 0; i < 2; i++) {
		closing_names_put_last(both[i]);
		if (both[i]->left_out > 0)
			(void)snprintf(more[i], sizeof more[i], " and %u more", both[i]->left_out);
	}
	if (beside->used > 0 || beside->left_out > 0)
		log_write_fields(
			LOG_LEVEL_NOTICE, &fields,
			"%s: closing the sessions of %s%s; their smbd ends, which also closes the "
			"sessions of %s%s",
			how, closed->text, more[0], beside->text, more[1]);
	else
		log_write_fields(LOG_LEVEL_INFO, &fields,
		                 "%s: closing the sessions of %s%s, and no others", how,
		                 closed->text, more[0]);
}

static int samba_publisher_compare_smbds(const void *left, const void *right)
{
	const struct published_session *a = *(const struct published_session *const *)left,
				       *b = *(const struct published_session *const *)right;

	if (a->identity.pid != b->identity.pid)
		return a->identity.pid < b->identity.pid ? -1 : 1;
	if (a->identity.unique_id != b->identity.unique_id)
		return a->identity.unique_id < b->identity.unique_id ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static bool samba_publisher_session_matches(const struct published_session *s, const char *client,
                                            const char *user)
{
	return (client[0] == '\0' || client_name_equal(s->client, client)) &&
	       (user[0] == '\0' || user_name_matches(user, s->user));
}

void samba_publisher_log_closing(struct samba_publisher *p, const char *client, const char *user)
{
	struct closing_names closed = { 0 }, beside = { 0 };
	size_t count = smbstatus_tracker_count(p->tracker), meant = 0;
	const struct published_session **smbds = calloc(count + 1,
	                                                sizeof(struct published_session *));

	if (smbds == NULL)
		return;
	user = user != NULL ? user : "";
	client = client != NULL ? client : "";
	for (size_t i = 0; i < count; i++)
		if (samba_publisher_session_matches(smbstatus_tracker_at(p->tracker, i), client,
		                                    user)) {
			smbds[meant++] = smbstatus_tracker_at(p->tracker, i);
			closing_names_add(&closed, smbstatus_tracker_at(p->tracker, i));
		}
	qsort(smbds, meant, sizeof(struct published_session *), samba_publisher_compare_smbds);
	for (size_t i = 0; i < count; i++) {
		const struct published_session *s = smbstatus_tracker_at(p->tracker, i);

		if (!samba_publisher_session_matches(s, client, user) && meant > 0 &&
		    bsearch(&s, smbds, meant, sizeof(struct published_session *),
		            samba_publisher_compare_smbds) != NULL)
			closing_names_add(&beside, s);
	}
	if (meant > 0) /* in Samba's spelling, not in the caller's */
		closing_names_log("NetrSessionDel", client[0] != '\0' ? smbds[0]->client : "",
		                  user[0] != '\0' ? smbds[0]->user : "", &closed, &beside);
	free(smbds);
}

/* One at a time, because each runs a program. */
static void samba_publisher_close_next(struct samba_publisher *p)
{
	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker) && p->control == NULL; i++) {
		struct published_session *s = smbstatus_tracker_at(p->tracker, i);
		struct closing_names closed = { 0 }, beside = { 0 };

		if (s->closing != PUBLISHED_SEEN_AGAIN)
			continue;
		for (size_t o = 0; o < smbstatus_tracker_count(p->tracker); o++) {
			const struct published_session *other = smbstatus_tracker_at(p->tracker, o);

			if (published_session_shares_smbd(s, other))
				closing_names_add(other->closing == PUBLISHED_SEEN_AGAIN ? &closed
				                                                         : &beside,
				                  other);
		}
		closing_names_log("publish", s->client, s->user, &closed, &beside);
		p->controlled = s->key;
		p->control = smbcontrol_shutdown(p->loop, p->bin_dir, p->smb_conf, &s->identity,
		                                 s->node, samba_publisher_on_smbcontrol_ended, p);
		p->controlled_count = samba_publisher_set_closing(
			p, s, PUBLISHED_SEEN_AGAIN,
			p->control != NULL ? PUBLISHED_CLOSING : PUBLISHED_OPEN);
		if (p->control == NULL)
			log_write(LOG_LEVEL_WARNING,
			          "publish: out of memory: the session is not closed");
	}
}

/* ---- what netsessiond sends ---- */

static void samba_publisher_on_close(void *context, uint64_t key)
{
	struct samba_publisher *p = context;
	struct published_session *s = smbstatus_tracker_find(p->tracker, key);

	if (s == NULL || s->closing != PUBLISHED_OPEN)
		return;
	s->closing = PUBLISHED_TO_CLOSE;
	s->closing_since = p->polls;
	poll_plan_want(&p->plan);
	poll_plan_expect(&p->plan, samba_publisher_steady_ms());
}

static void samba_publisher_on_refused(void *context, uint64_t key,
                                       const struct netsession_error *error)
{
	struct samba_publisher *p = context;
	struct published_session *s = smbstatus_tracker_find(p->tracker, key);

	if (s != NULL) {
		s->is_published = false;
		s->is_postponed = error->status == ERROR_NOT_ENOUGH_MEMORY;
		s->is_refused = !s->is_postponed;
	}
	samba_publisher_log_refused(p, error->text);
}

static void samba_publisher_on_refresh(void *context)
{
	struct samba_publisher *p = context;

	p->is_refresh_requested = true;
	if (!poll_plan_refresh(&p->plan, samba_publisher_steady_ms()))
		samba_publisher_send_fresh(p, true);
}

/* ---- the connection ---- */

static void samba_publisher_on_opened(void *context)
{
	struct samba_publisher *p = context;

	p->publisher = publisher_connection_get(p->connection);
	p->refused = 0;
	poll_plan_want(&p->plan);
	samba_publisher_schedule(p);
}

static void samba_publisher_on_lost(void *context)
{
	struct samba_publisher *p = context;

	net_timer_stop(p->due);
	p->due = NULL;
	smbstatus_cancel(p->smbstatus);
	p->smbstatus = NULL;
	smbcontrol_cancel(p->control);
	p->control = NULL;
	p->publisher = NULL;
	p->is_refresh_requested = false;
	p->plan = (struct poll_plan){ 0 };
	smbstatus_tracker_forget_published(p->tracker);
	if (TAILQ_EMPTY(&p->waits))
		return;
	poll_plan_want(&p->plan);
	samba_publisher_schedule_now(p);
}

/* ---- creation and end ---- */

static void samba_publisher_free_parts(struct samba_publisher *p)
{
	smbstatus_tracker_free(p->tracker);
	user_names_free(p->names);
	free(p->bin_dir);
	free(p->smb_conf);
	free(p->unix_charset);
	free(p);
}

struct samba_publisher *samba_publisher_new(struct net_loop *loop,
                                            const struct samba_publisher_settings *settings)
{
	static const struct smbstatus_tracker_handler to_netsessiond = {
		samba_publisher_send_session, samba_publisher_send_touch,
		samba_publisher_send_removed, samba_publisher_find_cached
	};
	static const struct netsession_publisher_handler events = { samba_publisher_on_close,
		                                                    samba_publisher_on_refused,
		                                                    samba_publisher_on_refresh };
	static const struct publisher_connection_handler connection = {
		&events, samba_publisher_on_opened, samba_publisher_on_due, samba_publisher_on_lost
	};
	struct samba_publisher *p = calloc(1, sizeof *p);
	bool is_good;

	if (p == NULL)
		return NULL;
	p->loop = loop;
	TAILQ_INIT(&p->waits);
	p->bin_dir = strdup(settings->bin_dir);
	p->smb_conf = strdup(settings->smb_conf);
	p->unix_charset = strdup(settings->unix_charset);
	p->find_start = settings->find_start;
	p->find_start_context = settings->context;
	p->limit.name = "smbstatus";
	p->names = user_names_new(settings->is_controller);
	p->tracker = smbstatus_tracker_new(settings->guest_account, &to_netsessiond, p);
	is_good = p->bin_dir != NULL && p->smb_conf != NULL && p->unix_charset != NULL &&
	          p->names != NULL && p->tracker != NULL;
	if (is_good && !settings->is_off)
		p->connection = publisher_connection_new(loop, settings->publish_socket,
		                                         &connection, p);
	if (is_good && (settings->is_off || p->connection != NULL))
		return p;
	samba_publisher_free_parts(p);
	return NULL;
}

void samba_publisher_free(struct samba_publisher *p)
{
	if (p == NULL)
		return;
	samba_publisher_on_lost(p);
	net_timer_stop(p->due);
	net_timer_stop(p->wait_timer);
	publisher_connection_free(p->connection);
	log_limit_flush(&p->limit);
	samba_publisher_free_parts(p);
}

void samba_publisher_get_state(const struct samba_publisher *p, struct samba_publisher_state *state)
{
	*state = (struct samba_publisher_state){
		.is_connected = p->publisher != NULL,
		.polls = p->polls,
		.failed_polls = p->failed_polls,
		.closed = p->closed,
		.message = p->connection == NULL  ? "disabled by --no-publish"
		           : p->publisher != NULL ? p->err.text
		                                  : publisher_connection_error(p->connection),
	};
	for (size_t i = 0; i < smbstatus_tracker_count(p->tracker); i++)
		state->sessions += smbstatus_tracker_at(p->tracker, i)->is_published;
}

uint32_t samba_publisher_count_sessions(const struct samba_publisher *p, const char *client,
                                        const char *user, int64_t started_s)
{
	return smbstatus_tracker_count_names(p->tracker, client, user, started_s);
}

const char *samba_publisher_find_transport(const struct samba_publisher *p, const char *client,
                                           const char *user)
{
	return smbstatus_tracker_transport(p->tracker, client, user);
}
