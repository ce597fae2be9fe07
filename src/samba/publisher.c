/* SPDX-License-Identifier: MIT */
#include "samba/publisher.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <winerror.h>
#include "base/text.h"
#include "samba/publisher_connection.h"
#include "samba/smbstatus/tracker.h"
#include "samba/smbstatus/poll_plan.h"
#include "samba/smbcontrol.h"
#include "samba/smbstatus/smbstatus.h"
#include "system/log.h"

enum {
	FRESH_ENOUGH_MS = 2000, /* a session that was not there so long ago has just begun */
	STORY_BYTES = 512,
	NAMES_BYTES = 1024,  /* of sessions that are closed together; more are counted */
	CLIENT_BYTES = 1100, /* one that is cut off is longer than may be told */
};

struct samba_publisher {
	struct net_loop *loop;
	char *smb_conf;
	bool (*find_cached)(void *context, const char *client, const char *user, int64_t started_s,
	                    struct netsession_row *row, int64_t *seen_started_s);
	void *find_cached_context;
	struct publisher_connection *connection;
	struct netsession_publisher *publisher; /* the connection's; NULL: there is none */

	struct poll_plan plan;
	struct net_timer *due;
	struct smbstatus *smbstatus;
	uint64_t polls, failed_polls;
	int64_t polled_ms; /* when the last one began that went well */
	char message[STORY_BYTES];
	struct smbstatus_tracker *known;
	uint64_t refused;

	TAILQ_HEAD(samba_feeding_waits, samba_publisher_wait)
	waits; /* who has waited longest first */
	struct net_timer *wait_timer;

	struct smbcontrol *control;
	uint64_t controlled;     /* the key of the session that it is for */
	size_t controlled_count; /* sessions that end with it */
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

/* Logs it, unless it is what was said last. "": all is well. */
static void samba_publisher_set_message(struct samba_publisher *f, const char *text)
{
	if (strncmp(f->message, text, sizeof f->message - 1) == 0)
		return;
	(void)snprintf(f->message, sizeof f->message, "%s", text);
	if (f->message[0] != '\0')
		log_write(LOG_LEVEL_WARNING, "feed: %s", f->message);
	else
		log_write(LOG_LEVEL_NOTICE, "feed: smbstatus tells of Samba's sessions again");
}

/* ---- what netsessiond is told ---- */

/* Logged once: where there is no room for one, there is none for many. */
static void samba_publisher_log_refused(struct samba_publisher *f, const char *why)
{
	if (f->refused++ == 0)
		log_write(LOG_LEVEL_WARNING, "feed: sessions are not shown: %s", why);
}

/* A number for its smbd, with which it ends: a pid has 22 bits, and a node's number few. */
static uint32_t samba_publisher_session_group(const struct published_session *s)
{
	uint32_t node = s->node != SMBSTATUS_NO_CLUSTER ? s->node + 1 : 0;

	return (uint32_t)s->identity.pid ^ node << 22;
}

/* As the relay tells it: with the \\ by which Windows' callers know it, and which Samba leaves out.
 */
static bool samba_publisher_send_session(void *context, struct published_session *s)
{
	struct samba_publisher *f = context;
	int64_t active_s = samba_publisher_unix_s() - s->started_s;
	char client[CLIENT_BYTES];
	const struct netsession_row row = {
		.client = client,
		.user = s->user,
		.transport = s->transport,
		.num_opens = s->num_opens,
		.active_s = active_s < 0            ? 0
		            : active_s > UINT32_MAX ? UINT32_MAX
		                                    : (uint32_t)active_s,
		.user_flags = s->user_flags,
	};
	uint32_t status;

	if (f->publisher == NULL)
		return false;
	(void)snprintf(client, sizeof client, "%s%s",
	               strncmp(s->client, "\\\\", 2) != 0 ? "\\\\" : "", s->client);
	status = netsession_publisher_put_in_group(f->publisher, s->key,
	                                           samba_publisher_session_group(s), &row);

	if (status == 0)
		return true;
	if (s->is_published)
		netsession_publisher_remove(f->publisher, s->key);
	s->is_unpublishable = status == ERROR_INVALID_PARAMETER;
	s->is_refused = !s->is_unpublishable;
	if (s->is_unpublishable)
		log_write(
			LOG_LEVEL_WARNING,
			"feed: a session is not shown, since its names cannot be told: %s from %s",
			s->user, s->client);
	else
		samba_publisher_log_refused(f, "there are more than netsessiond takes");
	return false;
}

static void samba_publisher_send_touch(void *context, const struct published_session *s)
{
	struct samba_publisher *f = context;

	netsession_publisher_touch(f->publisher, s->key, s->num_opens, 0);
}

static void samba_publisher_send_removed(void *context, const struct published_session *s)
{
	struct samba_publisher *f = context;

	netsession_publisher_remove(f->publisher, s->key);
}

static bool samba_publisher_find_cached(void *context, const struct published_session *s,
                                        int64_t started_s, uint32_t *num_opens,
                                        int64_t *seen_started_s)
{
	struct samba_publisher *f = context;
	struct netsession_row row = { 0 };

	if (f->find_cached == NULL || !f->find_cached(f->find_cached_context, s->client, s->user,
	                                              started_s, &row, seen_started_s))
		return false;
	*num_opens = row.num_opens;
	return true;
}

/* ---- looks ---- */

static void samba_publisher_schedule(struct samba_publisher *f);
static void samba_publisher_schedule_now(struct samba_publisher *f);
static void samba_publisher_close_next(struct samba_publisher *f);

static bool samba_publisher_wants_shares(void *context, const struct smbstatus_list *list)
{
	struct samba_publisher *f = context;

	return (f->polled_ms == 0 || f->plan.began_ms - f->polled_ms > FRESH_ENOUGH_MS) &&
	       smbstatus_tracker_lacks_starts(f->known, list);
}

/* Who is to be closed was seen again by a look that began later. */
static void samba_publisher_check_closings(struct samba_publisher *f)
{
	for (size_t i = 0; i < smbstatus_tracker_count(f->known); i++) {
		struct published_session *s = smbstatus_tracker_at(f->known, i);

		if (s->closing == PUBLISHED_TO_CLOSE && s->closing_since < f->polls)
			s->closing = PUBLISHED_SEEN_AGAIN;
		if (s->closing == PUBLISHED_CLOSING &&
		    samba_publisher_steady_ms() > s->closing_by_ms) {
			log_write(LOG_LEVEL_WARNING,
			          "feed: smbd %" PRIu64 " was told to end, and did not",
			          s->identity.pid);
			s->closing = PUBLISHED_OPEN;
		}
	}
}

/* Callers that asked since the last look get an answer now. */
static void samba_publisher_send_fresh(struct samba_publisher *f)
{
	if (f->publisher != NULL)
		netsession_publisher_refreshed(f->publisher);
}

/* ---- who waits for a look ---- */

static void samba_publisher_set_wait_timer(struct samba_publisher *f);

static void samba_publisher_end_wait(struct samba_publisher *f, struct samba_publisher_wait *wait,
                                     bool is_current)
{
	TAILQ_REMOVE(&f->waits, wait, next);
	wait->is_waiting = false;
	wait->over(wait->context, is_current);
}

static void samba_publisher_end_waits(struct samba_publisher *f, bool is_current)
{
	struct samba_publisher_wait *wait;

	while ((wait = TAILQ_FIRST(&f->waits)) != NULL && wait->since < f->polls)
		samba_publisher_end_wait(f, wait, is_current);
	samba_publisher_set_wait_timer(f);
}

static void samba_publisher_on_wait_timeout(void *context)
{
	struct samba_publisher *f = context;
	struct samba_publisher_wait *wait;

	while ((wait = TAILQ_FIRST(&f->waits)) != NULL &&
	       wait->until_ms <= samba_publisher_steady_ms())
		samba_publisher_end_wait(f, wait, false);
	samba_publisher_set_wait_timer(f);
}

/* Without a timer they wait for the look itself, which has a deadline of its own. */
static void samba_publisher_set_wait_timer(struct samba_publisher *f)
{
	const struct samba_publisher_wait *first = TAILQ_FIRST(&f->waits);

	net_timer_stop(f->wait_timer);
	f->wait_timer = NULL;
	if (first != NULL)
		f->wait_timer = net_timer_start(
			f->loop,
			first->until_ms > samba_publisher_steady_ms()
				? (uint32_t)(first->until_ms - samba_publisher_steady_ms())
				: 0,
			samba_publisher_on_wait_timeout, f);
}

bool samba_publisher_wait_for_poll(struct samba_publisher *f, struct samba_publisher_wait *wait)
{
	if (wait->is_waiting)
		return true;
	if (poll_plan_is_pausing(&f->plan, samba_publisher_steady_ms()))
		return false;
	wait->is_waiting = true;
	wait->since = f->polls;
	wait->until_ms = samba_publisher_steady_ms() + SAMBA_PUBLISHER_WAIT_MS;
	TAILQ_INSERT_TAIL(&f->waits, wait, next);
	samba_publisher_set_wait_timer(f);
	poll_plan_want(&f->plan);
	samba_publisher_schedule_now(f);
	return true;
}

void samba_publisher_cancel_wait(struct samba_publisher *f, struct samba_publisher_wait *wait)
{
	if (!wait->is_waiting)
		return;
	TAILQ_REMOVE(&f->waits, wait, next);
	wait->is_waiting = false;
	samba_publisher_set_wait_timer(f);
}

/* ---- looks ---- */

static enum poll_plan_found samba_publisher_take_list(struct samba_publisher *f,
                                                      const struct smbstatus_list *list)
{
	enum smbstatus_tracker_change change = smbstatus_tracker_update(f->known, list,
	                                                                samba_publisher_unix_s());

	if (change == SMBSTATUS_NO_MEMORY) {
		samba_publisher_set_message(f, "smbstatus: out of memory");
		return POLL_PLAN_FAILED;
	}
	if (list->passed_over > 0)
		samba_publisher_set_message(
			f, "smbstatus tells of sessions in a form that is not known");
	else
		samba_publisher_set_message(f, "");
	f->polled_ms = f->plan.began_ms;
	samba_publisher_check_closings(f);
	return change == SMBSTATUS_CHANGED ? POLL_PLAN_CHANGED : POLL_PLAN_SAME;
}

static void samba_publisher_on_polled(void *context, struct smbstatus_list *list,
                                      const struct err *err)
{
	struct samba_publisher *f = context;
	enum poll_plan_found found = POLL_PLAN_FAILED;

	f->smbstatus = NULL;
	if (list != NULL)
		found = samba_publisher_take_list(f, list);
	else
		samba_publisher_set_message(f, err_text(err));
	smbstatus_list_free(list);
	f->failed_polls += found == POLL_PLAN_FAILED;
	if (poll_plan_ended(&f->plan, samba_publisher_steady_ms(), found))
		samba_publisher_send_fresh(f);
	samba_publisher_end_waits(f, found != POLL_PLAN_FAILED);
	samba_publisher_close_next(f);
	samba_publisher_schedule(f);
}

static void samba_publisher_on_due(void *context)
{
	samba_publisher_schedule(context);
}

/* The relay calls this: the look begins later, so that it does not call the relay back at once. */
static void samba_publisher_schedule_now(struct samba_publisher *f)
{
	net_timer_stop(f->due);
	f->due = net_timer_start(f->loop, 0, samba_publisher_on_due, f);
}

static void samba_publisher_start_poll(struct samba_publisher *f)
{
	static const struct smbstatus_handler handler = { samba_publisher_wants_shares,
		                                          samba_publisher_on_polled };

	poll_plan_began(&f->plan, samba_publisher_steady_ms());
	f->polls++;
	f->smbstatus = smbstatus_start(f->loop, f->smb_conf, &handler, f);
	if (f->smbstatus != NULL)
		return;
	f->failed_polls++;
	samba_publisher_set_message(f, "smbstatus: out of memory");
	if (poll_plan_ended(&f->plan, samba_publisher_steady_ms(), POLL_PLAN_FAILED))
		samba_publisher_send_fresh(f);
	samba_publisher_end_waits(f, false);
}

static void samba_publisher_schedule(struct samba_publisher *f)
{
	int64_t due_ms;

	net_timer_stop(f->due);
	f->due = NULL;
	if (f->publisher == NULL && TAILQ_EMPTY(&f->waits))
		return;
	if (poll_plan_due_ms(&f->plan, samba_publisher_steady_ms()) == 0)
		samba_publisher_start_poll(f);
	due_ms = poll_plan_due_ms(&f->plan, samba_publisher_steady_ms());
	if (due_ms >= 0)
		f->due = net_timer_start(f->loop, (uint32_t)due_ms, samba_publisher_on_due, f);
}

/* ---- closing ---- */

/* With its smbd all its sessions end. Returns how many of them change. */
static size_t samba_publisher_set_closing(struct samba_publisher *f,
                                          const struct published_session *one,
                                          enum published_closing from, enum published_closing to)
{
	size_t changed = 0;

	for (size_t i = 0; i < smbstatus_tracker_count(f->known); i++) {
		struct published_session *s = smbstatus_tracker_at(f->known, i);

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
	struct samba_publisher *f = context;
	const struct published_session *s = smbstatus_tracker_find(f->known, f->controlled);

	f->control = NULL;
	if (err == NULL) {
		f->closed += f->controlled_count;
	} else if (s != NULL) {
		log_write(LOG_LEVEL_WARNING, "feed: smbd %" PRIu64 " cannot be told to end: %s",
		          s->identity.pid, err_text(err));
		(void)samba_publisher_set_closing(f, s, PUBLISHED_CLOSING, PUBLISHED_OPEN);
	}
	/* Whatever it says: that smbd may have ended by itself. */
	poll_plan_expect(&f->plan, samba_publisher_steady_ms());
	samba_publisher_close_next(f);
	if (f->control == NULL)
		poll_plan_want(&f->plan);
	samba_publisher_schedule(f);
}

/* Names sessions, as many as there is room for: "alice from 192.0.2.7, bob from 192.0.2.7". */
struct closing_names {
	char text[NAMES_BYTES];
	size_t used;
	unsigned left_out;
};

static void closing_names_add(struct closing_names *n, const struct published_session *s)
{
	size_t room = sizeof n->text - n->used;
	int bytes = snprintf(n->text + n->used, room, "%s%s from %s", n->used > 0 ? ", " : "",
	                     s->user, s->client);

	if (bytes >= 0 && (size_t)bytes < room && n->left_out == 0) {
		n->used += (size_t)bytes;
		return;
	}
	n->text[n->used] = '\0';
	n->left_out++;
}

/* One smbd serves all connections of a client GUID (docs/SAMBA.md), and one connection may have the
 * sessions of several users. */
static void closing_names_log(const char *how, const struct closing_names *closed,
                              const struct closing_names *beside)
{
	char more[2][32] = { "", "" };
	const struct closing_names *both[2] = { closed, beside };

	for (int i = 0; i < 2; i++)
		if (both[i]->left_out > 0)
			(void)snprintf(more[i], sizeof more[i], " and %u more", both[i]->left_out);
	if (beside->used > 0)
		log_write(LOG_LEVEL_NOTICE,
		          "%s: closes the sessions of %s%s; their smbd ends, and with it the "
		          "sessions of %s%s",
		          how, closed->text, more[0], beside->text, more[1]);
	else
		log_write(LOG_LEVEL_INFO, "%s: closes the sessions of %s%s; nobody else's end", how,
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
	return (client[0] == '\0' || strcasecmp(s->client, client) == 0) &&
	       (user[0] == '\0' || text_equal_nocase(s->user, user));
}

void samba_publisher_log_closing(struct samba_publisher *f, const char *client, const char *user)
{
	struct closing_names closed = { 0 }, beside = { 0 };
	size_t count = smbstatus_tracker_count(f->known), meant = 0;
	const struct published_session **smbds = calloc(count + 1,
	                                                sizeof(struct published_session *));

	if (smbds == NULL)
		return;
	user = user != NULL ? user : "";
	client = client == NULL ? "" : strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
	for (size_t i = 0; i < count; i++)
		if (samba_publisher_session_matches(smbstatus_tracker_at(f->known, i), client,
		                                    user)) {
			smbds[meant++] = smbstatus_tracker_at(f->known, i);
			closing_names_add(&closed, smbstatus_tracker_at(f->known, i));
		}
	qsort(smbds, meant, sizeof(struct published_session *), samba_publisher_compare_smbds);
	for (size_t i = 0; i < count; i++) {
		const struct published_session *s = smbstatus_tracker_at(f->known, i);

		if (!samba_publisher_session_matches(s, client, user) && meant > 0 &&
		    bsearch(&s, smbds, meant, sizeof(struct published_session *),
		            samba_publisher_compare_smbds) != NULL)
			closing_names_add(&beside, s);
	}
	if (meant > 0)
		closing_names_log("NetrSessionDel", &closed, &beside);
	free(smbds);
}

/* One at a time: each is a program that is run. */
static void samba_publisher_close_next(struct samba_publisher *f)
{
	for (size_t i = 0; i < smbstatus_tracker_count(f->known) && f->control == NULL; i++) {
		struct published_session *s = smbstatus_tracker_at(f->known, i);
		struct closing_names closed = { 0 }, beside = { 0 };

		if (s->closing != PUBLISHED_SEEN_AGAIN)
			continue;
		for (size_t o = 0; o < smbstatus_tracker_count(f->known); o++) {
			const struct published_session *other = smbstatus_tracker_at(f->known, o);

			if (published_session_shares_smbd(s, other))
				closing_names_add(other->closing == PUBLISHED_SEEN_AGAIN ? &closed
				                                                         : &beside,
				                  other);
		}
		closing_names_log("feed", &closed, &beside);
		f->controlled = s->key;
		f->control = smbcontrol_shutdown(f->loop, f->smb_conf, &s->identity, s->node,
		                                 samba_publisher_on_smbcontrol_ended, f);
		f->controlled_count = samba_publisher_set_closing(
			f, s, PUBLISHED_SEEN_AGAIN,
			f->control != NULL ? PUBLISHED_CLOSING : PUBLISHED_OPEN);
		if (f->control == NULL)
			log_write(LOG_LEVEL_WARNING, "feed: out of memory: it is not closed");
	}
}

/* ---- what netsessiond says ---- */

static void samba_publisher_on_close(void *context, uint64_t key)
{
	struct samba_publisher *f = context;
	struct published_session *s = smbstatus_tracker_find(f->known, key);

	if (s == NULL || s->closing != PUBLISHED_OPEN)
		return;
	s->closing = PUBLISHED_TO_CLOSE;
	s->closing_since = f->polls;
	poll_plan_want(&f->plan);
	poll_plan_expect(&f->plan, samba_publisher_steady_ms());
}

static void samba_publisher_on_refused(void *context, uint64_t key,
                                       const struct netsession_error *error)
{
	struct samba_publisher *f = context;
	struct published_session *s = smbstatus_tracker_find(f->known, key);

	if (s != NULL) {
		s->is_published = false;
		s->is_refused = true;
	}
	samba_publisher_log_refused(f, error->text);
}

static void samba_publisher_on_refresh(void *context)
{
	struct samba_publisher *f = context;

	if (!poll_plan_refresh(&f->plan, samba_publisher_steady_ms()))
		netsession_publisher_refreshed(f->publisher);
}

/* ---- the connection ---- */

static void samba_publisher_on_opened(void *context)
{
	struct samba_publisher *f = context;

	f->publisher = publisher_connection_get(f->connection);
	f->refused = 0;
	poll_plan_want(&f->plan);
	samba_publisher_schedule(f);
}

static void samba_publisher_on_lost(void *context)
{
	struct samba_publisher *f = context;

	net_timer_stop(f->due);
	f->due = NULL;
	smbstatus_cancel(f->smbstatus);
	f->smbstatus = NULL;
	smbcontrol_cancel(f->control);
	f->control = NULL;
	f->publisher = NULL;
	f->plan = (struct poll_plan){ 0 };
	smbstatus_tracker_forget_published(f->known);
	if (TAILQ_EMPTY(&f->waits))
		return;
	poll_plan_want(&f->plan);
	samba_publisher_schedule_now(f);
}

/* ---- from its beginning to its end ---- */

struct samba_publisher *samba_publisher_new(struct net_loop *loop,
                                            const struct samba_publisher_settings *settings)
{
	static const struct smbstatus_tracker_handler to_netsessiond = {
		samba_publisher_send_session, samba_publisher_send_touch,
		samba_publisher_send_removed, samba_publisher_find_cached
	};
	static const struct netsession_publisher_handler said = { samba_publisher_on_close,
		                                                  samba_publisher_on_refused,
		                                                  samba_publisher_on_refresh };
	static const struct publisher_connection_handler connection = {
		&said, samba_publisher_on_opened, samba_publisher_on_due, samba_publisher_on_lost
	};
	struct samba_publisher *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->loop = loop;
	TAILQ_INIT(&f->waits);
	f->smb_conf = strdup(settings->smb_conf);
	f->find_cached = settings->find_cached;
	f->find_cached_context = settings->context;
	f->known = smbstatus_tracker_new(settings->guest_account, &to_netsessiond, f);
	if (f->known != NULL && f->smb_conf != NULL && !settings->is_off)
		f->connection = publisher_connection_new(loop, settings->publish_socket,
		                                         &connection, f);
	if (f->known != NULL && f->smb_conf != NULL && (settings->is_off || f->connection != NULL))
		return f;
	smbstatus_tracker_free(f->known);
	free(f->smb_conf);
	free(f);
	return NULL;
}

void samba_publisher_free(struct samba_publisher *f)
{
	if (f == NULL)
		return;
	samba_publisher_on_lost(f);
	net_timer_stop(f->due);
	net_timer_stop(f->wait_timer);
	publisher_connection_free(f->connection);
	smbstatus_tracker_free(f->known);
	free(f->smb_conf);
	free(f);
}

void samba_publisher_get_state(const struct samba_publisher *f, struct samba_publisher_state *state)
{
	*state = (struct samba_publisher_state){
		.is_connected = f->publisher != NULL,
		.polls = f->polls,
		.failed_polls = f->failed_polls,
		.closed = f->closed,
		.message = f->connection == NULL  ? "disabled by --no-publish"
		           : f->publisher != NULL ? f->message
		                                  : publisher_connection_error(f->connection),
	};
	for (size_t i = 0; i < smbstatus_tracker_count(f->known); i++)
		state->sessions += smbstatus_tracker_at(f->known, i)->is_published;
}

uint32_t samba_publisher_count_sessions(const struct samba_publisher *f, const char *client,
                                        const char *user, int64_t started_s)
{
	return smbstatus_tracker_count_names(f->known, client, user, started_s);
}

const char *samba_publisher_find_transport(const struct samba_publisher *f, const char *client,
                                           const char *user)
{
	return smbstatus_tracker_transport(f->known, client, user);
}
