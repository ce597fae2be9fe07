/* SPDX-License-Identifier: MIT */
#include "wine_dll.h"

#include <windows.h>
#include <wine/debug.h>

WINE_DEFAULT_DEBUG_CHANNEL(netsession);

void *wine_dll_find(const char *function)
{
	HMODULE dll = LoadLibraryA("netapi32_wine.dll");

	return dll != NULL ? (void *)GetProcAddress(dll, function) : NULL;
}

void wine_dll_print_error(const char *text)
{
	WINE_ERR("%s\n", text);
}

void wine_dll_print_warning(const char *function, uint32_t status, const char *text)
{
	WINE_WARN("%s returns %u: %s\n", function, (unsigned)status, text);
}
