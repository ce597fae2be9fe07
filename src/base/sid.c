/* SPDX-License-Identifier: MIT */
#include "base/sid.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEAD_BYTES = 8, SUB_AUTHORITY_BYTES = 4 };

bool sid_decode(struct sid *sid, const uint8_t *bytes, size_t count)
{
	*sid = (struct sid){ 0 };
	if (count < HEAD_BYTES || bytes[0] != 1 || bytes[1] == 0 ||
	    bytes[1] > SID_MAX_SUB_AUTHORITIES ||
	    count != HEAD_BYTES + (size_t)bytes[1] * SUB_AUTHORITY_BYTES)
		return false;
	sid->count = bytes[1];
	for (unsigned i = 2; i < HEAD_BYTES; i++)
		sid->authority = sid->authority << 8 | bytes[i];
	for (unsigned i = 0; i < sid->count; i++) {
		const uint8_t *at = bytes + HEAD_BYTES + (size_t)i * SUB_AUTHORITY_BYTES;

		sid->sub_authorities[i] = (uint32_t)at[0] | (uint32_t)at[1] << 8 |
		                          (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
	}
	return true;
}

char *sid_text(const struct sid *sid, char to[SID_TEXT_BYTES])
{
	int length = snprintf(to, SID_TEXT_BYTES,
	                      sid->authority >> 32 != 0 ? "S-1-0x%012" PRIX64 : "S-1-%" PRIu64,
	                      sid->authority);

	for (unsigned i = 0; i < sid->count; i++)
		length += snprintf(to + length, SID_TEXT_BYTES - (size_t)length, "-%" PRIu32,
		                   sid->sub_authorities[i]);
	return to;
}
