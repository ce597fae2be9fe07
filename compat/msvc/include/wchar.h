/* SPDX-License-Identifier: MIT */
/* The system's <wchar.h>, for a wchar_t of 16 bits. No include guard: see netapi32_crt.h. */
#pragma GCC system_header
#include_next <wchar.h>
#include "netapi32_crt.h"
