/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the accounts that may log on by NTLM, from a file. gss-ntlmssp reads
 * accounts only from a file that an environment variable names; it gets one that is in memory only,
 * and that has hashes instead of passwords. */
#ifndef AUTH_ACCOUNTS_H
#define AUTH_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

/* The step that fails when the file cannot be used. */
#define ACCOUNTS_STEP "NTLM users' file"

struct accounts;

struct account {
	const char *domain, *user; /* as the file writes them */
	unsigned line;             /* of the file */
	uint32_t hash;             /* of both, without regard to case */
};

/* Reads lines DOMAIN:user:password. Refuses what no client can log on with. Gives *out, NULL after
 * a failure: see err, whose text begins with file and line where a line is wrong, and never repeats
 * any of it. */
NET_API_STATUS accounts_read(const char *path, struct accounts **out, struct err *err);
void accounts_free(struct accounts *accounts);

/* Fails if this system has no locale in which gss-ntlmssp could compare one of the names. */
NET_API_STATUS accounts_check_locale(const struct accounts *accounts, struct err *err);

/* Finds the account that gss-ntlmssp uses for this user: the first one of that name where domain is
 * "". Borrowed; NULL: there is none. */
const struct account *accounts_find(const struct accounts *accounts, const char *domain,
                                    const char *user);

/* Gives the accounts to gss-ntlmssp, for the whole process, in the place of earlier ones. Call it
 * once for the same accounts. */
NET_API_STATUS accounts_publish(struct accounts *accounts, struct err *err);

#endif
