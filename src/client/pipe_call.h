/* SPDX-License-Identifier: MIT */
/* One call of a method: the stub of its request, and its answer as the pieces of that arrive. */
#ifndef CLIENT_PIPE_CALL_H
#define CLIENT_PIPE_CALL_H

#include "base/err.h"
#include "local/interface.h"
#include "rpc/client_association.h"
#include "srvsvc/session_messages.h"

/* All zero is a call that was never begun; the same one serves call after call. */
struct pipe_call {
	const struct pipe_method *method; /* of the table in pipe_call.c; NULL: no call was begun */
	struct wire_writer stub;          /* the request's */
	size_t stub_sent;                 /* bytes of it */
	struct session_enum_decoder decoder; /* the answer of NetrSessionEnum */
	struct wire_writer answer;           /* the stub of a shorter answer */
	bool answer_is_big_endian;
	bool is_answered;
	bool streams_rows;   /* the caller wants rows before the answer is whole */
	uint32_t rows_given; /* to the caller */
	uint32_t remaining_bytes,
		fragment_bytes; /* of the answer; of its longest fragment so far */
	size_t infos_bytes;     /* of the rows that pipe_call_end_enum has given */
};

void pipe_call_fini(struct pipe_call *call);

/* The method as errors name it: "NetrSessionEnum". Static text. */
const char *pipe_call_name(const struct pipe_call *call);
uint16_t pipe_call_opnum(const struct pipe_call *call);

/* These begin a call: they encode the stub of its request. Requests are borrowed. Return 0 or
 * ERROR_NOT_ENOUGH_MEMORY, which then stands in err. */
/* is_local: LOCAL_ENUM_SESSIONS of netsession_local; else NetrSessionEnum. An answer whose rows
 * need more than max_bytes fails. */
NET_API_STATUS pipe_call_begin_enum(struct pipe_call *call, bool is_local,
                                    const struct session_enum_request *request, size_t max_bytes,
                                    bool streams_rows, struct err *err);
NET_API_STATUS pipe_call_begin_del(struct pipe_call *call,
                                   const struct session_del_request *request, struct err *err);
/* request: of LOCAL_LIST_ALSO_CLOSED; else NULL. */
NET_API_STATUS pipe_call_begin_local(struct pipe_call *call, enum local_opnum opnum,
                                     const struct session_del_request *request, struct err *err);

/* Fragments of the request are still to be sent. */
bool pipe_call_has_more_to_send(const struct pipe_call *call);

/* Takes the next piece of the answer. Returns 0, or what stands in err. */
NET_API_STATUS pipe_call_take_piece(struct pipe_call *call, const struct rpc_piece *piece,
                                    struct err *err);

/* A row is there that was not given yet, and the caller wants rows. */
bool pipe_call_has_row(const struct pipe_call *call);
/* Gives the next row, as session_enum_decoder_row does. False: there is none, or memory ran out, as
 * err says then. */
bool pipe_call_next_row(struct pipe_call *call, struct netsession_row *row, char **scratch,
                        size_t *scratch_bytes, struct err *err);

/* These end a call that is answered: to NetrSessionEnum as session_enum_decoder_finish does, to
 * NetrSessionDel with its status, to an operation of the local service with its stub, which is
 * borrowed until the next call begins. Return 0, or what stands in err. */
NET_API_STATUS pipe_call_end_enum(struct pipe_call *call, struct session_enum_answer *answer,
                                  void **infos, struct err *err);
NET_API_STATUS pipe_call_end_del(struct pipe_call *call, NET_API_STATUS *answer, struct err *err);
void pipe_call_end_local(struct pipe_call *call, struct wire_reader *stub);

#endif
