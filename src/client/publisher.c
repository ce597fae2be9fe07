/* SPDX-License-Identifier: MIT */
/* The publisher of <netsession.h>. Changes wait in its outbox. One batch of them is in flight at a
 * time: the next one follows when netsessiond has accepted this one, and the socket becomes
 * readable by that. */
#include <netsession.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/text.h"
#include "client/environment.h"
#include "client/error_message.h"
#include "local/publish_message.h"
#include "local/publish_outbox.h"
#include "net/stream.h"

#define DEFAULT_TIMEOUT_MS 5000
#define BATCH_BYTES        32768
/* Behind a batch: STATE and REFRESHED. */
#define STATE_BYTES     (PUBLISH_HEADER_BYTES + 4 + 2 + PUBLISH_WARNING_BYTES + 1)
#define REFRESHED_BYTES (PUBLISH_HEADER_BYTES + 4)

/* ---- the beginning ---- */

struct publisher_handshake {
	struct net_loop *loop;
	const char *name;
	bool wants_refresh;
	uint32_t version; /* of the protocol */
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_timer *deadline;
	struct publish_input input;
	uint32_t max_sessions;
	int socket; /* the result; -1: see err */
	struct err err;
};

/* Nothing is left to wait for: the loop ends. */
static void handshake_end(struct publisher_handshake *h)
{
	if (h->dial != NULL)
		net_dial_cancel(h->dial);
	net_stream_close(h->stream);
	net_timer_stop(h->deadline);
	h->dial = NULL;
	h->stream = NULL;
	h->deadline = NULL;
}

static void handshake_fail(struct publisher_handshake *h, NET_API_STATUS status, const char *text)
{
	err_set(&h->err, status, PUBLISHER_STEP, text);
	handshake_end(h);
}

static void handshake_refused(struct publisher_handshake *h, NET_API_STATUS status)
{
	switch (status) {
	case ERROR_ACCESS_DENIED:
		handshake_fail(h, status,
		               "the access policy of netsessiond does not let this user publish");
		break;
	case ERROR_REQ_NOT_ACCEP:
		handshake_fail(h, status,
		               "netsessiond has as many publishers as [server] max_publishers "
		               "allows");
		break;
	case ERROR_NOT_SUPPORTED:
		handshake_fail(h, status, "netsessiond speaks another version of the protocol");
		break;
	default:
		handshake_fail(h, status != 0 ? status : ERROR_BAD_NET_RESP,
		               "netsessiond refused the publisher");
	}
}

static void handshake_welcome(struct publisher_handshake *h, uint32_t max_sessions)
{
	h->socket = net_stream_release(h->stream);
	h->stream = NULL;
	h->max_sessions = max_sessions;
	handshake_end(h);
}

/* What netsessiond sends behind its reply is left to netsession_publisher_dispatch. */
static uint8_t *handshake_on_space(void *context, size_t *room)
{
	struct publisher_handshake *h = context;
	uint8_t *space = publish_input_space(&h->input, room);
	size_t missing = publish_input_missing(&h->input);

	if (missing > 0 && missing < *room)
		*room = missing;
	return space;
}

static void handshake_on_received(void *context, size_t bytes)
{
	struct publisher_handshake *h = context;
	struct publish_message m;
	const char *error;

	publish_input_received(&h->input, bytes);
	if (!publish_input_next(&h->input, &m, &error)) {
		if (error != NULL)
			handshake_fail(h, ERROR_BAD_NET_RESP, error);
	} else if (m.kind == PUBLISH_REFUSED) {
		handshake_refused(h, m.status);
	} else if (m.kind == PUBLISH_WELCOME && m.version == h->version &&
	           h->input.at == h->input.end) {
		handshake_welcome(h, m.max_sessions);
	} else {
		handshake_fail(h, ERROR_BAD_NET_RESP, "unexpected handshake from netsessiond");
	}
}

static void handshake_on_ended(void *context, const struct err *err)
{
	handshake_fail(context, err->status, err->text);
}

static void handshake_on_deadline(void *context)
{
	handshake_fail(context, ERROR_TIMEOUT, "netsessiond did not answer in time");
}

static void handshake_on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { handshake_on_space,
		                                           handshake_on_received,
		                                           handshake_on_ended, NULL };
	struct publisher_handshake *h = context;
	struct wire_writer hello = { 0 };

	h->dial = NULL;
	if (socket < 0) {
		handshake_fail(h, err->status, err->text);
		return;
	}
	publish_message_encode(&hello, &(struct publish_message){ .kind = PUBLISH_HELLO,
	                                                          .version = h->version,
	                                                          .wants_refresh = h->wants_refresh,
	                                                          .name = h->name });
	h->stream = net_stream_new(h->loop, socket, &handler, h);
	if (hello.failed || h->stream == NULL || !net_stream_send(h->stream, hello.data, hello.len))
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	wire_writer_fini(&hello);
}

static void handshake_begin(struct publisher_handshake *h,
                            const struct netsession_publisher_options *options)
{
	const char *path = options->socket, *problem = publish_text_problem(options->name);
	struct sockaddr_un address;
	uint32_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

	if (path == NULL || path[0] == '\0')
		path = environment_publish_socket();
	h->name = options->name;
	if (problem != NULL) {
		handshake_fail(h, ERROR_INVALID_PARAMETER, problem);
		return;
	}
	if (!net_address_local(path, &address)) {
		handshake_fail(h, ERROR_INVALID_PARAMETER,
		               "the path of netsessiond's socket is too long");
		return;
	}
	h->deadline = net_timer_start(h->loop, timeout_ms, handshake_on_deadline, h);
	h->dial = net_dial_start_local(h->loop, &address, handshake_on_dialed, h);
	if (h->deadline == NULL || h->dial == NULL)
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* Connects to the publish socket of netsessiond, sends HELLO and waits for the reply. The result is
 * in h. */
static void handshake_run(struct publisher_handshake *h,
                          const struct netsession_publisher_options *options)
{
	h->loop = net_loop_new();
	if (h->loop == NULL) {
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
		return;
	}
	handshake_begin(h, options);
	net_loop_run(h->loop);
	net_loop_free(h->loop);
}

/* The same in the latest version that both ends speak. */
static struct publisher_handshake
publisher_handshake(const struct netsession_publisher_options *options, bool wants_refresh)
{
	static const uint32_t versions[] = { PUBLISH_VERSION, PUBLISH_VERSION_3 };
	struct publisher_handshake h;

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		h = (struct publisher_handshake){ .wants_refresh = wants_refresh,
			                          .version = versions[i],
			                          .socket = -1 };
		handshake_run(&h, options);
		if (h.err.status != ERROR_NOT_SUPPORTED)
			break;
	}
	return h;
}

/* ---- the publisher ---- */

struct netsession_publisher {
	int socket;
	pid_t process; /* whose connection it is */
	const struct netsession_publisher_handler *handler;
	void *context;
	struct publish_outbox *outbox;
	bool has_state; /* netsessiond knows STATE */
	bool is_incomplete, is_state_unsent;
	char warning[PUBLISH_WARNING_BYTES + 1]; /* with is_incomplete: of the next STATE */
	struct wire_writer batch;
	size_t sent, accepted; /* bytes of batch */
	/* Numbers of refresh requests: the last one; the one to be answered. 0: none. */
	uint32_t refresh_wanted, refresh_done;
	struct publish_input input;
	struct err lost;
};

static int64_t publisher_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is true when all changes were sent. */
static void publisher_append_reports(struct netsession_publisher *p)
{
	if (p->is_state_unsent && p->has_state)
		publish_message_encode(&p->batch,
		                       &(struct publish_message){ .kind = PUBLISH_STATE,
		                                                  .is_incomplete = p->is_incomplete,
		                                                  .warning = p->warning });
	p->is_state_unsent = false;
	if (p->refresh_done != 0)
		publish_message_encode(&p->batch,
		                       &(struct publish_message){ .kind = PUBLISH_REFRESHED,
		                                                  .number = p->refresh_done });
	p->refresh_done = 0;
}

static void publisher_send_batch(struct netsession_publisher *p)
{
	if (p->accepted == p->batch.len) {
		wire_writer_clear(&p->batch);
		p->sent = p->accepted = 0;
		publish_outbox_write(p->outbox, &p->batch, BATCH_BYTES, publisher_clock_ms());
		if (publish_outbox_is_empty(p->outbox))
			publisher_append_reports(p);
	}
	if (p->sent < p->batch.len)
		p->sent += net_socket_send(p->socket, p->batch.data + p->sent,
		                           p->batch.len - p->sent);
}

uint32_t netsession_publisher_open(const struct netsession_publisher_options *options,
                                   const struct netsession_publisher_handler *handler,
                                   void *context, struct netsession_publisher **publisher,
                                   struct netsession_error *error)
{
	struct netsession_publisher *made = calloc(1, sizeof *made);
	struct publisher_handshake handshake;
	struct err err = { 0 };

	*publisher = NULL;
	if (made == NULL) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, PUBLISHER_STEP, NULL);
		goto out;
	}
	made->handler = handler;
	made->context = context;
	made->process = getpid();
	handshake = publisher_handshake(options, handler->on_refresh != NULL);
	err = handshake.err;
	made->socket = handshake.socket;
	if (made->socket < 0)
		goto out;
	made->has_state = handshake.version != PUBLISH_VERSION_3;
	made->outbox = publish_outbox_new(handshake.max_sessions, made->has_state);
	/* It grows no more. */
	wire_put_zeros(&made->batch, BATCH_BYTES + STATE_BYTES + REFRESHED_BYTES);
	if (made->outbox == NULL || made->batch.failed) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, PUBLISHER_STEP, NULL);
		goto out;
	}
	wire_writer_clear(&made->batch);
	*publisher = made;
	made = NULL;
out:
	netsession_publisher_close(made);
	error_message_write(error, &err, 0);
	return err.status;
}

uint32_t netsession_publisher_put(struct netsession_publisher *p, uint64_t key,
                                  const struct netsession_row *row)
{
	return netsession_publisher_put_in_group(p, key, 0, row);
}

uint32_t netsession_publisher_put_in_group(struct netsession_publisher *p, uint64_t key,
                                           uint32_t group, const struct netsession_row *row)
{
	NET_API_STATUS status;

	if (p->lost.status != 0)
		return ERROR_NETNAME_DELETED;
	if (publish_row_problem(row) != NULL)
		return ERROR_INVALID_PARAMETER;
	status = publish_outbox_put(p->outbox, key, group, row, publisher_clock_ms());
	publisher_send_batch(p);
	return status;
}

void netsession_publisher_touch(struct netsession_publisher *p, uint64_t key, uint32_t num_opens,
                                uint32_t idle_s)
{
	if (p->lost.status != 0)
		return;
	publish_outbox_touch(p->outbox, key, num_opens, idle_s, publisher_clock_ms());
	publisher_send_batch(p);
}

void netsession_publisher_remove(struct netsession_publisher *p, uint64_t key)
{
	if (p->lost.status != 0)
		return;
	publish_outbox_remove(p->outbox, key);
	publisher_send_batch(p);
}

void netsession_publisher_refreshed(struct netsession_publisher *p)
{
	if (p->lost.status != 0 || p->refresh_wanted == 0)
		return;
	p->refresh_done = p->refresh_wanted;
	p->refresh_wanted = 0;
	publisher_send_batch(p);
}

uint32_t netsession_publisher_set_complete(struct netsession_publisher *p, int is_complete,
                                           const char *warning)
{
	char text[PUBLISH_WARNING_BYTES + 1];

	if (p->lost.status != 0)
		return ERROR_NETNAME_DELETED;
	if (warning == NULL)
		warning = "";
	if (publish_text_problem(warning) != NULL)
		return ERROR_INVALID_PARAMETER;
	if (snprintf(text, sizeof text, "%s", warning) >= (int)sizeof text)
		text_drop_cut_character(text);
	if (p->is_incomplete == !is_complete && strcmp(p->warning, text) == 0)
		return NERR_Success;
	p->is_incomplete = !is_complete;
	memcpy(p->warning, text, sizeof text);
	p->is_state_unsent = true;
	publisher_send_batch(p);
	return NERR_Success;
}

int netsession_publisher_fd(const struct netsession_publisher *p)
{
	return p->socket;
}

/* ---- what netsessiond sends ---- */

static void publisher_lose(struct netsession_publisher *p, NET_API_STATUS status, const char *text)
{
	err_set(&p->lost, status, PUBLISHER_STEP, text);
}

static void publisher_take_refusal(struct netsession_publisher *p, const struct publish_message *m)
{
	struct err err = { 0 };
	struct netsession_error error;

	err_set(&err, m->status != 0 ? m->status : ERROR_BAD_NET_RESP, PUBLISHER_STEP, NULL);
	error_message_write(&error, &err, 0);
	if (publish_outbox_refused(p->outbox, m->key) && p->handler->on_refused != NULL)
		p->handler->on_refused(p->context, m->key, &error);
}

static void publisher_take_refresh(struct netsession_publisher *p, const struct publish_message *m)
{
	if (p->handler->on_refresh == NULL || m->number == 0) {
		publisher_lose(p, ERROR_BAD_NET_RESP,
		               "netsessiond sent an unexpected refresh request");
		return;
	}
	p->refresh_wanted = m->number;
	p->handler->on_refresh(p->context);
}

static void publisher_take_message(struct netsession_publisher *p, const struct publish_message *m)
{
	switch (m->kind) {
	case PUBLISH_ACCEPTED:
		if (m->bytes > p->sent - p->accepted)
			publisher_lose(p, ERROR_BAD_NET_RESP,
			               "netsessiond accepted more bytes than were sent");
		else
			p->accepted += m->bytes;
		break;
	case PUBLISH_CLOSE:
		if (publish_outbox_has(p->outbox, m->key) && p->handler->on_close != NULL)
			p->handler->on_close(p->context, m->key);
		break;
	case PUBLISH_ERROR:
		publisher_take_refusal(p, m);
		break;
	case PUBLISH_REFRESH:
		publisher_take_refresh(p, m);
		break;
	default:
		publisher_lose(p, ERROR_BAD_NET_RESP,
		               "netsessiond sent a message that only publishers send");
	}
}

static void publisher_receive(struct netsession_publisher *p)
{
	struct err err = { 0 };
	struct publish_message m;
	const char *error = NULL;
	size_t room;
	uint8_t *space = publish_input_space(&p->input, &room);
	ssize_t bytes = net_socket_receive(p->socket, space, room, &err);

	if (bytes < 0) {
		publisher_lose(p, ERROR_NETNAME_DELETED, "netsessiond closed the connection");
		return;
	}
	publish_input_received(&p->input, (size_t)bytes);
	while (p->lost.status == 0 && publish_input_next(&p->input, &m, &error))
		publisher_take_message(p, &m);
	if (error != NULL)
		publisher_lose(p, ERROR_BAD_NET_RESP, error);
}

uint32_t netsession_publisher_dispatch(struct netsession_publisher *p,
                                       struct netsession_error *error)
{
	if (p->lost.status == 0)
		publisher_receive(p);
	if (p->lost.status == 0)
		publisher_send_batch(p);
	error_message_write(error, &p->lost, 0);
	return p->lost.status;
}

void netsession_publisher_close(struct netsession_publisher *p)
{
	if (p == NULL)
		return;
	if (p->socket >= 0 && p->process == getpid())
		net_socket_hang_up(p->socket);
	else if (p->socket >= 0)
		net_socket_forget(p->socket);
	wire_writer_fini(&p->batch);
	publish_outbox_free(p->outbox);
	free(p);
}
