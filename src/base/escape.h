/* SPDX-License-Identifier: MIT */
/* The one rule for texts from elsewhere: what servers and publishers send, what callers claim to
 * be, and what files and command lines contain. Everything that people or programs read goes
 * through this file: tables, CSV, JSON, logs, messages.
 *
 * Characters that control a terminal, forge a line, reorder a line or are invisible are always
 * escaped. In a format without escape sequences, a character is written as \xNN (up to U+007F),
 * \uNNNN or \UNNNNNNNN, and a byte that is not UTF-8 as \xNN (from \x80). */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Whether a code point is escaped: control characters (C0, DEL, C1), separators of lines and
 * paragraphs, bidirectional controls, noncharacters, and what is invisible by default, such as
 * U+200B and U+3164. The joiners U+200C and U+200D and the variation selectors are not: texts in
 * Persian and emoji need them. */
bool escape_is_needed(uint32_t code_point);

enum escape_form {
	/* Text of a message. A message may contain texts that were escaped before: to escape a text
	 * twice is the same as once. */
	ESCAPE_MESSAGE,
	/* A value by itself, such as a cell of a table. A backslash that would begin an escape is
	 * escaped as \x5C, so that the value can be read back exactly. */
	ESCAPE_FIELD,
};

/* Room for one character in any form, and a terminator: four bytes that are not UTF-8 at most. */
enum { ESCAPE_MAX_BYTES = 4 * 4 + 1 };

/* How many bytes a text begins with that all formats show as they are: all of most texts. */
size_t escape_plain_bytes(const char *text);

/* Steps over one character of text, which must not be at its end, and writes what is shown of it,
 * without a terminator. Returns the bytes written. */
size_t escape_next(enum escape_form form, const char **text, char shown[ESCAPE_MAX_BYTES]);

/* Writes the text of a message and a terminator. A text that is too long ends in "...". Returns the
 * bytes without the terminator. room must be at least 8. */
size_t escape_text(char *to, size_t room, const char *text);

/* Formats a message as printf does, and escapes the whole of it; end is put behind it as it is. The
 * caller frees it. NULL: out of memory. */
__attribute__((format(printf, 2, 0))) char *escape_vformat(const char *end, const char *format,
                                                           va_list arguments);
__attribute__((format(printf, 1, 2))) char *escape_format(const char *format, ...);

/* Writes a cell of CSV: a value in the form ESCAPE_FIELD, quoted as RFC 4180 says. A cell that a
 * spreadsheet program would take for a formula begins with an apostrophe, and so does one that
 * begins with an apostrophe anyway, so that a reader drops the first one always. A semicolon, which
 * separates cells in some languages of these programs, is \x3B. */
void escape_put_csv(FILE *to, const char *cell);

/* Writes JSON that has C0 escaped already, and escapes the rest as \uNNNN. json is whole characters
 * of UTF-8. The parameters are those of jansson's json_dump_callback: to is a FILE. Returns 0; -1:
 * errno says why not. */
int escape_write_json(const char *json, size_t bytes, void *to);

#endif
