/* SPDX-License-Identifier: MIT */
#include "cli/roff.h"

#include <stdbool.h>
#include "base/ascii.h"

/* At the beginning of a line roff takes these two for requests. */
static bool roff_is_control(char c)
{
	return c == '.' || c == '\'';
}

static void roff_put_character(FILE *to, char c)
{
	if (c == '\\')
		fputs("\\e", to);
	else if (c == '-')
		fputs("\\-", to);
	else if (c == '\'')
		fputs("\\(aq", to);
	else
		fputc(c, to);
}

void roff_put(FILE *to, const char *text)
{
	bool begins_line = true;

	for (; *text != '\0'; text++) {
		if (begins_line && roff_is_control(*text))
			fputs("\\&", to);
		begins_line = *text == '\n';
		roff_put_character(to, *text);
	}
}

void roff_put_prose(FILE *to, const char *text)
{
	bool begins_line = true, is_bold = false;

	for (; *text != '\0'; text++) {
		if (*text == '`') {
			is_bold = !is_bold;
			fputs(is_bold ? "\\fB" : "\\fR", to);
			begins_line = false;
			continue;
		}
		if (begins_line && roff_is_control(*text))
			fputs("\\&", to);
		if (begins_line && *text == '\n')
			fputs(".PP", to);
		begins_line = *text == '\n';
		roff_put_character(to, *text);
	}
}

void roff_put_sentence(FILE *to, const char *text)
{
	fputc(ascii_upper(text[0]), to);
	roff_put_prose(to, text + 1);
	fputs(".\n", to);
}
