/* SPDX-License-Identifier: MIT */
/* What becomes of a job that has waited for others when the system has no thread for it. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "group.h"
#include "net/work.h"

enum { WITHOUT_MS = 250 };

static bool has_threads;
static sem_t may_run;
static pthread_t loop_thread;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*main)(void *), void *argument)
{
	return has_threads ? __real_pthread_create(thread, attributes, main, argument) : EAGAIN;
}

struct job {
	bool waits, has_run, is_done, ran_on_loop;
};

static void run(void *argument)
{
	struct job *job = argument;

	if (job->waits)
		sem_wait(&may_run);
	job->ran_on_loop = pthread_equal(pthread_self(), loop_thread) != 0;
	job->has_run = true;
}

static void done(void *argument)
{
	((struct job *)argument)->is_done = true;
}

static void drop(void *argument)
{
	(void)argument;
}

static const struct net_work_job kind = { run, done, drop, .queue = NET_WORK_LOOKUPS };

static struct net_loop *loop;
static struct net_timer *timer;
static struct job jobs[NET_WORK_AT_ONCE + 1], *const last = &jobs[NET_WORK_AT_ONCE];
static struct net_work *last_work;
static bool has_run_without;

/* The queue is full, one job waits behind it, and there are no threads any more. */
static int set_up(void **state)
{
	(void)state;
	loop = net_loop_new();
	loop_thread = pthread_self();
	sem_init(&may_run, 0, 0);
	has_threads = true;
	for (int i = 0; i <= NET_WORK_AT_ONCE; i++) {
		jobs[i] = (struct job){ .waits = i < NET_WORK_AT_ONCE };
		last_work = net_work_start(loop, &kind, &jobs[i], &jobs[i]);
		if (last_work == NULL)
			return -1;
	}
	has_threads = false;
	for (int i = 0; i < NET_WORK_AT_ONCE; i++)
		sem_post(&may_run);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	has_threads = true;
	net_loop_free(loop);
	return 0;
}

static void on_threads_are_back(void *context)
{
	(void)context;
	net_timer_stop(timer);
	has_run_without = last->has_run;
	has_threads = true;
}

static void on_enough(void *context)
{
	(void)context;
	net_timer_stop(timer);
	net_work_abandon(last_work);
}

static void the_loop_goes_on_and_the_job_runs_when_there_is_a_thread_again(void **state)
{
	(void)state;
	timer = net_timer_start(loop, WITHOUT_MS, on_threads_are_back, NULL);
	net_loop_run(loop);
	assert_false(has_run_without);
	assert_true(last->is_done);
	assert_false(last->ran_on_loop);
}

static void a_job_that_is_abandoned_meanwhile_never_runs(void **state)
{
	(void)state;
	timer = net_timer_start(loop, WITHOUT_MS, on_enough, NULL);
	net_loop_run(loop); /* and no attempt to start it keeps the loop */
	assert_false(last->has_run);
	assert_false(last->is_done);
}

TEST_GROUP(net_work_without_threads)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_loop_goes_on_and_the_job_runs_when_there_is_a_thread_again),
		TEST(a_job_that_is_abandoned_meanwhile_never_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
