/* SPDX-License-Identifier: MIT */
#include "client/local_question.h"

#include <stdlib.h>
#include "client/link.h"

struct question {
	enum local_opnum opnum;
	const struct session_del_request *request;
	struct link *link; /* NULL: it is over */
	struct net_timer *deadline;
	void (*told)(void *context, const struct local_entry *entry);
	void *context;
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void end(struct question *q)
{
	link_close(q->link);
	net_timer_stop(q->deadline);
	q->link = NULL;
	q->deadline = NULL;
}

static bool on_ready(void *context)
{
	struct question *q = context;

	conversation_ask_local(link_conversation(q->link), q->opnum, q->request);
	return true;
}

static void take_list(struct question *q, struct wire_reader *stub, const char *doing)
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

static bool on_answered(void *context)
{
	struct question *q = context;
	const char *doing = link_doing(q->link);
	struct link *link = q->link;
	struct wire_reader stub;

	if (conversation_take_local(link_conversation(link), &stub) != NERR_Success)
		return true; /* it has failed, which comes next */
	take_list(q, &stub, doing);
	q->link = NULL;
	link_park(link);
	end(q);
	return false;
}

static void on_failed(void *context, const struct err *err)
{
	struct question *q = context;

	q->err = *err;
	end(q);
}

static void on_deadline(void *context)
{
	struct question *q = context;

	err_set(&q->err, ERROR_TIMEOUT, link_doing(q->link), NULL);
	end(q);
}

NET_API_STATUS local_question_ask(enum local_opnum opnum, const struct session_del_request *request,
                                  uint32_t timeout_ms,
                                  void (*told)(void *context, const struct local_entry *entry),
                                  void *context, struct err *err)
{
	static const struct link_handler handler = { on_ready, NULL, on_answered, on_failed };
	struct question q = {
		.opnum = opnum, .request = request, .told = told, .context = context
	};
	struct net_loop *loop = net_loop_new();
	struct contact_key key = { 0 };

	if (contact_key_local(&key, &q.err) == NERR_Success && loop != NULL) {
		key.interface = &conversation_local;
		q.link = link_new(loop, &key, &handler, &q);
		q.deadline = net_timer_start(loop, timeout_ms, on_deadline, &q);
	}
	if (q.link != NULL && q.deadline != NULL) {
		link_open(q.link);
		net_loop_run(loop);
	} else {
		err_set(&q.err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		end(&q);
	}
	net_loop_free(loop);
	free(key.local);
	*err = q.err;
	return err->status;
}
