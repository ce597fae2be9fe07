/* SPDX-License-Identifier: MIT */
/* The members of a large JSON object, one at a time: jansson parses each of them by itself, so that
 * the tree of all of it is never in memory. */
#ifndef SAMBA_SMBSTATUS_JSON_MEMBERS_H
#define SAMBA_SMBSTATUS_JSON_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A cursor; the first failure sticks. */
struct json_members {
	const char *text; /* kept */
	size_t bytes, at;
	bool is_first;
	bool has_failed; /* it is no JSON, or there is no memory */
	bool is_out_of_memory;
};

/* Of the object that text begins with. */
void json_members_begin(struct json_members *m, const char *text, size_t bytes);
/* Gives the next member's name, freed with json_decref; its value is to be taken next, by either
 * of the two below. NULL: there is none, or it has failed. */
json_t *json_members_next(struct json_members *m);
/* Gives the value; NULL: it has failed. */
json_t *json_members_value(struct json_members *m);
/* The value is an object: m is on its members, until json_members_next gives NULL, and then on
 * those behind it again. False: it is no object, and is still to be taken. */
bool json_members_enter(struct json_members *m);
/* Behind the outermost object, whether that is all. */
bool json_members_end(struct json_members *m);

#endif
