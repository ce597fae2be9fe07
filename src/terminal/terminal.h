/* SPDX-License-Identifier: MIT */
/* Messages, and text of people whose locale is not UTF-8. All output is UTF-8 in every locale,
 * because programs read it, too; only a terminal of another charset gets its own charset. There,
 * the bytes of UTF-8 would be other characters, and some of them control the terminal. The locale C
 * names no charset of a terminal: terminals that run without a locale are of UTF-8 mostly. */
#ifndef TERMINAL_TERMINAL_H
#define TERMINAL_TERMINAL_H

#include <stdio.h>

/* Writes a message, formatted as by printf and escaped (base/escape.h); its end is left open. */
__attribute__((format(printf, 2, 3))) void terminal_print(FILE *to, const char *format, ...);
/* The same as a whole line. The format has no newline. */
__attribute__((format(printf, 2, 3))) void terminal_print_line(FILE *to, const char *format, ...);

/* Takes an argument that is not UTF-8 for text in the charset of the locale. Returns it in UTF-8,
 * for as long as the program runs. What is not in that charset either is returned as it is, and is
 * refused later as any text that is not UTF-8. NULL gives NULL. */
const char *terminal_decode(const char *text);

/* Writes UTF-8 that is escaped. A character that the terminal's charset lacks is shown
 * as so many '?' as it has columns. */
void terminal_put(FILE *to, const char *text, size_t bytes);

#endif
