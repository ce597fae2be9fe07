/* SPDX-License-Identifier: MIT */
#include "samba/known.h"

#include <lmshare.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAME_START_S = 1, /* whole seconds are what is known */
	ABOUT_THEN_S = 2, /* by level 1, whose times Samba rounds */
};

struct known {
	char *guest;
	const struct known_handler *handler;
	void *context;
	uint64_t last_key;
	size_t count;
	struct known_session **by_identity, **by_key, **by_names; /* the same ones */
	bool has_transports;
};

static void session_free(struct known_session *s)
{
	if (s == NULL)
		return;
	free(s->client);
	free(s->user);
	free(s);
}

static void *new_list(size_t count)
{
	return calloc(count + 1, sizeof(struct known_session *));
}

struct known *known_new(const char *guest, const struct known_handler *handler, void *context)
{
	struct known *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	*k = (struct known){
		.guest = guest != NULL ? strdup(guest) : NULL,
		.handler = handler,
		.context = context,
		.by_identity = new_list(0),
		.by_key = new_list(0),
		.by_names = new_list(0),
	};
	if ((guest != NULL && k->guest == NULL) || k->by_identity == NULL || k->by_key == NULL ||
	    k->by_names == NULL) {
		known_free(k);
		return NULL;
	}
	return k;
}

void known_free(struct known *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->count; i++)
		session_free(k->by_identity[i]);
	free(k->by_identity);
	free(k->by_key);
	free(k->by_names);
	free(k->guest);
	free(k);
}

/* ---- orders ---- */

typedef int comparison(const void *, const void *);

/* Whoever began first is told first. */
static int compare_ages(const void *left, const void *right)
{
	const struct known_session *a = *(struct known_session *const *)left,
				   *b = *(struct known_session *const *)right;

	if (a->started_s != b->started_s)
		return a->started_s < b->started_s ? -1 : 1;
	return smbstatus_compare(&a->identity, &b->identity);
}

static int compare_keys(const void *left, const void *right)
{
	const struct known_session *a = *(struct known_session *const *)left,
				   *b = *(struct known_session *const *)right;

	return a->key < b->key ? -1 : a->key > b->key;
}

static int compare_names(const void *left, const void *right)
{
	const struct known_session *a = *(struct known_session *const *)left,
				   *b = *(struct known_session *const *)right;
	int order = strcmp(a->client, b->client);

	return order != 0 ? order : strcmp(a->user, b->user);
}

/* ---- one session ---- */

static struct known_session *session_new(const struct smbstatus_session *from)
{
	struct known_session *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->identity = from->identity;
	s->node = from->node;
	s->client = strdup(from->client);
	s->user = strdup(from->user);
	if (s->client != NULL && s->user != NULL)
		return s;
	session_free(s);
	return NULL;
}

/* smbd may log on anew within a session, as somebody else. False: out of memory. */
static bool rename_session(struct known_session *s, const struct smbstatus_session *from)
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
static void set_start(struct known_session *s, const struct smbstatus_session *from, int64_t now_s,
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

static void update(struct known *k, struct known_session *s, const struct smbstatus_session *from,
                   int64_t now_s)
{
	bool is_renamed = strcmp(s->client, from->client) != 0 || strcmp(s->user, from->user) != 0;
	int64_t seen_started_s = 0;

	/* Out of memory, the next look finds it again. */
	if (is_renamed && rename_session(s, from)) {
		s->is_renamed = true;
		s->is_unfit = false;
	}
	/* What is only known not to be later is no mark to find it by. */
	if (!k->handler->seen(k->context, s, from->started_s, &s->num_opens, &seen_started_s))
		seen_started_s = 0;
	set_start(s, from, now_s, seen_started_s);
	s->transport = from->transport;
	s->user_flags = k->guest != NULL && strcmp(s->user, k->guest) == 0 ? SESS_GUEST : 0;
}

/* True: something is to be seen of it. */
static bool tell(struct known *k, struct known_session *s)
{
	bool is_changed;

	if (s->is_unfit || s->is_refused)
		return false;
	if (!s->is_told || s->is_renamed || s->transport != s->told.transport ||
	    s->user_flags != s->told.user_flags ||
	    llabs(s->started_s - s->told.started_s) > SAME_START_S) {
		s->is_told = k->handler->put(k->context, s);
		if (!s->is_told)
			return false;
		s->is_renamed = false;
		s->told.transport = s->transport;
		s->told.started_s = s->started_s;
		s->told.user_flags = s->user_flags;
		s->told.num_opens = s->num_opens;
		return true;
	}
	is_changed = s->num_opens != s->told.num_opens;
	s->told.num_opens = s->num_opens;
	k->handler->touch(k->context, s);
	return is_changed;
}

/* ---- all of them ---- */

/* Lists of the session that each entry of a look is: an earlier one, or a new one, which is in came
 * as well. False: out of memory, and nothing has changed. */
static bool match(struct known *k, const struct smbstatus_list *list, struct known_session **now,
                  struct known_session **came, size_t *came_count)
{
	size_t old = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];

		while (old < k->count &&
		       smbstatus_compare(&k->by_identity[old]->identity, &s->identity) < 0)
			old++;
		if (old < k->count &&
		    smbstatus_compare(&k->by_identity[old]->identity, &s->identity) == 0) {
			now[i] = k->by_identity[old++];
			continue;
		}
		now[i] = came[*came_count] = session_new(s);
		if (now[i] == NULL)
			return false;
		(*came_count)++;
	}
	return true;
}

/* True: there were any. */
static bool remove_gone(struct known *k, struct known_session **now, size_t count)
{
	size_t kept = 0;
	bool any = false;

	for (size_t i = 0; i < k->count; i++) {
		struct known_session *s = k->by_identity[i];

		while (kept < count && smbstatus_compare(&now[kept]->identity, &s->identity) < 0)
			kept++;
		if (kept < count && now[kept] == s)
			continue;
		if (s->is_told)
			k->handler->remove(k->context, s);
		session_free(s);
		any = true;
	}
	return any;
}

static struct known_session **sorted(struct known_session **to, struct known_session **from,
                                     size_t count, comparison *compare)
{
	memcpy(to, from, count * sizeof(struct known_session *));
	qsort(to, count, sizeof(struct known_session *), compare);
	return to;
}

enum known_change known_take(struct known *k, const struct smbstatus_list *list, int64_t now_s)
{
	const size_t count = list->count;
	struct known_session **now = new_list(count), **came = new_list(count),
			     **by_key = new_list(count), **by_names = new_list(count);
	size_t came_count = 0;
	bool has_room, is_changed;

	if (now == NULL || came == NULL || by_key == NULL || by_names == NULL ||
	    !match(k, list, now, came, &came_count)) {
		for (size_t i = 0; i < came_count; i++)
			session_free(came[i]);
		free(now);
		free(came);
		free(by_key);
		free(by_names);
		return KNOWN_NO_MEMORY;
	}
	has_room = remove_gone(k, now, count);
	is_changed = has_room || came_count > 0;
	k->has_transports = false;
	for (size_t i = 0; i < count; i++) {
		update(k, now[i], &list->sessions[i], now_s);
		now[i]->is_refused = now[i]->is_refused && !has_room;
		k->has_transports = k->has_transports || now[i]->transport != NULL;
	}
	qsort(came, came_count, sizeof(struct known_session *), compare_ages);
	for (size_t i = 0; i < came_count; i++)
		came[i]->key = ++k->last_key;
	free(came);
	free(k->by_identity);
	free(k->by_key);
	free(k->by_names);
	k->count = count;
	k->by_identity = now;
	k->by_key = sorted(by_key, now, count, compare_keys);
	k->by_names = sorted(by_names, now, count, compare_names);
	for (size_t i = 0; i < count; i++)
		is_changed = tell(k, k->by_key[i]) || is_changed;
	return is_changed ? KNOWN_CHANGED : KNOWN_SAME;
}

bool known_lacks_starts(const struct known *k, const struct smbstatus_list *list)
{
	size_t old = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct smbstatus_session *s = &list->sessions[i];

		while (old < k->count &&
		       smbstatus_compare(&k->by_identity[old]->identity, &s->identity) < 0)
			old++;
		if (s->started_s == 0 &&
		    (old == k->count ||
		     smbstatus_compare(&k->by_identity[old]->identity, &s->identity) != 0))
			return true;
	}
	return false;
}

void known_untell(struct known *k)
{
	for (size_t i = 0; i < k->count; i++) {
		k->by_key[i]->is_told = k->by_key[i]->is_refused = false;
		k->by_key[i]->closing = KNOWN_OPEN;
	}
}

/* ---- one of them ---- */

size_t known_count(const struct known *k)
{
	return k->count;
}

struct known_session *known_at(const struct known *k, size_t i)
{
	return k->by_key[i];
}

bool known_is_beside(const struct known_session *a, const struct known_session *b)
{
	return a->identity.pid == b->identity.pid &&
	       a->identity.unique_id == b->identity.unique_id && a->node == b->node;
}

struct known_session *known_find(const struct known *k, uint64_t key)
{
	const struct known_session wanted = { .key = key }, *at = &wanted;
	struct known_session **found = bsearch(&at, k->by_key, k->count,
	                                       sizeof(struct known_session *), compare_keys);

	return found != NULL ? *found : NULL;
}

/* The first that is not before these names. */
static size_t find_names(const struct known *k, const struct known_session *names)
{
	size_t low = 0, high = k->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_names(&k->by_names[middle], &names) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t known_count_names(const struct known *k, const char *client, const char *user,
                           int64_t started_s)
{
	const struct known_session names = { .client = (char *)client, .user = (char *)user },
				   *at = &names;
	uint32_t count = 0;

	for (size_t i = find_names(k, &names);
	     i < k->count && compare_names(&k->by_names[i], &at) == 0; i++)
		count += started_s == 0 || !k->by_names[i]->is_start_known ||
		         llabs(k->by_names[i]->started_s - started_s) <= ABOUT_THEN_S;
	return count;
}

const char *known_transport(const struct known *k, const char *client, const char *user)
{
	const struct known_session names = { .client = (char *)client, .user = (char *)user },
				   *at = &names;
	const char *transport = NULL;

	if (!k->has_transports)
		return NULL;
	for (size_t i = find_names(k, &names);
	     i < k->count && compare_names(&k->by_names[i], &at) == 0; i++) {
		const char *another = k->by_names[i]->transport;

		if (another == NULL || (transport != NULL && another != transport))
			return NULL;
		transport = another;
	}
	return transport;
}
