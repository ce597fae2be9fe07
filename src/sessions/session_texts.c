/* SPDX-License-Identifier: MIT */
#include "sessions/session_texts.h"

#include <string.h>
#include "base/client_name.h"
#include "base/user_name.h"

#define BARE 0x80000000u

_Static_assert(SESSION_TABLE_TEXT_BYTES + 2 <= TEXT_POOL_TEXT_BYTES, "a client and its \\\\");
_Static_assert(CLIENT_NAME_ROOM <= TEXT_POOL_KEY_BYTES, "an address and its \\\\");

static const char *account_of(const char *user, char room[TEXT_POOL_KEY_BYTES])
{
	return user_name_account(user, room, TEXT_POOL_KEY_BYTES);
}

/* A client, which is spelled as client_name_spell does, without the scope of its address. */
static const char *without_scope(const char *client, char room[TEXT_POOL_KEY_BYTES])
{
	struct ip_address address;

	if (strchr(client, '%') == NULL || !ip_address_parse(client, &address))
		return client;
	address.scope[0] = '\0';
	memcpy(room, "\\\\", 2);
	(void)ip_address_bracketed_text(&address, room + 2);
	return room;
}

bool session_text_pools_init(struct session_text_pools *p)
{
	/* All three are initialised, whatever fails: session_text_pools_fini frees them. */
	bool clients = text_pool_init(&p->clients, without_scope);
	bool users = text_pool_init(&p->users, account_of);

	return text_pool_init(&p->labels, NULL) && clients && users;
}

void session_text_pools_fini(struct session_text_pools *p)
{
	text_pool_fini(&p->clients);
	text_pool_fini(&p->users);
	text_pool_fini(&p->labels);
}

static bool is_bare(const char *client)
{
	return strncmp(client, "\\\\", 2) != 0;
}

/* A client in the one spelling of its address, with its \\: client itself, or made in buffer. NULL:
 * client is too long. */
static const char *with_slashes(const char *client, char buffer[SESSION_TABLE_TEXT_BYTES + 3])
{
	char room[CLIENT_NAME_ROOM];
	const char *spelled = client_name_spell(client, room);
	size_t bytes = strlen(spelled);

	if (bytes > SESSION_TABLE_TEXT_BYTES)
		return NULL;
	if (!is_bare(spelled) && spelled == client)
		return client;
	memcpy(buffer, "\\\\", 2);
	memcpy(buffer + (is_bare(spelled) ? 2 : 0), spelled, bytes + 1);
	return buffer;
}

static bool session_text_hold(struct text_pool *p, const char *text, uint32_t *ref)
{
	*ref = 0;
	if (text == NULL)
		return true;
	if (strlen(text) <= SESSION_TABLE_TEXT_BYTES)
		*ref = text_pool_hold(p, text);
	return *ref != 0;
}

static bool session_text_hold_client(struct text_pool *p, const char *client, uint32_t *ref)
{
	char buffer[SESSION_TABLE_TEXT_BYTES + 3];
	const char *kept;

	*ref = 0;
	if (client == NULL)
		return true;
	kept = with_slashes(client, buffer);
	if (kept != NULL)
		*ref = text_pool_hold(p, kept);
	if (*ref == 0)
		return false;
	if (is_bare(client))
		*ref |= BARE;
	return true;
}

bool session_texts_hold(struct session_text_pools *p, const struct session_facts *facts,
                        struct session_texts *texts)
{
	*texts = (struct session_texts){ 0 };
	if (session_text_hold_client(&p->clients, facts->client, &texts->client) &&
	    session_text_hold(&p->users, facts->user, &texts->user) &&
	    session_text_hold(&p->labels, facts->client_type, &texts->client_type) &&
	    session_text_hold(&p->labels, facts->transport, &texts->transport))
		return true;
	session_texts_release(p, texts);
	return false;
}

void session_texts_release(struct session_text_pools *p, const struct session_texts *texts)
{
	text_pool_release(&p->clients, texts->client & ~BARE);
	text_pool_release(&p->users, texts->user);
	text_pool_release(&p->labels, texts->client_type);
	text_pool_release(&p->labels, texts->transport);
}

static const char *text_or_null(const struct text_pool *p, uint32_t ref)
{
	return ref != 0 ? text_pool_text(p, ref) : NULL;
}

void session_texts_show(const struct session_text_pools *p, const struct session_texts *texts,
                        struct netsession_row *row)
{
	row->client = text_or_null(&p->clients, texts->client & ~BARE);
	if ((texts->client & BARE) != 0)
		row->client += 2;
	row->user = text_or_null(&p->users, texts->user);
	row->client_type = text_or_null(&p->labels, texts->client_type);
	row->transport = text_or_null(&p->labels, texts->transport);
}

void session_texts_prefetch(const struct session_text_pools *p, const struct session_texts *texts)
{
	text_pool_prefetch(&p->clients, texts->client & ~BARE);
	text_pool_prefetch(&p->users, texts->user);
}

uint32_t session_texts_client_group(const struct session_text_pools *p,
                                    const struct session_texts *texts)
{
	return texts->client != 0 ? text_pool_group(&p->clients, texts->client & ~BARE) : 0;
}

uint32_t session_texts_user_group(const struct session_text_pools *p,
                                  const struct session_texts *texts)
{
	return texts->user != 0 ? text_pool_group(&p->users, texts->user) : 0;
}

bool session_texts_same_groups(const struct session_text_pools *p, const struct session_texts *a,
                               const struct session_texts *b)
{
	return session_texts_client_group(p, a) == session_texts_client_group(p, b) &&
	       session_texts_user_group(p, a) == session_texts_user_group(p, b);
}

uint32_t session_texts_find_client(const struct session_text_pools *p, const char *client)
{
	char buffer[SESSION_TABLE_TEXT_BYTES + 3];
	const char *kept = with_slashes(client, buffer);

	return kept != NULL ? text_pool_find_group(&p->clients, kept) : 0;
}

bool session_texts_are_from(const struct session_text_pools *p, const struct session_texts *texts,
                            const char *client)
{
	return texts->client != 0 &&
	       client_name_equal(text_pool_text(&p->clients, texts->client & ~BARE), client);
}

bool session_texts_are_of(const struct session_text_pools *p, const struct session_texts *texts,
                          const char *user)
{
	return texts->user != 0 && user_name_matches(user, text_pool_text(&p->users, texts->user));
}
