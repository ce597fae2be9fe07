/* SPDX-License-Identifier: MIT */
/* Arrays as PostgreSQL writes them, for statements about many rows. Each is to be freed by the
 * caller; NULL: out of memory. */
#ifndef STORE_ARRAY_H
#define STORE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

char *array_of_texts(const char *const texts[], size_t count);
char *array_of_numbers(const int64_t numbers[], size_t count);

#endif
