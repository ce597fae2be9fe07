/* SPDX-License-Identifier: MIT */
#include "netapi/use_table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

struct use {
	atomic_int holders;
	char *server, *user, *domain; /* user and domain NULL: not given */
	struct netsession_credentials *credentials;
	struct use *next;
};

static struct {
	pthread_mutex_t mutex;
	struct use *first; /* one hold on each */
} table = { .mutex = PTHREAD_MUTEX_INITIALIZER };

static const char *use_table_bare_name(const char *server)
{
	return strncmp(server, "\\\\", 2) == 0 ? server + 2 : server;
}

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
	if (!use_table_copy_text(use_table_bare_name(server), &use->server) ||
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

/* Where the server's use hangs, or where one would be hung. Under the mutex. */
static struct use **use_table_find(const char *server)
{
	struct use **at = &table.first;

	while (*at != NULL && !text_equal_nocase((*at)->server, use_table_bare_name(server)))
		at = &(*at)->next;
	return at;
}

struct use *use_table_take(const char *server)
{
	struct use *use;

	pthread_mutex_lock(&table.mutex);
	use = *use_table_find(server);
	if (use != NULL)
		atomic_fetch_add(&use->holders, 1);
	pthread_mutex_unlock(&table.mutex);
	return use;
}

bool use_table_conflicts(const struct use *use)
{
	struct use *other;
	bool conflicts;

	pthread_mutex_lock(&table.mutex);
	other = *use_table_find(use->server);
	conflicts = other != NULL && !(text_equal_nocase(other->user, use->user) &&
	                               text_equal_nocase(other->domain, use->domain));
	pthread_mutex_unlock(&table.mutex);
	return conflicts;
}

void use_table_put(struct use *use)
{
	struct use **at, *before;

	pthread_mutex_lock(&table.mutex);
	at = use_table_find(use->server);
	before = *at;
	use->next = before != NULL ? before->next : NULL;
	*at = use;
	pthread_mutex_unlock(&table.mutex);
	use_release(before);
}

bool use_table_remove(const char *server)
{
	struct use **at, *use;

	pthread_mutex_lock(&table.mutex);
	at = use_table_find(server);
	use = *at;
	if (use != NULL)
		*at = use->next;
	pthread_mutex_unlock(&table.mutex);
	use_release(use);
	return use != NULL;
}
