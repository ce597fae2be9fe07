/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: a file that holds passwords, read into memory that is wiped. */
#ifndef AUTH_SECRET_FILE_H
#define AUTH_SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "base/err.h"

struct secret_file {
	char *text; /* its bytes, and room for one more */
	size_t bytes;
};

struct secret_file_rules {
	const char *step; /* that fails */
	size_t most_bytes;
	bool must_be_regular; /* it may be a pipe or a device where this is false */
	/* NULL: only those have access who may have it; else what is wrong, and what to do. */
	const char *(*find_fault)(const struct stat *info);
};

/* Gives f, which secret_file_fini frees also after a failure. The error's text does not name the
 * file. */
NET_API_STATUS secret_file_read(struct secret_file *f, const char *path,
                                const struct secret_file_rules *rules, struct err *err);
void secret_file_fini(struct secret_file *f);

#endif
