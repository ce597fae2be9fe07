/* SPDX-License-Identifier: MIT */
/* UTF-8 inside, UTF-16 at Windows' faces: the only includer of libunistring. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* The next code point of a NUL-terminated UTF-8 text, which it steps over; at least one U+FFFD for
 * each malformed sequence, at most one a byte; 0 at the end, where it stays. */
uint32_t text_next(const char **utf8);

/* How many bytes of ASCII it begins with: each a code point, and a UTF-16 unit. */
size_t text_ascii_bytes(const char *utf8);

/* The UTF-16 code units of a UTF-8 text, its terminator excluded. */
size_t text_utf16_units(const char *utf8);

/* Splits a code point into one or two UTF-16 units. Returns how many. */
size_t text_utf16_encode(uint32_t code_point, WCHAR units[2]);

/* The bytes that text_utf8_from_utf16 writes at most, its terminator included. */
size_t text_utf8_bound(const WCHAR *utf16);

/* Writes utf16 as UTF-8 with its terminator. A lone surrogate becomes U+FFFD. Returns the byte
 * behind the terminator. */
char *text_utf8_from_utf16(char *to, const WCHAR *utf16);

/* Whether each surrogate in it has its other half. */
bool text_utf16_is_valid(const WCHAR *utf16);
bool text_utf8_is_valid(const char *utf8);

/* Compares without regard to case, as Windows compares names. NULL equals only NULL. */
bool text_equal_nocase(const char *a, const char *b);

/* A hash that is the same for texts that are equal without regard to case. False: out of memory. */
bool text_hash_nocase(const char *utf8, uint32_t *hash);

#endif
