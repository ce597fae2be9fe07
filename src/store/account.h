/* SPDX-License-Identifier: MIT */
/* The account of a user as the store has it, for searches. */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

/* Returns the account of a user's name without its domain, so that names that are equal without
 * regard to case give the same text. A long one is cut to fit an index: what a search for it finds
 * has to be compared with the whole name. The caller frees it. NULL: out of memory. */
char *account_fold(const char *user);

#endif
