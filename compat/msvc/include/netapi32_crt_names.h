/* SPDX-License-Identifier: MIT */
/* The usual names of the functions of netapi32_crt.h. No include guard: see there. */
#pragma GCC system_header

/* Defined with parameters, so that __attribute__((format(printf, ...))) still works. */
#undef printf
#define printf(...) netapi32_crt_printf(__VA_ARGS__)
#undef fprintf
#define fprintf(...) netapi32_crt_fprintf(__VA_ARGS__)
#undef vprintf
#define vprintf(...) netapi32_crt_vprintf(__VA_ARGS__)
#undef vfprintf
#define vfprintf(...) netapi32_crt_vfprintf(__VA_ARGS__)
#undef sprintf
#define sprintf(...) netapi32_crt_sprintf(__VA_ARGS__)
#undef snprintf
#define snprintf(...) netapi32_crt_snprintf(__VA_ARGS__)
#undef vsprintf
#define vsprintf(...) netapi32_crt_vsprintf(__VA_ARGS__)
#undef vsnprintf
#define vsnprintf(...) netapi32_crt_vsnprintf(__VA_ARGS__)

/* Defined without parameters, so that their addresses are replaced too. */
#undef wprintf
#define wprintf netapi32_crt_wprintf
#undef fwprintf
#define fwprintf netapi32_crt_fwprintf
#undef vwprintf
#define vwprintf netapi32_crt_vwprintf
#undef vfwprintf
#define vfwprintf netapi32_crt_vfwprintf
#undef swprintf
#define swprintf netapi32_crt_swprintf
#undef vswprintf
#define vswprintf netapi32_crt_vswprintf
#undef fputwc
#define fputwc netapi32_crt_fputwc
#undef putwchar
#define putwchar netapi32_crt_putwchar
#undef fputws
#define fputws netapi32_crt_fputws
#undef wcslen
#define wcslen netapi32_crt_wcslen
#undef wcsnlen
#define wcsnlen netapi32_crt_wcsnlen
#undef wcscpy
#define wcscpy netapi32_crt_wcscpy
#undef wcsncpy
#define wcsncpy netapi32_crt_wcsncpy
#undef wcscat
#define wcscat netapi32_crt_wcscat
#undef wcsncat
#define wcsncat netapi32_crt_wcsncat
#undef wcsdup
#define wcsdup netapi32_crt_wcsdup
#undef wcscmp
#define wcscmp netapi32_crt_wcscmp
#undef wcsncmp
#define wcsncmp netapi32_crt_wcsncmp
#undef wcschr
#define wcschr netapi32_crt_wcschr
#undef wcsrchr
#define wcsrchr netapi32_crt_wcsrchr
#undef wcsstr
#define wcsstr netapi32_crt_wcsstr
#undef wcspbrk
#define wcspbrk netapi32_crt_wcspbrk
#undef wcsspn
#define wcsspn netapi32_crt_wcsspn
#undef wcscspn
#define wcscspn netapi32_crt_wcscspn
#undef wcstol
#define wcstol netapi32_crt_wcstol
#undef wcstoul
#define wcstoul netapi32_crt_wcstoul
#undef wcstoll
#define wcstoll netapi32_crt_wcstoll
#undef wcstoull
#define wcstoull netapi32_crt_wcstoull
#undef wmemchr
#define wmemchr netapi32_crt_wmemchr
#undef wmemcmp
#define wmemcmp netapi32_crt_wmemcmp
#undef wmemcpy
#define wmemcpy netapi32_crt_wmemcpy
#undef wmemmove
#define wmemmove netapi32_crt_wmemmove
#undef wmemset
#define wmemset netapi32_crt_wmemset

/* The names that only Microsoft has. */
#undef _snwprintf
#define _snwprintf netapi32_crt_snwprintf
#undef _vsnwprintf
#define _vsnwprintf netapi32_crt_vsnwprintf
#undef putwc
#define putwc netapi32_crt_fputwc
#undef _putws
#define _putws netapi32_crt_putws
#undef _wcsdup
#define _wcsdup netapi32_crt_wcsdup
#undef _wcsicmp
#define _wcsicmp netapi32_crt_wcsicmp
#undef _wcsnicmp
#define _wcsnicmp netapi32_crt_wcsnicmp
#undef wcsicmp
#define wcsicmp netapi32_crt_wcsicmp
#undef wcsnicmp
#define wcsnicmp netapi32_crt_wcsnicmp
#undef _wtoi
#define _wtoi netapi32_crt_wtoi
#undef _wtol
#define _wtol netapi32_crt_wtoi

/* The functions of the system take 32-bit wchar_t and would read past the text: programs that use
 * them must not build. */
#undef fgetwc
#define fgetwc netapi32_msvc_has_no_fgetwc
#undef getwc
#define getwc netapi32_msvc_has_no_getwc
#undef getwchar
#define getwchar netapi32_msvc_has_no_getwchar
#undef ungetwc
#define ungetwc netapi32_msvc_has_no_ungetwc
#undef fgetws
#define fgetws netapi32_msvc_has_no_fgetws
#undef wscanf
#define wscanf netapi32_msvc_has_no_wscanf
#undef fwscanf
#define fwscanf netapi32_msvc_has_no_fwscanf
#undef swscanf
#define swscanf netapi32_msvc_has_no_swscanf
#undef vwscanf
#define vwscanf netapi32_msvc_has_no_vwscanf
#undef vfwscanf
#define vfwscanf netapi32_msvc_has_no_vfwscanf
#undef vswscanf
#define vswscanf netapi32_msvc_has_no_vswscanf
#undef fwide
#define fwide netapi32_msvc_has_no_fwide
#undef wcstok
#define wcstok netapi32_msvc_has_no_wcstok
#undef wcscoll
#define wcscoll netapi32_msvc_has_no_wcscoll
#undef wcsxfrm
#define wcsxfrm netapi32_msvc_has_no_wcsxfrm
#undef wcsftime
#define wcsftime netapi32_msvc_has_no_wcsftime
#undef wcscasecmp
#define wcscasecmp netapi32_msvc_has_no_wcscasecmp
#undef wcsncasecmp
#define wcsncasecmp netapi32_msvc_has_no_wcsncasecmp
#undef wcswidth
#define wcswidth netapi32_msvc_has_no_wcswidth
#undef wcsrtombs
#define wcsrtombs netapi32_msvc_has_no_wcsrtombs
#undef wcsnrtombs
#define wcsnrtombs netapi32_msvc_has_no_wcsnrtombs
#undef mbsrtowcs
#define mbsrtowcs netapi32_msvc_has_no_mbsrtowcs
#undef mbsnrtowcs
#define mbsnrtowcs netapi32_msvc_has_no_mbsnrtowcs
#undef mbrtowc
#define mbrtowc netapi32_msvc_has_no_mbrtowc
#undef wcrtomb
#define wcrtomb netapi32_msvc_has_no_wcrtomb
#undef mbstowcs
#define mbstowcs netapi32_msvc_has_no_mbstowcs
#undef wcstombs
#define wcstombs netapi32_msvc_has_no_wcstombs
#undef mbtowc
#define mbtowc netapi32_msvc_has_no_mbtowc
#undef wctomb
#define wctomb netapi32_msvc_has_no_wctomb
#undef wcpcpy
#define wcpcpy netapi32_msvc_has_no_wcpcpy
#undef wcpncpy
#define wcpncpy netapi32_msvc_has_no_wcpncpy
#undef wmempcpy
#define wmempcpy netapi32_msvc_has_no_wmempcpy
#undef open_wmemstream
#define open_wmemstream netapi32_msvc_has_no_open_wmemstream
