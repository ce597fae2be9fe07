/* SPDX-License-Identifier: MIT */
#include "client/qualifiers.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "srvsvc/session_qualifiers.h"

/* [MS-SRVS] 3.1.4.5 and 3.1.4.6 want \\ before a client; callers may leave it out. */
static char *qualifiers_unc_name(const char *client)
{
	size_t length = strlen(client);
	bool bare = strncmp(client, "\\\\", 2) != 0;
	char *name = malloc(length + 3);

	if (name != NULL) {
		memcpy(name, "\\\\", 2);
		memcpy(name + (bare ? 2 : 0), client, length + 1);
	}
	return name;
}

static NET_API_STATUS qualifiers_copy_text(const char *text, char *(*copier)(const char *),
                                           char **to, struct err *err)
{
	if (!session_qualifier_is_given(text))
		return NERR_Success;
	*to = copier(text);
	if (*to == NULL)
		return err_set(err, ERROR_NOT_ENOUGH_MEMORY, "query", NULL);
	if (!text_utf8_is_valid(*to))
		return err_set(err, ERROR_INVALID_PARAMETER, "query", "a name is not valid text");
	if (session_qualifier_is_too_long(*to))
		return err_set(err, ERROR_INVALID_PARAMETER, "query",
		               "a name is longer than 1,023 characters");
	return NERR_Success;
}

NET_API_STATUS qualifiers_copy(const struct netsession_query *query, char **client, char **user,
                               struct err *err)
{
	NET_API_STATUS status = qualifiers_copy_text(query->client, qualifiers_unc_name, client,
	                                             err);

	return status != NERR_Success ? status
	                              : qualifiers_copy_text(query->user, strdup, user, err);
}
