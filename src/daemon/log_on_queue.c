/* SPDX-License-Identifier: MIT */
#include "daemon/log_on_queue.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/counters.h"

/* libuv's pool has four threads. The others are for local callers, and for smbstatus' output. */
#define MAX_RUNNING 2

/* How often delayed guesses are looked at. */
#define DELAYED_CHECK_MS 50

TAILQ_HEAD(log_on_turns, log_on_turn);

/* A source with steps that wait. */
struct log_on_source {
	TAILQ_ENTRY(log_on_source) entry;
	struct net_source source;
	struct log_on_turns waiting;
};

struct log_on_queue {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct guesses *guesses;
	TAILQ_HEAD(, log_on_source) sources; /* the next one first */
	struct log_on_turns delayed;
	struct net_timer *check;
	unsigned running;
	bool is_starting; /* start is called: nothing else is started meanwhile */
	bool is_freed;    /* but steps still run */
};

struct log_on_queue *log_on_queue_new(struct net_loop *loop, struct srvsvc_server *service)
{
	struct log_on_queue *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->loop = loop;
	q->service = service;
	TAILQ_INIT(&q->sources);
	TAILQ_INIT(&q->delayed);
	q->guesses = guesses_new();
	if (q->guesses != NULL)
		return q;
	free(q);
	return NULL;
}

void log_on_queue_free(struct log_on_queue *q)
{
	if (q == NULL)
		return;
	q->is_freed = true;
	net_timer_stop(q->check);
	q->check = NULL;
	if (q->running > 0)
		return;
	guesses_free(q->guesses);
	free(q);
}

struct net_loop *log_on_queue_loop(const struct log_on_queue *q)
{
	return q->loop;
}

static int64_t log_on_queue_now_ms(const struct log_on_queue *q)
{
	return q->service->now_ms(q->service->context);
}

static struct guess log_on_guess(const struct log_on_turn *turn)
{
	struct guess guess = { .account = turn->account };

	_Static_assert(sizeof guess.source == sizeof turn->source, "a source fits");
	memcpy(guess.source, &turn->source, sizeof guess.source);
	return guess;
}

/* ---- turns ---- */

static void log_on_queue_run(struct log_on_queue *q)
{
	while (!q->is_starting && q->running < MAX_RUNNING && !TAILQ_EMPTY(&q->sources)) {
		struct log_on_source *s = TAILQ_FIRST(&q->sources);
		struct log_on_turn *turn = TAILQ_FIRST(&s->waiting);

		TAILQ_REMOVE(&s->waiting, turn, entry);
		TAILQ_REMOVE(&q->sources, s, entry);
		if (TAILQ_EMPTY(&s->waiting))
			free(s);
		else
			TAILQ_INSERT_TAIL(&q->sources, s, entry);
		turn->of = NULL;
		turn->state = LOG_ON_RUNNING;
		q->running++;
		q->is_starting = true;
		turn->start(turn->context);
		q->is_starting = false;
	}
}

static struct log_on_source *log_on_queue_source(struct log_on_queue *q,
                                                 const struct net_source *source)
{
	struct log_on_source *s;

	TAILQ_FOREACH(s, &q->sources, entry)
		if (memcmp(&s->source, source, sizeof *source) == 0)
			return s;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->source = *source;
	TAILQ_INIT(&s->waiting);
	TAILQ_INSERT_TAIL(&q->sources, s, entry);
	return s;
}

/* False: out of memory. */
static bool log_on_queue_await_thread(struct log_on_queue *q, struct log_on_turn *turn)
{
	turn->of = log_on_queue_source(q, &turn->source);
	if (turn->of == NULL)
		return false;
	TAILQ_INSERT_TAIL(&turn->of->waiting, turn, entry);
	turn->state = LOG_ON_WAITING;
	return true;
}

/* ---- guesses ---- */

/* Whether the guess may begin; it begins then. */
static bool log_on_queue_begin_guess(struct log_on_queue *q, const struct log_on_turn *turn)
{
	const struct guess guess = log_on_guess(turn);
	int64_t now_ms = log_on_queue_now_ms(q);

	if (guesses_due_ms(q->guesses, &guess, now_ms) > now_ms)
		return false;
	guesses_begin(q->guesses, &guess, now_ms);
	return true;
}

/* The first turns of all sources stand before the second ones, and so on: a source that guesses at
 * an account on many connections does not keep another source from it. */
static void log_on_queue_delay(struct log_on_queue *q, struct log_on_turn *turn)
{
	struct log_on_turn *other;

	turn->rank = 0;
	TAILQ_FOREACH(other, &q->delayed, entry)
		if (memcmp(&other->source, &turn->source, sizeof turn->source) == 0)
			turn->rank++;
	TAILQ_FOREACH(other, &q->delayed, entry)
		if (other->rank > turn->rank)
			break;
	if (other != NULL)
		TAILQ_INSERT_BEFORE(other, turn, entry);
	else
		TAILQ_INSERT_TAIL(&q->delayed, turn, entry);
}

static void log_on_queue_on_check(void *context);

/* Without memory for a timer, delayed guesses wait until another one comes. */
static void log_on_queue_schedule_check(struct log_on_queue *q)
{
	if (q->check == NULL && !TAILQ_EMPTY(&q->delayed))
		q->check = net_timer_start(q->loop, DELAYED_CHECK_MS, log_on_queue_on_check, q);
}

static void log_on_queue_on_check(void *context)
{
	struct log_on_queue *q = context;
	struct log_on_turn *turn, *next;

	net_timer_stop(q->check);
	q->check = NULL;
	for (turn = TAILQ_FIRST(&q->delayed); turn != NULL; turn = next) {
		next = TAILQ_NEXT(turn, entry);
		if (!log_on_queue_begin_guess(q, turn))
			continue;
		TAILQ_REMOVE(&q->delayed, turn, entry);
		if (log_on_queue_await_thread(q, turn))
			continue;
		TAILQ_INSERT_HEAD(&q->delayed, turn, entry); /* again at the next check */
	}
	log_on_queue_schedule_check(q);
	log_on_queue_run(q);
}

/* ---- the owner's calls ---- */

bool log_on_queue_enter(struct log_on_queue *q, struct log_on_turn *turn)
{
	if (turn->is_guess && !log_on_queue_begin_guess(q, turn)) {
		counters_add(COUNTER_LOG_ONS_DELAYED, 1);
		log_on_queue_delay(q, turn);
		turn->state = LOG_ON_DELAYED;
		log_on_queue_schedule_check(q);
		if (q->check == NULL)
			log_on_queue_leave(q, turn);
		return q->check != NULL;
	}
	if (!log_on_queue_await_thread(q, turn))
		return false;
	log_on_queue_run(q);
	return true;
}

void log_on_queue_judge(struct log_on_queue *q, const struct log_on_turn *turn, bool is_right)
{
	const struct guess guess = log_on_guess(turn);

	if (turn->is_guess && turn->state == LOG_ON_RUNNING && !q->is_freed)
		guesses_end(q->guesses, &guess, is_right, log_on_queue_now_ms(q));
}

void log_on_queue_leave(struct log_on_queue *q, struct log_on_turn *turn)
{
	switch (turn->state) {
	case LOG_ON_OUTSIDE:
		return;
	case LOG_ON_DELAYED:
		TAILQ_REMOVE(&q->delayed, turn, entry);
		break;
	case LOG_ON_WAITING:
		TAILQ_REMOVE(&turn->of->waiting, turn, entry);
		if (TAILQ_EMPTY(&turn->of->waiting)) {
			TAILQ_REMOVE(&q->sources, turn->of, entry);
			free(turn->of);
		}
		break;
	case LOG_ON_RUNNING:
		q->running--;
		break;
	}
	turn->state = LOG_ON_OUTSIDE;
	if (q->is_freed)
		log_on_queue_free(q);
	else
		log_on_queue_run(q);
}
