/* SPDX-License-Identifier: MIT */
#include "store/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *array_write_text(char *to, const char *text)
{
	*to++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			*to++ = '\\';
		*to++ = *text;
	}
	*to++ = '"';
	return to;
}

char *array_of_texts(const char *const texts[], size_t count)
{
	size_t bytes = 3;
	char *array, *to;

	for (size_t i = 0; i < count; i++)
		bytes += 2 * strlen(texts[i]) + 3;
	array = to = malloc(bytes);
	if (array == NULL)
		return NULL;
	*to++ = '{';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*to++ = ',';
		to = array_write_text(to, texts[i]);
	}
	*to++ = '}';
	*to = '\0';
	return array;
}

char *array_of_numbers(const int64_t numbers[], size_t count)
{
	enum { NUMBER_BYTES = 21 }; /* with the comma */
	char *array = malloc(3 + count * NUMBER_BYTES), *to = array;

	if (array == NULL)
		return NULL;
	*to++ = '{';
	for (size_t i = 0; i < count; i++)
		to += sprintf(to, i > 0 ? ",%lld" : "%lld", (long long)numbers[i]);
	*to++ = '}';
	*to = '\0';
	return array;
}
