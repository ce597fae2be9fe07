/* SPDX-License-Identifier: MIT */
#include "sweep_repeat.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "sweep_setup.h"
#include "terminal/terminal.h"

/* The time while the computer sleeps counts. */
static int64_t sweep_repeat_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: a signal has come. Signals are blocked between the look and the wait. The timeout of ppoll
 * would stand still while the computer sleeps; timer is one of the same clock as the turns. */
static bool sweep_repeat_wait_until(int timer, int64_t at_ms)
{
	const struct itimerspec at = { .it_value = { .tv_sec = at_ms / 1000,
		                                     .tv_nsec = at_ms % 1000 * 1000000 } };
	struct pollfd turn = { .fd = timer, .events = POLLIN };
	sigset_t signals, before;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	(void)timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
	(void)pthread_sigmask(SIG_BLOCK, &signals, &before);
	while (!sweep_setup_is_interrupted() && ppoll(&turn, 1, NULL, &before) <= 0)
		;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !sweep_setup_is_interrupted();
}

int sweep_repeat(int64_t every_s, int (*run)(void *context, bool *must_end), void *context)
{
	const int64_t every_ms = every_s * 1000;
	int64_t turn_ms = sweep_repeat_now_ms();
	bool must_end = false;
	int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC), code;

	if (timer < 0) {
		terminal_print_line(stderr, "netsession: the system has no timer for --every");
		return EXIT_NONE;
	}
	sweep_setup_catch_signals();
	do {
		code = run(context, &must_end);
		turn_ms += ((sweep_repeat_now_ms() - turn_ms) / every_ms + 1) * every_ms;
	} while (!must_end && sweep_repeat_wait_until(timer, turn_ms));
	(void)close(timer);
	return code;
}
