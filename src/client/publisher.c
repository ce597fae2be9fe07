/* SPDX-License-Identifier: MIT */
/* A feed of <netsession.h>. What waits is in its outbox. One batch of it is on its way at a time:
 * the next one follows when netsessiond has taken this one, which the socket becomes readable by.
 */
#include <netsession.h>

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "client/environment.h"
#include "client/error_message.h"
#include "local/publish_message.h"
#include "local/publish_outbox.h"
#include "net/stream.h"

#define DEFAULT_TIMEOUT_MS 5000
#define BATCH_BYTES        32768
#define REFRESHED_BYTES    (PUBLISH_HEADER_BYTES + 4) /* behind a batch */

/* ---- the beginning ---- */

struct publisher_handshake {
	struct net_loop *loop;
	const char *name;
	bool wants_refresh;
	struct net_dial *dial;
	struct net_stream *stream;
	struct net_timer *deadline;
	struct publish_input input;
	uint32_t max_sessions;
	int socket; /* what comes of it */
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

static void handshake_fail(struct publisher_handshake *h, NET_API_STATUS status, const char *why)
{
	err_set(&h->err, status, PUBLISHER_STEP, why);
	handshake_end(h);
}

static void handshake_refused(struct publisher_handshake *h, NET_API_STATUS status)
{
	static const struct {
		NET_API_STATUS status;
		const char *why;
	} refusals[] = {
		{ ERROR_ACCESS_DENIED, "netsessiond's configuration says who may feed" },
		{ ERROR_REQ_NOT_ACCEP, "netsessiond has as many feeders as it takes" },
		{ ERROR_NOT_SUPPORTED, "netsessiond speaks another version of the feed" },
	};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (refusals[i].status == status)
			handshake_fail(h, status, refusals[i].why);
	handshake_fail(h, status != 0 ? status : ERROR_BAD_NET_RESP, "netsessiond refused it");
}

static void handshake_welcome(struct publisher_handshake *h, uint32_t max_sessions)
{
	h->socket = net_stream_release(h->stream);
	h->stream = NULL;
	h->max_sessions = max_sessions;
	handshake_end(h);
}

static uint8_t *handshake_on_space(void *context, size_t *room)
{
	struct publisher_handshake *h = context;

	return publish_input_space(&h->input, room);
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
	} else if (m.kind == PUBLISH_WELCOME && m.version == PUBLISH_VERSION &&
	           h->input.at == h->input.end) {
		handshake_welcome(h, m.max_sessions);
	} else {
		handshake_fail(h, ERROR_BAD_NET_RESP, "netsessiond greets strangely");
	}
}

static void handshake_on_ended(void *context, const struct err *err)
{
	handshake_fail(context, err->status, err->text);
}

static void handshake_on_deadline(void *context)
{
	handshake_fail(context, ERROR_TIMEOUT, "netsessiond does not answer");
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
	                                                          .version = PUBLISH_VERSION,
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
	const char *path = options->socket, *why = NULL;
	struct net_addresses address;
	uint32_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : DEFAULT_TIMEOUT_MS;

	if (path == NULL || path[0] == '\0')
		path = environment_publish_socket();
	h->name = options->name;
	if (!publish_text_is_valid(h->name, &why)) {
		handshake_fail(h, ERROR_INVALID_PARAMETER, why);
		return;
	}
	if (!net_address_local(path, &address)) {
		handshake_fail(h, ERROR_INVALID_PARAMETER, "the path of its socket is too long");
		return;
	}
	h->deadline = net_timer_start(h->loop, timeout_ms, handshake_on_deadline, h);
	h->dial = net_dial_start(h->loop, &address, handshake_on_dialed, h);
	if (h->deadline == NULL || h->dial == NULL)
		handshake_fail(h, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* Connects to the publish socket of netsessiond, sends HELLO and waits for the reply. Gives the
 * connection's socket, and how many sessions it may have; -1 and err after a failure. */
static int publisher_handshake(const struct netsession_publisher_options *options, bool is_asked,
                               uint32_t *max_sessions, struct err *err)
{
	struct publisher_handshake h = { .loop = net_loop_new(),
		                         .wants_refresh = is_asked,
		                         .socket = -1 };

	if (h.loop == NULL)
		handshake_fail(&h, ERROR_NOT_ENOUGH_MEMORY, NULL);
	else
		handshake_begin(&h, options);
	if (h.loop != NULL)
		net_loop_run(h.loop);
	net_loop_free(h.loop);
	*max_sessions = h.max_sessions;
	*err = h.err;
	return h.socket;
}

/* ---- the publisher ---- */

struct netsession_publisher {
	int socket;
	pid_t process; /* whose connection it is */
	const struct netsession_publisher_handler *handler;
	void *context;
	struct publish_outbox *outbox;
	struct wire_writer batch;
	size_t sent, taken;                    /* bytes of batch */
	uint32_t refresh_wanted, refresh_done; /* numbers of questions: the last one; which is to be
	                                          answered, 0: none */
	struct publish_input input;
	struct err lost;
};

static int64_t publisher_clock_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void publisher_send_batch(struct netsession_publisher *feed)
{
	if (feed->taken == feed->batch.len) {
		wire_writer_clear(&feed->batch);
		feed->sent = feed->taken = 0;
		publish_outbox_write(feed->outbox, &feed->batch, BATCH_BYTES, publisher_clock_ms());
		if (feed->refresh_done != 0 && publish_outbox_is_empty(feed->outbox)) {
			publish_message_encode(
				&feed->batch,
				&(struct publish_message){ .kind = PUBLISH_REFRESHED,
			                                   .number = feed->refresh_done });
			feed->refresh_done = 0;
		}
	}
	if (feed->sent < feed->batch.len)
		feed->sent += net_socket_send(feed->socket, feed->batch.data + feed->sent,
		                              feed->batch.len - feed->sent);
}

uint32_t netsession_publisher_open(const struct netsession_publisher_options *options,
                                   const struct netsession_publisher_handler *handler,
                                   void *context, struct netsession_publisher **feed,
                                   struct netsession_error *error)
{
	struct netsession_publisher *made = calloc(1, sizeof *made);
	uint32_t max_sessions = 0;
	struct err err = { 0 };

	*feed = NULL;
	if (made == NULL) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, PUBLISHER_STEP, NULL);
		goto out;
	}
	made->handler = handler;
	made->context = context;
	made->process = getpid();
	made->socket = publisher_handshake(options, handler->on_refresh != NULL, &max_sessions,
	                                   &err);
	if (made->socket < 0)
		goto out;
	made->outbox = publish_outbox_new(max_sessions);
	wire_put_zeros(&made->batch, BATCH_BYTES + REFRESHED_BYTES); /* it grows no more */
	if (made->outbox == NULL || made->batch.failed) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, PUBLISHER_STEP, NULL);
		goto out;
	}
	wire_writer_clear(&made->batch);
	*feed = made;
	made = NULL;
out:
	netsession_publisher_close(made);
	error_message_write(error, &err, 0);
	return err.status;
}

uint32_t netsession_publisher_put(struct netsession_publisher *feed, uint64_t key,
                                  const struct netsession_row *row)
{
	return netsession_publisher_put_in_group(feed, key, 0, row);
}

uint32_t netsession_publisher_put_in_group(struct netsession_publisher *feed, uint64_t key,
                                           uint32_t group, const struct netsession_row *row)
{
	NET_API_STATUS status;
	const char *why;

	if (feed->lost.status != 0)
		return ERROR_NETNAME_DELETED;
	if (!publish_row_is_valid(row, &why))
		return ERROR_INVALID_PARAMETER;
	status = publish_outbox_put(feed->outbox, key, group, row, publisher_clock_ms());
	publisher_send_batch(feed);
	return status;
}

void netsession_publisher_touch(struct netsession_publisher *feed, uint64_t key, uint32_t num_opens,
                                uint32_t idle_s)
{
	if (feed->lost.status != 0)
		return;
	publish_outbox_touch(feed->outbox, key, num_opens, idle_s, publisher_clock_ms());
	publisher_send_batch(feed);
}

void netsession_publisher_remove(struct netsession_publisher *feed, uint64_t key)
{
	if (feed->lost.status != 0)
		return;
	publish_outbox_remove(feed->outbox, key);
	publisher_send_batch(feed);
}

void netsession_publisher_refreshed(struct netsession_publisher *feed)
{
	if (feed->lost.status != 0 || feed->refresh_wanted == 0)
		return;
	feed->refresh_done = feed->refresh_wanted;
	feed->refresh_wanted = 0;
	publisher_send_batch(feed);
}

int netsession_publisher_fd(const struct netsession_publisher *feed)
{
	return feed->socket;
}

/* ---- what netsessiond says ---- */

static void publisher_lose(struct netsession_publisher *feed, NET_API_STATUS status,
                           const char *why)
{
	err_set(&feed->lost, status, PUBLISHER_STEP, why);
}

static void publisher_take_refusal(struct netsession_publisher *feed,
                                   const struct publish_message *m)
{
	struct err err = { 0 };
	struct netsession_error error;

	err_set(&err, m->status != 0 ? m->status : ERROR_BAD_NET_RESP, PUBLISHER_STEP, NULL);
	error_message_write(&error, &err, 0);
	if (publish_outbox_refused(feed->outbox, m->key) && feed->handler->on_refused != NULL)
		feed->handler->on_refused(feed->context, m->key, &error);
}

static void publisher_take_refresh(struct netsession_publisher *feed,
                                   const struct publish_message *m)
{
	if (feed->handler->on_refresh == NULL || m->number == 0) {
		publisher_lose(feed, ERROR_BAD_NET_RESP, "netsessiond asks what it may not ask");
		return;
	}
	feed->refresh_wanted = m->number;
	feed->handler->on_refresh(feed->context);
}

static void publisher_take_message(struct netsession_publisher *feed,
                                   const struct publish_message *m)
{
	switch (m->kind) {
	case PUBLISH_ACCEPTED:
		if (m->bytes > feed->sent - feed->taken)
			publisher_lose(feed, ERROR_BAD_NET_RESP,
			               "netsessiond took more than it was told");
		else
			feed->taken += m->bytes;
		break;
	case PUBLISH_CLOSE:
		if (publish_outbox_has(feed->outbox, m->key) && feed->handler->on_close != NULL)
			feed->handler->on_close(feed->context, m->key);
		break;
	case PUBLISH_ERROR:
		publisher_take_refusal(feed, m);
		break;
	case PUBLISH_REFRESH:
		publisher_take_refresh(feed, m);
		break;
	default:
		publisher_lose(feed, ERROR_BAD_NET_RESP, "netsessiond says what is not its part");
	}
}

static void publisher_receive(struct netsession_publisher *feed)
{
	struct err err = { 0 };
	struct publish_message m;
	const char *error = NULL;
	size_t room;
	uint8_t *space = publish_input_space(&feed->input, &room);
	ssize_t bytes = net_socket_receive(feed->socket, space, room, &err);

	if (bytes < 0) {
		publisher_lose(feed, ERROR_NETNAME_DELETED, "netsessiond ended the connection");
		return;
	}
	publish_input_received(&feed->input, (size_t)bytes);
	while (feed->lost.status == 0 && publish_input_next(&feed->input, &m, &error))
		publisher_take_message(feed, &m);
	if (error != NULL)
		publisher_lose(feed, ERROR_BAD_NET_RESP, error);
}

uint32_t netsession_publisher_dispatch(struct netsession_publisher *feed,
                                       struct netsession_error *error)
{
	if (feed->lost.status == 0)
		publisher_receive(feed);
	if (feed->lost.status == 0)
		publisher_send_batch(feed);
	error_message_write(error, &feed->lost, 0);
	return feed->lost.status;
}

void netsession_publisher_close(struct netsession_publisher *feed)
{
	if (feed == NULL)
		return;
	if (feed->socket >= 0 && feed->process == getpid())
		net_socket_hang_up(feed->socket);
	else if (feed->socket >= 0)
		net_socket_forget(feed->socket);
	wire_writer_fini(&feed->batch);
	publish_outbox_free(feed->outbox);
	free(feed);
}
