/* SPDX-License-Identifier: MIT */
/* <wchar.h> for a 16-bit wchar_t. Comparisons compare units as numbers. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "include/netapi32_crt.h"

size_t netapi32_crt_wcslen(const WCHAR *text)
{
	size_t length = 0;

	while (text[length] != 0)
		length++;
	return length;
}

size_t netapi32_crt_wcsnlen(const WCHAR *text, size_t units)
{
	size_t length = 0;

	while (length < units && text[length] != 0)
		length++;
	return length;
}

WCHAR *netapi32_crt_wcscpy(WCHAR *to, const WCHAR *from)
{
	return memcpy(to, from, (netapi32_crt_wcslen(from) + 1) * sizeof *to);
}

/* As in C: the rest is filled with NULs, and a text of all units gets none. */
WCHAR *netapi32_crt_wcsncpy(WCHAR *to, const WCHAR *from, size_t units)
{
	size_t length = netapi32_crt_wcsnlen(from, units);

	memcpy(to, from, length * sizeof *to);
	memset(to + length, 0, (units - length) * sizeof *to);
	return to;
}

WCHAR *netapi32_crt_wcscat(WCHAR *to, const WCHAR *from)
{
	netapi32_crt_wcscpy(to + netapi32_crt_wcslen(to), from);
	return to;
}

WCHAR *netapi32_crt_wcsncat(WCHAR *to, const WCHAR *from, size_t units)
{
	WCHAR *end = to + netapi32_crt_wcslen(to);
	size_t length = netapi32_crt_wcsnlen(from, units);

	memcpy(end, from, length * sizeof *to);
	end[length] = 0;
	return to;
}

WCHAR *netapi32_crt_wcsdup(const WCHAR *text)
{
	size_t bytes = (netapi32_crt_wcslen(text) + 1) * sizeof *text;
	WCHAR *given = malloc(bytes);

	return given != NULL ? memcpy(given, text, bytes) : NULL;
}

static WCHAR wide_fold_ascii(WCHAR unit, bool fold)
{
	return (WCHAR)(fold && unit >= 'A' && unit <= 'Z' ? unit + ('a' - 'A') : unit);
}

static int wide_compare(const WCHAR *a, const WCHAR *b, size_t units, bool fold)
{
	for (; units > 0; units--, a++, b++) {
		WCHAR unit_a = wide_fold_ascii(*a, fold), unit_b = wide_fold_ascii(*b, fold);

		if (unit_a != unit_b)
			return unit_a < unit_b ? -1 : 1;
		if (unit_a == 0)
			break;
	}
	return 0;
}

int netapi32_crt_wcscmp(const WCHAR *a, const WCHAR *b)
{
	return wide_compare(a, b, SIZE_MAX, false);
}

int netapi32_crt_wcsncmp(const WCHAR *a, const WCHAR *b, size_t units)
{
	return wide_compare(a, b, units, false);
}

int netapi32_crt_wcsicmp(const WCHAR *a, const WCHAR *b)
{
	return wide_compare(a, b, SIZE_MAX, true);
}

int netapi32_crt_wcsnicmp(const WCHAR *a, const WCHAR *b, size_t units)
{
	return wide_compare(a, b, units, true);
}

WCHAR *netapi32_crt_wcschr(const WCHAR *text, WCHAR unit)
{
	for (; *text != unit; text++)
		if (*text == 0)
			return NULL;
	return (WCHAR *)text;
}

WCHAR *netapi32_crt_wcsrchr(const WCHAR *text, WCHAR unit)
{
	for (size_t i = netapi32_crt_wcslen(text) + 1; i > 0; i--)
		if (text[i - 1] == unit)
			return (WCHAR *)text + i - 1;
	return NULL;
}

WCHAR *netapi32_crt_wcsstr(const WCHAR *text, const WCHAR *part)
{
	size_t length = netapi32_crt_wcslen(part);

	for (; wide_compare(text, part, length, false) != 0; text++)
		if (*text == 0)
			return NULL;
	return (WCHAR *)text;
}

/* How many units at the beginning of text are all among the given ones, or all not among them. */
static size_t wide_span(const WCHAR *text, const WCHAR *units, bool among)
{
	size_t length = 0;

	while (text[length] != 0 && (netapi32_crt_wcschr(units, text[length]) != NULL) == among)
		length++;
	return length;
}

size_t netapi32_crt_wcsspn(const WCHAR *text, const WCHAR *units)
{
	return wide_span(text, units, true);
}

size_t netapi32_crt_wcscspn(const WCHAR *text, const WCHAR *units)
{
	return wide_span(text, units, false);
}

WCHAR *netapi32_crt_wcspbrk(const WCHAR *text, const WCHAR *units)
{
	text += wide_span(text, units, false);
	return *text != 0 ? (WCHAR *)text : NULL;
}

static unsigned wide_digit_value(WCHAR unit)
{
	if (unit >= '0' && unit <= '9')
		return unit - (unsigned)'0';
	if (unit >= 'A' && unit <= 'Z')
		return unit - (unsigned)'A' + 10;
	if (unit >= 'a' && unit <= 'z')
		return unit - (unsigned)'a' + 10;
	return UINT_MAX;
}

/* Parses a number: returns its amount, at most UINT64_MAX, and sets its sign. */
static uint64_t wide_parse(const WCHAR *text, WCHAR **end, int base, bool *minus, bool *too_large)
{
	const WCHAR *at = text;
	uint64_t amount = 0;
	bool any = false;

	*minus = *too_large = false;
	while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
		at++;
	if (*at == '+' || *at == '-')
		*minus = *at++ == '-';
	if ((base == 0 || base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x' &&
	    wide_digit_value(at[2]) < 16) {
		at += 2;
		base = 16;
	}
	if (base == 0)
		base = *at == '0' ? 8 : 10;
	if (base < 2 || base > 36)
		errno = EINVAL;
	else
		for (; wide_digit_value(*at) < (unsigned)base; at++, any = true)
			if (__builtin_mul_overflow(amount, (uint64_t)base, &amount) ||
			    __builtin_add_overflow(amount, wide_digit_value(*at), &amount))
				*too_large = true;
	if (end != NULL)
		*end = (WCHAR *)(any ? at : text);
	return *too_large ? UINT64_MAX : amount;
}

static int64_t wide_parse_signed(const WCHAR *text, WCHAR **end, int base, int64_t most)
{
	bool minus, too_large;
	uint64_t amount = wide_parse(text, end, base, &minus, &too_large);

	if (amount > (uint64_t)most + minus) {
		errno = ERANGE;
		return minus ? -most - 1 : most;
	}
	return minus ? (int64_t)(0 - amount) : (int64_t)amount;
}

static uint64_t wide_parse_unsigned(const WCHAR *text, WCHAR **end, int base, uint64_t most)
{
	bool minus, too_large;
	uint64_t amount = wide_parse(text, end, base, &minus, &too_large);

	if (too_large || amount > most) {
		errno = ERANGE;
		return most;
	}
	return (minus ? 0 - amount : amount) & most;
}

long netapi32_crt_wcstol(const WCHAR *text, WCHAR **end, int base)
{
	return (long)wide_parse_signed(text, end, base, INT32_MAX);
}

unsigned long netapi32_crt_wcstoul(const WCHAR *text, WCHAR **end, int base)
{
	return (unsigned long)wide_parse_unsigned(text, end, base, UINT32_MAX);
}

long long netapi32_crt_wcstoll(const WCHAR *text, WCHAR **end, int base)
{
	return wide_parse_signed(text, end, base, INT64_MAX);
}

unsigned long long netapi32_crt_wcstoull(const WCHAR *text, WCHAR **end, int base)
{
	return wide_parse_unsigned(text, end, base, UINT64_MAX);
}

int netapi32_crt_wtoi(const WCHAR *text)
{
	return (int)netapi32_crt_wcstol(text, NULL, 10);
}

WCHAR *netapi32_crt_wmemchr(const WCHAR *at, WCHAR unit, size_t units)
{
	for (; units > 0; units--, at++)
		if (*at == unit)
			return (WCHAR *)at;
	return NULL;
}

int netapi32_crt_wmemcmp(const WCHAR *a, const WCHAR *b, size_t units)
{
	for (; units > 0; units--, a++, b++)
		if (*a != *b)
			return *a < *b ? -1 : 1;
	return 0;
}

WCHAR *netapi32_crt_wmemcpy(WCHAR *to, const WCHAR *from, size_t units)
{
	return memcpy(to, from, units * sizeof *to);
}

WCHAR *netapi32_crt_wmemmove(WCHAR *to, const WCHAR *from, size_t units)
{
	return memmove(to, from, units * sizeof *to);
}

WCHAR *netapi32_crt_wmemset(WCHAR *to, WCHAR unit, size_t units)
{
	for (size_t i = 0; i < units; i++)
		to[i] = unit;
	return to;
}
