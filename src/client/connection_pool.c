/* SPDX-License-Identifier: MIT */
#include "client/connection_pool.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "auth/credentials.h"
#include "base/text.h"
#include "client/environment.h"
#include "net/stream.h"
#include "net/work.h"

/* How often what has arrived meanwhile is read, before that is too much. */
#define MAX_IDLE_READS 4

/* ---- keys ---- */

/* The local service takes the caller for the user that he is when he connects. */
NET_API_STATUS connection_key_init_local(struct connection_key *key, struct err *err)
{
	*key = (struct connection_key){ .local = strdup(environment_socket()) };
	snprintf(key->principal, sizeof key->principal, "uid %lu", (unsigned long)geteuid());
	return key->local != NULL ? NERR_Success
	                          : err_set(err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
}

static bool connection_key_copy_text(char **to, const char *text)
{
	*to = text != NULL ? strdup(text) : NULL;
	return *to != NULL || text == NULL;
}

bool connection_key_copy(struct connection_key *key, const struct connection_key *from)
{
	bool is_copied;

	*key = *from;
	key->credentials = credentials_hold(from->credentials);
	is_copied = connection_key_copy_text(&key->wins, from->wins);
	is_copied = connection_key_copy_text(&key->local, from->local) && is_copied;
	if (!is_copied)
		connection_key_fini(key);
	return is_copied;
}

void connection_key_fini(struct connection_key *key)
{
	credentials_release(key->credentials);
	free(key->wins);
	free(key->local);
	*key = (struct connection_key){ 0 };
}

bool connection_key_has_owner(const struct connection_key *key)
{
	return key->credentials != NULL || key->principal[0] != '\0';
}

static bool connection_key_is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* ---- idle connections ---- */

struct idle_connection {
	struct connection_key key;
	struct client_state *state;
	int socket;
	uint64_t expires_ms;
	TAILQ_ENTRY(idle_connection) entry;
};

TAILQ_HEAD(idle_connections, idle_connection);

static struct {
	pthread_mutex_t mutex;
	struct idle_connections idle;   /* their sockets are open; the newest first */
	struct idle_connections closed; /* by the watch, to be freed by the next caller */
	unsigned count;                 /* of idle */
	bool is_watched;                /* the watch's thread runs */
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER,
	   .idle = TAILQ_HEAD_INITIALIZER(pool.idle),
	   .closed = TAILQ_HEAD_INITIALIZER(pool.closed) };

/* Whether a connection does for a call that wants key, as far as the server and encryption go.
 * Another WINS server may mean another host by the same name. */
static bool idle_connection_leads_to(const struct idle_connection *c,
                                     const struct connection_key *key)
{
	return text_equal_nocase(c->key.server.host, key->server.host) &&
	       strcmp(c->key.server.address, key->server.address) == 0 &&
	       c->key.server.port == key->server.port &&
	       connection_key_is_same_text(c->key.wins, key->wins) &&
	       connection_key_is_same_text(c->key.local, key->local) &&
	       c->key.interface == key->interface && c->key.authentication == key->authentication &&
	       (client_state_is_encrypted(c->state) || !key->must_encrypt);
}

/* And is of the same user. */
static bool idle_connection_suits(const struct idle_connection *c, const struct connection_key *key)
{
	return idle_connection_leads_to(c, key) &&
	       credentials_are_equal(c->key.credentials, key->credentials) &&
	       strcmp(c->key.principal, key->principal) == 0 && connection_key_has_owner(key);
}

void connection_state_free(struct client_state *state)
{
	if (state == NULL)
		return;
	client_state_fini(state);
	free(state);
}

static void idle_connection_free(struct idle_connection *c)
{
	connection_key_fini(&c->key);
	connection_state_free(c->state);
	free(c);
}

static uint64_t connection_pool_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void connection_pool_unlink(struct idle_connection *c)
{
	TAILQ_REMOVE(&pool.idle, c, entry);
	pool.count--;
}

static void connection_pool_retire(struct idle_connection *c, void (*let_go)(int socket))
{
	connection_pool_unlink(c);
	let_go(c->socket);
	TAILQ_INSERT_HEAD(&pool.closed, c, entry);
}

/* Frees what was closed after the mutex is unlocked: what GSSAPI has to release takes its time. */
static void connection_pool_unlock_and_free(void)
{
	struct idle_connections closed = TAILQ_HEAD_INITIALIZER(closed);
	struct idle_connection *c;

	TAILQ_CONCAT(&closed, &pool.closed, entry);
	pthread_mutex_unlock(&pool.mutex);
	while ((c = TAILQ_FIRST(&closed)) != NULL) {
		TAILQ_REMOVE(&closed, c, entry);
		idle_connection_free(c);
	}
}

/* ---- the watch: a thread that runs while a connection is idle ---- */

/* Closes what is due. Returns when the next one is, 0: none is left. */
static uint64_t connection_pool_close_expired(uint64_t now)
{
	struct idle_connection *c, *next;
	uint64_t next_ms = 0;

	for (c = TAILQ_FIRST(&pool.idle); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (c->expires_ms <= now)
			connection_pool_retire(c, net_socket_hang_up);
		else if (next_ms == 0 || c->expires_ms < next_ms)
			next_ms = c->expires_ms;
	}
	return next_ms;
}

/* It touches sockets alone: the program may be on its way out, and GSSAPI with it. */
static void *connection_pool_watch(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t now = connection_pool_now_ms(), next_ms;
		struct timespec pause;

		pthread_mutex_lock(&pool.mutex);
		next_ms = connection_pool_close_expired(now);
		pool.is_watched = next_ms != 0;
		pthread_mutex_unlock(&pool.mutex);
		if (next_ms == 0)
			return NULL;
		next_ms -= now;
		pause.tv_sec = (time_t)(next_ms / 1000);
		pause.tv_nsec = (long)(next_ms % 1000 + 1) * 1000000 % 1000000000;
		nanosleep(&pause, NULL);
	}
}

/* ---- fork: the child lets go of its parent's connections ---- */

static void connection_pool_before_fork(void)
{
	pthread_mutex_lock(&pool.mutex);
}

static void connection_pool_in_parent(void)
{
	pthread_mutex_unlock(&pool.mutex);
}

static void connection_pool_in_child(void)
{
	while (!TAILQ_EMPTY(&pool.idle))
		connection_pool_retire(TAILQ_FIRST(&pool.idle), net_socket_forget);
	pool.is_watched = false;
	pthread_mutex_unlock(&pool.mutex);
}

static void connection_pool_register_fork(void)
{
	(void)pthread_atfork(connection_pool_before_fork, connection_pool_in_parent,
	                     connection_pool_in_child);
}

/* ---- */

/* Takes all three. NULL: out of memory, and the connection is closed. */
static struct idle_connection *idle_connection_new(struct connection_key *key,
                                                   struct client_state *state, int socket)
{
	struct idle_connection *c = calloc(1, sizeof *c);

	if (c == NULL) {
		net_socket_hang_up(socket);
		connection_state_free(state);
		connection_key_fini(key);
		return NULL;
	}
	*c = (struct idle_connection){ .key = *key, .state = state, .socket = socket };
	*key = (struct connection_key){ 0 };
	c->expires_ms = connection_pool_now_ms() + CONNECTION_IDLE_MS;
	return c;
}

/* At most an eighth of the process's file descriptors, so that connections in use have room. */
static unsigned connection_pool_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 8 >= CONNECTION_POOL_MAX)
		return CONNECTION_POOL_MAX;
	return limit.rlim_cur < 8 ? 1 : (unsigned)(limit.rlim_cur / 8);
}

void connection_pool_put(struct connection_key *key, struct client_state *state, int socket)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct idle_connection *c = idle_connection_new(key, state, socket);

	if (c == NULL)
		return;
	pthread_once(&once, connection_pool_register_fork);
	pthread_mutex_lock(&pool.mutex);
	if (pool.count > 0 && pool.count >= connection_pool_max())
		connection_pool_retire(TAILQ_LAST(&pool.idle, idle_connections),
		                       net_socket_hang_up);
	TAILQ_INSERT_HEAD(&pool.idle, c, entry);
	pool.count++;
	if (!pool.is_watched)
		pool.is_watched = net_thread_start(connection_pool_watch, NULL);
	if (!pool.is_watched)
		connection_pool_retire(c, net_socket_hang_up);
	connection_pool_unlock_and_free();
}

bool connection_pool_has_tickets(const struct connection_key *key)
{
	const struct idle_connection *c;
	bool has = false;

	pthread_mutex_lock(&pool.mutex);
	TAILQ_FOREACH(c, &pool.idle, entry)
		has = has || (c->key.credentials == NULL && idle_connection_leads_to(c, key));
	pthread_mutex_unlock(&pool.mutex);
	return has;
}

/* Takes the connection out of the pool and frees what is not given. */
static int connection_pool_give(struct idle_connection *c, struct client_state **state)
{
	int socket = c->socket;

	connection_pool_unlink(c);
	*state = c->state;
	c->state = NULL;
	TAILQ_INSERT_HEAD(&pool.closed, c, entry);
	return socket;
}

/* Whether the server has sent nothing meanwhile but keep-alives, RFC 1002 4.3.6: these are taken
 * away. */
static bool idle_connection_is_alive(const struct idle_connection *c)
{
	for (int reads = 0; !net_socket_is_quiet(c->socket); reads++) {
		struct err err = { 0 };
		size_t room = 0;
		uint8_t *space = client_state_space(c->state, &room);
		ssize_t bytes = -1;

		if (space != NULL && reads < MAX_IDLE_READS)
			bytes = net_socket_receive(c->socket, space, room, &err);
		if (bytes <= 0)
			return false;
		client_state_received(c->state, (size_t)bytes);
		if (client_state_next(c->state) != CLIENT_EVENT_READY)
			return false;
	}
	return true;
}

int connection_pool_take(const struct connection_key *key, struct client_state **state)
{
	struct idle_connection *c, *next;
	int socket = -1;

	pthread_mutex_lock(&pool.mutex);
	for (c = TAILQ_FIRST(&pool.idle); socket < 0 && c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (!idle_connection_suits(c, key))
			continue;
		if (idle_connection_is_alive(c))
			socket = connection_pool_give(c, state);
		else
			connection_pool_retire(c, net_socket_hang_up);
	}
	connection_pool_unlock_and_free();
	return socket;
}

void connection_pool_close(const char *host)
{
	struct idle_connection *c, *next;

	pthread_mutex_lock(&pool.mutex);
	for (c = TAILQ_FIRST(&pool.idle); c != NULL; c = next) {
		next = TAILQ_NEXT(c, entry);
		if (host == NULL || text_equal_nocase(c->key.server.host, host))
			connection_pool_retire(c, net_socket_hang_up);
	}
	connection_pool_unlock_and_free();
}
