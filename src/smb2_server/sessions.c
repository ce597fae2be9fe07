/* SPDX-License-Identifier: MIT */
/* A connection's sessions, with their trees. */
#include "smb2_server/internal.h"

#include <stdlib.h>

struct smb2_server_session *smb2_session_find(const struct smb2_server *c, uint64_t id)
{
	struct smb2_server_session *s;

	TAILQ_FOREACH(s, &c->sessions, link)
		if (s->id == id)
			return s;
	return NULL;
}

/* Ends the oldest log-on that waits for its client, if there are too many. False: all of them wait
 * for the host. */
static bool smb2_session_evict_log_on(struct smb2_server *c)
{
	struct smb2_server_session *s, *oldest = NULL;
	unsigned count = 0;

	TAILQ_FOREACH(s, &c->sessions, link) {
		count += s->state == SESSION_IN_PROGRESS;
		if (s->state == SESSION_IN_PROGRESS && !s->is_authenticating)
			oldest = s;
	}
	if (count == MAX_LOG_ONS && oldest != NULL)
		smb2_session_end(c, oldest);
	return count < MAX_LOG_ONS || oldest != NULL;
}

/* A step has 32 bits, so the ids last for 2^32 sessions. False: OpenSSL gives no random numbers. */
static bool smb2_session_next_id(struct smb2_server_settings *settings)
{
	uint32_t step = 0;

	if (!settings->counts_session_ids && !crypto_random(&step, sizeof step))
		return false;
	settings->last_session_id += (uint64_t)step + 1;
	return true;
}

/* 3.3.5.5.1 */
struct smb2_server_session *smb2_session_new(struct smb2_server *c)
{
	struct smb2_server_session *s;

	if (!smb2_session_evict_log_on(c))
		return NULL;
	if (c->session_count == MAX_SESSIONS || !smb2_session_next_id(c->settings) ||
	    (s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	LIST_INIT(&s->trees);
	TAILQ_INIT(&s->pipes);
	s->id = c->settings->last_session_id;
	TAILQ_INSERT_HEAD(&c->sessions, s, link);
	c->session_count++;
	return s;
}

/* ---- trees ---- */

struct tree *smb2_session_find_tree(const struct smb2_server_session *s, uint32_t id)
{
	struct tree *t;

	LIST_FOREACH(t, &s->trees, link)
		if (t->id == id)
			return t;
	return NULL;
}

struct tree *smb2_session_add_tree(struct smb2_server_session *s)
{
	struct tree *t = s->tree_count < MAX_TREES ? calloc(1, sizeof *t) : NULL;

	if (t == NULL)
		return NULL;
	t->id = ++s->last_tree_id;
	LIST_INSERT_HEAD(&s->trees, t, link);
	s->tree_count++;
	return t;
}

void smb2_session_remove_tree(struct smb2_server *c, struct smb2_server_session *s, struct tree *t)
{
	struct smb2_server_pipe *p, *next;

	for (p = TAILQ_FIRST(&s->pipes); p != NULL; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->tree_id == t->id)
			pipe_close(c, p);
	}
	LIST_REMOVE(t, link);
	s->tree_count--;
	free(t);
}

/* ---- the end ---- */

void smb2_session_end(struct smb2_server *c, struct smb2_server_session *s)
{
	while (!TAILQ_EMPTY(&s->pipes))
		pipe_close(c, TAILQ_FIRST(&s->pipes));
	while (!LIST_EMPTY(&s->trees))
		smb2_session_remove_tree(c, s, LIST_FIRST(&s->trees));
	if (s->is_authenticating && s->state != SESSION_IN_PROGRESS)
		pending_end_setup(c, s);
	s->state = SESSION_ENDED;
	TAILQ_REMOVE(&c->sessions, s, link);
	c->session_count--;
	TAILQ_INSERT_TAIL(&c->ended_sessions, s, link);
}

bool smb2_session_end_marked(struct smb2_server *c)
{
	struct smb2_server_session *s;

	TAILQ_FOREACH(s, &c->sessions, link)
		if (s->is_to_close) {
			smb2_session_end(c, s);
			return true;
		}
	return false;
}

/* Whether a response still has to be signed or encrypted with the key of a session. */
static bool smb2_session_keys_are_needed(const struct smb2_server *c)
{
	return c->message != NULL || c->serving != NULL || !STAILQ_EMPTY(&c->ended_requests);
}

void smb2_session_free_ended(struct smb2_server *c)
{
	struct smb2_server_session *s, *next;

	if (smb2_session_keys_are_needed(c))
		return;
	for (s = TAILQ_FIRST(&c->ended_sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		TAILQ_REMOVE(&c->ended_sessions, s, link);
		crypto_mac_free(s->signing_key);
		smb2_encryption_free(s->encryption);
		identity_release(s->identity);
		free(s);
	}
}

/* ---- the host's side ---- */

void smb2_server_close_session(struct smb2_server *c, struct smb2_server_session *s)
{
	(void)c;
	s->is_to_close = true;
}

void smb2_server_expire_session(struct smb2_server *c, struct smb2_server_session *s)
{
	(void)c;
	if (s->state == SESSION_VALID)
		s->state = SESSION_EXPIRED;
}

uint64_t smb2_server_session_id(const struct smb2_server_session *s)
{
	return s->id;
}

struct identity *smb2_server_session_identity(const struct smb2_server_session *s)
{
	return s->identity;
}

unsigned smb2_server_session_pipes(const struct smb2_server_session *s)
{
	return s->pipe_count;
}

bool smb2_server_session_is_encrypted(const struct smb2_server_session *s)
{
	return s->is_encrypted;
}

uint16_t smb2_server_dialect(const struct smb2_server *c)
{
	return c->dialect;
}

void *smb2_server_session_tag(const struct smb2_server_session *s)
{
	return s->tag;
}

void smb2_server_session_set_tag(struct smb2_server_session *s, void *tag)
{
	s->tag = tag;
}

struct smb2_server_session *smb2_server_sessions(const struct smb2_server *c)
{
	return TAILQ_FIRST(&c->sessions);
}

struct smb2_server_session *smb2_server_session_next(const struct smb2_server_session *s)
{
	return TAILQ_NEXT(s, link);
}
