/* SPDX-License-Identifier: MIT */
/* An object of JSON as one line, whose characters drive no terminal. */
#ifndef DAEMON_JSON_LINE_H
#define DAEMON_JSON_LINE_H

#include <jansson.h>
#include <stddef.h>

/* Gives the line's bytes with the newline, freed by free(). NULL: out of memory, now or when the
 * object was made. */
char *json_line_format(const json_t *line, size_t *bytes);

#endif
