/* SPDX-License-Identifier: MIT */
/* The servers that a command asks: operands, lines of a file, and ranges of addresses. */
#ifndef FLEET_TARGET_LIST_H
#define FLEET_TARGET_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/text_list.h"

/* The most addresses that one range may have. */
#define TARGET_RANGE_MOST ((size_t)1 << 20)

/* All zero is an empty list. */
struct target_list {
	struct text_list names; /* servers as struct netsession_query takes them */
	size_t refused;         /* operands and lines that are no target */
};

void target_list_fini(struct target_list *list);

/* Whether text is an address, a slash and a number, which together are meant for a range. */
bool target_list_is_range(const char *text);

/* Adds what text means: a server in any form of server_operand_parse, or all addresses of a range
 * such as 192.0.2.0/24. Of an IPv4 range of more than two addresses, the first one and the
 * last one are left out: they are no hosts. Returns 0, ERROR_NOT_ENOUGH_MEMORY, or
 * NERR_InvalidComputer, which counts as refused; then err says why. */
NET_API_STATUS target_list_add(struct target_list *list, const char *text, struct err *err);

/* Adds the lines of a file; "-" is standard input. A # begins a comment.
 * refused  called for each line that is no target, with a message that begins with file and line;
 *          the other lines are added
 * Returns  0, or why the file cannot be read, which then stands in err */
NET_API_STATUS target_list_read(struct target_list *list, const char *path,
                                void (*refused)(void *context, const char *message), void *context,
                                struct err *err);

/* Drops targets that are there twice, in upper or lower case, and keeps the first of them. Returns
 * false if memory ran out. */
bool target_list_drop_repeated(struct target_list *list);

#endif
