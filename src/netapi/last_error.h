/* SPDX-License-Identifier: MIT */
#ifndef NETAPI_LAST_ERROR_H
#define NETAPI_LAST_ERROR_H

#include <netsession.h>
#include <windows.h>
#include <lmcons.h>

/* Keeps a copy of how the thread's call ended, for netsession_last_error_text. Returns its
 * status. */
NET_API_STATUS last_error_set(const struct netsession_error *error);

/* The same for a call that is refused before anything is asked; text is kept, and static. */
NET_API_STATUS last_error_refuse(NET_API_STATUS status, const char *text);

#endif
