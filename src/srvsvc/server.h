/* SPDX-License-Identifier: MIT */
/* The server's side of srvsvc: its operations over the session table, under the access policy, for
 * the callers of every endpoint. Does no I/O and knows no clock. */
#ifndef SRVSVC_SERVER_H
#define SRVSVC_SERVER_H

#include <lmcons.h>
#include <stdbool.h>
#include <stdint.h>
#include "auth/access_policy.h"
#include "auth/identity.h"
#include "rpc/interface.h"
#include "sessions/session_source.h"
#include "sessions/session_table.h"
#include "wire/ndr_writer.h"

/* A call and its result, for the audit log. Texts are UTF-8, borrowed; NULL: none. */
struct srvsvc_event {
	const char *operation; /* static text: "NetrSessionEnum" */
	const struct identity *identity;
	const char *address;       /* IP address, or "local" */
	const char *endpoint;      /* static text: "smb" or "local" */
	int64_t level;             /* -1: the operation has no level */
	const char *client, *user; /* qualifiers; of a refused log-on: the claimed user */
	uint32_t entries, total;
	NET_API_STATUS status;
	const char *detail; /* why a log-on was refused, or a session ended; static text */
	/* NetrSessionEnum: sessions may be missing, because a source of the table is not complete.
	 */
	bool is_incomplete;
	/* NetrSessionDel: other sessions that end because they share a connection with a deleted
	 * session, as "alice from \\192.0.2.7": the first also_count of also_total. */
	const char *const *also;
	uint32_t also_count, also_total;
};

/* What all endpoints share. */
struct srvsvc_server {
	struct session_table *table;
	struct access_policy *policy; /* held; replaced at a reload */
	const char *netbios_name, *comment;
	size_t max_answer_bytes; /* of the entries of one answer: a call that prefers more gets a
	                          * page, a call for all entries ERROR_NOT_ENOUGH_MEMORY */
	/* Memory that all associations hold for their callers, as the endpoints count it, and its
	 * limit. An answer takes no more than what is left of the limit, but may always take 64
	 * KiB, so that every caller is served in pages, however much others hold. */
	size_t held_bytes, max_held_bytes;
	int64_t (*now_ms)(void *context); /* on the clock of the session table's times */
	struct session_sources sources; /* of the table, which may know that sessions are missing */
	/* Writes an event to the audit log. Called once in each call, which the host runs. */
	void (*report)(void *context, const struct srvsvc_event *event);
	void *context;
};

/* The caller behind an association: the context of the calls of srvsvc_interface. */
struct srvsvc_caller {
	struct srvsvc_server *service;
	const struct identity *identity;
	const char *address, *endpoint;
};

/* Whether the policy allows to list sessions at any level, or to delete them. */
bool srvsvc_may_list_sessions(const struct srvsvc_server *s, const struct identity *identity);

/* Counts the memory that an association holds now. *counted, 0 at first, remembers what was counted
 * for this association before. */
void srvsvc_count_held(struct srvsvc_server *s, size_t *counted, size_t held_bytes);

/* Serves NetrSessionEnum for a caller who can tell numbers that are not known from 0: those are
 * NETSESSION_UNKNOWN. Returns 0, or the status of a fault. */
uint32_t srvsvc_call_session_enum(const struct srvsvc_caller *caller, struct wire_reader *stub,
                                  struct wire_writer *answer);

extern const struct rpc_interface srvsvc_interface;

#endif
