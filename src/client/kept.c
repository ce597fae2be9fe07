/* SPDX-License-Identifier: MIT */
#include "client/kept.h"

#include <pthread.h>
#include <strings.h>
#include <time.h>
#include "net/stream.h"
#include "net/thread.h"

static struct {
	pthread_mutex_t mutex;
	struct contact *living; /* their sockets are open; the newest first */
	struct contact *dead;   /* closed by the watch, to be freed by the next caller */
	unsigned count;         /* of the living */
	bool is_watched;        /* the watch's thread runs */
} kept = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void push(struct contact **list, struct contact *contact)
{
	contact->next = *list;
	*list = contact;
}

/* Takes *at out of the list of the living that it stands in. */
static struct contact *unlink_at(struct contact **at)
{
	struct contact *contact = *at;

	*at = contact->next;
	kept.count--;
	return contact;
}

static void bury(struct contact **at, void (*let_go)(int socket))
{
	struct contact *contact = unlink_at(at);

	let_go(contact->socket);
	push(&kept.dead, contact);
}

/* Unlocks, and frees the dead: what GSSAPI has to release takes its time. */
static void unlock_and_free(void)
{
	struct contact *dead = kept.dead;

	kept.dead = NULL;
	pthread_mutex_unlock(&kept.mutex);
	while (dead != NULL) {
		struct contact *next = dead->next;

		contact_free(dead);
		dead = next;
	}
}

/* ---- the watch: a thread that runs while something is kept ---- */

/* Closes what is due. Returns when the next one is, 0: nothing is left. */
static uint64_t close_expired(uint64_t now)
{
	uint64_t next_ms = 0;

	for (struct contact **at = &kept.living; *at != NULL;)
		if ((*at)->expires_ms <= now) {
			bury(at, net_socket_hang_up);
		} else {
			if (next_ms == 0 || (*at)->expires_ms < next_ms)
				next_ms = (*at)->expires_ms;
			at = &(*at)->next;
		}
	return next_ms;
}

/* It touches sockets alone: the program may be on its way out, and GSSAPI with it. */
static void *watch(void *unused)
{
	(void)unused;
	for (;;) {
		uint64_t now = now_ms(), next_ms;
		struct timespec pause;

		pthread_mutex_lock(&kept.mutex);
		next_ms = close_expired(now);
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

static void before_fork(void)
{
	pthread_mutex_lock(&kept.mutex);
}

static void in_parent(void)
{
	pthread_mutex_unlock(&kept.mutex);
}

static void in_child(void)
{
	while (kept.living != NULL)
		bury(&kept.living, net_socket_forget);
	kept.is_watched = false;
	pthread_mutex_unlock(&kept.mutex);
}

static void register_fork(void)
{
	(void)pthread_atfork(before_fork, in_parent, in_child);
}

/* ---- */

static void bury_oldest(void)
{
	struct contact **at = &kept.living;

	while ((*at)->next != NULL)
		at = &(*at)->next;
	bury(at, net_socket_hang_up);
}

void kept_put(struct contact *contact)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_fork);
	contact->expires_ms = now_ms() + KEPT_MS;
	pthread_mutex_lock(&kept.mutex);
	if (kept.count == KEPT_MAX)
		bury_oldest();
	push(&kept.living, contact);
	kept.count++;
	if (!kept.is_watched)
		kept.is_watched = net_thread_start(watch, NULL);
	if (!kept.is_watched)
		bury(&kept.living, net_socket_hang_up);
	unlock_and_free();
}

bool kept_has_tickets(const struct contact_key *key)
{
	bool has = false;

	pthread_mutex_lock(&kept.mutex);
	for (const struct contact *at = kept.living; at != NULL; at = at->next)
		has = has || (at->key.credentials == NULL && contact_leads_to(at, key));
	pthread_mutex_unlock(&kept.mutex);
	return has;
}

struct contact *kept_take(const struct contact_key *key)
{
	struct contact *found = NULL;

	pthread_mutex_lock(&kept.mutex);
	for (struct contact **at = &kept.living; found == NULL && *at != NULL;)
		if (!contact_suits(*at, key))
			at = &(*at)->next;
		else if (!net_socket_is_quiet((*at)->socket))
			bury(at, net_socket_hang_up);
		else
			found = unlink_at(at);
	unlock_and_free();
	return found;
}

void kept_close(const char *host)
{
	pthread_mutex_lock(&kept.mutex);
	for (struct contact **at = &kept.living; *at != NULL;)
		if (host == NULL || strcasecmp((*at)->key.server.host, host) == 0)
			bury(at, net_socket_hang_up);
		else
			at = &(*at)->next;
	unlock_and_free();
}
