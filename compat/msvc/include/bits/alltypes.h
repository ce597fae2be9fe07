/* SPDX-License-Identifier: MIT */
/* musl defines wchar_t here, for C as an int even with -fshort-wchar. glibc has no such file and
 * does not include it. No include guard: musl reads the file once for each type that a header
 * needs. */
#pragma GCC system_header
#if defined(__NEED_wchar_t) && !defined(__DEFINED_wchar_t) && !defined(__cplusplus)
typedef __WCHAR_TYPE__ wchar_t;
#define __DEFINED_wchar_t
#endif
#include_next <bits/alltypes.h>
