/* SPDX-License-Identifier: MIT */
/* Inside src/smb2_server only: the message ids that a client may use. [MS-SMB2] 3.3.1.1, 3.3.1.2.
 */
#ifndef SMB2_SERVER_CREDITS_H
#define SMB2_SERVER_CREDITS_H

#include <stdbool.h>
#include <stdint.h>

/* So many ids may be granted and unused. They are from a range of twice that size, since a client
 * may use ids in any order. */
#define CREDITS_MAX    8192
#define CREDITS_WINDOW (2 * CREDITS_MAX)

struct credit_window {
	uint64_t begin;                     /* the lowest unused id */
	uint32_t length;                    /* number of granted ids from begin on */
	uint32_t available;                 /* how many of them are unused */
	uint64_t used[CREDITS_WINDOW / 64]; /* one bit for each id, indexed by its lowest bits */
};

/* Grants the id 0. */
void credits_init(struct credit_window *w);

/* Marks count ids from id on as used. False: one of them was not granted, or was used before. */
bool credits_take(struct credit_window *w, uint64_t id, unsigned count);

/* Grants at most wanted further ids, and at least one if the client has none. Returns how many. */
uint16_t credits_grant(struct credit_window *w, uint16_t wanted);

#endif
