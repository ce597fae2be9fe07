/* SPDX-License-Identifier: MIT */
/* The servers that a command asks: those of its operands and of --hosts. */
#ifndef NETSESSION_TARGETS_H
#define NETSESSION_TARGETS_H

#include "fleet/target_list.h"
#include "options.h"

/* Adds the servers of the operands, which may be ranges, and of --hosts. What is no server is
 * reported on standard error, and counted in list->refused; of the operands only what is no range,
 * because its query reports the others. Returns false after a message on stderr: the file cannot be
 * read, names no server, or memory ran out. */
bool targets_collect(const struct options *options, struct target_list *list);

/* The same, and drops targets that are there twice. */
bool targets_collect_distinct(const struct options *options, struct target_list *list);

#endif
