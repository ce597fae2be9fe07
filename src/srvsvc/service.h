/* SPDX-License-Identifier: MIT */
/* What all calls of srvsvc share: the session table, the access policy, and the limits of what is
 * held for callers. */
#ifndef SRVSVC_SERVICE_H
#define SRVSVC_SERVICE_H

#include <lmcons.h>
#include <stdbool.h>
#include <stdint.h>
#include "auth/access_policy.h"
#include "auth/identity.h"
#include "sessions/session_source.h"
#include "sessions/session_table.h"

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
	 * limit; and the limit of one account. An answer takes no more than half of what is left,
	 * and what is left of its account; but it may always take 64 KiB, so that every caller is
	 * served in pages, however much others hold. An account that holds as much as it may gets
	 * faults. */
	size_t held_bytes, max_held_bytes, max_held_of_account;
	/* A call that visits more sessions is run in parts of so many: RPC_CALL_UNFINISHED. 0: a
	 * call is run at once. */
	uint32_t part_visits;
	int64_t (*now_ms)(void *context); /* on the clock of the session table's times */
	struct session_sources sources; /* of the table, which may know that sessions are missing */
	/* Writes an event to the audit log. Called once in each call, which the host runs. */
	void (*report)(void *context, const struct srvsvc_event *event);
	void *context;
};

/* What all associations of one account hold. All zero at first. */
struct srvsvc_account {
	size_t held_bytes;
};

/* For part_visits: less than 5 ms. */
#define SRVSVC_PART_VISITS 16384

struct srvsvc_enumeration;

/* The caller behind an association: the context of the calls of srvsvc_interface. */
struct srvsvc_caller {
	struct srvsvc_server *service;
	const struct identity *identity;
	struct srvsvc_account *account; /* NULL: there is no limit for this one */
	const char *address, *endpoint;
	struct srvsvc_enumeration *enumeration; /* a call that is not finished; NULL: none */
};

/* Counts the memory that an association of account, which may be NULL, holds now. *counted, 0 at
 * first, remembers what was counted for this association before. */
void srvsvc_count_held(struct srvsvc_server *s, struct srvsvc_account *account, size_t *counted,
                       size_t held_bytes);
/* How much memory a new answer may take. */
size_t srvsvc_memory_left(const struct srvsvc_server *s, const struct srvsvc_account *account);
/* Whether the account, which may be NULL, holds as much as it may. */
bool srvsvc_account_is_full(const struct srvsvc_server *s, const struct srvsvc_account *account);

#endif
