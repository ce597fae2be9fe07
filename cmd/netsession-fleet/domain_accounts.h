/* SPDX-License-Identifier: MIT */
/* The accounts of a domain in memory: who is meant by a name that a server or a sweep has. */
#ifndef NETSESSION_FLEET_DOMAIN_ACCOUNTS_H
#define NETSESSION_FLEET_DOMAIN_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "fleet/directory.h"

struct domain_account {
	char *name, *host; /* host NULL: it has none */
	char *sid;
	bool is_computer, is_domain_controller;
};

struct domain_accounts;

/* Reads all of them from the directory of a domain; blocks. Gives *out, to be freed by
 * domain_accounts_free; NULL after a failure. */
NET_API_STATUS domain_accounts_read(const struct directory_place *place,
                                    struct domain_accounts **out, struct err *err);
/* NULL is allowed. */
void domain_accounts_free(struct domain_accounts *accounts);

/* The domain's DNS name as it was given. */
const char *domain_accounts_domain(const struct domain_accounts *accounts);

/* The computer with this DNS name or NetBIOS name, without regard to case; NULL: there is none. */
const struct domain_account *domain_accounts_find_computer(const struct domain_accounts *accounts,
                                                           const char *name);
/* The user whom a server calls so, with or without a domain; NULL: there is none, or the name is of
 * another domain. */
const struct domain_account *domain_accounts_find_user(const struct domain_accounts *accounts,
                                                       const char *user);

#endif
