/* SPDX-License-Identifier: MIT */
#include "samba/relay/session_cache.h"

#include <stdlib.h>
#include <string.h>
#include "srvsvc/session_block.h"
#include "wire/writer.h"

/* Samba rounds both ends of a session's time: source3/rpc_server/srvsvc, ran. */
#define SAME_WITHIN_S 2

struct cached_session {
	union {
		const char *text;
		size_t at; /* in the texts, while they grow */
	} client, user;    /* the client without its \\, which stand before it */
	const char *transport;
	int64_t began_s;
	uint32_t num_opens, user_flags;
	uint32_t id;     /* in the table; 0: it has none yet */
	uint32_t before; /* is_same: which one of the generation before it is */
	uint64_t key;    /* by which the table means it */
	bool is_same;    /* as one of the generation before or after it */
	bool is_stale;   /* in the table it is as it was before */
};

/* All of one answer, by client, user and beginning. */
struct cache_answer {
	struct cached_session *sessions;
	uint32_t count;
	/* Samba tells how long they last. When it looked is known as well as the answer was fast:
	 * all of them may have begun so much earlier. */
	int64_t late_s;
	struct wire_writer texts;
};

struct session_cache {
	struct session_table *table;
	struct session_owner owner;
	struct cache_answer now;
	uint64_t last_key;
};

/* Samba closes its sessions, when it is asked to. */
static void session_cache_on_close(void *context, uint64_t key)
{
	(void)context;
	(void)key;
}

static void session_cache_on_renumbered(void *context, uint64_t key, uint32_t id)
{
	struct session_cache *l = context;

	for (uint32_t i = 0; i < l->now.count; i++)
		if (l->now.sessions[i].key == key)
			l->now.sessions[i].id = id;
}

struct session_cache *session_cache_new(uint32_t max_sessions, uint32_t first_id)
{
	struct session_cache *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->owner = (struct session_owner){ .close = session_cache_on_close,
		                           .renumbered = session_cache_on_renumbered,
		                           .context = l,
		                           .name = "samba" };
	l->table = session_table_new(max_sessions);
	if (l->table == NULL) {
		free(l);
		return NULL;
	}
	session_table_skip_ids(l->table, first_id);
	return l;
}

static void cache_answer_fini(struct cache_answer *g)
{
	free(g->sessions);
	wire_writer_fini(&g->texts);
}

void session_cache_free(struct session_cache *l)
{
	if (l == NULL)
		return;
	cache_answer_fini(&l->now);
	session_table_free(l->table);
	free(l);
}

struct session_table *session_cache_table(const struct session_cache *l)
{
	return l->table;
}

/* ---- a generation out of an answer ---- */

static size_t cache_answer_keep_text(struct cache_answer *g, const char *text)
{
	size_t at = g->texts.len;

	if (text == NULL)
		text = "";
	wire_put_bytes(&g->texts, text, strlen(text) + 1);
	return at;
}

/* Samba tells a client without the \\ by which Windows' callers know it; some of them cut the first
 * two characters off (ran: impacket's netview). */
static size_t cache_answer_keep_client(struct cache_answer *g, const char *text)
{
	static const char slashes[] = "\\\\";
	size_t bytes = sizeof slashes - 1;

	wire_put_bytes(&g->texts, slashes, bytes);
	return cache_answer_keep_text(
		g, text != NULL && strncmp(text, slashes, bytes) == 0 ? text + bytes : text);
}

/* Samba rounds a beginning to the nearest second, and so one may be yet to come: that shows as
 * 4,294,967,295 seconds (ran, 4.17.12). Nothing lasts 68 years. */
static int64_t start_from_duration_s(uint32_t active_s, int64_t now_ms)
{
	if (active_s > INT32_MAX)
		return now_ms / 1000 + (active_s == UINT32_MAX);
	return now_ms / 1000 - active_s;
}

static const char *cache_answer_texts(const struct cache_answer *g)
{
	return (const char *)g->texts.data;
}

/* Once the texts stay where they are. */
static void cache_answer_settle_texts(struct cache_answer *g)
{
	for (uint32_t i = 0; i < g->count; i++) {
		g->sessions[i].client.text = cache_answer_texts(g) + g->sessions[i].client.at;
		g->sessions[i].user.text = cache_answer_texts(g) + g->sessions[i].user.at;
	}
}

/* So that texts can be added. */
static void cache_answer_unsettle_texts(struct cache_answer *g)
{
	for (uint32_t i = 0; i < g->count; i++) {
		g->sessions[i].client.at =
			(size_t)(g->sessions[i].client.text - cache_answer_texts(g));
		g->sessions[i].user.at = (size_t)(g->sessions[i].user.text - cache_answer_texts(g));
	}
}

static bool cache_answer_read(struct cache_answer *g, const SESSION_INFO_1 *infos, uint32_t entries,
                              int64_t now_ms)
{
	const struct session_level *level = session_level_find(1);
	size_t scratch_bytes = 0;
	char *scratch = NULL;
	bool is_good = true;

	g->sessions = calloc(entries > 0 ? entries : 1, sizeof *g->sessions);
	for (uint32_t i = 0; g->sessions != NULL && is_good && i < entries; i++) {
		struct netsession_row row;

		is_good = session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes);
		if (!is_good)
			break;
		g->sessions[i] = (struct cached_session){
			.client.at = cache_answer_keep_client(g, row.client),
			.user.at = cache_answer_keep_text(g, row.user),
			.began_s = start_from_duration_s(row.active_s, now_ms),
			.num_opens = row.num_opens,
			.user_flags = row.user_flags,
		};
	}
	free(scratch);
	if (g->sessions == NULL || !is_good || g->texts.failed)
		return false;
	g->count = entries;
	cache_answer_settle_texts(g);
	return true;
}

static int cached_session_compare_names(const struct cached_session *a,
                                        const struct cached_session *b)
{
	int clients = strcmp(a->client.text, b->client.text);

	return clients != 0 ? clients : strcmp(a->user.text, b->user.text);
}

static int cached_session_compare(const void *one, const void *other)
{
	const struct cached_session *a = one, *b = other;
	int names = cached_session_compare_names(a, b);

	if (names != 0)
		return names;
	if (a->began_s != b->began_s)
		return a->began_s > b->began_s ? 1 : -1;
	return (a->id > b->id) - (a->id < b->id);
}

/* ---- the table made true ---- */

static struct session_facts cached_session_facts(const struct cached_session *s, int64_t now_ms)
{
	return (struct session_facts){
		.client = s->client.text - 2,
		.user = s->user.text,
		.client_type = "", /* as Windows has it since Vista */
		.transport = s->transport != NULL ? s->transport : "",
		.num_opens = s->num_opens,
		.user_flags = s->user_flags,
		.created_ms = s->began_s * 1000,
		.used_ms = now_ms, /* how long it has been idle Samba does not say: 0 */
	};
}

/* How many of both are the same to the second, when the next ones began so much later. Both are
 * sorted. */
static uint32_t cache_answer_count_same(const struct cache_answer *now,
                                        const struct cache_answer *next, int64_t later_s)
{
	const struct cached_session *old = now->sessions, *s = next->sessions;
	const struct cached_session *old_end = now->count > 0 ? old + now->count : old;
	const struct cached_session *end = s + next->count;
	uint32_t count = 0;

	while (old < old_end && s < end) {
		int names = cached_session_compare_names(old, s);
		int64_t ahead_s = s->began_s - later_s - old->began_s;

		if (names > 0 || (names == 0 && ahead_s < 0)) {
			s++;
		} else if (names < 0 || ahead_s > 0) {
			old++;
		} else {
			count++;
			s++;
			old++;
		}
	}
	return count;
}

/* How much later than those of now the next ones seem to have begun, all of them: what explains
 * most of them. */
static int64_t cache_answer_delay_s(const struct cache_answer *now, const struct cache_answer *next)
{
	uint32_t all = now->count < next->count ? now->count : next->count;
	uint32_t most = cache_answer_count_same(now, next, 0);
	int64_t late_s = 0;

	for (int64_t by_s = 1; most < all && (by_s <= now->late_s || by_s <= next->late_s); by_s++)
		for (int sign = -1; sign <= 1; sign += 2) {
			bool may_be = by_s <= (sign < 0 ? now : next)->late_s;
			uint32_t count = may_be ? cache_answer_count_same(now, next, sign * by_s)
			                        : 0;

			if (count > most) {
				most = count;
				late_s = sign * by_s;
			}
		}
	return late_s;
}

static void cache_answer_shift(struct cache_answer *g, int64_t by_s)
{
	for (uint32_t i = 0; i < g->count; i++) {
		g->sessions[i].began_s += by_s;
		g->sessions[i].is_stale |= g->sessions[i].id != 0;
	}
}

/* A time does not waver by a second. By two it may be another session's, which was taken for this
 * one: it is followed, so that it is within two seconds the next time as well. */
static int64_t steady_s(int64_t before_s, int64_t told_s)
{
	return told_s > before_s + 1 ? told_s - 1 : told_s < before_s - 1 ? told_s + 1 : before_s;
}

static void session_cache_keep(struct session_cache *l, struct cached_session *before,
                               struct cached_session *s, int64_t now_ms)
{
	struct session_facts facts;

	s->id = before->id;
	s->key = before->key;
	s->began_s = steady_s(before->began_s, s->began_s);
	before->is_stale |= s->began_s != before->began_s;
	facts = cached_session_facts(s, now_ms);
	if (!before->is_stale && s->num_opens == before->num_opens &&
	    s->user_flags == before->user_flags && s->transport == before->transport)
		session_table_touch(l->table, s->id, now_ms);
	else
		s->is_stale = !session_table_update(l->table, s->id, &facts);
}

/* Marks those that were not found yet, and began within so much of each other. Both are sorted, and
 * so are the sessions of one client and user by when they began. */
static void cache_answer_mark_within(struct cache_answer *now, struct cache_answer *next,
                                     int64_t late_s, int64_t within_s)
{
	struct cached_session *old = now->sessions, *s = next->sessions;
	struct cached_session *old_end = now->count > 0 ? old + now->count : old;
	struct cached_session *end = s + next->count;

	while (old < old_end && s < end) {
		int names = cached_session_compare_names(old, s);
		int64_t later_s = s->began_s - late_s - old->began_s;

		if (s->is_same || names > 0 || (names == 0 && later_s < -within_s)) {
			s++;
		} else if (old->is_same || names < 0 || later_s > within_s) {
			old++;
		} else {
			s->before = (uint32_t)(old - now->sessions);
			s->is_same = old->is_same = true;
		}
	}
}

/* Marks the sessions that are in both. To the second first, so that when one of many ends, the
 * others stay who they are. */
static void cache_answer_mark_same(struct cache_answer *now, struct cache_answer *next,
                                   int64_t late_s)
{
	cache_answer_mark_within(now, next, late_s, 0);
	cache_answer_mark_within(now, next, late_s, SAME_WITHIN_S);
}

/* Those that are marked go on, the others of before are over. Of two times when they began the
 * earlier one is right. */
static void session_cache_match(struct session_cache *l, struct cache_answer *next, int64_t late_s,
                                int64_t now_ms)
{
	if (late_s > 0)
		cache_answer_shift(next, -late_s);
	else if (late_s < 0)
		cache_answer_shift(&l->now, late_s);
	for (uint32_t i = 0; i < next->count; i++)
		if (next->sessions[i].is_same)
			session_cache_keep(l, &l->now.sessions[next->sessions[i].before],
			                   &next->sessions[i], now_ms);
	for (uint32_t i = 0; i < l->now.count; i++)
		if (l->now.sessions[i].is_same)
			next->late_s = l->now.late_s < next->late_s ? l->now.late_s : next->late_s;
		else
			session_table_remove(l->table, l->now.sessions[i].id);
	for (uint32_t i = 0; i < next->count; i++)
		next->sessions[i].is_same = false;
	/* Some have their times of before. */
	qsort(next->sessions, next->count, sizeof *next->sessions, cached_session_compare);
}

/* ---- sessions that an answer lacks ---- */

/* Where the first session of these names stands, or would. */
static uint32_t cache_answer_find_names(const struct cache_answer *g,
                                        const struct cached_session *names)
{
	uint32_t low = 0, high = g->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (cached_session_compare_names(&g->sessions[middle], names) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t cache_answer_count_missing(const struct cache_answer *now)
{
	uint32_t missing = 0;

	for (uint32_t i = 0; i < now->count; i++)
		missing += !now->sessions[i].is_same;
	return missing;
}

static void cache_answer_unmark(struct cache_answer *g)
{
	for (uint32_t i = 0; i < g->count; i++)
		g->sessions[i].is_same = false;
}

/* How many sessions from at on have the names of that one. */
static uint32_t cache_answer_count_names(const struct cache_answer *g, uint32_t at)
{
	uint32_t end = at;

	while (end < g->count &&
	       cached_session_compare_names(&g->sessions[at], &g->sessions[end]) == 0)
		end++;
	return end - at;
}

/* Whether smbstatus has fewer sessions of some client and user than next has. */
static bool smbstatus_lacks_sessions(const struct cache_answer *next,
                                     const struct relay_smbstatus *outside)
{
	for (uint32_t i = 0, count; i < next->count; i += count) {
		const struct cached_session *s = &next->sessions[i];

		count = cache_answer_count_names(next, i);
		if (outside->count_sessions(outside->context, s->client.text, s->user.text, 0) <
		    count)
			return true;
	}
	return false;
}

/* How many sessions of these names next has. */
static uint32_t cache_answer_count_found(const struct cache_answer *next,
                                         const struct cached_session *names)
{
	uint32_t at = cache_answer_find_names(next, names);

	return at < next->count && cached_session_compare_names(&next->sessions[at], names) == 0
	               ? cache_answer_count_names(next, at)
	               : 0;
}

/* Whether smbstatus has one more than so many of its names, and may mean it by that. */
static bool smbstatus_has_session(const struct relay_smbstatus *outside,
                                  const struct cached_session *s, uint32_t of_names)
{
	return outside->count_sessions(outside->context, s->client.text, s->user.text, 0) >
	               of_names &&
	       outside->count_sessions(outside->context, s->client.text, s->user.text, s->began_s) >
	               0;
}

/* Adds those that next lacks and that are there for all that. next is sorted as it was. False: out
 * of memory. */
static bool cache_answer_keep_missing(const struct cache_answer *now, struct cache_answer *next,
                                      int64_t late_s, const struct relay_smbstatus *outside)
{
	uint32_t found = next->count, kept = 0, missing = cache_answer_count_missing(now);
	struct cached_session *sessions = realloc(next->sessions,
	                                          (found + missing) * sizeof *sessions);

	if (sessions == NULL)
		return false;
	next->sessions = sessions;
	for (uint32_t i = 0, of_names = 0; i < now->count; i++) {
		const struct cached_session *old = &now->sessions[i];

		if (i == 0 || cached_session_compare_names(old, &now->sessions[i - 1]) != 0)
			of_names = cache_answer_count_found(next, old);
		if (old->is_same || !smbstatus_has_session(outside, old, of_names))
			continue;
		sessions[found + kept] = *old;
		sessions[found + kept].began_s += late_s;
		of_names++;
		kept++;
	}
	cache_answer_unsettle_texts(next);
	for (uint32_t i = found; i < found + kept; i++) {
		struct cached_session *s = &sessions[i];
		const char *client = s->client.text, *user = s->user.text;

		s->client.at = cache_answer_keep_client(next, client);
		s->user.at = cache_answer_keep_text(next, user);
		s->id = 0;
		s->is_stale = false;
	}
	next->count = found + kept;
	if (next->texts.failed)
		return false;
	cache_answer_settle_texts(next);
	qsort(next->sessions, next->count, sizeof *next->sessions, cached_session_compare);
	return true;
}

static int cached_session_compare_starts(const void *one, const void *other)
{
	const struct cached_session *a = *(struct cached_session *const *)one,
				    *b = *(struct cached_session *const *)other;

	return a->began_s != b->began_s ? (a->began_s > b->began_s) - (a->began_s < b->began_s)
	                                : (a > b) - (a < b);
}

/* The oldest first, so that the order is the same after a restart. */
static bool session_cache_add_new(struct session_cache *l, int64_t now_ms)
{
	uint32_t all = l->now.count, count = 0;
	struct cached_session **added = malloc(sizeof *added * (all > 0 ? all : 1));
	bool is_good = added != NULL;

	for (uint32_t i = 0; added != NULL && i < all; i++)
		if (l->now.sessions[i].id == 0)
			added[count++] = &l->now.sessions[i];
	if (count > 0)
		qsort(added, count, sizeof *added, cached_session_compare_starts);
	for (uint32_t i = 0; i < count; i++) {
		struct session_facts facts = cached_session_facts(added[i], now_ms);

		added[i]->is_stale = false;
		added[i]->key = ++l->last_key;
		added[i]->id = session_table_add(l->table, &facts, &l->owner, added[i]->key);
		is_good &= added[i]->id != 0;
	}
	free(added);
	return is_good;
}

/* Whether next has fewer sessions of some client and user than there were. One that ended while
 * another began, as those of a caller who asks again and again, is missed by nobody. */
static bool cache_answer_lacks_sessions(const struct cache_answer *now,
                                        const struct cache_answer *next)
{
	for (uint32_t i = 0, count; i < now->count; i += count) {
		count = cache_answer_count_names(now, i);
		if (cache_answer_count_found(next, &now->sessions[i]) < count)
			return true;
	}
	return false;
}

NET_API_STATUS session_cache_update(struct session_cache *l, const SESSION_INFO_1 *infos,
                                    uint32_t entries, int64_t asked_ms, int64_t now_ms,
                                    const struct relay_smbstatus *outside)
{
	struct cache_answer next = { .late_s = 1 };
	NET_API_STATUS status = ERROR_NOT_ENOUGH_MEMORY;
	int64_t late_s;

	if (now_ms > asked_ms)
		next.late_s += (now_ms - asked_ms) / 1000;
	if (!cache_answer_read(&next, infos, entries, now_ms))
		goto out;
	qsort(next.sessions, next.count, sizeof *next.sessions, cached_session_compare);
	late_s = cache_answer_delay_s(&l->now, &next);
	if (outside->count_sessions != NULL && !outside->is_current &&
	    (outside->wants_current || cache_answer_lacks_sessions(&l->now, &next) ||
	     (outside->wants_transports && smbstatus_lacks_sessions(&next, outside)))) {
		status = SESSION_CACHE_SHORT;
		goto out;
	}
	cache_answer_mark_same(&l->now, &next, late_s);
	if (outside->count_sessions != NULL && outside->is_current &&
	    cache_answer_count_missing(&l->now) > 0) {
		if (!cache_answer_keep_missing(&l->now, &next, late_s, outside))
			goto out_marked;
		cache_answer_unmark(&l->now);
		cache_answer_unmark(&next);
		cache_answer_mark_same(&l->now, &next, late_s);
	}
	for (uint32_t i = 0; i < next.count; i++)
		next.sessions[i].transport = outside->find_transport(
			outside->context, next.sessions[i].client.text, next.sessions[i].user.text);
	session_cache_match(l, &next, late_s, now_ms);
	cache_answer_fini(&l->now);
	l->now = next;
	return session_cache_add_new(l, now_ms) ? NERR_Success : ERROR_NOT_ENOUGH_MEMORY;
out_marked:
	cache_answer_unmark(&l->now);
out:
	cache_answer_fini(&next);
	return status;
}

bool session_cache_find(const struct session_cache *l, const char *client, const char *user,
                        int64_t started_s, struct netsession_row *row, int64_t *began_s)
{
	const struct cached_session names = { .client.text = client, .user.text = user };
	const struct cached_session *found = NULL;

	for (uint32_t i = cache_answer_find_names(&l->now, &names); i < l->now.count; i++) {
		const struct cached_session *s = &l->now.sessions[i];

		if (cached_session_compare_names(s, &names) != 0)
			break;
		if (started_s != 0 && llabs(s->began_s - started_s) > SAME_WITHIN_S)
			continue;
		if (found != NULL)
			return false;
		found = s;
	}
	if (found == NULL)
		return false;
	*row = (struct netsession_row){ .num_opens = found->num_opens,
		                        .user_flags = found->user_flags };
	*began_s = found->began_s;
	return true;
}
