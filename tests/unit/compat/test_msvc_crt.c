/* SPDX-License-Identifier: MIT */
/* compat/msvc as programs see it: compiled with -fshort-wchar and its headers before the system's.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>
#include <cmocka.h>

#define UNITS(array) (sizeof(array) / sizeof *(array))

/* Each conversion, through all four ways out: they must agree. */
#define assert_prints(expected, format, ...)                       \
	do {                                                       \
		check(expected, fprintf, format, __VA_ARGS__);     \
		check(expected, fwprintf, L##format, __VA_ARGS__); \
		check_buffer(expected, format, __VA_ARGS__);       \
		check_units(L##expected, L##format, __VA_ARGS__);  \
	} while (0)

#define check(expected, function, ...)                                \
	do {                                                          \
		char *text_;                                          \
		size_t bytes_;                                        \
		FILE *stream_ = open_memstream(&text_, &bytes_);      \
		int count_ = function(stream_, __VA_ARGS__);          \
                                                                      \
		fclose(stream_);                                      \
		assert_string_equal(text_, expected);                 \
		assert_true(count_ >= 0 && (size_t)count_ <= bytes_); \
		free(text_);                                          \
	} while (0)

#define check_buffer(expected, ...)                                      \
	do {                                                             \
		char text_[400];                                         \
		int count_ = snprintf(text_, sizeof text_, __VA_ARGS__); \
                                                                         \
		assert_string_equal(text_, expected);                    \
		assert_int_equal(count_, strlen(expected));              \
	} while (0)

#define check_units(expected, ...)                                       \
	do {                                                             \
		WCHAR text_[400];                                        \
		int count_ = swprintf(text_, UNITS(text_), __VA_ARGS__); \
                                                                         \
		assert_int_equal(wcscmp(text_, expected), 0);            \
		assert_int_equal(count_, wcslen(expected));              \
	} while (0)

static void integers_have_windows_sizes(void **state)
{
	DWORD dword = 0xFFFFFFFF;
	LONG negative = -5;

	(void)state;
	assert_prints("4294967295 -1", "%lu %ld", dword, dword);
	assert_prints("-5 4294967291", "%ld %lu", negative, negative);
	assert_prints("ffffffff FFFFFFFF 37777777777", "%lx %lX %lo", dword, dword, dword);
	assert_prints("-1 18446744073709551615", "%I64d %I64u", (LONGLONG)-1, (ULONGLONG)-1);
	assert_prints("1099511627776 -2", "%llu %lli", (ULONGLONG)1 << 40, (LONGLONG)-2);
	assert_prints("4294967295 -1", "%I32u %I32d", dword, dword);
	assert_prints("7 -7 7", "%zu %Id %Iu", (SIZE_T)7, (LONG_PTR)-7, (SIZE_T)7);
	assert_prints("-1 255 -1 65535", "%hhd %hhu %hd %hu", 255, 255, 65535, 65535);
	assert_prints("-2147483648", "%d", INT_MIN);
}

static void flags_width_and_precision_are_heeded(void **state)
{
	(void)state;
	assert_prints("|   42|42   |00042|+42| 42|", "|%5d|%-5d|%05d|%+d|% d|", 42, 42, 42, 42, 42);
	assert_prints("0x2a 0X2A 052", "%#x %#X %#o", 42, 42, 42);
	assert_prints("|  007|007  |", "|%5.3d|%-5.3d|", 7, 7);
	assert_prints("|   42|42   |0042|", "|%*d|%*d|%.*d|", 5, 42, -5, 42, 4, 42);
	assert_prints("|abc|ab|  abc|abc  |", "|%hs|%.2hs|%5hs|%-5hs|", "abc", "abc", "abc", "abc");
	assert_prints("|abc|ab|  abc|abc  |", "|%ls|%.2ls|%5ls|%-5ls|", L"abc", L"abc", L"abc",
	              L"abc");
	assert_prints("||abc|", "|%.0ls|%.*ls|", L"abc", -1, L"abc");
	check_buffer("                                                                       "
	             "                                                                      1",
	             "%142d", 1);
}

static void reals_print_as_everywhere(void **state)
{
	(void)state;
	assert_prints("1.500000 1.5 1.50e+00 0x1.8p+0", "%f %g %.2e %a", 1.5, 1.5, 1.5, 1.5);
	assert_prints("| 2.50|INF|2.5", "|%5.2f|%F|%Lg", 2.5, (double)__builtin_inf(), 2.5L);
}

static void a_pointer_shows_all_its_digits(void **state)
{
	(void)state;
	if (sizeof(void *) == 8) {
		assert_prints("000000000000BEEF", "%p", (LPVOID)0xBEEF);
		assert_prints("|  0000000000000000|", "|%18p|", (LPVOID)NULL);
	}
}

static void text_is_wide_or_narrow_as_microsoft_has_it(void **state)
{
	(void)state;
	check("wide narrow narrow wide wide", fwprintf, L"%s %S %hs %ls %ws", L"wide", "narrow",
	      "narrow", L"wide", L"wide");
	check("narrow wide narrow wide wide", fprintf, "%s %S %hs %ls %ws", "narrow", L"wide",
	      "narrow", L"wide", L"wide");
	check("w n w n", fwprintf, L"%c %C %lc %hc", L'w', 'n', L'w', 'n');
	check("n w w n", fprintf, "%c %C %lc %hc", 'n', L'w', L'w', 'n');
	check("(null) (null)", fwprintf, L"%s %S", (LPWSTR)NULL, (LPSTR)NULL);
	check("(null) (null) (n", fprintf, "%s %S %.2s", (LPSTR)NULL, (LPWSTR)NULL, (LPSTR)NULL);
}

static void text_goes_out_as_utf8(void **state)
{
	static const WCHAR lone_high[] = { 'a', 0xD834, 'b', 0 }, lone_low[] = { 0xDD1E, 0 };

	(void)state;
	assert_prints("Zoë 名前 𝄞!", "%ls %ls %ls!", L"Zoë", L"名前", L"𝄞");
	assert_prints("Zoë 名前 𝄞!", "%hs %hs %hs!", "Zoë", "名前", "𝄞");
	check("ünï 𝄞", fwprintf, L"ünï %c%c", 0xD834, 0xDD1E);
	check("a\uFFFDb \uFFFD", fwprintf, L"%s %s", lone_high, lone_low);
	check("a\uFFFDb \uFFFD", fprintf, "%S %S", lone_high, lone_low);
	check("\uFFFD|\uFFFD\uFFFD|\uFFFD|x", fwprintf, L"%S|%S|%S|x", "\xFF", "\xC0\x80",
	      "\xE2\x82");
	check("\xFF\xC0", fprintf, "%s%c", "\xFF", '\xC0');
}

static void widths_count_utf16_units(void **state)
{
	(void)state;
	assert_prints("|  名前|名前  |", "|%4ls|%-4ls|", L"名前", L"名前");
	check("|  名前|  𝄞|", fwprintf, L"|%4S|%4S|", "名前", "𝄞");
	check("|名|𝄞|", fwprintf, L"|%.1S|%.3S|", "名前", "𝄞𝄞");
}

static void unknown_conversions_print_as_they_stand(void **state)
{
	(void)state;
	assert_prints("100% %y %-5.2k %n %", "%d%% %y %-5.2k %n %", 100);
	assert_prints("%1$s é", "%1$s é%hs", "");
}

static void counts_are_units_in_wide_and_bytes_in_narrow_functions(void **state)
{
	FILE *nowhere = fopen("/dev/null", "w");

	(void)state;
	assert_int_equal(fwprintf(nowhere, L"%s", L"é𝄞"), 3);
	assert_int_equal(fprintf(nowhere, "%S", L"é𝄞"), 6);
	assert_int_equal(fputws(L"é", nowhere), 0);
	assert_int_equal(fputwc(L'é', nowhere), L'é');
	fclose(nowhere);
}

static void a_full_device_is_told(void **state)
{
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_int_equal(fwprintf(full, L"text"), -1);
	assert_int_equal(fprintf(full, "%S", L"text"), -1);
	assert_int_equal(fputws(L"text", full), EOF);
	assert_true(fputwc(L't', full) == WEOF);
	fclose(full);
}

static void a_stream_takes_both_kinds_and_halves(void **state)
{
	char *text;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);

	(void)state;
	fprintf(stream, "narrow ");
	fwprintf(stream, L"wide ");
	fputs("plain ", stream);
	fputws(L"wide ", stream);
	putwc(0xD834, stream); /* U+1D11E, in two calls */
	putwc(0xDD1E, stream);
	putwc(0xD834, stream);
	fprintf(stream, "!");
	fclose(stream);
	assert_string_equal(text, "narrow wide plain wide 𝄞\uFFFD!");
	free(text);
}

static void long_output_arrives_whole(void **state)
{
	static WCHAR text[5001];
	char *printed;
	size_t bytes;
	FILE *stream = open_memstream(&printed, &bytes);

	(void)state;
	wmemset(text, L'名', 5000);
	assert_int_equal(fwprintf(stream, L"%s", text), 5000);
	fclose(stream);
	assert_int_equal(bytes, 15000);
	assert_memory_equal(printed + 14997, "名", 3);
	free(printed);
}

static void what_does_not_fit_is_cut_as_microsoft_cuts_it(void **state)
{
	WCHAR text[5];
	char narrow[4];

	(void)state;
	assert_int_equal(swprintf(text, 5, L"%s", L"abcd"), 4);
	assert_int_equal(wcscmp(text, L"abcd"), 0);
	assert_int_equal(swprintf(text, 4, L"%s", L"wxyz"), -1);
	assert_int_equal(wcscmp(text, L"wxy"), 0);
	wmemset(text, L'#', 5);
	assert_int_equal(_snwprintf(text, 4, L"%s", L"abcd"), 4);
	assert_int_equal(text[4], L'#');
	assert_int_equal(_snwprintf(text, 3, L"%s", L"abcd"), -1);
	assert_int_equal(_snwprintf(text, 4, L"abc"), 3);
	assert_int_equal(text[3], 0);
	assert_int_equal(snprintf(narrow, sizeof narrow, "%S", L"abcdef"), 6);
	assert_string_equal(narrow, "abc");
	assert_int_equal(snprintf(NULL, 0, "%S", L"abcdef"), 6);
	assert_int_equal(sprintf(narrow, "%hs", "xyz"), 3);
	assert_string_equal(narrow, "xyz");
}

static void wide_text_is_copied_and_compared(void **state)
{
	WCHAR text[10] = L"abc", *copy;

	(void)state;
	assert_int_equal(wcslen(L"名前𝄞"), 4);
	assert_int_equal(wcsnlen(text, 2), 2);
	assert_ptr_equal(wcscat(text, L"def"), text);
	assert_int_equal(wcscmp(text, L"abcdef"), 0);
	assert_int_equal(wcscmp(wcsncat(text, L"ghi", 1), L"abcdefg"), 0);
	wmemset(text, L'#', UNITS(text));
	wcsncpy(text, L"ab", 4);
	assert_memory_equal(text, L"ab\0\0#", 5 * sizeof *text);
	assert_int_equal(wcscmp(wcscpy(text, L"xyz"), L"xyz"), 0);
	copy = _wcsdup(text);
	assert_int_equal(wcscmp(copy, text), 0);
	free(copy);
	assert_true(wcscmp(L"a", L"b") < 0 && wcscmp(L"\xFFFF", L"a") > 0 && wcscmp(L"", L"") == 0);
	assert_true(wcsncmp(L"abc", L"abd", 2) == 0 && wcsncmp(L"abc", L"abd", 3) < 0);
	assert_true(_wcsicmp(L"IPC$", L"ipc$") == 0 && _wcsicmp(L"É", L"é") < 0);
	assert_true(_wcsnicmp(L"ABx", L"aby", 2) == 0 && _wcsnicmp(L"ABx", L"aby", 3) < 0);
}

static void wide_text_is_searched(void **state)
{
	static const WCHAR text[] = L"\\\\server\\IPC$";

	(void)state;
	assert_ptr_equal(wcschr(text, L's'), text + 2);
	assert_ptr_equal(wcsrchr(text, L'\\'), text + 8);
	assert_ptr_equal(wcschr(text, 0), text + 13);
	assert_ptr_equal(wcsrchr(text, 0), text + 13);
	assert_null(wcschr(text, L'x'));
	assert_null(wcsrchr(text, L'x'));
	assert_ptr_equal(wcsstr(text, L"IPC"), text + 9);
	assert_ptr_equal(wcsstr(text, L""), text);
	assert_null(wcsstr(text, L"IPC$ "));
	assert_ptr_equal(wcspbrk(text, L"vr"), text + 4);
	assert_null(wcspbrk(text, L"xyz"));
	assert_int_equal(wcsspn(text, L"\\"), 2);
	assert_int_equal(wcscspn(text, L"v"), 5);
}

static void wide_numbers_have_32_bits(void **state)
{
	WCHAR *end;

	(void)state;
	assert_int_equal(_wtoi(L" -502 of"), -502);
	assert_int_equal(_wtoi(L"nothing"), 0);
	assert_int_equal(wcstol(L"0x7fffffff,", &end, 0), INT32_MAX);
	assert_int_equal(*end, L',');
	assert_int_equal(wcstol(L"017", NULL, 0), 15);
	assert_int_equal(wcstol(L"0xg", &end, 16), 0);
	assert_int_equal(*end, L'x');
	assert_int_equal(wcstol(L"-2147483648", NULL, 10), INT32_MIN);
	errno = 0;
	assert_int_equal(wcstol(L"2147483648", NULL, 10), INT32_MAX);
	assert_int_equal(errno, ERANGE);
	assert_int_equal(wcstoul(L"4294967295", NULL, 10), UINT32_MAX);
	assert_int_equal(wcstoul(L"99999999999999999999999", NULL, 10), UINT32_MAX);
	assert_int_equal(wcstoul(L"-1", NULL, 10), UINT32_MAX);
	assert_true(wcstoull(L"18446744073709551615", NULL, 10) == UINT64_MAX);
	assert_true(wcstoll(L"-9223372036854775808", NULL, 10) == INT64_MIN);
	errno = 0;
	assert_int_equal(wcstol(L"1", &end, 37), 0);
	assert_int_equal(errno, EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_have_windows_sizes),
		cmocka_unit_test(flags_width_and_precision_are_heeded),
		cmocka_unit_test(reals_print_as_everywhere),
		cmocka_unit_test(a_pointer_shows_all_its_digits),
		cmocka_unit_test(text_is_wide_or_narrow_as_microsoft_has_it),
		cmocka_unit_test(text_goes_out_as_utf8),
		cmocka_unit_test(widths_count_utf16_units),
		cmocka_unit_test(unknown_conversions_print_as_they_stand),
		cmocka_unit_test(counts_are_units_in_wide_and_bytes_in_narrow_functions),
		cmocka_unit_test(a_full_device_is_told),
		cmocka_unit_test(a_stream_takes_both_kinds_and_halves),
		cmocka_unit_test(long_output_arrives_whole),
		cmocka_unit_test(what_does_not_fit_is_cut_as_microsoft_cuts_it),
		cmocka_unit_test(wide_text_is_copied_and_compared),
		cmocka_unit_test(wide_text_is_searched),
		cmocka_unit_test(wide_numbers_have_32_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
