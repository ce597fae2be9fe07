/* SPDX-License-Identifier: MIT */
/* Lists the sessions of a server: list_sessions \\server [\\client] [user]
 *
 * One source for Windows and Unix; README.md beside this file says how to build it. It shows the
 * four rules of NetSessionEnum: call it again after ERROR_MORE_DATA, without changing the handle;
 * free each answer; use a lower level where the server does not grant a higher one; and distinguish
 * "no sessions" from "not allowed". */
#ifndef UNICODE
#define UNICODE
#endif
#include <windows.h>
#include <lm.h>
#include <stdio.h>

/* Times in seconds, as 1:02:03. */
static void print_time(DWORD seconds)
{
	wprintf(L" %4lu:%02lu:%02lu", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void print_1(const SESSION_INFO_1 *info)
{
	wprintf(L"%-24ls %-16ls %5lu", info->sesi1_cname, info->sesi1_username,
	        info->sesi1_num_opens);
	print_time(info->sesi1_time);
	print_time(info->sesi1_idle_time);
	wprintf(L"%ls\n", info->sesi1_user_flags & SESS_GUEST ? L"  guest" : L"");
}

/* A dash stands for what level 10 does not have: it is not zero. */
static void print_10(const SESSION_INFO_10 *info)
{
	wprintf(L"%-24ls %-16ls     -", info->sesi10_cname, info->sesi10_username);
	print_time(info->sesi10_time);
	print_time(info->sesi10_idle_time);
	wprintf(L"\n");
}

/* All sessions at one level, page by page. Gives their count. */
static NET_API_STATUS list(LPWSTR server, LPWSTR client, LPWSTR user, DWORD level, DWORD *count)
{
	DWORD read, total, resume = 0;
	NET_API_STATUS status;

	*count = 0;
	do {
		LPBYTE buffer = NULL;

		status = NetSessionEnum(server, client, user, level, &buffer, MAX_PREFERRED_LENGTH,
		                        &read, &total, &resume);
		if (status != NERR_Success && status != ERROR_MORE_DATA)
			return status;
		for (DWORD i = 0; i < read; i++) {
			if (level == 1)
				print_1((const SESSION_INFO_1 *)buffer + i);
			else
				print_10((const SESSION_INFO_10 *)buffer + i);
		}
		*count += read;
		NetApiBufferFree(buffer);
	} while (status == ERROR_MORE_DATA);
	return status;
}

int wmain(int argc, wchar_t *argv[])
{
	LPWSTR client = argc > 2 ? argv[2] : NULL, user = argc > 3 ? argv[3] : NULL;
	DWORD count;
	NET_API_STATUS status;

	if (argc < 2 || argc > 4) {
		fwprintf(stderr, L"usage: list_sessions \\\\server [\\\\client] [user]\n");
		return 2;
	}
	/* Level 1 needs an administrator; some servers grant level 10 to every user. */
	status = list(argv[1], client, user, 1, &count);
	if (status == ERROR_ACCESS_DENIED && count == 0)
		status = list(argv[1], client, user, 10, &count);

	if (status == NERR_ClientNameNotFound || status == NERR_UserNotFound)
		wprintf(L"nobody of that name\n");
	else if (status == ERROR_ACCESS_DENIED)
		fwprintf(stderr, L"%ls does not let you ask (%lu)\n", argv[1], status);
	else if (status != NERR_Success)
		fwprintf(stderr, L"%ls: error %lu\n", argv[1], status);
	else
		wprintf(L"%lu in all\n", count);
	return status == NERR_Success ? 0 : 1;
}
