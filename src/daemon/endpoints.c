/* SPDX-License-Identifier: MIT */
#include "daemon/endpoints.h"

#include <stdlib.h>
#include <string.h>
#include "daemon/local_endpoint.h"
#include "daemon/publish_endpoint.h"
#include "daemon/smb_endpoint.h"
#include "net/stream.h"
#include "system/log.h"
#include "system/systemd.h"

#define STEP "endpoints"

#define HELLO_TIMEOUT_MS 5000 /* of a publisher */

/* The sockets at which systemd listens for the daemon, each until its endpoint takes it. */
struct activation_sockets {
	int smb[SMB_ENDPOINT_MAX_LISTENERS];
	unsigned smb_count;
	int local, publish; /* -1: none */
};

struct endpoints {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct activation_sockets sockets;
	struct refresh *refresh;
	struct smb_endpoint *smb;
	struct local_endpoint *local;
	struct publish_endpoint *publish;
};

static bool activation_sockets_add(void *context, const char *name, int socket)
{
	struct activation_sockets *to = context;

	if (strcmp(name, "smb") == 0 && to->smb_count < SMB_ENDPOINT_MAX_LISTENERS)
		to->smb[to->smb_count++] = socket;
	else if (strcmp(name, "local") == 0 && to->local < 0)
		to->local = socket;
	else if (strcmp(name, "publish") == 0 && to->publish < 0)
		to->publish = socket;
	else
		return false;
	return true;
}

static bool endpoints_take_sockets(struct endpoints *d, struct err *err)
{
	struct err reason = { 0 };

	d->sockets = (struct activation_sockets){ .local = -1, .publish = -1 };
	if (systemd_take_sockets(activation_sockets_add, &d->sockets, &reason))
		return true;
	err_format(err, reason.status, STEP,
	           "a socket that systemd handed over cannot be used: %s; FileDescriptorName= is "
	           "smb, local or publish",
	           err_text(&reason));
	return false;
}

/* ---- the settings of each ---- */

/* How many SMB connections there may be. What the system allows of descriptors is shared out, so
 * that a flood at one endpoint leaves the other endpoints theirs. */
static uint32_t endpoints_smb_share(const struct config *c)
{
	uint64_t others = (uint64_t)c->max_local_connections + c->max_publishers +
	                  PUBLISH_ENDPOINT_MAX_PENDING + NET_MAX_FINISHING;
	uint64_t granted =
		descriptors_raise(c->max_connections + others,
	                          "max_connections, max_local_connections and max_publishers need");

	/* Where the system allows fewer, each endpoint gets its part of what there is. */
	uint64_t share = granted * c->max_connections / (c->max_connections + others);

	if (granted < c->max_connections + others)
		log_write(LOG_LEVEL_WARNING, "at most %llu SMB connections are accepted",
		          (unsigned long long)(share > 0 ? share : 1));
	return share > 0 ? (uint32_t)share : 1;
}

static struct smb_endpoint_settings endpoints_smb_settings(const struct settings *s,
                                                           const struct activation_sockets *sockets)
{
	static const struct {
		const char *name;
		enum smb2_server_encryption encryption;
	} encryptions[] = {
		{ "offer", SMB2_SERVER_ENCRYPTION_OFFERED },
		{ "require", SMB2_SERVER_ENCRYPTION_REQUIRED },
		{ "off", SMB2_SERVER_ENCRYPTION_OFF },
	};
	static const struct {
		const char *name;
		uint16_t dialect;
	} dialects[] = {
		{ "2.0.2", SMB2_DIALECT_202 }, { "2.1", SMB2_DIALECT_210 },
		{ "3.0", SMB2_DIALECT_300 },   { "3.0.2", SMB2_DIALECT_302 },
		{ "3.1.1", SMB2_DIALECT_311 },
	};
	struct smb_endpoint_settings to = {
		.address_count = s->config.listen.count,
		.socket_count = sockets->smb_count,
		.max_connections = endpoints_smb_share(&s->config),
		.max_of_address = s->config.max_connections_per_address,
		.max_unauthenticated = s->config.max_unauthenticated_connections,
		.max_unauthenticated_of_address =
			s->config.max_unauthenticated_connections_per_address,
		.log_on_timeout_s = s->config.log_on_timeout_s,
		.idle_timeout_s = s->config.idle_timeout_s,
		.hosts_allow = s->config.hosts_allow,
		.hosts_deny = s->config.hosts_deny,
		.acceptor_settings = s->acceptor_settings,
		.sessions_end_with_ticket = s->config.sessions_end_with_ticket,
		.sessions_end_with_account = s->config.sessions_end_with_account,
	};

	_Static_assert(NET_MAX_ADDRESSES <= SMB_ENDPOINT_MAX_LISTENERS, "room for each");
	memcpy(to.addresses, s->config.listen.list, to.address_count * sizeof *to.addresses);
	memcpy(to.sockets, sockets->smb, to.socket_count * sizeof *to.sockets);
	for (size_t i = 0; i < sizeof encryptions / sizeof *encryptions; i++)
		if (strcmp(encryptions[i].name, s->config.encryption) == 0)
			to.encryption = encryptions[i].encryption;
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
		if (strcmp(dialects[i].name, s->config.min_dialect) == 0)
			to.least_dialect = dialects[i].dialect;
	return to;
}

static struct local_endpoint_settings
endpoints_local_settings(const struct settings *s, const struct activation_sockets *sockets)
{
	return (struct local_endpoint_settings){
		.path = s->config.socket,
		.socket = sockets->local,
		.max_connections = s->config.max_local_connections,
		.idle_timeout_s = s->config.idle_timeout_s,
	};
}

static struct publish_endpoint_settings
endpoints_publish_settings(const struct settings *s, const struct activation_sockets *sockets)
{
	return (struct publish_endpoint_settings){
		.path = s->config.publish_socket,
		.socket = sockets->publish,
		.max_publishers = s->config.max_publishers,
		.max_sessions_of_publisher = s->config.publisher_max_sessions,
		.max_changes_per_s = s->config.publisher_max_changes_per_s,
		.hello_timeout_ms = HELLO_TIMEOUT_MS,
	};
}

/* ---- opening them ---- */

static void endpoints_log_addresses(const struct settings *s, const struct endpoints *d)
{
	char address[NET_ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; d->smb != NULL && i < s->config.listen.count; i++) {
		net_address_text(&s->config.listen.list[i], address);
		log_write(LOG_LEVEL_INFO, "listening for SMB clients at %s", address);
	}
	if (d->local != NULL)
		log_write(LOG_LEVEL_INFO, "listening for programs of this computer at %s",
		          d->sockets.local >= 0 ? "a socket from systemd" : s->config.socket);
	if (d->publish != NULL)
		log_write(LOG_LEVEL_INFO, "listening for publishers at %s",
		          d->sockets.publish >= 0 ? "a socket from systemd"
		                                  : s->config.publish_socket);
}

/* An endpoint did not open. One that is open by default only may stay closed; else false. */
static bool endpoints_may_stay_closed(const struct settings *s, const void *member,
                                      const struct err *reason, struct err *err)
{
	struct err explained = { 0 };

	config_explain_key(&s->config, member, reason, &explained);
	if (config_is_set(&s->config, member)) {
		*err = explained;
		return false;
	}
	log_write(LOG_LEVEL_WARNING, "%s; continuing without this socket", err_text(&explained));
	return true;
}

static bool endpoints_open_smb(struct endpoints *d, const struct settings *s, struct err *err)
{
	struct smb_endpoint_settings settings = endpoints_smb_settings(s, &d->sockets);
	struct err reason = { 0 };

	if (settings.address_count == 0 && settings.socket_count == 0)
		return true;
	d->smb = smb_endpoint_new(d->loop, d->service, d->refresh, &settings, &reason);
	if (d->smb == NULL)
		config_explain_key(&s->config, &s->config.listen, &reason, err);
	return d->smb != NULL;
}

static bool endpoints_open_local(struct endpoints *d, const struct settings *s, struct err *err)
{
	struct local_endpoint_settings settings = endpoints_local_settings(s, &d->sockets);
	struct err reason = { 0 };

	if (*settings.path == '\0' && settings.socket < 0)
		return true;
	d->local = local_endpoint_new(d->loop, d->service, d->refresh, &settings, &reason);
	return d->local != NULL || endpoints_may_stay_closed(s, &s->config.socket, &reason, err);
}

static bool endpoints_open_publish(struct endpoints *d, const struct settings *s, struct err *err)
{
	struct publish_endpoint_settings settings = endpoints_publish_settings(s, &d->sockets);
	struct err reason = { 0 };

	if (*settings.path == '\0' && settings.socket < 0)
		return true;
	d->publish = publish_endpoint_new(d->loop, d->service, d->refresh, &settings, &reason);
	return d->publish != NULL ||
	       endpoints_may_stay_closed(s, &s->config.publish_socket, &reason, err);
}

struct endpoints *endpoints_new(struct net_loop *loop, struct srvsvc_server *service,
                                const struct settings *settings, struct err *err)
{
	struct endpoints *d = calloc(1, sizeof *d);

	if (d != NULL)
		d->refresh = refresh_new(loop, service);
	if (d == NULL || d->refresh == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		free(d);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	refresh_set_timeout(d->refresh, settings->config.refresh_timeout_ms);
	if (endpoints_take_sockets(d, err) && endpoints_open_smb(d, settings, err) &&
	    endpoints_open_local(d, settings, err) && endpoints_open_publish(d, settings, err)) {
		endpoints_log_addresses(settings, d);
		if (d->smb != NULL || d->local != NULL)
			return d;
		err_set(err, ERROR_INVALID_PARAMETER, STEP,
		        "no address and no socket to listen at: set [server] listen or socket");
	}
	endpoints_free(d);
	return NULL;
}

/* ---- together ---- */

void endpoints_configure(struct endpoints *d, const struct settings *settings)
{
	const struct smb_endpoint_settings smb = endpoints_smb_settings(settings, &d->sockets);
	const struct local_endpoint_settings local = endpoints_local_settings(settings,
	                                                                      &d->sockets);
	const struct publish_endpoint_settings publish = endpoints_publish_settings(settings,
	                                                                            &d->sockets);

	refresh_set_timeout(d->refresh, settings->config.refresh_timeout_ms);
	if (d->smb != NULL)
		smb_endpoint_configure(d->smb, &smb);
	if (d->local != NULL)
		local_endpoint_configure(d->local, &local);
	if (d->publish != NULL)
		publish_endpoint_configure(d->publish, &publish);
}

void endpoints_drain(struct endpoints *d)
{
	refresh_expect_nobody(d->refresh);
	if (d->smb != NULL)
		smb_endpoint_drain(d->smb);
	if (d->local != NULL)
		local_endpoint_drain(d->local);
	if (d->publish != NULL)
		publish_endpoint_drain(d->publish);
}

unsigned endpoints_connections(const struct endpoints *d)
{
	return (d->smb != NULL ? smb_endpoint_connections(d->smb) : 0) +
	       (d->local != NULL ? local_endpoint_connections(d->local) : 0) +
	       (d->publish != NULL ? publish_endpoint_connections(d->publish) : 0);
}

struct refresh *endpoints_refresh(struct endpoints *d)
{
	return d->refresh;
}

void endpoints_free(struct endpoints *d)
{
	if (d == NULL)
		return;
	smb_endpoint_free(d->smb);
	local_endpoint_free(d->local);
	publish_endpoint_free(d->publish);
	refresh_free(d->refresh);
	free(d);
}
