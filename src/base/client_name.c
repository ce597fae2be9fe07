/* SPDX-License-Identifier: MIT */
#include "base/client_name.h"

#include <string.h>
#include "base/text.h"

const char *client_name_bare(const char *client)
{
	return client != NULL && strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
}

bool client_name_equal(const char *a, const char *b)
{
	struct ip_address one, other;

	if (ip_address_parse(a, &one) && ip_address_parse(b, &other))
		return ip_address_equal(&one, &other);
	return text_equal_nocase(client_name_bare(a), client_name_bare(b));
}

int client_name_compare(const char *a, const char *b)
{
	struct ip_address one, other;
	bool is_address = ip_address_parse(a, &one), other_is_address = ip_address_parse(b, &other);

	if (is_address && other_is_address)
		return ip_address_compare(&one, &other);
	if (is_address || other_is_address)
		return is_address ? -1 : 1;
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(client_name_bare(a), client_name_bare(b));
}

const char *client_name_spell(const char *client, char room[CLIENT_NAME_ROOM])
{
	size_t slashes = client != NULL ? (size_t)(client_name_bare(client) - client) : 0;
	struct ip_address address;

	if (!ip_address_parse(client, &address))
		return client;
	memcpy(room, client, slashes);
	(void)ip_address_bracketed_text(&address, room + slashes);
	return room;
}
