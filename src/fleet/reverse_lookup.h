/* SPDX-License-Identifier: MIT */
/* The names of many addresses. */
#ifndef FLEET_REVERSE_LOOKUP_H
#define FLEET_REVERSE_LOOKUP_H

#include <stddef.h>
#include "base/ip_address.h"

/* Looks the names of addresses up, as getnameinfo(3) does, many side by side: each may take
 * seconds. Blocks until all are done. Gives names[i], which the caller frees; NULL: the address has
 * none, or memory ran out. */
void reverse_lookup(const struct ip_address addresses[], size_t count, char *names[]);

#endif
