/* SPDX-License-Identifier: MIT */
#include "client/pipe_call.h"

#include <assert.h>
#include "local/local_list.h"
#include "srvsvc/interface.h"

/* ---- the methods ---- */

struct pipe_method {
	const char *name;
	uint16_t opnum;
	NET_API_STATUS (*take)(struct pipe_call *call, const struct rpc_piece *piece,
	                       struct err *err);
	size_t max_answer_bytes; /* of an answer that is kept whole */
};

static NET_API_STATUS take_enum_piece(struct pipe_call *call, const struct rpc_piece *piece,
                                      struct err *err)
{
	session_enum_decoder_feed(&call->decoder, piece->data, piece->bytes, piece->big_endian);
	if (call->decoder.err.status != NERR_Success)
		*err = call->decoder.err; /* the rest of the answer does not matter */
	return err->status;
}

static NET_API_STATUS take_short_piece(struct pipe_call *call, const struct rpc_piece *piece,
                                       struct err *err)
{
	if (call->answer.len + piece->bytes > call->method->max_answer_bytes)
		return err_set(err, RPC_X_BAD_STUB_DATA, call->method->name,
		               "the answer is too long");
	wire_put_bytes(&call->answer, piece->data, piece->bytes);
	call->answer_is_big_endian = piece->big_endian;
	if (call->answer.failed)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, call->method->name, NULL);
	return NERR_Success;
}

static const struct pipe_method method_session_enum = { "NetrSessionEnum", SRVSVC_NETR_SESSION_ENUM,
	                                                take_enum_piece, 0 };

/* The same operation, so errors name it alike. */
static const struct pipe_method method_local_enum = { "NetrSessionEnum", LOCAL_ENUM_SESSIONS,
	                                              take_enum_piece, 0 };

/* Its answer is a status and nothing more: a longer stub than this is none. */
static const struct pipe_method method_session_del = { "NetrSessionDel", SRVSVC_NETR_SESSION_DEL,
	                                               take_short_piece, 64 };

/* clang-format off */
static const struct pipe_method local_methods[] = {
	[LOCAL_GET_CALLER] =
		{ "query for the caller's names", LOCAL_GET_CALLER, take_short_piece, LOCAL_LIST_MAX_BYTES },
	[LOCAL_GET_COUNTERS] =
		{ "query for the counters", LOCAL_GET_COUNTERS, take_short_piece, LOCAL_LIST_MAX_BYTES },
	[LOCAL_LIST_ALSO_CLOSED] =
		{ "query for the sessions that are closed too", LOCAL_LIST_ALSO_CLOSED, take_short_piece,
		  LOCAL_LIST_MAX_BYTES },
	[LOCAL_LIST_WARNINGS] =
		{ "query for warnings", LOCAL_LIST_WARNINGS, take_short_piece, LOCAL_LIST_MAX_BYTES },
};
/* clang-format on */

void pipe_call_fini(struct pipe_call *call)
{
	session_enum_decoder_fini(&call->decoder);
	wire_writer_fini(&call->stub);
	wire_writer_fini(&call->answer);
}

const char *pipe_call_name(const struct pipe_call *call)
{
	return call->method->name;
}

uint16_t pipe_call_opnum(const struct pipe_call *call)
{
	return call->method->opnum;
}

/* ---- the request ---- */

static struct ndr_writer pipe_call_begin(struct pipe_call *call, const struct pipe_method *method)
{
	struct ndr_writer w;

	call->method = method;
	call->stub_sent = 0;
	call->remaining_bytes = call->fragment_bytes = 0;
	call->is_answered = false;
	call->streams_rows = false;
	call->rows_given = 0;
	wire_writer_clear(&call->answer);
	wire_writer_clear(&call->stub);
	ndr_writer_init(&w, &call->stub);
	return w;
}

static NET_API_STATUS pipe_call_check_stub(const struct pipe_call *call, struct err *err)
{
	return call->stub.failed ? err_set(err, ERROR_NOT_ENOUGH_MEMORY, call->method->name, NULL)
	                         : NERR_Success;
}

NET_API_STATUS pipe_call_begin_enum(struct pipe_call *call, bool is_local,
                                    const struct session_enum_request *request, size_t max_bytes,
                                    bool streams_rows, struct err *err)
{
	struct ndr_writer w = pipe_call_begin(call,
	                                      is_local ? &method_local_enum : &method_session_enum);

	session_enum_request_encode(&w, request);
	session_enum_decoder_fini(&call->decoder);
	session_enum_decoder_init(&call->decoder, session_level_find(request->level));
	session_enum_decoder_set_max(&call->decoder, max_bytes);
	call->streams_rows = streams_rows;
	return pipe_call_check_stub(call, err);
}

NET_API_STATUS pipe_call_begin_del(struct pipe_call *call,
                                   const struct session_del_request *request, struct err *err)
{
	struct ndr_writer w = pipe_call_begin(call, &method_session_del);

	session_del_request_encode(&w, request);
	return pipe_call_check_stub(call, err);
}

NET_API_STATUS pipe_call_begin_local(struct pipe_call *call, enum local_opnum opnum,
                                     const struct session_del_request *request, struct err *err)
{
	struct ndr_writer w = pipe_call_begin(call, &local_methods[opnum]);

	if (request != NULL)
		session_del_request_encode(&w, request);
	return pipe_call_check_stub(call, err);
}

bool pipe_call_has_more_to_send(const struct pipe_call *call)
{
	return call->stub_sent < call->stub.len;
}

/* ---- the answer ---- */

NET_API_STATUS pipe_call_take_piece(struct pipe_call *call, const struct rpc_piece *piece,
                                    struct err *err)
{
	call->remaining_bytes = piece->remaining_bytes;
	if (piece->bytes > call->fragment_bytes)
		call->fragment_bytes = (uint32_t)piece->bytes;
	if (call->method->take(call, piece, err) == NERR_Success)
		call->is_answered = piece->last;
	return err->status;
}

bool pipe_call_has_row(const struct pipe_call *call)
{
	return call->streams_rows && call->rows_given < session_enum_decoder_rows(&call->decoder);
}

bool pipe_call_next_row(struct pipe_call *call, struct netsession_row *row, char **scratch,
                        size_t *scratch_bytes, struct err *err)
{
	if (!pipe_call_has_row(call))
		return false;
	if (!session_enum_decoder_row(&call->decoder, call->rows_given, row, scratch,
	                              scratch_bytes)) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, call->method->name, NULL);
		return false;
	}
	session_row_mark_unknown(row);
	call->rows_given++;
	return true;
}

static void pipe_call_end(struct pipe_call *call)
{
	assert(call->is_answered);
	call->is_answered = false;
	call->streams_rows = false;
}

NET_API_STATUS pipe_call_end_enum(struct pipe_call *call, struct session_enum_answer *answer,
                                  void **infos, struct err *err)
{
	pipe_call_end(call);
	call->infos_bytes = call->decoder.block.used;
	if (session_enum_decoder_finish(&call->decoder, answer, infos) != NERR_Success)
		*err = call->decoder.err;
	return err->status;
}

void pipe_call_end_local(struct pipe_call *call, struct wire_reader *stub)
{
	pipe_call_end(call);
	wire_reader_init(stub, call->answer.data, call->answer.len);
	stub->big_endian = call->answer_is_big_endian;
}

NET_API_STATUS pipe_call_end_del(struct pipe_call *call, NET_API_STATUS *answer, struct err *err)
{
	struct wire_reader r;

	pipe_call_end_local(call, &r);
	*answer = session_del_answer_decode(&r);
	return r.error != NULL ? err_set(err, RPC_X_BAD_STUB_DATA, call->method->name, r.error)
	                       : NERR_Success;
}
