/* SPDX-License-Identifier: MIT */
/* The system's <stdio.h>, with Microsoft's printf and wprintf. No include guard: see
 * netapi32_crt.h. */
#pragma GCC system_header
#include_next <stdio.h>
#include "netapi32_crt.h"
