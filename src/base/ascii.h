/* SPDX-License-Identifier: MIT */
/* Letters and control characters of ASCII, which are the same in every locale. toupper, strcasecmp
 * and iscntrl of the C library depend on the locale: in tr_TR.UTF-8, I is not the capital of i. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Whether a text begins with a prefix, without regard to the case of ASCII's letters. */
static inline bool ascii_begins_nocase(const char *text, const char *prefix)
{
	while (*prefix != '\0' && ascii_lower(*text) == ascii_lower(*prefix)) {
		text++;
		prefix++;
	}
	return *prefix == '\0';
}

/* Whether a text has a control character of ASCII. */
static inline bool ascii_has_control(const char *text)
{
	while ((unsigned char)*text >= ' ' && *text != 0x7F)
		text++;
	return *text != '\0';
}

#endif
