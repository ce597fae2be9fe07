/* SPDX-License-Identifier: MIT */
/* A feed of <netsession.h>. What waits is in its outbox. One batch of it is on its way at a time:
 * the next one follows when netsessiond has taken this one, which the socket becomes readable by.
 */
#include <netsession.h>

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "client/feed_handshake.h"
#include "client/story.h"
#include "feed/message.h"
#include "feed/outbox.h"
#include "net/stream.h"

#define BATCH_BYTES 32768
#define FRESH_BYTES (FEED_HEADER_BYTES + 4) /* behind a batch */

struct netsession_feed {
	int socket;
	pid_t process; /* whose connection it is */
	const struct netsession_feed_handler *handler;
	void *context;
	struct feed_outbox *outbox;
	struct wire_writer batch;
	size_t sent, taken; /* bytes of batch */
	uint32_t asked,
		fresh; /* numbers of questions: the last one; which is to be answered, 0: none */
	struct feed_input input;
	struct err lost;
};

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_batch(struct netsession_feed *feed)
{
	if (feed->taken == feed->batch.len) {
		wire_writer_clear(&feed->batch);
		feed->sent = feed->taken = 0;
		feed_outbox_write(feed->outbox, &feed->batch, BATCH_BYTES, now_ms());
		if (feed->fresh != 0 && feed_outbox_is_told(feed->outbox)) {
			feed_message_encode(&feed->batch,
			                    &(struct feed_message){ .kind = FEED_FRESH,
			                                            .number = feed->fresh });
			feed->fresh = 0;
		}
	}
	if (feed->sent < feed->batch.len)
		feed->sent += net_socket_send(feed->socket, feed->batch.data + feed->sent,
		                              feed->batch.len - feed->sent);
}

uint32_t netsession_feed_open(const struct netsession_feed_options *options,
                              const struct netsession_feed_handler *handler, void *context,
                              struct netsession_feed **feed, struct netsession_error *error)
{
	struct netsession_feed *made = calloc(1, sizeof *made);
	uint32_t max_sessions = 0;
	struct err err = { 0 };

	*feed = NULL;
	if (made == NULL) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, FEED_DOING, NULL);
		goto out;
	}
	made->handler = handler;
	made->context = context;
	made->process = getpid();
	made->socket = feed_handshake(options, handler->on_asked != NULL, &max_sessions, &err);
	if (made->socket < 0)
		goto out;
	made->outbox = feed_outbox_new(max_sessions);
	wire_put_zeros(&made->batch, BATCH_BYTES + FRESH_BYTES); /* it grows no more */
	if (made->outbox == NULL || made->batch.failed) {
		err_set(&err, ERROR_NOT_ENOUGH_MEMORY, FEED_DOING, NULL);
		goto out;
	}
	wire_writer_clear(&made->batch);
	*feed = made;
	made = NULL;
out:
	netsession_feed_close(made);
	story_tell(error, &err, 0);
	return err.status;
}

uint32_t netsession_feed_put(struct netsession_feed *feed, uint64_t key,
                             const struct netsession_row *row)
{
	return netsession_feed_put_in_group(feed, key, 0, row);
}

uint32_t netsession_feed_put_in_group(struct netsession_feed *feed, uint64_t key, uint32_t group,
                                      const struct netsession_row *row)
{
	NET_API_STATUS status;
	const char *why;

	if (feed->lost.status != 0)
		return ERROR_NETNAME_DELETED;
	if (!feed_row_is_good(row, &why))
		return ERROR_INVALID_PARAMETER;
	status = feed_outbox_put(feed->outbox, key, group, row, now_ms());
	send_batch(feed);
	return status;
}

void netsession_feed_touch(struct netsession_feed *feed, uint64_t key, uint32_t num_opens,
                           uint32_t idle_s)
{
	if (feed->lost.status != 0)
		return;
	feed_outbox_touch(feed->outbox, key, num_opens, idle_s, now_ms());
	send_batch(feed);
}

void netsession_feed_remove(struct netsession_feed *feed, uint64_t key)
{
	if (feed->lost.status != 0)
		return;
	feed_outbox_remove(feed->outbox, key);
	send_batch(feed);
}

void netsession_feed_fresh(struct netsession_feed *feed)
{
	if (feed->lost.status != 0 || feed->asked == 0)
		return;
	feed->fresh = feed->asked;
	feed->asked = 0;
	send_batch(feed);
}

int netsession_feed_fd(const struct netsession_feed *feed)
{
	return feed->socket;
}

/* ---- what netsessiond says ---- */

static void lose(struct netsession_feed *feed, NET_API_STATUS status, const char *why)
{
	err_set(&feed->lost, status, FEED_DOING, why);
}

static void take_refusal(struct netsession_feed *feed, const struct feed_message *m)
{
	struct err err = { 0 };
	struct netsession_error error;

	err_set(&err, m->status != 0 ? m->status : ERROR_BAD_NET_RESP, FEED_DOING, NULL);
	story_tell(&error, &err, 0);
	if (feed_outbox_refused(feed->outbox, m->key) && feed->handler->on_refused != NULL)
		feed->handler->on_refused(feed->context, m->key, &error);
}

static void take_question(struct netsession_feed *feed, const struct feed_message *m)
{
	if (feed->handler->on_asked == NULL || m->number == 0) {
		lose(feed, ERROR_BAD_NET_RESP, "netsessiond asks what it may not ask");
		return;
	}
	feed->asked = m->number;
	feed->handler->on_asked(feed->context);
}

static void take(struct netsession_feed *feed, const struct feed_message *m)
{
	switch (m->kind) {
	case FEED_TAKEN:
		if (m->bytes > feed->sent - feed->taken)
			lose(feed, ERROR_BAD_NET_RESP, "netsessiond took more than it was told");
		else
			feed->taken += m->bytes;
		break;
	case FEED_CLOSE:
		if (feed_outbox_has(feed->outbox, m->key) && feed->handler->on_close != NULL)
			feed->handler->on_close(feed->context, m->key);
		break;
	case FEED_ERROR:
		take_refusal(feed, m);
		break;
	case FEED_ASKED:
		take_question(feed, m);
		break;
	default:
		lose(feed, ERROR_BAD_NET_RESP, "netsessiond says what is not its part");
	}
}

static void receive(struct netsession_feed *feed)
{
	struct err err = { 0 };
	struct feed_message m;
	const char *error = NULL;
	size_t room;
	uint8_t *space = feed_input_space(&feed->input, &room);
	ssize_t bytes = net_socket_receive(feed->socket, space, room, &err);

	if (bytes < 0) {
		lose(feed, ERROR_NETNAME_DELETED, "netsessiond ended the connection");
		return;
	}
	feed_input_received(&feed->input, (size_t)bytes);
	while (feed->lost.status == 0 && feed_input_next(&feed->input, &m, &error))
		take(feed, &m);
	if (error != NULL)
		lose(feed, ERROR_BAD_NET_RESP, error);
}

uint32_t netsession_feed_dispatch(struct netsession_feed *feed, struct netsession_error *error)
{
	if (feed->lost.status == 0)
		receive(feed);
	if (feed->lost.status == 0)
		send_batch(feed);
	story_tell(error, &feed->lost, 0);
	return feed->lost.status;
}

void netsession_feed_close(struct netsession_feed *feed)
{
	if (feed == NULL)
		return;
	if (feed->socket >= 0 && feed->process == getpid())
		net_socket_hang_up(feed->socket);
	else if (feed->socket >= 0)
		net_socket_forget(feed->socket);
	wire_writer_fini(&feed->batch);
	feed_outbox_free(feed->outbox);
	free(feed);
}
