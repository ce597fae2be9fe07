/* SPDX-License-Identifier: MIT */
/* A file in memory, for what reads files by their paths: its text is all that matters there. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "fuzz.h"

struct fuzz_file {
	int fd;
	char path[64];
};

/* What is left of the input. */
static inline struct fuzz_file fuzz_file_open(const struct fuzz_input *in)
{
	struct fuzz_file f = { .fd = memfd_create("fuzz", MFD_CLOEXEC) };

	MUST(f.fd >= 0 && fchmod(f.fd, 0600) == 0);
	MUST(in->left == 0 || write(f.fd, in->at, in->left) == (ssize_t)in->left);
	snprintf(f.path, sizeof f.path, "/proc/self/fd/%d", f.fd);
	return f;
}

static inline void fuzz_file_close(struct fuzz_file *f)
{
	close(f->fd);
}

#endif
