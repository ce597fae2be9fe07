/* SPDX-License-Identifier: MIT */
/* Calls <lm.h>'s functions as the lines of its input say: lm_by_line SERVER
 *
 *   enum LEVEL PREFMAXLEN HANDLE CLIENT USER
 *   info LEVEL CLIENT USER
 *   del CLIENT USER
 *
 * with a tab between two words, - for NULL and, of a handle, for none. Prints a line for each
 * session, tabs between its members, and then for each call
 * "status NUMBER entries NUMBER total NUMBER handle NUMBER". */
#define UNICODE
#include <stdlib.h>
#include "lm_rows.h"

#define MAX_LINE  8192
#define MAX_WORDS 6

static LPWSTR server;
static WCHAR server_name[MAX_NAME], client_name[MAX_NAME], user_name[MAX_NAME];

static void enumerate(char **words)
{
	DWORD level = (DWORD)strtoul(words[1], NULL, 0), entries = 4711, total = 4711;
	DWORD handle = (DWORD)strtoul(words[3], NULL, 0);
	LPDWORD resume_handle = strcmp(words[3], "-") == 0 ? NULL : &handle;
	LPBYTE buffer = (LPBYTE) "not touched";
	NET_API_STATUS status = NetSessionEnum(
		server, wide(words[4], client_name), wide(words[5], user_name), level, &buffer,
		(DWORD)strtoul(words[2], NULL, 0), &entries, &total, resume_handle);

	for (DWORD i = 0; i < entries; i++)
		print_entry(level, buffer, i);
	printf("status %u entries %u total %u handle %u\n", status, entries, total, handle);
	NetApiBufferFree(buffer);
}

static void get_info(char **words)
{
	DWORD level = (DWORD)strtoul(words[1], NULL, 0);
	LPBYTE buffer = (LPBYTE) "not touched";
	NET_API_STATUS status = NetSessionGetInfo(server, wide(words[2], client_name),
	                                          wide(words[3], user_name), level, &buffer);

	if (buffer != NULL)
		print_entry(level, buffer, 0);
	printf("status %u entries %u total 0 handle 0\n", status, buffer != NULL);
	NetApiBufferFree(buffer);
}

static void delete(char **words)
{
	NET_API_STATUS status = NetSessionDel(server, wide(words[1], client_name),
	                                      wide(words[2], user_name));

	printf("status %u entries 0 total 0 handle 0\n", status);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		void (*call)(char **words);
	} calls[] = { { "enum", 6, enumerate }, { "info", 4, get_info }, { "del", 3, delete } };
	static char line[MAX_LINE];
	char *words[MAX_WORDS];

	if (argc != 2)
		return 2;
	server = wide(argv[1], server_name);
	while (fgets(line, sizeof line, stdin) != NULL) {
		int count = 0, known = 0;

		line[strcspn(line, "\n")] = '\0';
		for (char *at = line; at != NULL && count < MAX_WORDS; count++) {
			words[count] = at;
			at = strchr(at, '\t');
			if (at != NULL)
				*at++ = '\0';
		}
		for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
			if (strcmp(words[0], calls[i].name) == 0 && count == calls[i].words) {
				calls[i].call(words);
				known = 1;
			}
		if (!known)
			return 2;
		fflush(stdout);
	}
	return 0;
}
