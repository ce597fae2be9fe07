/* SPDX-License-Identifier: MIT */
#include "client/local_query.h"

#include <stdlib.h>
#include "client/connection.h"

struct local_query {
	enum local_opnum opnum;
	const struct session_del_request *request;
	struct connection *link; /* NULL: it is over */
	struct net_timer *deadline;
	void (*told)(void *context, const struct local_entry *entry);
	void *context;
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void local_query_end(struct local_query *q)
{
	connection_close(q->link);
	net_timer_stop(q->deadline);
	q->link = NULL;
	q->deadline = NULL;
}

static bool local_query_on_ready(void *context)
{
	struct local_query *q = context;

	client_state_call_local(connection_state(q->link), q->opnum, q->request);
	return true;
}

static void local_query_take_list(struct local_query *q, struct wire_reader *stub,
                                  const char *doing)
{
	struct local_list list;
	struct local_entry entry;

	local_list_decode(&list, stub);
	while (local_list_next(&list, &entry))
		q->told(q->context, &entry);
	if (stub->error != NULL)
		err_set(&q->err, RPC_X_BAD_STUB_DATA, doing, stub->error);
	else if (list.status != NERR_Success)
		err_set(&q->err, list.status, doing, NULL);
}

static bool local_query_on_answered(void *context)
{
	struct local_query *q = context;
	const char *doing = connection_step(q->link);
	struct connection *link = q->link;
	struct wire_reader stub;

	if (client_state_take_local(connection_state(link), &stub) != NERR_Success)
		return true; /* it has failed, which comes next */
	local_query_take_list(q, &stub, doing);
	q->link = NULL;
	connection_release(link);
	local_query_end(q);
	return false;
}

static void local_query_on_failed(void *context, const struct err *err)
{
	struct local_query *q = context;

	q->err = *err;
	local_query_end(q);
}

static void local_query_on_deadline(void *context)
{
	struct local_query *q = context;

	err_set(&q->err, ERROR_TIMEOUT, connection_step(q->link), NULL);
	local_query_end(q);
}

NET_API_STATUS local_query_run(enum local_opnum opnum, const struct session_del_request *request,
                               uint32_t timeout_ms,
                               void (*told)(void *context, const struct local_entry *entry),
                               void *context, struct err *err)
{
	static const struct connection_handler handler = { local_query_on_ready, NULL,
		                                           local_query_on_answered,
		                                           local_query_on_failed };
	struct local_query q = {
		.opnum = opnum, .request = request, .told = told, .context = context
	};
	struct net_loop *loop = net_loop_new();
	struct connection_key key = { 0 };

	if (connection_key_init_local(&key, &q.err) == NERR_Success && loop != NULL) {
		key.interface = &client_netsession_local;
		q.link = connection_new(loop, &key, &handler, &q);
		q.deadline = net_timer_start(loop, timeout_ms, local_query_on_deadline, &q);
	}
	if (q.link != NULL && q.deadline != NULL) {
		connection_open(q.link);
		net_loop_run(loop);
	} else {
		err_set(&q.err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		local_query_end(&q);
	}
	net_loop_free(loop);
	free(key.local);
	*err = q.err;
	return err->status;
}
