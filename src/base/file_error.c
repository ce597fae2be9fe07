/* SPDX-License-Identifier: MIT */
#include "base/file_error.h"

#include <errno.h>
#include <stddef.h>

bool file_error(struct err *err, const char *doing)
{
	static const struct {
		int number;
		NET_API_STATUS status;
		const char *why;
	} meanings[] = {
		{ EACCES, ERROR_ACCESS_DENIED, "not permitted" },
		{ EPERM, ERROR_ACCESS_DENIED, "not permitted" },
		{ EROFS, ERROR_ACCESS_DENIED, "the file system is read-only" },
		{ ENOENT, ERROR_PATH_NOT_FOUND, "it is not there" },
		{ ENOTDIR, ERROR_PATH_NOT_FOUND, "a part of the path is no folder" },
		{ ELOOP, ERROR_PATH_NOT_FOUND, "a link stands where a folder has to" },
		{ EEXIST, ERROR_BUSY, "something else is there" },
		{ EISDIR, ERROR_BUSY, "a folder is there" },
		{ ENAMETOOLONG, ERROR_INVALID_PARAMETER, "the path is too long" },
		{ ENOSPC, ERROR_GEN_FAILURE, "the disk is full" },
		{ EDQUOT, ERROR_GEN_FAILURE, "the disk is full" },
		{ ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL },
		{ EMFILE, ERROR_TOO_MANY_OPEN_FILES, "no file descriptor is left" },
		{ ENFILE, ERROR_TOO_MANY_OPEN_FILES, "no file descriptor is left" },
	};

	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (meanings[i].number == errno) {
			err_set(err, meanings[i].status, doing, meanings[i].why);
			return false;
		}
	err_set(err, ERROR_GEN_FAILURE, doing, "the system refuses it");
	return false;
}
