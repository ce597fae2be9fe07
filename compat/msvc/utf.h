/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16, one character at a time. Malformed text becomes U+FFFD.
 *
 * The archive is linked with programs, so every name that is not static begins with netapi32_crt_.
 */
#ifndef MSVC_UTF_H
#define MSVC_UTF_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

#define UTF_REPLACEMENT 0xFFFD

static inline bool utf16_is_high(uint32_t unit)
{
	return (unit & 0xFC00) == 0xD800;
}

static inline bool utf16_is_low(uint32_t unit)
{
	return (unit & 0xFC00) == 0xDC00;
}

/* Returns the next code point of a text that ends with a NUL, and steps over it. At the end it
 * returns 0 and stays there. */
uint32_t netapi32_crt_utf8_next(const char **text);

/* Write a code point as one or two units, or as one to four bytes. Return how many. */
unsigned netapi32_crt_utf16_put(WCHAR units[2], uint32_t code_point);
unsigned netapi32_crt_utf8_put(char bytes[4], uint32_t code_point);

#endif
