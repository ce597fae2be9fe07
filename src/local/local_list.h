/* SPDX-License-Identifier: MIT */
/* What the operations of our interface answer, both directions:
 *   typedef struct { [string, unique] WCHAR *name, *help; DWORD value_low, value_high; } ENTRY;
 *   [out] NET_API_STATUS *status, [out] DWORD *count, [out, size_is(, *count)] ENTRY **entries
 * The status comes first, so that a reader knows it before the entries. */
#ifndef LOCAL_LOCAL_LIST_H
#define LOCAL_LOCAL_LIST_H

#include <stdbool.h>
#include <lmcons.h>
#include "wire/ndr_reader.h"
#include "wire/ndr_writer.h"

#define LOCAL_LIST_MAX_ENTRIES 256 /* more are not encoded */
#define LOCAL_LIST_MAX_UNITS   255 /* of a text; longer ones are cut */
/* A whole answer's stub. */
#define LOCAL_LIST_MAX_BYTES \
	((size_t)LOCAL_LIST_MAX_ENTRIES * (16 + 2 * (12 + 2 * (LOCAL_LIST_MAX_UNITS + 1))) + 64)

struct local_entry {
	const char *name, *help; /* UTF-8, borrowed; NULL for none */
	uint64_t value;
};

/* entry gives number i below count. */
void local_list_encode(struct ndr_writer *w, NET_API_STATUS status, size_t count,
                       struct local_entry (*entry)(const void *context, size_t i),
                       const void *context);

struct local_list {
	NET_API_STATUS status;
	uint32_t count, at;
	struct wire_reader entries, *texts;
	char name[NDR_TEXT_BYTES(LOCAL_LIST_MAX_UNITS)], help[NDR_TEXT_BYTES(LOCAL_LIST_MAX_UNITS)];
};

/* Reads what comes before the entries. Keeps r, whose error tells in the end whether the list
 * decoded. */
void local_list_decode(struct local_list *list, struct wire_reader *r);
/* The next entry; its texts live until the one after it. False: there is none, or it did not
 * decode. */
bool local_list_next(struct local_list *list, struct local_entry *to);

#endif
