/* SPDX-License-Identifier: MIT */
#include "utf.h"

uint32_t netapi32_crt_utf8_next(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint32_t code_point = *at, least = 0;
	unsigned more = 0;

	if (code_point == 0)
		return 0;
	if (code_point >= 0xF0 && code_point <= 0xF4) {
		more = 3, code_point &= 0x07, least = 0x10000;
	} else if (code_point >= 0xE0 && code_point < 0xF0) {
		more = 2, code_point &= 0x0F, least = 0x800;
	} else if (code_point >= 0xC2 && code_point < 0xE0) {
		more = 1, code_point &= 0x1F, least = 0x80;
	} else if (code_point >= 0x80) {
		code_point = UTF_REPLACEMENT;
	}
	at++;
	for (; more > 0 && (*at & 0xC0) == 0x80; more--)
		code_point = code_point << 6 | (*at++ & 0x3F);
	*text = (const char *)at;
	if (more > 0 || code_point < least || code_point > 0x10FFFF ||
	    (code_point >= 0xD800 && code_point < 0xE000))
		return UTF_REPLACEMENT;
	return code_point;
}

unsigned netapi32_crt_utf16_put(WCHAR units[2], uint32_t code_point)
{
	if (code_point < 0x10000) {
		units[0] = (WCHAR)code_point;
		return 1;
	}
	units[0] = (WCHAR)(0xD7C0 + (code_point >> 10));
	units[1] = (WCHAR)(0xDC00 | (code_point & 0x3FF));
	return 2;
}

unsigned netapi32_crt_utf8_put(char bytes[4], uint32_t code_point)
{
	unsigned more = code_point < 0x80      ? 0
	                : code_point < 0x800   ? 1
	                : code_point < 0x10000 ? 2
	                                       : 3;
	static const uint8_t leads[] = { 0x00, 0xC0, 0xE0, 0xF0 };

	bytes[0] = (char)(leads[more] | code_point >> (6 * more));
	for (unsigned i = 1; i <= more; i++)
		bytes[i] = (char)(0x80 | ((code_point >> (6 * (more - i))) & 0x3F));
	return more + 1;
}
