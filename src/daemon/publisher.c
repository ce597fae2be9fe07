/* SPDX-License-Identifier: MIT */
#include "daemon/publisher.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <lmerr.h>
#include "daemon/counters.h"

#define HELLO_TIMEOUT_MS       5000
#define PUBLISHER_BURST_US     1000000 /* of changes that come at once, at the rate allowed */
#define PUBLISHER_MAX_PAUSE_MS 5000
#define PUBLISHER_SLOTS_A_TURN 4096 /* of the ids, looked at in one turn of the loop */
#define CLOSE_BYTES            12

/* ---- its end ---- */

static void publisher_disconnect(struct publisher *f)
{
	refresh_remove_source(f->refresh, &f->source);
	local_identity_cancel(f->lookup);
	net_stream_finish(f->stream);
	if (f->socket >= 0)
		net_socket_hang_up(f->socket);
	net_timer_stop(f->timer);
	net_timer_stop(f->speak);
	f->lookup = NULL;
	f->stream = NULL;
	f->socket = -1;
	f->timer = f->speak = NULL;
}

static void publisher_destroy(struct publisher *f)
{
	publisher_disconnect(f);
	identity_release(f->who);
	wire_writer_fini(&f->out);
	key_map_fini(&f->ids);
	key_map_fini(&f->groups);
	free(f->name);
	free(f);
}

/* Takes sessions out of the table, those of the next slots. False: there are none left. */
static bool publisher_remove_sessions(struct publisher *f, uint32_t slots)
{
	uint32_t end = f->ids.slots - f->removed_slots > slots ? f->removed_slots + slots
	                                                       : f->ids.slots;

	for (; f->removed_slots < end; f->removed_slots++)
		if (f->ids.values[f->removed_slots] != 0) {
			session_table_remove(f->service->table, f->ids.values[f->removed_slots]);
			counters_sub(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
		}
	return end < f->ids.slots;
}

static void publisher_on_removal_turn(void *context)
{
	struct publisher *f = context;

	net_timer_stop(f->timer);
	f->timer = NULL;
	if (publisher_remove_sessions(f, PUBLISHER_SLOTS_A_TURN))
		f->timer = net_timer_start(f->loop, 1, publisher_on_removal_turn, f);
	if (f->timer != NULL)
		return;
	(void)publisher_remove_sessions(f, UINT32_MAX);
	f->handler->gone(f->context, f);
	publisher_destroy(f);
}

static void publisher_report_event(const struct publisher *f, const char *operation,
                                   NET_API_STATUS status)
{
	struct srvsvc_event event = { .operation = operation,
		                      .identity = f->who,
		                      .address = "local",
		                      .endpoint = "feed",
		                      .level = -1,
		                      .entries = f->ids.count,
		                      .total = f->ids.count,
		                      .status = status };

	f->service->report(f->service->context, &event);
}

void publisher_close(struct publisher *f, NET_API_STATUS status)
{
	if (f->step == PUBLISHER_CLOSING)
		return;
	if (f->step == PUBLISHER_OPEN)
		publisher_report_event(f, "feed-close", status);
	publisher_disconnect(f);
	f->step = PUBLISHER_CLOSING;
	publisher_on_removal_turn(f);
}

void publisher_free(struct publisher *f)
{
	(void)publisher_remove_sessions(f, UINT32_MAX);
	publisher_destroy(f);
}

/* ---- what it is told ---- */

static void publisher_on_send_due(void *context);

/* Reads from it, unless it does not read itself, or was too fast. */
static void publisher_update_reading(struct publisher *f)
{
	if (f->is_resting || net_stream_unsent(f->stream) > 0)
		net_stream_pause(f->stream);
	else
		net_stream_resume(f->stream);
}

/* Sends what is to be told. False: it was ended. */
static bool publisher_send_pending(struct publisher *f)
{
	size_t most = 65536 + (size_t)f->bounds.max_sessions * CLOSE_BYTES;
	bool is_good = !f->out.failed && f->out.len <= most;

	net_timer_stop(f->speak);
	f->speak = NULL;
	if (is_good && net_stream_unsent(f->stream) == 0 && f->out.len > 0) {
		is_good = net_stream_send(f->stream, f->out.data, f->out.len);
		wire_writer_fini(&f->out);
	}
	if (is_good)
		publisher_update_reading(f);
	else
		publisher_close(f, ERROR_NOT_ENOUGH_MEMORY);
	return is_good;
}

static void publisher_on_send_due(void *context)
{
	(void)publisher_send_pending(context);
}

/* Together with what else there is to be told now. */
static void publisher_queue_message(struct publisher *f, const struct publish_message *m)
{
	publish_message_encode(&f->out, m);
	if (f->speak == NULL)
		f->speak = net_timer_start(f->loop, 0, publisher_on_send_due, f);
}

/* The table's owner: many sessions may be asked for at once. */
static void publisher_on_session_close(void *context, uint64_t key)
{
	struct publisher *f = context;

	if (f->step == PUBLISHER_OPEN)
		publisher_queue_message(
			f, &(struct publish_message){ .kind = PUBLISH_CLOSE, .key = key });
}

static void publisher_on_refresh_request(void *context, uint32_t number)
{
	publisher_queue_message(
		context, &(struct publish_message){ .kind = PUBLISH_REFRESH, .number = number });
}

static uint32_t publisher_on_session_group(void *context, uint64_t key)
{
	const struct publisher *f = context;

	return key_map_find(&f->groups, key);
}

static void publisher_on_renumbered(void *context, uint64_t key, uint32_t id)
{
	struct publisher *f = context;

	(void)key_map_set(&f->ids, key, id); /* it is there: that takes no memory */
}

/* ---- changes ---- */

static void publisher_remove_session(struct publisher *f, uint64_t key)
{
	uint32_t id = key_map_find(&f->ids, key);

	if (id == 0)
		return;
	session_table_remove(f->service->table, id);
	key_map_remove(&f->ids, key);
	key_map_remove(&f->groups, key);
	counters_sub(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
}

static NET_API_STATUS publisher_add_session(struct publisher *f, uint64_t key,
                                            const struct session_facts *facts)
{
	uint32_t id;

	if (f->ids.count >= f->bounds.max_sessions)
		return ERROR_TOO_MANY_SESS;
	id = session_table_add(f->service->table, facts, &f->owner, key);
	if (id == 0)
		return ERROR_TOO_MANY_SESS;
	if (!key_map_set(&f->ids, key, id)) {
		session_table_remove(f->service->table, id);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	counters_add(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
	return NERR_Success;
}

static int64_t publisher_now_ms(const struct publisher *f)
{
	return f->service->now_ms(f->service->context);
}

static int64_t publisher_ago_ms(const struct publisher *f, uint32_t seconds)
{
	return publisher_now_ms(f) - (int64_t)seconds * 1000;
}

/* False: out of memory. */
static bool publisher_set_group(struct publisher *f, uint64_t key, uint32_t group)
{
	if (group != 0)
		return key_map_set(&f->groups, key, group);
	key_map_remove(&f->groups, key);
	return true;
}

static void publisher_apply_put(struct publisher *f, uint64_t key, uint32_t group,
                                const struct netsession_row *row)
{
	struct session_facts facts = { row->client,
		                       row->user,
		                       row->client_type,
		                       row->transport,
		                       row->num_opens,
		                       row->user_flags,
		                       publisher_ago_ms(f, row->active_s),
		                       publisher_ago_ms(f, row->idle_s) };
	uint32_t id = key_map_find(&f->ids, key);
	NET_API_STATUS status = NERR_Success;
	const char *why;

	if (!publish_row_is_valid(row, &why))
		status = ERROR_INVALID_PARAMETER;
	else if (id == 0)
		status = publisher_add_session(f, key, &facts);
	else if (!session_table_update(f->service->table, id, &facts))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success && !publisher_set_group(f, key, group))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success)
		return;
	publisher_remove_session(f, key);
	publish_message_encode(
		&f->out,
		&(struct publish_message){ .kind = PUBLISH_ERROR, .key = key, .status = status });
}

static void publisher_apply_touch(struct publisher *f, uint64_t key,
                                  const struct netsession_row *row)
{
	uint32_t id = key_map_find(&f->ids, key);

	if (id == 0)
		return;
	session_table_touch(f->service->table, id, publisher_ago_ms(f, row->idle_s));
	session_table_set_opens(f->service->table, id, row->num_opens);
}

/* False: that is not its part. */
static bool publisher_apply_change(struct publisher *f, const struct publish_message *m)
{
	switch (m->kind) {
	case PUBLISH_PUT:
		publisher_apply_put(f, m->key, m->group, &m->row);
		return true;
	case PUBLISH_TOUCH:
		publisher_apply_touch(f, m->key, &m->row);
		return true;
	case PUBLISH_REMOVE:
		publisher_remove_session(f, m->key);
		return true;
	case PUBLISH_REFRESHED:
		return refresh_source_answered(f->refresh, &f->source, m->number);
	default:
		return false;
	}
}

/* ---- how fast ---- */

/* How long it has to rest after these changes, so that they are no more than allowed. */
static uint32_t publisher_pause_ms(struct publisher *f, uint32_t changes)
{
	int64_t now_us = publisher_now_ms(f) * 1000, ahead_us;

	if (f->busy_until_us < now_us)
		f->busy_until_us = now_us;
	f->busy_until_us += (int64_t)changes * 1000000 / f->bounds.max_changes_per_s;
	ahead_us = f->busy_until_us - now_us - PUBLISHER_BURST_US;
	if (ahead_us <= 0)
		return 0;
	return ahead_us / 1000 < PUBLISHER_MAX_PAUSE_MS ? (uint32_t)(ahead_us / 1000) + 1
	                                                : PUBLISHER_MAX_PAUSE_MS;
}

/* What was read is done: the feeder sends no more before it knows. */
static void publisher_acknowledge_bytes(struct publisher *f)
{
	publish_message_encode(&f->out, &(struct publish_message){ .kind = PUBLISH_ACCEPTED,
	                                                           .bytes = f->unacknowledged });
	f->unacknowledged = 0;
	(void)publisher_send_pending(f);
}

static void publisher_on_pause_over(void *context)
{
	struct publisher *f = context;

	net_timer_stop(f->timer);
	f->timer = NULL;
	f->is_resting = false;
	publisher_acknowledge_bytes(f);
}

static void publisher_pause_or_continue(struct publisher *f, uint32_t changes)
{
	uint32_t after_ms = publisher_pause_ms(f, changes);

	if (after_ms > 0) {
		f->timer = net_timer_start(f->loop, after_ms, publisher_on_pause_over, f);
		f->is_resting = f->timer != NULL;
	}
	if (f->is_resting)
		publisher_update_reading(f);
	else
		publisher_acknowledge_bytes(f);
}

/* ---- what it says ---- */

static void publisher_refuse_hello(struct publisher *f, NET_API_STATUS status)
{
	counters_add(COUNTER_PUBLISHERS_REFUSED, 1);
	publisher_report_event(f, "feed-open", status);
	publish_message_encode(
		&f->out, &(struct publish_message){ .kind = PUBLISH_REFUSED, .status = status });
	if (publisher_send_pending(f))
		publisher_close(f, status);
}

/* False: it was ended. */
static bool publisher_accept_hello(struct publisher *f, const struct publish_message *hello)
{
	NET_API_STATUS status = ERROR_NOT_SUPPORTED;
	const char *why;

	if (hello->version == PUBLISH_VERSION) {
		status = publish_text_is_valid(hello->name, &why)
		                 ? f->handler->asked(f->context, f, &f->bounds)
		                 : ERROR_INVALID_PARAMETER;
		f->name = strdup(hello->name);
	}
	if (status != NERR_Success) {
		publisher_refuse_hello(f, status);
		return false;
	}
	net_timer_stop(f->timer);
	f->timer = NULL;
	f->step = PUBLISHER_OPEN;
	f->source = (struct refresh_source){ .ask = publisher_on_refresh_request,
		                             .context = f,
		                             .name = f->name };
	if (hello->wants_refresh != 0)
		refresh_add_source(f->refresh, &f->source);
	publisher_report_event(f, "feed-open", NERR_Success);
	publish_message_encode(&f->out,
	                       &(struct publish_message){ .kind = PUBLISH_WELCOME,
	                                                  .version = PUBLISH_VERSION,
	                                                  .max_sessions = f->bounds.max_sessions });
	return publisher_send_pending(f);
}

static void publisher_close_malformed(struct publisher *f)
{
	counters_add(COUNTER_PUBLISHERS_MALFORMED, 1);
	publisher_close(f, ERROR_INVALID_DATA);
}

static uint8_t *publisher_on_space(void *context, size_t *room)
{
	struct publisher *f = context;

	return publish_input_space(&f->input, room);
}

/* Its first message, behind which nothing may come before the answer. */
static void publisher_receive_hello(struct publisher *f)
{
	struct publish_message m;
	const char *error;
	bool is_there = publish_input_next(&f->input, &m, &error);

	if (error != NULL || (is_there && (m.kind != PUBLISH_HELLO || f->input.at < f->input.end)))
		publisher_close_malformed(f);
	else if (is_there)
		(void)publisher_accept_hello(f, &m);
}

static void publisher_receive_changes(struct publisher *f)
{
	struct publish_message m;
	const char *error;
	uint32_t changes = 0;
	bool is_good = true;

	while (is_good && publish_input_next(&f->input, &m, &error)) {
		is_good = publisher_apply_change(f, &m);
		changes++;
	}
	counters_add(COUNTER_PUBLISHED_CHANGES, changes);
	if (is_good && error == NULL)
		publisher_pause_or_continue(f, changes);
	else
		publisher_close_malformed(f);
}

static void publisher_on_received(void *context, size_t bytes)
{
	struct publisher *f = context;

	publish_input_received(&f->input, bytes);
	if (f->step == PUBLISHER_AWAITING_HELLO) {
		publisher_receive_hello(f);
		return;
	}
	f->unacknowledged += (uint32_t)bytes;
	publisher_receive_changes(f);
}

static void publisher_on_drained(void *context)
{
	(void)publisher_send_pending(context);
}

static void publisher_on_stream_end(void *context, const struct err *err)
{
	publisher_close(context, err->status);
}

/* ---- its beginning ---- */

static void publisher_on_hello_timeout(void *context)
{
	publisher_close(context, ERROR_TIMEOUT);
}

/* Now it is known who that is: what it sent is read from here on. */
static void publisher_on_identity(void *context, struct identity *who)
{
	static const struct net_stream_handler handler = { publisher_on_space,
		                                           publisher_on_received,
		                                           publisher_on_stream_end,
		                                           publisher_on_drained };
	struct publisher *f = context;
	int socket = f->socket;

	f->lookup = NULL;
	f->who = who;
	if (who != NULL) {
		f->socket = -1;
		f->step = PUBLISHER_AWAITING_HELLO;
		f->stream = net_stream_new(f->loop, socket, &handler, f);
		f->timer = net_timer_start(f->loop, HELLO_TIMEOUT_MS, publisher_on_hello_timeout,
		                           f);
	}
	if (f->stream == NULL || f->timer == NULL)
		publisher_close(f, ERROR_NOT_ENOUGH_MEMORY);
}

struct publisher *publisher_new(struct net_loop *loop, struct srvsvc_server *service,
                                struct refresh *freshness, int socket, uid_t uid,
                                const struct publisher_handler *handler, void *context)
{
	struct publisher *f = calloc(1, sizeof *f);

	if (f == NULL) {
		net_socket_hang_up(socket);
		return NULL;
	}
	f->loop = loop;
	f->service = service;
	f->refresh = freshness;
	f->socket = socket;
	f->uid = uid;
	f->handler = handler;
	f->context = context;
	f->owner = (struct session_owner){ .close = publisher_on_session_close,
		                           .renumbered = publisher_on_renumbered,
		                           .group = publisher_on_session_group,
		                           .context = f,
		                           .name = "feed" };
	if (getrandom(&f->ids.seed, sizeof f->ids.seed, GRND_NONBLOCK) ==
	            (ssize_t)sizeof f->ids.seed &&
	    getrandom(&f->groups.seed, sizeof f->groups.seed, GRND_NONBLOCK) ==
	            (ssize_t)sizeof f->groups.seed)
		f->lookup = local_identity_start(loop, uid, publisher_on_identity, f);
	if (f->lookup != NULL)
		return f;
	publisher_destroy(f);
	return NULL;
}
