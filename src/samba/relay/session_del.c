/* SPDX-License-Identifier: MIT */
#include "samba/relay/session_del.h"

#include <string.h>
#include "base/client_name.h"
#include "base/text.h"

static const char *relay_session_del_text(const struct relay_session_del *c, size_t at)
{
	return (const char *)c->texts.data + at;
}

static void relay_session_del_put_text(struct relay_session_del *c, const char *text)
{
	wire_put_bytes(&c->texts, text, strlen(text) + 1);
}

static size_t relay_session_del_behind(const struct relay_session_del *c, size_t at)
{
	at += strlen(relay_session_del_text(c, at)) + 1;
	return at + strlen(relay_session_del_text(c, at)) + 1;
}

/* Adds a request, if there is none of these names yet. client has no \\; NULL: any. */
static void relay_session_del_add(struct relay_session_del *c, const char *client, const char *user)
{
	for (size_t at = 0; at < c->texts.len; at = relay_session_del_behind(c, at)) {
		const char *its_client = relay_session_del_text(c, at);

		if ((client == NULL || strcmp(client_name_bare(its_client), client) == 0) &&
		    text_equal_nocase(its_client + strlen(its_client) + 1, user))
			return;
	}
	if (client != NULL)
		wire_put_bytes(&c->texts, "\\\\", 2);
	relay_session_del_put_text(c, client != NULL ? client : "");
	relay_session_del_put_text(c, user);
}

bool relay_session_del_begin(struct relay_session_del *c, const struct session_cache *cache,
                             const struct session_del_request *request, bool *as_it_is)
{
	bool has_client = session_qualifier_is_given(request->client),
	     has_user = session_qualifier_is_given(request->user);
	const char *client, *user;
	uint32_t at = 0;

	*as_it_is = true;
	while (!c->texts.failed && session_cache_next_names(cache, &at, &client, &user)) {
		if ((has_client && !client_name_equal(request->client, client)) ||
		    (has_user && !session_user_equal(request->user, user)))
			continue;
		*as_it_is &= !has_client ||
		             text_equal_nocase(client_name_bare(request->client), client);
		*as_it_is &= !has_user || text_equal_nocase(user, request->user);
		relay_session_del_add(c, has_client ? client : NULL, has_user ? user : "");
	}
	return !c->texts.failed;
}

void relay_session_del_fini(struct relay_session_del *c)
{
	wire_writer_fini(&c->texts);
}

bool relay_session_del_next(struct relay_session_del *c, struct session_del_request *request)
{
	const char *client;

	if (c->at == c->texts.len)
		return false;
	client = relay_session_del_text(c, c->at);
	*request = (struct session_del_request){ .client = client,
		                                 .user = client + strlen(client) + 1 };
	c->at = relay_session_del_behind(c, c->at);
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
