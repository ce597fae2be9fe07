/* SPDX-License-Identifier: MIT */
/* What all functions of <lm.h> do: their arguments are UTF-16, and their failures have a message.
 */
#ifndef NETAPI_API_CALL_H
#define NETAPI_API_CALL_H

#include <stdbool.h>
#include <netsession.h>
#include <windows.h>
#include <lmcons.h>

/* Keeps the outcome of the thread's call for netsession_last_error_text. Returns its status. */
NET_API_STATUS last_error_set(const struct netsession_error *error);

/* The same for a call that is refused before anything is sent. Returns status. */
NET_API_STATUS last_error_refuse(NET_API_STATUS status, const char *text);

/* Gives *to, an argument as UTF-8, to be freed by free; NULL for NULL. False: the argument is not
 * valid UTF-16, and *status becomes invalid; or memory ran out. Either is the last error then. */
bool argument_take(const WCHAR *argument, char **to, NET_API_STATUS invalid,
                   NET_API_STATUS *status);

#endif
