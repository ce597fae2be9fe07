/* SPDX-License-Identifier: MIT */
/* The calls of a pipe that are answered here, from their first fragment until the answer is sent.
 */
#ifndef SAMBA_RELAY_INTERCEPTED_CALLS_H
#define SAMBA_RELAY_INTERCEPTED_CALLS_H

#include "samba/relay/session_del.h"
#include "samba/relay/relay.h"
#include "rpc/call.h"
#include "srvsvc/session_messages.h"
#include "wire/writer.h"

enum intercepted_call_step {
	CALL_COLLECTING, /* its request comes */
	CALL_LISTING,    /* Samba is asked for its sessions in its place, by the same call id */
	CALL_REFRESHING, /* Samba's list may lack sessions: smbstatus is asked */
	CALL_DELETING,   /* Samba is asked to close some of them, as for its sessions */
	CALL_ANSWERING,  /* stub is its answer */
};

struct intercepted_call {
	struct intercepted_call *next;
	enum intercepted_call_step step;
	uint32_t call_id;
	uint16_t context_id, opnum;
	bool big_endian;         /* its request */
	struct wire_writer raw;  /* its request as messages, to be passed on if need be */
	struct wire_writer stub; /* of the request; then of the answer */
	size_t at;               /* of the answer: sent so far */
	uint32_t level;          /* of NetrSessionEnum, and the next two */
	bool has_resume_handle;
	uint32_t resume_handle;
	uint64_t query; /* LISTING: its number, of all pipes' */
	int64_t asked_ms, answered_ms;
	struct session_enum_decoder list; /* Samba's answer */
	SESSION_INFO_1 *infos;            /* CHECKING: the same, decoded: entries of them */
	uint32_t entries;
	size_t infos_bytes;
	bool is_too_long;             /* that answer; the rest of it is not looked at */
	struct relay_session_del del; /* CLOSING: stub is Samba's answer, as far as it came */
	size_t held_bytes;            /* as the service counts them */
};

struct intercepted_calls {
	struct intercepted_call *first;
	unsigned count;
};

/* Appends one. NULL: out of memory. */
struct intercepted_call *intercepted_calls_add(struct intercepted_calls *calls);
void intercepted_calls_remove(struct relay *relay, struct intercepted_calls *calls,
                              struct intercepted_call *call);
void intercepted_calls_fini(struct relay *relay, struct intercepted_calls *calls);
/* NULL: there is none. */
struct intercepted_call *intercepted_calls_find(const struct intercepted_calls *calls,
                                                uint32_t call_id);
struct intercepted_call *intercepted_calls_answering(const struct intercepted_calls *calls);
struct intercepted_call *intercepted_calls_refreshing(const struct intercepted_calls *calls);

/* The one whose request is not whole; NULL: there is none. There is one at most: a request's
 * fragments come one behind the other ([MS-RPCE] 3.3.1.5.8). */
struct intercepted_call *intercepted_calls_collecting(const struct intercepted_calls *calls);

/* Its request is whole. True: it can be answered here, by what Samba lists, and the question for
 * that is appended to question as messages. False: it is Samba's to answer. */
bool intercepted_call_query(struct relay *relay, struct intercepted_call *call,
                            struct wire_writer *question);

/* Whether what Samba answers to its id is ours to hear. */
bool intercepted_call_expects_response(const struct intercepted_call *call);
/* A piece of what Samba answers to a question. */
void intercepted_call_receive(struct relay *relay, struct intercepted_call *call,
                              const uint8_t *piece, size_t bytes, bool big_endian);

enum intercepted_call_outcome {
	CALL_ANSWERED, /* stub is the answer */
	CALL_FAULT,    /* and its status */
	CALL_FORWARD,  /* the request itself is Samba's to answer now */
	CALL_QUERY,    /* another question was appended */
	CALL_REFRESH,  /* intercepted_call_refreshed is to be called, once smbstatus has been asked
	                */
};

/* After the last piece. fault: the status of a CALL_FAULT; question: as of intercepted_call_query.
 */
enum intercepted_call_outcome intercepted_call_complete(struct relay *relay,
                                                        struct intercepted_call *call,
                                                        uint32_t *fault,
                                                        struct wire_writer *question);
/* The same of a call that is CHECKING. is_current: smbstatus answered; else Samba's list counts as
 * it is. */
enum intercepted_call_outcome intercepted_call_refreshed(struct relay *relay,
                                                         struct intercepted_call *call,
                                                         bool is_current, uint32_t *fault,
                                                         struct wire_writer *question);

/* Counts what it holds. */
void intercepted_call_count_bytes(struct relay *relay, struct intercepted_call *call);

#endif
