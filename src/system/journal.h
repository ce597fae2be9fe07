/* SPDX-License-Identifier: MIT */
/* The journal of systemd, by its native protocol: entries of several fields. For that, no library
 * is needed: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ */
#ifndef SYSTEM_JOURNAL_H
#define SYSTEM_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#define JOURNAL_MAX_FIELDS 8

/* Whether descriptor is the journal: systemd.exec(5), JOURNAL_STREAM. */
bool journal_is_at(int descriptor);
/* Opens the socket that journal_send uses. Once, before there are threads. */
void journal_open(void);

/* The value has no newline. */
struct journal_field {
	const char *name, *value;
};

/* Sends an entry of at most JOURNAL_MAX_FIELDS fields. Never waits. False: the journal has not
 * taken it. */
bool journal_send(const struct journal_field fields[], size_t count);

#endif
