/* SPDX-License-Identifier: MIT */
#include "terminal/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <uniconv.h>
#include <unistd.h>
#include <unistr.h>
#include <uniwidth.h>
#include "base/escape.h"

/* The charset that the environment's locale names. NULL: UTF-8, or no other than ASCII, which each
 * C library calls by another name. */
static const char *terminal_charset(void)
{
	static const char *const ordinary[] = { "", "UTF-8", "ANSI_X3.4-1968", "ASCII",
		                                "US-ASCII" };
	static const char *charset = "";
	static char codeset[64];
	static bool is_known;
	locale_t locale;

	if (is_known)
		return charset;
	locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (locale != (locale_t)0) {
		snprintf(codeset, sizeof codeset, "%s", nl_langinfo_l(CODESET, locale));
		charset = codeset;
		freelocale(locale);
	}
	for (size_t i = 0; charset != NULL && i < sizeof ordinary / sizeof *ordinary; i++)
		if (strcmp(charset, ordinary[i]) == 0)
			charset = NULL;
	is_known = true;
	return charset;
}

const char *terminal_decode(const char *text)
{
	const char *charset = terminal_charset();
	uint8_t *decoded;

	if (text == NULL || charset == NULL ||
	    u8_check((const uint8_t *)text, strlen(text)) == NULL)
		return text;
	decoded = u8_strconv_from_encoding(text, charset, iconveh_error);
	return decoded != NULL ? (char *)decoded : text;
}

static void terminal_put_encoded(FILE *to, const char *charset, const uint8_t *text, size_t bytes)
{
	char buffer[16], *encoded;
	size_t count = sizeof buffer;
	ucs4_t c;

	encoded = u8_conv_to_encoding(charset, iconveh_error, text, bytes, NULL, buffer, &count);
	if (encoded != NULL)
		fwrite(encoded, 1, count, to);
	else
		for (int n = u8_mbtouc(&c, text, bytes) > 0 ? uc_width(c, "UTF-8") : 0; n > 0; n--)
			fputc('?', to);
	if (encoded != buffer)
		free(encoded);
}

void terminal_put(FILE *to, const char *text, size_t bytes)
{
	const char *charset = terminal_charset();
	const uint8_t *at = (const uint8_t *)text, *end = at + bytes;

	if (charset == NULL || !isatty(fileno(to))) {
		fwrite(text, 1, bytes, to);
		return;
	}
	while (at < end) {
		int length = u8_mblen(at, (size_t)(end - at));

		if (length < 1)
			length = 1;
		terminal_put_encoded(to, charset, at, (size_t)length);
		at += length;
	}
}

__attribute__((format(printf, 3, 0))) static void
terminal_vprint(FILE *to, const char *end, const char *format, va_list arguments)
{
	char *text = escape_vformat(end, format, arguments);

	if (text != NULL)
		terminal_put(to, text, strlen(text));
	else
		fputs("out of memory\n", to);
	free(text);
}

void terminal_print(FILE *to, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	terminal_vprint(to, "", format, arguments);
	va_end(arguments);
}

void terminal_print_line(FILE *to, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	terminal_vprint(to, "\n", format, arguments);
	va_end(arguments);
}
