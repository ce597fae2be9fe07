/* SPDX-License-Identifier: MIT */
#include "samba/feed_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/readable.h"
#include "net/work.h"
#include "system/log.h"

enum { RETRY_MS = 1000, RETRY_MOST_MS = 30000, STORY_BYTES = 512 };

/* An attempt to connect, on a thread of its own: netsessiond is waited for. */
struct opening {
	char *socket;
	const struct netsession_feed_handler *said;
	void *context; /* only handed on */
	struct netsession_feed *feed;
	struct netsession_error error;
};

struct feed_connection {
	struct net_loop *loop;
	char *socket;
	const struct feed_connection_handler *handler;
	void *context;
	struct net_work *work;
	struct opening *opening; /* the work's */
	struct netsession_feed *feed;
	struct net_readable *readable;
	struct net_timer *retry;
	uint32_t retry_ms;
	char story[STORY_BYTES];
};

static void connect_now(struct feed_connection *c);

static void on_retry(void *context)
{
	struct feed_connection *c = context;

	net_timer_stop(c->retry);
	c->retry = NULL;
	connect_now(c);
}

/* The story is logged when it is another one than before. */
static void connect_later(struct feed_connection *c, const char *story)
{
	if (strncmp(c->story, story, sizeof c->story - 1) != 0)
		log_write(LOG_LEVEL_WARNING, "feed: %s", story);
	(void)snprintf(c->story, sizeof c->story, "%s", story);
	c->retry = net_timer_start(c->loop, c->retry_ms, on_retry, c);
	c->retry_ms = c->retry_ms < RETRY_MOST_MS / 2 ? 2 * c->retry_ms : RETRY_MOST_MS;
}

static void hang_up(struct feed_connection *c)
{
	net_readable_stop(c->readable);
	c->readable = NULL;
	netsession_feed_close(c->feed);
	c->feed = NULL;
}

static void on_readable(void *context)
{
	struct feed_connection *c = context;
	struct netsession_error error;

	if (netsession_feed_dispatch(c->feed, &error) == 0) {
		c->handler->heard(c->context);
		return;
	}
	c->handler->lost(c->context);
	hang_up(c);
	connect_later(c, error.text);
}

/* ---- connecting ---- */

static void opening_run(void *job)
{
	struct opening *o = job;
	const struct netsession_feed_options options = { .socket = o->socket, .name = "samba" };

	(void)netsession_feed_open(&options, o->said, o->context, &o->feed, &o->error);
}

static void opening_drop(void *job)
{
	struct opening *o = job;

	netsession_feed_close(o->feed);
	free(o->socket);
	free(o);
}

static void on_opened(void *context)
{
	struct feed_connection *c = context;

	c->work = NULL;
	c->feed = c->opening->feed;
	c->opening->feed = NULL;
	if (c->feed == NULL) {
		connect_later(c, c->opening->error.text);
		return;
	}
	c->readable = net_readable_start(c->loop, netsession_feed_fd(c->feed), on_readable, c);
	if (c->readable == NULL) {
		hang_up(c);
		connect_later(c, "out of memory");
		return;
	}
	log_write(LOG_LEVEL_NOTICE, "feed: netsessiond is told of Samba's sessions");
	c->story[0] = '\0';
	c->retry_ms = RETRY_MS;
	c->handler->opened(c->context);
}

static void connect_now(struct feed_connection *c)
{
	static const struct net_work_job kind = { opening_run, on_opened, opening_drop, 0 };
	struct opening *o = calloc(1, sizeof *o);

	c->opening = o;
	if (o != NULL)
		*o = (struct opening){ .socket = c->socket != NULL ? strdup(c->socket) : NULL,
			               .said = c->handler->said,
			               .context = c->context };
	if (o != NULL && (o->socket != NULL || c->socket == NULL))
		c->work = net_work_start(c->loop, &kind, o, c);
	else
		free(o);
	if (c->work == NULL)
		connect_later(c, "out of memory");
}

/* ---- from its beginning to its end ---- */

struct feed_connection *feed_connection_new(struct net_loop *loop, const char *socket,
                                            const struct feed_connection_handler *handler,
                                            void *context)
{
	struct feed_connection *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct feed_connection){ .loop = loop,
		                       .socket = socket != NULL ? strdup(socket) : NULL,
		                       .handler = handler,
		                       .context = context,
		                       .retry_ms = RETRY_MS };
	if (socket != NULL && c->socket == NULL) {
		free(c);
		return NULL;
	}
	connect_now(c);
	return c;
}

void feed_connection_free(struct feed_connection *c)
{
	if (c == NULL)
		return;
	net_work_abandon(c->work);
	net_timer_stop(c->retry);
	hang_up(c);
	free(c->socket);
	free(c);
}

struct netsession_feed *feed_connection_feed(const struct feed_connection *c)
{
	return c->feed;
}

const char *feed_connection_story(const struct feed_connection *c)
{
	return c->feed != NULL ? "" : c->story;
}
