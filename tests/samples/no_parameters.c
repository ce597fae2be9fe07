/* SPDX-License-Identifier: MIT */
/* The shortest of them: a wmain without parameters, and the local computer. */
#include <stdio.h>
#include <windows.h>
#include <lm.h>

int wmain()
{
	LPSESSION_INFO_502 sessions;
	DWORD read, total;
	NET_API_STATUS status = NetSessionEnum(NULL, NULL, NULL, 502, (LPBYTE *)&sessions,
	                                       (DWORD)-1, &read, &total, NULL);

	wprintf(L"status %u, %u of %u\n", status, read, total);
	return NetApiBufferFree(sessions);
}
