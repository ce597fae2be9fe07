/* SPDX-License-Identifier: MIT */
/* The names of the users whom smbstatus shows by number only. smbd knows each of its users by name,
 * but smbstatus looks the number up by nsswitch, which has no users of a domain where
 * libnss_winbind is not set up: so it is on most Active Directory domain controllers. winbindd
 * knows these users; wbinfo asks it. Pure: the caller runs wbinfo, and passes the time, in
 * milliseconds of a clock that never goes back. */
#ifndef SAMBA_SMBSTATUS_USER_NAMES_H
#define SAMBA_SMBSTATUS_USER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "samba/smbstatus/smbstatus_parse.h"

enum {
	USER_NAMES_VALID_MS = 600000,   /* then winbindd is asked again */
	USER_NAMES_NAMELESS_MS = 60000, /* also of a user whom winbindd does not know */
	USER_NAMES_MOST_ASKED = 64,     /* at once */
};

struct user_names;

/* is_controller: of a domain, whose Administrator smbstatus calls root, because both have the
 * number 0. NULL: out of memory. */
struct user_names *user_names_new(bool is_controller);
/* NULL is allowed. */
void user_names_free(struct user_names *n);

/* Puts the names that are known into list, which borrows them until the next user_names_learn.
 * Gives the numbers to ask winbindd for, each once, and returns how many they are. */
size_t user_names_apply(const struct user_names *n, struct smbstatus_list *list, int64_t now_ms,
                        uint32_t asked[USER_NAMES_MOST_ASKED]);
/* Takes in what `wbinfo --uid-info=N --uid-info=N ...` printed for these numbers: lines as in
 * passwd(5), up to the first number that winbindd has no user for. is_over: wbinfo is not asked
 * again for those that it did not answer. False: out of memory. */
bool user_names_learn(struct user_names *n, const uint32_t *asked, size_t count, const char *output,
                      bool is_over, int64_t now_ms);

#endif
