/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <stdlib.h>
#include "net/standard_files.h"
#include "net/uv.h"

struct net_loop *net_loop_new(void)
{
	struct net_loop *loop = calloc(1, sizeof *loop);

	net_standard_files_open();
	if (loop != NULL && uv_loop_init(&loop->own) != 0) {
		free(loop);
		return NULL;
	}
	if (loop == NULL)
		return NULL;
	loop->uv = &loop->own;
	TAILQ_INIT(&loop->finishing);
	return loop;
}

struct net_loop *net_loop_new_on(struct uv_loop_s *uv)
{
	struct net_loop *loop = calloc(1, sizeof *loop);

	net_standard_files_open();
	if (loop == NULL)
		return NULL;
	loop->uv = uv;
	TAILQ_INIT(&loop->finishing);
	return loop;
}

void net_loop_free(struct net_loop *loop)
{
	int busy;

	if (loop != NULL && loop->uv == &loop->own) {
		(void)uv_run(loop->uv,
		             UV_RUN_NOWAIT); /* frees handles that were closed since it ran */
		busy = uv_loop_close(loop->uv);
		assert(busy == 0);
		(void)busy;
	}
	free(loop);
}

void net_loop_run(struct net_loop *loop)
{
	(void)uv_run(loop->uv, UV_RUN_DEFAULT);
}

struct net_timer {
	uv_timer_t uv;
	void (*fired)(void *context);
	void *context;
};

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
	struct net_timer *timer = calloc(1, sizeof *timer);

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
