/* SPDX-License-Identifier: MIT */
/* Points in time as peers send them, and how messages show them. */
#ifndef BASE_CLOCK_TEXT_H
#define BASE_CLOCK_TEXT_H

#include <stdint.h>

/* What a FILETIME, [MS-DTYP] 2.3.3, is in whole seconds since 1970. */
int64_t clock_of_filetime(uint64_t filetime);

#define CLOCK_TIME_BYTES 72 /* the longest time with its terminator */

/* Writes "2026-11-30 14:06:12 UTC" for any time that a FILETIME can have: seconds since
 * 1970. */
void clock_time_text(char to[CLOCK_TIME_BYTES], int64_t time_s);

#define CLOCK_DURATION_BYTES 32

/* Writes a duration, rounded, in the largest unit of which it has two: "45 s", "20 minutes",
 * "2 days". Its sign is not shown. */
void clock_duration_text(char to[CLOCK_DURATION_BYTES], int64_t seconds);

#endif
