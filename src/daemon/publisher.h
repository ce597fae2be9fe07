/* SPDX-License-Identifier: MIT */
/* A file server that publishes its sessions over the publish endpoint: its connection, and its
 * sessions in the table. */
#ifndef DAEMON_PUBLISHER_H
#define DAEMON_PUBLISHER_H

#include <stdbool.h>
#include "daemon/privileged_users.h"
#include "daemon/refresh.h"
#include "net/endpoint.h"
#include "net/loop.h"
#include "srvsvc/server.h"
#include "system/log.h"

struct publisher_bounds {
	uint32_t max_sessions;
	uint32_t max_changes_per_s; /* further changes wait in the socket; at least 1 */
};

/* A publisher that polled a file server, and has disconnected lately: the sessions are missing
 * since then. */
struct lost_publisher {
	char *name;
	int64_t at_ms;
};

enum { MAX_LOST_PUBLISHERS = 8 };

/* What the publishers of an endpoint share. All of it outlives them. */
struct publishers {
	struct net_loop *loop;
	struct srvsvc_server *service;
	struct refresh *refresh;
	struct net_endpoint *connections;   /* each one's context is a struct publisher */
	struct privileged_users privileged; /* those who may publish */
	struct log_limit limit;
	unsigned max_publishers, open_count; /* of those whose HELLO was accepted */
	/* A file that is there while publishers are connected, also when netsessiond has ended: the
	 * next one waits for them. NULL: there is none. */
	char *mark;
	struct publisher_bounds bounds; /* of a publisher that opens from now on */
	struct lost_publisher lost[MAX_LOST_PUBLISHERS];
	unsigned lost_count;
	struct session_source lost_source; /* warns of them */
};

/* Begins to warn of publishers that have disconnected. The rest of shared is set. */
void publishers_init(struct publishers *shared);
void publishers_fini(struct publishers *shared);

struct publisher;

/* Takes socket, also after a failure. Keeps shared; copies peer. False: out of memory. */
bool publisher_new(struct publishers *shared, int socket, const struct net_peer *peer);
/* Disconnects the file server, logs the reason, and reports the status to the audit log. Then the
 * sessions are removed, a part of them in each turn of the loop, and p frees itself: now if there
 * are few. Nothing happens where that has begun already. */
void publisher_close(struct publisher *p, enum log_level level, NET_API_STATUS status,
                     const char *reason);
/* Takes over what has changed in shared->bounds and in the access policy, but for max_sessions. */
void publisher_apply_settings(struct publisher *p);
/* Removes all sessions and frees p at once. */
void publisher_free(struct publisher *p);

#endif
