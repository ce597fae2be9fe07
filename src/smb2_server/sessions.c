/* SPDX-License-Identifier: MIT */
#include "smb2_server/internal.h"

#include <stdlib.h>

struct smb2_server_session *smb2_session_find(const struct smb2_server *c, uint64_t id)
{
	struct smb2_server_session *s = c->sessions;

	while (s != NULL && s->id != id)
		s = s->next;
	return s;
}

/* A log-on that its client does not go on with makes room for the next one. False: all are being
 * judged. */
static bool session_evict_log_on(struct smb2_server *c)
{
	struct smb2_server_session *oldest = NULL;
	unsigned count = 0;

	for (struct smb2_server_session *s = c->sessions; s != NULL; s = s->next) {
		count += s->state == SESSION_IN_PROGRESS;
		if (s->state == SESSION_IN_PROGRESS && !s->is_authenticating)
			oldest = s;
	}
	if (count == MAX_LOG_ONS && oldest != NULL)
		smb2_session_end(oldest);
	return count < MAX_LOG_ONS || oldest != NULL;
}

/* 3.3.5.5.1 */
struct smb2_server_session *smb2_session_new(struct smb2_server *c)
{
	struct smb2_server_session *s;

	if (!session_evict_log_on(c))
		return NULL;
	if (c->session_count == MAX_SESSIONS || (s = calloc(1, sizeof *s)) == NULL)
		return NULL;
	s->connection = c;
	s->id = ++c->settings->last_session_id;
	s->next = c->sessions;
	c->sessions = s;
	c->session_count++;
	return s;
}

static void smb2_session_unlink(struct smb2_server_session *s)
{
	struct smb2_server_session **at = &s->connection->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->connection->session_count--;
}

static void smb2_session_end_trees(struct smb2_server_session *s)
{
	while (s->trees != NULL) {
		struct tree *t = s->trees;

		s->trees = t->next;
		free(t);
	}
	s->tree_count = 0;
}

void smb2_session_end(struct smb2_server_session *s)
{
	struct smb2_server *c = s->connection;

	while (s->pipes != NULL)
		pipe_close(s, s->pipes);
	smb2_session_end_trees(s);
	smb2_session_unlink(s);
	s->state = SESSION_GONE;
	c->host->session_went(c->context, s);
	s->next = c->ended_sessions;
	c->ended_sessions = s;
}

void smb2_session_free_ended(struct smb2_server *c)
{
	while (c->ended_sessions != NULL) {
		struct smb2_server_session *s = c->ended_sessions;

		c->ended_sessions = s->next;
		crypto_mac_free(s->signing_key);
		smb2_encryption_free(s->sealing);
		identity_release(s->who);
		free(s);
	}
}

void smb2_server_close_session(struct smb2_server *c, struct smb2_server_session *s)
{
	smb2_session_end(s);
	if (c->compound.is_open) /* the answer that is being made is still signed by it */
		return;
	pending_respond_ended(c);
	smb2_session_free_ended(c);
}

uint64_t smb2_server_session_id(const struct smb2_server_session *s)
{
	return s->id;
}

struct identity *smb2_server_session_identity(const struct smb2_server_session *s)
{
	return s->who;
}

unsigned smb2_server_session_pipes(const struct smb2_server_session *s)
{
	return s->pipe_count;
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
	return c->sessions;
}

struct smb2_server_session *smb2_server_session_next(const struct smb2_server_session *s)
{
	return s->next;
}
