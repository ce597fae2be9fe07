/* SPDX-License-Identifier: MIT */
#include "wire/nbns_query.h"

#include <string.h>

/* OPCODE, NM_FLAGS and RCODE: RFC 1002 4.2.1.1. */
#define RESPONSE          0x8000
#define OPCODE(flags)     ((flags) >> 11 & 15)
#define OPCODE_QUERY      0
#define OPCODE_WACK       7
#define RECURSION_DESIRED 0x0100
#define BROADCAST         0x0010
#define RCODE(flags)      ((flags) & 15)
#define RCODE_NAME        3

/* Types and classes: RFC 1002 4.2.1.3. */
#define TYPE_NS  0x0002
#define TYPE_NB  0x0020
#define CLASS_IN 0x0001

/* An ADDR_ENTRY of the RDATA: RFC 1002 4.2.1.3, 4.2.13. */
#define NB_FLAGS_GROUP   0x8000
#define ADDR_ENTRY_BYTES 6

static void nbns_put_u16(struct wire_writer *w, unsigned value)
{
	wire_put_u8(w, (uint8_t)(value >> 8));
	wire_put_u8(w, (uint8_t)value);
}

void nbns_query_encode(struct wire_writer *w, const struct nbns_query *query)
{
	nbns_put_u16(w, query->id);
	nbns_put_u16(w, RECURSION_DESIRED | (query->is_broadcast ? BROADCAST : 0));
	nbns_put_u16(w, 1); /* QDCOUNT, then ANCOUNT, NSCOUNT, ARCOUNT */
	wire_put_zeros(w, 6);
	wire_put_bytes(w, query->name, sizeof query->name);
	nbns_put_u16(w, TYPE_NB);
	nbns_put_u16(w, CLASS_IN);
}

/* Whether an address is that of a host: not one of 0/8, nor above the unicast addresses. Connecting
 * to those would reach this computer, or every computer. */
static bool nbns_is_host_address(const uint8_t address[4])
{
	return address[0] != 0 && address[0] < 224;
}

static void nbns_get_addresses(struct wire_reader *r, struct nbns_answer *answer)
{
	answer->verdict = NBNS_UNKNOWN;
	while (wire_left(r) > 0) {
		uint16_t nb_flags = wire_get_u16(r);
		const uint8_t *address = wire_get_bytes(r, 4);

		if (r->error != NULL)
			return;
		if ((nb_flags & NB_FLAGS_GROUP) != 0) {
			if (answer->count == 0)
				answer->verdict = NBNS_IS_GROUP;
		} else if (nbns_is_host_address(address) && answer->count < NBNS_MAX_ADDRESSES) {
			memcpy(answer->addresses[answer->count++], address, 4);
			answer->verdict = NBNS_FOUND;
		}
	}
}

/* The record of a POSITIVE NAME QUERY RESPONSE, or of a REDIRECT NAME QUERY RESPONSE (4.2.15),
 * which a server that does not recurse sends, and which stands among the authorities. */
static void nbns_get_record(struct wire_reader *r, unsigned answers, uint16_t type, uint16_t bytes,
                            struct nbns_answer *answer)
{
	size_t at = (size_t)(r->at - r->start);
	struct wire_reader data = wire_part(r, at, bytes);

	if (r->error != NULL)
		return;
	if (answers == 0 && type == TYPE_NS)
		answer->verdict = NBNS_REDIRECT;
	else if (answers > 0 && type == TYPE_NB && bytes % ADDR_ENTRY_BYTES == 0)
		nbns_get_addresses(&data, answer);
	else
		wire_reader_fail(r, "the response has no addresses of a NetBIOS name");
}

void nbns_answer_decode(struct wire_reader *r, const struct nbns_query *query,
                        struct nbns_answer *answer)
{
	uint16_t id, flags, questions, answers, type, class, bytes;
	const uint8_t *name;
	uint32_t ttl_s;

	*answer = (struct nbns_answer){ .verdict = NBNS_UNKNOWN };
	r->big_endian = true;
	id = wire_get_u16(r);
	flags = wire_get_u16(r);
	questions = wire_get_u16(r);
	answers = wire_get_u16(r);
	wire_skip(r, 4); /* NSCOUNT, ARCOUNT */
	/* The first name in the message: no name stands before it that a pointer could refer to. */
	name = wire_get_bytes(r, sizeof query->name);
	type = wire_get_u16(r);
	class = wire_get_u16(r);
	ttl_s = wire_get_u32(r);
	bytes = wire_get_u16(r);
	if (r->error != NULL)
		return;
	if (id != query->id || (flags & RESPONSE) == 0 || questions != 0 || class != CLASS_IN ||
	    memcmp(name, query->name, sizeof query->name) != 0)
		wire_reader_fail(r, "the datagram does not answer this query");
	else if (OPCODE(flags) == OPCODE_WACK)
		*answer = (struct nbns_answer){ .verdict = NBNS_WAIT, .wait_s = ttl_s };
	else if (OPCODE(flags) != OPCODE_QUERY)
		wire_reader_fail(r, "the datagram is no response to a name query");
	else if (RCODE(flags) == 0)
		nbns_get_record(r, answers, type, bytes, answer);
	else /* 4.2.14: the record has no data of interest */
		answer->verdict = RCODE(flags) == RCODE_NAME ? NBNS_UNKNOWN : NBNS_REFUSED;
}
