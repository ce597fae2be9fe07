/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/tracker.h"

#include <lmshare.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAME_START_S = 1, /* whole seconds are what is known */
	ABOUT_THEN_S = 2, /* by level 1, whose times Samba rounds */
};

struct smbstatus_tracker {
	char *guest;
	const struct smbstatus_tracker_handler *handler;
	void *context;
	uint64_t last_key;
	size_t count;
	struct published_session **by_identity, **by_key, **by_names; /* the same ones */
	bool has_transports;
};

static void published_session_free(struct published_session *s)
{
	if (s == NULL)
		return;
	free(s->client);
	free(s->user);
	free(s);
}

static void *published_sessions_new_list(size_t count)
{
	return calloc(count + 1, sizeof(struct published_session *));
}

struct smbstatus_tracker *smbstatus_tracker_new(const char *guest,
                                                const struct smbstatus_tracker_handler *handler,
                                                void *context)
{
	struct smbstatus_tracker *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	*k = (struct smbstatus_tracker){
		.guest = guest != NULL ? strdup(guest) : NULL,
		.handler = handler,
		.context = context,
		.by_identity = published_sessions_new_list(0),
		.by_key = published_sessions_new_list(0),
		.by_names = published_sessions_new_list(0),
	};
	if ((guest != NULL && k->guest == NULL) || k->by_identity == NULL || k->by_key == NULL ||
	    k->by_names == NULL) {
		smbstatus_tracker_free(k);
		return NULL;
	}
	return k;
}

void smbstatus_tracker_free(struct smbstatus_tracker *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->count; i++)
		published_session_free(k->by_identity[i]);
	free(k->by_identity);
	free(k->by_key);
	free(k->by_names);
	free(k->guest);
	free(k);
}

/* ---- orders ---- */

typedef int comparison(const void *, const void *);

/* Whoever began first is told first. */
static int published_session_compare_ages(const void *left, const void *right)
{
	const struct published_session *a = *(struct published_session *const *)left,
				       *b = *(struct published_session *const *)right;

	if (a->started_s != b->started_s)
		return a->started_s < b->started_s ? -1 : 1;
	return smbstatus_compare_identities(&a->identity, &b->identity);
}

static int published_session_compare_keys(const void *left, const void *right)
{
	const struct published_session *a = *(struct published_session *const *)left,
				       *b = *(struct published_session *const *)right;

	return a->key < b->key ? -1 : a->key > b->key;
}

static int published_session_compare_names(const void *left, const void *right)
{
	const struct published_session *a = *(struct published_session *const *)left,
				       *b = *(struct published_session *const *)right;
	int order = strcmp(a->client, b->client);

	return order != 0 ? order : strcmp(a->user, b->user);
}

/* ---- one session ---- */

static struct published_session *published_session_new(const struct smbstatus_session *from)
{
	struct published_session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->identity = from->identity;
	s->node = from->node;
	s->client = strdup(from->client);
	s->user = strdup(from->user);
	if (s->client != NULL && s->user != NULL)
		return s;
	published_session_free(s);
	return NULL;
}

/* smbd may log on anew within a session, as somebody else. False: out of memory. */
static bool published_session_rename(struct published_session *s,
                                     const struct smbstatus_session *from)
{
	char *client = strdup(from->client), *user = strdup(from->user);

	if (client == NULL || user == NULL) {
		free(client);
		free(user);
		return false;
	}
	free(s->client);
	free(s->user);
	s->client = client;
	s->user = user;
	return true;
}

/* Samba's own word for its beginning, else the relay's, else since when it was there at the latest:
 * its first share's beginning, or now. */
static void published_session_set_start(struct published_session *s,
                                        const struct smbstatus_session *from, int64_t now_s,
                                        int64_t seen_started_s)
{
	int64_t latest_s = from->had_share_at_s > 0 ? from->had_share_at_s : now_s;

	if (from->started_s > 0)
		s->started_s = from->started_s;
	else if (seen_started_s > 0)
		s->started_s = seen_started_s;
	else if (!s->is_start_known && (s->started_s == 0 || latest_s < s->started_s))
		s->started_s = latest_s;
	s->is_start_known = s->is_start_known || from->started_s > 0 || seen_started_s > 0;
}

static void published_session_update(struct smbstatus_tracker *k, struct published_session *s,
                                     const struct smbstatus_session *from, int64_t now_s)
{
	bool is_renamed = strcmp(s->client, from->client) != 0 || strcmp(s->user, from->user) != 0;
	int64_t seen_started_s = 0;

	/* Out of memory, the next look finds it again. */
	if (is_renamed && published_session_rename(s, from)) {
		s->is_renamed = true;
		s->is_unpublishable = false;
	}
	/* What is only known not to be later is no mark to find it by. */
	if (!k->handler->find_cached(k->context, s, from->started_s, &s->num_opens,
	                             &seen_started_s))
		seen_started_s = 0;
	published_session_set_start(s, from, now_s, seen_started_s);
	s->transport = from->transport;
	s->user_flags = k->guest != NULL && strcmp(s->user, k->guest) == 0 ? SESS_GUEST : 0;
}

/* True: something is to be seen of it. */
static bool published_session_publish(struct smbstatus_tracker *k, struct published_session *s)
{
	bool is_changed;

	if (s->is_unpublishable || s->is_refused)
		return false;
	if (!s->is_published || s->is_renamed || s->transport != s->published.transport ||
	    s->user_flags != s->published.user_flags ||
	    llabs(s->started_s - s->published.started_s) > SAME_START_S) {
		s->is_published = k->handler->put(k->context, s);
		if (!s->is_published)
			return false;
		s->is_renamed = false;
		s->published.transport = s->transport;
		s->published.started_s = s->started_s;
		s->published.user_flags = s->user_flags;
		s->published.num_opens = s->num_opens;
		return true;
	}
	is_changed = s->num_opens != s->published.num_opens;
	s->published.num_opens = s->num_opens;
	k->handler->touch(k->context, s);
	return is_changed;
}

/* ---- all of them ---- */

/* Lists of the session that each entry of a look is: an earlier one, or a new one, which is in came
 * as well. False: out of memory, and nothing has changed. */
static bool smbstatus_tracker_match(struct smbstatus_tracker *k, const struct smbstatus_list *list,
                                    struct published_session **now, struct published_session **came,
                                    size_t *came_count)
{
	size_t old = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];

		while (old < k->count && smbstatus_compare_identities(
						 &k->by_identity[old]->identity, &s->identity) < 0)
			old++;
		if (old < k->count && smbstatus_compare_identities(&k->by_identity[old]->identity,
		                                                   &s->identity) == 0) {
			now[i] = k->by_identity[old++];
			continue;
		}
		now[i] = came[*came_count] = published_session_new(s);
		if (now[i] == NULL)
			return false;
		(*came_count)++;
	}
	return true;
}

/* True: there were any. */
static bool smbstatus_tracker_remove_closed(struct smbstatus_tracker *k,
                                            struct published_session **now, size_t count)
{
	size_t kept = 0;
	bool any = false;

	for (size_t i = 0; i < k->count; i++) {
		struct published_session *s = k->by_identity[i];

		while (kept < count &&
		       smbstatus_compare_identities(&now[kept]->identity, &s->identity) < 0)
			kept++;
		if (kept < count && now[kept] == s)
			continue;
		if (s->is_published)
			k->handler->remove(k->context, s);
		published_session_free(s);
		any = true;
	}
	return any;
}

static struct published_session **published_sessions_sort(struct published_session **to,
                                                          struct published_session **from,
                                                          size_t count, comparison *compare)
{
	memcpy(to, from, count * sizeof(struct published_session *));
	qsort(to, count, sizeof(struct published_session *), compare);
	return to;
}

enum smbstatus_tracker_change smbstatus_tracker_update(struct smbstatus_tracker *k,
                                                       const struct smbstatus_list *list,
                                                       int64_t now_s)
{
	const size_t count = list->count;
	struct published_session **now = published_sessions_new_list(count),
				 **came = published_sessions_new_list(count),
				 **by_key = published_sessions_new_list(count),
				 **by_names = published_sessions_new_list(count);
	size_t came_count = 0;
	bool has_room, is_changed;

	if (now == NULL || came == NULL || by_key == NULL || by_names == NULL ||
	    !smbstatus_tracker_match(k, list, now, came, &came_count)) {
		for (size_t i = 0; i < came_count; i++)
			published_session_free(came[i]);
		free(now);
		free(came);
		free(by_key);
		free(by_names);
		return SMBSTATUS_NO_MEMORY;
	}
	has_room = smbstatus_tracker_remove_closed(k, now, count);
	is_changed = has_room || came_count > 0;
	k->has_transports = false;
	for (size_t i = 0; i < count; i++) {
		published_session_update(k, now[i], &list->sessions[i], now_s);
		now[i]->is_refused = now[i]->is_refused && !has_room;
		k->has_transports = k->has_transports || now[i]->transport != NULL;
	}
	qsort(came, came_count, sizeof(struct published_session *), published_session_compare_ages);
	for (size_t i = 0; i < came_count; i++)
		came[i]->key = ++k->last_key;
	free(came);
	free(k->by_identity);
	free(k->by_key);
	free(k->by_names);
	k->count = count;
	k->by_identity = now;
	k->by_key = published_sessions_sort(by_key, now, count, published_session_compare_keys);
	k->by_names = published_sessions_sort(by_names, now, count,
	                                      published_session_compare_names);
	for (size_t i = 0; i < count; i++)
		is_changed = published_session_publish(k, k->by_key[i]) || is_changed;
	return is_changed ? SMBSTATUS_CHANGED : SMBSTATUS_UNCHANGED;
}

bool smbstatus_tracker_lacks_starts(const struct smbstatus_tracker *k,
                                    const struct smbstatus_list *list)
{
	size_t old = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];

		while (old < k->count && smbstatus_compare_identities(
						 &k->by_identity[old]->identity, &s->identity) < 0)
			old++;
		if (s->started_s == 0 &&
		    (old == k->count || smbstatus_compare_identities(&k->by_identity[old]->identity,
		                                                     &s->identity) != 0))
			return true;
	}
	return false;
}

void smbstatus_tracker_forget_published(struct smbstatus_tracker *k)
{
	for (size_t i = 0; i < k->count; i++) {
		k->by_key[i]->is_published = k->by_key[i]->is_refused = false;
		k->by_key[i]->closing = PUBLISHED_OPEN;
	}
}

/* ---- one of them ---- */

size_t smbstatus_tracker_count(const struct smbstatus_tracker *k)
{
	return k->count;
}

struct published_session *smbstatus_tracker_at(const struct smbstatus_tracker *k, size_t i)
{
	return k->by_key[i];
}

bool published_session_shares_smbd(const struct published_session *a,
                                   const struct published_session *b)
{
	return a->identity.pid == b->identity.pid &&
	       a->identity.unique_id == b->identity.unique_id && a->node == b->node;
}

struct published_session *smbstatus_tracker_find(const struct smbstatus_tracker *k, uint64_t key)
{
	const struct published_session wanted = { .key = key }, *at = &wanted;
	struct published_session **found = bsearch(&at, k->by_key, k->count,
	                                           sizeof(struct published_session *),
	                                           published_session_compare_keys);

	return found != NULL ? *found : NULL;
}

/* The first that is not before these names. */
static size_t smbstatus_tracker_find_names(const struct smbstatus_tracker *k,
                                           const struct published_session *names)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (published_session_compare_names(&k->by_names[middle], &names) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t smbstatus_tracker_count_names(const struct smbstatus_tracker *k, const char *client,
                                       const char *user, int64_t started_s)
{
	const struct published_session names = { .client = (char *)client, .user = (char *)user },
				       *at = &names;
	uint32_t count = 0;

	for (size_t i = smbstatus_tracker_find_names(k, &names);
	     i < k->count && published_session_compare_names(&k->by_names[i], &at) == 0; i++)
		count += started_s == 0 || !k->by_names[i]->is_start_known ||
		         llabs(k->by_names[i]->started_s - started_s) <= ABOUT_THEN_S;
	return count;
}

const char *smbstatus_tracker_transport(const struct smbstatus_tracker *k, const char *client,
                                        const char *user)
{
	const struct published_session names = { .client = (char *)client, .user = (char *)user },
				       *at = &names;
	const char *transport = NULL;

	if (!k->has_transports)
		return NULL;
	for (size_t i = smbstatus_tracker_find_names(k, &names);
	     i < k->count && published_session_compare_names(&k->by_names[i], &at) == 0; i++) {
		const char *another = k->by_names[i]->transport;

		if (another == NULL || (transport != NULL && another != transport))
			return NULL;
		transport = another;
	}
	return transport;
}
