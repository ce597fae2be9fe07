/* SPDX-License-Identifier: MIT */
/* As books and manuals for Windows show it: all sessions at level 10, page by page. Nothing here is
 * written for Unix. */
#ifndef UNICODE
#define UNICODE
#endif
#pragma comment(lib, "Netapi32.lib")

#include <stdio.h>
#include <assert.h>
#include <windows.h>
#include <lm.h>

int wmain(int argc, wchar_t *argv[])
{
	LPSESSION_INFO_10 pBuf = NULL;
	LPSESSION_INFO_10 pEntry;
	DWORD dwLevel = 10;
	DWORD dwPrefMaxLen = MAX_PREFERRED_LENGTH;
	DWORD dwEntriesRead = 0;
	DWORD dwTotalEntries = 0;
	DWORD dwResumeHandle = 0;
	DWORD i;
	DWORD dwTotalCount = 0;
	LPTSTR pszServerName = NULL;
	LPTSTR pszClientName = NULL;
	LPTSTR pszUserName = NULL;
	NET_API_STATUS nStatus;

	if (argc > 4) {
		wprintf(L"Usage: %s [\\\\ServerName] [\\\\ClientName] [UserName]\n", argv[0]);
		exit(1);
	}
	if (argc >= 2)
		pszServerName = argv[1];
	if (argc >= 3)
		pszClientName = argv[2];
	if (argc == 4)
		pszUserName = argv[3];

	do {
		nStatus = NetSessionEnum(pszServerName, pszClientName, pszUserName, dwLevel,
		                         (LPBYTE *)&pBuf, dwPrefMaxLen, &dwEntriesRead,
		                         &dwTotalEntries, &dwResumeHandle);
		if ((nStatus == NERR_Success) || (nStatus == ERROR_MORE_DATA)) {
			if ((pEntry = pBuf) != NULL) {
				for (i = 0; i < dwEntriesRead; i++) {
					assert(pEntry != NULL);
					if (pEntry == NULL) {
						fprintf(stderr, "There is no entry\n");
						break;
					}
					wprintf(L"\n\tClient: %s\n", pEntry->sesi10_cname);
					wprintf(L"\tUser:   %s\n", pEntry->sesi10_username);
					printf("\tActive: %d\n", pEntry->sesi10_time);
					printf("\tIdle:   %d\n", pEntry->sesi10_idle_time);
					pEntry++;
					dwTotalCount++;
				}
			}
		} else {
			fprintf(stderr, "A system error has occurred: %d\n", nStatus);
		}
		if (pBuf != NULL) {
			NetApiBufferFree(pBuf);
			pBuf = NULL;
		}
	} while (nStatus == ERROR_MORE_DATA);

	if (pBuf != NULL)
		NetApiBufferFree(pBuf);
	fprintf(stderr, "\nTotal of %d entries enumerated\n", dwTotalCount);
	return 0;
}
