/* SPDX-License-Identifier: MIT */
/* Runs other programs to their end: without a shell and without input, in the C locale and in UTC,
 * with a bound on time and output. system/companion.h starts a program that stays; nothing else
 * runs programs. */
#ifndef NET_PROCESS_H
#define NET_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "net/loop.h"

enum { NET_PROCESS_STDERR_BYTES = 256, NET_PROCESS_COMPLAINTS = 4 };

struct net_process_settings {
	const char *const *argv; /* argv[0] is the program's path, NULL is the last; borrowed */
	size_t max_output_bytes; /* of stdout; a program that writes more is killed */
	uint32_t deadline_ms;    /* then the program is killed, with its process group */
	/* Texts to look for in all of stderr, NULL behind the last one, at most
	 * NET_PROCESS_COMPLAINTS. The first character of each stands in it only once. Kept until
	 * the process has ended. NULL: none. */
	const char *const *complaints;
};

/* How a process ended. By then the process is reaped, and its output is complete. */
struct net_process_result {
	struct err err; /* why the process was killed; status 0: it ended by itself */
	int exit;       /* the exit status; -1: a signal ended the process */
	char *output;   /* stdout, ended by a NUL; given: freed by free(). NULL: nothing */
	size_t output_bytes;
	unsigned complained; /* a bit for each complaint that stderr held, 1 for the first */
	/* The beginning and the end of stderr, as one line of UTF-8. "": nothing. */
	char stderr_text[NET_PROCESS_STDERR_BYTES];
};

struct net_process;

/* Whether the program ended by itself with exit status 0. False: err says what happened, beginning
 * with the program's name, and with what the program wrote to stderr. */
bool net_process_succeeded(const struct net_process_result *result, const char *name,
                           struct err *err);

/* Finds an executable: in the folder `first` unless that is NULL, then in PATH, then in the folders
 * where distributions and Samba itself install programs. False: it is in none of them. */
bool net_process_find(const char *name, const char *first, char to[PATH_MAX]);

/* Starts a program beside the loop. Its environment is PATH, LC_ALL=C.UTF-8 and TZ=UTC0, so
 * that its texts and times can be parsed.
 * ended    called once, from the loop, as the last thing; result is borrowed but for its output
 * Returns  NULL: the program cannot be started, see err. */
struct net_process *
net_process_start(struct net_loop *loop, const struct net_process_settings *settings,
                  void (*ended)(void *context, const struct net_process_result *result),
                  void *context, struct err *err);
/* Kills the process; ended is not called. The loop runs until the process is reaped. NULL is
 * allowed. */
void net_process_cancel(struct net_process *process);

/* The same on a loop of its own: blocks until the program has ended.
 * Returns  false: the program could not be started, or was killed: see err; there is no output.
 *          True, whatever its exit status is: result->output is given. */
bool net_process_run(const struct net_process_settings *settings, struct net_process_result *result,
                     struct err *err);

#endif
