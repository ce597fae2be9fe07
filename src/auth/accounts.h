/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the accounts that may log on by NTLM, from a file of ours. gss-ntlmssp has
 * no other way to get them than a file whose name an environment variable has; it gets one that is
 * in memory only, and has hashes in the place of passwords. */
#ifndef AUTH_ACCOUNTS_H
#define AUTH_ACCOUNTS_H

#include <stddef.h>
#include "base/err.h"

/* The step that fails when the file cannot be used. */
#define ACCOUNTS_STEP "NTLM users' file"

struct accounts;

struct account {
	const char *domain, *user; /* as the file writes them */
};

/* Reads lines DOMAIN:user:password. Gives *out, NULL after a failure: see err. */
NET_API_STATUS accounts_read(const char *path, struct accounts **out, struct err *err);
void accounts_free(struct accounts *accounts);

/* The account that gss-ntlmssp takes for this user: the first of that name where domain is "".
 * NULL: none. Borrowed. */
const struct account *accounts_find(const struct accounts *accounts, const char *domain,
                                    const char *user);

/* From now on gss-ntlmssp has these, in this process, in the place of others. Once. */
NET_API_STATUS accounts_publish(struct accounts *accounts, struct err *err);

#endif
