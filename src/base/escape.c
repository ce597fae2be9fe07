/* SPDX-License-Identifier: MIT */
#include "base/escape.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"

/* Sorted. Properties of Unicode 15: General_Category Cc, Zl, Zp; Bidi_Control;
 * Noncharacter_Code_Point below U+10000; Default_Ignorable_Code_Point without joiners and variation
 * selectors; and interlinear annotation. */
static const struct {
	uint32_t first, last;
} escaped_ranges[] = {
	{ 0x0000, 0x001F },   /* C0 */
	{ 0x007F, 0x009F },   /* DEL, C1 */
	{ 0x00AD, 0x00AD },   /* soft hyphen */
	{ 0x034F, 0x034F },   /* combining grapheme joiner */
	{ 0x061C, 0x061C },   /* Arabic letter mark */
	{ 0x115F, 0x1160 },   /* Hangul fillers */
	{ 0x17B4, 0x17B5 },   /* Khmer inherent vowels */
	{ 0x180E, 0x180E },   /* Mongolian vowel separator */
	{ 0x200B, 0x200B },   /* zero width space */
	{ 0x200E, 0x200F },   /* left-to-right and right-to-left mark */
	{ 0x2028, 0x202E },   /* separators of lines and paragraphs, embeddings, overrides */
	{ 0x2060, 0x206F },   /* word joiner, invisible operators, isolates, deprecated controls */
	{ 0x3164, 0x3164 },   /* Hangul filler */
	{ 0xFDD0, 0xFDEF },   /* noncharacters */
	{ 0xFEFF, 0xFEFF },   /* byte order mark */
	{ 0xFFA0, 0xFFA0 },   /* halfwidth Hangul filler */
	{ 0xFFF0, 0xFFFB },   /* unassigned; interlinear annotation */
	{ 0x1BCA0, 0x1BCA3 }, /* controls of shorthand */
	{ 0x1D173, 0x1D17A }, /* controls of musical notation */
	{ 0xE0000, 0xE00FF }, /* tags, which repeat ASCII invisibly; unassigned */
	{ 0xE01F0, 0xE0FFF }, /* unassigned */
};

bool escape_is_needed(uint32_t code_point)
{
	if (code_point >= 0x20 && code_point < 0x7F)
		return false;
	/* The last two of each plane are noncharacters. */
	if ((code_point & 0xFFFE) == 0xFFFE)
		return true;
	for (size_t i = 0; i < sizeof escaped_ranges / sizeof *escaped_ranges; i++)
		if (code_point <= escaped_ranges[i].last)
			return code_point >= escaped_ranges[i].first;
	return false;
}

/* ---- visible escapes ---- */

static bool escape_is_malformed(const char *text, uint32_t code_point)
{
	return code_point == 0xFFFD && strncmp(text, "\xEF\xBF\xBD", 3) != 0;
}

/* Whether an escape as this file writes it begins here. */
static bool escape_begins(const char *text)
{
	size_t digits = text[0] != '\\'  ? 0
	                : text[1] == 'x' ? 2
	                : text[1] == 'u' ? 4
	                : text[1] == 'U' ? 8
	                                 : 0;

	return digits > 0 && strspn(text + 2, "0123456789ABCDEFabcdef") >= digits;
}

static size_t escape_write_code_point(char shown[ESCAPE_MAX_BYTES], uint32_t code_point)
{
	return (size_t)snprintf(shown, ESCAPE_MAX_BYTES,
	                        code_point < 0x80      ? "\\x%02X"
	                        : code_point < 0x10000 ? "\\u%04X"
	                                               : "\\U%08X",
	                        (unsigned)code_point);
}

size_t escape_plain_bytes(const char *text)
{
	size_t bytes = 0;

	while (text[bytes] >= ' ' && text[bytes] < 0x7F && text[bytes] != '\\' &&
	       text[bytes] != ';' && text[bytes] != '"')
		bytes++;
	return bytes;
}

size_t escape_next(enum escape_form form, const char **text, char shown[ESCAPE_MAX_BYTES])
{
	const char *at = *text;
	uint32_t code_point = text_next(text);
	size_t bytes = 0;

	if (escape_is_malformed(at, code_point)) {
		for (; at < *text; at++)
			bytes += (size_t)snprintf(shown + bytes, ESCAPE_MAX_BYTES - bytes,
			                          "\\x%02X", (unsigned char)*at);
		return bytes;
	}
	if (escape_is_needed(code_point) || (form == ESCAPE_FIELD && escape_begins(at)))
		return escape_write_code_point(shown, code_point);
	bytes = (size_t)(*text - at);
	memcpy(shown, at, bytes);
	return bytes;
}

size_t escape_text(char *to, size_t room, const char *text)
{
	char shown[ESCAPE_MAX_BYTES];
	size_t used = 0;

	while (*text != '\0') {
		size_t bytes = escape_next(ESCAPE_MESSAGE, &text, shown);

		/* Three for the dots, one for the end. */
		if (used + bytes + 4 > room) {
			memcpy(to + used, "...", 3);
			used += 3;
			break;
		}
		memcpy(to + used, shown, bytes);
		used += bytes;
	}
	to[used] = '\0';
	return used;
}

char *escape_vformat(const char *end, const char *format, va_list arguments)
{
	char *text, *escaped;
	size_t room;

	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	room = 4 * strlen(text) + 8; /* no escape is longer than four times what it stands for */
	escaped = malloc(room + strlen(end));
	if (escaped != NULL)
		strcpy(escaped + escape_text(escaped, room, text), end);
	free(text);
	return escaped;
}

char *escape_format(const char *format, ...)
{
	va_list arguments;
	char *escaped;

	va_start(arguments, format);
	escaped = escape_vformat("", format, arguments);
	va_end(arguments);
	return escaped;
}

/* ---- CSV ---- */

/* OWASP, "CSV Injection", and CWE-1236; with the full-width forms, which some programs take for the
 * ASCII ones. TAB and CR are escaped anyway. */
static bool escape_begins_formula(const char *cell)
{
	static const char *const signs[] = { "=",      "+",      "-",      "@",     "'",
		                             "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20" };

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (strncmp(cell, signs[i], strlen(signs[i])) == 0)
			return true;
	return false;
}

void escape_put_csv(FILE *to, const char *cell)
{
	bool is_quoted = strpbrk(cell, ",\"") != NULL;
	char shown[ESCAPE_MAX_BYTES];

	if (is_quoted)
		fputc('"', to);
	if (escape_begins_formula(cell))
		fputc('\'', to);
	for (;;) {
		size_t bytes = escape_plain_bytes(cell);

		fwrite(cell, 1, bytes, to);
		cell += bytes;
		if (*cell == '\0')
			break;
		bytes = escape_next(ESCAPE_FIELD, &cell, shown);
		if (shown[0] == ';')
			bytes = escape_write_code_point(shown, ';');
		else if (shown[0] == '"')
			shown[bytes++] = '"';
		fwrite(shown, 1, bytes, to);
	}
	if (is_quoted)
		fputc('"', to);
}

/* ---- JSON, RFC 8259 section 7 ---- */

static bool escape_write_units(FILE *to, uint32_t code_point)
{
	WCHAR units[2];
	size_t count = text_utf16_encode(code_point, units);

	for (size_t i = 0; i < count; i++)
		if (fprintf(to, "\\u%04x", (unsigned)units[i]) < 0)
			return false;
	return true;
}

int escape_write_json(const char *json, size_t bytes, void *to)
{
	const char *end = json + bytes, *begin = json;

	while (json < end) {
		const char *at = json;
		uint32_t code_point;

		/* C0 that is not escaped is white space between values. */
		if ((unsigned char)*json < 0x7F) {
			json++;
			continue;
		}
		code_point = text_next_before(&json, end);
		if (!escape_is_needed(code_point))
			continue;
		if (fwrite(begin, 1, (size_t)(at - begin), to) != (size_t)(at - begin) ||
		    !escape_write_units(to, code_point))
			return -1;
		begin = json;
	}
	return fwrite(begin, 1, (size_t)(end - begin), to) == (size_t)(end - begin) ? 0 : -1;
}
