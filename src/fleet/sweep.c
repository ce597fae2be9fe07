/* SPDX-License-Identifier: MIT */
#include "fleet/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <winerror.h>
#include "client/environment.h"
#include "client/error_message.h"
#include "client/resolve.h"
#include "client/server_name.h"
#include "crypto/crypto.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/stream.h"

enum {
	TICK_MS = 100,
	MOST_BACKOFF_MS = 60000,
	IPV4_NETWORK_BITS = 96 + 24,
	IPV6_NETWORK_BITS = 64,
	/* name@[address]:port */
	SERVER_TEXT_BYTES = SERVER_NAME_MAX_BYTES + IP_ADDRESS_TEXT_BYTES + 16,
};

/* Where a host is. Each attempt is in the list of its place. */
enum sweep_place {
	PLACE_RESTING, /* before another attempt */
	PLACE_AGAIN,   /* it has rested */
	PLACE_PARKED,  /* until its network has room */
	PLACE_BUSY,    /* its name is looked up, its port is checked */
	PLACE_GATE,    /* until its log-on is harmless */
	PLACE_ASKING,  /* it is called */
	PLACE_COUNT,
};

struct sweep_attempt {
	struct sweep *sweep;
	TAILQ_ENTRY(sweep_attempt) entry;
	enum sweep_place place;
	size_t index; /* of its name */
	unsigned attempts;
	struct server_name server;
	struct net_addresses addresses;
	struct ip_network network; /* of the first address; bits 0: not known yet */

	/* What is under way; NULL: nothing of the kind. */
	struct net_timer *timer;
	struct resolve *resolve;
	struct net_dial *dial;
	struct netsession_call *call;

	struct sweep_result result;
	struct netsession_error error;
};

TAILQ_HEAD(sweep_attempts, sweep_attempt);

struct sweep {
	const struct sweep_settings *settings;
	char *const *names; /* count of them; on_more may replace them, when all are begun */
	size_t count;
	uint32_t *order;    /* of the names */
	size_t next;        /* in order */
	bool may_have_more; /* what on_more returned */
	const struct sweep_handler *handler;
	void *context;
	struct sweep_counts *counts;
	struct net_loop *loop;
	struct netsession *session;
	struct net_timer *tick, *rate_timer;
	struct sweep_attempts places[PLACE_COUNT];
	size_t place_counts[PLACE_COUNT];
	uint64_t begun; /* for the rate */
	int64_t began_ms;
	uint32_t log_on_failures; /* since the last log-on that succeeded */
	bool is_log_on_proven;    /* the last log-on succeeded */
	bool is_ending, is_filling;
	enum sweep_end end;
};

static void sweep_fill(struct sweep *sweep);
static void sweep_end_attempt(struct sweep_attempt *a);
static void sweep_open_gate(struct sweep *sweep);

static int64_t sweep_clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A number below limit, which is not 0. */
static uint32_t sweep_random(uint32_t limit)
{
	uint64_t number = 0;

	(void)crypto_random(&number, sizeof number);
	return (uint32_t)(number % limit);
}

static void sweep_take_out(struct sweep_attempt *a)
{
	TAILQ_REMOVE(&a->sweep->places[a->place], a, entry);
	a->sweep->place_counts[a->place]--;
}

static void sweep_put_into(struct sweep_attempt *a, enum sweep_place place)
{
	a->place = place;
	TAILQ_INSERT_TAIL(&a->sweep->places[place], a, entry);
	a->sweep->place_counts[place]++;
}

static void sweep_move(struct sweep_attempt *a, enum sweep_place place)
{
	sweep_take_out(a);
	sweep_put_into(a, place);
}

static size_t sweep_count_in_flight(const struct sweep *sweep)
{
	return sweep->place_counts[PLACE_BUSY] + sweep->place_counts[PLACE_GATE] +
	       sweep->place_counts[PLACE_ASKING];
}

static void sweep_hang_up(struct sweep_attempt *a)
{
	net_timer_stop(a->timer);
	resolve_cancel(a->resolve);
	net_dial_cancel(a->dial);
	a->timer = NULL;
	a->resolve = NULL;
	a->dial = NULL;
}

static void sweep_drop_pages(struct sweep_attempt *a)
{
	for (size_t i = 0; i < a->result.page_count; i++)
		netsession_page_free(a->result.pages[i]);
	free(a->result.pages);
	a->result.pages = NULL;
	a->result.page_count = 0;
	a->result.sessions = 0;
}

/* It is in no list any more. */
static void sweep_free_attempt(struct sweep_attempt *a)
{
	sweep_hang_up(a);
	sweep_drop_pages(a);
	free(a);
}

/* ---- the end of the sweep ---- */

/* Without an attempt, and without another one to come, the loop has nothing to wait for. */
static void sweep_stop_timers(struct sweep *sweep)
{
	net_timer_stop(sweep->tick);
	net_timer_stop(sweep->rate_timer);
	sweep->tick = sweep->rate_timer = NULL;
}

/* Calls that are under way end later, by their on_end; all others end here. */
static void sweep_stop(struct sweep *sweep, enum sweep_end end)
{
	struct sweep_attempt *a, *next;

	if (sweep->is_ending)
		return;
	sweep->is_ending = true;
	sweep->end = end;
	sweep_stop_timers(sweep);
	for (int place = 0; place < PLACE_COUNT; place++)
		for (a = TAILQ_FIRST(&sweep->places[place]); a != NULL; a = next) {
			next = TAILQ_NEXT(a, entry);
			if (a->call != NULL) {
				netsession_cancel(a->call);
			} else {
				sweep_take_out(a);
				sweep_free_attempt(a);
			}
		}
}

/* ---- the end of a host ---- */

static void sweep_set_error(struct sweep_attempt *a, NET_API_STATUS status, const char *step,
                            const char *text)
{
	struct err err = { 0 };

	err_set(&err, status, step, text);
	error_message_write(&a->error, &err, a->sweep->settings->query.level);
}

static void sweep_report(struct sweep_attempt *a)
{
	struct sweep *sweep = a->sweep;
	struct sweep_counts *counts = sweep->counts;

	counts->done++;
	counts->outcomes[a->result.outcome]++;
	counts->sessions += a->result.sessions;
	if (!sweep->handler->on_result(sweep->context, &a->result))
		sweep_stop(sweep, SWEEP_STOPPED);
}

static void sweep_on_rested(void *context)
{
	struct sweep_attempt *a = context;

	net_timer_stop(a->timer);
	a->timer = NULL;
	sweep_move(a, PLACE_AGAIN);
	sweep_fill(a->sweep);
}

/* Returns false if there is no further attempt. */
static bool sweep_begin_rest(struct sweep_attempt *a)
{
	const struct sweep_settings *settings = a->sweep->settings;
	uint64_t rest_ms = (uint64_t)settings->backoff_ms
	                   << (a->attempts < 16 ? a->attempts - 1 : 15);

	if (a->attempts > settings->retries || !host_outcomes[a->result.outcome].is_transient)
		return false;
	if (rest_ms > MOST_BACKOFF_MS)
		rest_ms = MOST_BACKOFF_MS;
	/* Not all hosts of a network that was down for a moment at the same time. */
	rest_ms += sweep_random((uint32_t)rest_ms / 4 + 1);
	a->timer = net_timer_start(a->sweep->loop, (uint32_t)rest_ms, sweep_on_rested, a);
	return a->timer != NULL;
}

/* The password may be wrong, and domains lock accounts after a few wrong passwords. Returns false
 * if nobody else is to get it. */
static bool sweep_judge_log_on(struct sweep_attempt *a)
{
	struct sweep *sweep = a->sweep;
	uint32_t most = sweep->settings->max_log_on_failures;
	bool is_locked;

	if (host_outcome_shows_log_on(a->result.outcome, &a->error)) {
		sweep->is_log_on_proven = true;
		sweep->log_on_failures = 0;
	} else if (host_outcome_counts_for_lock_out(&a->error, &is_locked)) {
		sweep->is_log_on_proven = false;
		sweep->log_on_failures++;
		return most == 0 || (!is_locked && sweep->log_on_failures < most);
	}
	return true;
}

static void sweep_release_network(struct sweep *sweep, const struct ip_network *network)
{
	struct sweep_attempt *a;

	TAILQ_FOREACH(a, &sweep->places[PLACE_PARKED], entry)
		if (ip_network_has(network, &a->network.address)) {
			sweep_move(a, PLACE_AGAIN);
			return;
		}
}

/* error says what became of the attempt. */
static void sweep_end_attempt(struct sweep_attempt *a)
{
	struct sweep *sweep = a->sweep;
	struct ip_network network = a->network;
	bool may_go_on;

	sweep_hang_up(a);
	a->result.answered_ms = sweep_clock_ms(CLOCK_REALTIME);
	a->result.attempts = a->attempts;
	a->result.outcome = host_outcome_of(&a->error, a->result.sessions);
	may_go_on = sweep_judge_log_on(a);
	sweep_take_out(a);
	if (!sweep->is_ending && sweep_begin_rest(a)) {
		sweep_drop_pages(a);
		sweep_put_into(a, PLACE_RESTING);
	} else {
		sweep_report(a);
		sweep_free_attempt(a);
	}
	if (!may_go_on)
		sweep_stop(sweep, SWEEP_LOCK_OUT);
	if (sweep->is_ending)
		return;
	if (network.bits > 0 && sweep->settings->per_network > 0)
		sweep_release_network(sweep, &network);
	sweep_open_gate(sweep);
	sweep_fill(sweep);
}

/* ---- the call ---- */

static void sweep_on_page(void *context, struct netsession_page *page)
{
	struct sweep_attempt *a = context;
	struct netsession_page **pages = realloc(
		a->result.pages, (a->result.page_count + 1) * sizeof(struct netsession_page *));

	if (pages == NULL) {
		netsession_page_free(page);
		sweep_set_error(a, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		netsession_cancel(a->call);
		return;
	}
	pages[a->result.page_count++] = page;
	a->result.pages = pages;
	a->result.sessions += netsession_page_entries(page);
}

static void sweep_on_end(void *context, const struct netsession_error *error)
{
	struct sweep_attempt *a = context;

	a->call = NULL;
	if (error->status == ERROR_CANCELLED && a->error.status == NERR_Success) {
		sweep_take_out(a); /* the sweep ends */
		sweep_free_attempt(a);
		return;
	}
	if (a->error.status == NERR_Success)
		a->error = *error;
	/* The sessions of an answer that broke off are not the host's sessions. */
	if (a->error.status != NERR_Success)
		sweep_drop_pages(a);
	sweep_end_attempt(a);
}

/* The server by its name, at the address whose port is open. */
static void sweep_write_server(const struct sweep_attempt *a, char text[SERVER_TEXT_BYTES])
{
	struct ip_address address;
	char shown[IP_ADDRESS_TEXT_BYTES];

	if (a->result.address[0] == '\0') {
		(void)snprintf(text, SERVER_TEXT_BYTES, "%s", a->result.name);
		return;
	}
	(void)ip_address_parse(a->result.address, &address);
	(void)ip_address_bracketed_text(&address, shown);
	(void)snprintf(text, SERVER_TEXT_BYTES, "%s%s%s:%u",
	               strcmp(a->server.host, a->result.address) != 0 ? a->server.host : "",
	               strcmp(a->server.host, a->result.address) != 0 ? "@" : "", shown,
	               (unsigned)a->server.port);
}

static void sweep_ask(struct sweep_attempt *a)
{
	static const struct netsession_handler handler = { .on_page = sweep_on_page,
		                                           .on_end = sweep_on_end };
	struct netsession_query query = a->sweep->settings->query;
	char server[SERVER_TEXT_BYTES];

	sweep_move(a, PLACE_ASKING);
	sweep_write_server(a, server);
	query.server = server;
	a->error = (struct netsession_error){ 0 };
	if (netsession_start(a->sweep->session, &query, &handler, a, &a->call) != NERR_Success) {
		sweep_set_error(a, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		sweep_end_attempt(a);
	}
}

/* Whether another log-on would be within the limit if it failed, and all that are under way. */
static bool sweep_may_log_on(const struct sweep *sweep)
{
	return sweep->settings->max_log_on_failures == 0 || sweep->is_log_on_proven ||
	       sweep->log_on_failures + sweep->place_counts[PLACE_ASKING] <
	               sweep->settings->max_log_on_failures;
}

static void sweep_open_gate(struct sweep *sweep)
{
	while (!sweep->is_ending && !TAILQ_EMPTY(&sweep->places[PLACE_GATE]) &&
	       sweep_may_log_on(sweep))
		sweep_ask(TAILQ_FIRST(&sweep->places[PLACE_GATE]));
}

/* ---- name and port ---- */

static void sweep_on_connect_deadline(void *context)
{
	struct sweep_attempt *a = context;

	sweep_set_error(a, ERROR_BAD_NETPATH, "connect", "the port does not answer");
	sweep_end_attempt(a);
}

/* Notes the address of the other end, and closes the socket: the call makes its own connection. */
static void sweep_use_socket(struct sweep_attempt *a, int socket)
{
	union net_address peer;
	socklen_t bytes = sizeof peer;
	struct ip_address address;

	memset(&peer, 0, sizeof peer);
	if (getpeername(socket, &peer.any, &bytes) == 0) {
		net_address_to_ip(&peer, &address);
		(void)ip_address_text(&address, a->result.address);
	}
	net_socket_forget(socket);
}

static void sweep_on_dialed(void *context, int socket, const struct err *err)
{
	struct sweep_attempt *a = context;

	a->dial = NULL;
	net_timer_stop(a->timer);
	a->timer = NULL;
	if (socket >= 0)
		sweep_use_socket(a, socket);
	if (socket < 0) {
		error_message_write(&a->error, err, a->sweep->settings->query.level);
		sweep_end_attempt(a);
	} else if (a->result.address[0] == '\0') {
		sweep_set_error(a, ERROR_NETNAME_DELETED, "connect", NULL);
		sweep_end_attempt(a);
	} else {
		sweep_move(a, PLACE_GATE);
		sweep_open_gate(a->sweep);
	}
}

/* Replaces the timer of the attempt. Returns false if memory ran out. */
static bool sweep_set_deadline(struct sweep_attempt *a, uint32_t ms, void (*fired)(void *context))
{
	net_timer_stop(a->timer);
	a->timer = net_timer_start(a->sweep->loop, ms, fired, a);
	return a->timer != NULL;
}

static void sweep_check_port(struct sweep_attempt *a)
{
	a->dial = net_dial_start(a->sweep->loop, &a->addresses, sweep_on_dialed, a);
	if (a->dial == NULL ||
	    !sweep_set_deadline(a, a->sweep->settings->connect_ms, sweep_on_connect_deadline)) {
		sweep_set_error(a, ERROR_NOT_ENOUGH_MEMORY, "connect", NULL);
		sweep_end_attempt(a);
	}
}

static void sweep_find_network(struct sweep_attempt *a)
{
	struct ip_address *address = &a->network.address;

	net_address_to_ip(&a->addresses.list[0], address);
	a->network.bits = ip_address_is_v4(address) ? IPV4_NETWORK_BITS : IPV6_NETWORK_BITS;
}

/* Whether the network of an attempt has room for it. */
static bool sweep_network_has_room(const struct sweep_attempt *a)
{
	static const enum sweep_place places[] = { PLACE_BUSY, PLACE_GATE, PLACE_ASKING };
	const struct sweep_attempt *other;
	uint32_t count = 0;

	if (a->sweep->settings->per_network == 0)
		return true;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		TAILQ_FOREACH(other, &a->sweep->places[places[i]], entry)
			count += other != a && other->network.bits > 0 &&
			         ip_network_has(&a->network, &other->network.address);
	return count < a->sweep->settings->per_network;
}

/* Its addresses are known. */
static void sweep_enter_network(struct sweep_attempt *a)
{
	if (sweep_network_has_room(a)) {
		sweep_check_port(a);
		return;
	}
	sweep_hang_up(a);
	sweep_move(a, PLACE_PARKED);
	sweep_fill(a->sweep);
}

static void sweep_on_found(void *context, const struct net_addresses *addresses,
                           const struct err *err)
{
	struct sweep_attempt *a = context;

	a->resolve = NULL;
	net_timer_stop(a->timer);
	a->timer = NULL;
	if (addresses->count > 0) {
		a->addresses = *addresses;
		sweep_find_network(a);
		sweep_enter_network(a);
		return;
	}
	if (resolve_is_silence(err))
		sweep_set_error(a, ERROR_TIMEOUT, err->step, err->text);
	else
		error_message_write(&a->error, err, a->sweep->settings->query.level);
	sweep_end_attempt(a);
}

static void sweep_on_look_up_deadline(void *context)
{
	struct sweep_attempt *a = context;

	sweep_set_error(a, ERROR_TIMEOUT, "resolve", NULL);
	sweep_end_attempt(a);
}

static void sweep_look_up(struct sweep_attempt *a)
{
	const struct netsession_query *query = &a->sweep->settings->query;

	a->resolve = resolve_start(a->sweep->loop, server_name_target(&a->server), a->server.port,
	                           query->wins, sweep_on_found, a);
	if (a->resolve == NULL ||
	    !sweep_set_deadline(a, query->timeout_ms, sweep_on_look_up_deadline)) {
		sweep_set_error(a, ERROR_NOT_ENOUGH_MEMORY, "resolve", NULL);
		sweep_end_attempt(a);
	}
}

/* ---- the beginning of a host ---- */

static void sweep_on_begin(void *context)
{
	struct sweep_attempt *a = context;
	struct err err = { 0 };

	net_timer_stop(a->timer);
	a->timer = NULL;
	if (a->network.bits > 0) { /* it was parked, or is asked again */
		sweep_enter_network(a);
		return;
	}
	if (!server_name_parse(a->result.name, &a->server, &err)) {
		error_message_write(&a->error, &err, a->sweep->settings->query.level);
		sweep_end_attempt(a);
		return;
	}
	if (a->server.port == 0)
		a->server.port = a->sweep->settings->query.port != 0
		                         ? a->sweep->settings->query.port
		                         : SMB_PORT;
	/* The proxy looks the name up, and finds out whether the port is open. */
	if (environment_proxy() != NULL) {
		sweep_move(a, PLACE_GATE);
		sweep_open_gate(a->sweep);
		return;
	}
	sweep_look_up(a);
}

/* On the loop's next turn at the earliest. */
static void sweep_begin_attempt(struct sweep_attempt *a)
{
	const struct sweep_settings *settings = a->sweep->settings;
	bool was_parked = a->network.bits > 0 && a->error.status == NERR_Success;

	if (!was_parked) {
		a->attempts++;
		a->sweep->begun++;
		a->result.address[0] = '\0';
	}
	a->error = (struct netsession_error){ 0 };
	sweep_move(a, PLACE_BUSY);
	a->timer = net_timer_start(
		a->sweep->loop,
		settings->jitter_ms > 0 && !was_parked ? sweep_random(settings->jitter_ms + 1) : 0,
		sweep_on_begin, a);
	if (a->timer == NULL) {
		sweep_set_error(a, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
		sweep_end_attempt(a);
	}
}

/* Fisher and Yates. */
static bool sweep_make_order(struct sweep *sweep, size_t count)
{
	free(sweep->order);
	sweep->next = 0;
	sweep->count = count;
	sweep->order = calloc(count + 1, sizeof *sweep->order);
	if (sweep->order == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		sweep->order[i] = (uint32_t)i;
	for (size_t i = count; i > 1 && !sweep->settings->in_order; i--) {
		size_t other = sweep_random((uint32_t)i);
		uint32_t last = sweep->order[i - 1];

		sweep->order[i - 1] = sweep->order[other];
		sweep->order[other] = last;
	}
	return true;
}

/* Whether a name is left that is not begun. */
static bool sweep_has_next(struct sweep *sweep)
{
	size_t count = 0;

	if (sweep->next < sweep->count)
		return true;
	if (sweep->handler->on_more == NULL)
		return false;
	sweep->may_have_more = sweep->handler->on_more(sweep->context, &sweep->names, &count);
	if (count > 0 && !sweep_make_order(sweep, count))
		sweep_stop(sweep, SWEEP_OUT_OF_MEMORY);
	sweep->counts->total += count;
	return count > 0 && !sweep->is_ending;
}

/* Gives the next host to begin; NULL: there is none, or no memory for it. */
static struct sweep_attempt *sweep_take_next(struct sweep *sweep)
{
	struct sweep_attempt *a = TAILQ_FIRST(&sweep->places[PLACE_AGAIN]);

	if (a != NULL || !sweep_has_next(sweep))
		return a;
	/* A network that is full holds up its own hosts, and not the memory of all. */
	if (sweep->place_counts[PLACE_PARKED] >= sweep->settings->concurrency)
		return NULL;
	a = calloc(1, sizeof *a);
	if (a == NULL) {
		sweep_stop(sweep, SWEEP_OUT_OF_MEMORY);
		return NULL;
	}
	a->sweep = sweep;
	a->index = sweep->order[sweep->next++];
	a->result.name = sweep->names[a->index];
	a->result.error = &a->error;
	sweep_put_into(a, PLACE_AGAIN);
	return a;
}

static void sweep_on_rate_timer(void *context)
{
	struct sweep *sweep = context;

	net_timer_stop(sweep->rate_timer);
	sweep->rate_timer = NULL;
	sweep_fill(sweep);
}

/* Whether the rate allows another host now; else a timer goes on when it does. */
static bool sweep_rate_allows(struct sweep *sweep)
{
	int64_t elapsed_ms = sweep_clock_ms(CLOCK_MONOTONIC) - sweep->began_ms;
	int64_t due_ms;

	if (sweep->settings->rate == 0)
		return true;
	due_ms = (int64_t)(sweep->begun * 1000 / sweep->settings->rate);
	if (due_ms <= elapsed_ms)
		return true;
	if (sweep->rate_timer == NULL)
		sweep->rate_timer = net_timer_start(sweep->loop, (uint32_t)(due_ms - elapsed_ms),
		                                    sweep_on_rate_timer, sweep);
	return false;
}

static bool sweep_has_ended(const struct sweep *sweep)
{
	size_t left = 0;

	for (int place = 0; place < PLACE_COUNT; place++)
		left += sweep->place_counts[place];
	return left == 0 && sweep->next == sweep->count && !sweep->may_have_more;
}

/* Begins hosts until the limits are reached. */
static void sweep_fill(struct sweep *sweep)
{
	struct sweep_attempt *a;

	if (sweep->is_filling || sweep->is_ending)
		return;
	sweep->is_filling = true;
	while (!sweep->is_ending && sweep_count_in_flight(sweep) < sweep->settings->concurrency &&
	       sweep_rate_allows(sweep) && (a = sweep_take_next(sweep)) != NULL)
		sweep_begin_attempt(a);
	sweep->is_filling = false;
	if (!sweep->is_ending && sweep_has_ended(sweep))
		sweep_stop(sweep, SWEEP_FINISHED);
}

/* ---- the sweep ---- */

static void sweep_on_tick(void *context)
{
	struct sweep *sweep = context;

	net_timer_stop(sweep->tick);
	sweep->tick = net_timer_start(sweep->loop, TICK_MS, sweep_on_tick, sweep);
	sweep->counts->in_flight = sweep_count_in_flight(sweep);
	if (sweep->tick == NULL)
		sweep_stop(sweep, SWEEP_OUT_OF_MEMORY);
	else if (!sweep->handler->on_tick(sweep->context, sweep->counts))
		sweep_stop(sweep, SWEEP_STOPPED);
	else if (sweep->may_have_more)
		sweep_fill(sweep);
}

static void sweep_begin(struct sweep *sweep)
{
	sweep->began_ms = sweep_clock_ms(CLOCK_MONOTONIC);
	sweep->tick = net_timer_start(sweep->loop, TICK_MS, sweep_on_tick, sweep);
	if (sweep->tick == NULL)
		sweep_stop(sweep, SWEEP_OUT_OF_MEMORY);
	sweep_fill(sweep);
	net_loop_run(sweep->loop);
}

enum sweep_end sweep_run(const struct sweep_settings *settings, char *const names[], size_t count,
                         const struct sweep_handler *handler, void *context,
                         struct sweep_counts *counts)
{
	struct sweep sweep = {
		.settings = settings,
		.names = names,
		.handler = handler,
		.may_have_more = handler->on_more != NULL,
		.context = context,
		.counts = counts,
		.loop = net_loop_new(),
		.end = SWEEP_OUT_OF_MEMORY,
	};

	*counts = (struct sweep_counts){ .total = count };
	for (int place = 0; place < PLACE_COUNT; place++)
		TAILQ_INIT(&sweep.places[place]);
	if (sweep.loop != NULL)
		sweep.session = netsession_new_on_loop(net_loop_uv(sweep.loop));
	if (sweep.session != NULL && sweep_make_order(&sweep, count))
		sweep_begin(&sweep);
	counts->in_flight = 0;
	netsession_free(sweep.session);
	net_loop_free(sweep.loop);
	free(sweep.order);
	return sweep.end;
}
