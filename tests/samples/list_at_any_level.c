/* SPDX-License-Identifier: MIT */
/* An administrator's tool for Windows: sessions at a level of one's choice, in pages of one's size.
 */
#define UNICODE
#define _UNICODE
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#include <wchar.h>
#pragma comment(lib, "netapi32.lib")

static void print_flags(DWORD flags)
{
	wprintf(L"%s%s", flags & SESS_GUEST ? L" guest" : L"",
	        flags & SESS_NOENCRYPTION ? L" noencryption" : L"");
	putwchar(L'\n');
}

static void print_entry(DWORD level, LPBYTE buffer, DWORD i)
{
	if (level == 0) {
		LPSESSION_INFO_0 info = (LPSESSION_INFO_0)buffer + i;

		fputws(info->sesi0_cname, stdout);
		putwchar(L'\n');
	} else if (level == 1) {
		PSESSION_INFO_1 info = &((PSESSION_INFO_1)buffer)[i];

		wprintf(L"%s %ls", info->sesi1_cname, info->sesi1_username);
		printf(" %lu %lu %lu", info->sesi1_num_opens, info->sesi1_time,
		       info->sesi1_idle_time);
		print_flags(info->sesi1_user_flags);
	} else if (level == 2) {
		LPSESSION_INFO_2 info = (LPSESSION_INFO_2)buffer + i;

		printf("%S %S %u %u %u %S", info->sesi2_cname, info->sesi2_username,
		       info->sesi2_num_opens, info->sesi2_time, info->sesi2_idle_time,
		       info->sesi2_cltype_name);
		print_flags(info->sesi2_user_flags);
	} else if (level == 10) {
		LPSESSION_INFO_10 info = (LPSESSION_INFO_10)buffer + i;

		wprintf(L"%-16s %-16s %lu %lu\n", info->sesi10_cname, info->sesi10_username,
		        info->sesi10_time, info->sesi10_idle_time);
	} else {
		LPSESSION_INFO_502 info = (LPSESSION_INFO_502)buffer + i;

		wprintf(L"%s %s %d %d %d %s %s", info->sesi502_cname, info->sesi502_username,
		        info->sesi502_num_opens, info->sesi502_time, info->sesi502_idle_time,
		        info->sesi502_cltype_name, info->sesi502_transport);
		print_flags(info->sesi502_user_flags);
	}
}

int __cdecl wmain(int argc, WCHAR **argv)
{
	DWORD level, length, read, total, resume = 0, count = 0, i;
	LPBYTE buffer;
	NET_API_STATUS status;

	if (argc < 4 || _wcsicmp(argv[1], L"/HELP") == 0) {
		fwprintf(stderr, L"usage: %s \\\\server level bytes [client [user]]\n", argv[0]);
		return 1;
	}
	level = (DWORD)_wtoi(argv[2]);
	length = wcscmp(argv[3], L"all") == 0 ? MAX_PREFERRED_LENGTH
	                                      : (DWORD)wcstoul(argv[3], NULL, 10);
	do {
		buffer = NULL;
		status = NetSessionEnum(argv[1], argc > 4 ? argv[4] : NULL,
		                        argc > 5 ? argv[5] : NULL, level, &buffer, length, &read,
		                        &total, &resume);
		if (status != NERR_Success && status != ERROR_MORE_DATA) {
			fprintf(stderr, "A system error has occurred: %lu\n", status);
			fwprintf(stderr, L"(%s at level %lu)\n",
			         status == ERROR_INVALID_LEVEL ? L"no such level" : L"refused",
			         level);
			return 2;
		}
		for (i = 0; i < read; i++, count++)
			print_entry(level, buffer, i);
		NetApiBufferFree(buffer);
	} while (status == ERROR_MORE_DATA);
	wprintf(L"%lu in all\n", count);
	return 0;
}
