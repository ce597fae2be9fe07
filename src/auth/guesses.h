/* SPDX-License-Identifier: MIT */
/* How fast passwords may be guessed. Each refused guess delays the next one from the same source,
 * and the next one at the same account, more and more; the delays decay with time. At an account
 * that has logged on from the same source before, only failures at that account and from that
 * source count, and delay less: nobody locks a user out by guessing. All of it is in memory of a
 * fixed size. Pure: the caller tells the time. */
#ifndef AUTH_GUESSES_H
#define AUTH_GUESSES_H

#include <stdbool.h>
#include <stdint.h>

/* Sources and accounts that are remembered. Of more, the one with the fewest failures is forgotten.
 */
#define GUESSES_MAX 8192
/* Successful log-ons, of a source at an account. Of more, the oldest is forgotten. */
#define GUESSES_MAX_SUCCESSES 4096

/* So many failures delay nothing; the next one delays by GUESSES_FIRST_DELAY_MS, and each further
 * one by twice as much, up to a maximum. One failure is forgotten in each GUESSES_FORGET_MS. */
#define GUESSES_FREE_OF_SOURCE      5
#define GUESSES_FREE_OF_ACCOUNT     10
#define GUESSES_FIRST_DELAY_MS      250
#define GUESSES_MAX_SOURCE_DELAY_MS 16000
#define GUESSES_MAX_OTHER_DELAY_MS  2000 /* of an account, or of one from a known source */
#define GUESSES_FORGET_MS           60000

#define GUESSES_SOURCE_BYTES 9

/* One guess. All bytes count, so fill it with zeros first. */
struct guess {
	uint8_t source[GUESSES_SOURCE_BYTES];
	uint32_t account; /* text_hash_nocase of the user's name, whether there is such a user or
	                   * not */
};

struct guesses;

/* NULL: out of memory. */
struct guesses *guesses_new(void);
void guesses_free(struct guesses *g); /* NULL is allowed */

/* When this guess may begin: now_ms or later. */
int64_t guesses_due_ms(const struct guesses *g, const struct guess *guess, int64_t now_ms);
/* The guess begins: from now on, the next one of its source and at its account waits. */
void guesses_begin(struct guesses *g, const struct guess *guess, int64_t now_ms);
/* What became of the guess. */
void guesses_end(struct guesses *g, const struct guess *guess, bool is_right, int64_t now_ms);

#endif
