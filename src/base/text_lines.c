/* SPDX-License-Identifier: MIT */
#include "base/text_lines.h"

#include <stdio.h>
#include <string.h>
#include <winerror.h>
#include "base/text.h"

#define UTF_8_MARK "\xEF\xBB\xBF"

static bool text_lines_begin_with(const struct text_lines *l, const char *bytes, size_t count)
{
	return (size_t)(l->end - l->next) >= count && memcmp(l->next, bytes, count) == 0;
}

/* With a byte order mark, as Windows saves it, or without one where the first character is ASCII.
 * UTF-32 looks like it. */
static bool text_lines_are_utf_16(const struct text_lines *l)
{
	return text_lines_begin_with(l, "\xFF\xFE", 2) || text_lines_begin_with(l, "\xFE\xFF", 2) ||
	       (l->end - l->next >= 2 && (l->next[0] == '\0') != (l->next[1] == '\0'));
}

static NET_API_STATUS text_lines_fail_with(struct text_lines *l, unsigned line, const char *format,
                                           va_list arguments)
{
	char text[ERR_TEXT_BYTES];

	(void)vsnprintf(text, sizeof text, format, arguments);
	l->next = NULL;
	return err_format(l->err, ERROR_INVALID_PARAMETER, l->step, "%.200s:%u: %s", l->file, line,
	                  text);
}

NET_API_STATUS text_lines_fail(struct text_lines *l, const char *format, ...)
{
	NET_API_STATUS status;
	va_list arguments;

	va_start(arguments, format);
	status = text_lines_fail_with(l, l->line, format, arguments);
	va_end(arguments);
	return status;
}

NET_API_STATUS text_lines_fail_at(struct text_lines *l, unsigned line, const char *format, ...)
{
	NET_API_STATUS status;
	va_list arguments;

	va_start(arguments, format);
	status = text_lines_fail_with(l, line, format, arguments);
	va_end(arguments);
	return status;
}

void text_lines_begin(struct text_lines *l, char *text, size_t bytes, const char *file,
                      const char *step, struct err *err)
{
	*l = (struct text_lines){
		.next = text, .end = text + bytes, .file = file, .step = step, .err = err
	};
	if (text_lines_are_utf_16(l))
		text_lines_fail_at(l, 1, "the file is UTF-16 text; save it as UTF-8");
	else if (text_lines_begin_with(l, UTF_8_MARK, strlen(UTF_8_MARK)))
		l->next += strlen(UTF_8_MARK);
}

/* Ends the line with a NUL, and steps over it. Returns its bytes. */
static size_t text_lines_cut(struct text_lines *l)
{
	char *line = l->next, *end = memchr(line, '\n', (size_t)(l->end - line));

	l->line++;
	l->next = end != NULL ? end + 1 : l->end;
	l->behind = l->next;
	if (end == NULL)
		end = l->end;
	while (end > line && end[-1] == '\r')
		end--;
	*end = '\0';
	return (size_t)(end - line);
}

char *text_lines_next(struct text_lines *l)
{
	char *line = l->next;
	size_t bytes;

	if (l->err->status != NERR_Success || line == NULL || line == l->end)
		return NULL;
	bytes = text_lines_cut(l);
	if (memchr(line, '\0', bytes) != NULL)
		text_lines_fail(l, "the line has a NUL byte; write plain text");
	else if (bytes > TEXT_LINES_MOST_BYTES)
		text_lines_fail(l, "the line is longer than %d bytes; make it shorter",
		                TEXT_LINES_MOST_BYTES);
	else if (strchr(line, '\r') != NULL)
		text_lines_fail(l, "the line has a carriage return before its end; end lines with "
		                   "LF or CRLF");
	else if (!text_utf8_is_valid(line))
		text_lines_fail(l, "the line is not UTF-8; save the file as UTF-8");
	else if (strncmp(line, UTF_8_MARK, strlen(UTF_8_MARK)) == 0)
		text_lines_fail(l, "the line begins with a byte order mark, which only a file may; "
		                   "delete it");
	return l->err->status == NERR_Success ? line : NULL;
}

void text_lines_resume(struct text_lines *l)
{
	*l->err = (struct err){ 0 };
	l->next = l->behind;
}
