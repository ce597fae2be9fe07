/* SPDX-License-Identifier: MIT */
#include "library.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LIBRARY_NAME "libnetapi32.so.1"

/* "netsession-wine install" makes a link to the library beside the bridge. What the library needs
 * is beside the file that the link leads to. */
static void *library_open_beside_bridge(void)
{
	static const char name[] = "/" LIBRARY_NAME;
	char link[PATH_MAX + sizeof name], path[PATH_MAX];
	Dl_info bridge;

	if (dladdr(name, &bridge) == 0 || strlen(bridge.dli_fname) >= PATH_MAX)
		return NULL;
	strcpy(link, bridge.dli_fname);
	strcpy(strrchr(link, '/'), name);
	return realpath(link, path) != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

bool library_open(struct library *library, const char **text)
{
	const struct {
		const char *name;
		void **function;
	} functions[] = {
		{ "NetSessionEnum", (void **)&library->session_enum },
		{ "NetSessionGetInfo", (void **)&library->session_get_info },
		{ "NetSessionDel", (void **)&library->session_del },
		{ "NetUseAdd", (void **)&library->use_add },
		{ "NetUseDel", (void **)&library->use_del },
		{ "NetApiBufferSize", (void **)&library->buffer_size },
		{ "NetApiBufferFree", (void **)&library->buffer_free },
		{ "netsession_last_error_text", (void **)&library->last_error_text },
	};
	void *handle = library_open_beside_bridge();
	bool has_all;

	if (handle == NULL)
		handle = dlopen(LIBRARY_NAME, RTLD_NOW | RTLD_LOCAL);
	has_all = handle != NULL;
	for (size_t i = 0; has_all && i < sizeof functions / sizeof *functions; i++) {
		*functions[i].function = dlsym(handle, functions[i].name);
		has_all = *functions[i].function != NULL;
	}
	if (!has_all)
		*text = dlerror();
	return has_all;
}
