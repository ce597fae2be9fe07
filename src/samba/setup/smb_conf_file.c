/* SPDX-License-Identifier: MIT */
#include "samba/setup/smb_conf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "base/locale.h"

#define STEP "smb.conf"

enum { MOST_BYTES = 16 << 20, MOST_BACKUPS_A_SECOND = 100 };

__attribute__((format(printf, 2, 3))) static bool smb_conf_file_fail(struct err *err,
                                                                     const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	err_vformat(err, ERROR_GEN_FAILURE, STEP, format, arguments);
	va_end(arguments);
	return false;
}

static void smb_conf_file_close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- reading ---- */

static bool smb_conf_file_read_text(struct smb_conf_file *f, int fd, struct err *err)
{
	size_t room = (size_t)f->status.st_size;
	ssize_t got;

	f->text = malloc(room + 1);
	if (f->text == NULL)
		return smb_conf_file_fail(err, "out of memory");
	while (f->bytes < room && (got = read(fd, f->text + f->bytes, room - f->bytes)) != 0) {
		if (got < 0 && errno != EINTR)
			return smb_conf_file_fail(err, "%s cannot be read: %s", f->path,
			                          locale_error_text(errno));
		f->bytes += got > 0 ? (size_t)got : 0;
	}
	return f->bytes == room ||
	       smb_conf_file_fail(err, "%s is being changed by another program: try again",
	                          f->path);
}

bool smb_conf_file_read(struct smb_conf_file *to, const char *path, struct err *err)
{
	bool is_good;
	int fd;

	*to = (struct smb_conf_file){ 0 };
	if (realpath(path, to->path) == NULL)
		return smb_conf_file_fail(err, "%s cannot be found: %s", path,
		                          locale_error_text(errno));
	fd = open(to->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &to->status) != 0)
		is_good = smb_conf_file_fail(err, "%s cannot be read: %s", to->path,
		                             locale_error_text(errno));
	else if (!S_ISREG(to->status.st_mode))
		is_good = smb_conf_file_fail(err, "%s is not a regular file", to->path);
	else if (to->status.st_size > MOST_BYTES)
		is_good = smb_conf_file_fail(err, "%s is larger than 16 MiB", to->path);
	else
		is_good = smb_conf_file_read_text(to, fd, err);
	smb_conf_file_close_fd(fd);
	return is_good;
}

void smb_conf_file_fini(struct smb_conf_file *f)
{
	free(f->text);
	f->text = NULL;
}

/* ---- where it is ---- */

static void smb_conf_file_get_folder(const struct smb_conf_file *f, char to[PATH_MAX])
{
	strcpy(to, f->path);
	*(strrchr(to, '/') + 1) = '\0';
}

/* Whether rename(2) may put another file in the place of this one. A C library that lacks statx(2)
 * or its mount id, as musl does, leaves that to rename(2). */
static bool smb_conf_file_can_rename(const struct smb_conf_file *f, const char *folder,
                                     struct err *err)
{
#ifdef STATX_MNT_ID
	struct statx file, around;

	if (statx(AT_FDCWD, f->path, 0, STATX_BASIC_STATS | STATX_MNT_ID, &file) != 0 ||
	    statx(AT_FDCWD, folder, 0, STATX_BASIC_STATS | STATX_MNT_ID, &around) != 0)
		return smb_conf_file_fail(err, "%s cannot be examined: %s", f->path,
		                          locale_error_text(errno));
	if ((file.stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) != 0)
		return smb_conf_file_fail(err, "%s is immutable or append-only: see lsattr",
		                          f->path);
	if ((file.stx_mask & around.stx_mask & STATX_MNT_ID) != 0 &&
	    file.stx_mnt_id != around.stx_mnt_id)
		return smb_conf_file_fail(
			err, "%s is a mount point of its own and cannot be replaced", f->path);
#else
	(void)f, (void)folder, (void)err;
#endif
	return true;
}

bool smb_conf_file_can_replace(const struct smb_conf_file *f, struct err *err)
{
	char folder[PATH_MAX];
	struct statvfs system;

	smb_conf_file_get_folder(f, folder);
	if (statvfs(folder, &system) == 0 && (system.f_flag & ST_RDONLY) != 0)
		return smb_conf_file_fail(err, "%s is on a read-only file system", f->path);
	if (access(folder, W_OK) != 0)
		return smb_conf_file_fail(err, "%s is not writable: %s", folder,
		                          locale_error_text(errno));
	if (f->status.st_nlink > 1)
		return smb_conf_file_fail(
			err,
			"%s has other hard links, which would still have the old text: remove them",
			f->path);
	return smb_conf_file_can_rename(f, folder, err);
}

/* ---- writing ---- */

static bool smb_conf_file_write_all(int fd, const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t put = write(fd, text, bytes);

		if (put < 0 && errno != EINTR)
			return false;
		if (put > 0) {
			text += put;
			bytes -= (size_t)put;
		}
	}
	return true;
}

/* The kernel alone keeps these, from the file's content. */
static bool smb_conf_file_is_system_xattr(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

/* POSIX ACLs and labels of SELinux are among them. */
static bool smb_conf_file_copy_xattrs(int from, int to)
{
	char names[65536], value[65536];
	ssize_t bytes = flistxattr(from, names, sizeof names);

	if (bytes < 0)
		return errno == ENOTSUP;
	for (ssize_t at = 0; at < bytes; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t length;

		if (smb_conf_file_is_system_xattr(names + at))
			continue;
		length = fgetxattr(from, names + at, value, sizeof value);
		if (length < 0 || fsetxattr(to, names + at, value, (size_t)length, 0) != 0)
			return false;
	}
	return true;
}

/* A new file inherits the folder's default ACL. It has no effect as long as nobody but the owner
 * has any permission, and would take effect with the old file's mode. */
static bool smb_conf_file_drop_inherited_acl(int fd)
{
	return fremovexattr(fd, "system.posix_acl_access") == 0 || errno == ENODATA ||
	       errno == ENOTSUP;
}

/* Makes a file at path, where none may be: as the one that was read, but for its text. */
static bool smb_conf_file_write_beside(const struct smb_conf_file *f, int old, const char *path,
                                       const char *text, size_t bytes,
                                       const struct timespec times[2], struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool is_good;

	if (fd < 0)
		return smb_conf_file_fail(err, "%s cannot be written: %s", path,
		                          locale_error_text(errno));
	is_good = smb_conf_file_write_all(fd, text, bytes) &&
	          smb_conf_file_drop_inherited_acl(fd) &&
	          fchown(fd, f->status.st_uid, f->status.st_gid) == 0 &&
	          fchmod(fd, f->status.st_mode & 07777) == 0 &&
	          smb_conf_file_copy_xattrs(old, fd) &&
	          (times == NULL || futimens(fd, times) == 0) && fsync(fd) == 0;
	if (!is_good) {
		smb_conf_file_fail(err,
		                   "%s cannot be written with the attributes of the old file: %s",
		                   path, locale_error_text(errno));
		unlink(path);
	}
	smb_conf_file_close_fd(fd);
	return is_good;
}

static bool smb_conf_file_write_backup(struct smb_conf_file *f, int old, struct err *err)
{
	const struct timespec times[2] = { f->status.st_atim, f->status.st_mtim };
	time_t now = time(NULL);
	char date[32], number[16] = "";
	struct stat there;
	struct tm utc;

	strftime(date, sizeof date, "%Y-%m-%dT%H%M%SZ", gmtime_r(&now, &utc));
	for (int i = 1; i <= MOST_BACKUPS_A_SECOND; i++) {
		if (i > 1)
			snprintf(number, sizeof number, "-%d", i);
		if (snprintf(f->backup, sizeof f->backup, "%s.before-%s%s", f->path, date,
		             number) >= (int)sizeof f->backup)
			break;
		if (lstat(f->backup, &there) == 0)
			continue;
		if (smb_conf_file_write_beside(f, old, f->backup, f->text, f->bytes, times, err))
			return true;
		f->backup[0] = '\0';
		return false;
	}
	f->backup[0] = '\0';
	return smb_conf_file_fail(err, "%s: no name is free for a backup: try again", f->path);
}

static bool smb_conf_file_is_unchanged(const struct smb_conf_file *f, struct err *err)
{
	struct stat now;

	return (lstat(f->path, &now) == 0 && now.st_ino == f->status.st_ino &&
	        now.st_dev == f->status.st_dev && now.st_size == f->status.st_size &&
	        now.st_mtim.tv_sec == f->status.st_mtim.tv_sec &&
	        now.st_mtim.tv_nsec == f->status.st_mtim.tv_nsec &&
	        now.st_ctim.tv_sec == f->status.st_ctim.tv_sec &&
	        now.st_ctim.tv_nsec == f->status.st_ctim.tv_nsec) ||
	       smb_conf_file_fail(err, "%s was changed by another program meanwhile: try again",
	                          f->path);
}

/* smbd may have read the new file already, so it must survive a loss of power. */
static bool smb_conf_file_rename(const struct smb_conf_file *f, int folder, const char *new,
                                 struct err *err)
{
	if (rename(new, f->path) != 0)
		return smb_conf_file_fail(err, "%s cannot be replaced: %s", f->path,
		                          locale_error_text(errno));
	(void)fsync(folder);
	return true;
}

/* ---- one at a time ---- */

/* Whether the file at path is the one that fd has open. */
static bool smb_conf_file_is_at(int fd, const char *path)
{
	struct stat open_file, named;

	return fstat(fd, &open_file) == 0 && lstat(path, &named) == 0 &&
	       open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

/* Locks a file that only its owner can open: anybody could lock the folder, or smb.conf, and keep
 * netsession-samba out. Who has the lock removes the file, so the file that is locked may be gone;
 * then there is another one. Gives its descriptor; -1: see err. */
static int smb_conf_file_lock(const struct smb_conf_file *f, const char *path, struct err *err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
		bool is_locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;

		if (is_locked && smb_conf_file_is_at(fd, path))
			return fd;
		if (fd >= 0 && !is_locked && errno == EWOULDBLOCK)
			smb_conf_file_fail(err,
			                   "%s is being changed by another netsession-samba, which "
			                   "holds %s",
			                   f->path, path);
		else if (!is_locked)
			smb_conf_file_fail(err, "%s cannot be locked: %s", path,
			                   locale_error_text(errno));
		smb_conf_file_close_fd(fd);
		if (!is_locked)
			return -1;
	}
}

bool smb_conf_file_replace(struct smb_conf_file *f, const char *text, size_t bytes,
                           bool (*verify)(void *context, const char *path, struct err *err),
                           void *context, struct err *err)
{
	char folder_path[PATH_MAX], new[PATH_MAX + 32], lock_path[PATH_MAX + 32];
	int folder, old = -1, lock = -1;
	bool is_done = false;

	smb_conf_file_get_folder(f, folder_path);
	snprintf(new, sizeof new, "%s.netsession-samba-new", f->path);
	snprintf(lock_path, sizeof lock_path, "%s.netsession-samba-lock", f->path);
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0)
		old = open(f->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (old < 0) {
		smb_conf_file_fail(err, "%s cannot be opened: %s", f->path,
		                   locale_error_text(errno));
	} else if ((lock = smb_conf_file_lock(f, lock_path, err)) >= 0) {
		unlink(new); /* left by an interrupted run: nobody else has the lock */
		is_done = smb_conf_file_write_beside(f, old, new, text, bytes, NULL, err) &&
		          verify(context, new, err) && smb_conf_file_write_backup(f, old, err) &&
		          smb_conf_file_is_unchanged(f, err) &&
		          smb_conf_file_rename(f, folder, new, err);
		if (!is_done)
			unlink(new);
		if (!is_done && f->backup[0] != '\0')
			unlink(f->backup);
		unlink(lock_path);
	}
	smb_conf_file_close_fd(lock);
	smb_conf_file_close_fd(old);
	smb_conf_file_close_fd(folder);
	return is_done;
}
