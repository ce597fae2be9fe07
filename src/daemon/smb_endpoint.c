/* SPDX-License-Identifier: MIT */
#include "daemon/smb_endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include "daemon/log_on_queue.h"
#include "daemon/smb_connection.h"
#include "smb2/server_guid.h"

#define STEP "SMB endpoint"

struct smb_endpoint {
	struct smb_connections connections;
};

/* Takes the given sockets, also after a failure. */
static bool smb_endpoint_listen_all(struct smb_endpoint *e,
                                    const struct smb_endpoint_settings *settings, struct err *err)
{
	struct net_endpoint *endpoint = e->connections.endpoint;
	bool is_good = true;

	for (unsigned i = 0; i < settings->socket_count; i++)
		is_good = net_endpoint_listen(endpoint, settings->sockets[i], err) && is_good;
	for (unsigned i = 0; is_good && settings->socket_count == 0 && i < settings->address_count;
	     i++)
		is_good = net_endpoint_listen_tcp(endpoint, &settings->addresses[i], err);
	return is_good;
}

static struct net_endpoint_settings
smb_endpoint_bounds(const struct smb_endpoint_settings *settings)
{
	uint64_t idle_ms = (uint64_t)settings->idle_timeout_s * 1000;

	return (struct net_endpoint_settings){
		.bounds.max_connections = settings->max_connections,
		.bounds.max_of_source = settings->max_of_address,
		.bounds.max_pending = settings->max_unauthenticated,
		.bounds.max_pending_of_source = settings->max_unauthenticated_of_address,
		.open_timeout_ms = settings->log_on_timeout_s * 1000,
		.idle_timeout_ms = idle_ms < UINT32_MAX ? (uint32_t)idle_ms : UINT32_MAX,
	};
}

void smb_endpoint_configure(struct smb_endpoint *e, const struct smb_endpoint_settings *settings)
{
	struct smb_connections *all = &e->connections;
	struct auth_acceptor_settings *before = all->acceptor_settings;
	const struct net_endpoint_settings bounds = smb_endpoint_bounds(settings);

	all->log_on_timeout_s = settings->log_on_timeout_s;
	all->idle_timeout_s = settings->idle_timeout_s;
	all->acceptor_settings = auth_acceptor_settings_hold(settings->acceptor_settings);
	all->sessions_end_with_ticket = settings->sessions_end_with_ticket;
	all->sessions_end_with_account = settings->sessions_end_with_account;
	if (before != NULL)
		net_endpoint_visit(all->endpoint, smb_connection_judge, before);
	auth_acceptor_settings_release(before);
	all->smb.encryption = settings->encryption;
	all->smb.least_dialect = settings->least_dialect;
	all->allowed_count = config_networks(settings->hosts_allow, all->allowed);
	all->denied_count = config_networks(settings->hosts_deny, all->denied);
	all->smb.hint = auth_acceptor_settings_hint(all->acceptor_settings, &all->smb.hint_bytes);
	net_endpoint_configure(all->endpoint, &bounds);
}

static void smb_endpoint_on_warn(void *context, session_warning_found *found, void *found_context)
{
	const struct smb_connections *all = context;
	char text[160];

	if (all->unlisted_sessions == 0)
		return;
	snprintf(text, sizeof text,
	         "%u SMB sessions are missing, because [server] max_sessions is reached, or memory "
	         "ran out",
	         all->unlisted_sessions);
	found(found_context, &(struct session_warning){ .text = text, .is_incomplete = true });
}

static bool smb_endpoint_init(struct smb_endpoint *e, struct net_loop *loop,
                              struct srvsvc_server *service, struct refresh *refresh,
                              const struct smb_endpoint_settings *settings, struct err *err)
{
	struct smb_connections *all = &e->connections;
	const struct net_endpoint_settings bounds = smb_endpoint_bounds(settings);

	all->loop = loop;
	all->service = service;
	all->refresh = refresh;
	all->log.name = "SMB endpoint";
	all->warnings = (struct session_source){ .warn = smb_endpoint_on_warn, .context = all };
	LIST_INSERT_HEAD(&service->sources, &all->warnings, entry);
	all->endpoint = net_endpoint_new(loop, &smb_connection_handler, all, &bounds);
	all->log_ons = log_on_queue_new(loop, service);
	if (all->endpoint == NULL || all->log_ons == NULL)
		return false;
	smb_endpoint_configure(e, settings);
	return smb_endpoint_listen_all(e, settings, err) && smb2_server_guid_make(all->smb.guid);
}

struct smb_endpoint *smb_endpoint_new(struct net_loop *loop, struct srvsvc_server *service,
                                      struct refresh *refresh,
                                      const struct smb_endpoint_settings *settings, struct err *err)
{
	struct smb_endpoint *e = calloc(1, sizeof *e);

	if (e != NULL && smb_endpoint_init(e, loop, service, refresh, settings, err))
		return e;
	err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	smb_endpoint_free(e);
	return NULL;
}

void smb_endpoint_drain(struct smb_endpoint *e)
{
	net_endpoint_drain(e->connections.endpoint);
}

unsigned smb_endpoint_connections(const struct smb_endpoint *e)
{
	return net_endpoint_count(e->connections.endpoint);
}

void smb_endpoint_free(struct smb_endpoint *e)
{
	if (e == NULL)
		return;
	net_endpoint_free(e->connections.endpoint);
	log_on_queue_free(e->connections.log_ons);
	if (e->connections.warnings.warn != NULL)
		LIST_REMOVE(&e->connections.warnings, entry);
	log_limit_flush(&e->connections.log);
	auth_acceptor_settings_release(e->connections.acceptor_settings);
	free(e);
}
