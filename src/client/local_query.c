/* SPDX-License-Identifier: MIT */
#include "client/local_query.h"

#include <stdlib.h>
#include "client/connection.h"

struct local_query {
	enum local_opnum opnum;
	const struct session_del_request *request;
	struct connection *connection; /* NULL: the query has ended */
	struct net_timer *deadline;
	void (*found)(void *context, const struct local_entry *entry);
	void *context;
	struct err err;
};

/* Ends everything that the loop waits for, and so the loop. */
static void local_query_end(struct local_query *q)
{
	connection_close(q->connection);
	net_timer_stop(q->deadline);
	q->connection = NULL;
	q->deadline = NULL;
}

static bool local_query_on_ready(void *context)
{
	struct local_query *q = context;

	client_state_call_local(connection_state(q->connection), q->opnum, q->request);
	return true;
}

static void local_query_take_list(struct local_query *q, struct wire_reader *stub, const char *step)
{
	struct local_list list;
	struct local_entry entry;

	local_list_decode(&list, stub);
	while (local_list_next(&list, &entry))
		q->found(q->context, &entry);
	if (stub->error != NULL)
		err_set(&q->err, RPC_X_BAD_STUB_DATA, step, stub->error);
	else if (list.status != NERR_Success)
		err_set(&q->err, list.status, step, NULL);
}

static bool local_query_on_answered(void *context)
{
	struct local_query *q = context;
	const char *step = connection_step(q->connection);
	struct connection *connection = q->connection;
	struct wire_reader stub;

	if (client_state_take_local(connection_state(connection), &stub) != NERR_Success)
		return true; /* the connection reports the failure next */
	local_query_take_list(q, &stub, step);
	q->connection = NULL;
	connection_release(connection);
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

	err_set(&q->err, ERROR_TIMEOUT, connection_step(q->connection), NULL);
	local_query_end(q);
}

NET_API_STATUS local_query_run(enum local_opnum opnum, const struct session_del_request *request,
                               uint32_t timeout_ms,
                               void (*found)(void *context, const struct local_entry *entry),
                               void *context, struct err *err)
{
	static const struct connection_handler handler = { NULL, local_query_on_ready, NULL,
		                                           local_query_on_answered,
		                                           local_query_on_failed };
	struct local_query q = {
		.opnum = opnum, .request = request, .found = found, .context = context
	};
	struct net_loop *loop = net_loop_new();
	struct connection_key key = { 0 };

	if (connection_key_init_local(&key, &q.err) == NERR_Success && loop != NULL) {
		key.interface = &client_netsession_local;
		q.connection = connection_new(loop, &key, &handler, &q);
		q.deadline = net_timer_start(loop, timeout_ms, local_query_on_deadline, &q);
	}
	if (q.connection != NULL && q.deadline != NULL) {
		connection_open(q.connection);
		net_loop_run(loop);
	} else {
		err_set(&q.err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		local_query_end(&q);
	}
	net_loop_free(loop);
	connection_key_fini(&key);
	*err = q.err;
	return err->status;
}
