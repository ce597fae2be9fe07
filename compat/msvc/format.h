/* SPDX-License-Identifier: MIT */
/* The formats of Microsoft's printf and wprintf. */
#ifndef MSVC_FORMAT_H
#define MSVC_FORMAT_H

#include <stdarg.h>

#include "output.h"

/* Format to output. The narrow one is for printf and its kin, the wide one for wprintf. */
void netapi32_crt_format_narrow(struct output *output, const char *format, va_list arguments);
void netapi32_crt_format_wide(struct output *output, const WCHAR *format, va_list arguments);

#endif
