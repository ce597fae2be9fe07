/* SPDX-License-Identifier: MIT */
/* Text of the width that the project's settings choose: narrow, or wide with UNICODE and _UNICODE.
 */
#include <windows.h>
#include <tchar.h>
#include <stdio.h>
#include <lm.h>

int _tmain(int argc, _TCHAR *argv[])
{
	LPCTSTR text = TEXT("text");
	TCHAR copy[80];
	int i;

	_tcscpy(copy, text);
	_tcscat(copy, _T(" of a program"));
	_tprintf(_T("%s: %d\n"), copy, (int)_tcslen(copy));
	for (i = 1; i < argc; i++)
		_ftprintf(stdout, _T("%s %d %d\n"), argv[i], _tcsicmp(argv[i], _T("IPC$")) == 0,
		          _ttoi(argv[i]));
	_putts(_tcschr(copy, _T('p')));
	return 0;
}
