/* SPDX-License-Identifier: MIT */
#include "client/environment.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "local/publish_message.h"
#include "local/interface.h"

/* The file read last, and how it is recognised. */
static struct {
	pthread_mutex_t mutex;
	struct netsession_credentials *credentials; /* NULL: none is kept */
	struct stat file;
} kept = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static bool environment_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_mode == b->st_mode &&
	       a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec && a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Reads the file and keeps its credentials. */
static struct netsession_credentials *
environment_read_file(const char *path, const struct stat *file, struct err *err)
{
	struct netsession_credentials *read;

	credentials_release(kept.credentials);
	kept.credentials = NULL;
	if (credentials_read(path, &read, err) == NERR_Success) {
		kept.credentials = credentials_hold(read);
		kept.file = *file;
	}
	return read;
}

/* The value of a variable; NULL: it is not set, or empty. */
static const char *environment_value(const char *name)
{
	const char *value = secure_getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

const char *environment_wins(void)
{
	return environment_value("NETSESSION_WINS");
}

const char *environment_proxy(void)
{
	return environment_value("NETSESSION_PROXY");
}

const char *environment_socket(void)
{
	const char *path = environment_value("NETSESSION_SOCKET");

	return path != NULL ? path : LOCAL_SOCKET_PATH;
}

const char *environment_publish_socket(void)
{
	const char *path = environment_value("NETSESSION_PUBLISH_SOCKET");

	return path != NULL ? path : PUBLISH_SOCKET_PATH;
}

struct netsession_credentials *environment_credentials(struct err *err)
{
	const char *path = environment_value("NETSESSION_CREDENTIALS");
	struct netsession_credentials *credentials;
	struct stat file = { 0 };
	bool is_there;

	if (path == NULL)
		return NULL;
	is_there = stat(path, &file) == 0;
	if (is_there && !S_ISREG(file.st_mode)) {
		/* A pipe cannot be read twice, and reading may wait: no other thread shall wait. */
		(void)credentials_read(path, &credentials, err);
		return credentials;
	}
	pthread_mutex_lock(&kept.mutex);
	if (is_there && kept.credentials != NULL && environment_is_same_file(&kept.file, &file))
		credentials = credentials_hold(kept.credentials);
	else
		credentials = environment_read_file(path, &file, err);
	pthread_mutex_unlock(&kept.mutex);
	return credentials;
}
