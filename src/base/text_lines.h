/* SPDX-License-Identifier: MIT */
/* The lines of a text file that people write: credentials, accounts, configuration. Bytes in, lines
 * out, without I/O. What editors of Unix and Windows save as UTF-8 is read alike; a file that is no
 * such text is refused with its name and the number of the line. */
#ifndef BASE_TEXT_LINES_H
#define BASE_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

/* The longest line, without its end. */
enum { TEXT_LINES_MOST_BYTES = 65535 };

/* Members except line are private. */
struct text_lines {
	unsigned line; /* number of the line that was given last, from 1; 0: none was */
	char *next, *end;
	char *behind; /* the line that was given last */
	const char *file, *step;
	struct err *err;
};

/* Begins to read a text of this many bytes, which may hold anything. text is kept and changed, and
 * has room for one more byte. file and step, for the complaints, and err are kept, too. A byte
 * order mark of UTF-8 is no part of the first line. */
void text_lines_begin(struct text_lines *l, char *text, size_t bytes, const char *file,
                      const char *step, struct err *err);

/* Gives the next line: UTF-8 without NUL, without its LF or CRLF. Lives as long as the text, and
 * may be changed. The last line may lack an end. NULL: there is no further line, or err holds a
 * failure, which may have been there before. */
char *text_lines_next(struct text_lines *l);

/* Records ERROR_INVALID_PARAMETER with a text that begins with "FILE:LINE: ", of the line that was
 * given last. Say what is wrong, and what to do. Ends the lines. Returns err's status. */
__attribute__((format(printf, 2, 3))) NET_API_STATUS text_lines_fail(struct text_lines *l,
                                                                     const char *format, ...);

/* Goes on behind a line that was refused, by text_lines_next or by its reader, and forgets the
 * failure. A file that was refused as a whole has no further line. */
void text_lines_resume(struct text_lines *l);

/* The same as text_lines_fail of an earlier line. */
__attribute__((format(printf, 3, 4))) NET_API_STATUS text_lines_fail_at(struct text_lines *l,
                                                                        unsigned line,
                                                                        const char *format, ...);

#endif
