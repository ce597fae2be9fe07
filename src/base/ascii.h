/* SPDX-License-Identifier: MIT */
/* The case of ASCII's letters, which is the same in every locale. toupper and strcasecmp of the C
 * library depend on the locale: in tr_TR.UTF-8, I is not the capital of i. */
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

#endif
