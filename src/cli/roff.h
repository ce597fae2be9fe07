/* SPDX-License-Identifier: MIT */
/* Text in manual pages, in the language of man(7). */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stdio.h>

/* Writes text so that roff prints it as it stands. */
void roff_put(FILE *to, const char *text);

/* The same for prose: a word between backquotes is bold, an empty line begins a paragraph. */
void roff_put_prose(FILE *to, const char *text);

/* Prose with a capital letter first, and a full stop and a newline at the end. */
void roff_put_sentence(FILE *to, const char *text);

#endif
