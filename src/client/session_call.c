/* SPDX-License-Identifier: MIT */
/* The methods: what is asked, and what is made of its answer. */
#include "client/steps.h"

#include <assert.h>
#include "local/local_list.h"
#include "srvsvc/interface.h"

/* ---- NetrSessionEnum ---- */

static void feed_enum(struct client_state *c, const struct rpc_piece *piece)
{
	session_enum_decoder_feed(&c->decoder, piece->data, piece->bytes, piece->big_endian);
	if (c->decoder.err.status != NERR_Success)
		c->err = c->decoder.err; /* the rest of it does not matter */
}

static const struct client_method session_enum = { "NetrSessionEnum", SRVSVC_NETR_SESSION_ENUM,
	                                           feed_enum, 0 };

/* ---- those with a short answer ---- */

static void feed_short(struct client_state *c, const struct rpc_piece *piece)
{
	if (c->answer.len + piece->bytes > c->method->max_answer_bytes) {
		step_fail(c, RPC_X_BAD_STUB_DATA, "the answer is too long");
		return;
	}
	wire_put_bytes(&c->answer, piece->data, piece->bytes);
	c->answer_is_big_endian = piece->big_endian;
	if (c->answer.failed)
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* A status and nothing more: what is longer than this is none. */
static const struct client_method session_del = { "NetrSessionDel", SRVSVC_NETR_SESSION_DEL,
	                                          feed_short, 64 };

static const struct client_method local_methods[] = {
	[LOCAL_WHO_AM_I] = { "question who we are", LOCAL_WHO_AM_I, feed_short,
	                     LOCAL_LIST_MAX_BYTES },
	[LOCAL_GET_COUNTERS] = { "question for the counters", LOCAL_GET_COUNTERS, feed_short,
	                         LOCAL_LIST_MAX_BYTES },
	[LOCAL_LIST_ALSO_CLOSED] = { "question who is closed too", LOCAL_LIST_ALSO_CLOSED,
	                             feed_short, LOCAL_LIST_MAX_BYTES },
};

/* ---- all of them ---- */

static void client_call_begin(struct client_state *c, const struct client_method *method)
{
	assert(client_state_is_idle(c));
	c->method = method;
	c->stub_sent = 0;
	c->stub_to_come = 0;
	c->fragment_bytes = 0;
	c->answered = false;
	c->streams_rows = false;
	c->rows_given = 0;
	wire_writer_clear(&c->answer);
	rpc_association_call(&c->rpc);
	if (c->stub.failed)
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		step_enter(c, STEP_CALL);
}

static struct ndr_writer begin_stub(struct client_state *c)
{
	struct ndr_writer w;

	wire_writer_clear(&c->stub);
	ndr_writer_init(&w, &c->stub);
	return w;
}

void client_state_call_enum(struct client_state *c, const struct session_enum_request *request,
                            bool streams_rows)
{
	struct ndr_writer w = begin_stub(c);

	session_enum_request_encode(&w, request);
	session_enum_decoder_fini(&c->decoder);
	session_enum_decoder_init(&c->decoder, session_level_find(request->level));
	client_call_begin(c, &session_enum);
	c->streams_rows = streams_rows;
}

void client_state_call_del(struct client_state *c, const struct session_del_request *request)
{
	struct ndr_writer w = begin_stub(c);

	session_del_request_encode(&w, request);
	client_call_begin(c, &session_del);
}

void client_state_call_local(struct client_state *c, enum local_opnum opnum,
                             const struct session_del_request *request)
{
	struct ndr_writer w = begin_stub(c);

	if (request != NULL)
		session_del_request_encode(&w, request);
	client_call_begin(c, &local_methods[opnum]);
}

bool call_has_row(const struct client_state *c)
{
	return c->streams_rows && c->rows_given < session_enum_decoder_rows(&c->decoder);
}

bool client_state_next_row(struct client_state *c, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes)
{
	if (c->err.status != NERR_Success || !call_has_row(c))
		return false;
	if (!session_enum_decoder_row(&c->decoder, c->rows_given, row, scratch, scratch_bytes)) {
		step_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
		return false;
	}
	c->rows_given++;
	return true;
}

static void client_call_end(struct client_state *c)
{
	assert(c->answered);
	c->answered = false;
	c->streams_rows = false;
	c->step = STEP_READY;
}

NET_API_STATUS client_state_take_enum(struct client_state *c, struct session_enum_answer *answer,
                                      void **infos)
{
	NET_API_STATUS status = session_enum_decoder_finish(&c->decoder, answer, infos);

	client_call_end(c);
	if (status != NERR_Success)
		c->err = c->decoder.err;
	return status;
}

/* The call is over, and the answer's stub is there. */
static struct wire_reader take_short(struct client_state *c)
{
	struct wire_reader r;

	wire_reader_init(&r, c->answer.data, c->answer.len);
	r.big_endian = c->answer_is_big_endian;
	client_call_end(c);
	return r;
}

NET_API_STATUS client_state_take_del(struct client_state *c, NET_API_STATUS *answer)
{
	struct wire_reader r = take_short(c);

	*answer = session_del_answer_decode(&r);
	if (r.error != NULL)
		err_set(&c->err, RPC_X_BAD_STUB_DATA, c->method->name, r.error);
	return c->err.status;
}

NET_API_STATUS client_state_take_local(struct client_state *c, struct wire_reader *stub)
{
	*stub = take_short(c);
	return c->err.status;
}
