/* SPDX-License-Identifier: MIT */
/* The printf family: narrow formats; %S and %ls print wide text. */
#include <stdint.h>
#include <stdio.h>

#include "format.h"
#include "include/netapi32_crt.h"

int netapi32_crt_vfprintf(FILE *stream, const char *format, va_list arguments)
{
	struct output output;

	netapi32_crt_output_to_stream(&output, stream, false);
	netapi32_crt_format_narrow(&output, format, arguments);
	return netapi32_crt_output_finish(&output);
}

int netapi32_crt_vprintf(const char *format, va_list arguments)
{
	return netapi32_crt_vfprintf(stdout, format, arguments);
}

int netapi32_crt_fprintf(FILE *stream, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vfprintf(stream, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_printf(const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vfprintf(stdout, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_vsnprintf(char *to, size_t bytes, const char *format, va_list arguments)
{
	struct output output;
	int count;

	netapi32_crt_output_to_bytes(&output, to, bytes);
	netapi32_crt_format_narrow(&output, format, arguments);
	count = netapi32_crt_output_finish(&output);
	if (bytes > 0)
		to[output.count < bytes ? output.count : bytes - 1] = '\0';
	return count;
}

int netapi32_crt_vsprintf(char *to, const char *format, va_list arguments)
{
	return netapi32_crt_vsnprintf(to, SIZE_MAX, format, arguments);
}

int netapi32_crt_snprintf(char *to, size_t bytes, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vsnprintf(to, bytes, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_sprintf(char *to, const char *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vsnprintf(to, SIZE_MAX, format, arguments);
	va_end(arguments);
	return count;
}
