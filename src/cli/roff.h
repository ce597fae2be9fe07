/* SPDX-License-Identifier: MIT */
/* Manual pages that programs make out of their own tables, in man(7). */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stdio.h>

/* Text as it is: what roff would take for a command of its own is escaped. */
void roff_put(FILE *to, const char *text);

/* The same, begun by a capital letter and ended by a full stop and the line. */
void roff_put_sentence(FILE *to, const char *text);

#endif
