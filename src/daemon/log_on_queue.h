/* SPDX-License-Identifier: MIT */
/* Inside the SMB endpoint: the steps of log-ons, between the connections that received them and the
 * threads of the pool. A few steps run at a time, so that nothing else waits for a thread; sources
 * take turns, so that none waits for all the steps of another; and a guess waits until it is due
 * (auth/guesses.h). */
#ifndef DAEMON_LOG_ON_QUEUE_H
#define DAEMON_LOG_ON_QUEUE_H

#include "auth/guesses.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "srvsvc/server.h"

struct log_on_queue;
struct log_on_source;

/* A step's place in the queue: a member of the owner's own structure. */
struct log_on_turn {
	/* Set by the owner, before log_on_queue_enter. */
	struct net_source source;
	bool is_guess;
	uint32_t account; /* of a guess: as in struct guess */
	void (*start)(void *context);
	void *context;
	/* The rest belongs to log_on_queue.c. */
	enum { LOG_ON_OUTSIDE, LOG_ON_DELAYED, LOG_ON_WAITING, LOG_ON_RUNNING } state;
	unsigned rank; /* of a delayed turn: how many of its source were delayed before it */
	struct log_on_source *of;
	TAILQ_ENTRY(log_on_turn) entry;
};

/* Keeps loop and service, for its clock. NULL: out of memory. */
struct log_on_queue *log_on_queue_new(struct net_loop *loop, struct srvsvc_server *service);
/* No turn may wait in the queue. Steps that run keep it until they leave. NULL is allowed. */
void log_on_queue_free(struct log_on_queue *q);

struct net_loop *log_on_queue_loop(const struct log_on_queue *q);

/* Has start called once, at once or later. False: out of memory; start is not called. */
bool log_on_queue_enter(struct log_on_queue *q, struct log_on_turn *turn);
/* The guess of a turn that runs was judged. */
void log_on_queue_judge(struct log_on_queue *q, const struct log_on_turn *turn, bool is_right);
/* The step has ended, or will not be started. Nothing happens to a turn that is outside. */
void log_on_queue_leave(struct log_on_queue *q, struct log_on_turn *turn);

#endif
