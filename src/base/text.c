/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>
#include "base/ascii.h"

static bool text_is_ascii(char c)
{
	return (unsigned char)c < 0x80;
}

uint32_t text_next(const char **utf8)
{
	const uint8_t *at = (const uint8_t *)*utf8;
	ucs4_t code_point;

	if (*at == 0)
		return 0;
	/* A sequence that the terminator cuts short is malformed. */
	*utf8 += u8_mbtouc(&code_point, at, strnlen(*utf8, 4));
	return code_point;
}

uint32_t text_next_before(const char **utf8, const char *end)
{
	ucs4_t code_point;

	if (*utf8 == end)
		return 0;
	*utf8 += u8_mbtouc(&code_point, (const uint8_t *)*utf8, (size_t)(end - *utf8));
	return code_point;
}

size_t text_utf16_encode(uint32_t code_point, WCHAR units[2])
{
	if (code_point < 0x10000) {
		units[0] = (WCHAR)code_point;
		return 1;
	}
	code_point -= 0x10000;
	units[0] = (WCHAR)(0xD800 | code_point >> 10);
	units[1] = (WCHAR)(0xDC00 | (code_point & 0x3FF));
	return 2;
}

size_t text_ascii_bytes(const char *utf8)
{
	size_t bytes = 0;

	while ((unsigned char)(utf8[bytes] - 1) <
	       0x7F) /* neither the terminator nor beyond ASCII */
		bytes++;
	return bytes;
}

size_t text_utf16_units(const char *utf8)
{
	size_t units = text_ascii_bytes(utf8);

	utf8 += units;
	while (*utf8 != '\0')
		units += text_next(&utf8) < 0x10000 ? 1 : 2;
	return units;
}

static size_t text_utf16_length(const WCHAR *utf16)
{
	size_t units = 0;

	while (utf16[units] != 0)
		units++;
	return units;
}

size_t text_utf8_bound(const WCHAR *utf16)
{
	return 3 * text_utf16_length(utf16) + 1;
}

char *text_utf8_from_utf16(char *to, const WCHAR *utf16)
{
	const uint16_t *at = (const uint16_t *)utf16, *end = at + text_utf16_length(utf16);

	while (at < end) {
		ucs4_t code_point;

		at += u16_mbtouc(&code_point, at, (size_t)(end - at));
		to += u8_uctomb((uint8_t *)to, code_point, 4);
	}
	*to++ = '\0';
	return to;
}

bool text_utf16_is_valid(const WCHAR *utf16)
{
	return u16_check((const uint16_t *)utf16, text_utf16_length(utf16)) == NULL;
}

bool text_utf8_is_valid(const char *utf8)
{
	return u8_check((const uint8_t *)utf8, strlen(utf8)) == NULL;
}

void text_utf8_make_valid(char *utf8)
{
	uint8_t *at = (uint8_t *)utf8;

	while ((at = (uint8_t *)u8_check(at, strlen((char *)at))) != NULL)
		*at++ = '?';
}

bool text_utf8_from_charset(const char *charset, const char *bytes, char *to, size_t room)
{
	char *from = (char *)bytes;
	size_t left = strlen(bytes) + 1;
	iconv_t converter;
	bool is_good;

	if (text_utf8_is_valid(bytes)) {
		is_good = left <= room;
		memcpy(to, bytes, is_good ? left : 0);
		return is_good;
	}
	converter = iconv_open("UTF-8", charset);
	if (converter == (iconv_t)-1)
		return false;
	is_good = iconv(converter, &from, &left, &to, &room) == 0;
	(void)iconv_close(converter);
	return is_good;
}

/* Of texts that are not equal in ASCII. */
static bool text_equal_folded(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	int order;

	if (u8_casecmp((const uint8_t *)a, a_bytes, (const uint8_t *)b, b_bytes, NULL, NULL,
	               &order) != 0)
		return false; /* out of memory in libunistring: unequal is the safe answer */
	return order == 0;
}

bool text_equal_nocase(const char *a, const char *b)
{
	size_t i = 0;

	if (a == NULL || b == NULL)
		return a == b;
	while (text_is_ascii(a[i]) && text_is_ascii(b[i])) {
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
		if (a[i++] == '\0')
			return true;
	}
	return strcmp(a + i, b + i) == 0 || text_equal_folded(a, strlen(a), b, strlen(b));
}

bool text_equal_nocase_bytes(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	size_t i = 0;

	while (i < a_bytes && i < b_bytes && text_is_ascii(a[i]) && text_is_ascii(b[i])) {
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
		i++;
	}
	if (i == a_bytes || i == b_bytes)
		return a_bytes == b_bytes;
	return text_equal_folded(a, a_bytes, b, b_bytes);
}

#define FINAL_SIGMA 0x03C2 /* Windows knows its capital, whose small letter is another sigma */

/* Whether the capital of a letter is one letter, by all rules of Unicode. */
static bool text_has_one_capital(ucs4_t letter, ucs4_t capital)
{
	uint8_t utf8[6], expected[6], buffer[64], *capitals;
	size_t bytes = sizeof buffer;
	int count = u8_uctomb(utf8, letter, sizeof utf8);
	int expected_count = u8_uctomb(expected, capital, sizeof expected);
	bool is_same;

	capitals = u8_toupper(utf8, (size_t)count, NULL, NULL, buffer, &bytes);
	is_same = capitals != NULL && bytes == (size_t)expected_count &&
	          memcmp(capitals, expected, bytes) == 0;
	if (capitals != buffer)
		free(capitals);
	return is_same;
}

bool text_has_windows_capitals(const char *utf8)
{
	uint32_t letter;

	while ((letter = text_next(&utf8)) != 0) {
		ucs4_t capital = uc_toupper(letter);

		if (!text_has_one_capital(letter, capital))
			return false;
		if (capital != letter && letter != FINAL_SIGMA &&
		    (letter >= 0x10000 || uc_tolower(capital) != letter))
			return false;
	}
	return true;
}

/* FNV-1a, with the last step of MurmurHash3, because its low bits are poor for short texts. */
static uint32_t text_hash_bytes(const char *bytes, size_t count)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ (unsigned char)ascii_lower(bytes[i])) * 16777619u;
	hash = (hash ^ hash >> 16) * 0x85EBCA6Bu;
	hash = (hash ^ hash >> 13) * 0xC2B2AE35u;
	return hash ^ hash >> 16;
}

char *text_fold_nocase(const char *utf8)
{
	size_t folded_bytes = 0;

	/* With its terminator. */
	return (char *)u8_casefold((const uint8_t *)utf8, strlen(utf8) + 1, NULL, NULL, NULL,
	                           &folded_bytes);
}

bool text_hash_nocase(const char *utf8, uint32_t *hash)
{
	uint8_t buffer[512], *folded;
	size_t bytes = strlen(utf8), folded_bytes = sizeof buffer;

	if (text_ascii_bytes(utf8) == bytes) {
		*hash = text_hash_bytes(utf8, bytes);
		return true;
	}
	folded = u8_casefold((const uint8_t *)utf8, bytes, NULL, NULL, buffer, &folded_bytes);
	if (folded == NULL)
		return false;
	*hash = text_hash_bytes((const char *)folded, folded_bytes);
	if (folded != buffer)
		free(folded);
	return true;
}

void text_drop_cut_character(char *utf8)
{
	size_t end = strlen(utf8);

	while (end > 0 && ((unsigned char)utf8[end - 1] & 0xC0) == 0x80)
		end--;
	if (end > 0 && (unsigned char)utf8[end - 1] >= 0xC0)
		end--;
	utf8[end] = '\0';
}
