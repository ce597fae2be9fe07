/* SPDX-License-Identifier: MIT */
/* The client of a session as servers name it: an address or the name of a computer, with or without
 * \\ before it. No name is looked up: an address and a name are never equal. */
#ifndef BASE_CLIENT_NAME_H
#define BASE_CLIENT_NAME_H

#include <stdbool.h>
#include "base/ip_address.h"

/* Returns what stands behind the \\, if any. NULL gives NULL. */
const char *client_name_bare(const char *client);

/* Whether both name the same client: addresses however they are spelled, names without regard to
 * case. NULL is equal to NULL only. */
bool client_name_equal(const char *a, const char *b);

/* For sorting: addresses by their numbers, then names by their bytes; NULL is the first name. */
int client_name_compare(const char *a, const char *b);

/* Spells an address as Windows does: 10.0.0.7, [fe80::1%eth0]; \\ stays where it stands. Returns
 * client itself if it is no address, NULL included, else the text in room. */
#define CLIENT_NAME_ROOM (IP_ADDRESS_TEXT_BYTES + 2)
const char *client_name_spell(const char *client, char room[CLIENT_NAME_ROOM]);

#endif
