/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <winerror.h>
#include "base/locale.h"
#include "base/text.h"

NET_API_STATUS err_vformat(struct err *e, NET_API_STATUS status, const char *step,
                           const char *format, va_list arguments)
{
	assert(status != NERR_Success);
	if (e->status != NERR_Success)
		return e->status;
	*e = (struct err){ .status = status, .step = step };
	if (vsnprintf(e->text, sizeof e->text, format, arguments) >= (int)sizeof e->text)
		text_drop_cut_character(e->text);
	text_utf8_make_valid(e->text); /* what is quoted may be cut, or be from argv */
	return status;
}

NET_API_STATUS err_format(struct err *e, NET_API_STATUS status, const char *step,
                          const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	status = err_vformat(e, status, step, format, arguments);
	va_end(arguments);
	return status;
}

NET_API_STATUS err_set(struct err *e, NET_API_STATUS status, const char *step, const char *text)
{
	return err_format(e, status, step, "%s", text != NULL ? text : "");
}

NET_API_STATUS err_advise(struct err *e, const char *advice)
{
	assert(e->status != NERR_Success);
	if (e->advice == NULL)
		e->advice = advice;
	return e->status;
}

static NET_API_STATUS err_status_of_errno(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
	case EROFS:
		return ERROR_ACCESS_DENIED;
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
		return ERROR_PATH_NOT_FOUND;
	case EEXIST:
	case EISDIR:
		return ERROR_BUSY;
	case ENAMETOOLONG:
		return ERROR_INVALID_PARAMETER;
	case ENOMEM:
		return ERROR_NOT_ENOUGH_MEMORY;
	case EMFILE:
	case ENFILE:
		return ERROR_TOO_MANY_OPEN_FILES;
	default:
		return ERROR_GEN_FAILURE;
	}
}

NET_API_STATUS err_set_errno(struct err *e, const char *step, const char *path)
{
	int number = errno;

	return err_format(e, err_status_of_errno(number), step, "%s: %s", path,
	                  locale_error_text(number));
}

const char *err_text(const struct err *e)
{
	if (e->text[0] != '\0')
		return e->text;
	return e->status == ERROR_NOT_ENOUGH_MEMORY ? "out of memory" : "failed";
}
