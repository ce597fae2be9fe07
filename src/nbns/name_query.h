/* SPDX-License-Identifier: MIT */
/* NetBIOS name queries, RFC 1001 and 1002: who has a name, asked of everybody on a network or of a
 * name server (WINS). */
#ifndef NBNS_NAME_QUERY_H
#define NBNS_NAME_QUERY_H

#include <stdbool.h>
#include <stdint.h>
#include "wire/reader.h"
#include "wire/writer.h"

#define NBNS_PORT 137

/* Addresses taken of an answer. */
#define NBNS_MAX_ADDRESSES 16

/* Whether a name can be a NetBIOS name: 1 to 15 ASCII characters, and no dot, which is DNS's. */
bool nbns_name_fits(const char *name);

/* 4.2.12. is_broadcast: asked of everybody, else of a name server. name has to fit. */
void nbns_query_encode(struct wire_writer *w, uint16_t id, const char *name, bool is_broadcast);

enum nbns_answer {
	NBNS_ANOTHERS, /* no answer to this query */
	NBNS_NEGATIVE, /* 4.2.14: nobody has the name */
	NBNS_POSITIVE, /* 4.2.13 */
};

/* Reads what may be an answer. Gives *count addresses, in network order. */
enum nbns_answer nbns_answer_decode(struct wire_reader *r, uint16_t id, const char *name,
                                    uint8_t addresses[NBNS_MAX_ADDRESSES][4], unsigned *count);

#endif
