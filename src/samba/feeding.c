/* SPDX-License-Identifier: MIT */
#include "samba/feeding.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <winerror.h>
#include "base/text.h"
#include "samba/feed_connection.h"
#include "samba/known.h"
#include "samba/poll_plan.h"
#include "samba/smbcontrol.h"
#include "samba/smbstatus.h"
#include "system/log.h"

enum {
	FRESH_ENOUGH_MS = 2000, /* a session that was not there so long ago has just begun */
	STORY_BYTES = 512,
	NAMES_BYTES = 1024,  /* of sessions that are closed together; more are counted */
	CLIENT_BYTES = 1100, /* one that is cut off is longer than may be told */
};

struct samba_feeding {
	struct net_loop *loop;
	char *smb_conf;
	bool (*seen)(void *context, const char *client, const char *user, int64_t started_s,
	             struct netsession_row *row, int64_t *seen_started_s);
	void *seen_context;
	struct feed_connection *connection;
	struct netsession_feed *feed; /* the connection's; NULL: there is none */

	struct poll_plan plan;
	struct net_timer *due;
	struct smbstatus *look;
	uint64_t looks, failed_looks;
	int64_t looked_ms; /* when the last one began that went well */
	char story[STORY_BYTES];
	struct known *known;
	uint64_t refused;

	TAILQ_HEAD(samba_feeding_waits, samba_feeding_wait)
	waits; /* who has waited longest first */
	struct net_timer *wait_over;

	struct smbcontrol *control;
	uint64_t controlled;     /* the key of the session that it is for */
	size_t controlled_count; /* sessions that end with it */
	uint64_t closed;
};

static int64_t now_ms(clockid_t clock)
{
	struct timespec now;

	(void)clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t plan_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}

static int64_t unix_s(void)
{
	return now_ms(CLOCK_REALTIME) / 1000;
}

/* Logs it, unless it is what was said last. "": all is well. */
static void tell_story(struct samba_feeding *f, const char *text)
{
	if (strncmp(f->story, text, sizeof f->story - 1) == 0)
		return;
	(void)snprintf(f->story, sizeof f->story, "%s", text);
	if (f->story[0] != '\0')
		log_write(LOG_LEVEL_WARNING, "feed: %s", f->story);
	else
		log_write(LOG_LEVEL_NOTICE, "feed: smbstatus tells of Samba's sessions again");
}

/* ---- what netsessiond is told ---- */

/* Logged once: where there is no room for one, there is none for many. */
static void refuse(struct samba_feeding *f, const char *why)
{
	if (f->refused++ == 0)
		log_write(LOG_LEVEL_WARNING, "feed: sessions are not shown: %s", why);
}

/* A number for its smbd, with which it ends: a pid has 22 bits, and a node's number few. */
static uint32_t group_of(const struct known_session *s)
{
	uint32_t node = s->node != SMBSTATUS_NO_CLUSTER ? s->node + 1 : 0;

	return (uint32_t)s->identity.pid ^ node << 22;
}

/* As the relay tells it: with the \\ by which Windows' callers know it, and which Samba leaves out.
 */
static bool put(void *context, struct known_session *s)
{
	struct samba_feeding *f = context;
	int64_t active_s = unix_s() - s->started_s;
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

	if (f->feed == NULL)
		return false;
	(void)snprintf(client, sizeof client, "%s%s",
	               strncmp(s->client, "\\\\", 2) != 0 ? "\\\\" : "", s->client);
	status = netsession_feed_put_in_group(f->feed, s->key, group_of(s), &row);

	if (status == 0)
		return true;
	if (s->is_told)
		netsession_feed_remove(f->feed, s->key);
	s->is_unfit = status == ERROR_INVALID_PARAMETER;
	s->is_refused = !s->is_unfit;
	if (s->is_unfit)
		log_write(
			LOG_LEVEL_WARNING,
			"feed: a session is not shown, since its names cannot be told: %s from %s",
			s->user, s->client);
	else
		refuse(f, "there are more than netsessiond takes");
	return false;
}

static void touch(void *context, const struct known_session *s)
{
	struct samba_feeding *f = context;

	netsession_feed_touch(f->feed, s->key, s->num_opens, 0);
}

static void take_away(void *context, const struct known_session *s)
{
	struct samba_feeding *f = context;

	netsession_feed_remove(f->feed, s->key);
}

static bool seen(void *context, const struct known_session *s, int64_t started_s,
                 uint32_t *num_opens, int64_t *seen_started_s)
{
	struct samba_feeding *f = context;
	struct netsession_row row = { 0 };

	if (f->seen == NULL ||
	    !f->seen(f->seen_context, s->client, s->user, started_s, &row, seen_started_s))
		return false;
	*num_opens = row.num_opens;
	return true;
}

/* ---- looks ---- */

static void plan_next(struct samba_feeding *f);
static void plan_soon(struct samba_feeding *f);
static void close_next(struct samba_feeding *f);

static bool wants_shares(void *context, const struct smbstatus_list *list)
{
	struct samba_feeding *f = context;

	return (f->looked_ms == 0 || f->plan.began_ms - f->looked_ms > FRESH_ENOUGH_MS) &&
	       known_lacks_starts(f->known, list);
}

/* Who is to be closed was seen again by a look that began later. */
static void judge_closings(struct samba_feeding *f)
{
	for (size_t i = 0; i < known_count(f->known); i++) {
		struct known_session *s = known_at(f->known, i);

		if (s->closing == KNOWN_TO_CLOSE && s->closing_since < f->looks)
			s->closing = KNOWN_IS_SURE;
		if (s->closing == KNOWN_CLOSING && plan_ms() > s->closing_by_ms) {
			log_write(LOG_LEVEL_WARNING,
			          "feed: smbd %" PRIu64 " was told to end, and did not",
			          s->identity.pid);
			s->closing = KNOWN_OPEN;
		}
	}
}

/* Callers that asked since the last look get an answer now. */
static void tell_fresh(struct samba_feeding *f)
{
	if (f->feed != NULL)
		netsession_feed_fresh(f->feed);
}

/* ---- who waits for a look ---- */

static void mind_waits(struct samba_feeding *f);

static void end_wait(struct samba_feeding *f, struct samba_feeding_wait *wait, bool is_current)
{
	TAILQ_REMOVE(&f->waits, wait, next);
	wait->is_waiting = false;
	wait->over(wait->context, is_current);
}

static void end_waits(struct samba_feeding *f, bool is_current)
{
	struct samba_feeding_wait *wait;

	while ((wait = TAILQ_FIRST(&f->waits)) != NULL && wait->since < f->looks)
		end_wait(f, wait, is_current);
	mind_waits(f);
}

static void on_wait_over(void *context)
{
	struct samba_feeding *f = context;
	struct samba_feeding_wait *wait;

	while ((wait = TAILQ_FIRST(&f->waits)) != NULL && wait->until_ms <= plan_ms())
		end_wait(f, wait, false);
	mind_waits(f);
}

/* Without a timer they wait for the look itself, which has a deadline of its own. */
static void mind_waits(struct samba_feeding *f)
{
	const struct samba_feeding_wait *first = TAILQ_FIRST(&f->waits);

	net_timer_stop(f->wait_over);
	f->wait_over = NULL;
	if (first != NULL)
		f->wait_over = net_timer_start(
			f->loop,
			first->until_ms > plan_ms() ? (uint32_t)(first->until_ms - plan_ms()) : 0,
			on_wait_over, f);
}

bool samba_feeding_wait(struct samba_feeding *f, struct samba_feeding_wait *wait)
{
	if (wait->is_waiting)
		return true;
	if (poll_plan_is_pausing(&f->plan, plan_ms()))
		return false;
	wait->is_waiting = true;
	wait->since = f->looks;
	wait->until_ms = plan_ms() + SAMBA_FEEDING_WAIT_MS;
	TAILQ_INSERT_TAIL(&f->waits, wait, next);
	mind_waits(f);
	poll_plan_want(&f->plan);
	plan_soon(f);
	return true;
}

void samba_feeding_forget(struct samba_feeding *f, struct samba_feeding_wait *wait)
{
	if (!wait->is_waiting)
		return;
	TAILQ_REMOVE(&f->waits, wait, next);
	wait->is_waiting = false;
	mind_waits(f);
}

/* ---- looks ---- */

static enum poll_plan_found take(struct samba_feeding *f, const struct smbstatus_list *list)
{
	enum known_change change = known_take(f->known, list, unix_s());

	if (change == KNOWN_NO_MEMORY) {
		tell_story(f, "smbstatus: out of memory");
		return POLL_PLAN_FAILED;
	}
	if (list->passed_over > 0)
		tell_story(f, "smbstatus tells of sessions in a form that is not known");
	else
		tell_story(f, "");
	f->looked_ms = f->plan.began_ms;
	judge_closings(f);
	return change == KNOWN_CHANGED ? POLL_PLAN_CHANGED : POLL_PLAN_SAME;
}

static void on_looked(void *context, struct smbstatus_list *list, const char *story)
{
	struct samba_feeding *f = context;
	enum poll_plan_found found = POLL_PLAN_FAILED;

	f->look = NULL;
	if (list != NULL)
		found = take(f, list);
	else
		tell_story(f, story);
	smbstatus_list_free(list);
	f->failed_looks += found == POLL_PLAN_FAILED;
	if (poll_plan_ended(&f->plan, plan_ms(), found))
		tell_fresh(f);
	end_waits(f, found != POLL_PLAN_FAILED);
	close_next(f);
	plan_next(f);
}

static void on_due(void *context)
{
	plan_next(context);
}

/* The relay calls this: the look begins later, so that it does not call the relay back at once. */
static void plan_soon(struct samba_feeding *f)
{
	net_timer_stop(f->due);
	f->due = net_timer_start(f->loop, 0, on_due, f);
}

static void look(struct samba_feeding *f)
{
	static const struct smbstatus_handler handler = { wants_shares, on_looked };

	poll_plan_began(&f->plan, plan_ms());
	f->looks++;
	f->look = smbstatus_start(f->loop, f->smb_conf, &handler, f);
	if (f->look != NULL)
		return;
	f->failed_looks++;
	tell_story(f, "smbstatus: out of memory");
	if (poll_plan_ended(&f->plan, plan_ms(), POLL_PLAN_FAILED))
		tell_fresh(f);
	end_waits(f, false);
}

static void plan_next(struct samba_feeding *f)
{
	int64_t due_ms;

	net_timer_stop(f->due);
	f->due = NULL;
	if (f->feed == NULL && TAILQ_EMPTY(&f->waits))
		return;
	if (poll_plan_due_ms(&f->plan, plan_ms()) == 0)
		look(f);
	due_ms = poll_plan_due_ms(&f->plan, plan_ms());
	if (due_ms >= 0)
		f->due = net_timer_start(f->loop, (uint32_t)due_ms, on_due, f);
}

/* ---- closing ---- */

/* With its smbd all its sessions end. Returns how many of them change. */
static size_t change_closing(struct samba_feeding *f, const struct known_session *one,
                             enum known_closing from, enum known_closing to)
{
	size_t changed = 0;

	for (size_t i = 0; i < known_count(f->known); i++) {
		struct known_session *s = known_at(f->known, i);

		if (s->closing != from || !known_is_beside(s, one))
			continue;
		s->closing = to;
		s->closing_by_ms = plan_ms() + POLL_PLAN_EXPECT_MS;
		changed++;
	}
	return changed;
}

static void on_controlled(void *context, const char *story)
{
	struct samba_feeding *f = context;
	const struct known_session *s = known_find(f->known, f->controlled);

	f->control = NULL;
	if (story == NULL) {
		f->closed += f->controlled_count;
	} else if (s != NULL) {
		log_write(LOG_LEVEL_WARNING, "feed: smbd %" PRIu64 " cannot be told to end: %s",
		          s->identity.pid, story);
		(void)change_closing(f, s, KNOWN_CLOSING, KNOWN_OPEN);
	}
	/* Whatever it says: that smbd may have ended by itself. */
	poll_plan_expect(&f->plan, plan_ms());
	close_next(f);
	if (f->control == NULL)
		poll_plan_want(&f->plan);
	plan_next(f);
}

/* Names sessions, as many as there is room for: "alice from 192.0.2.7, bob from 192.0.2.7". */
struct names {
	char text[NAMES_BYTES];
	size_t used;
	unsigned left_out;
};

static void add_name(struct names *n, const struct known_session *s)
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
static void log_closing(const char *how, const struct names *closed, const struct names *beside)
{
	char more[2][32] = { "", "" };
	const struct names *both[2] = { closed, beside };

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

static int compare_smbds(const void *left, const void *right)
{
	const struct known_session *a = *(const struct known_session *const *)left,
				   *b = *(const struct known_session *const *)right;

	if (a->identity.pid != b->identity.pid)
		return a->identity.pid < b->identity.pid ? -1 : 1;
	if (a->identity.unique_id != b->identity.unique_id)
		return a->identity.unique_id < b->identity.unique_id ? -1 : 1;
	return (a->node > b->node) - (a->node < b->node);
}

static bool is_meant(const struct known_session *s, const char *client, const char *user)
{
	return (client[0] == '\0' || strcasecmp(s->client, client) == 0) &&
	       (user[0] == '\0' || text_equal_nocase(s->user, user));
}

void samba_feeding_log_closing(struct samba_feeding *f, const char *client, const char *user)
{
	struct names closed = { 0 }, beside = { 0 };
	size_t count = known_count(f->known), meant = 0;
	const struct known_session **smbds = calloc(count + 1, sizeof(struct known_session *));

	if (smbds == NULL)
		return;
	user = user != NULL ? user : "";
	client = client == NULL ? "" : strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
	for (size_t i = 0; i < count; i++)
		if (is_meant(known_at(f->known, i), client, user)) {
			smbds[meant++] = known_at(f->known, i);
			add_name(&closed, known_at(f->known, i));
		}
	qsort(smbds, meant, sizeof(struct known_session *), compare_smbds);
	for (size_t i = 0; i < count; i++) {
		const struct known_session *s = known_at(f->known, i);

		if (!is_meant(s, client, user) && meant > 0 &&
		    bsearch(&s, smbds, meant, sizeof(struct known_session *), compare_smbds) !=
		            NULL)
			add_name(&beside, s);
	}
	if (meant > 0)
		log_closing("NetrSessionDel", &closed, &beside);
	free(smbds);
}

/* One at a time: each is a program that is run. */
static void close_next(struct samba_feeding *f)
{
	for (size_t i = 0; i < known_count(f->known) && f->control == NULL; i++) {
		struct known_session *s = known_at(f->known, i);
		struct names closed = { 0 }, beside = { 0 };

		if (s->closing != KNOWN_IS_SURE)
			continue;
		for (size_t o = 0; o < known_count(f->known); o++) {
			const struct known_session *other = known_at(f->known, o);

			if (known_is_beside(s, other))
				add_name(other->closing == KNOWN_IS_SURE ? &closed : &beside,
				         other);
		}
		log_closing("feed", &closed, &beside);
		f->controlled = s->key;
		f->control = smbcontrol_shutdown(f->loop, f->smb_conf, &s->identity, s->node,
		                                 on_controlled, f);
		f->controlled_count = change_closing(
			f, s, KNOWN_IS_SURE, f->control != NULL ? KNOWN_CLOSING : KNOWN_OPEN);
		if (f->control == NULL)
			log_write(LOG_LEVEL_WARNING, "feed: out of memory: it is not closed");
	}
}

/* ---- what netsessiond says ---- */

static void on_close(void *context, uint64_t key)
{
	struct samba_feeding *f = context;
	struct known_session *s = known_find(f->known, key);

	if (s == NULL || s->closing != KNOWN_OPEN)
		return;
	s->closing = KNOWN_TO_CLOSE;
	s->closing_since = f->looks;
	poll_plan_want(&f->plan);
	poll_plan_expect(&f->plan, plan_ms());
}

static void on_refused(void *context, uint64_t key, const struct netsession_error *error)
{
	struct samba_feeding *f = context;
	struct known_session *s = known_find(f->known, key);

	if (s != NULL) {
		s->is_told = false;
		s->is_refused = true;
	}
	refuse(f, error->text);
}

static void on_asked(void *context)
{
	struct samba_feeding *f = context;

	if (!poll_plan_ask(&f->plan, plan_ms()))
		netsession_feed_fresh(f->feed);
}

/* ---- the connection ---- */

static void on_opened(void *context)
{
	struct samba_feeding *f = context;

	f->feed = feed_connection_feed(f->connection);
	f->refused = 0;
	poll_plan_want(&f->plan);
	plan_next(f);
}

static void on_lost(void *context)
{
	struct samba_feeding *f = context;

	net_timer_stop(f->due);
	f->due = NULL;
	smbstatus_cancel(f->look);
	f->look = NULL;
	smbcontrol_cancel(f->control);
	f->control = NULL;
	f->feed = NULL;
	f->plan = (struct poll_plan){ 0 };
	known_untell(f->known);
	if (TAILQ_EMPTY(&f->waits))
		return;
	poll_plan_want(&f->plan);
	plan_soon(f);
}

/* ---- from its beginning to its end ---- */

struct samba_feeding *samba_feeding_new(struct net_loop *loop,
                                        const struct samba_feeding_settings *settings)
{
	static const struct known_handler to_netsessiond = { put, touch, take_away, seen };
	static const struct netsession_feed_handler said = { on_close, on_refused, on_asked };
	static const struct feed_connection_handler connection = { &said, on_opened, on_due,
		                                                   on_lost };
	struct samba_feeding *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->loop = loop;
	TAILQ_INIT(&f->waits);
	f->smb_conf = strdup(settings->smb_conf);
	f->seen = settings->seen;
	f->seen_context = settings->context;
	f->known = known_new(settings->guest_account, &to_netsessiond, f);
	if (f->known != NULL && f->smb_conf != NULL && !settings->is_off)
		f->connection = feed_connection_new(loop, settings->feed_socket, &connection, f);
	if (f->known != NULL && f->smb_conf != NULL && (settings->is_off || f->connection != NULL))
		return f;
	known_free(f->known);
	free(f->smb_conf);
	free(f);
	return NULL;
}

void samba_feeding_free(struct samba_feeding *f)
{
	if (f == NULL)
		return;
	on_lost(f);
	net_timer_stop(f->due);
	net_timer_stop(f->wait_over);
	feed_connection_free(f->connection);
	known_free(f->known);
	free(f->smb_conf);
	free(f);
}

void samba_feeding_state(const struct samba_feeding *f, struct samba_feeding_state *state)
{
	*state = (struct samba_feeding_state){
		.is_connected = f->feed != NULL,
		.runs = f->looks,
		.failed_runs = f->failed_looks,
		.closed = f->closed,
		.story = f->connection == NULL ? "it is off: --no-feed"
		         : f->feed != NULL     ? f->story
		                               : feed_connection_story(f->connection),
	};
	for (size_t i = 0; i < known_count(f->known); i++)
		state->sessions += known_at(f->known, i)->is_told;
}

uint32_t samba_feeding_count(const struct samba_feeding *f, const char *client, const char *user,
                             int64_t started_s)
{
	return known_count_names(f->known, client, user, started_s);
}

const char *samba_feeding_transport(const struct samba_feeding *f, const char *client,
                                    const char *user)
{
	return known_transport(f->known, client, user);
}
