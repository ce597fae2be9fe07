/* SPDX-License-Identifier: MIT */
/* What every fuzz target shares: an input that is used up from its front, and sentences that must
 * hold. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Ends the run with the sentence that does not hold. */
#define MUST(condition)                                                                           \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "%s:%d: violated: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/* Zeros behind the end. */
static inline uint8_t fuzz_u8(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

static inline uint16_t fuzz_u16(struct fuzz_input *in)
{
	unsigned low = fuzz_u8(in);

	return (uint16_t)(low | (unsigned)fuzz_u8(in) << 8);
}

/* A copy of the next bytes in a block of exactly their size, so that the sanitizer sees a read
 * past its end. *bytes is cut to what there is. */
static inline uint8_t *fuzz_copy(struct fuzz_input *in, size_t *bytes)
{
	uint8_t *copy;

	if (*bytes > in->left)
		*bytes = in->left;
	copy = malloc(*bytes > 0 ? *bytes : 1);
	if (*bytes > 0)
		memcpy(copy, in->at, *bytes);
	in->at += *bytes;
	in->left -= *bytes;
	return copy;
}

static inline uint8_t *fuzz_rest(struct fuzz_input *in, size_t *bytes)
{
	*bytes = in->left;
	return fuzz_copy(in, bytes);
}

/* The next text, up to a zero byte, in a block of its own. */
static inline char *fuzz_text(struct fuzz_input *in)
{
	size_t bytes = in->left > 0 ? strnlen((const char *)in->at, in->left) : 0;
	char *text = malloc(bytes + 1);

	if (bytes > 0)
		memcpy(text, in->at, bytes);
	text[bytes] = '\0';
	bytes += bytes < in->left;
	in->at += bytes;
	in->left -= bytes;
	return text;
}

/* Where a stream is cut: up to seven places, then each piece in turn. */
#define FUZZ_MAX_CUTS 7

struct fuzz_cuts {
	uint16_t at[FUZZ_MAX_CUTS];
	size_t count;
};

static inline struct fuzz_cuts fuzz_cuts(struct fuzz_input *in)
{
	struct fuzz_cuts cuts = { .count = fuzz_u8(in) & FUZZ_MAX_CUTS };

	for (size_t i = 0; i < cuts.count; i++)
		cuts.at[i] = fuzz_u16(in);
	return cuts;
}

/* The end of the piece that begins at from. */
static inline size_t fuzz_cut_after(const struct fuzz_cuts *cuts, size_t from, size_t bytes)
{
	size_t end = bytes;

	for (size_t i = 0; i < cuts->count; i++)
		if (cuts->at[i] > from && cuts->at[i] < end)
			end = cuts->at[i];
	return end;
}

/* A piece in a block of its own: what is read behind its end, or after its time, shows. */
static inline uint8_t *fuzz_piece(const uint8_t *data, size_t bytes)
{
	uint8_t *piece = malloc(bytes > 0 ? bytes : 1);

	if (bytes > 0)
		memcpy(piece, data, bytes);
	return piece;
}

static inline bool fuzz_text_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

#endif
