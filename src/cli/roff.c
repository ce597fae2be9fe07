/* SPDX-License-Identifier: MIT */
#include "cli/roff.h"

#include <ctype.h>
#include <stdbool.h>

void roff_put(FILE *to, const char *text)
{
	bool begins_line = true;

	for (; *text != '\0'; text++) {
		if (begins_line && (*text == '.' || *text == '\''))
			fputs("\\&", to);
		begins_line = *text == '\n';
		if (*text == '\\')
			fputs("\\e", to);
		else if (*text == '-')
			fputs("\\-", to);
		else
			fputc(*text, to);
	}
}

void roff_put_sentence(FILE *to, const char *text)
{
	fputc(toupper((unsigned char)text[0]), to);
	roff_put(to, text + 1);
	fputs(".\n", to);
}
