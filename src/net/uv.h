/* SPDX-License-Identifier: MIT */
/* Inside src/net only: the loop of libuv, and the meaning of its errors. */
#ifndef NET_UV_H
#define NET_UV_H

#include <stdbool.h>
#include <sys/queue.h>
#include <uv.h>
#include "base/err.h"
#include "net/turn_group.h"
#include "net/work_line.h"

struct net_stream;
struct net_timer;

/* Who waits for a turn (turn.c). */
struct net_turns {
	TAILQ_HEAD(, net_turn_group)
	groups;                       /* with members that wait, in the order of their turns */
	struct net_turn_group others; /* of those who have no group */
	/* While somebody waits: the check is called when all sockets were looked at, and the idle
	 * handle lets the loop not wait for them. */
	uv_idle_t idle;
	uv_check_t check;
	bool has_handles, is_running;
	const struct net_turn *granted; /* whose turn it is; NULL: nobody was waiting */
	uint64_t round;
};

struct net_loop {
	uv_loop_t *uv;
	uv_loop_t own; /* uv points to it, unless the program owns the loop */
	/* Timers for net_timer_start. */
	SLIST_HEAD(, net_timer) reserve;
	unsigned reserve_count;
	/* Streams that net_stream_finish has not closed yet, the oldest first. */
	TAILQ_HEAD(, net_stream) finishing;
	unsigned finishing_count;
	struct net_turns turns;
	/* A stream that net_loop_run waits for without libuv; NULL: there is none. */
	struct net_stream *alone;
	int alone_socket;
	void (*alone_wake)(struct net_stream *s, bool is_readable);
	bool is_running; /* libuv runs */
	struct net_work_line lines[NET_WORK_QUEUES];
};

/* Records the meaning of a failed connect, read or write. */
void net_uv_error(struct err *err, int uv_error, const char *step);
/* The same for a connect to a Unix socket. */
void net_uv_local_error(struct err *err, int uv_error, const char *step);

#endif
