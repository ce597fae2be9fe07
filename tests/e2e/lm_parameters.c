/* SPDX-License-Identifier: MIT */
/* What NetSessionEnum and NetApiBuffer* say to parameters that are not as they should be, each on a
 * line: lm_parameters SERVER. SERVER is not asked where a parameter is wrong. */
#define UNICODE
#include <windows.h>
#include <lm.h>
#include <netsession.h>
#include <stdio.h>

static WCHAR server[300];

static void outputs(void)
{
	DWORD entries = 1, total = 1, handle = 0;
	LPBYTE buffer = (LPBYTE)server;

	printf("level 7: %u\n", NetSessionEnum(server, NULL, NULL, 7, &buffer, MAX_PREFERRED_LENGTH,
	                                       &entries, &total, &handle));
	printf("then buffer %s, entries %u, total %u\n", buffer != NULL ? "given" : "NULL", entries,
	       total);
	printf("level 7 comes before NULL: %u\n",
	       NetSessionEnum(server, NULL, NULL, 7, NULL, 0, NULL, NULL, NULL));
	printf("no bufptr: %u\n", NetSessionEnum(server, NULL, NULL, 1, NULL, MAX_PREFERRED_LENGTH,
	                                         &entries, &total, &handle));
	printf("no entriesread: %u\n", NetSessionEnum(server, NULL, NULL, 1, &buffer,
	                                              MAX_PREFERRED_LENGTH, NULL, &total, &handle));
	printf("no totalentries: %u\n",
	       NetSessionEnum(server, NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH, &entries, NULL,
	                      &handle));
}

static void names(void)
{
	static WCHAR long_name[1100], half_a_pair[] = { 0xD800, 0 };
	DWORD entries, total;
	LPBYTE buffer;

	for (size_t i = 0; i < 1099; i++)
		long_name[i] = 'x';
	printf("server \"a b\": %u\n",
	       NetSessionEnum(TEXT("a b"), NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, NULL));
	printf("story: %s\n", netsession_last_error_text());
	printf("server half a pair: %u\n",
	       NetSessionEnum(half_a_pair, NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, NULL));
	printf("user half a pair: %u\n",
	       NetSessionEnum(server, NULL, half_a_pair, 1, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, NULL));
	printf("user of 1099: %u\n", NetSessionEnum(server, NULL, long_name, 1, &buffer,
	                                            MAX_PREFERRED_LENGTH, &entries, &total, NULL));
	printf("client of 1099: %u\n",
	       NetSessionEnum(server, long_name, NULL, 1, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, NULL));
	printf("local: %u\n", NetSessionEnum(NULL, NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH,
	                                     &entries, &total, NULL));
}

static void handles(void)
{
	DWORD entries, total, past = 100000, handle = 99;
	LPBYTE buffer;

	printf("handle past the end: %u",
	       NetSessionEnum(server, NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, &past));
	printf(" entries %u\n", entries);
	NetApiBufferFree(buffer);
	printf("no handle: %u", NetSessionEnum(server, TEXT(""), TEXT(""), 1, &buffer,
	                                       MAX_PREFERRED_LENGTH, &entries, &total, NULL));
	printf(" entries %s\n", entries > 0 && entries == total ? "all" : "not all");
	printf("story: \"%s\"\n", netsession_last_error_text());
	NetApiBufferFree(buffer);
	printf("handle after an error: %u",
	       NetSessionEnum(server, NULL, NULL, 502, &buffer, MAX_PREFERRED_LENGTH, &entries,
	                      &total, &handle));
	printf(" is %u\n", handle);
}

static void blocks(void)
{
	DWORD bytes = 0;
	void *block = NULL;

	printf("allocate nothing: %u", NetApiBufferAllocate(0, &block));
	printf(" size: %u\n", NetApiBufferSize(block, &bytes));
	printf("grow: %u", NetApiBufferReallocate(block, 1000, &block));
	printf(" size: %u", NetApiBufferSize(block, &bytes));
	printf(" %s\n", bytes >= 1000 ? "enough" : "too small");
	printf("shrink to nothing: %u", NetApiBufferReallocate(block, 0, &block));
	printf(" gives %s\n", block == NULL ? "NULL" : "a block");
	printf("from nothing: %u", NetApiBufferReallocate(NULL, 10, &block));
	printf(" gives %s\n", block == NULL ? "NULL" : "a block");
	printf("free: %u\n", NetApiBufferFree(block));
	printf("free NULL: %u\n", NetApiBufferFree(NULL));
	printf("size of NULL: %u\n", NetApiBufferSize(NULL, &bytes));
	printf("allocate to NULL: %u\n", NetApiBufferAllocate(10, NULL));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	for (size_t i = 0; argv[1][i] != '\0' && i < 299; i++)
		server[i] = (WCHAR)argv[1][i];
	outputs();
	names();
	handles();
	blocks();
	return 0;
}
