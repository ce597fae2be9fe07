/* SPDX-License-Identifier: MIT */
#include "net/turn.h"

#include "net/uv.h"

static struct net_turn_group *turn_group(struct net_turn *t)
{
	struct net_turn_group *g = t->group != NULL ? t->group : &t->loop->turns.others;

	if (!g->is_initialized) {
		TAILQ_INIT(&g->waiting);
		g->is_initialized = true;
	}
	return g;
}

/* ---- who waits ---- */

static void turn_group_queue(struct net_loop *loop, struct net_turn_group *g)
{
	TAILQ_INSERT_TAIL(&loop->turns.groups, g, entry);
	g->is_queued = true;
}

static void turn_group_dequeue(struct net_loop *loop, struct net_turn_group *g)
{
	TAILQ_REMOVE(&loop->turns.groups, g, entry);
	g->is_queued = false;
}

/* Takes t out of its group, and a group without members out of the queue. */
static void turn_leave(struct net_turn *t)
{
	struct net_turn_group *g = turn_group(t);

	TAILQ_REMOVE(&g->waiting, t, entry);
	t->is_waiting = false;
	if (TAILQ_EMPTY(&g->waiting))
		turn_group_dequeue(t->loop, g);
}

static void turn_join(struct net_turn *t, bool is_first)
{
	struct net_turn_group *g = turn_group(t);

	if (is_first)
		TAILQ_INSERT_HEAD(&g->waiting, t, entry);
	else
		TAILQ_INSERT_TAIL(&g->waiting, t, entry);
	t->is_waiting = true;
	if (!g->is_queued)
		turn_group_queue(t->loop, g);
}

/* ---- the clock ---- */

static void turn_on_idle(uv_idle_t *idle)
{
	(void)idle;
}

static void turn_stop_clock(struct net_turns *turns)
{
	uv_idle_stop(&turns->idle);
	uv_check_stop(&turns->check);
	turns->is_running = false;
}

/* Gives the first group a turn, and its place to the next one. */
static void turn_on_check(uv_check_t *check)
{
	struct net_loop *loop = check->data;
	struct net_turn_group *g = TAILQ_FIRST(&loop->turns.groups);
	struct net_turn *t;

	loop->turns.round++;
	if (g == NULL) {
		turn_stop_clock(&loop->turns);
		return;
	}
	t = TAILQ_FIRST(&g->waiting);
	turn_leave(t);
	if (g->is_queued) {
		turn_group_dequeue(loop, g);
		turn_group_queue(loop, g);
	}
	loop->turns.granted = t;
	t->take(t->context);
	loop->turns.granted = NULL;
}

/* The handles belong to the loop, and end with it. */
static void turn_start_clock(struct net_loop *loop)
{
	struct net_turns *turns = &loop->turns;

	if (turns->is_running)
		return;
	if (!turns->has_handles) {
		uv_idle_init(loop->uv, &turns->idle);
		uv_check_init(loop->uv, &turns->check);
		turns->check.data = loop;
		turns->has_handles = true;
	}
	uv_idle_start(&turns->idle, turn_on_idle);
	uv_check_start(&turns->check, turn_on_check);
	turns->is_running = true;
}

/* ---- one member ---- */

void net_turn_init(struct net_turn *t, struct net_loop *loop, struct net_turn_group *group,
                   void (*take)(void *context), void *context)
{
	*t = (struct net_turn){ .take = take, .context = context, .loop = loop, .group = group };
}

void net_turn_set_group(struct net_turn *t, struct net_turn_group *group)
{
	bool was_waiting = t->is_waiting;

	net_turn_cancel(t);
	t->group = group;
	if (was_waiting)
		turn_join(t, false);
}

static void turn_wait(struct net_turn *t, bool is_first)
{
	if (t->is_waiting)
		return;
	turn_start_clock(t->loop);
	turn_join(t, is_first);
}

/* What a group has spent counts until the next round. Rounds go on only while somebody waits, so a
 * group that works a little now and then waits for one round each time that adds up to a turn. */
static void turn_count(struct net_turn *t)
{
	struct net_turn_group *g = turn_group(t);
	uint64_t now_ns = uv_hrtime();

	if (g->round != t->loop->turns.round) {
		g->round = t->loop->turns.round;
		g->spent_ns = 0;
	}
	g->spent_ns += now_ns - t->counted_ns;
	t->counted_ns = now_ns;
}

bool net_turn_begin(struct net_turn *t)
{
	const struct net_turn_group *g = turn_group(t);

	t->counted_ns = uv_hrtime();
	if (t->loop->turns.granted == t)
		return true;
	if (!g->is_queued && !net_turn_is_over(t))
		return true;
	turn_wait(t, false);
	return false;
}

bool net_turn_is_over(struct net_turn *t)
{
	if (t->is_waiting)
		return true;
	turn_count(t);
	return turn_group(t)->spent_ns > (uint64_t)NET_TURN_MS * 1000000;
}

void net_turn_await(struct net_turn *t)
{
	turn_wait(t, true);
}

void net_turn_cancel(struct net_turn *t)
{
	if (t->loop == NULL)
		return;
	if (t->loop->turns.granted == t)
		t->loop->turns.granted = NULL;
	if (t->is_waiting)
		turn_leave(t);
}
