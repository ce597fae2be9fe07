/* SPDX-License-Identifier: MIT */
#include "smbserver/parts.h"

#include <stdlib.h>

struct smbserver_session *session_find(const struct smbserver *c, uint64_t id)
{
	struct smbserver_session *s = c->sessions;

	while (s != NULL && s->id != id)
		s = s->next;
	return s;
}

/* A log-on that its client does not go on with makes room for the next one. False: all are being
 * judged. */
static bool make_room_for_log_on(struct smbserver *c)
{
	struct smbserver_session *oldest = NULL;
	unsigned count = 0;

	for (struct smbserver_session *s = c->sessions; s != NULL; s = s->next) {
		count += s->state == SESSION_IN_PROGRESS;
		if (s->state == SESSION_IN_PROGRESS && !s->is_authenticating)
			oldest = s;
	}
	if (count == MAX_LOG_ONS && oldest != NULL)
		session_end(oldest);
	return count < MAX_LOG_ONS || oldest != NULL;
}

/* 3.3.5.5.1 */
struct smbserver_session *session_new(struct smbserver *c)
{
	struct smbserver_session *s;

	if (!make_room_for_log_on(c))
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

static void unlink_session(struct smbserver_session *s)
{
	struct smbserver_session **at = &s->connection->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->connection->session_count--;
}

static void end_trees(struct smbserver_session *s)
{
	while (s->trees != NULL) {
		struct tree *t = s->trees;

		s->trees = t->next;
		free(t);
	}
	s->tree_count = 0;
}

void session_end(struct smbserver_session *s)
{
	struct smbserver *c = s->connection;

	while (s->pipes != NULL)
		pipe_end(s, s->pipes);
	end_trees(s);
	unlink_session(s);
	s->state = SESSION_GONE;
	c->host->session_went(c->context, s);
	s->next = c->gone;
	c->gone = s;
}

void sessions_bury(struct smbserver *c)
{
	while (c->gone != NULL) {
		struct smbserver_session *s = c->gone;

		c->gone = s->next;
		crypto_mac_free(s->signing_key);
		smb2_sealing_free(s->sealing);
		identity_release(s->who);
		free(s);
	}
}

void smbserver_close_session(struct smbserver *c, struct smbserver_session *s)
{
	session_end(s);
	if (c->chain.is_open) /* the answer that is being made is still signed by it */
		return;
	waiting_tell(c);
	sessions_bury(c);
}

uint64_t smbserver_session_id(const struct smbserver_session *s)
{
	return s->id;
}

struct identity *smbserver_session_who(const struct smbserver_session *s)
{
	return s->who;
}

unsigned smbserver_session_pipes(const struct smbserver_session *s)
{
	return s->pipe_count;
}

void *smbserver_session_tag(const struct smbserver_session *s)
{
	return s->tag;
}

void smbserver_session_set_tag(struct smbserver_session *s, void *tag)
{
	s->tag = tag;
}

struct smbserver_session *smbserver_sessions(const struct smbserver *c)
{
	return c->sessions;
}

struct smbserver_session *smbserver_session_next(const struct smbserver_session *s)
{
	return s->next;
}
