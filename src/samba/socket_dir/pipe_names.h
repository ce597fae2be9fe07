/* SPDX-License-Identifier: MIT */
/* A set of names of pipes, which are names of files. */
#ifndef SAMBA_SOCKET_DIR_PIPE_NAMES_H
#define SAMBA_SOCKET_DIR_PIPE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_PIPE_NAME_BYTES = 64, MAX_PIPE_NAMES = 256 };

struct pipe_names {
	size_t count;
	char list[MAX_PIPE_NAMES][MAX_PIPE_NAME_BYTES];
};

/* Adds a name, unless it is there. False: the name cannot be a pipe's, or there are too many. */
bool pipe_names_add(struct pipe_names *names, const char *name);
bool pipe_names_has(const struct pipe_names *names, const char *name);
/* Adds the pipes that a program of Samba's prints with --list-interfaces. */
void pipe_names_parse(struct pipe_names *names, const char *text);

#endif
