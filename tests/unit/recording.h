/* SPDX-License-Identifier: MIT */
/* Recorded bytes: the files of tests/wire. */
#ifndef TESTS_RECORDING_H
#define TESTS_RECORDING_H

#include <stddef.h>
#include <stdint.h>

struct recording {
	uint8_t *data; /* exactly bytes long, so that the sanitizer sees a read past its end */
	size_t bytes;
};

/* name without ".hex". Ends the test where the file cannot be read. */
struct recording recording_load(const char *name);
void recording_free(struct recording *r);

/* A "# key = hex" line of the file, at most capacity bytes. Gives how many. */
size_t recording_key(const char *name, const char *key, uint8_t *to, size_t capacity);

/* A copy of the first bytes, in a block of exactly that size. */
uint8_t *recording_cut(const struct recording *r, size_t bytes);

#endif
