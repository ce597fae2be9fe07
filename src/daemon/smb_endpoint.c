/* SPDX-License-Identifier: MIT */
#include "daemon/smb_endpoint.h"

#include <stdlib.h>
#include "crypto/crypto.h"
#include "net/listener.h"
#include "daemon/counters.h"
#include "daemon/smb_connection.h"

#define DOING "SMB door"

/* Connections are looked at so many times before one of them times out. */
#define CHECKS_A_TIMEOUT 9

struct smb_endpoint {
	struct net_loop *loop;
	struct net_listener *listeners[SMB_ENDPOINT_MAX_LISTENERS];
	unsigned listener_count, max_connections;
	bool is_full; /* the listeners are paused */
	uint32_t log_on_timeout_s, idle_timeout_s;
	struct net_timer *look;
	struct smb_connections clients;
};

/* At the bound the next ones wait in the kernel's queue. */
static void smb_endpoint_pause_at_limit(struct smb_endpoint *d)
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

static void smb_endpoint_on_connection_ended(void *context)
{
	smb_endpoint_pause_at_limit(context);
}

static void smb_endpoint_on_accepted(void *context, int socket)
{
	struct smb_endpoint *d = context;

	smb_connection_start(&d->clients, socket);
	smb_endpoint_pause_at_limit(d);
}

static void smb_endpoint_on_check(void *context);

static bool smb_endpoint_schedule_check(struct smb_endpoint *d)
{
	uint32_t least_s = d->log_on_timeout_s < d->idle_timeout_s ? d->log_on_timeout_s
	                                                           : d->idle_timeout_s;

	net_timer_stop(d->look);
	d->look = net_timer_start(d->loop, least_s * 1000 / CHECKS_A_TIMEOUT, smb_endpoint_on_check,
	                          d);
	return d->look != NULL;
}

/* Ends connections on which nothing happens. */
static void smb_endpoint_on_check(void *context)
{
	struct smb_endpoint *d = context;
	const struct srvsvc_server *service = d->clients.service;
	int64_t now_ms = service->now_ms(service->context);

	for (struct smb_connection *c = d->clients.first, *next; c != NULL; c = next) {
		int64_t timeout_s = smb_connection_has_session(c) ? d->idle_timeout_s
		                                                  : d->log_on_timeout_s;

		next = smb_connection_next(c);
		if (now_ms - smb_connection_idle_since_ms(c) > timeout_s * 1000) {
			counters_add(COUNTER_SMB_TIMED_OUT, 1);
			smb_connection_end(c);
		}
	}
	(void)smb_endpoint_schedule_check(d); /* without memory, nobody is sent away */
}

/* Takes socket. */
static bool smb_endpoint_listen_on(struct smb_endpoint *d, int socket, struct err *err)
{
	struct net_listener *listener = net_listener_new(d->loop, socket, smb_endpoint_on_accepted,
	                                                 d);

	if (listener == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return false;
	}
	d->listeners[d->listener_count++] = listener;
	return true;
}

/* Takes the sockets that are given, also after a failure. */
static bool smb_endpoint_listen_all(struct smb_endpoint *d,
                                    const struct smb_endpoint_settings *settings, struct err *err)
{
	bool is_good = true;

	for (unsigned i = 0; i < settings->socket_count; i++)
		is_good = smb_endpoint_listen_on(d, settings->sockets[i], err) && is_good;
	for (unsigned i = 0; is_good && settings->socket_count == 0 && i < settings->address_count;
	     i++) {
		int socket = net_listen_tcp(&settings->addresses[i], err);

		is_good = socket >= 0 && smb_endpoint_listen_on(d, socket, err);
	}
	return is_good;
}

void smb_endpoint_configure(struct smb_endpoint *d, const struct smb_endpoint_settings *settings)
{
	struct smb2_server_settings *smb = &d->clients.smb;
	struct auth_acceptor_settings *before = d->clients.acceptor_settings;

	d->max_connections = settings->max_connections;
	d->log_on_timeout_s = settings->log_on_timeout_s;
	d->idle_timeout_s = settings->idle_timeout_s;
	d->clients.acceptor_settings = auth_acceptor_settings_hold(settings->acceptor_settings);
	auth_acceptor_settings_release(before);
	smb->encryption = settings->encryption;
	smb->hint = auth_acceptor_settings_hint(d->clients.acceptor_settings, &smb->hint_bytes);
	smb_endpoint_pause_at_limit(d);
}

struct smb_endpoint *smb_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                      struct refresh *freshness,
                                      const struct smb_endpoint_settings *settings, struct err *err)
{
	struct smb_endpoint *d = calloc(1, sizeof *d);

	if (d == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	d->loop = loop;
	d->clients.loop = loop;
	d->clients.service = service;
	d->clients.refresh = freshness;
	d->clients.connection_ended = smb_endpoint_on_connection_ended;
	d->clients.context = d;
	smb_endpoint_configure(d, settings);
	if (smb_endpoint_listen_all(d, settings, err) &&
	    crypto_random(d->clients.smb.guid, sizeof d->clients.smb.guid) &&
	    smb_endpoint_schedule_check(d))
		return d;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
	smb_endpoint_free(d);
	return NULL;
}

static void smb_endpoint_stop_listening(struct smb_endpoint *d)
{
	for (unsigned i = 0; i < d->listener_count; i++)
		net_listener_free(d->listeners[i]);
	d->listener_count = 0;
}

void smb_endpoint_drain(struct smb_endpoint *d)
{
	smb_endpoint_stop_listening(d);
	d->clients.is_draining = true;
	for (struct smb_connection *c = d->clients.first, *next; c != NULL; c = next) {
		next = smb_connection_next(c);
		smb_connection_end_if_answered(c);
	}
}

unsigned smb_endpoint_connections(const struct smb_endpoint *d)
{
	return d->clients.count;
}

void smb_endpoint_free(struct smb_endpoint *d)
{
	if (d == NULL)
		return;
	smb_endpoint_stop_listening(d);
	while (d->clients.first != NULL)
		smb_connection_end(d->clients.first);
	net_timer_stop(d->look);
	auth_acceptor_settings_release(d->clients.acceptor_settings);
	free(d);
}
