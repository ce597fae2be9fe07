/* SPDX-License-Identifier: MIT */
#include "server/feeder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <lmerr.h>
#include "server/counters.h"

#define HELLO_TIMEOUT_MS 5000
#define BURST_US         1000000 /* of changes that come at once, at the rate allowed */
#define MAX_REST_MS      5000
#define SLOTS_AT_ONCE    4096 /* of the ids, looked at in one turn of the loop */
#define CLOSE_BYTES      12

/* ---- its end ---- */

static void dismiss(struct feeder *f)
{
	freshness_remove(f->freshness, &f->source);
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

static void forget(struct feeder *f)
{
	dismiss(f);
	identity_release(f->who);
	wire_writer_fini(&f->out);
	feed_key_map_fini(&f->ids);
	feed_key_map_fini(&f->groups);
	free(f->name);
	free(f);
}

/* Takes sessions out of the table, those of the next slots. False: there are none left. */
static bool remove_some(struct feeder *f, uint32_t slots)
{
	uint32_t end = f->ids.slots - f->removed_slots > slots ? f->removed_slots + slots
	                                                       : f->ids.slots;

	for (; f->removed_slots < end; f->removed_slots++)
		if (f->ids.values[f->removed_slots] != 0) {
			session_table_remove(f->service->table, f->ids.values[f->removed_slots]);
			counters_sub(COUNTER_FEED_SESSIONS_NOW, 1);
		}
	return end < f->ids.slots;
}

static void on_next_turn(void *context)
{
	struct feeder *f = context;

	net_timer_stop(f->timer);
	f->timer = NULL;
	if (remove_some(f, SLOTS_AT_ONCE))
		f->timer = net_timer_start(f->loop, 1, on_next_turn, f);
	if (f->timer != NULL)
		return;
	(void)remove_some(f, UINT32_MAX);
	f->handler->gone(f->context, f);
	forget(f);
}

static void tell_service(const struct feeder *f, const char *operation, NET_API_STATUS status)
{
	struct service_event event = { .operation = operation,
		                       .who = f->who,
		                       .from = "local",
		                       .door = "feed",
		                       .level = -1,
		                       .entries = f->ids.count,
		                       .total = f->ids.count,
		                       .status = status };

	f->service->tell(f->service->context, &event);
}

void feeder_end(struct feeder *f, NET_API_STATUS status)
{
	if (f->step == FEEDER_LEAVING)
		return;
	if (f->step == FEEDER_FEEDING)
		tell_service(f, "feed-close", status);
	dismiss(f);
	f->step = FEEDER_LEAVING;
	on_next_turn(f);
}

void feeder_free(struct feeder *f)
{
	(void)remove_some(f, UINT32_MAX);
	forget(f);
}

/* ---- what it is told ---- */

static void on_speak(void *context);

/* Reads from it, unless it does not read itself, or was too fast. */
static void mind_reading(struct feeder *f)
{
	if (f->is_resting || net_stream_unsent(f->stream) > 0)
		net_stream_pause(f->stream);
	else
		net_stream_resume(f->stream);
}

/* Sends what is to be told. False: it was ended. */
static bool speak(struct feeder *f)
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
		mind_reading(f);
	else
		feeder_end(f, ERROR_NOT_ENOUGH_MEMORY);
	return is_good;
}

static void on_speak(void *context)
{
	(void)speak(context);
}

/* Together with what else there is to be told now. */
static void tell_soon(struct feeder *f, const struct feed_message *m)
{
	feed_message_encode(&f->out, m);
	if (f->speak == NULL)
		f->speak = net_timer_start(f->loop, 0, on_speak, f);
}

/* The table's owner: many sessions may be asked for at once. */
static void on_close(void *context, uint64_t key)
{
	struct feeder *f = context;

	if (f->step == FEEDER_FEEDING)
		tell_soon(f, &(struct feed_message){ .kind = FEED_CLOSE, .key = key });
}

static void on_ask(void *context, uint32_t number)
{
	tell_soon(context, &(struct feed_message){ .kind = FEED_ASKED, .number = number });
}

static uint32_t on_group(void *context, uint64_t key)
{
	const struct feeder *f = context;

	return feed_key_map_find(&f->groups, key);
}

static void on_renumbered(void *context, uint64_t key, uint32_t id)
{
	struct feeder *f = context;

	(void)feed_key_map_set(&f->ids, key, id); /* it is there: that takes no memory */
}

/* ---- changes ---- */

static void forget_session(struct feeder *f, uint64_t key)
{
	uint32_t id = feed_key_map_find(&f->ids, key);

	if (id == 0)
		return;
	session_table_remove(f->service->table, id);
	feed_key_map_remove(&f->ids, key);
	feed_key_map_remove(&f->groups, key);
	counters_sub(COUNTER_FEED_SESSIONS_NOW, 1);
}

static NET_API_STATUS add(struct feeder *f, uint64_t key, const struct session_facts *facts)
{
	uint32_t id;

	if (f->ids.count >= f->bounds.max_sessions)
		return ERROR_TOO_MANY_SESS;
	id = session_table_add(f->service->table, facts, &f->owner, key);
	if (id == 0)
		return ERROR_TOO_MANY_SESS;
	if (!feed_key_map_set(&f->ids, key, id)) {
		session_table_remove(f->service->table, id);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	counters_add(COUNTER_FEED_SESSIONS_NOW, 1);
	return NERR_Success;
}

static int64_t now_ms(const struct feeder *f)
{
	return f->service->now_ms(f->service->context);
}

static int64_t ago_ms(const struct feeder *f, uint32_t seconds)
{
	return now_ms(f) - (int64_t)seconds * 1000;
}

/* False: out of memory. */
static bool set_group(struct feeder *f, uint64_t key, uint32_t group)
{
	if (group != 0)
		return feed_key_map_set(&f->groups, key, group);
	feed_key_map_remove(&f->groups, key);
	return true;
}

static void take_put(struct feeder *f, uint64_t key, uint32_t group,
                     const struct netsession_row *row)
{
	struct session_facts facts = {
		row->client,    row->user,       row->client_type,         row->transport,
		row->num_opens, row->user_flags, ago_ms(f, row->active_s), ago_ms(f, row->idle_s)
	};
	uint32_t id = feed_key_map_find(&f->ids, key);
	NET_API_STATUS status = NERR_Success;
	const char *why;

	if (!feed_row_is_good(row, &why))
		status = ERROR_INVALID_PARAMETER;
	else if (id == 0)
		status = add(f, key, &facts);
	else if (!session_table_update(f->service->table, id, &facts))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success && !set_group(f, key, group))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success)
		return;
	forget_session(f, key);
	feed_message_encode(&f->out, &(struct feed_message){
					     .kind = FEED_ERROR, .key = key, .status = status });
}

static void take_touch(struct feeder *f, uint64_t key, const struct netsession_row *row)
{
	uint32_t id = feed_key_map_find(&f->ids, key);

	if (id == 0)
		return;
	session_table_touch(f->service->table, id, ago_ms(f, row->idle_s));
	session_table_set_opens(f->service->table, id, row->num_opens);
}

/* False: that is not its part. */
static bool take_change(struct feeder *f, const struct feed_message *m)
{
	switch (m->kind) {
	case FEED_PUT:
		take_put(f, m->key, m->group, &m->row);
		return true;
	case FEED_TOUCH:
		take_touch(f, m->key, &m->row);
		return true;
	case FEED_REMOVE:
		forget_session(f, m->key);
		return true;
	case FEED_FRESH:
		return freshness_answered(f->freshness, &f->source, m->number);
	default:
		return false;
	}
}

/* ---- how fast ---- */

/* How long it has to rest after these changes, so that they are no more than allowed. */
static uint32_t rest_ms(struct feeder *f, uint32_t changes)
{
	int64_t now_us = now_ms(f) * 1000, ahead_us;

	if (f->busy_until_us < now_us)
		f->busy_until_us = now_us;
	f->busy_until_us += (int64_t)changes * 1000000 / f->bounds.max_changes_per_s;
	ahead_us = f->busy_until_us - now_us - BURST_US;
	if (ahead_us <= 0)
		return 0;
	return ahead_us / 1000 < MAX_REST_MS ? (uint32_t)(ahead_us / 1000) + 1 : MAX_REST_MS;
}

/* What was read is done: the feeder sends no more before it knows. */
static void acknowledge(struct feeder *f)
{
	feed_message_encode(
		&f->out, &(struct feed_message){ .kind = FEED_TAKEN, .bytes = f->unacknowledged });
	f->unacknowledged = 0;
	(void)speak(f);
}

static void on_rested(void *context)
{
	struct feeder *f = context;

	net_timer_stop(f->timer);
	f->timer = NULL;
	f->is_resting = false;
	acknowledge(f);
}

static void rest_or_go_on(struct feeder *f, uint32_t changes)
{
	uint32_t after_ms = rest_ms(f, changes);

	if (after_ms > 0) {
		f->timer = net_timer_start(f->loop, after_ms, on_rested, f);
		f->is_resting = f->timer != NULL;
	}
	if (f->is_resting)
		mind_reading(f);
	else
		acknowledge(f);
}

/* ---- what it says ---- */

static void refuse(struct feeder *f, NET_API_STATUS status)
{
	counters_add(COUNTER_FEEDERS_REFUSED, 1);
	tell_service(f, "feed-open", status);
	feed_message_encode(&f->out,
	                    &(struct feed_message){ .kind = FEED_REFUSED, .status = status });
	if (speak(f))
		feeder_end(f, status);
}

/* False: it was ended. */
static bool greet(struct feeder *f, const struct feed_message *hello)
{
	NET_API_STATUS status = ERROR_NOT_SUPPORTED;
	const char *why;

	if (hello->version == FEED_VERSION) {
		status = feed_text_is_good(hello->name, &why)
		                 ? f->handler->asked(f->context, f, &f->bounds)
		                 : ERROR_INVALID_PARAMETER;
		f->name = strdup(hello->name);
	}
	if (status != NERR_Success) {
		refuse(f, status);
		return false;
	}
	net_timer_stop(f->timer);
	f->timer = NULL;
	f->step = FEEDER_FEEDING;
	f->source = (struct freshness_source){ .ask = on_ask, .context = f, .name = f->name };
	if (hello->is_asked != 0)
		freshness_add(f->freshness, &f->source);
	tell_service(f, "feed-open", NERR_Success);
	feed_message_encode(&f->out,
	                    &(struct feed_message){ .kind = FEED_WELCOME,
	                                            .version = FEED_VERSION,
	                                            .max_sessions = f->bounds.max_sessions });
	return speak(f);
}

static void lose_malformed(struct feeder *f)
{
	counters_add(COUNTER_FEED_MALFORMED, 1);
	feeder_end(f, ERROR_INVALID_DATA);
}

static uint8_t *on_space(void *context, size_t *room)
{
	struct feeder *f = context;

	return feed_input_space(&f->input, room);
}

/* Its first message, behind which nothing may come before the answer. */
static void receive_hello(struct feeder *f)
{
	struct feed_message m;
	const char *error;
	bool is_there = feed_input_next(&f->input, &m, &error);

	if (error != NULL || (is_there && (m.kind != FEED_HELLO || f->input.at < f->input.end)))
		lose_malformed(f);
	else if (is_there)
		(void)greet(f, &m);
}

static void receive_changes(struct feeder *f)
{
	struct feed_message m;
	const char *error;
	uint32_t changes = 0;
	bool is_good = true;

	while (is_good && feed_input_next(&f->input, &m, &error)) {
		is_good = take_change(f, &m);
		changes++;
	}
	counters_add(COUNTER_FEED_CHANGES, changes);
	if (is_good && error == NULL)
		rest_or_go_on(f, changes);
	else
		lose_malformed(f);
}

static void on_received(void *context, size_t bytes)
{
	struct feeder *f = context;

	feed_input_received(&f->input, bytes);
	if (f->step == FEEDER_GREETING) {
		receive_hello(f);
		return;
	}
	f->unacknowledged += (uint32_t)bytes;
	receive_changes(f);
}

static void on_drained(void *context)
{
	(void)speak(context);
}

static void on_ended(void *context, const struct err *err)
{
	feeder_end(context, err->status);
}

/* ---- its beginning ---- */

static void on_hello_due(void *context)
{
	feeder_end(context, ERROR_TIMEOUT);
}

/* Now it is known who that is: what it sent is read from here on. */
static void on_found(void *context, struct identity *who)
{
	static const struct net_stream_handler handler = { on_space, on_received, on_ended,
		                                           on_drained };
	struct feeder *f = context;
	int socket = f->socket;

	f->lookup = NULL;
	f->who = who;
	if (who != NULL) {
		f->socket = -1;
		f->step = FEEDER_GREETING;
		f->stream = net_stream_new(f->loop, socket, &handler, f);
		f->timer = net_timer_start(f->loop, HELLO_TIMEOUT_MS, on_hello_due, f);
	}
	if (f->stream == NULL || f->timer == NULL)
		feeder_end(f, ERROR_NOT_ENOUGH_MEMORY);
}

struct feeder *feeder_new(struct net_loop *loop, struct service *service,
                          struct freshness *freshness, int socket, uid_t uid,
                          const struct feeder_handler *handler, void *context)
{
	struct feeder *f = calloc(1, sizeof *f);

	if (f == NULL) {
		net_socket_hang_up(socket);
		return NULL;
	}
	f->loop = loop;
	f->service = service;
	f->freshness = freshness;
	f->socket = socket;
	f->uid = uid;
	f->handler = handler;
	f->context = context;
	f->owner = (struct session_owner){ .close = on_close,
		                           .renumbered = on_renumbered,
		                           .group = on_group,
		                           .context = f,
		                           .name = "feed" };
	if (getrandom(&f->ids.seed, sizeof f->ids.seed, GRND_NONBLOCK) ==
	            (ssize_t)sizeof f->ids.seed &&
	    getrandom(&f->groups.seed, sizeof f->groups.seed, GRND_NONBLOCK) ==
	            (ssize_t)sizeof f->groups.seed)
		f->lookup = local_identity_start(loop, uid, on_found, f);
	if (f->lookup != NULL)
		return f;
	forget(f);
	return NULL;
}
