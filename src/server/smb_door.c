/* SPDX-License-Identifier: MIT */
#include "server/smb_door.h"

#include <stdlib.h>
#include "crypto/crypto.h"
#include "net/listener.h"
#include "server/counters.h"
#include "server/smb_client.h"

#define DOING "SMB door"

enum {
	LOG_ON_TIMEOUT_MS = 45000, /* of a connection on which nobody logs on, [MS-SMB2] 3.3.6.3 */
	LOOK_EVERY_MS = 5000,
};

struct smb_door {
	struct net_loop *loop;
	struct net_listener *listeners[SMB_DOOR_MAX_LISTENERS];
	unsigned listener_count, max_connections;
	bool is_full; /* the listeners are paused */
	uint32_t idle_timeout_s;
	struct net_timer *look;
	struct smb_clients clients;
};

/* At the bound the next ones wait in the kernel's queue. */
static void mind_the_bound(struct smb_door *d)
{
	bool is_full = d->clients.count >= d->max_connections;

	if (is_full == d->is_full)
		return;
	d->is_full = is_full;
	for (unsigned i = 0; i < d->listener_count; i++)
		if (is_full)
			net_listener_pause(d->listeners[i]);
		else
			net_listener_resume(d->listeners[i]);
}

static void on_one_left(void *context)
{
	mind_the_bound(context);
}

static void on_accepted(void *context, int socket)
{
	struct smb_door *d = context;

	smb_client_start(&d->clients, socket);
	mind_the_bound(d);
}

static void on_look(void *context);

static bool look_later(struct smb_door *d)
{
	net_timer_stop(d->look);
	d->look = net_timer_start(d->loop, LOOK_EVERY_MS, on_look, d);
	return d->look != NULL;
}

/* Ends connections on which nothing happens. */
static void on_look(void *context)
{
	struct smb_door *d = context;
	const struct service *service = d->clients.service;
	int64_t now_ms = service->now_ms(service->context);

	for (struct smb_client *c = d->clients.first, *next; c != NULL; c = next) {
		int64_t patience_ms = smb_client_has_logged_on(c)
		                              ? (int64_t)d->idle_timeout_s * 1000
		                              : LOG_ON_TIMEOUT_MS;

		next = smb_client_next(c);
		if (now_ms - smb_client_idle_since_ms(c) > patience_ms) {
			counters_add(COUNTER_SMB_TIMED_OUT, 1);
			smb_client_end(c);
		}
	}
	(void)look_later(d); /* without memory, nobody is sent away */
}

/* Takes socket. */
static bool listen_on(struct smb_door *d, int socket, struct err *err)
{
	struct net_listener *listener = net_listener_new(d->loop, socket, on_accepted, d);

	if (listener == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return false;
	}
	d->listeners[d->listener_count++] = listener;
	return true;
}

/* Takes the sockets that are given, also after a failure. */
static bool listen_everywhere(struct smb_door *d, const struct smb_door_settings *settings,
                              struct err *err)
{
	bool is_good = true;

	for (unsigned i = 0; i < settings->socket_count; i++)
		is_good = listen_on(d, settings->sockets[i], err) && is_good;
	for (unsigned i = 0; is_good && settings->socket_count == 0 && i < settings->address_count;
	     i++) {
		int socket = net_listen_tcp(&settings->addresses[i], err);

		is_good = socket >= 0 && listen_on(d, socket, err);
	}
	return is_good;
}

void smb_door_configure(struct smb_door *d, const struct smb_door_settings *settings)
{
	struct smbserver_settings *smb = &d->clients.smb;
	struct auth_acceptance *before = d->clients.acceptance;

	d->max_connections = settings->max_connections;
	d->idle_timeout_s = settings->idle_timeout_s;
	d->clients.acceptance = auth_acceptance_hold(settings->acceptance);
	auth_acceptance_release(before);
	smb->encryption = settings->encryption;
	smb->hint = auth_acceptance_hint(d->clients.acceptance, &smb->hint_bytes);
	mind_the_bound(d);
}

struct smb_door *smb_door_new(struct net_loop *loop, struct service *service,
                              struct freshness *freshness, const struct smb_door_settings *settings,
                              struct err *err)
{
	struct smb_door *d = calloc(1, sizeof *d);

	if (d == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->clients.loop = loop;
	d->clients.service = service;
	d->clients.freshness = freshness;
	d->clients.one_left = on_one_left;
	d->clients.context = d;
	smb_door_configure(d, settings);
	if (listen_everywhere(d, settings, err) &&
	    crypto_random(d->clients.smb.guid, sizeof d->clients.smb.guid) && look_later(d))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	smb_door_free(d);
	return NULL;
}

static void shut(struct smb_door *d)
{
	for (unsigned i = 0; i < d->listener_count; i++)
		net_listener_free(d->listeners[i]);
	d->listener_count = 0;
}

void smb_door_drain(struct smb_door *d)
{
	shut(d);
	d->clients.is_draining = true;
	for (struct smb_client *c = d->clients.first, *next; c != NULL; c = next) {
		next = smb_client_next(c);
		smb_client_end_if_answered(c);
	}
}

unsigned smb_door_connections(const struct smb_door *d)
{
	return d->clients.count;
}

void smb_door_free(struct smb_door *d)
{
	if (d == NULL)
		return;
	shut(d);
	while (d->clients.first != NULL)
		smb_client_end(d->clients.first);
	net_timer_stop(d->look);
	auth_acceptance_release(d->clients.acceptance);
	free(d);
}
