/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/inspection.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "net/local_text.h"

#define STEP "inspect the folder of pipes"

/* ---- who could replace a folder ---- */

/* In a folder with the sticky bit others may write, but cannot replace what is not theirs. */
static bool inspection_folder_is_safe(const char *folder)
{
	struct stat status;

	return stat(folder, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid()) &&
	       ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (status.st_mode & S_ISVTX) != 0);
}

/* Looks at the folder, and at each one above it. The path has no links. */
static bool inspection_all_are_safe(const char *path, char changeable[PATH_MAX])
{
	size_t bytes = strlen(path);

	do {
		(void)snprintf(changeable, PATH_MAX, "%.*s", bytes > 0 ? (int)bytes : 1, path);
		if (!inspection_folder_is_safe(changeable))
			return false;
		while (bytes > 0 && path[--bytes] != '/')
			;
	} while (changeable[1] != '\0');
	return true;
}

bool socket_dir_path_is_safe(const char *path, char changeable[PATH_MAX])
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
		if (!inspection_all_are_safe(real, changeable))
			return false;
		if (path[bytes] == '\0')
			return true;
	}
}

/* ---- pipes ---- */

static enum pipe_state inspection_read_pipe(const char *path)
{
	struct stat status;
	int fd;

	if (lstat(path, &status) != 0)
		return PIPE_ABSENT;
	if (S_ISLNK(status.st_mode))
		return PIPE_LINK;
	if (!S_ISSOCK(status.st_mode))
		return PIPE_OTHER;
	fd = net_local_connect(path);
	if (fd < 0)
		/* A full queue belongs to a process that listens. */
		return errno == EAGAIN ? PIPE_LISTENS : PIPE_DEAD;
	close(fd);
	return PIPE_LISTENS;
}

static void inspection_keep_name(char to[MAX_PIPE_NAME_BYTES], const char *name)
{
	if (to[0] == '\0')
		snprintf(to, MAX_PIPE_NAME_BYTES, "%.*s", MAX_PIPE_NAME_BYTES - 1, name);
}

/* Whether netsession-samba made the link, when Samba's folder was another one. */
static bool inspection_is_ours(const char *target, const char *name)
{
	char tail[NAME_MAX + 8];
	size_t bytes = strlen(target);
	size_t tail_bytes = (size_t)snprintf(tail, sizeof tail, "/np/%s", name);

	return target[0] == '/' && bytes > tail_bytes &&
	       strcmp(target + bytes - tail_bytes, tail) == 0;
}

static void inspection_read_link(struct socket_dir_inspection *to, const char *directory,
                                 const char *name, const char *ncalrpc_dir)
{
	char path[PATH_MAX], expected[PATH_MAX], target[PATH_MAX];
	struct stat status;
	ssize_t bytes;

	snprintf(path, sizeof path, "%s/np/%s", directory, name);
	snprintf(expected, sizeof expected, "%s/np/%s", ncalrpc_dir, name);
	bytes = readlink(path, target, sizeof target - 1);
	if (bytes >= 0)
		target[bytes] = '\0';
	if (bytes >= 0 && strcmp(target, expected) != 0 && inspection_is_ours(target, name)) {
		to->old++;
		inspection_keep_name(to->an_old, name);
		(void)snprintf(to->old_target, sizeof to->old_target, "%.*s",
		               (int)((size_t)bytes - strlen(name) - 1), target);
		return;
	}
	if (bytes < 0 || strcmp(target, expected) != 0) {
		to->odd++;
		inspection_keep_name(to->an_odd, name);
		return;
	}
	to->links++;
	to->dangling += stat(path, &status) != 0;
}

static void inspection_read_socket(struct socket_dir_inspection *to, const char *directory,
                                   const char *name, const char *ncalrpc_dir)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof path, "%s/np/%s", ncalrpc_dir, name);
	if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode))
		return;
	snprintf(path, sizeof path, "%s/np/%s", directory, name);
	if (lstat(path, &status) == 0)
		return;
	to->missing++;
	inspection_keep_name(to->a_missing, name);
}

static void inspection_read_each(struct socket_dir_inspection *to, const char *folder,
                                 const char *directory, const char *ncalrpc_dir,
                                 void (*look)(struct socket_dir_inspection *to,
                                              const char *directory, const char *name,
                                              const char *ncalrpc_dir))
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *opened;

	snprintf(path, sizeof path, "%s/np", folder);
	opened = opendir(path);
	while (opened != NULL && (entry = readdir(opened)) != NULL)
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "srvsvc") != 0)
			look(to, directory, entry->d_name, ncalrpc_dir);
	if (opened != NULL)
		closedir(opened);
}

/* A user who could put a socket there would receive the identity of every caller, and could pose as
 * Samba. */
static void inspection_check_writers(struct socket_dir_inspection *to, const char *path)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return;
	if (!S_ISDIR(status.st_mode))
		err_format(&to->unsafe, ERROR_ACCESS_DENIED, STEP, "%s is not a folder", path);
	else if (status.st_uid != 0)
		err_format(&to->unsafe, ERROR_ACCESS_DENIED, STEP, "%s does not belong to root",
		           path);
	else if ((status.st_mode & 022) != 0)
		err_format(&to->unsafe, ERROR_ACCESS_DENIED, STEP,
		           "%s is writable by users other than root", path);
}

/* Nor may others put another folder in its place. */
static void inspection_check_parents(struct socket_dir_inspection *to, const char *directory)
{
	char changeable[PATH_MAX];

	if (!socket_dir_path_is_safe(directory, changeable))
		err_format(&to->unsafe, ERROR_ACCESS_DENIED, STEP,
		           "%.90s can be replaced by users other than root, who may change %.90s",
		           directory, changeable);
}

void socket_dir_inspect(struct socket_dir_inspection *to, const char *directory,
                        const char *ncalrpc_dir)
{
	char path[PATH_MAX];

	*to = (struct socket_dir_inspection){ 0 };
	inspection_check_writers(to, directory);
	snprintf(path, sizeof path, "%s/np", directory);
	inspection_check_writers(to, path);
	inspection_check_parents(to, directory);
	snprintf(path, sizeof path, "%s/np/srvsvc", directory);
	to->srvsvc = inspection_read_pipe(path);
	snprintf(path, sizeof path, "%s/np/srvsvc", ncalrpc_dir);
	to->samba = inspection_read_pipe(path);
	inspection_read_each(to, directory, directory, ncalrpc_dir, inspection_read_link);
	inspection_read_each(to, ncalrpc_dir, directory, ncalrpc_dir, inspection_read_socket);
}

bool socket_dir_find_target(const char *directory, char ncalrpc_dir[PATH_MAX])
{
	char path[PATH_MAX], ending[NAME_MAX + 8];
	bool is_found = false;
	struct dirent *entry;
	DIR *opened;

	snprintf(path, sizeof path, "%s/np", directory);
	opened = opendir(path);
	while (opened != NULL && !is_found && (entry = readdir(opened)) != NULL) {
		int ending_bytes = snprintf(ending, sizeof ending, "/np/%s", entry->d_name);
		ssize_t bytes = readlinkat(dirfd(opened), entry->d_name, ncalrpc_dir, PATH_MAX - 1);

		if (bytes <= ending_bytes)
			continue;
		ncalrpc_dir[bytes] = '\0';
		bytes -= ending_bytes;
		is_found = strcmp(ncalrpc_dir + bytes, ending) == 0;
		ncalrpc_dir[bytes] = '\0';
	}
	if (opened != NULL)
		closedir(opened);
	return is_found;
}
