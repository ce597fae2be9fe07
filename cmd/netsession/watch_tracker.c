/* SPDX-License-Identifier: MIT */
#include "watch_tracker.h"

#include <stdlib.h>
#include <string.h>

/* How far two looks may disagree on when a session began: answers travel, and seconds are whole. */
#define TOLERANCE_S 3

static const char *row_text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int watched_session_compare_names(const struct watched_session *a,
                                         const struct watched_session *b)
{
	int order = strcmp(row_text_or_empty(a->row.client), row_text_or_empty(b->row.client));

	return order != 0 ? order
	                  : strcmp(row_text_or_empty(a->row.user), row_text_or_empty(b->row.user));
}

static int watched_session_compare(const void *a, const void *b)
{
	const struct watched_session *one = a, *other = b;
	int order = watched_session_compare_names(one, other);

	return order != 0 ? order
	                  : (one->began_s > other->began_s) - (one->began_s < other->began_s);
}

/* Where one comes before the other; 0: they are the same session. */
static int watched_session_match(const struct watched_session *a, const struct watched_session *b)
{
	int64_t apart = a->began_s - b->began_s;
	int order = watched_session_compare_names(a, b);

	if (order != 0)
		return order;
	return apart > TOLERANCE_S ? 1 : apart < -TOLERANCE_S ? -1 : 0;
}

/* Every text of a row. */
static void row_list_texts(struct netsession_row *row, const char **texts[4])
{
	texts[0] = &row->client;
	texts[1] = &row->user;
	texts[2] = &row->client_type;
	texts[3] = &row->transport;
}

void watch_tracker_fini(struct watch_tracker *presence)
{
	const char **texts[4];

	for (size_t i = 0; i < presence->count; i++) {
		row_list_texts(&presence->sessions[i].row, texts);
		for (size_t t = 0; t < 4; t++)
			free((char *)(uintptr_t)*texts[t]);
	}
	free(presence->sessions);
	*presence = (struct watch_tracker){ 0 };
}

struct watch_reading {
	struct watch_tracker *into;
	int64_t now_s;
	bool failed;
};

static void watch_tracker_add_row(void *context, const struct server_result *result,
                                  const struct netsession_row *row)
{
	struct watch_reading *c = context;
	struct watched_session *session = &c->into->sessions[c->into->count++];
	const char **texts[4];

	(void)result;
	*session = (struct watched_session){ .row = *row, .began_s = c->now_s - row->active_s };
	row_list_texts(&session->row, texts);
	for (size_t t = 0; t < 4; t++)
		if (*texts[t] != NULL && (*texts[t] = strdup(*texts[t])) == NULL)
			c->failed = true;
}

static bool watch_tracker_read(struct watch_tracker *presence, const struct watch_poll *look)
{
	struct watch_reading collecting = { .into = presence, .now_s = look->at_s };
	size_t count = 0;

	for (size_t i = 0; i < look->result->page_count; i++)
		count += netsession_page_entries(look->result->pages[i]);
	*presence = (struct watch_tracker){ .level = look->result->level };
	presence->sessions = calloc(count > 0 ? count : 1, sizeof *presence->sessions);
	if (presence->sessions == NULL)
		return false;
	server_result_each(look->result, watch_tracker_add_row, &collecting);
	qsort(presence->sessions, presence->count, sizeof *presence->sessions,
	      watched_session_compare);
	return !collecting.failed;
}

/* Moves those sessions that presence lacks out of other. False: out of memory. */
static bool watch_tracker_complete(struct watch_tracker *presence, struct watch_tracker *other)
{
	size_t room = presence->count + other->count, first = presence->count, n = 0, left = 0;
	struct watched_session *sessions = realloc(presence->sessions,
	                                           (room > 0 ? room : 1) * sizeof *sessions);

	if (sessions == NULL)
		return false;
	presence->sessions = sessions;
	for (size_t o = 0; o < other->count; o++) {
		struct watched_session *s = &other->sessions[o];

		while (n < first && watched_session_match(&sessions[n], s) < 0)
			n++;
		if (n < first && watched_session_match(&sessions[n], s) == 0) {
			other->sessions[left++] = *s;
			n++;
		} else {
			sessions[presence->count++] = *s;
		}
	}
	other->count = left;
	qsort(sessions, presence->count, sizeof *sessions, watched_session_compare);
	return true;
}

enum watch_missing watch_tracker_misses(const struct watch_tracker *presence,
                                        const struct watch_poll *look)
{
	enum watch_missing missing = WATCH_NONE_MISSING;
	struct watch_tracker now;
	size_t n = 0;

	if (!watch_tracker_read(&now, look))
		missing = WATCH_NO_MEMORY;
	for (size_t b = 0; b < presence->count && missing == WATCH_NONE_MISSING; b++) {
		while (n < now.count &&
		       watched_session_match(&now.sessions[n], &presence->sessions[b]) < 0)
			n++;
		if (n == now.count ||
		    watched_session_match(&now.sessions[n++], &presence->sessions[b]) != 0)
			missing = WATCH_SOME_MISSING;
	}
	watch_tracker_fini(&now);
	return missing;
}

static bool row_has_changed(const struct netsession_row *a, const struct netsession_row *b)
{
	return a->num_opens != b->num_opens || a->user_flags != b->user_flags;
}

/* Both looks together: a newer one's sessions count where both have them. */
static bool watch_tracker_read_both(struct watch_tracker *now, const struct watch_poll *look,
                                    const struct watch_poll *again)
{
	struct watch_tracker older = { 0 };
	bool is_good = watch_tracker_read(now, again != NULL ? again : look);

	if (is_good && again != NULL)
		is_good = watch_tracker_read(&older, look) && watch_tracker_complete(now, &older);
	watch_tracker_fini(&older);
	return is_good;
}

bool watch_tracker_update(struct watch_tracker *presence, const struct watch_poll *look,
                          const struct watch_poll *again,
                          void (*tell)(void *context, enum watch_event event,
                                       const struct server_result *result,
                                       const struct netsession_row *row),
                          void *context)
{
	const struct server_result *result = look->result;
	struct watch_tracker now;
	size_t n = 0, b = 0;

	if (!watch_tracker_read_both(&now, look, again)) {
		watch_tracker_fini(&now);
		return false;
	}
	while (n < now.count || b < presence->count) {
		int order = n == now.count         ? 1
		            : b == presence->count ? -1
		                                   : watched_session_match(&now.sessions[n],
		                                                           &presence->sessions[b]);

		if (order < 0) {
			tell(context, WATCH_OPENED, result, &now.sessions[n++].row);
		} else if (order > 0) {
			tell(context, WATCH_CLOSED, result, &presence->sessions[b++].row);
		} else {
			/* Another level may lack what this one has. */
			if (now.level == presence->level &&
			    row_has_changed(&now.sessions[n].row, &presence->sessions[b].row))
				tell(context, WATCH_CHANGED, result, &now.sessions[n].row);
			n++;
			b++;
		}
	}
	watch_tracker_fini(presence);
	*presence = now;
	return true;
}
