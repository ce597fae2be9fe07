/* SPDX-License-Identifier: MIT */
/* Prints its arguments in each way that Windows programs print text, two streams in turn. */
#include <stdio.h>
#include <string.h>
#include <wchar.h>
#include <windows.h>

int wmain(int argc, wchar_t *argv[], wchar_t *envp[])
{
	WCHAR text[200];
	char narrow[600];
	wchar_t *unit;
	int i;

	for (; *envp != NULL; envp++)
		if (wcsncmp(*envp, L"SAMPLE=", 7) == 0)
			wprintf(L"environment %s\n", *envp + 7);
	for (i = 1; i < argc; i++) {
		wprintf(L"%d wide [%s] [%12s] [%-12ls] [%.2s]\n", i, argv[i], argv[i], argv[i],
		        argv[i]);
		printf("%d narrow [%S] [%ls] [%12S]\n", i, argv[i], argv[i], argv[i]);
		fwprintf(stderr, L"%d error [%s]\n", i, argv[i]);
		swprintf(text, sizeof text / sizeof text[0], L"%s", argv[i]);
		fputws(text, stdout);
		putwchar(L' ');
		for (unit = text; *unit != 0; unit++)
			putwchar(*unit);
		sprintf(narrow, "%ls", argv[i]);
		wprintf(L" %S %lu %d\n", narrow, (DWORD)wcslen(argv[i]),
		        strlen(narrow) >= wcslen(text));
	}
	return argc == 1;
}
