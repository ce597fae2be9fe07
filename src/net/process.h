/* SPDX-License-Identifier: MIT */
/* Other programs, run to their end beside the loop: no shell, no input, the C locale, bounded in
 * time and output. */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "net/loop.h"

enum { NET_PROCESS_STDERR_BYTES = 256 };

struct net_process_settings {
	const char *const *argv; /* argv[0] is the program's path, and NULL ends it; borrowed */
	size_t max_output_bytes;
	uint32_t deadline_ms; /* after which it is killed, and whatever it started */
	/* A text that is looked for in all of its stderr, whose first character it has once; kept
	 * until the child has ended. NULL: none is. */
	const char *complaint;
};

/* How it ended. It is gone by then: its process is reaped, its output is all there. */
struct net_process_result {
	const char *why; /* static text: it had to be killed; NULL: it ended by itself */
	int exit;        /* its exit status; -1: a signal ended it */
	char *output;    /* its stdout, ended by NUL; given: freed by free(). NULL: nothing */
	size_t output_bytes;
	bool has_complained; /* its stderr has the complaint that was looked for */
	char stderr_text[NET_PROCESS_STDERR_BYTES]; /* the beginning of its stderr, as one line; "":
	                                               nothing */
};

struct net_process;

/* Its environment is PATH, LC_ALL=C and TZ=UTC0: what it says of texts and times can be parsed.
 * ended    called once from the loop, as the last thing; end is borrowed but for its output
 * Returns  NULL: it cannot be started, see err. */
struct net_process *
net_process_start(struct net_loop *loop, const struct net_process_settings *settings,
                  void (*ended)(void *context, const struct net_process_result *end), void *context,
                  struct err *err);
/* Kills it; ended will not be called. The loop runs until it is reaped. NULL is allowed. */
void net_process_cancel(struct net_process *child);

#endif
