/* SPDX-License-Identifier: MIT */
/* The wprintf family, and the functions that write wide text without a format. */
#include <stdio.h>
#include <wchar.h>

#include "format.h"
#include "include/netapi32_crt.h"

int netapi32_crt_vfwprintf(FILE *stream, const WCHAR *format, va_list arguments)
{
	struct output output;

	netapi32_crt_output_to_stream(&output, stream, true);
	netapi32_crt_format_wide(&output, format, arguments);
	return netapi32_crt_output_finish(&output);
}

int netapi32_crt_vwprintf(const WCHAR *format, va_list arguments)
{
	return netapi32_crt_vfwprintf(stdout, format, arguments);
}

int netapi32_crt_fwprintf(FILE *stream, const WCHAR *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vfwprintf(stream, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_wprintf(const WCHAR *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vfwprintf(stdout, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_vswprintf(WCHAR *to, size_t units, const WCHAR *format, va_list arguments)
{
	struct output output;
	int count;

	netapi32_crt_output_to_units(&output, to, units);
	netapi32_crt_format_wide(&output, format, arguments);
	count = netapi32_crt_output_finish(&output);
	if (units > 0)
		to[output.count < units ? output.count : units - 1] = 0;
	return output.count < units ? count : -1;
}

int netapi32_crt_swprintf(WCHAR *to, size_t units, const WCHAR *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vswprintf(to, units, format, arguments);
	va_end(arguments);
	return count;
}

int netapi32_crt_vsnwprintf(WCHAR *to, size_t units, const WCHAR *format, va_list arguments)
{
	struct output output;
	int count;

	netapi32_crt_output_to_units(&output, to, units);
	netapi32_crt_format_wide(&output, format, arguments);
	count = netapi32_crt_output_finish(&output);
	if (output.count < units)
		to[output.count] = 0;
	return output.count <= units ? count : -1;
}

int netapi32_crt_snwprintf(WCHAR *to, size_t units, const WCHAR *format, ...)
{
	va_list arguments;
	int count;

	va_start(arguments, format);
	count = netapi32_crt_vsnwprintf(to, units, format, arguments);
	va_end(arguments);
	return count;
}

wint_t netapi32_crt_fputwc(WCHAR unit, FILE *stream)
{
	struct output output;

	netapi32_crt_output_to_stream(&output, stream, true);
	netapi32_crt_output_unit(&output, unit);
	return netapi32_crt_output_finish(&output) < 0 ? WEOF : unit;
}

wint_t netapi32_crt_putwchar(WCHAR unit)
{
	return netapi32_crt_fputwc(unit, stdout);
}

static int wide_put_text(const WCHAR *text, const char *end, FILE *stream)
{
	struct output output;

	netapi32_crt_output_to_stream(&output, stream, true);
	for (; *text != 0; text++)
		netapi32_crt_output_unit(&output, *text);
	for (; *end != '\0'; end++)
		netapi32_crt_output_ascii(&output, end, 1);
	return netapi32_crt_output_finish(&output) < 0 ? EOF : 0;
}

int netapi32_crt_fputws(const WCHAR *text, FILE *stream)
{
	return wide_put_text(text, "", stream);
}

int netapi32_crt_putws(const WCHAR *text)
{
	return wide_put_text(text, "\n", stdout);
}
