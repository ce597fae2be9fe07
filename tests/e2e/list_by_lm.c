/* SPDX-License-Identifier: MIT */
/* Lists sessions as programs for Windows do it: list_by_lm SERVER LEVEL PREFMAXLEN [CLIENT [USER]]
 * Prints a line for each session, and "status NUMBER entries NUMBER" for each call. */
#define UNICODE
#include <windows.h>
#include <lm.h>
#include <stdio.h>

#define MAX_NAME 300

/* What stands on the command line is ASCII; "-" is NULL. */
static LPWSTR wide(const char *text, WCHAR name[MAX_NAME])
{
	size_t length = 0;

	if (text == NULL || (text[0] == '-' && text[1] == '\0'))
		return NULL;
	for (; text[length] != '\0' && length < MAX_NAME - 1; length++)
		name[length] = (WCHAR)text[length];
	name[length] = 0;
	return name;
}

static void print_text(const WCHAR *text)
{
	for (; text != NULL && *text != 0; text++)
		putchar((char)*text);
}

static void print_entry(DWORD level, const BYTE *buffer, DWORD entry)
{
	if (level == 0) {
		print_text(((const SESSION_INFO_0 *)buffer)[entry].sesi0_cname);
	} else if (level == 1) {
		const SESSION_INFO_1 *info = (const SESSION_INFO_1 *)buffer + entry;

		print_text(info->sesi1_cname);
		putchar(' ');
		print_text(info->sesi1_username);
		printf(" %u %u %u %u", info->sesi1_num_opens, info->sesi1_time,
		       info->sesi1_idle_time, info->sesi1_user_flags);
	} else if (level == 2) {
		const SESSION_INFO_2 *info = (const SESSION_INFO_2 *)buffer + entry;

		print_text(info->sesi2_cname);
		putchar(' ');
		print_text(info->sesi2_username);
		printf(" %u %u %u %u ", info->sesi2_num_opens, info->sesi2_time,
		       info->sesi2_idle_time, info->sesi2_user_flags);
		print_text(info->sesi2_cltype_name);
	} else if (level == 10) {
		const SESSION_INFO_10 *info = (const SESSION_INFO_10 *)buffer + entry;

		print_text(info->sesi10_cname);
		putchar(' ');
		print_text(info->sesi10_username);
		printf(" %u %u", info->sesi10_time, info->sesi10_idle_time);
	} else if (level == 502) {
		const SESSION_INFO_502 *info = (const SESSION_INFO_502 *)buffer + entry;

		print_text(info->sesi502_cname);
		putchar(' ');
		print_text(info->sesi502_username);
		printf(" %u %u %u %u ", info->sesi502_num_opens, info->sesi502_time,
		       info->sesi502_idle_time, info->sesi502_user_flags);
		print_text(info->sesi502_cltype_name);
		putchar(' ');
		print_text(info->sesi502_transport);
	}
	putchar('\n');
}

/* Whether all of a level-1 answer's texts lie in its one block, as Windows has it. */
static int lies_in_block(const SESSION_INFO_1 *infos, DWORD entries, DWORD bytes)
{
	const BYTE *begin = (const BYTE *)infos, *end = begin + bytes;

	for (DWORD i = 0; i < entries; i++)
		if ((const BYTE *)infos[i].sesi1_cname < begin ||
		    (const BYTE *)infos[i].sesi1_cname >= end ||
		    (const BYTE *)infos[i].sesi1_username < begin ||
		    (const BYTE *)infos[i].sesi1_username >= end)
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	WCHAR server_name[MAX_NAME], client_name[MAX_NAME], user_name[MAX_NAME];
	DWORD level, preferred, entries, total, bytes, resume_handle = 0;
	LPWSTR server, client, user;
	NET_API_STATUS status;
	LPBYTE buffer;

	if (argc < 4)
		return 2;
	server = wide(argv[1], server_name);
	level = (DWORD)strtoul(argv[2], NULL, 0);
	preferred = (DWORD)strtoul(argv[3], NULL, 0);
	client = wide(argc > 4 ? argv[4] : NULL, client_name);
	user = wide(argc > 5 ? argv[5] : NULL, user_name);
	do {
		buffer = (LPBYTE) "not touched";
		entries = total = 4711;
		status = NetSessionEnum(server, client, user, level, &buffer, preferred, &entries,
		                        &total, &resume_handle);
		for (DWORD i = 0; i < entries; i++)
			print_entry(level, buffer, i);
		if (buffer != NULL &&
		    (NetApiBufferSize(buffer, &bytes) != NERR_Success || bytes < entries ||
		     (level == 1 && !lies_in_block((SESSION_INFO_1 *)buffer, entries, bytes))))
			return 3;
		printf("status %u entries %u total %u buffer %s\n", status, entries, total,
		       buffer != NULL ? "given" : "NULL");
		if (buffer != NULL)
			NetApiBufferFree(buffer);
	} while (status == ERROR_MORE_DATA);
	return 0;
}
