/* SPDX-License-Identifier: MIT */
/* Lists sessions as programs for Windows do it: list_by_lm SERVER LEVEL PREFMAXLEN [CLIENT [USER]]
 * Prints a line for each session, and "status NUMBER entries NUMBER" for each call. */
#define UNICODE
#include <windows.h>
#include <lm.h>
#include <stdlib.h>
#include "lm_rows.h"

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
