/* SPDX-License-Identifier: MIT */
#include "server/doors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "server/feed_door.h"
#include "server/local_door.h"
#include "system/log.h"
#include "server/smb_door.h"

#define STANDARD_FOLDER "/run/netsession"

struct doors {
	struct net_loop *loop;
	struct service *service;
	struct handed_sockets sockets;
	struct freshness *freshness;
	struct smb_door *smb;
	struct local_door *local;
	struct feed_door *feed;
};

/* ---- what each wants of the settings ---- */

static struct smb_door_settings smb_settings(const struct settings *s,
                                             const struct handed_sockets *sockets)
{
	static const struct {
		const char *name;
		enum smbserver_encryption encryption;
	} encryptions[] = {
		{ "offer", SMBSERVER_ENCRYPTION_OFFERED },
		{ "require", SMBSERVER_ENCRYPTION_REQUIRED },
		{ "off", SMBSERVER_ENCRYPTION_OFF },
	};
	struct smb_door_settings to = {
		.address_count = s->config.listen.count,
		.socket_count = sockets->smb_count,
		.max_connections = s->config.max_connections,
		.idle_timeout_s = s->config.idle_timeout_s,
		.acceptance = s->acceptance,
	};

	_Static_assert(NET_MAX_ADDRESSES <= SMB_DOOR_MAX_LISTENERS &&
	                       HANDED_MAX_SOCKETS <= SMB_DOOR_MAX_LISTENERS,
	               "room for each");
	memcpy(to.addresses, s->config.listen.list, to.address_count * sizeof *to.addresses);
	memcpy(to.sockets, sockets->smb, to.socket_count * sizeof *to.sockets);
	for (size_t i = 0; i < sizeof encryptions / sizeof *encryptions; i++)
		if (strcmp(encryptions[i].name, s->config.encryption) == 0)
			to.encryption = encryptions[i].encryption;
	return to;
}

static struct local_door_settings local_settings(const struct settings *s,
                                                 const struct handed_sockets *sockets)
{
	return (struct local_door_settings){
		.path = s->config.socket,
		.socket = sockets->local,
		.max_connections = s->config.max_local_connections,
		.idle_timeout_s = s->config.idle_timeout_s,
	};
}

static struct feed_door_settings feed_settings(const struct settings *s,
                                               const struct handed_sockets *sockets)
{
	return (struct feed_door_settings){
		.path = s->config.feed_socket,
		.socket = sockets->feed,
		.max_feeders = s->config.max_feeders,
		.max_sessions_per_feeder = s->config.feed_max_sessions,
		.max_changes_per_s = s->config.feed_max_changes_per_s,
	};
}

/* ---- opening them ---- */

static void say_where(const struct settings *s, const struct doors *d)
{
	char address[NET_ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; d->smb != NULL && i < s->config.listen.count; i++) {
		net_address_text(&s->config.listen.list[i], address);
		log_write(LOG_LEVEL_INFO, "SMB callers are served at %s", address);
	}
	if (d->local != NULL)
		log_write(LOG_LEVEL_INFO, "programs of this computer are served at %s",
		          d->sockets.local >= 0 ? "a socket that was handed over"
		                                : s->config.socket);
	if (d->feed != NULL)
		log_write(LOG_LEVEL_INFO, "file servers may publish sessions at %s",
		          d->sockets.feed >= 0 ? "a socket that was handed over"
		                               : s->config.feed_socket);
}

/* The folder of the sockets that nobody has said, as systemd would make it. */
static void make_standard_folder(const struct settings *s)
{
	if (strncmp(s->config.socket, STANDARD_FOLDER "/", sizeof STANDARD_FOLDER) == 0 ||
	    strncmp(s->config.feed_socket, STANDARD_FOLDER "/", sizeof STANDARD_FOLDER) == 0)
		(void)mkdir(STANDARD_FOLDER, 0755);
}

/* A door did not open. False: it has to. */
static bool may_stay_shut(const struct settings *s, const void *member, const struct err *err,
                          struct config_fault *fault)
{
	config_blame(&s->config, member, err_text(err), fault);
	if (config_is_said(&s->config, member))
		return false;
	log_write(LOG_LEVEL_WARNING, "%s; going on without", fault->text);
	return true;
}

static bool open_smb(struct doors *d, const struct settings *s, struct config_fault *fault)
{
	struct smb_door_settings settings = smb_settings(s, &d->sockets);
	struct err err = { 0 };

	if (settings.address_count == 0 && settings.socket_count == 0)
		return true;
	d->smb = smb_door_new(d->loop, d->service, d->freshness, &settings, &err);
	if (d->smb == NULL)
		config_blame(&s->config, &s->config.listen, err_text(&err), fault);
	return d->smb != NULL;
}

static bool open_local(struct doors *d, const struct settings *s, struct config_fault *fault)
{
	struct local_door_settings settings = local_settings(s, &d->sockets);
	struct err err = { 0 };

	if (*settings.path == '\0' && settings.socket < 0)
		return true;
	d->local = local_door_new(d->loop, d->service, d->freshness, &settings, &err);
	return d->local != NULL || may_stay_shut(s, &s->config.socket, &err, fault);
}

static bool open_feed(struct doors *d, const struct settings *s, struct config_fault *fault)
{
	struct feed_door_settings settings = feed_settings(s, &d->sockets);
	struct err err = { 0 };

	if (*settings.path == '\0' && settings.socket < 0)
		return true;
	d->feed = feed_door_new(d->loop, d->service, d->freshness, &settings, &err);
	return d->feed != NULL || may_stay_shut(s, &s->config.feed_socket, &err, fault);
}

struct doors *doors_new(struct net_loop *loop, struct service *service,
                        const struct settings *settings, const struct handed_sockets *sockets,
                        struct config_fault *fault)
{
	struct doors *d = calloc(1, sizeof *d);

	if (d != NULL)
		d->freshness = freshness_new(loop, service);
	if (d == NULL || d->freshness == NULL) {
		snprintf(fault->text, sizeof fault->text, "out of memory");
		free(d);
		return NULL;
	}
	d->loop = loop;
	d->service = service;
	d->sockets = *sockets;
	make_standard_folder(settings);
	if (open_smb(d, settings, fault) && open_local(d, settings, fault) &&
	    open_feed(d, settings, fault)) {
		say_where(settings, d);
		if (d->smb != NULL || d->local != NULL)
			return d;
		snprintf(fault->text, sizeof fault->text,
		         "there is nothing to listen at: see [server] listen and socket");
	}
	doors_free(d);
	return NULL;
}

/* ---- together ---- */

void doors_configure(struct doors *d, const struct settings *settings)
{
	const struct smb_door_settings smb = smb_settings(settings, &d->sockets);
	const struct local_door_settings local = local_settings(settings, &d->sockets);
	const struct feed_door_settings feed = feed_settings(settings, &d->sockets);

	if (d->smb != NULL)
		smb_door_configure(d->smb, &smb);
	if (d->local != NULL)
		local_door_configure(d->local, &local);
	if (d->feed != NULL)
		feed_door_configure(d->feed, &feed);
}

void doors_drain(struct doors *d)
{
	if (d->smb != NULL)
		smb_door_drain(d->smb);
	if (d->local != NULL)
		local_door_drain(d->local);
	if (d->feed != NULL)
		feed_door_drain(d->feed);
}

unsigned doors_connections(const struct doors *d)
{
	return (d->smb != NULL ? smb_door_connections(d->smb) : 0) +
	       (d->local != NULL ? local_door_connections(d->local) : 0) +
	       (d->feed != NULL ? feed_door_connections(d->feed) : 0);
}

void doors_free(struct doors *d)
{
	if (d == NULL)
		return;
	smb_door_free(d->smb);
	local_door_free(d->local);
	feed_door_free(d->feed);
	freshness_free(d->freshness);
	free(d);
}
