/* SPDX-License-Identifier: MIT */
#include "samba/socket_dir/socket_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "net/address.h"
#include "net/watch.h"
#include "net/listener.h"
#include "samba/socket_dir/inspection.h"
#include "samba/socket_dir/links.h"
#include "samba/socket_dir/pipe_query.h"
#include "system/log.h"

#define STEP      "open the folder of pipes"
#define LOCK      "lock"
#define LISTENING "srvsvc" /* is renamed to np/srvsvc */

enum {
	SETTLE_MS = 20,      /* after a change, because several come at once */
	INTERVAL_MS = 30000, /* without a change, because the kernel does not report all */
	UNWATCHED_MS = 1000
};

struct socket_dir {
	struct net_loop *loop;
	char *directory, *target, *upstream;
	struct links links;
	int lock;
	struct net_folder_watch *watch, *own; /* own: of np/, while we serve srvsvc there */
	struct stat served;                   /* np/srvsvc while we serve it */
	void (*lost)(void *context);
	void *context;
	struct net_timer *settle, *interval;
	bool was_good; /* a failure is logged once, until the next success */
};

/* ---- opening ---- */

/* Makes the missing folders of an absolute path. */
static bool socket_dir_make_path(const char *path)
{
	char made[PATH_MAX];
	size_t bytes = strlen(path);

	if (bytes >= sizeof made) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (size_t i = 1; i <= bytes; i++)
		if (path[i] == '/' || path[i] == '\0') {
			memcpy(made, path, i);
			made[i] = '\0';
			if (mkdir(made, path[i] == '\0' ? 0700 : 0755) != 0 && errno != EEXIST)
				return false;
		}
	return true;
}

/* -1: see err. */
static int socket_dir_open_path(const char *path, struct err *err)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char changeable[PATH_MAX];
	struct stat status;

	if (directory < 0 || fstat(directory, &status) != 0) {
		err_set_errno(err, STEP, path);
	} else if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		err_format(err, ERROR_ACCESS_DENIED, STEP,
		           "%s belongs to another user, or others may write to it", path);
	} else if (!socket_dir_path_is_safe(path, changeable)) {
		err_format(err, ERROR_ACCESS_DENIED, STEP,
		           "%s, a folder above %s, belongs to another user, or others may write "
		           "to it",
		           changeable, path);
	} else {
		return directory;
	}
	if (directory >= 0)
		close(directory);
	return -1;
}

static bool socket_dir_is_same(int directory, const char *path)
{
	struct stat ours, other;

	return fstat(directory, &ours) == 0 && stat(path, &other) == 0 &&
	       ours.st_dev == other.st_dev && ours.st_ino == other.st_ino;
}

/* -1: see err. */
static int socket_dir_lock(int directory, const char *path, struct err *err)
{
	int lock = openat(directory, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (lock >= 0 && errno == EWOULDBLOCK)
		err_format(err, ERROR_BUSY, STEP, "another netsession-samba uses %s", path);
	else
		err_set_errno(err, STEP, path);
	if (lock >= 0)
		close(lock);
	return -1;
}

/* smbd connects to each pipe by its path here, and the address of a Unix socket is short. */
static bool socket_dir_path_fits(const char *directory, const struct pipe_names *known,
                                 struct err *err)
{
	struct sockaddr_un address;
	char path[PATH_MAX + MAX_PIPE_NAME_BYTES];

	for (size_t i = 0; i <= known->count; i++) {
		(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES "/%s", directory,
		               i < known->count ? known->list[i] : LINKS_RELAYED);
		if (!net_address_local(path, &address)) {
			err_format(err, ERROR_INVALID_PARAMETER, STEP,
			           "%s is too long: with /np/ and the name of a pipe it must not "
			           "exceed 107 bytes, as the path of a Unix socket",
			           directory);
			return false;
		}
	}
	return true;
}

/* ---- keeping the links up to date ---- */

static void socket_dir_on_changed(void *context);
static void socket_dir_on_interval(void *context);

/* Watches Samba's folder, or the deepest existing folder of its path. */
static void socket_dir_watch_samba(struct socket_dir *d)
{
	size_t bytes = strlen(d->target), next;
	char path[PATH_MAX];

	net_folder_watch_stop(d->watch);
	d->watch = NULL;
	for (;;) {
		(void)snprintf(path, sizeof path, "%.*s", bytes > 0 ? (int)bytes : 1, d->target);
		d->watch = net_folder_watch_start(d->loop, path, socket_dir_on_changed, d);
		if (d->watch != NULL || bytes == 0)
			break;
		while (d->target[--bytes] != '/')
			;
	}
	if (d->watch == NULL || d->target[bytes] == '\0')
		return;
	/* Changes from before the watch began are not reported. */
	next = bytes + 1 + strcspn(d->target + bytes + 1, "/");
	(void)snprintf(path, sizeof path, "%.*s", (int)next, d->target);
	if (access(path, F_OK) == 0)
		socket_dir_on_changed(d);
}

static void socket_dir_watch_own(struct socket_dir *d)
{
	char path[PATH_MAX];

	net_folder_watch_stop(d->own);
	(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES, d->directory);
	d->own = net_folder_watch_start(d->loop, path, socket_dir_on_changed, d);
}

static bool socket_dir_stat_served(const struct socket_dir *d, struct stat *status)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES "/" LINKS_RELAYED, d->directory);
	return lstat(path, status) == 0;
}

static bool socket_dir_is_lost(const struct socket_dir *d)
{
	struct stat now;

	return d->links.is_served &&
	       (!socket_dir_stat_served(d, &now) || now.st_ino != d->served.st_ino ||
	        now.st_dev != d->served.st_dev);
}

/* Watches anew each time, because the folder may have been replaced by another one. */
static bool socket_dir_make_links(struct socket_dir *d, struct err *err)
{
	bool good;

	socket_dir_watch_samba(d);
	if (d->links.is_served)
		socket_dir_watch_own(d);
	good = links_make(&d->links, err);
	net_timer_stop(d->interval);
	d->interval = net_timer_start(d->loop, d->watch != NULL ? INTERVAL_MS : UNWATCHED_MS,
	                              socket_dir_on_interval, d);
	return good;
}

static void socket_dir_refresh(struct socket_dir *d)
{
	struct err err = { 0 };
	bool is_good;

	if (socket_dir_is_lost(d) && d->lost != NULL) {
		d->lost(d->context);
		return;
	}
	is_good = socket_dir_make_links(d, &err);
	if (!is_good && d->was_good)
		log_write(LOG_LEVEL_ERROR, "%s: %s", err.step, err_text(&err));
	d->was_good = is_good;
}

static void socket_dir_on_settled(void *context)
{
	struct socket_dir *d = context;

	net_timer_stop(d->settle);
	d->settle = NULL;
	socket_dir_refresh(d);
}

static void socket_dir_on_changed(void *context)
{
	struct socket_dir *d = context;

	if (d->settle == NULL)
		d->settle = net_timer_start(d->loop, SETTLE_MS, socket_dir_on_settled, d);
}

static void socket_dir_on_interval(void *context)
{
	socket_dir_refresh(context);
}

/* ---- creation and end ---- */

static void socket_dir_free(struct socket_dir *d)
{
	net_folder_watch_stop(d->watch);
	net_folder_watch_stop(d->own);
	net_timer_stop(d->settle);
	net_timer_stop(d->interval);
	if (d->lock >= 0)
		close(d->lock);
	if (d->links.directory >= 0)
		close(d->links.directory);
	free(d->directory);
	free(d->target);
	free(d->upstream);
	free(d);
}

/* False: out of memory; nothing has changed. */
static bool socket_dir_set_target_paths(struct socket_dir *d, const char *ncalrpc_dir)
{
	char *target, *upstream;

	if (asprintf(&target, "%s/" LINKS_PIPES, ncalrpc_dir) < 0)
		return false;
	if (asprintf(&upstream, "%s/" LINKS_RELAYED, target) < 0) {
		free(target);
		return false;
	}
	free(d->target);
	free(d->upstream);
	d->target = target;
	d->upstream = upstream;
	d->links.target = d->target;
	return true;
}

static bool socket_dir_target_is_usable(const struct socket_dir *d, const char *ncalrpc_dir,
                                        struct err *err)
{
	if (ncalrpc_dir[0] != '/' || strlen(ncalrpc_dir) + strlen("/" LINKS_PIPES) >= PATH_MAX)
		err_set(err, ERROR_INVALID_PARAMETER, STEP,
		        "the paths of the folder and of Samba's ncalrpc dir must be absolute");
	else if (d->links.directory >= 0 && socket_dir_is_same(d->links.directory, ncalrpc_dir))
		err_format(err, ERROR_INVALID_PARAMETER, STEP,
		           "%s is Samba's own folder (ncalrpc dir): use another one", d->directory);
	return err->status == NERR_Success;
}

struct socket_dir *socket_dir_open(struct net_loop *loop,
                                   const struct socket_dir_settings *settings, struct err *err)
{
	struct socket_dir *d = calloc(1, sizeof *d);

	if (d == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return NULL;
	}
	d->loop = loop;
	d->lost = settings->lost;
	d->context = settings->context;
	d->was_good = true;
	d->lock = d->links.directory = -1;
	d->directory = strdup(settings->directory);
	if (d->directory == NULL || !socket_dir_set_target_paths(d, settings->ncalrpc_dir)) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		goto failed;
	}
	if (!socket_dir_target_is_usable(d, d->directory[0] == '/' ? settings->ncalrpc_dir : "",
	                                 err))
		goto failed;
	d->links.knows_all = settings->libexec_dir[0] != '\0' &&
	                     pipe_query_run(&d->links.possible, settings->libexec_dir,
	                                    settings->smb_conf);
	if (!socket_dir_path_fits(d->directory, &d->links.possible, err))
		goto failed;
	if (!socket_dir_make_path(d->directory)) {
		err_set_errno(err, STEP, d->directory);
		goto failed;
	}
	d->links.directory = socket_dir_open_path(d->directory, err);
	if (d->links.directory < 0)
		goto failed;
	if (!socket_dir_target_is_usable(d, settings->ncalrpc_dir, err))
		goto failed;
	d->lock = socket_dir_lock(d->links.directory, d->directory, err);
	if (d->lock < 0)
		goto failed;
	if (!socket_dir_make_links(d, err))
		goto failed;
	return d;
failed:
	socket_dir_free(d);
	return NULL;
}

int socket_dir_listen(struct socket_dir *d, struct err *err)
{
	char path[PATH_MAX];
	int listening;

	/* Only what we made, or a dead relay left, is replaced. */
	if (!links_release(&d->links, err))
		return -1;
	(void)snprintf(path, sizeof path, "%s/" LISTENING, d->directory);
	listening = net_listen_local(path, 0600, err);
	if (listening < 0)
		return -1;
	if (renameat(d->links.directory, LISTENING, d->links.directory,
	             LINKS_PIPES "/" LINKS_RELAYED) != 0) {
		err_set_errno(err, STEP, LISTENING);
		(void)unlinkat(d->links.directory, LISTENING, 0);
		close(listening);
		return -1;
	}
	d->links.is_served = true;
	(void)socket_dir_stat_served(d, &d->served);
	socket_dir_watch_own(d);
	return listening;
}

bool socket_dir_set_target(struct socket_dir *d, const char *ncalrpc_dir, struct err *err)
{
	if (!socket_dir_target_is_usable(d, ncalrpc_dir, err))
		return false;
	if (!socket_dir_set_target_paths(d, ncalrpc_dir)) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	socket_dir_refresh(d);
	return true;
}

const char *socket_dir_upstream(const struct socket_dir *d)
{
	return d->upstream;
}

size_t socket_dir_link_count(const struct socket_dir *d)
{
	return d->links.count;
}

void socket_dir_close(struct socket_dir *d)
{
	struct err err = { 0 };

	if (d == NULL)
		return;
	if (d->links.is_served && !links_restore(&d->links, &err))
		log_write(LOG_LEVEL_ERROR, "%s: %s", err.step, err_text(&err));
	socket_dir_free(d);
}

bool socket_dir_release(const char *directory, const char *ncalrpc_dir, struct err *err)
{
	struct links links = { .directory = -1 };
	char target[PATH_MAX];
	int lock = -1;
	bool released = false;

	if (access(directory, F_OK) != 0 && errno == ENOENT)
		return true;
	if ((size_t)snprintf(target, sizeof target, "%s/" LINKS_PIPES, ncalrpc_dir) >=
	    sizeof target) {
		errno = ENAMETOOLONG;
		return err_set_errno(err, STEP, ncalrpc_dir) == NERR_Success;
	}
	links.target = target;
	links.directory = socket_dir_open_path(directory, err);
	if (links.directory >= 0)
		lock = socket_dir_lock(links.directory, directory, err);
	if (lock >= 0)
		released = links_release(&links, err);
	if (lock >= 0)
		close(lock);
	if (links.directory >= 0)
		close(links.directory);
	return released;
}
