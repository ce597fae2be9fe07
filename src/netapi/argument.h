/* SPDX-License-Identifier: MIT */
/* Windows' 16-bit arguments as UTF-8. */
#ifndef NETAPI_ARGUMENT_H
#define NETAPI_ARGUMENT_H

#include <stdbool.h>
#include <windows.h>
#include <lmcons.h>

/* Gives *to, NULL for NULL; free it. False: it is no valid UTF-16 (*status becomes invalid), or
 * memory ran out; the story of that is told. */
bool argument_take(const WCHAR *argument, char **to, NET_API_STATUS invalid,
                   NET_API_STATUS *status);

#endif
