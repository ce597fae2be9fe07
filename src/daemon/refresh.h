/* SPDX-License-Identifier: MIT */
/* Refreshing the session table before a call reads it. Some publishers learn of their sessions only
 * when they look for them, and look only when they are asked. So a call that is about to read the
 * table asks them, and waits until they answer. Nothing waits where there is no such publisher, but
 * while one may be about to connect: otherwise a list would lack all its sessions for a moment. A
 * caller without the right to list sessions asks no publisher, and does not wait. */
#ifndef DAEMON_REFRESH_H
#define DAEMON_REFRESH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "net/loop.h"
#include "srvsvc/server.h"

/* An answer to a request that was sent so long ago is recent enough: however many calls come at
 * once, they cause one request. */
#define REFRESH_VALID_MS 200
/* Calls wait for an answer at most so long, unless refresh_set_timeout says otherwise. A publisher
 * that did not answer in time is not waited for again until it answers. */
#define REFRESH_TIMEOUT_MS 2000
/* Calls wait so long for a publisher to connect again: after it has disconnected, and after a start
 * of netsessiond while publishers were connected. Either may be restarting. */
#define REFRESH_RETURN_MS 2000

struct refresh;

/* Keeps loop, and service for its clock. NULL: out of memory. */
struct refresh *refresh_new(struct net_loop *loop, const struct srvsvc_server *service);
/* For requests that are sent from now on. */
void refresh_set_timeout(struct refresh *r, uint32_t timeout_ms);
/* All sources and waits must be removed before. NULL is allowed. */
void refresh_free(struct refresh *r);

/* A publisher that wants refresh requests: a member of the owner's structure, all zero at first but
 * for ask, context and name. */
struct refresh_source {
	/* Sends a refresh request, which is answered by the same number. It must not remove any
	 * source or wait. */
	void (*ask)(void *context, uint32_t number);
	void *context;
	const char *name; /* for the log; kept */
	/* The rest belongs to refresh.c. */
	LIST_ENTRY(refresh_source) entry;
	bool is_added;
	uint32_t asked, answered;  /* the numbers of the last request and of the last answer */
	int64_t asked_ms;          /* when the last request was sent */
	int64_t good_since_ms;     /* when the request was sent that was answered last */
	uint32_t outdated;         /* the answer to this request is too old */
	bool is_to_be_asked_again; /* when it has answered */
	bool is_overdue;           /* it did not answer in time, and is not waited for */
};

/* A publisher may connect within so many milliseconds: calls wait for it. */
void refresh_expect_publisher(struct refresh *r, uint32_t for_ms);
/* A publisher has connected, or netsessiond ends: calls do not wait for one any more. */
void refresh_expect_nobody(struct refresh *r);
/* Keeps source until it is removed. Asks it at once if a call waits. */
void refresh_add_source(struct refresh *r, struct refresh_source *source);
/* Does nothing if source was never added. */
void refresh_remove_source(struct refresh *r, struct refresh_source *source);
/* The source's sessions are about to change: what it has answered so far is too old. */
void refresh_source_outdated(struct refresh_source *source);
/* The source has answered. False: number is not that of the last request, or that was answered. */
bool refresh_source_answered(struct refresh *r, struct refresh_source *source, uint32_t number);

/* A call that may have to wait: a member of the owner's structure, all zero at first but for over
 * and context. */
struct refresh_wait {
	void (*over)(void *context); /* called from the loop, once: the call may go on */
	void *context;
	/* The rest belongs to refresh.c. */
	TAILQ_ENTRY(refresh_wait) entry;
	int64_t since_ms;
	bool is_waiting;
};

/* Whether the table is recent enough for a call. False: the call waits until over is called. */
bool refresh_ready_or_wait(struct refresh *r, struct refresh_wait *wait);
/* The call waits no longer. Does nothing if it does not wait. */
void refresh_cancel_wait(struct refresh *r, struct refresh_wait *wait);

#endif
