/* SPDX-License-Identifier: MIT */
#include "domain_accounts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/growing.h"
#include "base/locale.h"
#include "base/user_name.h"
#include "fleet/directory.h"
#include "store/account.h"

#define STEP "directory"

/* A name without regard to case, and whose it is. */
struct domain_name {
	char *key;
	size_t account;
};

/* Sorted by their keys, once all are there. */
struct domain_names {
	struct domain_name *list;
	size_t count, room;
};

struct domain_accounts {
	char *domain;
	struct domain_account *list;
	size_t count, room;
	struct domain_names names, hosts;
};

static void domain_names_fini(struct domain_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i].key);
	free(names->list);
}

void domain_accounts_free(struct domain_accounts *accounts)
{
	if (accounts == NULL)
		return;
	for (size_t i = 0; i < accounts->count; i++) {
		free(accounts->list[i].name);
		free(accounts->list[i].host);
		free(accounts->list[i].sid);
	}
	free(accounts->list);
	domain_names_fini(&accounts->names);
	domain_names_fini(&accounts->hosts);
	free(accounts->domain);
	free(accounts);
}

const char *domain_accounts_domain(const struct domain_accounts *accounts)
{
	return accounts->domain;
}

/* ---- reading ---- */

static bool domain_names_add(struct domain_names *names, const char *name, size_t account)
{
	char *key = account_fold(name);
	struct domain_name *list = NULL;

	if (key != NULL)
		list = growing_make_room(names->list, names->count, &names->room, sizeof *list);
	if (list == NULL) {
		free(key);
		return false;
	}
	names->list = list;
	list[names->count++] = (struct domain_name){ key, account };
	return true;
}

static bool domain_accounts_append(struct domain_accounts *accounts,
                                   const struct directory_account *account)
{
	struct domain_account *list = growing_make_room(accounts->list, accounts->count,
	                                                &accounts->room, sizeof *list);
	struct domain_account *to;

	if (list == NULL)
		return false;
	accounts->list = list;
	to = &list[accounts->count++];
	*to = (struct domain_account){
		.name = strdup(account->name),
		.host = account->host != NULL ? strdup(account->host) : NULL,
		.sid = strdup(account->sid),
		.is_computer = account->is_computer,
		.is_domain_controller = account->is_domain_controller,
	};
	return to->name != NULL && to->sid != NULL && (to->host != NULL || account->host == NULL) &&
	       domain_names_add(&accounts->names, to->name, accounts->count - 1) &&
	       (to->host == NULL ||
	        domain_names_add(&accounts->hosts, to->host, accounts->count - 1));
}

struct domain_reading {
	struct domain_accounts *accounts;
	bool has_failed; /* out of memory */
};

static bool domain_accounts_add(void *context, const struct directory_account *account)
{
	struct domain_reading *reading = context;

	if (account->name != NULL && account->sid != NULL)
		reading->has_failed = !domain_accounts_append(reading->accounts, account);
	return !reading->has_failed;
}

static int domain_names_compare(const void *left, const void *right)
{
	const struct domain_name *a = left, *b = right;

	return strcmp(a->key, b->key);
}

static void domain_names_sort(struct domain_names *names)
{
	if (names->count > 0)
		qsort(names->list, names->count, sizeof *names->list, domain_names_compare);
}

NET_API_STATUS domain_accounts_read(const struct directory_place *place,
                                    struct domain_accounts **out, struct err *err)
{
	struct domain_accounts *accounts = calloc(1, sizeof *accounts);
	struct domain_reading reading = { accounts, false };
	locale_t previous = locale_enter(); /* for libkrb5, which libldap loads */

	*out = NULL;
	if (accounts != NULL)
		accounts->domain = strdup(place->domain);
	if (accounts == NULL || accounts->domain == NULL)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	else if (directory_list_accounts(place, domain_accounts_add, &reading, err) ==
	                 NERR_Success &&
	         reading.has_failed)
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
	locale_leave(previous);
	if (err->status != NERR_Success) {
		domain_accounts_free(accounts);
		return err->status;
	}
	domain_names_sort(&accounts->names);
	domain_names_sort(&accounts->hosts);
	*out = accounts;
	return NERR_Success;
}

/* ---- searching ---- */

static const struct domain_account *domain_accounts_find(const struct domain_accounts *accounts,
                                                         const struct domain_names *names,
                                                         const char *name, bool is_computer)
{
	const struct domain_name key = { .key = account_fold(name) }, *found = NULL;
	const struct domain_account *account;

	if (key.key != NULL && names->count > 0)
		found = bsearch(&key, names->list, names->count, sizeof key, domain_names_compare);
	free(key.key);
	if (found == NULL)
		return NULL;
	account = &accounts->list[found->account];
	return account->is_computer == is_computer ? account : NULL;
}

const struct domain_account *domain_accounts_find_computer(const struct domain_accounts *accounts,
                                                           const char *name)
{
	const struct domain_account *found = domain_accounts_find(accounts, &accounts->hosts, name,
	                                                          true);
	char account[64]; /* a NetBIOS name has 15 bytes */

	if (found != NULL || strchr(name, '.') != NULL ||
	    snprintf(account, sizeof account, "%s$", name) >= (int)sizeof account)
		return found;
	return domain_accounts_find(accounts, &accounts->names, account, true);
}

const struct domain_account *domain_accounts_find_user(const struct domain_accounts *accounts,
                                                       const char *user)
{
	char room[256], *filter = NULL;
	const char *account = user_name_account(user, room, sizeof room);
	const struct domain_account *found = domain_accounts_find(accounts, &accounts->names,
	                                                          account, false);

	/* Whether a domain before the name is this one is for user_name_matches to say. */
	if (found != NULL && asprintf(&filter, "%s@%s", account, accounts->domain) >= 0 &&
	    !user_name_matches(filter, user))
		found = NULL;
	free(filter);
	return found;
}
