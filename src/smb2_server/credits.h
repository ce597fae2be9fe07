/* SPDX-License-Identifier: MIT */
/* Inside src/smb2_server only: which message ids a client may use. [MS-SMB2] 3.3.1.1, 3.3.1.2. */
#ifndef SMB2_SERVER_CREDITS_H
#define SMB2_SERVER_CREDITS_H

#include <stdbool.h>
#include <stdint.h>

/* At most so many ids are granted and unused; they lie in twice as many, since a client may use
 * the later ones first. */
#define CREDITS_MAX    8192
#define CREDITS_WINDOW (2 * CREDITS_MAX)

struct credit_window {
	uint64_t begin;                     /* the lowest id that was not used */
	uint32_t length;                    /* ids from there on that were granted, used or not */
	uint32_t available;                 /* of them, not used */
	uint64_t used[CREDITS_WINDOW / 64]; /* a bit for each id, by its lowest bits */
};

/* One id, 0, is there. */
void credits_init(struct credit_window *w);

/* Uses count ids from id on. False: one of them was not granted, or was used. */
bool credits_take(struct credit_window *w, uint64_t id, unsigned count);

/* Grants at most wanted ids more, and one at least where the client has none. Returns how many. */
uint16_t credits_grant(struct credit_window *w, uint16_t wanted);

#endif
