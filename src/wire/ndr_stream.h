/* SPDX-License-Identifier: MIT */
/* NDR 2.0 out of a stub that arrives in pieces: long answers, decoded straight from their
 * fragments. Nothing is kept but an element that a fragment's end cut through. */
#ifndef WIRE_NDR_STREAM_H
#define WIRE_NDR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#define NDR_STREAM_MAX_WORDS 8

struct ndr_stream {
	const uint8_t *at, *end; /* what is left of the piece fed last */
	size_t offset;           /* of at in the whole stub, bytes: alignment counts from there */
	uint8_t carry[4 * NDR_STREAM_MAX_WORDS];
	size_t carried; /* bytes of an element whose rest has not come */
	bool big_endian;
};

/* The next piece; borrowed until the one after it. The piece before must be used up, as it is
 * when ndr_stream_words or ndr_stream_units said that they need more. */
void ndr_stream_feed(struct ndr_stream *s, const void *piece, size_t bytes);

/* The next count aligned 32-bit numbers, at most NDR_STREAM_MAX_WORDS: all of them, or false
 * when more has to come first. */
bool ndr_stream_words(struct ndr_stream *s, uint32_t words[], size_t count);

/* As many as are there of the next max_units 16-bit units. */
size_t ndr_stream_units(struct ndr_stream *s, WCHAR units[], size_t max_units);

/* The units that ndr_stream_units would give now, at most. */
size_t ndr_stream_units_ready(const struct ndr_stream *s);

#endif
