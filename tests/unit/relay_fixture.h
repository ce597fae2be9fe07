/* SPDX-License-Identifier: MIT */
/* One pipe through a relay: a caller whose PDUs are built here, and behind the relay a server that
 * stands where Samba's srvsvc would - our own RPC service, over a table of its own, with what Samba
 * lacks taken away: levels 0 and 1 alone, no qualifiers, users by their whole names. */
#ifndef TESTS_RELAY_BENCH_H
#define TESTS_RELAY_BENCH_H

#include "samba/relay/pipe.h"
#include "rpc/bind.h"
#include "rpc/call.h"
#include "rpc/server.h"
#include "service_bench.h"
#include "srvsvc/session_del.h"
#include "srvsvc/session_enum.h"

#define FIRST RPC_PFC_FIRST_FRAG
#define LAST  RPC_PFC_LAST_FRAG
#define WHOLE (FIRST | LAST)

/* Operations that only the server has. */
enum { SAY_MUCH = 100, ECHO_STUB, SAY_NUMBER };
#define MUCH_BYTES 20000

/* Contexts that relay_fixture_bind proposes. */
enum { SRVSVC_CONTEXT = 0, OTHER_CONTEXT = 1 };

struct relay_fixture {
	struct bench samba;
	struct srvsvc_caller as; /* whom the caller is to Samba */
	struct rpc_server *server;
	bool is_server_slow; /* it hears nothing until that is over */
	NET_API_STATUS del_status;
	unsigned dels, enums; /* that it was asked for */
	char del_client[128], del_user[128];

	struct relay *relay;
	struct relay_pipe *pipe;
	int64_t now_ms;  /* the relay's clock */
	int64_t tick_ms; /* how far that goes on at each look */
	const char *transport;
	uint32_t sessions_of_each_name;
	bool is_smbstatus_slow, has_smbstatus_failed;
	unsigned checks; /* how often it was asked */
	unsigned told;
	struct srvsvc_event event; /* the last one, without its texts */

	size_t step; /* bytes that the relay gets at once */
	bool has_ended;
	struct wire_writer said;     /* by the caller, and not fed yet */
	struct wire_writer asked;    /* all that the server got */
	size_t asked_at;             /* what of it was served */
	struct wire_writer answered; /* by the server, and not fed yet */
	struct wire_writer heard;    /* all that the caller got */
};

/* Whether the code under test runs. */
extern bool relay_fixture_is_inside;

/* settings: NULL for large ones. The openings were exchanged, and left no trace. False: out of
 * memory. */
bool relay_fixture_init(struct relay_fixture *b, const struct relay_settings *settings);
void relay_fixture_fini(struct relay_fixture *b);
/* A new pipe of the same relay. */
void relay_fixture_reopen(struct relay_fixture *b);

/* Feeds what was said and what is answered until nothing moves any more. */
void relay_fixture_talk(struct relay_fixture *b);
/* Feeds bytes of a side; they are gone afterwards. */
void relay_fixture_feed(struct relay_fixture *b, enum relay_side from, const void *data,
                        size_t bytes);
/* Forgets what went over the pipe. */
void relay_fixture_forget(struct relay_fixture *b);

/* The relay can ask smbstatus, which says this of any client and user. */
void relay_fixture_has_smbstatus(struct relay_fixture *b, uint32_t sessions_of_each_name);

/* A session of Samba's. */
uint32_t relay_fixture_add(struct relay_fixture *b, const char *client, const char *user,
                           int64_t began_s);

/* ---- what the caller says; each appends to said ---- */

void relay_fixture_put_message(struct wire_writer *w, const void *pdu, size_t bytes);
struct rpc_presentation_context relay_fixture_srvsvc(uint16_t id);
struct rpc_presentation_context relay_fixture_other(uint16_t id);
/* A bind with the two contexts; what it left is forgotten. */
void relay_fixture_bind(struct relay_fixture *b, uint16_t max_frag);
void relay_fixture_put_bind(struct relay_fixture *b, enum rpc_ptype ptype, uint32_t call_id,
                            const struct rpc_bind *bind);
void relay_fixture_put_request(struct relay_fixture *b, uint8_t pfc_flags, uint32_t call_id,
                               uint16_t context_id, uint16_t opnum, const void *stub, size_t bytes);
struct wire_writer relay_fixture_enum_stub(const struct session_enum_request *request);
void relay_fixture_put_enum(struct relay_fixture *b, uint32_t call_id,
                            const struct session_enum_request *request);
void relay_fixture_put_del(struct relay_fixture *b, uint32_t call_id, const char *client,
                           const char *user);
/* The PDUs of a recording, a message each, by another call id than recorded. */
void relay_fixture_put_recording(struct relay_fixture *b, const char *name);

/* ---- what was heard and asked ---- */

struct relay_fixture_pdu {
	struct rpc_header h;
	uint16_t context_id, opnum; /* of a request or a response; the last of a request alone */
	const uint8_t *data;        /* all of it */
	size_t bytes;
	struct wire_reader body; /* behind the header, or the request's or response's own */
};

/* The next message, which has to be one whole PDU. *at: 0 at first. False: there is none. */
bool relay_fixture_next(const struct wire_writer *messages, size_t *at,
                        struct relay_fixture_pdu *pdu);
unsigned relay_fixture_count(const struct wire_writer *messages);

struct relay_fixture_answer {
	struct session_enum_answer answer;
	void *infos;
	unsigned fragments;
};

/* The whole answer to call_id out of heard; its fragments have to follow each other. */
struct wire_writer relay_fixture_answer_stub(const struct relay_fixture *b, uint32_t call_id,
                                             unsigned *fragments);
struct relay_fixture_answer relay_fixture_enum_answer(const struct relay_fixture *b,
                                                      uint32_t call_id, uint32_t level);
NET_API_STATUS relay_fixture_del_answer(const struct relay_fixture *b, uint32_t call_id);
/* Asks and gives the answer; what went over the pipe is forgotten before. */
struct relay_fixture_answer relay_fixture_enum(struct relay_fixture *b, uint32_t call_id,
                                               const struct session_enum_request *request);
/* ---- what many sentences begin and end with ---- */

/* A pipe that is bound. */
struct relay_fixture *relay_fixture_start(void);
/* Whose server says nothing by itself. */
struct relay_fixture *relay_fixture_start_by_hand(void);
void relay_fixture_end(struct relay_fixture *b);
/* For all of everybody. */
struct session_enum_request relay_fixture_at_level(uint32_t level);
void relay_fixture_add_some(struct relay_fixture *b, uint32_t count);

struct wire_writer relay_fixture_copy(const struct wire_writer *w);
void relay_fixture_assert_same(const struct wire_writer *all, const struct wire_writer *expected);
/* A PDU of nothing but a header and some bytes. */
void relay_fixture_put_pdu(struct wire_writer *messages, uint8_t ptype, uint8_t pfc_flags,
                           uint32_t call_id, size_t bytes);
/* Samba's own words, by the id of a question. */
struct wire_writer relay_fixture_recorded_answer(const char *name, uint32_t call_id);
/* What was said reaches the server as it is, however it is cut. */
void relay_fixture_assert_goes_on(struct relay_fixture *b);

#endif
