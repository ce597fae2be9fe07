/* SPDX-License-Identifier: MIT */
/* What a process may still do after its start: which files it may open (Landlock), and which system
 * calls it may make (seccomp). There is no way back. A fault in what parses messages then reaches
 * no other files, and runs no program. */
#ifndef SYSTEM_SANDBOX_H
#define SYSTEM_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

enum sandbox_access {
	SANDBOX_READ,
	SANDBOX_WRITE, /* and read; below a folder also create and delete files and sockets */
};

struct sandbox {
	int rules;        /* of Landlock; -1: this kernel has no Landlock */
	uint64_t handled; /* the rights that this kernel's Landlock knows */
};

/* Begins a sandbox in which no file may be opened. */
void sandbox_begin(struct sandbox *s);
/* Allows a file, or all below a folder. Symbolic links are followed. A path that does not exist is
 * ignored, and so is NULL. */
void sandbox_allow(struct sandbox *s, const char *path, enum sandbox_access access);
/* The same for the folder of a file: programs replace a file by another one of its name. */
void sandbox_allow_folder_of(struct sandbox *s, const char *path, enum sandbox_access access);

struct sandbox_result {
	bool restricts_files, restricts_calls;
};

/* Enters the sandbox, for this thread and all that it starts, and frees what s holds. Programs are
 * run no more, other processes are not traced, and sockets are TCP, UDP and Unix sockets alone. */
struct sandbox_result sandbox_enter(struct sandbox *s);

#endif
