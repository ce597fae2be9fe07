/* SPDX-License-Identifier: MIT */
#include "samba/publisher_connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winerror.h>
#include "net/watch.h"
#include "net/work.h"
#include "system/log.h"

/* How long to wait before the next attempt. A restart of netsessiond is over in a moment, and its
 * callers wait for us then. */
static const struct {
	int64_t lost_ms; /* without a connection for less */
	uint32_t pause_ms;
} retries[] = {
	{ 5000, 50 },
	{ 60000, 500 },
	{ INT64_MAX, 5000 },
};

/* An attempt to connect, on a thread of its own, because it waits for netsessiond. */
struct publisher_open_job {
	char *socket;
	const struct netsession_publisher_handler *events;
	void *context; /* for events */
	struct netsession_publisher *publisher;
	struct netsession_error error;
};

struct publisher_connection {
	struct net_loop *loop;
	char *socket;
	const struct publisher_connection_handler *handler;
	void *context;
	struct net_work *work;
	struct publisher_open_job *job; /* the work's */
	struct netsession_publisher *publisher;
	struct net_readable *readable;
	struct net_timer *retry;
	int64_t lost_since_ms;
	struct netsession_error error; /* why there is no connection */
};

static const struct netsession_error no_memory = { .status = ERROR_NOT_ENOUGH_MEMORY,
	                                           .text = "out of memory" };

static void publisher_connection_start(struct publisher_connection *c);

static void publisher_connection_on_retry(void *context)
{
	struct publisher_connection *c = context;

	net_timer_stop(c->retry);
	c->retry = NULL;
	publisher_connection_start(c);
}

static int64_t publisher_connection_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static uint32_t publisher_connection_pause_ms(const struct publisher_connection *c)
{
	int64_t lost_ms = publisher_connection_now_ms() - c->lost_since_ms;
	size_t i = 0;

	while (lost_ms >= retries[i].lost_ms)
		i++;
	return retries[i].pause_ms;
}

/* Logs why, unless it is the same as before. */
static void publisher_connection_retry_later(struct publisher_connection *c,
                                             const struct netsession_error *error)
{
	if (strcmp(c->error.text, error->text) != 0)
		log_write(LOG_LEVEL_WARNING, "publish: %s", error->text);
	c->error = *error;
	c->retry = net_timer_start(c->loop, publisher_connection_pause_ms(c),
	                           publisher_connection_on_retry, c);
}

static void publisher_connection_close(struct publisher_connection *c)
{
	net_readable_stop(c->readable);
	c->readable = NULL;
	netsession_publisher_close(c->publisher);
	c->publisher = NULL;
}

static void publisher_connection_on_readable(void *context)
{
	struct publisher_connection *c = context;
	struct netsession_error error;

	if (netsession_publisher_dispatch(c->publisher, &error) == 0) {
		c->handler->received(c->context);
		return;
	}
	c->handler->lost(c->context);
	c->lost_since_ms = publisher_connection_now_ms();
	publisher_connection_close(c);
	publisher_connection_retry_later(c, &error);
}

/* ---- connecting ---- */

static void publisher_open_job_run(void *job)
{
	struct publisher_open_job *o = job;
	const struct netsession_publisher_options options = { .socket = o->socket,
		                                              .name = "samba" };

	(void)netsession_publisher_open(&options, o->events, o->context, &o->publisher, &o->error);
}

static void publisher_open_job_free(void *job)
{
	struct publisher_open_job *o = job;

	netsession_publisher_close(o->publisher);
	free(o->socket);
	free(o);
}

static void publisher_connection_on_opened(void *context)
{
	struct publisher_connection *c = context;

	c->work = NULL;
	c->publisher = c->job->publisher;
	c->job->publisher = NULL;
	if (c->publisher == NULL) {
		publisher_connection_retry_later(c, &c->job->error);
		return;
	}
	c->readable = net_readable_start(c->loop, netsession_publisher_fd(c->publisher),
	                                 publisher_connection_on_readable, c);
	if (c->readable == NULL) {
		publisher_connection_close(c);
		publisher_connection_retry_later(c, &no_memory);
		return;
	}
	log_write(LOG_LEVEL_NOTICE, "publish: connected to netsessiond");
	c->error = (struct netsession_error){ 0 };
	c->handler->opened(c->context);
}

static void publisher_connection_start(struct publisher_connection *c)
{
	static const struct net_work_job kind = { publisher_open_job_run,
		                                  publisher_connection_on_opened,
		                                  publisher_open_job_free, 0, NET_WORK_UNLIMITED };
	struct publisher_open_job *o = calloc(1, sizeof *o);

	c->job = o;
	if (o != NULL)
		*o = (struct publisher_open_job){ .socket = c->socket != NULL ? strdup(c->socket)
			                                                      : NULL,
			                          .events = c->handler->events,
			                          .context = c->context };
	if (o != NULL && (o->socket != NULL || c->socket == NULL))
		c->work = net_work_start(c->loop, &kind, o, c);
	else
		free(o);
	if (c->work == NULL)
		publisher_connection_retry_later(c, &no_memory);
}

/* ---- creation and end ---- */

struct publisher_connection *
publisher_connection_new(struct net_loop *loop, const char *socket,
                         const struct publisher_connection_handler *handler, void *context)
{
	struct publisher_connection *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct publisher_connection){ .loop = loop,
		                            .socket = socket != NULL ? strdup(socket) : NULL,
		                            .handler = handler,
		                            .context = context,
		                            .lost_since_ms = publisher_connection_now_ms() };
	if (socket != NULL && c->socket == NULL) {
		free(c);
		return NULL;
	}
	publisher_connection_start(c);
	return c;
}

void publisher_connection_free(struct publisher_connection *c)
{
	if (c == NULL)
		return;
	net_work_abandon(c->work);
	net_timer_stop(c->retry);
	publisher_connection_close(c);
	free(c->socket);
	free(c);
}

struct netsession_publisher *publisher_connection_get(const struct publisher_connection *c)
{
	return c->publisher;
}

const char *publisher_connection_error(const struct publisher_connection *c)
{
	return c->publisher != NULL ? "" : c->error.text;
}
