/* SPDX-License-Identifier: MIT */
#include "client/connection_pool.h"

#include <pthread.h>
#include <strings.h>
#include <time.h>
#include "net/stream.h"
#include "net/thread.h"

static struct {
	pthread_mutex_t mutex;
	struct idle_connection *living; /* their sockets are open; the newest first */
	struct idle_connection *dead;   /* closed by the watch, to be freed by the next caller */
	unsigned count;                 /* of the living */
	bool is_watched;                /* the watch's thread runs */
} kept = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static uint64_t connection_pool_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void connection_pool_push(struct idle_connection **list, struct idle_connection *contact)
{
	contact->next = *list;
	*list = contact;
}

/* Takes *at out of the list of the living that it stands in. */
static struct idle_connection *connection_pool_unlink_at(struct idle_connection **at)
{
	struct idle_connection *contact = *at;

	*at = contact->next;
	kept.count--;
	return contact;
}

static void connection_pool_retire(struct idle_connection **at, void (*let_go)(int socket))
{
	struct idle_connection *contact = connection_pool_unlink_at(at);

	let_go(contact->socket);
	connection_pool_push(&kept.dead, contact);
}

/* Unlocks, and frees the dead: what GSSAPI has to release takes its time. */
static void connection_pool_unlock_and_free(void)
{
	struct idle_connection *dead = kept.dead;

	kept.dead = NULL;
	pthread_mutex_unlock(&kept.mutex);
	while (dead != NULL) {
		struct idle_connection *next = dead->next;

		idle_connection_free(dead);
		dead = next;
	}
}

/* ---- the watch: a thread that runs while something is kept ---- */

/* Closes what is due. Returns when the next one is, 0: nothing is left. */
static uint64_t connection_pool_close_expired(uint64_t now)
{
	uint64_t next_ms = 0;

	for (struct idle_connection **at = &kept.living; *at != NULL;)
		if ((*at)->expires_ms <= now) {
			connection_pool_retire(at, net_socket_hang_up);
		} else {
			if (next_ms == 0 || (*at)->expires_ms < next_ms)
				next_ms = (*at)->expires_ms;
			at = &(*at)->next;
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

		pthread_mutex_lock(&kept.mutex);
		next_ms = connection_pool_close_expired(now);
		kept.is_watched = next_ms != 0;
		pthread_mutex_unlock(&kept.mutex);
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
	pthread_mutex_lock(&kept.mutex);
}

static void connection_pool_in_parent(void)
{
	pthread_mutex_unlock(&kept.mutex);
}

static void connection_pool_in_child(void)
{
	while (kept.living != NULL)
		connection_pool_retire(&kept.living, net_socket_forget);
	kept.is_watched = false;
	pthread_mutex_unlock(&kept.mutex);
}

static void connection_pool_register_fork(void)
{
	(void)pthread_atfork(connection_pool_before_fork, connection_pool_in_parent,
	                     connection_pool_in_child);
}

/* ---- */

static void connection_pool_retire_oldest(void)
{
	struct idle_connection **at = &kept.living;

	while ((*at)->next != NULL)
		at = &(*at)->next;
	connection_pool_retire(at, net_socket_hang_up);
}

void connection_pool_put(struct idle_connection *contact)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, connection_pool_register_fork);
	contact->expires_ms = connection_pool_now_ms() + CONNECTION_IDLE_MS;
	pthread_mutex_lock(&kept.mutex);
	if (kept.count == CONNECTION_POOL_MAX)
		connection_pool_retire_oldest();
	connection_pool_push(&kept.living, contact);
	kept.count++;
	if (!kept.is_watched)
		kept.is_watched = net_thread_start(connection_pool_watch, NULL);
	if (!kept.is_watched)
		connection_pool_retire(&kept.living, net_socket_hang_up);
	connection_pool_unlock_and_free();
}

bool connection_pool_has_tickets(const struct connection_key *key)
{
	bool has = false;

	pthread_mutex_lock(&kept.mutex);
	for (const struct idle_connection *at = kept.living; at != NULL; at = at->next)
		has = has || (at->key.credentials == NULL && idle_connection_leads_to(at, key));
	pthread_mutex_unlock(&kept.mutex);
	return has;
}

struct idle_connection *connection_pool_take(const struct connection_key *key)
{
	struct idle_connection *found = NULL;

	pthread_mutex_lock(&kept.mutex);
	for (struct idle_connection **at = &kept.living; found == NULL && *at != NULL;)
		if (!idle_connection_suits(*at, key))
			at = &(*at)->next;
		else if (!net_socket_is_quiet((*at)->socket))
			connection_pool_retire(at, net_socket_hang_up);
		else
			found = connection_pool_unlink_at(at);
	connection_pool_unlock_and_free();
	return found;
}

void connection_pool_close(const char *host)
{
	pthread_mutex_lock(&kept.mutex);
	for (struct idle_connection **at = &kept.living; *at != NULL;)
		if (host == NULL || strcasecmp((*at)->key.server.host, host) == 0)
			connection_pool_retire(at, net_socket_hang_up);
		else
			at = &(*at)->next;
	connection_pool_unlock_and_free();
}
