/* SPDX-License-Identifier: MIT */
/* A list of texts that it owns. */
#ifndef BASE_TEXT_LIST_H
#define BASE_TEXT_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty list. */
struct text_list {
	char **texts;
	size_t count, room;
};

void text_list_fini(struct text_list *list);

/* Copies text to the end. Returns false if memory ran out. */
bool text_list_add(struct text_list *list, const char *text);

#endif
