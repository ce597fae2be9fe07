/* SPDX-License-Identifier: MIT */
/* What all pipes of a relay share: the sessions as Samba told them last, the operations over them,
 * and what is counted. It does no I/O and knows no clock. */
#ifndef SAMBA_RELAY_RELAY_H
#define SAMBA_RELAY_RELAY_H

#include <stddef.h>
#include <stdint.h>
#include "auth/identity.h"
#include "samba/relay/session_cache.h"
#include "srvsvc/server.h"

struct relay_settings {
	uint32_t max_sessions;            /* that Samba may have */
	size_t max_answer_bytes;          /* of one answer, Samba's or ours */
	size_t max_held_bytes;            /* of all that is held for callers */
	int64_t (*now_ms)(void *context); /* Unix time */
	/* The name of a session's transport, static text; NULL: it is not known. */
	const char *(*find_transport)(void *context, const char *client, const char *user);
	/* A question that was answered here. */
	void (*on_event)(void *context, const struct srvsvc_event *event);
	void *context;
	/* How many sessions of this client and user smbstatus listed last that may have begun
	 * within two seconds of began_s (Unix time; 0: whenever). NULL: it is not asked. */
	uint32_t (*count_sessions)(void *context, const char *client, const char *user,
	                           int64_t began_s);
	/* Samba is about to be asked to close the sessions of this client and user, NULL or "": of
	 * any. smbstatus was asked before, if it answers. NULL: nobody wants to know. */
	void (*on_session_del)(void *context, const char *client, const char *user);
};

struct relay {
	struct relay_settings settings;
	struct session_cache *cache;
	struct srvsvc_server service;
	struct identity *administrator; /* whom Samba answered: an administrator */
	struct srvsvc_caller caller;
	/* Samba is asked for its sessions over many pipes, and may answer late over one of them:
	 * the listing is what it answered to the youngest question. */
	uint64_t queries, cached_query; /* how many there were; the number of that one */
	int64_t cached_ms;              /* when that came: its times are of then */
	uint64_t forwarded;             /* requests that went on as they came */
	uint64_t intercepted;           /* those that were answered here */
};

/* Copies settings. NULL: out of memory. */
struct relay *relay_new(const struct relay_settings *settings);
void relay_free(struct relay *r);

#endif
