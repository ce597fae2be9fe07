/* SPDX-License-Identifier: MIT */
#include "nbns/name_query.h"

#include <string.h>

enum {
	NAME_BYTES = 15,
	SUFFIX_FILE_SERVER = 0x20, /* the 16th byte: which service of that name */
	ENCODED_BYTES = 1 + 2 * (NAME_BYTES + 1) + 1,

	TYPE_NB = 0x0020,
	CLASS_IN = 0x0001,

	/* 4.2.1.1: OPCODE, NM_FLAGS and RCODE in one word. */
	RESPONSE = 0x8000,
	OPCODE = 0x7800,
	OPCODE_QUERY = 0x0000,
	RECURSION_DESIRED = 0x0100,
	BROADCAST = 0x0010,
	RCODE = 0x000F,

	GROUP = 0x8000, /* of NB_FLAGS, 4.2.1.3: a name that many have */
};

bool nbns_name_fits(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length > NAME_BYTES)
		return false;
	for (; *name != '\0'; name++)
		if (*name <= ' ' || *name == 0x7F || strchr(".\\/:*?\"<>|", *name) != NULL)
			return false;
	return true;
}

/* First-level encoding, RFC 1001 14.1: each half of a byte as a letter from A on. */
static void encode_name(const char *name, uint8_t to[ENCODED_BYTES])
{
	size_t length = strlen(name);

	*to++ = 2 * (NAME_BYTES + 1);
	for (size_t i = 0; i <= NAME_BYTES; i++) {
		uint8_t byte = i == NAME_BYTES ? SUFFIX_FILE_SERVER
		               : i < length    ? (uint8_t)name[i]
		                               : ' ';

		if (byte >= 'a' && byte <= 'z')
			byte = (uint8_t)(byte - 'a' + 'A');
		*to++ = (uint8_t)('A' + (byte >> 4));
		*to++ = (uint8_t)('A' + (byte & 0x0F));
	}
	*to = 0;
}

static void put_u16be(struct wire_writer *w, unsigned value)
{
	wire_put_u8(w, (uint8_t)(value >> 8));
	wire_put_u8(w, (uint8_t)value);
}

void nbns_query_encode(struct wire_writer *w, uint16_t id, const char *name, bool is_broadcast)
{
	uint8_t encoded[ENCODED_BYTES];

	encode_name(name, encoded);
	put_u16be(w, id);
	put_u16be(w, OPCODE_QUERY | RECURSION_DESIRED | (is_broadcast ? BROADCAST : 0));
	put_u16be(w, 1); /* questions */
	put_u16be(w, 0);
	put_u16be(w, 0);
	put_u16be(w, 0);
	wire_put_bytes(w, encoded, sizeof encoded);
	put_u16be(w, TYPE_NB);
	put_u16be(w, CLASS_IN);
}

static bool is_name(struct wire_reader *r, const char *name)
{
	const uint8_t *theirs = wire_get_bytes(r, ENCODED_BYTES);
	uint8_t ours[ENCODED_BYTES];

	encode_name(name, ours);
	return theirs != NULL && memcmp(theirs, ours, sizeof ours) == 0;
}

enum nbns_answer nbns_answer_decode(struct wire_reader *r, uint16_t id, const char *name,
                                    uint8_t addresses[NBNS_MAX_ADDRESSES][4], unsigned *count)
{
	uint16_t their_id, flags, answers, type, class, bytes;

	*count = 0;
	r->big_endian = true;
	their_id = wire_get_u16(r);
	flags = wire_get_u16(r);
	wire_skip(r, 2); /* QDCOUNT, 0 in an answer */
	answers = wire_get_u16(r);
	wire_skip(r, 2 + 2);
	if (r->error != NULL || their_id != id || (flags & (RESPONSE | OPCODE)) != RESPONSE ||
	    !is_name(r, name))
		return NBNS_ANOTHERS; /* a WACK, 4.2.16, too: the answer is still to come */
	if ((flags & RCODE) != 0 || answers == 0)
		return NBNS_NEGATIVE;
	type = wire_get_u16(r);
	class = wire_get_u16(r);
	wire_skip(r, 4); /* TTL */
	bytes = wire_get_u16(r);
	if (r->error != NULL || type != TYPE_NB || class != CLASS_IN || bytes % 6 != 0)
		return NBNS_ANOTHERS;
	for (; bytes > 0; bytes = (uint16_t)(bytes - 6)) {
		uint16_t nb_flags = wire_get_u16(r);
		const uint8_t *address = wire_get_bytes(r, 4);

		if (address == NULL)
			return NBNS_ANOTHERS;
		if ((nb_flags & GROUP) == 0 && *count < NBNS_MAX_ADDRESSES)
			memcpy(addresses[(*count)++], address, 4);
	}
	return *count > 0 ? NBNS_POSITIVE : NBNS_NEGATIVE;
}
