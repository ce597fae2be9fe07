/* SPDX-License-Identifier: MIT */
#include "daemon/demo.h"

#include <stdlib.h>
#include "daemon/demo_people.h"

#define OLDEST_MS (10u * 3600 * 1000) /* of a session at the start: a working day */

struct demo {
	struct net_loop *loop;
	struct net_timer *timer;
	struct session_table *table;
	struct session_owner owner;
	int64_t (*now_ms)(void *context);
	void *context;
	struct demo_dice dice;
	uint32_t places, population;
	uint32_t *ids;  /* by place, which is a session's key; 0: the place is free */
	uint32_t *away; /* the free places */
	uint32_t away_count;
};

static void demo_end_session(struct demo *d, uint32_t place)
{
	session_table_remove(d->table, d->ids[place]);
	d->ids[place] = 0;
	d->away[d->away_count++] = place;
}

/* Starts a session in one of the free places. False: the table has no room. */
static bool demo_begin_session(struct demo *d, uint32_t oldest_ms)
{
	uint32_t *place = &d->away[demo_dice_below(&d->dice, d->away_count)], id;
	struct demo_session s;

	demo_session_make(&s, &d->dice, d->population, d->now_ms(d->context), oldest_ms);
	id = session_table_add(d->table, &s.facts, &d->owner, *place);
	if (id == 0)
		return false;
	d->ids[*place] = id;
	*place = d->away[--d->away_count];
	return true;
}

static void demo_on_close(void *context, uint64_t place)
{
	demo_end_session(context, (uint32_t)place);
}

static void demo_on_renumbered(void *context, uint64_t place, uint32_t id)
{
	struct demo *d = context;

	d->ids[place] = id;
}

/* A session is used, becomes idle, or ends. Up to one place in twenty stays free for long. */
static void demo_change_session(struct demo *d)
{
	uint32_t place = demo_dice_below(&d->dice, d->places), what = demo_dice_below(&d->dice, 10);

	if (d->ids[place] == 0)
		return;
	if (what == 0) {
		demo_end_session(d, place);
		if (d->away_count > d->places / 20)
			(void)demo_begin_session(d, 1);
		return;
	}
	session_table_touch(d->table, d->ids[place], d->now_ms(d->context));
	session_table_set_opens(d->table, d->ids[place], what < 3 ? 0 : demo_opens(&d->dice));
}

void demo_step(struct demo *d)
{
	if (d->places == 0)
		return;
	/* New sessions start in free places, sooner where many are free. */
	for (uint32_t i = 0; i < DEMO_STEP_CHANGES && d->away_count > 0; i++) {
		uint32_t odds = d->away_count > d->places / 20 ? 4 : 32;

		if (demo_dice_below(&d->dice, odds) == 0 && !demo_begin_session(d, 1))
			break;
	}
	for (uint32_t i = demo_dice_below(&d->dice, DEMO_STEP_CHANGES) + 1; i > 0; i--)
		demo_change_session(d);
}

/* Without memory for the next timer, the sessions stay as they are. */
static void demo_on_timer(void *context)
{
	struct demo *d = context;

	demo_step(d);
	net_timer_stop(d->timer);
	d->timer = net_timer_start(d->loop, DEMO_STEP_MS, demo_on_timer, d);
}

struct demo *demo_new(struct net_loop *loop, struct session_table *table, uint32_t sessions,
                      uint64_t seed, int64_t (*now_ms)(void *context), void *context)
{
	struct demo *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->loop = loop;
	d->table = table;
	d->owner = (struct session_owner){ .close = demo_on_close,
		                           .renumbered = demo_on_renumbered,
		                           .context = d,
		                           .name = "demo" };
	d->now_ms = now_ms;
	d->context = context;
	d->dice.state = seed;
	d->places = sessions;
	d->population = sessions - sessions / 4 + 1; /* some users have two sessions */
	d->ids = calloc(sessions, sizeof *d->ids);
	d->away = calloc(sessions, sizeof *d->away);
	d->timer = net_timer_start(loop, DEMO_STEP_MS, demo_on_timer, d);
	if (((d->ids == NULL || d->away == NULL) && sessions > 0) || d->timer == NULL) {
		demo_free(d);
		return NULL;
	}
	for (uint32_t place = sessions; place > 0; place--)
		d->away[d->away_count++] = place - 1;
	while (d->away_count > 0 && demo_begin_session(d, OLDEST_MS))
		;
	return d;
}

void demo_free(struct demo *d)
{
	if (d == NULL)
		return;
	net_timer_stop(d->timer);
	for (uint32_t place = 0; d->ids != NULL && place < d->places; place++)
		if (d->ids[place] != 0)
			session_table_remove(d->table, d->ids[place]);
	free(d->ids);
	free(d->away);
	free(d);
}
