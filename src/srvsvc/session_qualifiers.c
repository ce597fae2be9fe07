/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_qualifiers.h"

#include <string.h>
#include "base/text.h"

bool session_qualifier_is_given(const char *utf8)
{
	return utf8 != NULL && utf8[0] != '\0';
}

bool session_qualifier_is_too_long(const char *utf8)
{
	return utf8 != NULL && text_utf16_units(utf8) > SESSION_QUALIFIER_MAX_UNITS;
}

static const char *session_client_bare_name(const char *client)
{
	return client != NULL && strncmp(client, "\\\\", 2) == 0 ? client + 2 : client;
}

bool session_client_equal(const char *a, const char *b)
{
	return text_equal_nocase(session_client_bare_name(a), session_client_bare_name(b));
}

bool session_user_equal(const char *asked, const char *user)
{
	const char *behind_domain = user != NULL ? strchr(user, '\\') : NULL;

	if (text_equal_nocase(asked, user))
		return true;
	return behind_domain != NULL && strchr(asked, '\\') == NULL &&
	       text_equal_nocase(asked, behind_domain + 1);
}
