/* SPDX-License-Identifier: MIT */
/* UTF-8 and UTF-16, one character at a time. What is malformed becomes U+FFFD.
 *
 * What is not static in the archive has a name that no program has: it is linked with theirs. */
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

/* The next code point of a text with a NUL, which it steps over; 0 at the end, where it stays. */
uint32_t netapi32_crt_utf8_next(const char **text);

/* Writes a code point, as one or two units or one to four bytes. Returns how many. */
unsigned netapi32_crt_utf16_put(WCHAR units[2], uint32_t code_point);
unsigned netapi32_crt_utf8_put(char bytes[4], uint32_t code_point);

#endif
