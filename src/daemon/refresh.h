/* SPDX-License-Identifier: MIT */
/* Whether the table holds what its feeders know. Some of them learn of their sessions only by
 * looking, and look only when somebody asks: so they are asked before a call reads the table, which
 * waits for their answer. Nobody waits where there is no such feeder; and who may not look at any
 * session causes none to look, and does not wait. */
#ifndef DAEMON_REFRESH_H
#define DAEMON_REFRESH_H

#include <stdbool.h>
#include <stdint.h>
#include "net/loop.h"
#include "srvsvc/server.h"

/* What a feeder found by a look that began so long ago is good enough: who asks many times at once
 * causes one look. */
#define REFRESH_VALID_MS 200
/* One that does not answer for so long is not waited for any more, until it does. */
#define REFRESH_TIMEOUT_MS 2000

struct refresh;

/* Keeps loop and service, for its clock. NULL: out of memory. */
struct refresh *refresh_new(struct net_loop *loop, const struct srvsvc_server *service);
/* All sources and waits have gone before. NULL is allowed. */
void refresh_free(struct refresh *f);

/* A feeder that is to be asked: its own part of the feeder, all zero at first. */
struct refresh_source {
	struct refresh_source *before, *next;
	/* Asks it: number is what it answers by. It ends nothing from within. */
	void (*ask)(void *context, uint32_t number);
	void *context;
	const char *name;                /* for the log; kept */
	uint32_t asked, answered;        /* the last numbers */
	int64_t asked_ms, good_since_ms; /* when it was asked; the same of what it answered last */
	bool is_wanted_again;            /* somebody wants to know what it will find later still */
	bool is_silent;
};

/* Keeps source until it is removed. */
void refresh_add_source(struct refresh *f, struct refresh_source *source);
/* One that was not added is passed over. */
void refresh_remove_source(struct refresh *f, struct refresh_source *source);
/* It has answered. False: that is no answer to anything. */
bool refresh_source_answered(struct refresh *f, struct refresh_source *source, uint32_t number);

/* A caller that may have to wait: its own part of the caller, all zero at first but for the first
 * two. */
struct refresh_wait {
	void (*over)(void *context); /* from the loop, once: what waited may be called now */
	void *context;
	struct refresh_wait *before, *next;
	int64_t since_ms;
	bool is_waiting;
};

/* Whether the table is fresh enough for a call. False: it has to wait until over is called. */
bool refresh_ready_or_wait(struct refresh *f, struct refresh_wait *wait);
/* It does not wait any more. */
void refresh_cancel_wait(struct refresh *f, struct refresh_wait *wait);

#endif
