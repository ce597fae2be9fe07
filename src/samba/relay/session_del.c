/* SPDX-License-Identifier: MIT */
#include "samba/relay/session_del.h"

#include <string.h>
#include "base/text.h"

static const char *relay_session_del_text(const struct relay_session_del *c, size_t at)
{
	return (const char *)c->texts.data + at;
}

static void relay_session_del_put_text(struct relay_session_del *c, const char *text)
{
	wire_put_bytes(&c->texts, text, strlen(text) + 1);
}

/* first: where the users' names begin. */
static bool relay_session_del_has_user(const struct relay_session_del *c, size_t first,
                                       const char *user)
{
	for (size_t at = first; at < c->texts.len; at += strlen(relay_session_del_text(c, at)) + 1)
		if (text_equal_nocase(relay_session_del_text(c, at), user))
			return true;
	return false;
}

bool relay_session_del_begin(struct relay_session_del *c, const struct session_table *table,
                             const struct session_del_request *request, bool *as_it_is)
{
	const struct session_filter filter = { request->client, request->user };
	struct session_walk walk;
	struct netsession_row row;
	uint32_t id;

	*as_it_is = true;
	if (!session_qualifier_is_given(request->user))
		return true;
	relay_session_del_put_text(c, request->client != NULL ? request->client : "");
	c->at = c->texts.len;
	session_walk_begin(&walk, table, &filter, 0);
	while (!c->texts.failed && session_walk_next(&walk, 0, &row, &id)) {
		*as_it_is &= text_equal_nocase(row.user, request->user);
		if (!relay_session_del_has_user(c, c->at, row.user))
			relay_session_del_put_text(c, row.user);
	}
	return !c->texts.failed;
}

void relay_session_del_fini(struct relay_session_del *c)
{
	wire_writer_fini(&c->texts);
}

bool relay_session_del_next(struct relay_session_del *c, struct session_del_request *request)
{
	if (c->at == c->texts.len)
		return false;
	*request = (struct session_del_request){ .client = relay_session_del_text(c, 0),
		                                 .user = relay_session_del_text(c, c->at) };
	c->at += strlen(request->user) + 1;
	return true;
}

void relay_session_del_receive(struct relay_session_del *c, NET_API_STATUS status)
{
	if (status == NERR_Success)
		c->closed_some = true;
	else if (c->status == NERR_Success)
		c->status = status;
}

/* As Samba itself answers for the sessions of one name: 0 if at least one was closed. */
NET_API_STATUS relay_session_del_status(const struct relay_session_del *c)
{
	return c->closed_some ? NERR_Success : c->status;
}
