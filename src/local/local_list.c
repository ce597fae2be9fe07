/* SPDX-License-Identifier: MIT */
#include "local/local_list.h"

#include <string.h>

#define ENTRY_BYTES 16 /* of the fixed part of an entry: two pointers, two numbers */

/* Encodes text, cut to what a reader accepts. */
static void local_list_put_text(struct ndr_writer *w, const char *text)
{
	char cut[LOCAL_LIST_MAX_UNITS + 1];
	size_t length = strlen(text);

	if (length < sizeof cut) {
		ndr_put_wstring(w, text);
		return;
	}
	length = sizeof cut - 1;
	while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80)
		length--; /* not within a character */
	memcpy(cut, text, length);
	cut[length] = '\0';
	ndr_put_wstring(w, cut);
}

void local_list_encode(struct ndr_writer *w, NET_API_STATUS status, size_t count,
                       struct local_entry (*entry)(const void *context, size_t i),
                       const void *context)
{
	if (count > LOCAL_LIST_MAX_ENTRIES)
		count = LOCAL_LIST_MAX_ENTRIES;
	ndr_put_u32(w, status);
	ndr_put_u32(w, (uint32_t)count);
	ndr_put_pointer(w, count > 0 ? w : NULL);
	if (count == 0)
		return;
	ndr_put_u32(w, (uint32_t)count); /* C706 14.3.3.1: the array's size */
	for (size_t i = 0; i < count; i++) {
		struct local_entry e = entry(context, i);

		ndr_put_pointer(w, e.name);
		ndr_put_pointer(w, e.help);
		ndr_put_u32(w, (uint32_t)e.value);
		ndr_put_u32(w, (uint32_t)(e.value >> 32));
	}
	for (size_t i = 0; i < count; i++) { /* 14.3.12.3: what they point at, behind them all */
		struct local_entry e = entry(context, i);

		if (e.name != NULL)
			local_list_put_text(w, e.name);
		if (e.help != NULL)
			local_list_put_text(w, e.help);
	}
}

void local_list_decode(struct local_list *list, struct wire_reader *r)
{
	uint32_t pointer;

	list->at = 0;
	list->texts = r;
	list->status = ndr_get_u32(r);
	list->count = ndr_get_u32(r);
	pointer = ndr_get_u32(r);
	if ((pointer == 0) != (list->count == 0))
		wire_reader_fail(r, "a count and a pointer contradict each other");
	if (pointer != 0 && ndr_get_count(r, ENTRY_BYTES) != list->count)
		wire_reader_fail(r, "the size of an array is not its count");
	if (r->error != NULL)
		list->count = 0;
	list->entries = *r;
	wire_skip(r, ENTRY_BYTES * (size_t)list->count);
}

static const char *local_list_get_text(struct local_list *list, char *to)
{
	if (ndr_get_u32(&list->entries) == 0)
		return NULL;
	ndr_get_wstring(list->texts, to, LOCAL_LIST_MAX_UNITS);
	return to;
}

bool local_list_next(struct local_list *list, struct local_entry *to)
{
	if (list->at == list->count || list->texts->error != NULL)
		return false;
	list->at++;
	to->name = local_list_get_text(list, list->name);
	to->help = local_list_get_text(list, list->help);
	to->value = ndr_get_u32(&list->entries);
	to->value |= (uint64_t)ndr_get_u32(&list->entries) << 32;
	return list->texts->error == NULL;
}
