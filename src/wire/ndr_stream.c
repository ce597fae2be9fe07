/* SPDX-License-Identifier: MIT */
#include "wire/ndr_stream.h"

#include <assert.h>
#include <string.h>

void ndr_stream_feed(struct ndr_stream *s, const void *piece, size_t bytes)
{
	assert(s->at == s->end);
	s->at = piece;
	s->end = s->at + bytes;
}

static size_t ndr_stream_left(const struct ndr_stream *s)
{
	return (size_t)(s->end - s->at);
}

static const uint8_t *ndr_stream_advance(struct ndr_stream *s, size_t bytes)
{
	const uint8_t *p = s->at;

	s->at += bytes;
	s->offset += bytes;
	return p;
}

/* Returns the next bytes: in place if the piece holds all of them, else in carry. NULL: they have
 * not all arrived. */
static const uint8_t *ndr_stream_collect(struct ndr_stream *s, size_t bytes)
{
	size_t more = bytes - s->carried;

	if (s->carried == 0 && ndr_stream_left(s) >= bytes)
		return ndr_stream_advance(s, bytes);
	if (more > ndr_stream_left(s))
		more = ndr_stream_left(s);
	if (more > 0)
		memcpy(s->carry + s->carried, ndr_stream_advance(s, more), more);
	s->carried += more;
	if (s->carried < bytes)
		return NULL;
	s->carried = 0;
	return s->carry;
}

/* Skips padding. False: it has not all arrived. */
static bool ndr_stream_align4(struct ndr_stream *s)
{
	while (s->offset % 4 != 0) {
		if (ndr_stream_left(s) == 0)
			return false;
		(void)ndr_stream_advance(s, 1);
	}
	return true;
}

bool ndr_stream_words(struct ndr_stream *s, uint32_t words[], size_t count)
{
	const uint8_t *p;

	assert(count <= NDR_STREAM_MAX_WORDS);
	if (s->carried == 0 && !ndr_stream_align4(s))
		return false;
	p = ndr_stream_collect(s, 4 * count);
	if (p == NULL)
		return false;
	for (size_t i = 0; i < count; i++, p += 4) {
		uint32_t value = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		                 (uint32_t)p[3] << 24;

		words[i] = s->big_endian ? __builtin_bswap32(value) : value;
	}
	return true;
}

size_t ndr_stream_units_ready(const struct ndr_stream *s)
{
	return (s->carried + ndr_stream_left(s)) / 2;
}

static WCHAR ndr_stream_unit(const struct ndr_stream *s, const uint8_t *p)
{
	return (WCHAR)(s->big_endian ? p[0] << 8 | p[1] : p[0] | p[1] << 8);
}

size_t ndr_stream_units(struct ndr_stream *s, WCHAR units[], size_t max_units)
{
	size_t count = 0, whole;
	const uint8_t *p;

	if (s->carried > 0 && max_units > 0 && (p = ndr_stream_collect(s, 2)) != NULL)
		units[count++] = ndr_stream_unit(s, p);
	whole = ndr_stream_left(s) / 2;
	if (whole > max_units - count)
		whole = max_units - count;
	for (p = ndr_stream_advance(s, 2 * whole); whole > 0; whole--, p += 2)
		units[count++] = ndr_stream_unit(s, p);
	if (count < max_units)
		(void)ndr_stream_collect(s,
		                         2); /* half a unit, whose rest comes with the next piece */
	return count;
}
