/* SPDX-License-Identifier: MIT */
/* NDR 2.0 out of a stub that arrives in pieces: long answers are decoded straight from their
 * fragments. Only an element that the end of a fragment cuts is copied. */
#ifndef WIRE_NDR_STREAM_H
#define WIRE_NDR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#define NDR_STREAM_MAX_WORDS 8

struct ndr_stream {
	const uint8_t *at, *end; /* the rest of the piece that was fed last */
	size_t offset; /* bytes, of at within the whole stub; alignment counts from its start */
	uint8_t carry[4 * NDR_STREAM_MAX_WORDS];
	size_t carried; /* bytes in carry, of an element that is cut */
	bool big_endian;
};

/* The next piece, borrowed until it is used up. To be called only when the piece before is: when
 * ndr_stream_words or ndr_stream_units gave less than asked for. */
void ndr_stream_feed(struct ndr_stream *s, const void *piece, size_t bytes);

/* Gives the next count aligned 32-bit numbers, at most NDR_STREAM_MAX_WORDS. False: they have not
 * all arrived, and none is given. */
bool ndr_stream_words(struct ndr_stream *s, uint32_t words[], size_t count);

/* Gives at most max_units 16-bit units, as many as have arrived. Returns how many. */
size_t ndr_stream_units(struct ndr_stream *s, WCHAR units[], size_t max_units);

/* How many units ndr_stream_units would give now at most. */
size_t ndr_stream_units_ready(const struct ndr_stream *s);

#endif
