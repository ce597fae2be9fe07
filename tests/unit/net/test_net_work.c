/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <cmocka.h>
#include "group.h"
#include "net/work.h"

#define HANG_S 120 /* a bound on waiting for what must come */
#define JOBS   8

/* Stands still in run until it may go on, and counts what happens to it. */
struct job {
	sem_t may_run, ran, dropped;
	pthread_t worker;
	sigset_t blocked; /* on the worker */
	bool done_on_loop, done_before_drop, done_after_run;
	int has_run, done_calls, drops;
};

static pthread_t loop_thread;

static void wait_for(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += HANG_S;
	assert_int_equal(sem_timedwait(semaphore, &until), 0);
}

static void run(void *argument)
{
	struct job *job = argument;

	while (sem_wait(&job->may_run) != 0)
		;
	job->worker = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &job->blocked);
	job->has_run = 1;
	sem_post(&job->ran);
}

static void done(void *argument)
{
	struct job *job = argument;

	job->done_calls++;
	job->done_on_loop = pthread_equal(pthread_self(), loop_thread) != 0;
	job->done_after_run = job->has_run;
	job->done_before_drop = job->drops == 0;
}

static void drop(void *argument)
{
	struct job *job = argument;

	job->drops++;
	sem_post(&job->dropped);
}

static const struct net_work_job kind = { run, done, drop, .delays_exit_ms = 1000 };

static void job_init(struct job *job)
{
	*job = (struct job){ .has_run = 0 };
	sem_init(&job->may_run, 0, 0);
	sem_init(&job->ran, 0, 0);
	sem_init(&job->dropped, 0, 0);
}

static struct net_work *start(struct net_loop *loop, struct job *job)
{
	struct net_work *work;

	job_init(job);
	work = net_work_start(loop, &kind, job, job);
	assert_non_null(work);
	return work;
}

static struct net_loop *new_loop(void)
{
	struct net_loop *loop = net_loop_new();

	assert_non_null(loop);
	loop_thread = pthread_self();
	return loop;
}

static void done_is_called_on_the_loop_after_run_and_before_drop(void **state)
{
	struct net_loop *loop = new_loop();
	struct job job;

	(void)state;
	start(loop, &job);
	sem_post(&job.may_run);
	net_loop_run(loop);
	wait_for(&job.dropped);
	assert_int_equal(job.done_calls, 1);
	assert_int_equal(job.drops, 1);
	assert_true(job.done_on_loop);
	assert_true(job.done_after_run);
	assert_true(job.done_before_drop);
	assert_false(pthread_equal(job.worker, loop_thread));
	net_loop_free(loop);
}

static void done_is_never_called_from_within_start(void **state)
{
	struct net_loop *loop = new_loop();
	struct job job;

	(void)state;
	start(loop, &job);
	sem_post(&job.may_run);
	wait_for(&job.ran);
	assert_int_equal(job.done_calls, 0);
	assert_int_equal(job.drops, 0);
	net_loop_run(loop);
	wait_for(&job.dropped);
	assert_int_equal(job.done_calls, 1);
	net_loop_free(loop);
}

static void an_abandoned_job_does_not_hold_the_loop(void **state)
{
	struct net_loop *loop = new_loop();
	struct job job;

	(void)state;
	net_work_abandon(start(loop, &job));
	net_loop_run(loop); /* comes back while the job stands still */
	net_loop_free(loop);
	assert_int_equal(job.has_run, 0);
	assert_int_equal(job.drops, 0);
	sem_post(&job.may_run);
	wait_for(&job.dropped);
	assert_int_equal(job.has_run, 1);
	assert_int_equal(job.done_calls, 0);
	assert_int_equal(job.drops, 1);
}

static void a_job_abandoned_after_it_ran_does_not_call_back(void **state)
{
	const struct timespec a_moment = { .tv_nsec = 20000000 };
	struct net_loop *loop = new_loop();
	struct net_work *work;
	struct job job;

	(void)state;
	work = start(loop, &job);
	sem_post(&job.may_run);
	wait_for(&job.ran);
	nanosleep(&a_moment, NULL); /* for the worker to tell the loop */
	net_work_abandon(work);
	net_loop_run(loop);
	wait_for(&job.dropped);
	assert_int_equal(job.done_calls, 0);
	assert_int_equal(job.drops, 1);
	net_loop_free(loop);
}

static void jobs_end_each_for_itself(void **state)
{
	struct net_loop *loop = new_loop();
	struct job jobs[JOBS];
	struct net_work *works[JOBS];

	(void)state;
	for (size_t i = 0; i < JOBS; i++)
		works[i] = start(loop, &jobs[i]);
	for (size_t i = 1; i < JOBS; i += 2)
		net_work_abandon(works[i]);
	for (size_t i = 0; i < JOBS; i++)
		sem_post(&jobs[i].may_run);
	net_loop_run(loop);
	for (size_t i = 0; i < JOBS; i++) {
		wait_for(&jobs[i].dropped);
		assert_int_equal(jobs[i].done_calls, i % 2 == 0);
		assert_int_equal(jobs[i].drops, 1);
	}
	net_loop_free(loop);
}

static void signals_are_left_to_the_program_s_threads(void **state)
{
	struct net_loop *loop = new_loop();
	sigset_t mine;
	struct job job;

	(void)state;
	start(loop, &job);
	sem_post(&job.may_run);
	net_loop_run(loop);
	wait_for(&job.dropped);
	assert_true(sigismember(&job.blocked, SIGTERM));
	assert_true(sigismember(&job.blocked, SIGCHLD));
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	assert_false(sigismember(&mine, SIGTERM));
	net_loop_free(loop);
}

static void no_job_may_be_abandoned_too(void **state)
{
	struct net_loop *loop = new_loop();
	struct job job;

	(void)state;
	start(loop, &job);
	net_work_abandon(NULL); /* and of the jobs that there are none is abandoned by it */
	sem_post(&job.may_run);
	net_loop_run(loop);
	wait_for(&job.dropped);
	assert_int_equal(job.done_calls, 1);
	assert_int_equal(job.drops, 1);
	net_loop_free(loop);
}

static const struct net_work_job queued = { run, done, drop, .delays_exit_ms = 1000,
	                                    .queue = NET_WORK_LOOKUPS };

enum { MANY = NET_WORK_AT_ONCE + JOBS };

static int count_running(struct job jobs[], int count)
{
	int running = 0;

	for (int i = 0; i < count; i++)
		running += jobs[i].has_run;
	return running;
}

static void jobs_of_a_queue_wait_for_each_other(void **state)
{
	struct net_loop *loop = new_loop();
	static struct job jobs[MANY];
	struct net_work *works[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		job_init(&jobs[i]);
		works[i] = net_work_start(loop, &queued, &jobs[i], &jobs[i]);
		assert_non_null(works[i]);
	}
	/* The last one may run, and has no thread. */
	sem_post(&jobs[MANY - 1].may_run);
	for (int i = 0; i < NET_WORK_AT_ONCE; i++) {
		sem_post(&jobs[i].may_run);
		wait_for(&jobs[i].ran);
	}
	assert_int_equal(count_running(jobs, MANY), NET_WORK_AT_ONCE);
	/* One that waits is abandoned: it never runs. */
	net_work_abandon(works[NET_WORK_AT_ONCE]);
	for (int i = NET_WORK_AT_ONCE + 1; i < MANY - 1; i++)
		sem_post(&jobs[i].may_run);
	net_loop_run(loop);
	assert_int_equal(jobs[NET_WORK_AT_ONCE].drops, 1);
	assert_int_equal(jobs[NET_WORK_AT_ONCE].done_calls, 0);
	assert_int_equal(count_running(jobs, MANY), MANY - 1);
	for (int i = 0; i < MANY; i++) {
		wait_for(&jobs[i].dropped);
		assert_int_equal(jobs[i].done_calls, i != NET_WORK_AT_ONCE);
	}
	net_loop_free(loop);
}

static void an_abandoned_job_makes_room_for_one_that_waits(void **state)
{
	struct net_loop *loop = new_loop();
	static struct job jobs[NET_WORK_AT_ONCE + 1];
	struct net_work *works[NET_WORK_AT_ONCE + 1];

	(void)state;
	for (int i = 0; i <= NET_WORK_AT_ONCE; i++) {
		job_init(&jobs[i]);
		works[i] = net_work_start(loop, &queued, &jobs[i], &jobs[i]);
	}
	for (int i = 0; i < NET_WORK_AT_ONCE; i++)
		net_work_abandon(works[i]);
	sem_post(&jobs[NET_WORK_AT_ONCE].may_run);
	net_loop_run(loop);
	assert_int_equal(jobs[NET_WORK_AT_ONCE].done_calls, 1);
	for (int i = 0; i < NET_WORK_AT_ONCE; i++)
		sem_post(&jobs[i].may_run);
	for (int i = 0; i <= NET_WORK_AT_ONCE; i++)
		wait_for(&jobs[i].dropped);
	net_loop_free(loop);
}

TEST_GROUP(net_work)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_is_called_on_the_loop_after_run_and_before_drop),
		cmocka_unit_test(done_is_never_called_from_within_start),
		cmocka_unit_test(an_abandoned_job_does_not_hold_the_loop),
		cmocka_unit_test(a_job_abandoned_after_it_ran_does_not_call_back),
		cmocka_unit_test(jobs_end_each_for_itself),
		cmocka_unit_test(signals_are_left_to_the_program_s_threads),
		cmocka_unit_test(no_job_may_be_abandoned_too),
		cmocka_unit_test(jobs_of_a_queue_wait_for_each_other),
		cmocka_unit_test(an_abandoned_job_makes_room_for_one_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
