/* SPDX-License-Identifier: MIT */
/* The calls of a pipe that the relay answers itself, from the first fragment of the request until
 * the answer is sent. In place of such a call the relay sends Samba a query under the same call id:
 * a NetrSessionEnum at level 1, which lists all sessions. */
#ifndef SAMBA_RELAY_INTERCEPTED_CALLS_H
#define SAMBA_RELAY_INTERCEPTED_CALLS_H

#include <sys/queue.h>
#include "samba/relay/session_del.h"
#include "samba/relay/relay.h"
#include "rpc/call.h"
#include "srvsvc/session_messages.h"
#include "wire/writer.h"

enum intercepted_call_step {
	CALL_COLLECTING, /* the request is not complete yet */
	CALL_LISTING,    /* the query was sent; its answer is not complete yet */
	CALL_REFRESHING, /* the answer may lack sessions: smbstatus is asked */
	CALL_DELETING,   /* Samba is asked to close sessions, one NetrSessionDel after the other */
	CALL_ANSWERING,  /* stub is the answer */
};

struct intercepted_call {
	TAILQ_ENTRY(intercepted_call) entry;
	enum intercepted_call_step step;
	uint32_t call_id;
	uint16_t context_id, opnum;
	bool big_endian;         /* the request is */
	struct wire_writer raw;  /* the request as messages, in case that it is forwarded */
	struct wire_writer stub; /* of the request; once ANSWERING, of the answer */
	size_t at;               /* of the answer: bytes that were sent */
	uint32_t level;          /* of NetrSessionEnum, as the next two */
	bool has_resume_handle;
	uint32_t resume_handle;
	uint64_t query; /* the number of the query, among those of all pipes */
	int64_t asked_ms, answered_ms;
	struct session_enum_decoder list; /* LISTING: Samba's answer */
	SESSION_INFO_1 *infos;            /* REFRESHING: the same decoded, entries of them */
	uint32_t entries;
	size_t infos_bytes;
	bool is_too_long;             /* Samba's answer is; the rest of it is ignored */
	struct session_deletions del; /* DELETING */
	size_t held_bytes;            /* as the service counts them */
};

struct intercepted_calls {
	TAILQ_HEAD(, intercepted_call) list;
	unsigned count;
};

void intercepted_calls_init(struct intercepted_calls *calls);
void intercepted_calls_fini(struct relay *relay, struct intercepted_calls *calls);
/* Appends a call. NULL: out of memory. */
struct intercepted_call *intercepted_calls_add(struct intercepted_calls *calls);
void intercepted_calls_remove(struct relay *relay, struct intercepted_calls *calls,
                              struct intercepted_call *call);

/* The call with this id. NULL: there is none. */
struct intercepted_call *intercepted_calls_find(const struct intercepted_calls *calls,
                                                uint32_t call_id);
/* The first call at this step. NULL: there is none. At most one call is COLLECTING, because the
 * fragments of a request follow each other ([MS-RPCE] 3.3.1.5.8). */
struct intercepted_call *intercepted_calls_first(const struct intercepted_calls *calls,
                                                 enum intercepted_call_step step);

/* Counts the bytes that the call holds. */
void intercepted_call_count_bytes(struct relay *relay, struct intercepted_call *call);

/* The request is complete. True: the relay can answer it, and has appended the query to query as
 * messages. False: the request is to be forwarded to Samba. */
bool intercepted_call_query(struct relay *relay, struct intercepted_call *call,
                            struct wire_writer *query);

/* Whether an answer of Samba's to this call id is one to a query of the relay's. */
bool intercepted_call_expects_response(const struct intercepted_call *call);
/* A piece of that answer. */
void intercepted_call_receive(struct relay *relay, struct intercepted_call *call,
                              const uint8_t *piece, size_t bytes, bool big_endian);

/* What is to be done with a call. */
enum intercepted_call_outcome {
	CALL_ANSWERED, /* send the answer, which is stub */
	CALL_FAULT,    /* send a fault with this status */
	CALL_FORWARD,  /* forward the request to Samba after all */
	CALL_QUERY,    /* send the other query that was appended */
	CALL_REFRESH,  /* ask smbstatus, then call intercepted_call_refreshed */
};

/* Samba's answer is complete. fault: gives the status of CALL_FAULT. query: as of
 * intercepted_call_query. */
enum intercepted_call_outcome intercepted_call_complete(struct relay *relay,
                                                        struct intercepted_call *call,
                                                        uint32_t *fault, struct wire_writer *query);
/* The same for a call that is REFRESHING. is_current: smbstatus answered; otherwise Samba's list
 * counts as it is. */
enum intercepted_call_outcome intercepted_call_refreshed(struct relay *relay,
                                                         struct intercepted_call *call,
                                                         bool is_current, uint32_t *fault,
                                                         struct wire_writer *query);

#endif
