/* SPDX-License-Identifier: MIT */
#include "relay/closing.h"

#include <string.h>
#include "base/text.h"

static const char *text_at(const struct relay_closing *c, size_t at)
{
	return (const char *)c->texts.data + at;
}

static void put_text(struct relay_closing *c, const char *text)
{
	wire_put_bytes(&c->texts, text, strlen(text) + 1);
}

/* first: where the users begin. */
static bool has(const struct relay_closing *c, size_t first, const char *user)
{
	for (size_t at = first; at < c->texts.len; at += strlen(text_at(c, at)) + 1)
		if (text_equal_nocase(text_at(c, at), user))
			return true;
	return false;
}

bool relay_closing_begin(struct relay_closing *c, const struct session_table *table,
                         const struct session_del_request *request, bool *as_it_is)
{
	const struct session_filter filter = { request->client, request->user };
	struct session_walk walk;
	struct netsession_row row;
	uint32_t id;

	*as_it_is = true;
	if (!session_qualifier_is_given(request->user))
		return true;
	put_text(c, request->client != NULL ? request->client : "");
	c->at = c->texts.len;
	session_walk_begin(&walk, table, &filter, 0);
	while (!c->texts.failed && session_walk_next(&walk, 0, &row, &id)) {
		*as_it_is &= text_equal_nocase(row.user, request->user);
		if (!has(c, c->at, row.user))
			put_text(c, row.user);
	}
	return !c->texts.failed;
}

void relay_closing_fini(struct relay_closing *c)
{
	wire_writer_fini(&c->texts);
}

bool relay_closing_next(struct relay_closing *c, struct session_del_request *request)
{
	if (c->at == c->texts.len)
		return false;
	*request = (struct session_del_request){ .client = text_at(c, 0),
		                                 .user = text_at(c, c->at) };
	c->at += strlen(request->user) + 1;
	return true;
}

void relay_closing_heard(struct relay_closing *c, NET_API_STATUS status)
{
	if (status == NERR_Success)
		c->closed_some = true;
	else if (c->status == NERR_Success)
		c->status = status;
}

/* As Samba does it for those of one name: 0 when one at least was closed. */
NET_API_STATUS relay_closing_status(const struct relay_closing *c)
{
	return c->closed_some ? NERR_Success : c->status;
}
