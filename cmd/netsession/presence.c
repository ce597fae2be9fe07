/* SPDX-License-Identifier: MIT */
#include "presence.h"

#include <stdlib.h>
#include <string.h>

/* How far two looks may disagree on when a session began: answers travel, and seconds are whole. */
#define TOLERANCE_S 3

static const char *text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int compare_who(const struct presence_session *a, const struct presence_session *b)
{
	int order = strcmp(text_or_empty(a->row.client), text_or_empty(b->row.client));

	return order != 0 ? order : strcmp(text_or_empty(a->row.user), text_or_empty(b->row.user));
}

static int compare(const void *a, const void *b)
{
	const struct presence_session *one = a, *other = b;
	int order = compare_who(one, other);

	return order != 0 ? order
	                  : (one->began_s > other->began_s) - (one->began_s < other->began_s);
}

/* Where one comes before the other; 0: they are the same session. */
static int compare_session(const struct presence_session *a, const struct presence_session *b)
{
	int64_t apart = a->began_s - b->began_s;
	int order = compare_who(a, b);

	if (order != 0)
		return order;
	return apart > TOLERANCE_S ? 1 : apart < -TOLERANCE_S ? -1 : 0;
}

/* Every text of a row. */
static void list_texts(struct netsession_row *row, const char **texts[4])
{
	texts[0] = &row->client;
	texts[1] = &row->user;
	texts[2] = &row->client_type;
	texts[3] = &row->transport;
}

void presence_fini(struct presence *presence)
{
	const char **texts[4];

	for (size_t i = 0; i < presence->count; i++) {
		list_texts(&presence->sessions[i].row, texts);
		for (size_t t = 0; t < 4; t++)
			free((char *)(uintptr_t)*texts[t]);
	}
	free(presence->sessions);
	*presence = (struct presence){ 0 };
}

struct collecting {
	struct presence *into;
	int64_t now_s;
	bool failed;
};

static void collect(void *context, const struct server_result *result,
                    const struct netsession_row *row)
{
	struct collecting *c = context;
	struct presence_session *session = &c->into->sessions[c->into->count++];
	const char **texts[4];

	(void)result;
	*session = (struct presence_session){ .row = *row, .began_s = c->now_s - row->active_s };
	list_texts(&session->row, texts);
	for (size_t t = 0; t < 4; t++)
		if (*texts[t] != NULL && (*texts[t] = strdup(*texts[t])) == NULL)
			c->failed = true;
}

static bool take(struct presence *presence, const struct presence_look *look)
{
	struct collecting collecting = { .into = presence, .now_s = look->at_s };
	size_t count = 0;

	for (size_t i = 0; i < look->result->page_count; i++)
		count += netsession_page_entries(look->result->pages[i]);
	*presence = (struct presence){ .level = look->result->level };
	presence->sessions = calloc(count > 0 ? count : 1, sizeof *presence->sessions);
	if (presence->sessions == NULL)
		return false;
	server_result_each(look->result, collect, &collecting);
	qsort(presence->sessions, presence->count, sizeof *presence->sessions, compare);
	return !collecting.failed;
}

/* Moves those sessions that presence lacks out of other. False: out of memory. */
static bool complete(struct presence *presence, struct presence *other)
{
	size_t room = presence->count + other->count, first = presence->count, n = 0, left = 0;
	struct presence_session *sessions = realloc(presence->sessions,
	                                            (room > 0 ? room : 1) * sizeof *sessions);

	if (sessions == NULL)
		return false;
	presence->sessions = sessions;
	for (size_t o = 0; o < other->count; o++) {
		struct presence_session *s = &other->sessions[o];

		while (n < first && compare_session(&sessions[n], s) < 0)
			n++;
		if (n < first && compare_session(&sessions[n], s) == 0) {
			other->sessions[left++] = *s;
			n++;
		} else {
			sessions[presence->count++] = *s;
		}
	}
	other->count = left;
	qsort(sessions, presence->count, sizeof *sessions, compare);
	return true;
}

enum presence_missing presence_misses(const struct presence *presence,
                                      const struct presence_look *look)
{
	enum presence_missing missing = PRESENCE_ALL;
	struct presence now;
	size_t n = 0;

	if (!take(&now, look))
		missing = PRESENCE_NO_MEMORY;
	for (size_t b = 0; b < presence->count && missing == PRESENCE_ALL; b++) {
		while (n < now.count &&
		       compare_session(&now.sessions[n], &presence->sessions[b]) < 0)
			n++;
		if (n == now.count ||
		    compare_session(&now.sessions[n++], &presence->sessions[b]) != 0)
			missing = PRESENCE_SOME_MISSING;
	}
	presence_fini(&now);
	return missing;
}

static bool has_changed(const struct netsession_row *a, const struct netsession_row *b)
{
	return a->num_opens != b->num_opens || a->user_flags != b->user_flags;
}

/* Both looks together: a newer one's sessions count where both have them. */
static bool take_both(struct presence *now, const struct presence_look *look,
                      const struct presence_look *again)
{
	struct presence older = { 0 };
	bool is_good = take(now, again != NULL ? again : look);

	if (is_good && again != NULL)
		is_good = take(&older, look) && complete(now, &older);
	presence_fini(&older);
	return is_good;
}

bool presence_update(struct presence *presence, const struct presence_look *look,
                     const struct presence_look *again,
                     void (*tell)(void *context, enum presence_event event,
                                  const struct server_result *result,
                                  const struct netsession_row *row),
                     void *context)
{
	const struct server_result *result = look->result;
	struct presence now;
	size_t n = 0, b = 0;

	if (!take_both(&now, look, again)) {
		presence_fini(&now);
		return false;
	}
	while (n < now.count || b < presence->count) {
		int order = n == now.count ? 1
		            : b == presence->count
		                    ? -1
		                    : compare_session(&now.sessions[n], &presence->sessions[b]);

		if (order < 0) {
			tell(context, PRESENCE_CAME, result, &now.sessions[n++].row);
		} else if (order > 0) {
			tell(context, PRESENCE_WENT, result, &presence->sessions[b++].row);
		} else {
			/* Another level may lack what this one has. */
			if (now.level == presence->level &&
			    has_changed(&now.sessions[n].row, &presence->sessions[b].row))
				tell(context, PRESENCE_CHANGED, result, &now.sessions[n].row);
			n++;
			b++;
		}
	}
	presence_fini(presence);
	*presence = now;
	return true;
}
