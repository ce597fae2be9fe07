/* SPDX-License-Identifier: MIT */
/* Memory for passwords: pages of its own, which are not swapped out where the system allows that
 * (RLIMIT_MEMLOCK), and which are in no core dump. */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include <stddef.h>

/* Gives zeros. NULL: out of memory. */
void *crypto_secret_new(size_t bytes);
/* Gives a copy. NULL: out of memory. */
char *crypto_secret_copy(const char *text);
/* Overwrites and frees it. NULL is allowed. */
void crypto_secret_free(void *secret);

#endif
