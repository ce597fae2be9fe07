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

/* Whether the sender's order of bytes is not this machine's. */
static bool ndr_stream_swaps(const struct ndr_stream *s)
{
	return s->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
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
	memcpy(words, p, sizeof *words * count);
	for (size_t i = 0; i < count && ndr_stream_swaps(s); i++)
		words[i] = __builtin_bswap32(words[i]);
	return true;
}

size_t ndr_stream_units_ready(const struct ndr_stream *s)
{
	return (s->carried + ndr_stream_left(s)) / 2;
}

/* Gives units that have arrived. */
static void ndr_stream_copy_units(const struct ndr_stream *s, WCHAR units[], const uint8_t *from,
                                  size_t count)
{
	memcpy(units, from, sizeof *units * count);
	for (size_t i = 0; i < count && ndr_stream_swaps(s); i++)
		units[i] = (WCHAR)__builtin_bswap16(units[i]);
}

size_t ndr_stream_units(struct ndr_stream *s, WCHAR units[], size_t max_units)
{
	size_t count = 0, whole;
	const uint8_t *p;

	if (s->carried > 0 && max_units > 0 && (p = ndr_stream_collect(s, 2)) != NULL)
		ndr_stream_copy_units(s, &units[count++], p, 1);
	whole = ndr_stream_left(s) / 2;
	if (whole > max_units - count)
		whole = max_units - count;
	if (whole > 0)
		ndr_stream_copy_units(s, units + count, ndr_stream_advance(s, 2 * whole), whole);
	count += whole;
	if (count < max_units)
		(void)ndr_stream_collect(s,
		                         2); /* half a unit, whose rest comes with the next piece */
	return count;
}
