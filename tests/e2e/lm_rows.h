/* SPDX-License-Identifier: MIT */
/* For programs that use <lm.h>: the texts of a command line, and the members of a session on a
 * line. Here UTF-8, there UTF-16. */
#ifndef LM_ROWS_H
#define LM_ROWS_H

#include <windows.h>
#include <lm.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MAX_NAME 1100

/* "-" and NULL are NULL. What is no UTF-8 is not for us. */
static inline LPWSTR wide(const char *text, WCHAR name[MAX_NAME])
{
	const unsigned char *at = (const unsigned char *)text;
	size_t length = 0;

	if (text == NULL || strcmp(text, "-") == 0)
		return NULL;
	while (*at != 0 && length < MAX_NAME - 2) {
		uint32_t c = *at++;
		int more = c < 0x80 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;

		c &= more == 0 ? 0x7F : 0x3Fu >> more;
		for (; more > 0; more--)
			c = c << 6 | (*at++ & 0x3F);
		if (c >= 0x10000) {
			name[length++] = (WCHAR)(0xD7C0 + (c >> 10));
			c = 0xDC00 | (c & 0x3FF);
		}
		name[length++] = (WCHAR)c;
	}
	name[length] = 0;
	return name;
}

static inline void print_text(const WCHAR *text)
{
	for (; text != NULL && *text != 0; text++) {
		uint32_t c = *text;

		if (c >= 0xD800 && c < 0xDC00) /* a pair: the library makes no half ones */
			c = 0x10000 + ((c & 0x3FF) << 10) + (*++text & 0x3FF);
		if (c < 0x80) {
			putchar((int)c);
			continue;
		}
		if (c < 0x800)
			putchar((int)(0xC0 | c >> 6));
		else if (c < 0x10000)
			putchar((int)(0xE0 | c >> 12));
		else
			putchar((int)(0xF0 | c >> 18));
		if (c >= 0x10000)
			putchar((int)(0x80 | (c >> 12 & 0x3F)));
		if (c >= 0x800)
			putchar((int)(0x80 | (c >> 6 & 0x3F)));
		putchar((int)(0x80 | (c & 0x3F)));
	}
}

static inline void print_texts(const WCHAR *client, const WCHAR *user)
{
	print_text(client);
	putchar('\t');
	print_text(user);
}

/* The members as their struct has them, with tabs between. */
static inline void print_entry(DWORD level, const BYTE *buffer, DWORD entry)
{
	if (level == 0) {
		print_text(((const SESSION_INFO_0 *)buffer)[entry].sesi0_cname);
	} else if (level == 1) {
		const SESSION_INFO_1 *info = (const SESSION_INFO_1 *)buffer + entry;

		print_texts(info->sesi1_cname, info->sesi1_username);
		printf("\t%u\t%u\t%u\t%u", info->sesi1_num_opens, info->sesi1_time,
		       info->sesi1_idle_time, info->sesi1_user_flags);
	} else if (level == 2) {
		const SESSION_INFO_2 *info = (const SESSION_INFO_2 *)buffer + entry;

		print_texts(info->sesi2_cname, info->sesi2_username);
		printf("\t%u\t%u\t%u\t%u\t", info->sesi2_num_opens, info->sesi2_time,
		       info->sesi2_idle_time, info->sesi2_user_flags);
		print_text(info->sesi2_cltype_name);
	} else if (level == 10) {
		const SESSION_INFO_10 *info = (const SESSION_INFO_10 *)buffer + entry;

		print_texts(info->sesi10_cname, info->sesi10_username);
		printf("\t%u\t%u", info->sesi10_time, info->sesi10_idle_time);
	} else if (level == 502) {
		const SESSION_INFO_502 *info = (const SESSION_INFO_502 *)buffer + entry;

		print_texts(info->sesi502_cname, info->sesi502_username);
		printf("\t%u\t%u\t%u\t%u\t", info->sesi502_num_opens, info->sesi502_time,
		       info->sesi502_idle_time, info->sesi502_user_flags);
		print_texts(info->sesi502_cltype_name, info->sesi502_transport);
	}
	putchar('\n');
}

#endif
