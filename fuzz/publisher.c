/* SPDX-License-Identifier: MIT */
/* A publisher's connection to netsessiond over a socket: its messages, or any bytes, in any pieces,
 * while callers close sessions and ask for refreshes.
 * Input: setting (bit 0: the user may not publish; bit 1: few sessions at most), then steps, each a
 * kind and what it needs: messages are built, or the bytes are those of the input.
 * Must reach: publisher_new publisher_on_identity publisher_on_received publisher_receive_hello
 *   publisher_accept_hello publisher_check_hello publisher_refuse_hello publisher_receive_changes
 *   publisher_apply_change publisher_apply_put publisher_apply_touch publisher_apply_state
 *   publisher_add_session publisher_remove_session publisher_set_group publisher_acknowledge_bytes
 *   publisher_close_malformed publisher_close publisher_disconnect publisher_destroy
 *   publisher_remove_sessions publisher_on_session_close publisher_on_refresh_request
 *   publisher_on_session_group publisher_on_stream_end publisher_on_warn publishers_on_warn
 *   publishers_add_lost publishers_found_again publisher_apply_settings refresh_source_answered
 *   refresh_ready_or_wait
 * Holds: what netsessiond sends is whole messages that a publisher understands; it acknowledges no
 * more than was sent; the table has the sessions that were put and not removed, no more than
 * agreed, and none when the publisher has left; an opening and an end are reported once. */
#include <errno.h>
#include <lmerr.h>
#include <sys/socket.h>
#include <unistd.h>
#include "fuzz.h"
#include "daemon/counters.h"
#include "daemon/publisher.h"
#include "local/publish_message.h"
#include "net/uv.h"

enum { HELLO, PUT, TOUCH, REMOVE, STATE, REFRESHED, RAW, CLOSE, LIST, REVOKE, WARN, LEAVE, KINDS };

enum { KEYS = 16, MOST = 40, FEW = 3 };

static struct net_loop *loop; /* of all runs: a loop is dear */

struct run {
	struct srvsvc_server service;
	struct publishers publishers;
	struct refresh_wait wait;
	struct publish_input input; /* from netsessiond */
	int socket;                 /* of the file server; -1: it has left */
	bool is_open, is_over;      /* as netsessiond says */
	bool is_built;              /* all bytes so far were messages that we built */
	bool has_room;              /* no session was refused */
	unsigned opened, closed;    /* as reported */
	uint64_t sent, acknowledged;
	uint32_t number; /* of the last REFRESH; 0: it was answered */
	bool has[KEYS];
};

static int64_t now_ms(void *context)
{
	(void)context;
	return 1000000;
}

static void on_event(void *context, const struct srvsvc_event *event)
{
	struct run *run = context;

	if (event->status == NERR_Success || strcmp(event->operation, "publish-close") == 0) {
		run->opened += strcmp(event->operation, "publish-open") == 0;
		run->closed += strcmp(event->operation, "publish-close") == 0;
	}
	MUST(event->identity != NULL && run->closed <= run->opened);
}

static void on_close(struct net_connection *c, enum net_close_reason reason)
{
	MUST(reason == NET_CLOSE_END);
	publisher_free(c->context);
}

static void on_wait_over(void *context)
{
	struct run *run = context;

	MUST(!run->wait.is_waiting);
}

static void take(struct run *run, const struct publish_message *m)
{
	switch (m->kind) {
	case PUBLISH_WELCOME:
		MUST(!run->is_open && publish_version_is_known(m->version));
		run->is_open = true;
		break;
	case PUBLISH_REFUSED:
		MUST(!run->is_open && m->status != NERR_Success);
		break;
	case PUBLISH_ACCEPTED:
		run->acknowledged += m->bytes;
		MUST(run->is_open && run->acknowledged <= run->sent);
		break;
	case PUBLISH_ERROR:
		MUST(run->is_open && m->status != NERR_Success);
		if (m->key < KEYS)
			run->has[m->key] = false;
		break;
	case PUBLISH_CLOSE:
		MUST(run->is_open && (!run->is_built || (m->key < KEYS && run->has[m->key])));
		break;
	case PUBLISH_REFRESH:
		MUST(run->is_open && (!run->is_built || run->number == 0));
		run->number = m->number;
		break;
	default:
		MUST(false); /* netsessiond sends no other message */
	}
}

static void hear(struct run *run)
{
	for (;;) {
		struct publish_message m;
		const char *error;
		size_t room;
		uint8_t *space;
		ssize_t bytes;

		while (publish_input_next(&run->input, &m, &error))
			take(run, &m);
		MUST(error == NULL);
		space = publish_input_space(&run->input, &room);
		bytes = run->socket >= 0 ? recv(run->socket, space, room, MSG_DONTWAIT) : -1;
		if (bytes <= 0) {
			run->is_over |= bytes == 0 || (run->socket >= 0 && errno == ECONNRESET);
			return;
		}
		publish_input_received(&run->input, (size_t)bytes);
	}
}

/* Until netsessiond has read everything, and sent what it sends in its next turn. */
static void turn(struct run *run)
{
	for (int i = 0; i < 3; i++)
		uv_run(loop->uv, UV_RUN_NOWAIT);
	hear(run);
}

static void say(struct run *run, const void *data, size_t bytes)
{
	if (run->socket < 0)
		return;
	if (run->is_open)
		run->sent += bytes;
	while (bytes > 0) {
		ssize_t sent = send(run->socket, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0 && errno != EAGAIN)
			return;
		if (sent > 0) {
			data = (const char *)data + sent;
			bytes -= (size_t)sent;
		}
		turn(run);
	}
	turn(run);
}

static void say_message(struct run *run, const struct publish_message *m)
{
	struct wire_writer w = { 0 };

	publish_message_encode(&w, m);
	say(run, w.data, w.len);
	wire_writer_fini(&w);
}

static void say_hello(struct run *run, unsigned choice)
{
	static const uint32_t versions[] = { PUBLISH_VERSION, PUBLISH_VERSION_3, 7,
		                             PUBLISH_VERSION };

	say_message(run, &(struct publish_message){ .kind = PUBLISH_HELLO,
	                                            .version = versions[choice & 3],
	                                            .wants_refresh = choice >> 2 & 1,
	                                            .name = (choice & 8) != 0 ? "a\nb" : "fs" });
}

static void put(struct run *run, unsigned key, unsigned choice)
{
	struct publish_message m = { .kind = PUBLISH_PUT,
		                     .key = key,
		                     .group = choice & 3,
		                     .row = { .client = (choice & 0x70) != 0 ? "10.0.0.1" : "",
		                              .user = (choice & 4) != 0 ? "alice" : "",
		                              .client_type = "",
		                              .transport = (choice & 8) != 0 ? "tcp" : "",
		                              .num_opens = choice,
		                              .active_s = (choice & 0x80) != 0 ? UINT32_MAX : 9,
		                              .idle_s = choice } };

	run->has[key] = true; /* until ERROR says otherwise */
	say_message(run, &m);
}

static void change(struct run *run, unsigned what, unsigned choice)
{
	unsigned key = choice % KEYS;
	uint32_t number;

	switch (what) {
	case TOUCH:
		say_message(run, &(struct publish_message){ .kind = PUBLISH_TOUCH,
		                                            .key = key,
		                                            .row = { .num_opens = choice } });
		break;
	case REMOVE:
		run->has[key] = false;
		say_message(run, &(struct publish_message){ .kind = PUBLISH_REMOVE, .key = key });
		break;
	case STATE:
		say_message(run, &(struct publish_message){
					 .kind = PUBLISH_STATE,
					 .is_incomplete = choice & 1,
					 .warning = (choice & 4) != 0   ? "a\x1b"
		                                    : (choice & 2) != 0 ? "smbstatus fails"
		                                                        : "",
				 });
		break;
	default:
		number = (choice & 1) != 0 ? choice : run->number;
		run->number = 0;
		say_message(run, &(struct publish_message){ .kind = PUBLISH_REFRESHED,
		                                            .number = number });
	}
}

static void raw(struct run *run, struct fuzz_input *in)
{
	size_t bytes = fuzz_u8(in);
	uint8_t *data = fuzz_copy(in, &bytes);

	run->is_built = false;
	say(run, data, bytes);
	free(data);
}

static void on_warning(void *context, const struct session_warning *warning)
{
	(void)context;
	MUST(warning->text[0] != '\0');
}

static void on_also_closed(void *context, const struct netsession_row *row)
{
	(void)context;
	MUST(row->client != NULL);
}

/* What callers of netsessiond do. */
static void call(struct run *run, unsigned what, unsigned choice)
{
	static const struct session_filter all, alice = { .user = "alice" };
	struct err err = { 0 };
	uint32_t count;

	switch (what) {
	case CLOSE:
		(void)session_table_also_closed(run->service.table, &alice, on_also_closed, NULL,
		                                &count);
		(void)session_table_close(run->service.table, &all);
		break;
	case LIST:
		if (!run->wait.is_waiting)
			(void)refresh_ready_or_wait(run->publishers.refresh, &run->wait);
		break;
	case WARN:
		session_sources_warn(&run->service.sources, on_warning, NULL);
		(void)session_sources_are_complete(&run->service.sources);
		break;
	default:
		MUST(access_policy_set_group(run->service.policy, "publishers",
		                             (choice & 1) != 0 ? "nobody" : "root,uid:0", &err));
	}
	turn(run);
}

static void apply_settings(struct net_connection *c, void *data)
{
	(void)data;
	publisher_apply_settings(c->context);
}

static void check(const struct run *run)
{
	unsigned count = 0;

	for (unsigned key = 0; key < KEYS; key++)
		count += run->has[key];
	MUST(session_table_count(run->service.table) <= run->publishers.bounds.max_sessions);
	MUST(run->is_open || session_table_count(run->service.table) == 0);
	MUST(!run->is_open || !run->is_over || session_table_count(run->service.table) == 0);
	if (run->is_built && run->is_open && !run->is_over && run->socket >= 0)
		MUST(session_table_count(run->service.table) == count);
	MUST(counters_value(COUNTER_PUBLISHED_SESSIONS_NOW) ==
	     session_table_count(run->service.table));
}

static void connect_publisher(struct run *run)
{
	struct net_peer peer = { .source.family = AF_UNIX, .is_process = true, .text = "test" };
	int sockets[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) == 0);
	run->socket = sockets[0];
	run->input.at = run->input.end = 0;
	run->is_built = true;
	run->is_open = run->is_over = false;
	run->sent = run->acknowledged = run->number = 0;
	memset(run->has, 0, sizeof run->has);
	MUST(publisher_new(&run->publishers, sockets[1], &peer));
	/* Its user is looked up on a thread. */
	while (loop->uv->active_reqs.count > 0)
		uv_run(loop->uv, UV_RUN_ONCE);
	turn(run);
}

static void leave(struct run *run)
{
	if (run->socket >= 0)
		close(run->socket);
	run->socket = -1;
	for (int i = 0; i < 4; i++)
		uv_run(loop->uv, UV_RUN_NOWAIT);
	MUST(session_table_count(run->service.table) == 0);
	MUST(net_endpoint_count(run->publishers.connections) == 0);
	MUST(run->opened == run->closed && run->publishers.open_count == 0);
}

static void step(struct run *run, struct fuzz_input *in)
{
	unsigned what = fuzz_u8(in), choice;

	if (what % KINDS == RAW) {
		raw(run, in);
		return;
	}
	choice = fuzz_u8(in);
	switch (what % KINDS) {
	case HELLO:
		/* A second one is no valid message. */
		run->is_built = run->is_built && !run->is_open;
		say_hello(run, choice);
		break;
	case PUT:
		put(run, what / KINDS % KEYS, choice);
		break;
	case TOUCH:
	case REMOVE:
	case STATE:
	case REFRESHED:
		change(run, what % KINDS, choice);
		break;
	case LEAVE:
		leave(run);
		connect_publisher(run);
		break;
	default:
		call(run, what % KINDS, choice);
		if (what % KINDS == REVOKE)
			net_endpoint_visit(run->publishers.connections, apply_settings, NULL);
		turn(run);
	}
}

static void begin(struct run *run, unsigned setting)
{
	static const struct net_endpoint_handler handler = { .close = on_close };
	static const struct net_endpoint_settings any;
	struct err err = { 0 };

	*run = (struct run){ .socket = -1 };
	run->service.table = session_table_new(MOST);
	run->service.policy = access_policy_new("hardened");
	run->service.now_ms = now_ms;
	run->service.report = on_event;
	run->service.context = run;
	MUST(access_policy_set_group(run->service.policy, "publishers",
	                             (setting & 1) != 0 ? "nobody" : "root,uid:0", &err));
	run->wait = (struct refresh_wait){ .over = on_wait_over, .context = run };
	run->publishers = (struct publishers){
		.loop = loop,
		.service = &run->service,
		.max_publishers = 1,
		.bounds = { (setting & 2) != 0 ? FEW : MOST, UINT32_MAX },
		.limit.name = "fuzz",
	};
	run->publishers.refresh = refresh_new(loop, &run->service);
	run->publishers.connections = net_endpoint_new(loop, &handler, run, &any);
	publishers_init(&run->publishers);
}

static void end(struct run *run)
{
	refresh_cancel_wait(run->publishers.refresh, &run->wait);
	leave(run);
	net_endpoint_free(run->publishers.connections);
	publishers_fini(&run->publishers);
	refresh_free(run->publishers.refresh);
	session_table_free(run->service.table);
	access_policy_release(run->service.policy);
	while (uv_run(loop->uv, UV_RUN_NOWAIT) != 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input in = { data, bytes };
	struct run *run = malloc(sizeof *run);

	if (loop == NULL) {
		loop = net_loop_new();
		log_set_level(LOG_LEVEL_ERROR);
	}
	MUST(run != NULL && loop != NULL);
	begin(run, fuzz_u8(&in));
	connect_publisher(run);
	while (in.left > 0) {
		step(run, &in);
		check(run);
	}
	end(run);
	free(run);
	return 0;
}
