/* SPDX-License-Identifier: MIT */
/* The question for a NetBIOS name's addresses, and what may come of it: RFC 1002 4.2.12 to
 * 4.2.16. */
#ifndef WIRE_NBNS_QUERY_H
#define WIRE_NBNS_QUERY_H

#include "wire/nbns_name.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define NBNS_PORT 137

/* A unique name has one for each of its host's networks: 25 at most ([MS-NBTE] says so of
 * Windows). Those behind the last that fits are left. */
#define NBNS_MAX_ADDRESSES 16

struct nbns_query {
	uint16_t id;
	uint8_t name[NBNS_ENCODED_BYTES];
	bool is_broadcast; /* else to a WINS server */
};

enum nbns_verdict {
	NBNS_FOUND,    /* addresses has one at least */
	NBNS_IS_GROUP, /* the name is a group's: whose address that is nobody knows */
	NBNS_UNKNOWN,  /* the server does not know the name */
	NBNS_REFUSED,  /* the server did not look */
	NBNS_WAIT,     /* the answer takes up to wait_s */
	NBNS_REDIRECT, /* the server does not know, and names another one */
};

struct nbns_answer {
	enum nbns_verdict verdict;
	uint32_t wait_s;
	uint8_t addresses[NBNS_MAX_ADDRESSES][4]; /* IPv4 */
	unsigned count;
};

void nbns_query_encode(struct wire_writer *w, const struct nbns_query *query);

/* r is a whole datagram. Fails it when that is no answer to query: it is to be passed over. */
void nbns_answer_decode(struct wire_reader *r, const struct nbns_query *query,
                        struct nbns_answer *answer);

#endif
