/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/links.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "net/listener.h"
#include "system/log.h"

#define STEP     "link Samba's pipes"
#define NEW_LINK "link.new" /* is renamed into place, in one step */

/* -1: see err. */
static int links_open_np(int directory, struct err *err)
{
	struct stat status;
	int folder;

	if (mkdirat(directory, LINKS_PIPES, 0700) != 0 && errno != EEXIST) {
		err_set_errno(err, STEP, LINKS_PIPES);
		return -1;
	}
	folder = openat(directory, LINKS_PIPES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		err_set(err, ERROR_BUSY, STEP, "np in the folder of pipes is not a folder");
		return -1;
	}
	if (folder < 0 || fstat(folder, &status) != 0) {
		err_set_errno(err, STEP, LINKS_PIPES);
	} else if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		err_set(err, ERROR_ACCESS_DENIED, STEP,
		        "np in the folder of pipes belongs to another user, or others may write to it");
	} else {
		return folder;
	}
	if (folder >= 0)
		close(folder);
	return -1;
}

/* ---- one name ---- */

enum link_kind { NOTHING, RIGHT_LINK, OTHER_LINK, DEAD_SOCKET, LIVE_SOCKET, FOREIGN };

/* Whether we made the link, also to a folder that was Samba's earlier. */
static bool links_target_is_ours(const char *points_to, const char *name)
{
	char tail[MAX_PIPE_NAME_BYTES + 8];
	size_t bytes = strlen(points_to);
	size_t tail_bytes = (size_t)snprintf(tail, sizeof tail, "/" LINKS_PIPES "/%s", name);

	return points_to[0] == '/' && tail_bytes < sizeof tail && bytes > tail_bytes &&
	       strcmp(points_to + bytes - tail_bytes, tail) == 0;
}

static bool links_socket_is_dead(int folder, const char *name)
{
	char path[NAME_MAX + 32];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d/%s", folder, name);
	return net_local_is_stale(path);
}

static enum link_kind links_inspect(int folder, const char *name, const char *wanted)
{
	char points_to[PATH_MAX];
	struct stat status;
	ssize_t bytes = readlinkat(folder, name, points_to, sizeof points_to - 1);

	if (bytes >= 0) {
		points_to[bytes] = '\0';
		return strcmp(points_to, wanted) == 0          ? RIGHT_LINK
		       : links_target_is_ours(points_to, name) ? OTHER_LINK
		                                               : FOREIGN;
	}
	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? NOTHING : FOREIGN;
	if (!S_ISSOCK(status.st_mode))
		return FOREIGN;
	return links_socket_is_dead(folder, name) ? DEAD_SOCKET : LIVE_SOCKET;
}

static bool links_is_relayed(const char *name)
{
	return strcmp(name, LINKS_RELAYED) == 0;
}

static bool links_replace_one(const struct links *l, int folder, const char *name,
                              const char *wanted, struct err *err)
{
	(void)unlinkat(l->directory, NEW_LINK, 0);
	return (symlinkat(wanted, l->directory, NEW_LINK) == 0 &&
	        renameat(l->directory, NEW_LINK, folder, name) == 0) ||
	       err_set_errno(err, STEP, name) == NERR_Success;
}

/* Makes a name the link that it should be, unless what is there is not ours. Returns what is there
 * then. */
static enum link_kind links_make_one(const struct links *l, int folder, const char *name,
                                     struct err *err)
{
	char wanted[PATH_MAX + MAX_PIPE_NAME_BYTES];
	enum link_kind found;

	(void)snprintf(wanted, sizeof wanted, "%s/%s", l->target, name);
	found = links_inspect(folder, name, wanted);
	if (found == NOTHING) {
		if (symlinkat(wanted, folder, name) == 0)
			return RIGHT_LINK;
		err_set_errno(err, STEP, name);
	}
	/* A relay that was killed leaves a dead socket. */
	if (found == OTHER_LINK || (found == DEAD_SOCKET && links_is_relayed(name)))
		return links_replace_one(l, folder, name, wanted, err) ? RIGHT_LINK : found;
	return found;
}

bool links_release(struct links *l, struct err *err)
{
	int folder = links_open_np(l->directory, err);

	if (folder < 0)
		return false;
	switch (links_make_one(l, folder, LINKS_RELAYED, err)) {
	case RIGHT_LINK:
		break;
	case LIVE_SOCKET:
		err_set(err, ERROR_BUSY, STEP, "another process listens at np/srvsvc");
		break;
	default:
		err_set(err, ERROR_BUSY, STEP, "np/srvsvc was not made by netsession-samba");
	}
	close(folder);
	return err->status == NERR_Success;
}

bool links_restore(struct links *l, struct err *err)
{
	char wanted[PATH_MAX + MAX_PIPE_NAME_BYTES];
	int folder = links_open_np(l->directory, err);
	bool taken;

	if (folder < 0)
		return false;
	(void)snprintf(wanted, sizeof wanted, "%s/" LINKS_RELAYED, l->target);
	taken = links_replace_one(l, folder, LINKS_RELAYED, wanted, err);
	close(folder);
	return taken;
}

/* ---- all of them ---- */

static void links_find_present(struct links *l)
{
	DIR *folder = opendir(l->target);
	const struct dirent *entry;
	struct stat status;

	l->present.count = 0;
	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISSOCK(status.st_mode))
			(void)pipe_names_add(&l->present, entry->d_name);
	if (folder != NULL)
		closedir(folder);
}

static bool links_is_wanted(const struct links *l, const char *name)
{
	return !l->knows_all || links_is_relayed(name) || pipe_names_has(&l->possible, name) ||
	       pipe_names_has(&l->present, name);
}

/* Logged once for each name. */
static void links_log_foreign(struct links *l, const char *name)
{
	if (!pipe_names_has(&l->foreign, name) && pipe_names_add(&l->foreign, name))
		log_write(LOG_LEVEL_WARNING,
		          LINKS_PIPES "/%s was not made by netsession-samba and stays as it is",
		          name);
}

static void links_make_names(struct links *l, int folder, const struct pipe_names *names,
                             struct err *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (!l->is_served || !links_is_relayed(names->list[i]))
			(void)links_make_one(l, folder, names->list[i], err);
}

/* Corrects or removes what is left from earlier. */
static void links_tidy_one(struct links *l, int folder, const char *name, struct err *err)
{
	char wanted[PATH_MAX + NAME_MAX];
	enum link_kind found;

	(void)snprintf(wanted, sizeof wanted, "%s/%s", l->target, name);
	found = links_inspect(folder, name, wanted);
	if (found != RIGHT_LINK && found != OTHER_LINK) {
		if (found != NOTHING)
			links_log_foreign(l, name);
	} else if (!links_is_wanted(l, name)) {
		if (unlinkat(folder, name, 0) != 0)
			err_set_errno(err, STEP, name);
	} else if (found == RIGHT_LINK || links_replace_one(l, folder, name, wanted, err)) {
		l->count += !links_is_relayed(name);
	}
}

static void links_tidy(struct links *l, int folder, struct err *err)
{
	DIR *listed = fdopendir(folder);
	const struct dirent *entry;

	l->count = 0;
	if (listed == NULL) {
		err_set_errno(err, STEP, LINKS_PIPES);
		close(folder);
		return;
	}
	while ((entry = readdir(listed)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
		    !(l->is_served && links_is_relayed(entry->d_name)))
			links_tidy_one(l, folder, entry->d_name, err);
	closedir(listed);
}

bool links_make(struct links *l, struct err *err)
{
	int folder = links_open_np(l->directory, err);

	if (folder < 0)
		return false;
	links_find_present(l);
	links_make_names(l, folder, &l->possible, err);
	links_make_names(l, folder, &l->present, err);
	if (!l->is_served)
		(void)links_make_one(l, folder, LINKS_RELAYED, err);
	links_tidy(l, folder, err);
	return err->status == NERR_Success;
}
