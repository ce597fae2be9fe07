/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the accounts that may log on by NTLM, from a file. gss-ntlmssp reads
 * accounts only from a file that an environment variable names; it gets one that is in memory only,
 * and that has one account at a time, and a hash instead of its password. */
#ifndef AUTH_ACCOUNTS_H
#define AUTH_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/account_line.h"
#include "auth/ntlm_message.h"
#include "base/err.h"

struct accounts;

struct account {
	const char *domain, *user;       /* as the file writes them */
	unsigned line;                   /* of the file */
	uint32_t domain_hash, user_hash; /* without regard to case */
};

/* Reads lines as account_line.h describes them. Refuses what no client can log on with. Gives *out,
 * NULL after a failure: see err, whose text begins with file and line where a line is wrong, and
 * never repeats any of it. */
NET_API_STATUS accounts_read(const char *path, struct accounts **out, struct err *err);
void accounts_free(struct accounts *accounts);

/* Fails if this system has no locale in which gss-ntlmssp could compare one of the names. */
NET_API_STATUS accounts_check_locale(const struct accounts *accounts, struct err *err);

/* The names of an account as a log-on gives them. A client that is given alice@LAB sends all of it
 * as the user, without a domain. */
struct account_name {
	const char *domain, *user;
	char text[NTLM_NAME_BYTES]; /* that they may point to */
};

/* Keeps both texts. */
void account_name_read(struct account_name *name, const char *domain, const char *user);

/* Finds the account of this user, which may be user@DOMAIN where domain is "": the first one of
 * that name where none is named. Borrowed; NULL: there is none. */
const struct account *accounts_find(const struct accounts *accounts, const char *domain,
                                    const char *user);

/* Whether two accounts, which may be of two files, have the same password. */
bool accounts_have_same_password(const struct accounts *accounts, const struct account *account,
                                 const struct accounts *others, const struct account *other);

/* Whether a file could have an account of these names: one that it cannot have is refused without
 * asking gss-ntlmssp. */
bool accounts_may_exist(const char *domain, const char *user);

/* Sets the variable of the environment by which gss-ntlmssp finds its accounts. The first call must
 * come before there are threads. */
NET_API_STATUS accounts_prepare(struct err *err);

/* Lets gss-ntlmssp read this one account, on any thread, until accounts_take_back, by the names
 * that the client sent: a client hashes the domain as its user has typed it ([MS-NLMP] 3.3.2), and
 * gss-ntlmssp as its file spells it. Other threads that want to lend one wait. account NULL: an
 * account of these names, which may exist, with a hash that no password has; so a user who is not
 * in the file takes as long to be refused as one who is. False: out of memory; do not take back. */
bool accounts_lend(const struct accounts *accounts, const struct account *account,
                   const char *domain, const char *user);
void accounts_take_back(void);

#endif
