/* SPDX-License-Identifier: MIT */
#include "samba/relay/session_del.h"

#include "base/client_name.h"
#include "base/text.h"
#include "base/user_name.h"

bool relay_session_del_begin(struct session_deletions *d, const struct session_cache *cache,
                             const struct session_del_request *request, bool *as_it_is)
{
	bool has_client = session_qualifier_is_given(request->client),
	     has_user = session_qualifier_is_given(request->user);
	const char *client, *user;
	uint32_t at = 0;

	*as_it_is = true;
	while (!d->texts.failed && session_cache_next_names(cache, &at, &client, &user)) {
		if ((has_client && !client_name_equal(request->client, client)) ||
		    (has_user && !user_name_matches(request->user, user)))
			continue;
		*as_it_is &= !has_client ||
		             text_equal_nocase(client_name_bare(request->client), client);
		*as_it_is &= !has_user || text_equal_nocase(user, request->user);
		session_deletions_add(d, has_client ? client : NULL, has_user ? user : NULL);
	}
	return !d->texts.failed;
}
