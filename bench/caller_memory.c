/* SPDX-License-Identifier: MIT */
/* What a list costs its caller in memory: caller_memory SERVER LEVEL. NETSESSION_CREDENTIALS names
 * the credentials. Prints two numbers of KiB: by how much the most memory of the process grows with
 * the list of all sessions, and the size of the block that it gets. */
#define UNICODE
#include <windows.h>
#include <lm.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_UNITS = 300, ONE_PAGE = 1 };

/* Not getrusage(2), to which the memory of the program that started this one counts, too. */
static long peak_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[200];
	long kib = -1;

	while (kib < 0 && file != NULL && fgets(line, sizeof line, file) != NULL)
		(void)sscanf(line, "VmHWM: %ld", &kib);
	if (kib < 0)
		exit(4);
	fclose(file);
	return kib;
}

/* From now on, the peak is what there is now or later: proc(5). */
static void reset_peak(void)
{
	FILE *file = fopen("/proc/self/clear_refs", "w");

	if (file == NULL || fputs("5", file) == EOF || fclose(file) != 0)
		exit(4);
}

/* Returns the size of the block. */
static DWORD list_sessions(LPWSTR server, DWORD level, DWORD preferred_bytes)
{
	DWORD entries, total, handle = 0, bytes = 0;
	LPBYTE block = NULL;
	NET_API_STATUS status = NetSessionEnum(server, NULL, NULL, level, &block, preferred_bytes,
	                                       &entries, &total, &handle);

	if ((status != NERR_Success && status != ERROR_MORE_DATA) ||
	    NetApiBufferSize(block, &bytes) != NERR_Success)
		exit(3);
	NetApiBufferFree(block);
	return bytes;
}

int main(int argc, char **argv)
{
	WCHAR server[NAME_UNITS + 1] = { 0 };
	DWORD level, bytes;
	long before_kib;

	if (argc != 3)
		return 2;
	for (int i = 0; i < NAME_UNITS && argv[1][i] != '\0'; i++)
		server[i] = (WCHAR)argv[1][i];
	level = (DWORD)strtoul(argv[2], NULL, 10);
	(void)list_sessions(server, level, ONE_PAGE); /* with what a log-on needs */
	reset_peak();
	before_kib = peak_kib();
	bytes = list_sessions(server, level, MAX_PREFERRED_LENGTH);
	printf("%ld %lu\n", peak_kib() - before_kib, (unsigned long)bytes / 1024);
	return 0;
}
