/* SPDX-License-Identifier: MIT */
/* A set of names of pipes, as they are names of files. */
#ifndef SAMBA_SOCKET_DIR_PIPE_NAMES_H
#define SAMBA_SOCKET_DIR_PIPE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PIPE_NAME_BYTES = 64, MAX_PIPE_NAMES = 256 };

struct pipe_names {
	size_t count;
	char list[MAX_PIPE_NAMES][MAX_PIPE_NAME_BYTES];
};

/* False: it is no name of a pipe, or there are too many. Whoever has it already stays as it is. */
bool pipe_names_add(struct pipe_names *names, const char *name);
bool pipe_names_has(const struct pipe_names *names, const char *name);
/* Adds the named pipes out of what a program of Samba's says with --list-interfaces. */
void pipe_names_parse(struct pipe_names *names, const char *text);

#endif
