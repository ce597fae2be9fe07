/* SPDX-License-Identifier: MIT */
/* As books and manuals for Windows show it: one user's session from one client. */
#ifndef UNICODE
#define UNICODE
#endif
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#pragma comment(lib, "Netapi32.lib")

int wmain(int argc, wchar_t *argv[])
{
	DWORD dwLevel = 1;
	LPSESSION_INFO_1 pBuf = NULL;
	NET_API_STATUS nStatus;

	if (argc != 4) {
		fwprintf(stderr, L"Usage: %s \\\\ServerName \\\\ClientName UserName\n", argv[0]);
		exit(1);
	}
	nStatus = NetSessionGetInfo(argv[1], argv[2], argv[3], dwLevel, (LPBYTE *)&pBuf);
	if (nStatus == NERR_Success) {
		if (pBuf != NULL) {
			wprintf(L"\n\tClient: %s\n", pBuf->sesi1_cname);
			wprintf(L"\tUser:   %s\n", pBuf->sesi1_username);
			printf("\tOpens:  %d\n", pBuf->sesi1_num_opens);
			printf("\tActive: %d\n", pBuf->sesi1_time);
			printf("\tIdle:   %d\n", pBuf->sesi1_idle_time);
		}
	} else {
		fprintf(stderr, "A system error has occurred: %d\n", nStatus);
	}
	if (pBuf != NULL)
		NetApiBufferFree(pBuf);
	return 0;
}
