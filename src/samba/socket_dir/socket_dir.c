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
#include "base/file_error.h"
#include "samba/socket_dir/folder_owner.h"
#include "samba/socket_dir/links.h"
#include "samba/socket_dir/pipe_query.h"
#include "system/log.h"

#define DOING     "folder for smbd"
#define LOCK      "lock"
#define LISTENING "srvsvc" /* until it takes the place of np/srvsvc */

enum {
	SETTLE_MS = 20,  /* after a change: several come at once */
	LOOK_MS = 30000, /* without one: some are not told of */
	LOOK_UNWATCHED_MS = 1000
};

struct socket_dir {
	struct net_loop *loop;
	char *directory, *target, *upstream;
	struct links links;
	int lock;
	struct net_folder_watch *watch, *own; /* own: of np/, while srvsvc is served there */
	struct stat served;                   /* np/srvsvc, then */
	void (*lost)(void *context);
	void *context;
	struct net_timer *settle, *interval;
	bool was_good; /* what fails is logged once, until it succeeds */
};

/* ---- that it is ours ---- */

/* Makes what is not there of an absolute path. */
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
		(void)file_error(err, DOING);
	} else if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		err_set(err, ERROR_ACCESS_DENIED, DOING,
		        "it is somebody else's, or others may write to it");
	} else if (!folder_owner_path_is_safe(path, changeable)) {
		err_set(err, ERROR_ACCESS_DENIED, DOING,
		        "a folder above it is somebody else's, or others may write to it");
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
static int socket_dir_lock(int directory, struct err *err)
{
	int lock = openat(directory, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (lock >= 0 && errno == EWOULDBLOCK)
		err_set(err, ERROR_BUSY, DOING, "another netsession-samba has this folder");
	else
		(void)file_error(err, DOING);
	if (lock >= 0)
		close(lock);
	return -1;
}

/* smbd connects to each pipe by its path here: Unix sockets' addresses are short. */
static bool socket_dir_path_fits(const char *directory, const struct pipe_names *known,
                                 struct err *err)
{
	struct net_addresses address;
	char path[PATH_MAX + MAX_PIPE_NAME_BYTES];

	for (size_t i = 0; i <= known->count; i++) {
		(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES "/%s", directory,
		               i < known->count ? known->list[i] : LINKS_RELAYED);
		if (!net_address_local(path, &address)) {
			err_set(err, ERROR_INVALID_PARAMETER, DOING,
			        "its path is too long: with /np/ and a pipe's name it has to fit "
			        "into the 107 bytes that a Unix socket's may have");
			return false;
		}
	}
	return true;
}

/* ---- that it stays true ---- */

static void socket_dir_on_changed(void *context);
static void socket_dir_on_interval(void *context);

/* Watches Samba's folder, or as much of its path as there is. */
static void socket_dir_watch_samba(struct socket_dir *f)
{
	size_t bytes = strlen(f->target), next;
	char path[PATH_MAX];

	net_folder_watch_stop(f->watch);
	f->watch = NULL;
	for (;;) {
		(void)snprintf(path, sizeof path, "%.*s", bytes > 0 ? (int)bytes : 1, f->target);
		f->watch = net_folder_watch_start(f->loop, path, socket_dir_on_changed, f);
		if (f->watch != NULL || bytes == 0)
			break;
		while (f->target[--bytes] != '/')
			;
	}
	if (f->watch == NULL || f->target[bytes] == '\0')
		return;
	/* What came before the watch began is not told. */
	next = bytes + 1 + strcspn(f->target + bytes + 1, "/");
	(void)snprintf(path, sizeof path, "%.*s", (int)next, f->target);
	if (access(path, F_OK) == 0)
		socket_dir_on_changed(f);
}

static void socket_dir_watch_own(struct socket_dir *f)
{
	char path[PATH_MAX];

	net_folder_watch_stop(f->own);
	(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES, f->directory);
	f->own = net_folder_watch_start(f->loop, path, socket_dir_on_changed, f);
}

static bool socket_dir_stat_served(const struct socket_dir *f, struct stat *status)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/" LINKS_PIPES "/" LINKS_RELAYED, f->directory);
	return lstat(path, status) == 0;
}

static bool socket_dir_is_lost(const struct socket_dir *f)
{
	struct stat now;

	return f->links.is_served &&
	       (!socket_dir_stat_served(f, &now) || now.st_ino != f->served.st_ino ||
	        now.st_dev != f->served.st_dev);
}

/* A folder that is another one by now would not be noticed: it is watched anew each time. */
static bool socket_dir_make_links(struct socket_dir *f, struct err *err)
{
	bool good;

	socket_dir_watch_samba(f);
	if (f->links.is_served)
		socket_dir_watch_own(f);
	good = links_make(&f->links, err);
	net_timer_stop(f->interval);
	f->interval = net_timer_start(f->loop, f->watch != NULL ? LOOK_MS : LOOK_UNWATCHED_MS,
	                              socket_dir_on_interval, f);
	return good;
}

static void socket_dir_refresh(struct socket_dir *f)
{
	struct err err = { 0 };
	bool is_good;

	if (socket_dir_is_lost(f) && f->lost != NULL) {
		f->lost(f->context);
		return;
	}
	is_good = socket_dir_make_links(f, &err);
	if (!is_good && f->was_good)
		log_write(LOG_LEVEL_ERROR, "%s: %s", err.step, err_text(&err));
	f->was_good = is_good;
}

static void socket_dir_on_settled(void *context)
{
	struct socket_dir *f = context;

	net_timer_stop(f->settle);
	f->settle = NULL;
	socket_dir_refresh(f);
}

static void socket_dir_on_changed(void *context)
{
	struct socket_dir *f = context;

	if (f->settle == NULL)
		f->settle = net_timer_start(f->loop, SETTLE_MS, socket_dir_on_settled, f);
}

static void socket_dir_on_interval(void *context)
{
	socket_dir_refresh(context);
}

/* ---- from its beginning to its end ---- */

static void socket_dir_free(struct socket_dir *f)
{
	net_folder_watch_stop(f->watch);
	net_folder_watch_stop(f->own);
	net_timer_stop(f->settle);
	net_timer_stop(f->interval);
	if (f->lock >= 0)
		close(f->lock);
	if (f->links.directory >= 0)
		close(f->links.directory);
	free(f->directory);
	free(f->target);
	free(f->upstream);
	free(f);
}

static bool socket_dir_set_paths(struct socket_dir *f, const struct socket_dir_settings *settings)
{
	f->directory = strdup(settings->directory);
	if (asprintf(&f->target, "%s/" LINKS_PIPES, settings->ncalrpc_dir) < 0)
		f->target = NULL;
	else if (asprintf(&f->upstream, "%s/" LINKS_RELAYED, f->target) < 0)
		f->upstream = NULL;
	f->links.target = f->target;
	return f->directory != NULL && f->target != NULL && f->upstream != NULL;
}

struct socket_dir *socket_dir_open(struct net_loop *loop,
                                   const struct socket_dir_settings *settings, struct err *err)
{
	struct socket_dir *f = calloc(1, sizeof *f);

	if (f == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	f->loop = loop;
	f->lost = settings->lost;
	f->context = settings->context;
	f->was_good = true;
	f->lock = f->links.directory = -1;
	if (!socket_dir_set_paths(f, settings)) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		goto failed;
	}
	if (f->directory[0] != '/' || f->target[0] != '/' || strlen(f->target) >= PATH_MAX) {
		err_set(err, ERROR_INVALID_PARAMETER, DOING, "paths have to be absolute");
		goto failed;
	}
	f->links.knows_all = settings->libexec_dir[0] != '\0' &&
	                     pipe_query_run(&f->links.possible, settings->libexec_dir,
	                                    settings->smb_conf);
	if (!socket_dir_path_fits(f->directory, &f->links.possible, err))
		goto failed;
	if (!socket_dir_make_path(f->directory)) {
		(void)file_error(err, DOING);
		goto failed;
	}
	f->links.directory = socket_dir_open_path(f->directory, err);
	if (f->links.directory < 0)
		goto failed;
	if (socket_dir_is_same(f->links.directory, settings->ncalrpc_dir)) {
		err_set(err, ERROR_INVALID_PARAMETER, DOING,
		        "it is Samba's own folder (ncalrpc dir): it has to be another one");
		goto failed;
	}
	f->lock = socket_dir_lock(f->links.directory, err);
	if (f->lock < 0)
		goto failed;
	if (!socket_dir_make_links(f, err))
		goto failed;
	return f;
failed:
	socket_dir_free(f);
	return NULL;
}

int socket_dir_listen(struct socket_dir *f, struct err *err)
{
	char path[PATH_MAX];
	int listening;

	/* What is there is ours or a dead one's, or it stays. */
	if (!links_release(&f->links, err))
		return -1;
	(void)snprintf(path, sizeof path, "%s/" LISTENING, f->directory);
	listening = net_listen_local(path, 0600, err);
	if (listening < 0)
		return -1;
	if (renameat(f->links.directory, LISTENING, f->links.directory,
	             LINKS_PIPES "/" LINKS_RELAYED) != 0) {
		(void)file_error(err, DOING);
		(void)unlinkat(f->links.directory, LISTENING, 0);
		close(listening);
		return -1;
	}
	f->links.is_served = true;
	(void)socket_dir_stat_served(f, &f->served);
	socket_dir_watch_own(f);
	return listening;
}

const char *socket_dir_upstream(const struct socket_dir *f)
{
	return f->upstream;
}

size_t socket_dir_link_count(const struct socket_dir *f)
{
	return f->links.count;
}

void socket_dir_close(struct socket_dir *f)
{
	struct err err = { 0 };

	if (f == NULL)
		return;
	if (f->links.is_served && !links_restore(&f->links, &err))
		log_write(LOG_LEVEL_ERROR, "%s: %s", err.step, err.text);
	socket_dir_free(f);
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
		return file_error(err, DOING);
	}
	links.target = target;
	links.directory = socket_dir_open_path(directory, err);
	if (links.directory >= 0)
		lock = socket_dir_lock(links.directory, err);
	if (lock >= 0)
		released = links_release(&links, err);
	if (lock >= 0)
		close(lock);
	if (links.directory >= 0)
		close(links.directory);
	return released;
}
