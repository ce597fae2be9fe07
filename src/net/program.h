/* SPDX-License-Identifier: MIT */
/* Samba's own programs, run to their end: no shell, no input, the C locale, bounded in time and
 * output. Blocks: not for a loop. */
#ifndef NET_PROGRAM_H
#define NET_PROGRAM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

enum { SAMBA_PROGRAM_OUTPUT_BYTES = 4 << 20, SAMBA_PROGRAM_DEADLINE_MS = 20000 };

/* Finds an executable: in first where that is not NULL, in PATH, then where Samba's programs are
 * wont to be. False: it is in none of them. */
bool samba_program_find(const char *name, const char *first, char to[PATH_MAX]);

struct samba_program_output {
	char *text;     /* its stdout, ended by NUL */
	char said[256]; /* its stderr's last lines that are not empty, joined; "": none */
	int exit;       /* its exit status; -1: a signal ended it */
};

/* argv[0] is the program's path, and NULL ends it. False: it could not be run, took too long or
 * said too much, see err; there is no output then. True, whatever its exit is: output is freed by
 * samba_program_output_fini. */
bool samba_program_run(const char *const argv[], struct samba_program_output *output,
                       struct err *err);
void samba_program_output_fini(struct samba_program_output *output);

#endif
