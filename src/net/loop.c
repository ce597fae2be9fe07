/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include "net/standard_files.h"
#include "net/uv.h"

struct net_timer {
	uv_timer_t uv;
	void (*fired)(void *context);
	void *context;
	SLIST_ENTRY(net_timer) entry; /* in the loop's reserve */
};

/* What waits for a timer that does not start would wait for ever. So a loop has some in reserve for
 * a time without memory. */
enum { RESERVED_TIMERS = 16 };

/* Returns whether the reserve is full. */
static bool loop_fill_reserve(struct net_loop *loop)
{
	while (loop->reserve_count < RESERVED_TIMERS) {
		struct net_timer *timer = calloc(1, sizeof *timer);

		if (timer == NULL)
			return false;
		SLIST_INSERT_HEAD(&loop->reserve, timer, entry);
		loop->reserve_count++;
	}
	return true;
}

/* NULL: the reserve is empty. */
static struct net_timer *loop_take_timer(struct net_loop *loop)
{
	struct net_timer *timer = SLIST_FIRST(&loop->reserve);

	if (timer != NULL) {
		SLIST_REMOVE_HEAD(&loop->reserve, entry);
		loop->reserve_count--;
	}
	return timer;
}

static void loop_free_reserve(struct net_loop *loop)
{
	struct net_timer *timer;

	while ((timer = loop_take_timer(loop)) != NULL)
		free(timer);
}

/* uv NULL: the loop's own, to be initialised. */
static struct net_loop *loop_new(struct uv_loop_s *uv)
{
	struct net_loop *loop = calloc(1, sizeof *loop);

	net_standard_files_open();
	if (loop == NULL)
		return NULL;
	loop->uv = uv != NULL ? uv : &loop->own;
	TAILQ_INIT(&loop->finishing);
	SLIST_INIT(&loop->reserve);
	TAILQ_INIT(&loop->turns.groups);
	for (size_t i = 0; i < NET_WORK_QUEUES; i++) {
		loop->lines[i].loop = loop;
		TAILQ_INIT(&loop->lines[i].waiting);
	}
	if (loop_fill_reserve(loop) && (uv != NULL || uv_loop_init(&loop->own) == 0))
		return loop;
	loop_free_reserve(loop);
	free(loop);
	return NULL;
}

struct net_loop *net_loop_new(void)
{
	return loop_new(NULL);
}

struct net_loop *net_loop_new_on(struct uv_loop_s *uv)
{
	return loop_new(uv);
}

struct uv_loop_s *net_loop_uv(struct net_loop *loop)
{
	return loop->uv;
}

void net_loop_free(struct net_loop *loop)
{
	int busy;

	if (loop != NULL && loop->turns.has_handles) {
		uv_close((uv_handle_t *)&loop->turns.idle, NULL);
		uv_close((uv_handle_t *)&loop->turns.check, NULL);
	}
	if (loop != NULL && loop->uv == &loop->own) {
		(void)uv_run(loop->uv,
		             UV_RUN_NOWAIT); /* frees handles that were closed since it ran */
		busy = uv_loop_close(loop->uv);
		assert(busy == 0);
		(void)busy;
	}
	if (loop != NULL)
		loop_free_reserve(loop);
	free(loop);
}

/* Waits for the one socket until the next timer is due. To watch a socket for one answer, libuv
 * needs eight system calls, and poll(2) is one. */
static void loop_wait_alone(struct net_loop *loop)
{
	struct pollfd socket = { .fd = loop->alone_socket, .events = POLLIN };
	int ready;

	uv_update_time(loop->uv);
	ready = poll(&socket, 1, uv_backend_timeout(loop->uv));
	if (ready >= 0 || errno != EINTR)
		loop->alone_wake(loop->alone, ready > 0);
}

void net_loop_run(struct net_loop *loop)
{
	while (loop->alone != NULL)
		loop_wait_alone(loop);
	loop->is_running = true;
	(void)uv_run(loop->uv, UV_RUN_DEFAULT);
	loop->is_running = false;
}

static void timer_on_fired(uv_timer_t *uv)
{
	struct net_timer *timer = uv->data;

	timer->fired(timer->context);
}

static void timer_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct net_timer *net_timer_start(struct net_loop *loop, uint32_t after_ms,
                                  void (*fired)(void *context), void *context)
{
	struct net_timer *timer;

	(void)loop_fill_reserve(loop);
	timer = loop_take_timer(loop);
	if (timer == NULL)
		return NULL;
	timer->fired = fired;
	timer->context = context;
	timer->uv.data = timer;
	uv_timer_init(loop->uv, &timer->uv);
	uv_update_time(loop->uv);
	uv_timer_start(&timer->uv, timer_on_fired, after_ms, 0);
	return timer;
}

void net_timer_stop(struct net_timer *timer)
{
	if (timer != NULL)
		uv_close((uv_handle_t *)&timer->uv, timer_on_closed);
}
