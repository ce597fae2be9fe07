/* SPDX-License-Identifier: MIT */
#include "wire/nbns_name.h"

#include <assert.h>
#include <string.h>

static bool nbns_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool nbns_is_letter_or_digit(char c)
{
	return nbns_is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool nbns_name_fits(const char *host)
{
	size_t length = strlen(host);

	if (length == 0 || length > NBNS_NAME_MAX_BYTES)
		return false;
	for (const char *at = host; *at != '\0'; at++)
		if (!nbns_is_letter_or_digit(*at) && strchr("!@#$%^&()-_'{}~", *at) == NULL)
			return false;
	return true;
}

void nbns_name_encode(uint8_t to[NBNS_ENCODED_BYTES], const char *host, uint8_t suffix)
{
	uint8_t name[NBNS_NAME_MAX_BYTES + 1];

	assert(strlen(host) <= NBNS_NAME_MAX_BYTES);
	memset(name, ' ', NBNS_NAME_MAX_BYTES);
	for (size_t i = 0; host[i] != '\0'; i++)
		name[i] = (uint8_t)(nbns_is_lower(host[i]) ? host[i] - 'a' + 'A' : host[i]);
	name[NBNS_NAME_MAX_BYTES] = suffix;
	*to++ = 2 * sizeof name;
	for (size_t i = 0; i < sizeof name; i++) {
		*to++ = (uint8_t)('A' + (name[i] >> 4));
		*to++ = (uint8_t)('A' + (name[i] & 15));
	}
	*to = 0;
}
