/* SPDX-License-Identifier: MIT */
/* The query for the addresses of a NetBIOS name, and its responses: RFC 1002 4.2.12 to 4.2.16. */
#ifndef WIRE_NBNS_QUERY_H
#define WIRE_NBNS_QUERY_H

#include "wire/nbns_name.h"
#include "wire/reader.h"
#include "wire/writer.h"

#define NBNS_PORT 137

/* A unique name has an address for each network of its host, in Windows at most 25 ([MS-NBTE]).
 * Addresses that do not fit are dropped. */
#define NBNS_MAX_ADDRESSES 16

struct nbns_query {
	uint16_t id;
	uint8_t name[NBNS_ENCODED_BYTES];
	bool is_broadcast; /* false: sent to a WINS server */
};

enum nbns_verdict {
	NBNS_FOUND,    /* there is at least one address */
	NBNS_IS_GROUP, /* the name belongs to a group, so it identifies no computer */
	NBNS_UNKNOWN,  /* the server does not know the name */
	NBNS_REFUSED,  /* the server refused the query */
	NBNS_WAIT,     /* the answer takes up to wait_s seconds */
	NBNS_REDIRECT, /* the server refers to another server */
};

struct nbns_answer {
	enum nbns_verdict verdict;
	uint32_t wait_s;
	uint8_t addresses[NBNS_MAX_ADDRESSES][4]; /* IPv4 */
	unsigned count;
};

void nbns_query_encode(struct wire_writer *w, const struct nbns_query *query);

/* r is a whole datagram. Fails r if the datagram is no answer to query, and has to be ignored. */
void nbns_answer_decode(struct wire_reader *r, const struct nbns_query *query,
                        struct nbns_answer *answer);

#endif
