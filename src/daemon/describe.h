/* SPDX-License-Identifier: MIT */
/* The daemon described for others, out of the tables of its options and of its configuration. */
#ifndef DAEMON_DESCRIBE_H
#define DAEMON_DESCRIBE_H

#include <stdbool.h>

/* Prints one of "man8", "man5" and "sample". False: there is no such form, which was said on
 * stderr. */
bool daemon_describe(const char *form);
/* What --help shows. */
void daemon_describe_help(void);

#endif
