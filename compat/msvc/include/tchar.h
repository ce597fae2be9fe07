/* SPDX-License-Identifier: MIT */
/* Microsoft's <tchar.h>: names for text that is wide with _UNICODE and narrow without. It has the
 * names that programs around <lm.h> use. */
#pragma GCC system_header
#ifndef NETAPI32_TCHAR_H
#define NETAPI32_TCHAR_H

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#ifdef _UNICODE
typedef wchar_t _TCHAR;
#define __T(quote) L##quote
#define _tmain     wmain
#define _tprintf   wprintf
#define _ftprintf  fwprintf
#define _vtprintf  vwprintf
#define _vftprintf vfwprintf
#define _fputts    fputws
#define _putts     _putws
#define _puttchar  putwchar
#define _tcslen    wcslen
#define _tcscpy    wcscpy
#define _tcsncpy   wcsncpy
#define _tcscat    wcscat
#define _tcsncat   wcsncat
#define _tcscmp    wcscmp
#define _tcsncmp   wcsncmp
#define _tcsicmp   _wcsicmp
#define _tcsnicmp  _wcsnicmp
#define _tcschr    wcschr
#define _tcsrchr   wcsrchr
#define _tcsstr    wcsstr
#define _tcstol    wcstol
#define _tcstoul   wcstoul
#define _ttoi      _wtoi
#else
typedef char _TCHAR;
#define __T(quote) quote
#define _tmain     main
#define _tprintf   printf
#define _ftprintf  fprintf
#define _vtprintf  vprintf
#define _vftprintf vfprintf
#define _fputts    fputs
#define _putts     puts
#define _puttchar  putchar
#define _tcslen    strlen
#define _tcscpy    strcpy
#define _tcsncpy   strncpy
#define _tcscat    strcat
#define _tcsncat   strncat
#define _tcscmp    strcmp
#define _tcsncmp   strncmp
#define _tcsicmp   strcasecmp
#define _tcsnicmp  strncasecmp
#define _tcschr    strchr
#define _tcsrchr   strrchr
#define _tcsstr    strstr
#define _tcstol    strtol
#define _tcstoul   strtoul
#define _ttoi      atoi
#endif
#define _T(quote)    __T(quote)
#define _TEXT(quote) __T(quote)

#endif
