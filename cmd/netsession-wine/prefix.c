/* SPDX-License-Identifier: MIT */
#include "prefix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/locale.h"
#include "wire/reader.h"

#define STEP "Wine prefix"

/* The names in the prefix's system32. */
#define DLL      "netapi32.dll"
#define BACKUP   "netapi32.dll.before-netsession"
#define WINE_DLL "netapi32_wine.dll"
#define LIBRARY  "libnetapi32.so.1"
#define NEW      "netsession.new" /* becomes one of the others in one step */

/* What a netapi32.dll is. */
enum prefix_kind {
	KIND_MISSING,
	KIND_WINDOWS,    /* of Windows or Wine, for 64-bit programs */
	KIND_WINDOWS_32, /* the same, for 32-bit programs */
	KIND_BRIDGE,
	KIND_OTHER,
};

__attribute__((format(printf, 2, 3))) static bool prefix_fail(struct err *err, const char *format,
                                                              ...)
{
	va_list arguments;

	va_start(arguments, format);
	err_vformat(err, ERROR_GEN_FAILURE, STEP, format, arguments);
	va_end(arguments);
	return false;
}

static bool prefix_fail_at(struct err *err, const char *prefix, const char *name)
{
	return prefix_fail(err, "%s/drive_c/windows/system32/%s cannot be changed: %s", prefix,
	                   name, locale_error_text(errno));
}

/* As Wine itself, which runs in a prefix of its user alone. */
static bool prefix_is_own(int folder, const char *prefix, struct err *err)
{
	struct stat found;

	if (fstat(folder, &found) == 0 && found.st_uid == geteuid())
		return true;
	return prefix_fail(err, "%s belongs to another user: run this as that user", prefix);
}

/* By the header of PE files: at 0x3c is the offset of a signature, and behind that is the
 * processor. */
static enum prefix_kind prefix_windows_kind(struct wire_reader *file)
{
	static const char signature[4] = "PE";
	enum { FOR_X86_64 = 0x8664, FOR_I386 = 0x14c };
	struct wire_reader header;
	const uint8_t *found;
	uint16_t processor;

	wire_skip(file, 0x3c);
	header = wire_part(file, wire_get_u32(file), 6);
	found = wire_get_bytes(&header, sizeof signature);
	processor = wire_get_u16(&header);
	if (header.error != NULL || memcmp(found, signature, sizeof signature) != 0)
		return KIND_OTHER;
	return processor == FOR_X86_64 ? KIND_WINDOWS
	       : processor == FOR_I386 ? KIND_WINDOWS_32
	                               : KIND_OTHER;
}

static enum prefix_kind prefix_kind_of(int folder, const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char start[4096];
	struct wire_reader file;
	ssize_t bytes;

	if (fd < 0)
		return errno == ENOENT ? KIND_MISSING : KIND_OTHER;
	bytes = read(fd, start, sizeof start);
	close(fd);
	if (bytes >= 4 && memcmp(start, "\177ELF", 4) == 0)
		return KIND_BRIDGE;
	wire_reader_init(&file, start, bytes > 0 ? (size_t)bytes : 0);
	return prefix_windows_kind(&file);
}

/* Opens the prefix's system32, and gives the kind of the DLL in it. Returns -1 with an error if
 * there is none, or if it is not the caller's. */
static int prefix_open(const char *prefix, enum prefix_kind *kind, struct err *err)
{
	char path[PATH_MAX];
	int folder = -1;

	if (snprintf(path, sizeof path, "%s/drive_c/windows/system32", prefix) < (int)sizeof path)
		folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		prefix_fail(err,
		            "%s is no Wine prefix, because it has no drive_c/windows/system32: %s; "
		            "name a prefix, or make this one: WINEPREFIX=%s wineboot",
		            prefix, locale_error_text(errno), prefix);
	if (folder >= 0 && !prefix_is_own(folder, prefix, err)) {
		close(folder);
		folder = -1;
	}
	*kind = folder >= 0 ? prefix_kind_of(folder, DLL) : KIND_MISSING;
	return folder;
}

/* ---- install ---- */

/* Puts a link in the place of another one or of nothing. */
static bool prefix_put_link(int folder, const char *name, const char *target)
{
	struct stat there;

	if (fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(there.st_mode)) {
		errno = EEXIST;
		return false;
	}
	(void)unlinkat(folder, NEW, 0);
	return symlinkat(target, folder, NEW) == 0 && renameat(folder, NEW, folder, name) == 0;
}

static bool prefix_copy_bytes(int from, int to)
{
	ssize_t sent;

	do
		sent = sendfile(to, from, NULL, INT_MAX);
	while (sent > 0 || (sent < 0 && errno == EINTR));
	return sent == 0;
}

static bool prefix_put_copy(int folder, const char *name, const char *source)
{
	int from = open(source, O_RDONLY | O_CLOEXEC), to = -1;
	bool is_done = false;

	if (from >= 0) {
		(void)unlinkat(folder, NEW, 0);
		to = openat(folder, NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		is_done = to >= 0 && prefix_copy_bytes(from, to);
		close(from);
	}
	if (to >= 0)
		is_done = close(to) == 0 && is_done;
	return is_done && renameat(folder, NEW, folder, name) == 0;
}

/* Gives the DLL that is there a second name. What has that name is of an earlier installation, and
 * older. */
static bool prefix_back_up(int folder)
{
	(void)unlinkat(folder, NEW, 0);
	return linkat(folder, DLL, folder, NEW, 0) == 0 &&
	       renameat(folder, NEW, folder, BACKUP) == 0;
}

/* Whether the bridge may be put there. */
static bool prefix_is_ready(int folder, enum prefix_kind kind, const char *prefix, struct err *err)
{
	if (kind == KIND_WINDOWS ||
	    (kind == KIND_BRIDGE && prefix_kind_of(folder, BACKUP) == KIND_WINDOWS))
		return true;
	if (kind == KIND_MISSING)
		return prefix_fail(err,
		                   "%s has no netapi32.dll: run WINEPREFIX=%s wineboot -u, and "
		                   "then this again",
		                   prefix, prefix);
	if (kind == KIND_WINDOWS_32)
		return prefix_fail(
			err,
			"%s is a prefix for 32-bit programs, and only 64-bit programs are "
			"supported: make another prefix with WINEARCH=win64",
			prefix);
	return prefix_fail(err,
	                   "%s/drive_c/windows/system32/" DLL " is neither a DLL of Wine nor "
	                   "installed by this program: remove it, run WINEPREFIX=%s wineboot -u, "
	                   "and then this again",
	                   prefix, prefix);
}

/* The DLL is replaced last and in one step, so that programs find all parts whenever they start. */
static bool prefix_put_parts(int folder, const char *prefix, enum prefix_kind kind,
                             const struct prefix_parts *parts, struct err *err)
{
	if (!prefix_put_link(folder, WINE_DLL, parts->wine_dll))
		return prefix_fail_at(err, prefix, WINE_DLL);
	if (!prefix_put_link(folder, LIBRARY, parts->library))
		return prefix_fail_at(err, prefix, LIBRARY);
	if (kind == KIND_WINDOWS && !prefix_back_up(folder))
		return prefix_fail_at(err, prefix, BACKUP);
	return prefix_put_copy(folder, DLL, parts->bridge) || prefix_fail_at(err, prefix, DLL);
}

bool prefix_install(const char *prefix, const struct prefix_parts *parts,
                    enum prefix_change *change, struct err *err)
{
	enum prefix_kind kind;
	int folder = prefix_open(prefix, &kind, err);
	bool is_done;

	if (folder < 0)
		return false;
	is_done = prefix_is_ready(folder, kind, prefix, err) &&
	          prefix_put_parts(folder, prefix, kind, parts, err);
	close(folder);
	*change = kind == KIND_BRIDGE ? PREFIX_RENEWED : PREFIX_CHANGED;
	return is_done;
}

/* ---- remove ---- */

static bool prefix_remove_link(int folder, const char *name)
{
	char target[PATH_MAX];

	return readlinkat(folder, name, target, sizeof target) < 0 ||
	       unlinkat(folder, name, 0) == 0;
}

/* Puts the DLL back. One of Wine or Windows that has replaced the bridge since then stays. */
static bool prefix_restore(int folder, const char *prefix, enum prefix_kind kind, struct err *err)
{
	if (kind != KIND_BRIDGE && kind != KIND_MISSING)
		return unlinkat(folder, BACKUP, 0) == 0 || errno == ENOENT ||
		       prefix_fail_at(err, prefix, BACKUP);
	if (kind == KIND_BRIDGE && prefix_kind_of(folder, BACKUP) != KIND_WINDOWS)
		return prefix_fail(
			err,
			"%s/drive_c/windows/system32/" BACKUP
			", the DLL to put back, is not there: remove netapi32.dll beside "
			"it, and run WINEPREFIX=%s wineboot -u",
			prefix, prefix);
	return renameat(folder, BACKUP, folder, DLL) == 0 || errno == ENOENT ||
	       prefix_fail_at(err, prefix, DLL);
}

bool prefix_remove(const char *prefix, enum prefix_change *change, struct err *err)
{
	enum prefix_kind kind;
	int folder = prefix_open(prefix, &kind, err);
	bool is_done;

	if (folder < 0)
		return false;
	is_done = prefix_restore(folder, prefix, kind, err);
	if (is_done && !prefix_remove_link(folder, WINE_DLL))
		is_done = prefix_fail_at(err, prefix, WINE_DLL);
	if (is_done && !prefix_remove_link(folder, LIBRARY))
		is_done = prefix_fail_at(err, prefix, LIBRARY);
	close(folder);
	*change = kind == KIND_BRIDGE ? PREFIX_CHANGED : PREFIX_UNCHANGED;
	return is_done;
}
