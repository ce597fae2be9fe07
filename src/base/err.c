/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drops the text's last character unless it is a whole one of one byte: it may have been cut in
 * two. */
static void err_drop_cut_character(struct err *e)
{
	size_t end = strlen(e->text);

	while (end > 0 && ((unsigned char)e->text[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)e->text[end - 1] >= 0xC0)
		end--;
	e->text[end] = '\0';
}

NET_API_STATUS err_format(struct err *e, NET_API_STATUS status, const char *step,
                          const char *format, ...)
{
	va_list arguments;

	assert(status != NERR_Success);
	if (e->status != NERR_Success)
		return e->status;
	*e = (struct err){ .status = status, .step = step };
	va_start(arguments, format);
	if (vsnprintf(e->text, sizeof e->text, format, arguments) >= (int)sizeof e->text)
		err_drop_cut_character(e);
	va_end(arguments);
	return status;
}

NET_API_STATUS err_set(struct err *e, NET_API_STATUS status, const char *step, const char *text)
{
	return err_format(e, status, step, "%s", text != NULL ? text : "");
}

const char *err_text(const struct err *e)
{
	if (e->text[0] != '\0')
		return e->text;
	return e->status == ERROR_NOT_ENOUGH_MEMORY ? "out of memory" : "failed";
}
