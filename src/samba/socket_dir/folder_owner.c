/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/folder_owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In one with the sticky bit others may write, and yet change nothing that is somebody else's. */
static bool folder_owner_is_trusted(const char *folder)
{
	struct stat status;

	return stat(folder, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
	       ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & S_ISVTX) != 0);
}

/* The path has no links. */
static bool folder_owner_all_trusted(const char *path, char changeable[PATH_MAX])
{
	size_t bytes = strlen(path);

	do {
		(void)snprintf(changeable, PATH_MAX, "%.*s", bytes > 0 ? (int)bytes : 1, path);
		if (!folder_owner_is_trusted(changeable))
			return false;
		while (bytes > 0 && path[--bytes] != '/')
			;
	} while (changeable[1] != '\0');
	return true;
}

bool folder_owner_path_is_safe(const char *path, char changeable[PATH_MAX])
{
	char part[PATH_MAX], real[PATH_MAX];

	for (size_t bytes = 1;; bytes++) {
		bytes += strcspn(path + bytes, "/");
		if (bytes >= sizeof part)
			return true;
		memcpy(part, path, bytes);
		part[bytes] = '\0';
		if (realpath(part, real) == NULL)
			return true;
		if (!folder_owner_all_trusted(real, changeable))
			return false;
		if (path[bytes] == '\0')
			return true;
	}
}
