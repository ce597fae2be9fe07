/* SPDX-License-Identifier: MIT */
/* musl defines wchar_t here, as an int for C, whatever -fshort-wchar says. glibc has no such file,
 * and does not ask for it. No include guard: musl reads it once for each type that a header needs.
 */
#pragma GCC system_header
#if defined(__NEED_wchar_t) && !defined(__DEFINED_wchar_t) && !defined(__cplusplus)
typedef __WCHAR_TYPE__ wchar_t;
#define __DEFINED_wchar_t
#endif
#include_next <bits/alltypes.h>
