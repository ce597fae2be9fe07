/* SPDX-License-Identifier: MIT */
/* The sessions that a source had at one time, and which of them are the same as those of another
 * snapshot. tracker.h says when two sessions are the same. */
#ifndef SESSIONS_SNAPSHOT_H
#define SESSIONS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netsession.h>

/* Which session it is, in the source's own numbers. */
struct session_identity {
	uint64_t numbers[3];
};

/* A start that the source does not say. It is far from any other, and can be added to. */
#define SNAPSHOT_START_UNKNOWN (INT64_MIN / 4)

struct tracked_session {
	struct netsession_row row;    /* a text is NULL where the source gave none */
	int64_t started_s;            /* on the clock of the snapshots, or SNAPSHOT_START_UNKNOWN */
	struct tracked_session *pair; /* the same session in the snapshot before or after */
	/* state_bytes of the tracker's user, zero when the session opens, then carried over from
	 * snapshot to snapshot. */
	void *state;
	uint64_t key; /* grows with each new session, is never used again; 0: not tracked yet */
	struct session_identity identity;
	uint32_t source; /* it was added to its snapshot as number source, from 0 */
};

struct snapshot_memory;

/* Sessions and their texts live until the snapshot is freed, and do not move. */
struct snapshot {
	struct tracked_session **sessions; /* sorted: by identity, or by client, user and start */
	struct tracked_session **by_names; /* sorted: by client, user and start */
	uint32_t count, room;
	uint32_t sorted; /* the number of sessions when they were last sorted */
	bool failed;     /* out of memory; it sticks */
	/* Where a source gives durations, and its answer took time: all sessions may have started
	 * earlier by up to this, all by the same. 0: the starts are right. */
	int64_t max_delay_s;
	bool has_identities; /* otherwise a session is known by client, user and start */
	size_t state_bytes;
	struct snapshot_memory *memory;
};

/* Returns an empty snapshot, whose sessions have identities or not, and state_bytes of state each.
 * NULL: out of memory. */
struct snapshot *snapshot_new(bool has_identities, size_t state_bytes);
/* NULL is allowed. */
void snapshot_free(struct snapshot *s);
/* Adds a session; copies row with its texts, and identity; NULL: without identities. Out of memory
 * shows in failed. */
void snapshot_add(struct snapshot *s, const struct netsession_row *row, int64_t started_s,
                  const struct session_identity *identity);
/* Sorts the sessions that were added. False: out of memory, now or before. */
bool snapshot_sort(struct snapshot *s);
/* Returns how many sessions of this client and user there were when they were last sorted. Gives
 * the index of the first of them in by_names; first: NULL where that is not wanted. */
uint32_t snapshot_find_names(const struct snapshot *s, const char *client, const char *user,
                             uint32_t *first);
/* Returns how many sessions from index at on in by_names have the client and user of that one. */
uint32_t snapshot_count_names(const struct snapshot *s, uint32_t at);
/* For qsort over pointers to sessions: the one that started first stands first; by client,
 * addresses by their numbers, then by user and age. */
int tracked_session_compare_ages(const void *left, const void *right);
int tracked_session_compare_clients(const void *left, const void *right);

/* Pairs the sessions of now with those of next; both are sorted. same_start_s: how far starts of
 * one session may differ; sessions that started in the very same second are paired first, and those
 * whose start one snapshot does not say last. Gives how
 * much later all sessions of next appear to have started than those of now; negative: earlier.
 * Returns the number of pairs. */
uint32_t snapshot_pair(struct snapshot *now, struct snapshot *next, int64_t same_start_s,
                       int64_t *delay_s);
void snapshot_unpair(struct snapshot *s);

#endif
