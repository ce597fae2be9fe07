/* SPDX-License-Identifier: MIT */
#include "netapi/use_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "base/client_name.h"
#include "base/text.h"

struct use {
	atomic_int holders;
	char *server, *user, *domain; /* user and domain NULL: not given */
	struct netsession_credentials *credentials;
	LIST_ENTRY(use) entry;
};

static struct {
	pthread_mutex_t mutex;
	LIST_HEAD(uses, use) uses; /* at most one for a server; the table holds each */
} table = { .mutex = PTHREAD_MUTEX_INITIALIZER, .uses = LIST_HEAD_INITIALIZER(table.uses) };

static bool use_table_copy_text(const char *text, char **to)
{
	*to = text != NULL ? strdup(text) : NULL;
	return text == NULL || *to != NULL;
}

struct use *use_new(const char *server, const char *user, const char *domain,
                    struct netsession_credentials *credentials)
{
	struct use *use = calloc(1, sizeof *use);

	if (use == NULL) {
		netsession_credentials_free(credentials);
		return NULL;
	}
	atomic_init(&use->holders, 1);
	use->credentials = credentials;
	if (!use_table_copy_text(client_name_bare(server), &use->server) ||
	    !use_table_copy_text(user, &use->user) || !use_table_copy_text(domain, &use->domain)) {
		use_release(use);
		return NULL;
	}
	return use;
}

struct netsession_credentials *use_credentials(const struct use *use)
{
	return use->credentials;
}

void use_release(struct use *use)
{
	if (use == NULL || atomic_fetch_sub(&use->holders, 1) != 1)
		return;
	netsession_credentials_free(use->credentials);
	free(use->server);
	free(use->user);
	free(use->domain);
	free(use);
}

/* The use of a server; NULL: it has none. Under the mutex. */
static struct use *use_table_find(const char *server)
{
	struct use *use;

	LIST_FOREACH(use, &table.uses, entry)
		if (client_name_equal(use->server, server))
			break;
	return use;
}

struct use *use_table_take(const char *server)
{
	struct use *use;

	pthread_mutex_lock(&table.mutex);
	use = use_table_find(server);
	if (use != NULL)
		atomic_fetch_add(&use->holders, 1);
	pthread_mutex_unlock(&table.mutex);
	return use;
}

bool use_table_conflicts(const struct use *use)
{
	const struct use *other;
	bool conflicts;

	pthread_mutex_lock(&table.mutex);
	other = use_table_find(use->server);
	conflicts = other != NULL && !(text_equal_nocase(other->user, use->user) &&
	                               text_equal_nocase(other->domain, use->domain));
	pthread_mutex_unlock(&table.mutex);
	return conflicts;
}

void use_table_put(struct use *use)
{
	struct use *before;

	pthread_mutex_lock(&table.mutex);
	before = use_table_find(use->server);
	if (before != NULL)
		LIST_REMOVE(before, entry);
	LIST_INSERT_HEAD(&table.uses, use, entry);
	pthread_mutex_unlock(&table.mutex);
	use_release(before);
}

bool use_table_remove(const char *server)
{
	struct use *use;

	pthread_mutex_lock(&table.mutex);
	use = use_table_find(server);
	if (use != NULL)
		LIST_REMOVE(use, entry);
	pthread_mutex_unlock(&table.mutex);
	use_release(use);
	return use != NULL;
}
