/* SPDX-License-Identifier: MIT */
/* The answer of the operations of netsession_local, encoded and decoded:
 *   typedef struct { [string, unique] WCHAR *name, *help; DWORD value_low, value_high; } ENTRY;
 *   [out] NET_API_STATUS *status, [out] DWORD *count, [out, size_is(, *count)] ENTRY **entries
 * The status comes first, so that a reader has it before the entries. */
#ifndef LOCAL_LOCAL_LIST_H
#define LOCAL_LOCAL_LIST_H

#include <stdbool.h>
#include <lmcons.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"

#define LOCAL_LIST_MAX_ENTRIES 256 /* more entries are not encoded */
#define LOCAL_LIST_MAX_UNITS   255 /* of a text; longer texts are cut */
/* The longest stub of an answer. */
#define LOCAL_LIST_MAX_BYTES \
	((size_t)LOCAL_LIST_MAX_ENTRIES * (16 + 2 * (12 + 2 * (LOCAL_LIST_MAX_UNITS + 1))) + 64)

struct local_entry {
	const char *name, *help; /* UTF-8, borrowed; NULL: none */
	uint64_t value;
};

/* Encodes an answer. entry gives the entry of the number i, which is below count. */
void local_list_encode(struct ndr_writer *w, NET_API_STATUS status, size_t count,
                       struct local_entry (*entry)(const void *context, size_t i),
                       const void *context);

struct local_list {
	NET_API_STATUS status;
	uint32_t count, at;
	struct wire_reader entries, *texts;
	char name[NDR_TEXT_BYTES(LOCAL_LIST_MAX_UNITS)], help[NDR_TEXT_BYTES(LOCAL_LIST_MAX_UNITS)];
};

/* Decodes what comes before the entries. Keeps r, whose error says in the end whether the whole
 * list could be decoded. */
void local_list_decode(struct local_list *list, struct wire_reader *r);
/* Decodes the next entry, whose texts are valid until the one after it. False: there is none, or it
 * is malformed. */
bool local_list_next(struct local_list *list, struct local_entry *to);

#endif
