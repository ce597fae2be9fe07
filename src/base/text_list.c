/* SPDX-License-Identifier: MIT */
#include "base/text_list.h"

#include <stdlib.h>
#include <string.h>
#include "base/growing.h"

void text_list_fini(struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct text_list){ 0 };
}

bool text_list_add(struct text_list *list, const char *text)
{
	char **texts = growing_make_room(list->texts, list->count, &list->room, sizeof *texts);

	if (texts == NULL)
		return false;
	list->texts = texts;
	texts[list->count] = strdup(text);
	return texts[list->count] != NULL && ++list->count > 0;
}
