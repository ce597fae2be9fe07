/* SPDX-License-Identifier: MIT */
#include "net/work.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include "net/uv.h"

/* ---- threads ---- */

bool net_thread_start(void *(*main)(void *argument), void *argument)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attributes) != 0)
		return false;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&thread, &attributes, main, argument) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return started;
}

/* ---- jobs on a thread of their own ---- */

/* Abandoned jobs that still run and delay the exit, and for how long they do. */
static atomic_int stragglers, exit_wait_ms;

enum { EXIT_POLL_MS = 5, THREAD_RETRY_MS = 100 };

static void work_wait_abandoned(void)
{
	const struct timespec poll = { .tv_nsec = EXIT_POLL_MS * 1000000L };

	for (int waited_ms = 0;
	     waited_ms < atomic_load(&exit_wait_ms) && atomic_load(&stragglers) > 0;
	     waited_ms += EXIT_POLL_MS)
		nanosleep(&poll, NULL);
}

/* A child process has none of its parent's threads. */
static void work_forget_abandoned(void)
{
	atomic_store(&stragglers, 0);
}

/* At the first job that delays the exit: the libraries that it uses are set up by then, so that
 * their clean-up comes after the wait. */
static void work_register_wait(void)
{
	(void)atexit(work_wait_abandoned);
	(void)pthread_atfork(NULL, NULL, work_forget_abandoned);
}

/* Held by the loop's handle and by the thread. The last holder drops the job. */
struct net_work {
	uv_async_t finished;
	struct net_loop *loop;
	TAILQ_ENTRY(net_work) entry; /* while it waits for its thread */
	bool is_waiting, is_counted; /* used by the loop only, as is_unwanted */
	atomic_int holders;
	pthread_mutex_t mutex; /* guards the next two */
	bool abandoned, has_run;
	bool is_unwanted; /* done is not called; used by the loop only */
	const struct net_work_job *kind;
	void *job, *context;
};

static void work_release_holder(struct net_work *work)
{
	if (atomic_fetch_sub(&work->holders, 1) != 1)
		return;
	work->kind->drop(work->job);
	pthread_mutex_destroy(&work->mutex);
	free(work);
}

static void *work_thread_main(void *argument)
{
	struct net_work *work = argument;
	bool delays_exit;

	work->kind->run(work->job);
	pthread_mutex_lock(&work->mutex);
	work->has_run = true;
	delays_exit = work->abandoned && work->kind->delays_exit_ms > 0;
	if (!work->abandoned)
		uv_async_send(&work->finished);
	pthread_mutex_unlock(&work->mutex);
	work_release_holder(work);
	if (delays_exit)
		atomic_fetch_sub(&stragglers, 1);
	return NULL;
}

static void work_on_closed(uv_handle_t *handle)
{
	work_release_holder(handle->data);
}

/* ---- jobs that wait for a thread ---- */

/* False: the system has no thread for it, and it waits on. */
static bool work_begin_waiting(struct net_work_line *line, struct net_work *work)
{
	atomic_store(&work->holders, 2);
	if (!net_thread_start(work_thread_main, work)) {
		atomic_store(&work->holders, 1);
		return false;
	}
	TAILQ_REMOVE(&line->waiting, work, entry);
	work->is_waiting = false;
	work->is_counted = true;
	line->running++;
	return true;
}

/* Starts the threads of jobs that have waited. */
static void work_advance_line(void *context)
{
	struct net_work_line *line = context;

	net_timer_stop(line->retry);
	line->retry = NULL;
	while (line->running < NET_WORK_AT_ONCE && !TAILQ_EMPTY(&line->waiting))
		if (!work_begin_waiting(line, TAILQ_FIRST(&line->waiting))) {
			line->retry = net_timer_start(line->loop, THREAD_RETRY_MS,
			                              work_advance_line, line);
			return;
		}
}

/* The job does not run any more, or nobody waits for it. */
static void work_leave_line(struct net_work *work)
{
	struct net_work_line *line = &work->loop->lines[work->kind->queue];

	if (work->is_waiting)
		TAILQ_REMOVE(&line->waiting, work, entry);
	else if (work->is_counted)
		line->running--;
	work->is_waiting = work->is_counted = false;
	work_advance_line(line);
}

static void work_on_finished(uv_async_t *async)
{
	struct net_work *work = async->data;

	work_leave_line(work);
	/* The thread does not use work any more when it has unlocked the mutex. */
	pthread_mutex_lock(&work->mutex);
	pthread_mutex_unlock(&work->mutex);
	uv_close((uv_handle_t *)async, work_on_closed);
	if (!work->is_unwanted)
		work->kind->done(work->context);
}

struct net_work *net_work_start(struct net_loop *loop, const struct net_work_job *kind, void *job,
                                void *context)
{
	struct net_work_line *line = &loop->lines[kind->queue];
	struct net_work *work = calloc(1, sizeof *work);

	if (work == NULL || uv_async_init(loop->uv, &work->finished, work_on_finished) != 0) {
		kind->drop(job);
		free(work);
		return NULL;
	}
	work->finished.data = work;
	work->loop = loop;
	work->kind = kind;
	work->job = job;
	work->context = context;
	pthread_mutex_init(&work->mutex, NULL);
	if (kind->queue != NET_WORK_UNLIMITED && line->running >= NET_WORK_AT_ONCE) {
		atomic_init(&work->holders, 1);
		work->is_waiting = true;
		TAILQ_INSERT_TAIL(&line->waiting, work, entry);
		return work;
	}
	atomic_init(&work->holders, 2);
	if (!net_thread_start(work_thread_main, work)) {
		atomic_store(&work->holders, 1);
		uv_close((uv_handle_t *)&work->finished, work_on_closed);
		return NULL;
	}
	work->is_counted = true;
	line->running++;
	return work;
}

void net_work_abandon(struct net_work *work)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (work == NULL)
		return;
	if (work->is_waiting) {
		work_leave_line(work);
		uv_close((uv_handle_t *)&work->finished, work_on_closed);
		return;
	}
	pthread_mutex_lock(&work->mutex);
	work->abandoned = !work->has_run; /* else work_on_finished is due, and closes the handle */
	work->is_unwanted = true;
	if (work->abandoned && work->kind->delays_exit_ms > 0) {
		atomic_fetch_add(&stragglers, 1);
		if (atomic_load(&exit_wait_ms) < work->kind->delays_exit_ms)
			atomic_store(&exit_wait_ms, work->kind->delays_exit_ms);
	}
	pthread_mutex_unlock(&work->mutex);
	if (!work->abandoned)
		return;
	work_leave_line(work);
	if (work->kind->delays_exit_ms > 0)
		pthread_once(&once, work_register_wait);
	uv_close((uv_handle_t *)&work->finished, work_on_closed);
}

/* ---- jobs on the pool ---- */

/* On libuv's own threads: UV_THREADPOOL_SIZE of them, four by default. */
struct net_pooled {
	uv_work_t uv;
	struct net_loop *loop;
	const struct net_pool_job *kind;
	void *job, *context;
	bool is_begun, is_unwanted;
};

static void pool_on_work(uv_work_t *uv)
{
	struct net_pooled *pooled = uv->data;

	pooled->kind->run(pooled->job);
}

/* Also called for a job that is cancelled before it has begun. */
static void pool_on_worked(uv_work_t *uv, int status)
{
	struct net_pooled *pooled = uv->data;

	if (!pooled->is_unwanted && status == 0)
		pooled->kind->done(pooled->context);
	pooled->kind->drop(pooled->job);
	free(pooled);
}

struct net_pooled *net_pool_new(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                void *context)
{
	struct net_pooled *pooled = calloc(1, sizeof *pooled);

	if (pooled == NULL) {
		kind->drop(job);
		return NULL;
	}
	*pooled = (struct net_pooled){ .loop = loop, .kind = kind, .job = job, .context = context };
	pooled->uv.data = pooled;
	return pooled;
}

void net_pool_begin(struct net_pooled *pooled)
{
	/* It fails only without a function to run. */
	(void)uv_queue_work(pooled->loop->uv, &pooled->uv, pool_on_work, pool_on_worked);
	pooled->is_begun = true;
}

struct net_pooled *net_pool_start(struct net_loop *loop, const struct net_pool_job *kind, void *job,
                                  void *context)
{
	struct net_pooled *pooled = net_pool_new(loop, kind, job, context);

	if (pooled != NULL)
		net_pool_begin(pooled);
	return pooled;
}

void net_pool_abandon(struct net_pooled *pooled)
{
	if (pooled == NULL)
		return;
	pooled->is_unwanted = true;
	if (pooled->is_begun) {
		/* drop is called soon if the job does not run yet */
		(void)uv_cancel((uv_req_t *)&pooled->uv);
		return;
	}
	pooled->kind->drop(pooled->job);
	free(pooled);
}
