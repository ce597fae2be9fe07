/* SPDX-License-Identifier: MIT */
/* The calls of a pipe that are answered here, from their first fragment until the answer is sent.
 */
#ifndef RELAY_CALLS_H
#define RELAY_CALLS_H

#include "relay/closing.h"
#include "relay/relay.h"
#include "rpc/call.h"
#include "srvsvc/session_enum.h"
#include "wire/writer.h"

enum relay_call_step {
	RELAY_COLLECTING, /* its request comes */
	RELAY_LISTING,    /* Samba is asked for its sessions in its place, by the same call id */
	RELAY_CHECKING,   /* Samba's list may lack sessions: smbstatus is asked */
	RELAY_CLOSING,    /* Samba is asked to close some of them, as for its sessions */
	RELAY_ANSWERING,  /* stub is its answer */
};

struct relay_call {
	struct relay_call *next;
	enum relay_call_step step;
	uint32_t call_id;
	uint16_t context_id, opnum;
	bool big_endian;         /* its request */
	struct wire_writer raw;  /* its request as messages, to be passed on if need be */
	struct wire_writer stub; /* of the request; then of the answer */
	size_t at;               /* of the answer: sent so far */
	uint32_t level;          /* of NetrSessionEnum, and the next two */
	bool has_resume_handle;
	uint32_t resume_handle;
	uint64_t question; /* LISTING: its number, of all pipes' */
	int64_t asked_ms, answered_ms;
	struct session_enum_decoder listed; /* Samba's answer */
	SESSION_INFO_1 *infos;              /* CHECKING: the same, decoded: entries of them */
	uint32_t entries;
	size_t infos_bytes;
	bool is_too_long;             /* that answer; the rest of it is not looked at */
	struct relay_closing closing; /* CLOSING: stub is Samba's answer, as far as it came */
	size_t held_bytes;            /* as the service counts them */
};

struct relay_calls {
	struct relay_call *first;
	unsigned count;
};

/* Appends one. NULL: out of memory. */
struct relay_call *relay_calls_add(struct relay_calls *calls);
void relay_calls_remove(struct relay *relay, struct relay_calls *calls, struct relay_call *call);
void relay_calls_fini(struct relay *relay, struct relay_calls *calls);
/* NULL: there is none. */
struct relay_call *relay_calls_find(const struct relay_calls *calls, uint32_t call_id);
struct relay_call *relay_calls_answering(const struct relay_calls *calls);
struct relay_call *relay_calls_checking(const struct relay_calls *calls);

/* The one whose request is not whole; NULL: there is none. There is one at most: a request's
 * fragments come one behind the other ([MS-RPCE] 3.3.1.5.8). */
struct relay_call *relay_calls_collecting(const struct relay_calls *calls);

/* Its request is whole. True: it can be answered here, by what Samba lists, and the question for
 * that is appended to question as messages. False: it is Samba's to answer. */
bool relay_call_ask(struct relay *relay, struct relay_call *call, struct wire_writer *question);

/* Whether what Samba answers to its id is ours to hear. */
bool relay_call_is_heard(const struct relay_call *call);
/* A piece of what Samba answers to a question. */
void relay_call_hear(struct relay *relay, struct relay_call *call, const uint8_t *piece,
                     size_t bytes, bool big_endian);

enum relay_outcome {
	RELAY_ANSWERED, /* stub is the answer */
	RELAY_FAULT,    /* and its status */
	RELAY_PASS_ON,  /* the request itself is Samba's to answer now */
	RELAY_ASK_ON,   /* another question was appended */
	RELAY_CHECK,    /* relay_call_checked is to be called, once smbstatus has been asked */
};

/* After the last piece. fault: the status of a RELAY_FAULT; question: as of relay_call_ask. */
enum relay_outcome relay_call_answer(struct relay *relay, struct relay_call *call, uint32_t *fault,
                                     struct wire_writer *question);
/* The same of a call that is CHECKING. is_current: smbstatus answered; else Samba's list counts as
 * it is. */
enum relay_outcome relay_call_checked(struct relay *relay, struct relay_call *call, bool is_current,
                                      uint32_t *fault, struct wire_writer *question);

/* Counts what it holds. */
void relay_call_count(struct relay *relay, struct relay_call *call);

#endif
