/* SPDX-License-Identifier: MIT */
/* A tool for Windows that uses a user's name and password for one server, and forgets them. */
#define UNICODE
#define _UNICODE
#include <windows.h>
#include <tchar.h>
#include <stdio.h>
#include <lm.h>

int _tmain(int argc, _TCHAR *argv[])
{
	USE_INFO_2 use;
	LPSESSION_INFO_1 sessions = NULL;
	DWORD read = 0, total = 0, wrong = 0;
	NET_API_STATUS status;
	TCHAR remote[UNCLEN + 60];

	if (argc != 5) {
		_ftprintf(stderr, _T("usage: %s server domain user password\n"), argv[0]);
		return 1;
	}
	_snwprintf(remote, sizeof remote / sizeof remote[0], TEXT("\\\\%s\\IPC$"), argv[1]);
	memset(&use, 0, sizeof use);
	use.ui2_remote = remote;
	use.ui2_asg_type = USE_IPC;
	use.ui2_domainname = argv[2];
	use.ui2_username = argv[3];
	use.ui2_password = argv[4];
	status = NetUseAdd(NULL, 2, (LPBYTE)&use, &wrong);
	if (status != NERR_Success) {
		_tprintf(_T("NetUseAdd: %u (member %u)\n"), status, wrong);
		return 2;
	}
	status = NetSessionEnum(argv[1], NULL, NULL, 1, (LPBYTE *)&sessions, MAX_PREFERRED_LENGTH,
	                        &read, &total, NULL);
	_tprintf(_T("NetSessionEnum: %lu, %lu of %lu\n"), status, read, total);
	NetApiBufferFree(sessions);
	status = NetUseDel(NULL, remote, USE_LOTS_OF_FORCE);
	_tprintf(_T("NetUseDel: %I32u\n"), status);
	return 0;
}
