/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>

static const struct output_format formats[] = {
	{ "table", output_write_table },
	{ "json", output_write_json },
	{ "jsonl", output_write_jsonl },
	{ "csv", output_write_csv },
};

const struct output_format *output_find(const char *name)
{
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

static const struct {
	uint32_t bit;
	const char *name;
} flag_names[] = {
	{ 1, "guest" },        /* SESS_GUEST */
	{ 2, "noencryption" }, /* SESS_NOENCRYPTION */
};

const char *output_user_flags(uint32_t user_flags, char separator, char text[64])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
		if (user_flags & flag_names[i].bit) {
			length += (size_t)snprintf(text + length, 64 - length, "%s%c",
			                           flag_names[i].name, separator);
			user_flags &= ~flag_names[i].bit;
		}
	if (user_flags != 0)
		length += (size_t)snprintf(text + length, 64 - length, "0x%x%c",
		                           (unsigned)user_flags, separator);
	if (length > 0)
		text[length - 1] = '\0';
	return text;
}
