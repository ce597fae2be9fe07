/* SPDX-License-Identifier: MIT */
#include "base/database_name.h"

#include <stddef.h>
#include <string.h>
#include "base/ascii.h"

/* Keywords of libpq are shorter. */
enum { KEYWORD_BYTES = 64 };

static int database_name_hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c != '\0' ? strchr(digits, ascii_lower(c)) : NULL;

	return found != NULL ? (int)(found - digits) : -1;
}

/* Copies a keyword, in small letters, and without the percent-encoding of a URL. */
static void database_name_copy_keyword(const char *from, const char *end, char to[KEYWORD_BYTES])
{
	size_t bytes = 0;

	for (; from < end && bytes < KEYWORD_BYTES - 1; from++) {
		int high = from[0] == '%' && end - from > 2 ? database_name_hex_digit(from[1]) : -1;
		int low = high >= 0 ? database_name_hex_digit(from[2]) : -1;

		to[bytes++] = ascii_lower(low >= 0 ? (char)(16 * high + low) : from[0]);
		from += low >= 0 ? 2 : 0;
	}
	to[bytes] = '\0';
}

/* Whether one of the keywords of KEYWORD=VALUE&KEYWORD=VALUE or KEYWORD = VALUE KEYWORD = VALUE is
 * that of a secret: password, sslpassword, oauth_client_secret, scram_client_key. */
static bool database_name_has_secret(const char *parameters)
{
	char keyword[KEYWORD_BYTES];

	for (const char *equals = parameters; (equals = strchr(equals, '=')) != NULL; equals++) {
		const char *end = equals, *begin;

		while (end > parameters && end[-1] == ' ')
			end--;
		begin = end;
		while (begin > parameters && strchr("&= ", begin[-1]) == NULL)
			begin--;
		database_name_copy_keyword(begin, end, keyword);
		if (strstr(keyword, "passw") != NULL || strstr(keyword, "secret") != NULL ||
		    strstr(keyword, "scram_") != NULL)
			return true;
	}
	return false;
}

bool database_name_has_password(const char *name)
{
	const char *authority = strstr(name, "://"), *question, *colon, *at;

	if (authority == NULL) {
		const char *equals = strchr(name, '='), *slash = strchr(name, '/');

		/* A path may have both. */
		return equals != NULL && (slash == NULL || equals < slash) &&
		       database_name_has_secret(name);
	}
	authority += strlen("://");
	question = strchr(authority, '?');
	colon = strchr(authority, ':');
	at = memrchr(authority, '@',
	             question != NULL ? (size_t)(question - authority) : strlen(authority));
	return (colon != NULL && at != NULL && colon < at) ||
	       (question != NULL && database_name_has_secret(question + 1));
}
