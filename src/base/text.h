/* SPDX-License-Identifier: MIT */
/* Texts: UTF-8 inside this program, UTF-16 on the wire and in the Windows API. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* Returns the next code point of a NUL-terminated UTF-8 text, and steps over it. A malformed
 * sequence gives at least one U+FFFD, and at most one for each byte. At the end returns 0 and
 * stays. */
uint32_t text_next(const char **utf8);
/* The same of a text that ends at end and has no terminator. */
uint32_t text_next_before(const char **utf8, const char *end);

/* Returns how many bytes of ASCII the text begins with: each is a code point and a UTF-16 unit. */
size_t text_ascii_bytes(const char *utf8);

/* Returns the length of a UTF-8 text in UTF-16 units, without terminator. */
size_t text_utf16_units(const char *utf8);

/* Encodes a code point in one or two UTF-16 units. Returns how many. */
size_t text_utf16_encode(uint32_t code_point, WCHAR units[2]);

/* Returns how many bytes text_utf8_from_utf16 writes at most, including the terminator. */
size_t text_utf8_bound(const WCHAR *utf16);

/* Writes utf16 as UTF-8 with a terminator. A lone surrogate becomes U+FFFD. Returns where the
 * terminator ends. */
char *text_utf8_from_utf16(char *to, const WCHAR *utf16);

/* Whether a text is well-formed; in UTF-16: whether each surrogate is one of a pair. */
bool text_utf16_is_valid(const WCHAR *utf16);
bool text_utf8_is_valid(const char *utf8);

/* Replaces each byte that belongs to no well-formed character by '?'. */
void text_utf8_make_valid(char *utf8);
/* Converts bytes of this charset, a name as iconv(3) and Samba know it, to UTF-8. Bytes that are
 * well-formed UTF-8 already are taken as such. False: there is no such charset, the bytes are not
 * valid in it, or to has not enough room. */
bool text_utf8_from_charset(const char *charset, const char *bytes, char *to, size_t room);

/* Drops the last character of a text that was cut to fit, unless it is of one byte: it may be cut
 * in two. */
void text_drop_cut_character(char *utf8);

/* Compares without regard to case, as Windows compares names. NULL is equal to NULL only. */
bool text_equal_nocase(const char *a, const char *b);

/* The same, of texts with a length. */
bool text_equal_nocase_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes);

/* Whether Windows and Samba write a name in capitals as libunistring does, which gss-ntlmssp uses.
 * They replace one UTF-16 unit by one, so they know no capitals for a sharp s or for ligatures, nor
 * beyond the Basic Multilingual Plane, and leave letters alone whose capital has another small
 * letter, such as a long s. */
bool text_has_windows_capitals(const char *utf8);

/* Returns a text that is the same for texts that text_equal_nocase finds equal. The caller frees
 * it. NULL: out of memory. */
char *text_fold_nocase(const char *utf8);

/* Gives a hash, which is the same for texts that text_equal_nocase finds equal. False: out of
 * memory. */
bool text_hash_nocase(const char *utf8, uint32_t *hash);

#endif
