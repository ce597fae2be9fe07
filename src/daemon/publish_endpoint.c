/* SPDX-License-Identifier: MIT */
#include "daemon/publish_endpoint.h"

#include <stdlib.h>
#include <lmerr.h>
#include "daemon/counters.h"
#include "daemon/publisher.h"
#include "daemon/local_socket.h"

#define DOING "feed"

/* Everybody may connect: who may feed is the policy's business. */
#define SOCKET_MODE 0666

/* Those that have not been let in yet, in all and of one user who is not root. */
#define MAX_PENDING_PUBLISHERS         64
#define MAX_PENDING_PUBLISHERS_OF_USER 8

struct publish_endpoint {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct local_socket at;
	unsigned max_publishers;
	struct publisher_bounds bounds;
	struct publisher *publishers;
};

/* ---- who comes and goes ---- */

static bool publish_endpoint_is_pending(const struct publisher *f)
{
	return f->step == PUBLISHER_IDENTIFYING || f->step == PUBLISHER_AWAITING_HELLO;
}

static bool publish_endpoint_has_too_many(const struct publish_endpoint *d, uid_t uid)
{
	unsigned all = 0, of_user = 0;

	for (const struct publisher *f = d->publishers; f != NULL; f = f->next) {
		all += publish_endpoint_is_pending(f);
		of_user += publish_endpoint_is_pending(f) && f->uid == uid;
	}
	return all >= MAX_PENDING_PUBLISHERS ||
	       (uid != 0 && of_user >= MAX_PENDING_PUBLISHERS_OF_USER);
}

static unsigned publish_endpoint_count_open(const struct publish_endpoint *d)
{
	unsigned count = 0;

	for (const struct publisher *f = d->publishers; f != NULL; f = f->next)
		count += f->step == PUBLISHER_OPEN;
	return count;
}

static NET_API_STATUS publish_endpoint_on_hello(void *context, struct publisher *f,
                                                struct publisher_bounds *bounds)
{
	struct publish_endpoint *d = context;

	*bounds = d->bounds;
	if (!access_policy_allows(d->service->policy, f->who, ACCESS_PUBLISH))
		return ERROR_ACCESS_DENIED;
	return publish_endpoint_count_open(d) < d->max_publishers ? NERR_Success
	                                                          : ERROR_REQ_NOT_ACCEP;
}

static void publish_endpoint_on_closed(void *context, struct publisher *f)
{
	struct publish_endpoint *d = context;

	if (f->before != NULL)
		f->before->next = f->next;
	else
		d->publishers = f->next;
	if (f->next != NULL)
		f->next->before = f->before;
	counters_sub(COUNTER_PUBLISHERS_NOW, 1);
}

static void publish_endpoint_on_accepted(void *context, int socket)
{
	static const struct publisher_handler handler = { publish_endpoint_on_hello,
		                                          publish_endpoint_on_closed };
	struct publish_endpoint *d = context;
	struct publisher *f;
	uid_t uid;
	gid_t gid;
	pid_t pid;

	counters_add(COUNTER_PUBLISHERS, 1);
	if (!net_socket_peer_process(socket, &uid, &gid, &pid) ||
	    publish_endpoint_has_too_many(d, uid)) {
		counters_add(COUNTER_PUBLISHERS_REFUSED, 1);
		net_socket_hang_up(socket);
		return;
	}
	f = publisher_new(d->loop, d->service, d->refresh, socket, uid, &handler, d);
	if (f == NULL)
		return;
	f->next = d->publishers;
	if (d->publishers != NULL)
		d->publishers->before = f;
	d->publishers = f;
	counters_add(COUNTER_PUBLISHERS_NOW, 1);
}

/* ---- the door ---- */

static void publish_endpoint_set_bounds(struct publish_endpoint *d,
                                        const struct publish_endpoint_settings *settings)
{
	d->max_publishers = settings->max_publishers;
	d->bounds.max_sessions = settings->max_sessions_of_publisher;
	d->bounds.max_changes_per_s = settings->max_changes_per_s > 0 ? settings->max_changes_per_s
	                                                              : 1;
}

struct publish_endpoint *publish_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                              struct refresh *freshness,
                                              const struct publish_endpoint_settings *settings,
                                              struct err *err)
{
	struct publish_endpoint *d = calloc(1, sizeof *d);

	if (d == NULL) {
		if (settings->socket >= 0)
			net_socket_forget(settings->socket);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	d->refresh = freshness;
	publish_endpoint_set_bounds(d, settings);
	if (local_socket_open(&d->at, loop, settings->path, SOCKET_MODE, settings->socket,
	                      publish_endpoint_on_accepted, d, err))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	publish_endpoint_free(d);
	return NULL;
}

void publish_endpoint_configure(struct publish_endpoint *d,
                                const struct publish_endpoint_settings *settings)
{
	publish_endpoint_set_bounds(d, settings);
	for (struct publisher *f = d->publishers, *next; f != NULL; f = next) {
		next = f->next;
		f->bounds.max_changes_per_s = d->bounds.max_changes_per_s;
		if (f->step == PUBLISHER_OPEN &&
		    !access_policy_allows(d->service->policy, f->who, ACCESS_PUBLISH))
			publisher_close(f, ERROR_ACCESS_DENIED);
	}
}

void publish_endpoint_drain(struct publish_endpoint *d)
{
	local_socket_close(&d->at);
	for (struct publisher *f = d->publishers, *next; f != NULL; f = next) {
		next = f->next;
		publisher_close(f, ERROR_SHUTDOWN_IN_PROGRESS);
	}
}

unsigned publish_endpoint_connections(const struct publish_endpoint *d)
{
	unsigned count = 0;

	for (const struct publisher *f = d->publishers; f != NULL; f = f->next)
		count++;
	return count;
}

void publish_endpoint_free(struct publish_endpoint *d)
{
	struct publisher *f;

	if (d == NULL)
		return;
	local_socket_close(&d->at);
	while ((f = d->publishers) != NULL) {
		d->publishers = f->next;
		publisher_free(f);
		counters_sub(COUNTER_PUBLISHERS_NOW, 1);
	}
	free(d);
}
