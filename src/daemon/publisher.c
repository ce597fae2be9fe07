/* SPDX-License-Identifier: MIT */
#include "daemon/publisher.h"

#include <stdarg.h>
#include <stdio.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <lmerr.h>
#include "base/text.h"
#include "daemon/counters.h"
#include "daemon/local_identity.h"
#include "local/publish_message.h"
#include "net/stream.h"
#include "sessions/key_map.h"

#define PUBLISHER_BURST_US     1000000 /* of changes that come at once, at the rate allowed */
#define PUBLISHER_MAX_PAUSE_MS 5000
#define PUBLISHER_SLOTS_A_TURN 4096 /* of the ids, looked at in one turn of the loop */
#define CLOSE_BYTES            12

enum publisher_step {
	PUBLISHER_IDENTIFYING,    /* its user is looked up */
	PUBLISHER_AWAITING_HELLO, /* its first message */
	PUBLISHER_OPEN,
	PUBLISHER_CLOSING, /* it is disconnected, and its sessions are removed */
};

struct publisher {
	struct net_connection connection;
	struct publishers *shared;
	struct identity *identity; /* NULL: not known yet */
	enum publisher_step step;
	char *name; /* as its HELLO says it; NULL before that */
	/* It polls a file server, whose sessions do not end with this connection. Other publishers
	 * are file servers themselves. */
	bool polls;
	/* Its sessions may go on when they are removed with it. */
	bool loses;
	int socket; /* until it is identified; then -1 */
	struct local_identity_lookup *lookup;
	struct net_stream *stream;
	struct net_timer *timer;      /* until it is read on; until more sessions are removed */
	struct net_timer *send_timer; /* until out is sent */
	struct publisher_bounds bounds;
	struct publish_input input;
	struct wire_writer out;  /* the messages that are sent next */
	uint32_t unacknowledged; /* bytes that were read since the last ACCEPTED */
	int64_t busy_until_us;   /* by its changes so far, of the service's clock */
	bool is_paused;          /* it was too fast, and is not read */
	struct session_owner owner;
	struct refresh_source source;
	struct session_source warnings;
	bool is_incomplete; /* as its last STATE says, and the reason; NULL: none */
	char *warning;
	bool lacks_room;        /* a session was refused, and none has ended since then */
	struct key_map ids;     /* of its sessions in the table, by its own keys */
	struct key_map groups;  /* of keys whose sessions end together with others */
	uint32_t removed_slots; /* of ids: those before are removed */
};

static int64_t publisher_now_ms(const struct publisher *p)
{
	return p->shared->service->now_ms(p->shared->service->context);
}

/* ---- warnings ---- */

/* So long callers are warned that the sessions of a publisher are missing. A publisher that has
 * been away for longer is not coming back. */
#define LOST_PUBLISHER_MS 300000

__attribute__((format(printf, 4, 5))) static void
publisher_give_warning(session_warning_found *found, void *found_context, bool is_lost,
                       const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	if (vsnprintf(text, sizeof text, format, arguments) >= (int)sizeof text)
		text_drop_cut_character(text);
	va_end(arguments);
	found(found_context, &(struct session_warning){ text, true, is_lost });
}

static void publisher_on_warn(void *context, session_warning_found *found, void *found_context)
{
	const struct publisher *p = context;
	char text[512];

	if (p->warning != NULL || p->is_incomplete) {
		if (snprintf(text, sizeof text, "publisher \"%s\": %s", p->name,
		             p->warning != NULL ? p->warning : "some sessions are missing") >=
		    (int)sizeof text)
			text_drop_cut_character(text);
		found(found_context, &(struct session_warning){ text, p->is_incomplete, false });
	}
	if (p->lacks_room)
		publisher_give_warning(
			found, found_context, false,
			"publisher \"%s\": some of its sessions are missing, because "
			"[server] publisher_max_sessions or max_sessions is reached, or memory "
			"ran out",
			p->name);
	if (p->source.is_overdue && p->source.answered == 0)
		publisher_give_warning(
			found, found_context, false,
			"publisher \"%s\" does not answer; it has not sent all of its "
			"sessions yet",
			p->name);
	else if (p->source.is_overdue)
		publisher_give_warning(
			found, found_context, false,
			"publisher \"%s\" does not answer; its sessions are those of "
			"%lld s ago",
			p->name, (long long)(publisher_now_ms(p) - p->source.good_since_ms) / 1000);
}

static void publisher_begin_warnings(struct publisher *p)
{
	p->warnings = (struct session_source){ .warn = publisher_on_warn, .context = p };
	LIST_INSERT_HEAD(&p->shared->service->sources, &p->warnings, entry);
}

static void publisher_end_warnings(struct publisher *p)
{
	if (p->warnings.warn == NULL)
		return;
	LIST_REMOVE(&p->warnings, entry);
	p->warnings.warn = NULL;
}

static void publishers_forget_lost(struct publishers *shared, unsigned i)
{
	free(shared->lost[i].name);
	shared->lost[i] = shared->lost[--shared->lost_count];
}

/* A publisher of this name has opened. */
static void publishers_found_again(struct publishers *shared, const char *name)
{
	for (unsigned i = shared->lost_count; i > 0; i--)
		if (strcmp(shared->lost[i - 1].name, name) == 0)
			publishers_forget_lost(shared, i - 1);
}

/* Takes the publisher's name. */
static void publishers_add_lost(struct publishers *shared, char *name, int64_t now_ms)
{
	unsigned oldest = 0;

	publishers_found_again(shared, name);
	for (unsigned i = 1; i < shared->lost_count; i++)
		if (shared->lost[i].at_ms < shared->lost[oldest].at_ms)
			oldest = i;
	if (shared->lost_count == MAX_LOST_PUBLISHERS)
		publishers_forget_lost(shared, oldest);
	shared->lost[shared->lost_count++] = (struct lost_publisher){ name, now_ms };
}

static void publishers_on_warn(void *context, session_warning_found *found, void *found_context)
{
	const struct publishers *shared = context;
	int64_t now_ms = shared->service->now_ms(shared->service->context);

	for (unsigned i = 0; i < shared->lost_count; i++)
		if (now_ms - shared->lost[i].at_ms < LOST_PUBLISHER_MS)
			publisher_give_warning(found, found_context, true,
			                       "publisher \"%s\" disconnected %lld s ago; its "
			                       "sessions are not listed",
			                       shared->lost[i].name,
			                       (long long)(now_ms - shared->lost[i].at_ms) / 1000);
}

void publishers_init(struct publishers *shared)
{
	shared->lost_source = (struct session_source){ .warn = publishers_on_warn,
		                                       .context = shared };
	LIST_INSERT_HEAD(&shared->service->sources, &shared->lost_source, entry);
}

void publishers_fini(struct publishers *shared)
{
	LIST_REMOVE(&shared->lost_source, entry);
	while (shared->lost_count > 0)
		publishers_forget_lost(shared, 0);
}

/* ---- the end ---- */

static void publisher_disconnect(struct publisher *p)
{
	refresh_remove_source(p->shared->refresh, &p->source);
	publisher_end_warnings(p);
	local_identity_cancel(p->lookup);
	net_stream_finish(p->stream);
	if (p->socket >= 0)
		net_socket_hang_up(p->socket);
	net_timer_stop(p->timer);
	net_timer_stop(p->send_timer);
	p->lookup = NULL;
	p->stream = NULL;
	p->socket = -1;
	p->timer = p->send_timer = NULL;
}

static void publisher_destroy(struct publisher *p)
{
	publisher_disconnect(p);
	net_connection_remove(&p->connection);
	counters_sub(COUNTER_PUBLISHERS_NOW, 1);
	identity_release(p->identity);
	wire_writer_fini(&p->out);
	key_map_fini(&p->ids);
	key_map_fini(&p->groups);
	free(p->warning);
	free(p->name);
	free(p);
}

/* Removes the sessions of the next slots from the table. False: there are none left. */
static bool publisher_remove_sessions(struct publisher *p, uint32_t slots)
{
	uint32_t end = p->ids.slots - p->removed_slots > slots ? p->removed_slots + slots
	                                                       : p->ids.slots;

	for (; p->removed_slots < end; p->removed_slots++)
		if (p->ids.values[p->removed_slots] != 0) {
			if (p->loses)
				session_table_lose(p->shared->service->table,
				                   p->ids.values[p->removed_slots]);
			else
				session_table_remove(p->shared->service->table,
				                     p->ids.values[p->removed_slots]);
			counters_sub(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
		}
	return end < p->ids.slots;
}

static void publisher_on_removal_turn(void *context)
{
	struct publisher *p = context;

	net_timer_stop(p->timer);
	p->timer = NULL;
	if (publisher_remove_sessions(p, PUBLISHER_SLOTS_A_TURN))
		p->timer = net_timer_start(p->shared->loop, 1, publisher_on_removal_turn, p);
	if (p->timer != NULL)
		return;
	(void)publisher_remove_sessions(p, UINT32_MAX);
	publisher_destroy(p);
}

static void publisher_report_event(const struct publisher *p, const char *operation,
                                   NET_API_STATUS status)
{
	struct srvsvc_event event = { .operation = operation,
		                      .identity = p->identity,
		                      .address = "local",
		                      .endpoint = "publish",
		                      .level = -1,
		                      .entries = p->ids.count,
		                      .total = p->ids.count,
		                      .status = status };

	p->shared->service->report(p->shared->service->context, &event);
}

static void publisher_log_close(const struct publisher *p, enum log_level level, const char *reason)
{
	const struct log_fields fields = { .message = LOG_MESSAGE_CONNECTION_CLOSED,
		                           .client = p->connection.peer.text };

	if (p->name != NULL)
		log_write_fields_limited(&p->shared->limit, publisher_now_ms(p), level, &fields,
		                         "publisher \"%s\" from %s disconnected: %s", p->name,
		                         p->connection.peer.text, reason);
	else
		log_write_fields_limited(&p->shared->limit, publisher_now_ms(p), level, &fields,
		                         "publisher connection from %s closed: %s",
		                         p->connection.peer.text, reason);
}

/* It may be restarting. */
static void publisher_expect_return(struct publishers *shared)
{
	refresh_expect_publisher(shared->refresh, REFRESH_RETURN_MS);
	if (shared->open_count == 0 && shared->mark != NULL)
		(void)unlink(shared->mark);
}

static void publishers_set_mark(const struct publishers *shared)
{
	int fd = -1;

	if (shared->mark != NULL)
		fd = open(shared->mark, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

void publisher_close(struct publisher *p, enum log_level level, NET_API_STATUS status,
                     const char *reason)
{
	if (p->step == PUBLISHER_CLOSING)
		return;
	publisher_log_close(p, level, reason);
	if (p->step == PUBLISHER_OPEN) {
		publisher_report_event(p, "publish-close", status);
		p->shared->open_count--;
		if (!net_endpoint_is_draining(p->shared->connections))
			publisher_expect_return(p->shared);
	}
	publisher_disconnect(p);
	if (p->step == PUBLISHER_OPEN && p->polls) {
		publishers_add_lost(p->shared, p->name, publisher_now_ms(p));
		p->name = NULL;
	}
	p->loses = p->polls || net_endpoint_is_draining(p->shared->connections);
	p->step = PUBLISHER_CLOSING;
	net_connection_set_open(&p->connection, true); /* it is not pending any more */
	publisher_on_removal_turn(p);
}

void publisher_free(struct publisher *p)
{
	if (p->step == PUBLISHER_OPEN)
		p->shared->open_count--;
	/* netsessiond ends, and not the file server. */
	p->loses |= p->step != PUBLISHER_CLOSING;
	(void)publisher_remove_sessions(p, UINT32_MAX);
	publisher_destroy(p);
}

/* ---- messages to the file server ---- */

/* Reads on, unless the file server does not read itself, or was too fast. */
static void publisher_update_reading(struct publisher *p)
{
	if (p->is_paused || net_stream_unsent(p->stream) > 0)
		net_stream_pause(p->stream);
	else
		net_stream_resume(p->stream);
}

/* Sends the messages in out. False: the publisher was closed. */
static bool publisher_send_pending(struct publisher *p)
{
	size_t most = 65536 + (size_t)p->bounds.max_sessions * CLOSE_BYTES;

	net_timer_stop(p->send_timer);
	p->send_timer = NULL;
	if (!p->out.failed && p->out.len > most) {
		publisher_close(p, LOG_LEVEL_WARNING, ERROR_NOT_ENOUGH_MEMORY,
		                "it does not read the messages of netsessiond");
		return false;
	}
	if (!p->out.failed && net_stream_unsent(p->stream) == 0 && p->out.len > 0) {
		p->out.failed = !net_stream_send(p->stream, p->out.data, p->out.len);
		if (!p->out.failed)
			wire_writer_fini(&p->out);
	}
	if (p->out.failed) {
		publisher_close(p, LOG_LEVEL_ERROR, ERROR_NOT_ENOUGH_MEMORY, "out of memory");
		return false;
	}
	publisher_update_reading(p);
	return true;
}

static void publisher_on_send_due(void *context)
{
	(void)publisher_send_pending(context);
}

/* Sends m in the loop's next turn, together with the other messages of this one. */
static void publisher_queue_message(struct publisher *p, const struct publish_message *m)
{
	publish_message_encode(&p->out, m);
	if (p->send_timer == NULL)
		p->send_timer = net_timer_start(p->shared->loop, 0, publisher_on_send_due, p);
}

/* The table's owner: many sessions may be asked for at once. */
static void publisher_on_session_close(void *context, uint64_t key)
{
	struct publisher *p = context;

	if (p->step != PUBLISHER_OPEN)
		return;
	publisher_queue_message(p, &(struct publish_message){ .kind = PUBLISH_CLOSE, .key = key });
	refresh_source_outdated(&p->source);
}

static void publisher_on_refresh_request(void *context, uint32_t number)
{
	publisher_queue_message(
		context, &(struct publish_message){ .kind = PUBLISH_REFRESH, .number = number });
}

static uint32_t publisher_on_session_group(void *context, uint64_t key)
{
	const struct publisher *p = context;

	return key_map_find(&p->groups, key);
}

static void publisher_on_renumbered(void *context, uint64_t key, uint32_t id)
{
	struct publisher *p = context;

	(void)key_map_set(&p->ids, key, id); /* the key is there: that takes no memory */
}

/* ---- changes ---- */

static void publisher_remove_session(struct publisher *p, uint64_t key)
{
	uint32_t id = key_map_find(&p->ids, key);

	if (id == 0)
		return;
	session_table_remove(p->shared->service->table, id);
	key_map_remove(&p->ids, key);
	key_map_remove(&p->groups, key);
	p->lacks_room = false;
	counters_sub(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
}

static NET_API_STATUS publisher_add_session(struct publisher *p, uint64_t key,
                                            const struct session_facts *facts)
{
	uint32_t id;

	if (p->ids.count >= p->bounds.max_sessions)
		return ERROR_TOO_MANY_SESS;
	id = session_table_add(p->shared->service->table, facts, &p->owner, key);
	if (id == 0)
		return session_table_is_full(p->shared->service->table) ? ERROR_TOO_MANY_SESS
		                                                        : ERROR_NOT_ENOUGH_MEMORY;
	if (!key_map_set(&p->ids, key, id)) {
		session_table_remove(p->shared->service->table, id);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	counters_add(COUNTER_PUBLISHED_SESSIONS_NOW, 1);
	return NERR_Success;
}

static int64_t publisher_ago_ms(const struct publisher *p, uint32_t seconds)
{
	/* Nothing is 68 years old: such a number would only move the table's other times. */
	return seconds <= INT32_MAX ? publisher_now_ms(p) - (int64_t)seconds * 1000
	                            : SESSION_TIME_UNKNOWN;
}

/* False: out of memory. */
static bool publisher_set_group(struct publisher *p, uint64_t key, uint32_t group)
{
	if (group != 0)
		return key_map_set(&p->groups, key, group);
	key_map_remove(&p->groups, key);
	return true;
}

/* An empty text says nothing. */
static const char *publisher_known_text(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void publisher_apply_put(struct publisher *p, uint64_t key, uint32_t group,
                                const struct netsession_row *row)
{
	struct session_facts facts = { row->client,
		                       publisher_known_text(row->user),
		                       publisher_known_text(row->client_type),
		                       publisher_known_text(row->transport),
		                       row->num_opens,
		                       row->user_flags,
		                       publisher_ago_ms(p, row->active_s),
		                       publisher_ago_ms(p, row->idle_s) };
	uint32_t id = key_map_find(&p->ids, key);
	NET_API_STATUS status = NERR_Success;

	if (publish_row_problem(row) != NULL)
		status = ERROR_INVALID_PARAMETER;
	else if (id == 0)
		status = publisher_add_session(p, key, &facts);
	else if (!session_table_update(p->shared->service->table, id, &facts))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success && !publisher_set_group(p, key, group))
		status = ERROR_NOT_ENOUGH_MEMORY;
	if (status == NERR_Success)
		return;
	publisher_remove_session(p, key);
	if (status != ERROR_INVALID_PARAMETER)
		p->lacks_room = true;
	publish_message_encode(
		&p->out,
		&(struct publish_message){ .kind = PUBLISH_ERROR, .key = key, .status = status });
}

static void publisher_apply_touch(struct publisher *p, uint64_t key,
                                  const struct netsession_row *row)
{
	uint32_t id = key_map_find(&p->ids, key);

	if (id == 0)
		return;
	session_table_touch(p->shared->service->table, id, publisher_ago_ms(p, row->idle_s));
	session_table_set_opens(p->shared->service->table, id, row->num_opens);
}

/* False: the warning is no valid text. */
static bool publisher_apply_state(struct publisher *p, bool is_incomplete, const char *warning)
{
	if (publish_text_problem(warning) != NULL)
		return false;
	if (is_incomplete || warning[0] != '\0')
		log_write_limited(&p->shared->limit, publisher_now_ms(p), LOG_LEVEL_WARNING,
		                  "publisher \"%s\": %s%s", p->name,
		                  is_incomplete ? "some sessions are missing: " : "", warning);
	else if (p->is_incomplete || p->warning != NULL)
		log_write_limited(&p->shared->limit, publisher_now_ms(p), LOG_LEVEL_NOTICE,
		                  "publisher \"%s\": its sessions are complete again", p->name);
	free(p->warning);
	p->warning = warning[0] != '\0' ? strdup(warning) : NULL;
	/* Without memory for the warning, better say too much. */
	p->is_incomplete = is_incomplete || (warning[0] != '\0' && p->warning == NULL);
	return true;
}

/* False: a publisher does not send such a message now. */
static bool publisher_apply_change(struct publisher *p, const struct publish_message *m)
{
	switch (m->kind) {
	case PUBLISH_PUT:
		publisher_apply_put(p, m->key, m->group, &m->row);
		return true;
	case PUBLISH_TOUCH:
		publisher_apply_touch(p, m->key, &m->row);
		return true;
	case PUBLISH_REMOVE:
		publisher_remove_session(p, m->key);
		return true;
	case PUBLISH_STATE:
		return publisher_apply_state(p, m->is_incomplete != 0, m->warning);
	case PUBLISH_REFRESHED:
		return refresh_source_answered(p->shared->refresh, &p->source, m->number);
	default:
		return false;
	}
}

/* ---- rate ---- */

/* For how long nothing is read after these changes, so that they are no more than allowed. */
static uint32_t publisher_pause_ms(struct publisher *p, uint32_t changes)
{
	int64_t now_us = publisher_now_ms(p) * 1000, ahead_us;

	if (p->busy_until_us < now_us)
		p->busy_until_us = now_us;
	p->busy_until_us += (int64_t)changes * 1000000 / p->bounds.max_changes_per_s;
	ahead_us = p->busy_until_us - now_us - PUBLISHER_BURST_US;
	if (ahead_us <= 0)
		return 0;
	return ahead_us / 1000 < PUBLISHER_MAX_PAUSE_MS ? (uint32_t)(ahead_us / 1000) + 1
	                                                : PUBLISHER_MAX_PAUSE_MS;
}

/* Acknowledges what was read and applied: the file server sends no more before that. */
static void publisher_acknowledge_bytes(struct publisher *p)
{
	publish_message_encode(&p->out, &(struct publish_message){ .kind = PUBLISH_ACCEPTED,
	                                                           .bytes = p->unacknowledged });
	p->unacknowledged = 0;
	(void)publisher_send_pending(p);
}

static void publisher_on_pause_over(void *context)
{
	struct publisher *p = context;

	net_timer_stop(p->timer);
	p->timer = NULL;
	p->is_paused = false;
	publisher_acknowledge_bytes(p);
}

static void publisher_pause_or_continue(struct publisher *p, uint32_t changes)
{
	uint32_t after_ms = publisher_pause_ms(p, changes);

	if (after_ms > 0) {
		p->timer = net_timer_start(p->shared->loop, after_ms, publisher_on_pause_over, p);
		p->is_paused = p->timer != NULL;
	}
	if (p->is_paused)
		publisher_update_reading(p);
	else
		publisher_acknowledge_bytes(p);
}

/* ---- messages from the file server ---- */

static void publisher_refuse_hello(struct publisher *p, NET_API_STATUS status, const char *reason)
{
	counters_add(COUNTER_PUBLISHERS_REFUSED, 1);
	publisher_report_event(p, "publish-open", status);
	publish_message_encode(
		&p->out, &(struct publish_message){ .kind = PUBLISH_REFUSED, .status = status });
	if (publisher_send_pending(p))
		publisher_close(p, LOG_LEVEL_WARNING, status, reason);
}

/* Whether the file server may publish; else the status that it is refused with, and the reason. */
static NET_API_STATUS publisher_check_hello(const struct publisher *p,
                                            const struct publish_message *hello,
                                            const char **reason)
{
	if (!publish_version_is_known(hello->version)) {
		*reason = "it speaks another version of the protocol";
		return ERROR_NOT_SUPPORTED;
	}
	*reason = publish_text_problem(hello->name);
	if (*reason != NULL)
		return ERROR_INVALID_PARAMETER;
	if (!access_policy_allows(p->shared->service->policy, p->identity, ACCESS_PUBLISH)) {
		*reason = "the access policy does not let this user publish sessions";
		return ERROR_ACCESS_DENIED;
	}
	if (p->shared->open_count >= p->shared->max_publishers) {
		*reason = "as many publishers as [server] max_publishers allows are connected";
		return ERROR_REQ_NOT_ACCEP;
	}
	return NERR_Success;
}

static void publisher_accept_hello(struct publisher *p, const struct publish_message *hello)
{
	const char *reason = NULL;
	NET_API_STATUS status = publisher_check_hello(p, hello, &reason);

	if (status != NERR_Success) {
		publisher_refuse_hello(p, status, reason);
		return;
	}
	p->name = strdup(hello->name);
	if (p->name == NULL) {
		publisher_close(p, LOG_LEVEL_ERROR, ERROR_NOT_ENOUGH_MEMORY, "out of memory");
		return;
	}
	p->bounds = p->shared->bounds;
	p->step = PUBLISHER_OPEN;
	p->shared->open_count++;
	publishers_set_mark(p->shared);
	net_connection_set_open(&p->connection, true);
	p->source = (struct refresh_source){ .ask = publisher_on_refresh_request,
		                             .context = p,
		                             .name = p->name };
	p->polls = hello->wants_refresh != 0;
	publisher_begin_warnings(p);
	publishers_found_again(p->shared, p->name);
	publisher_report_event(p, "publish-open", NERR_Success);
	publish_message_encode(&p->out,
	                       &(struct publish_message){ .kind = PUBLISH_WELCOME,
	                                                  .version = hello->version,
	                                                  .max_sessions = p->bounds.max_sessions });
	if (p->polls)
		refresh_add_source(p->shared->refresh, &p->source);
	refresh_expect_nobody(p->shared->refresh);
	(void)publisher_send_pending(p);
}

static void publisher_close_malformed(struct publisher *p, const char *reason)
{
	counters_add(COUNTER_PUBLISHERS_MALFORMED, 1);
	publisher_close(p, LOG_LEVEL_WARNING, ERROR_INVALID_DATA, reason);
}

static uint8_t *publisher_on_space(void *context, size_t *room)
{
	struct publisher *p = context;

	return publish_input_space(&p->input, room);
}

/* The first message. Nothing may follow before it is answered. */
static void publisher_receive_hello(struct publisher *p)
{
	struct publish_message m;
	const char *error;
	bool is_there = publish_input_next(&p->input, &m, &error);

	if (error != NULL)
		publisher_close_malformed(p, error);
	else if (is_there && m.kind != PUBLISH_HELLO)
		publisher_close_malformed(p, "its first message is not HELLO");
	else if (is_there && p->input.at < p->input.end)
		publisher_close_malformed(p,
		                          "it sent another message before its HELLO was answered");
	else if (is_there)
		publisher_accept_hello(p, &m);
}

static void publisher_receive_changes(struct publisher *p)
{
	struct publish_message m;
	const char *error;
	uint32_t changes = 0;
	bool is_good = true;

	while (is_good && publish_input_next(&p->input, &m, &error)) {
		is_good = publisher_apply_change(p, &m);
		changes++;
	}
	counters_add(COUNTER_PUBLISHED_CHANGES, changes);
	if (!is_good)
		publisher_close_malformed(p, "it sent a message that is not valid at this point");
	else if (error != NULL)
		publisher_close_malformed(p, error);
	else
		publisher_pause_or_continue(p, changes);
}

static void publisher_on_received(void *context, size_t bytes)
{
	struct publisher *p = context;

	publish_input_received(&p->input, bytes);
	if (p->step == PUBLISHER_AWAITING_HELLO) {
		publisher_receive_hello(p);
		return;
	}
	p->unacknowledged += (uint32_t)bytes;
	publisher_receive_changes(p);
}

static void publisher_on_drained(void *context)
{
	(void)publisher_send_pending(context);
}

static void publisher_on_stream_end(void *context, const struct err *err)
{
	struct publisher *p = context;
	bool was_open = p->step == PUBLISHER_OPEN;

	publisher_close(p, was_open ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG, err->status,
	                "the connection has ended");
}

/* ---- the beginning ---- */

/* From here on, the file server's user is known, and what it sends is read. */
static void publisher_on_identity(void *context, struct identity *identity)
{
	static const struct net_stream_handler handler = { publisher_on_space,
		                                           publisher_on_received,
		                                           publisher_on_stream_end,
		                                           publisher_on_drained };
	struct publisher *p = context;
	int socket = p->socket;

	p->lookup = NULL;
	p->identity = identity;
	if (identity != NULL) {
		privileged_users_set(
			&p->shared->privileged, p->connection.peer.uid,
			access_policy_allows(p->shared->service->policy, identity, ACCESS_PUBLISH));
		p->socket = -1;
		p->step = PUBLISHER_AWAITING_HELLO;
		p->stream = net_stream_new(p->shared->loop, socket, &handler, p);
	}
	if (p->stream == NULL)
		publisher_close(p, LOG_LEVEL_ERROR, ERROR_NOT_ENOUGH_MEMORY, "out of memory");
}

static bool publisher_set_seed(struct key_map *map)
{
	return getrandom(&map->seed, sizeof map->seed, GRND_NONBLOCK) == (ssize_t)sizeof map->seed;
}

bool publisher_new(struct publishers *shared, int socket, const struct net_peer *peer)
{
	struct publisher *p = calloc(1, sizeof *p);

	if (p == NULL) {
		net_socket_hang_up(socket);
		return false;
	}
	p->connection.context = p;
	p->shared = shared;
	p->socket = socket;
	p->owner = (struct session_owner){ .close = publisher_on_session_close,
		                           .renumbered = publisher_on_renumbered,
		                           .group = publisher_on_session_group,
		                           .context = p,
		                           .name = "publish" };
	net_connection_add(shared->connections, &p->connection, peer);
	counters_add(COUNTER_PUBLISHERS_NOW, 1);
	if (publisher_set_seed(&p->ids) && publisher_set_seed(&p->groups))
		p->lookup = local_identity_start(shared->loop, peer->uid, publisher_on_identity, p);
	if (p->lookup != NULL)
		return true;
	publisher_destroy(p);
	return false;
}

/* Closes a publisher that has lost the right to publish. False: it is closed, and may be gone. */
static bool publisher_judge(struct publisher *p)
{
	if (p->step != PUBLISHER_OPEN ||
	    access_policy_allows(p->shared->service->policy, p->identity, ACCESS_PUBLISH))
		return true;
	publisher_close(p, LOG_LEVEL_NOTICE, ERROR_ACCESS_DENIED,
	                "the access policy does not let this user publish sessions any more");
	return false;
}

/* The user may have been deleted meanwhile, or belong to other groups. */
static void publisher_on_new_identity(void *context, struct identity *identity)
{
	struct publisher *p = context;

	p->lookup = NULL;
	if (identity == NULL) {
		publisher_close(p, LOG_LEVEL_ERROR, ERROR_NOT_ENOUGH_MEMORY, "out of memory");
		return;
	}
	identity_release(p->identity);
	p->identity = identity;
	(void)publisher_judge(p);
}

void publisher_apply_settings(struct publisher *p)
{
	p->bounds.max_changes_per_s = p->shared->bounds.max_changes_per_s;
	/* Before the first look-up has ended, and after the end, there is nothing to judge. */
	if (p->identity == NULL || p->step == PUBLISHER_CLOSING || !publisher_judge(p))
		return;
	local_identity_cancel(p->lookup);
	p->lookup = local_identity_start(p->shared->loop, p->connection.peer.uid,
	                                 publisher_on_new_identity, p);
	if (p->lookup == NULL)
		publisher_close(p, LOG_LEVEL_ERROR, ERROR_NOT_ENOUGH_MEMORY, "out of memory");
}
