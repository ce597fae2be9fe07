/* SPDX-License-Identifier: MIT */
/* netapi32.dll for Windows programs that run under Wine: an ELF file that Wine's loader takes for a
 * DLL. Sessions, and uses of \\server\IPC$, are the business of libnetapi32; netapi32.spec, which
 * exports the functions of this file by their names on Windows, forwards everything else to Wine's
 * own DLL.
 *
 * An answer is copied into a block of Wine's, because programs and Wine's other DLLs free all
 * blocks by Wine's NetApiBufferFree. */
#include "library.h"
#include "wine_dll.h"

#include <pthread.h>
#include <string.h>

/* A DLL, or something that it needs, was not found. */
#define ERROR_MOD_NOT_FOUND 126

static struct {
	struct library library;
	struct {
		NET_API_STATUS(WINDOWS_CALL *buffer_allocate)(DWORD, LPVOID *);
		NET_API_STATUS(WINDOWS_CALL *use_add)(LMSTR, DWORD, LPBYTE, LPDWORD);
		NET_API_STATUS(WINDOWS_CALL *use_del)(LMSTR, LMSTR, DWORD);
	} wine;
	bool is_open;
} bridge;

/* Exported by netapi32.spec. */
NET_API_STATUS WINDOWS_CALL bridge_session_enum(LMSTR server, LMSTR client, LMSTR user, DWORD level,
                                                LPBYTE *block, DWORD preferred_bytes, LPDWORD count,
                                                LPDWORD total, LPDWORD resume_handle);
NET_API_STATUS WINDOWS_CALL bridge_session_get_info(LMSTR server, LMSTR client, LMSTR user,
                                                    DWORD level, LPBYTE *block);
NET_API_STATUS WINDOWS_CALL bridge_session_del(LMSTR server, LMSTR client, LMSTR user);
NET_API_STATUS WINDOWS_CALL bridge_use_add(LMSTR computer, DWORD level, LPBYTE use,
                                           LPDWORD parameter);
NET_API_STATUS WINDOWS_CALL bridge_use_del(LMSTR computer, LMSTR name, DWORD force);

/* ---- opening ---- */

static void bridge_open(void)
{
	const char *text;

	*(void **)&bridge.wine.buffer_allocate = wine_dll_find("NetApiBufferAllocate");
	*(void **)&bridge.wine.use_add = wine_dll_find("NetUseAdd");
	*(void **)&bridge.wine.use_del = wine_dll_find("NetUseDel");
	if (bridge.wine.buffer_allocate == NULL || bridge.wine.use_add == NULL ||
	    bridge.wine.use_del == NULL)
		wine_dll_print_error(
			"netapi32_wine.dll, Wine's own netapi32.dll, cannot be loaded: "
			"run netsession-wine install again");
	else if (!library_open(&bridge.library, &text))
		wine_dll_print_error(text);
	else
		bridge.is_open = true;
}

/* Before each call. Where it returns false, the call returns ERROR_MOD_NOT_FOUND. */
static bool bridge_is_open(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, bridge_open);
	return bridge.is_open;
}

/* Behind each call: says why it failed. Returns status. */
static NET_API_STATUS bridge_finish(const char *function, NET_API_STATUS status)
{
	if (status != NERR_Success && status != ERROR_MORE_DATA)
		wine_dll_print_warning(function, status, bridge.library.last_error_text());
	return status;
}

/* ---- answers ---- */

enum { MOST_TEXTS = 4 };

/* An entry of a level: its size, and where its texts are. */
struct bridge_entry {
	DWORD level;
	size_t bytes, text_count;
	size_t texts[MOST_TEXTS];
};

static const struct bridge_entry *bridge_find_entry(DWORD level)
{
#define AT(LEVEL, MEMBER) offsetof(SESSION_INFO_##LEVEL, sesi##LEVEL##_##MEMBER)
#define ENTRY(LEVEL, COUNT) \
	.level = LEVEL, .bytes = sizeof(SESSION_INFO_##LEVEL), .text_count = COUNT
	static const struct bridge_entry entries[] = {
		{ ENTRY(0, 1), .texts = { AT(0, cname) } },
		{ ENTRY(1, 2), .texts = { AT(1, cname), AT(1, username) } },
		{ ENTRY(2, 3), .texts = { AT(2, cname), AT(2, username), AT(2, cltype_name) } },
		{ ENTRY(10, 2), .texts = { AT(10, cname), AT(10, username) } },
		{ ENTRY(502, 4), .texts = { AT(502, cname), AT(502, username), AT(502, cltype_name),
		                            AT(502, transport) } },
	};
#undef ENTRY
#undef AT

	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		if (entries[i].level == level)
			return &entries[i];
	return NULL;
}

/* The texts are in the same block as the entries. */
static void bridge_move_texts(const struct bridge_entry *entry, DWORD count, const BYTE *from,
                              BYTE *to)
{
	for (DWORD i = 0; i < count; i++)
		for (size_t t = 0; t < entry->text_count; t++) {
			BYTE *text, *at = to + i * entry->bytes + entry->texts[t];

			memcpy(&text, at, sizeof text);
			if (text != NULL) {
				text = to + (text - from);
				memcpy(at, &text, sizeof text);
			}
		}
}

/* Takes a block of the library with count entries, or NULL, and gives a copy of it. */
static bool bridge_give_block(DWORD level, DWORD count, BYTE *made, LPBYTE *block)
{
	const struct bridge_entry *entry = bridge_find_entry(level);
	LPVOID copy = NULL;
	DWORD bytes = 0;

	if (made == NULL)
		return true;
	if (entry != NULL && bridge.library.buffer_size(made, &bytes) == NERR_Success &&
	    bridge.wine.buffer_allocate(bytes, &copy) == NERR_Success) {
		memcpy(copy, made, bytes);
		bridge_move_texts(entry, count, made, copy);
		*block = copy;
	}
	bridge.library.buffer_free(made);
	return *block != NULL;
}

/* ---- sessions ---- */

NET_API_STATUS WINDOWS_CALL bridge_session_enum(LMSTR server, LMSTR client, LMSTR user, DWORD level,
                                                LPBYTE *block, DWORD preferred_bytes, LPDWORD count,
                                                LPDWORD total, LPDWORD resume_handle)
{
	DWORD resume_before = resume_handle != NULL ? *resume_handle : 0;
	NET_API_STATUS status;
	BYTE *made = NULL;

	if (!bridge_is_open())
		return ERROR_MOD_NOT_FOUND;
	status = bridge.library.session_enum(server, client, user, level,
	                                     block != NULL ? &made : NULL, preferred_bytes, count,
	                                     total, resume_handle);
	if (block == NULL)
		return bridge_finish("NetSessionEnum", status);
	*block = NULL;
	if (!bridge_give_block(level, made != NULL ? *count : 0, made, block)) {
		status = ERROR_NOT_ENOUGH_MEMORY;
		*count = *total = 0;
		if (resume_handle != NULL)
			*resume_handle = resume_before;
	}
	return bridge_finish("NetSessionEnum", status);
}

NET_API_STATUS WINDOWS_CALL bridge_session_get_info(LMSTR server, LMSTR client, LMSTR user,
                                                    DWORD level, LPBYTE *block)
{
	NET_API_STATUS status;
	BYTE *made = NULL;

	if (!bridge_is_open())
		return ERROR_MOD_NOT_FOUND;
	status = bridge.library.session_get_info(server, client, user, level,
	                                         block != NULL ? &made : NULL);
	if (block == NULL)
		return bridge_finish("NetSessionGetInfo", status);
	*block = NULL;
	if (!bridge_give_block(level, 1, made, block))
		status = ERROR_NOT_ENOUGH_MEMORY;
	return bridge_finish("NetSessionGetInfo", status);
}

NET_API_STATUS WINDOWS_CALL bridge_session_del(LMSTR server, LMSTR client, LMSTR user)
{
	if (!bridge_is_open())
		return ERROR_MOD_NOT_FOUND;
	return bridge_finish("NetSessionDel", bridge.library.session_del(server, client, user));
}

/* ---- uses ---- */

/* What the library says of devices, of other shares than IPC$ and of other computers. */
static bool bridge_is_for_wine(NET_API_STATUS status)
{
	return status == ERROR_NOT_SUPPORTED || status == ERROR_BAD_NET_NAME;
}

NET_API_STATUS WINDOWS_CALL bridge_use_add(LMSTR computer, DWORD level, LPBYTE use,
                                           LPDWORD parameter)
{
	NET_API_STATUS status;

	if (!bridge_is_open())
		return ERROR_MOD_NOT_FOUND;
	status = bridge.library.use_add(computer, level, use, parameter);
	if (bridge_is_for_wine(status))
		return bridge.wine.use_add(computer, level, use, parameter);
	return bridge_finish("NetUseAdd", status);
}

NET_API_STATUS WINDOWS_CALL bridge_use_del(LMSTR computer, LMSTR name, DWORD force)
{
	NET_API_STATUS status;

	if (!bridge_is_open())
		return ERROR_MOD_NOT_FOUND;
	status = bridge.library.use_del(computer, name, force);
	if (bridge_is_for_wine(status))
		return bridge.wine.use_del(computer, name, force);
	return bridge_finish("NetUseDel", status);
}
