/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_deletions.h"

#include <string.h>
#include "base/client_name.h"

static const char *session_deletions_text(const struct session_deletions *d, size_t at)
{
	return (const char *)d->texts.data + at;
}

static void session_deletions_put_text(struct session_deletions *d, const char *text)
{
	wire_put_bytes(&d->texts, text, strlen(text) + 1);
}

static size_t session_deletions_behind(const struct session_deletions *d, size_t at)
{
	at += strlen(session_deletions_text(d, at)) + 1;
	return at + strlen(session_deletions_text(d, at)) + 1;
}

void session_deletions_fini(struct session_deletions *d)
{
	wire_writer_fini(&d->texts);
	key_map_fini(&d->places);
}

/* FNV-1a, 64 bits. */
static uint64_t session_deletions_hash(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (uint8_t)*text) * 0x100000001B3;
	while (*text++ != '\0');
	return hash;
}

/* Whether there is such a request. A server that chooses names of one hash gets some more than
 * once, and nothing takes longer. */
static bool session_deletions_find_or_place(struct session_deletions *d, const char *bare,
                                            const char *user)
{
	uint64_t hash = session_deletions_hash(session_deletions_hash(0xCBF29CE484222325, bare),
	                                       user);
	uint32_t place = key_map_find(&d->places, hash);
	const char *client;

	if (place == 0) {
		if (d->places.count == 0) /* where an object lies, a server does not know */
			d->places.seed = (uint64_t)(uintptr_t)d * 0x9E3779B97F4A7C15;
		if (d->texts.len >= UINT32_MAX ||
		    !key_map_set(&d->places, hash, (uint32_t)d->texts.len + 1))
			d->texts.failed = true;
		return false;
	}
	client = session_deletions_text(d, place - 1);
	return strcmp(client_name_bare(client), bare) == 0 &&
	       strcmp(client + strlen(client) + 1, user) == 0;
}

/* Names are compared byte by byte: a server may know others that differ in case. */
void session_deletions_add(struct session_deletions *d, const char *client, const char *user)
{
	const char *bare = client != NULL ? client_name_bare(client) : "";

	if (user == NULL)
		user = "";
	/* After a failure the places lead to texts that are not there. */
	if (d->texts.failed || session_deletions_find_or_place(d, bare, user))
		return;
	if (client != NULL) /* [MS-SRVS] 3.1.4.6: it begins with \\ */
		wire_put_bytes(&d->texts, "\\\\", 2);
	session_deletions_put_text(d, bare);
	session_deletions_put_text(d, user);
}

bool session_deletions_next(struct session_deletions *d, struct session_del_request *request)
{
	const char *client, *user;

	if (d->at == d->texts.len)
		return false;
	client = session_deletions_text(d, d->at);
	user = client + strlen(client) + 1;
	*request = (struct session_del_request){ .client = *client != '\0' ? client : NULL,
		                                 .user = *user != '\0' ? user : NULL };
	d->at = session_deletions_behind(d, d->at);
	return true;
}

void session_deletions_receive(struct session_deletions *d, NET_API_STATUS status)
{
	if (status == NERR_Success)
		d->closed_some = true;
	else if (d->status == NERR_Success)
		d->status = status;
}

NET_API_STATUS session_deletions_status(const struct session_deletions *d)
{
	return d->closed_some ? NERR_Success : d->status;
}
