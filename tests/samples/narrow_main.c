/* SPDX-License-Identifier: MIT */
/* A main of its own, with wide text in it: the archive's main stays away. */
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char *argv[])
{
	WCHAR server[] = L"\\\\名前";

	(void)argv;
	printf("%d %S %ls %lu %p|%I64u|%-5hs|", argc, server, L"wide", (DWORD)-1, (LPVOID)NULL,
	       (ULONGLONG)1 << 40, "abc");
	wprintf(L"%zu %hs\n", wcslen(server), "narrow");
	return 0;
}
