/* SPDX-License-Identifier: MIT */
/* What callers ask this server for, whatever door they came by: the operations of srvsvc over the
 * session table, under the access policy. It does no I/O and knows no clock. */
#ifndef SRVSVC_SERVER_H
#define SRVSVC_SERVER_H

#include <lmcons.h>
#include <stdint.h>
#include "auth/access_policy.h"
#include "auth/identity.h"
#include "rpc/interface.h"
#include "sessions/session_table.h"
#include "wire/ndr_writer.h"

/* One question and what became of it, for the audit log. Texts are UTF-8, borrowed, NULL for
 * none. */
struct srvsvc_event {
	const char *operation; /* static text: "NetrSessionEnum" */
	const struct identity *identity;
	const char *address;       /* address, or "local" */
	const char *endpoint;      /* static text: "smb", "local" */
	int64_t level;             /* -1: it has none */
	const char *client, *user; /* qualifiers; of a log-on that was refused: who was claimed */
	uint32_t entries, total;
	NET_API_STATUS status;
	const char *detail; /* static text, of a log-on that was refused */
	/* Of NetrSessionDel: sessions that end with those that were meant, "alice from
	 * \\192.0.2.7": the first also_count of also_total. */
	const char *const *also;
	uint32_t also_count, also_total;
};

/* What all doors share. */
struct srvsvc_server {
	struct session_table *table;
	struct access_policy *policy; /* held; replaced at a reload */
	const char *netbios_name, *comment;
	size_t max_answer_bytes; /* of one answer's entries: those who ask for more get them in
	                          * pages, those who ask for all get ERROR_NOT_ENOUGH_MEMORY */
	/* What all associations hold for callers who have not read it yet, as their doors count it.
	 * An answer has no more than what is left of the bound, but for some, so that everybody is
	 * served in pages whatever others hold. */
	size_t held_bytes, max_held_bytes;
	int64_t (*now_ms)(void *context); /* the clock of the table's times */
	void (*report)(void *context, const struct srvsvc_event *event);
	void *context;
};

/* Who is behind an association: the context of service_interfaces' calls. */
struct srvsvc_caller {
	struct srvsvc_server *service;
	const struct identity *identity;
	const char *address, *endpoint;
};

/* Whether the policy lets somebody see, or close, any session of the table. */
bool srvsvc_may_list_sessions(const struct srvsvc_server *service, const struct identity *who);

/* Counts what an association holds now. *counted: what it was counted with before, 0 at first. */
void srvsvc_count_held(struct srvsvc_server *service, size_t *counted, size_t held_bytes);

/* srvsvc. */
extern const struct rpc_interface srvsvc_interface;

#endif
