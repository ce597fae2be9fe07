/* SPDX-License-Identifier: MIT */
/* What the bridge needs of Wine: the DLL of Wine that it stands before, and Wine's debug output.
 * Wine's headers and those of libnetapi32 declare the same names, so wine_dll.c alone includes
 * Wine's. */
#ifndef WINE_DLL_H
#define WINE_DLL_H

#include <stdint.h>

/* How Windows calls functions on x86-64. */
#define WINDOWS_CALL __attribute__((ms_abi))

/* A function of Wine's own netapi32.dll, which stays loaded as long as the program runs. NULL:
 * there is none. */
void *wine_dll_find(const char *function);

/* Write a line to the channel "netsession" of WINEDEBUG: an error, which is shown by default; or a
 * warning about a call that failed. */
void wine_dll_print_error(const char *text);
void wine_dll_print_warning(const char *function, uint32_t status, const char *text);

#endif
