/* SPDX-License-Identifier: MIT */
#include "server/feed_door.h"

#include <stdlib.h>
#include <lmerr.h>
#include "server/counters.h"
#include "server/feeder.h"
#include "server/local_socket.h"

#define DOING "feed"

/* Everybody may connect: who may feed is the policy's business. */
#define SOCKET_MODE 0666

/* Those that have not been let in yet, in all and of one user who is not root. */
#define MAX_WAITING           64
#define MAX_WAITING_OF_A_USER 8

struct feed_door {
	struct net_loop *loop;
	struct service *service;
	struct freshness *freshness;
	struct local_socket at;
	unsigned max_feeders;
	struct feeder_bounds bounds;
	struct feeder *feeders;
};

/* ---- who comes and goes ---- */

static bool waits(const struct feeder *f)
{
	return f->step == FEEDER_IDENTIFYING || f->step == FEEDER_GREETING;
}

static bool has_too_many(const struct feed_door *d, uid_t uid)
{
	unsigned all = 0, of_user = 0;

	for (const struct feeder *f = d->feeders; f != NULL; f = f->next) {
		all += waits(f);
		of_user += waits(f) && f->uid == uid;
	}
	return all >= MAX_WAITING || (uid != 0 && of_user >= MAX_WAITING_OF_A_USER);
}

static unsigned feeding(const struct feed_door *d)
{
	unsigned count = 0;

	for (const struct feeder *f = d->feeders; f != NULL; f = f->next)
		count += f->step == FEEDER_FEEDING;
	return count;
}

static NET_API_STATUS on_asked(void *context, struct feeder *f, struct feeder_bounds *bounds)
{
	struct feed_door *d = context;

	*bounds = d->bounds;
	if (!access_policy_allows(d->service->policy, f->who, ACCESS_FEED))
		return ERROR_ACCESS_DENIED;
	return feeding(d) < d->max_feeders ? NERR_Success : ERROR_REQ_NOT_ACCEP;
}

static void on_gone(void *context, struct feeder *f)
{
	struct feed_door *d = context;

	if (f->before != NULL)
		f->before->next = f->next;
	else
		d->feeders = f->next;
	if (f->next != NULL)
		f->next->before = f->before;
	counters_sub(COUNTER_FEEDERS_NOW, 1);
}

static void on_accepted(void *context, int socket)
{
	static const struct feeder_handler handler = { on_asked, on_gone };
	struct feed_door *d = context;
	struct feeder *f;
	uid_t uid;
	gid_t gid;
	pid_t pid;

	counters_add(COUNTER_FEEDERS, 1);
	if (!net_socket_peer_process(socket, &uid, &gid, &pid) || has_too_many(d, uid)) {
		counters_add(COUNTER_FEEDERS_REFUSED, 1);
		net_socket_hang_up(socket);
		return;
	}
	f = feeder_new(d->loop, d->service, d->freshness, socket, uid, &handler, d);
	if (f == NULL)
		return;
	f->next = d->feeders;
	if (d->feeders != NULL)
		d->feeders->before = f;
	d->feeders = f;
	counters_add(COUNTER_FEEDERS_NOW, 1);
}

/* ---- the door ---- */

static void set_bounds(struct feed_door *d, const struct feed_door_settings *settings)
{
	d->max_feeders = settings->max_feeders;
	d->bounds.max_sessions = settings->max_sessions_per_feeder;
	d->bounds.max_changes_per_s = settings->max_changes_per_s > 0 ? settings->max_changes_per_s
	                                                              : 1;
}

struct feed_door *feed_door_new(struct net_loop *loop, struct service *service,
                                struct freshness *freshness,
                                const struct feed_door_settings *settings, struct err *err)
{
	struct feed_door *d = calloc(1, sizeof *d);

	if (d == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	d->freshness = freshness;
	set_bounds(d, settings);
	if (local_socket_open(&d->at, loop, settings->path, SOCKET_MODE, settings->socket,
	                      on_accepted, d, err))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	feed_door_free(d);
	return NULL;
}

void feed_door_configure(struct feed_door *d, const struct feed_door_settings *settings)
{
	set_bounds(d, settings);
	for (struct feeder *f = d->feeders, *next; f != NULL; f = next) {
		next = f->next;
		f->bounds.max_changes_per_s = d->bounds.max_changes_per_s;
		if (f->step == FEEDER_FEEDING &&
		    !access_policy_allows(d->service->policy, f->who, ACCESS_FEED))
			feeder_end(f, ERROR_ACCESS_DENIED);
	}
}

void feed_door_drain(struct feed_door *d)
{
	local_socket_shut(&d->at);
	for (struct feeder *f = d->feeders, *next; f != NULL; f = next) {
		next = f->next;
		feeder_end(f, ERROR_SHUTDOWN_IN_PROGRESS);
	}
}

unsigned feed_door_connections(const struct feed_door *d)
{
	unsigned count = 0;

	for (const struct feeder *f = d->feeders; f != NULL; f = f->next)
		count++;
	return count;
}

void feed_door_free(struct feed_door *d)
{
	struct feeder *f;

	if (d == NULL)
		return;
	local_socket_shut(&d->at);
	while ((f = d->feeders) != NULL) {
		d->feeders = f->next;
		feeder_free(f);
		counters_sub(COUNTER_FEEDERS_NOW, 1);
	}
	free(d);
}
