/* SPDX-License-Identifier: MIT */
/* libnetapi32, opened at run time: it exports the names that the bridge exports, so it cannot be
 * linked. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <lm.h>
#include <stdbool.h>

struct library {
	__typeof__(NetSessionEnum) *session_enum;
	__typeof__(NetSessionGetInfo) *session_get_info;
	__typeof__(NetSessionDel) *session_del;
	__typeof__(NetUseAdd) *use_add;
	__typeof__(NetUseDel) *use_del;
	__typeof__(NetApiBufferSize) *buffer_size;
	__typeof__(NetApiBufferFree) *buffer_free;
	const char *(*last_error_text)(void);
};

/* Opens the library that a link beside the bridge leads to, or else the one that the system's
 * loader finds, for as long as the program runs. Returns false if there is none, or if it lacks a
 * function; *text then says why, until the same thread calls the loader again. */
bool library_open(struct library *library, const char **text);

#endif
