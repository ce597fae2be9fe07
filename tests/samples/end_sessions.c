/* SPDX-License-Identifier: MIT */
/* As books and manuals for Windows show it: ends a client's sessions, or one user's among them. */
#ifndef UNICODE
#define UNICODE
#endif
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#pragma comment(lib, "netapi32.lib")

int wmain(int argc, wchar_t *argv[])
{
	LPTSTR pszServerName = NULL;
	LPTSTR pszClientName = NULL;
	LPTSTR pszUserName = NULL;
	NET_API_STATUS nStatus;

	if (argc < 3 || argc > 4) {
		fwprintf(stderr, L"Usage: %s \\\\ServerName [\\\\ClientName] [UserName]\n",
		         argv[0]);
		exit(1);
	}
	pszServerName = argv[1];
	if (argc >= 3 && argv[2][0] != L'\0')
		pszClientName = argv[2];
	if (argc == 4)
		pszUserName = argv[3];
	nStatus = NetSessionDel(pszServerName, pszClientName, pszUserName);
	if (nStatus == NERR_Success)
		fprintf(stderr, "The sessions have ended\n");
	else
		fprintf(stderr, "A system error has occurred: %d\n", nStatus);
	return 0;
}
