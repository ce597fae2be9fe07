/* SPDX-License-Identifier: MIT */
#include "sweep_repeat.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include "sweep_setup.h"

/* The time while the computer sleeps counts. */
static int64_t sweep_repeat_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: a signal has come. Signals are blocked between the look and the wait. */
static bool sweep_repeat_wait_until(int64_t at_ms)
{
	sigset_t signals, before;
	int64_t left_ms;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &before);
	while (!sweep_setup_is_interrupted() && (left_ms = at_ms - sweep_repeat_now_ms()) > 0) {
		const struct timespec left = { .tv_sec = left_ms / 1000,
			                       .tv_nsec = left_ms % 1000 * 1000000 };

		(void)ppoll(NULL, 0, &left, &before);
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !sweep_setup_is_interrupted();
}

int sweep_repeat(int64_t every_s, int (*run)(void *context, bool *must_end), void *context)
{
	const int64_t every_ms = every_s * 1000;
	int64_t turn_ms = sweep_repeat_now_ms();
	bool must_end = false;
	int code;

	sweep_setup_catch_signals();
	do {
		code = run(context, &must_end);
		turn_ms += ((sweep_repeat_now_ms() - turn_ms) / every_ms + 1) * every_ms;
	} while (!must_end && sweep_repeat_wait_until(turn_ms));
	return code;
}
