/* SPDX-License-Identifier: MIT */
/* Times as people write them for reports. */
#ifndef NETSESSION_REPORT_TIME_H
#define NETSESSION_REPORT_TIME_H

#include <stdbool.h>

/* Parses 2026-11-30, 2026-11-30T21:05 or 2026-11-30T21:05:30, also with a blank for the T, in local
 * time, or in UTC with a Z at the end; 90s, 30m, 12h, 7d: so long ago. member: an int64_t, which
 * becomes seconds since 1970. False: argument is no such time. */
bool report_time_parse(const char *argument, void *member);

/* Parses 90s, 30m, 12h, 7d. member: an int64_t, which becomes seconds, at least 1. False: argument
 * is no such duration. */
bool report_time_parse_duration(const char *argument, void *member);

#endif
