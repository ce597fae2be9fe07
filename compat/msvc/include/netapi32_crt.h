/* SPDX-License-Identifier: MIT */
/* The parts of Microsoft's C runtime that a Unix one lacks, or has with another meaning: text of
 * 16-bit wchar_t, and printf with %S, %I64u and 32-bit %lu. The headers beside this one include
 * this file after the system header of the same name, each time they are included.
 *
 * All output is UTF-8, and a stream is a stream of bytes, so a program may use printf and wprintf
 * together. Widths and precisions count UTF-16 units; in narrow functions and for narrow text they
 * count bytes. */
#pragma GCC system_header

#ifndef NETAPI32_CRT_H
#define NETAPI32_CRT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#if __SIZEOF_WCHAR_T__ == 2
#define NETAPI32_CRT_WCHAR wchar_t
#elif defined(NETAPI32_CRT_BUILD)
#define NETAPI32_CRT_WCHAR __CHAR16_TYPE__
#else
#error "Windows source needs -fshort-wchar: pkg-config --cflags netapi32-msvc"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Conversions: c C s S d i u o x X p e E f F g G a A %. C and S take wide text in narrow functions,
 * and narrow text in wide ones; h makes text narrow, l and w make it wide. For integers l means 32
 * bits, ll and I64 mean 64, and I alone means the size of a pointer. p prints all digits, as X
 * does. NULL is printed as (null). An unknown conversion is printed unchanged, and so is n. The
 * functions return the number of units (narrow: bytes), or -1. */
int netapi32_crt_printf(const char *format, ...);
int netapi32_crt_fprintf(FILE *stream, const char *format, ...);
int netapi32_crt_vprintf(const char *format, va_list arguments);
int netapi32_crt_vfprintf(FILE *stream, const char *format, va_list arguments);
int netapi32_crt_sprintf(char *to, const char *format, ...);
int netapi32_crt_snprintf(char *to, size_t bytes, const char *format, ...);
int netapi32_crt_vsprintf(char *to, const char *format, va_list arguments);
int netapi32_crt_vsnprintf(char *to, size_t bytes, const char *format, va_list arguments);
int netapi32_crt_wprintf(const NETAPI32_CRT_WCHAR *format, ...);
int netapi32_crt_fwprintf(FILE *stream, const NETAPI32_CRT_WCHAR *format, ...);
int netapi32_crt_vwprintf(const NETAPI32_CRT_WCHAR *format, va_list arguments);
int netapi32_crt_vfwprintf(FILE *stream, const NETAPI32_CRT_WCHAR *format, va_list arguments);

/* Text that does not fit is cut, ends with a NUL, and the function returns -1. */
int netapi32_crt_swprintf(NETAPI32_CRT_WCHAR *to, size_t units, const NETAPI32_CRT_WCHAR *format,
                          ...);
int netapi32_crt_vswprintf(NETAPI32_CRT_WCHAR *to, size_t units, const NETAPI32_CRT_WCHAR *format,
                           va_list arguments);

/* Text that fits except for its NUL gets no NUL. Longer text is cut, gets no NUL, and the function
 * returns -1. */
int netapi32_crt_snwprintf(NETAPI32_CRT_WCHAR *to, size_t units, const NETAPI32_CRT_WCHAR *format,
                           ...);
int netapi32_crt_vsnwprintf(NETAPI32_CRT_WCHAR *to, size_t units, const NETAPI32_CRT_WCHAR *format,
                            va_list arguments);

/* The two halves of a character outside the BMP may be written by two calls. */
wint_t netapi32_crt_fputwc(NETAPI32_CRT_WCHAR unit, FILE *stream);
wint_t netapi32_crt_putwchar(NETAPI32_CRT_WCHAR unit);
int netapi32_crt_fputws(const NETAPI32_CRT_WCHAR *text, FILE *stream);
int netapi32_crt_putws(const NETAPI32_CRT_WCHAR *text); /* adds a newline */

size_t netapi32_crt_wcslen(const NETAPI32_CRT_WCHAR *text);
size_t netapi32_crt_wcsnlen(const NETAPI32_CRT_WCHAR *text, size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wcscpy(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from);
NETAPI32_CRT_WCHAR *netapi32_crt_wcsncpy(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from,
                                         size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wcscat(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from);
NETAPI32_CRT_WCHAR *netapi32_crt_wcsncat(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from,
                                         size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wcsdup(const NETAPI32_CRT_WCHAR *text);
int netapi32_crt_wcscmp(const NETAPI32_CRT_WCHAR *a, const NETAPI32_CRT_WCHAR *b);
int netapi32_crt_wcsncmp(const NETAPI32_CRT_WCHAR *a, const NETAPI32_CRT_WCHAR *b, size_t units);
int netapi32_crt_wcsicmp(const NETAPI32_CRT_WCHAR *a,
                         const NETAPI32_CRT_WCHAR *b); /* A-Z equal a-z */
int netapi32_crt_wcsnicmp(const NETAPI32_CRT_WCHAR *a, const NETAPI32_CRT_WCHAR *b, size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wcschr(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR unit);
NETAPI32_CRT_WCHAR *netapi32_crt_wcsrchr(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR unit);
NETAPI32_CRT_WCHAR *netapi32_crt_wcsstr(const NETAPI32_CRT_WCHAR *text,
                                        const NETAPI32_CRT_WCHAR *part);
NETAPI32_CRT_WCHAR *netapi32_crt_wcspbrk(const NETAPI32_CRT_WCHAR *text,
                                         const NETAPI32_CRT_WCHAR *units);
size_t netapi32_crt_wcsspn(const NETAPI32_CRT_WCHAR *text, const NETAPI32_CRT_WCHAR *units);
size_t netapi32_crt_wcscspn(const NETAPI32_CRT_WCHAR *text, const NETAPI32_CRT_WCHAR *units);

/* A long of Windows has 32 bits: larger values give its limit, with ERANGE. */
long netapi32_crt_wcstol(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR **end, int base);
unsigned long netapi32_crt_wcstoul(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR **end,
                                   int base);
long long netapi32_crt_wcstoll(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR **end, int base);
unsigned long long netapi32_crt_wcstoull(const NETAPI32_CRT_WCHAR *text, NETAPI32_CRT_WCHAR **end,
                                         int base);
int netapi32_crt_wtoi(const NETAPI32_CRT_WCHAR *text);

/* <string> of C++ refers to these. */
NETAPI32_CRT_WCHAR *netapi32_crt_wmemchr(const NETAPI32_CRT_WCHAR *at, NETAPI32_CRT_WCHAR unit,
                                         size_t units);
int netapi32_crt_wmemcmp(const NETAPI32_CRT_WCHAR *a, const NETAPI32_CRT_WCHAR *b, size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wmemcpy(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from,
                                         size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wmemmove(NETAPI32_CRT_WCHAR *to, const NETAPI32_CRT_WCHAR *from,
                                          size_t units);
NETAPI32_CRT_WCHAR *netapi32_crt_wmemset(NETAPI32_CRT_WCHAR *to, NETAPI32_CRT_WCHAR unit,
                                         size_t units);

#ifdef __cplusplus
}
namespace std
{
using ::netapi32_crt_fprintf;
using ::netapi32_crt_fputwc;
using ::netapi32_crt_fputws;
using ::netapi32_crt_fwprintf;
using ::netapi32_crt_printf;
using ::netapi32_crt_putwchar;
using ::netapi32_crt_snprintf;
using ::netapi32_crt_sprintf;
using ::netapi32_crt_swprintf;
using ::netapi32_crt_vfprintf;
using ::netapi32_crt_vfwprintf;
using ::netapi32_crt_vprintf;
using ::netapi32_crt_vsnprintf;
using ::netapi32_crt_vsprintf;
using ::netapi32_crt_vswprintf;
using ::netapi32_crt_vwprintf;
using ::netapi32_crt_wcscat;
using ::netapi32_crt_wcschr;
using ::netapi32_crt_wcscmp;
using ::netapi32_crt_wcscpy;
using ::netapi32_crt_wcscspn;
using ::netapi32_crt_wcslen;
using ::netapi32_crt_wcsncat;
using ::netapi32_crt_wcsncmp;
using ::netapi32_crt_wcsncpy;
using ::netapi32_crt_wcspbrk;
using ::netapi32_crt_wcsrchr;
using ::netapi32_crt_wcsspn;
using ::netapi32_crt_wcsstr;
using ::netapi32_crt_wcstol;
using ::netapi32_crt_wcstoll;
using ::netapi32_crt_wcstoul;
using ::netapi32_crt_wcstoull;
using ::netapi32_crt_wmemchr;
using ::netapi32_crt_wmemcmp;
using ::netapi32_crt_wmemcpy;
using ::netapi32_crt_wmemmove;
using ::netapi32_crt_wmemset;
using ::netapi32_crt_wprintf;
} // namespace std
#endif

#define NETAPI32_CRT_DECLARED
#endif

/* The names are defined last, after all system headers that declare them, and again each time,
 * since <cstdio> and <cwchar> of C++ undefine them. */
#if defined(NETAPI32_CRT_DECLARED) && !defined(NETAPI32_CRT_BUILD)
#include "netapi32_crt_names.h"
#endif
