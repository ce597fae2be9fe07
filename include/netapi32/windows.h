/* SPDX-License-Identifier: MIT */
/* The base types that <lm.h> and programs around it need, by their Windows names and with their
 * Windows sizes on every Unix: a DWORD is 32 bits, a WCHAR is 16. */
#ifndef NETAPI32_WINDOWS_H
#define NETAPI32_WINDOWS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h> /* Windows programs call exit() with <windows.h> alone */

#include "winerror.h"

/* Windows source, by netapi32-msvc.pc: what Windows' own header brings along, and words of its
 * compilers that mean nothing here. */
#ifdef NETAPI32_MSVC
#include <string.h>
#include <wchar.h>
#undef __cdecl
#define __cdecl
#undef _cdecl
#define _cdecl
#undef __stdcall
#define __stdcall
#endif

/* One UTF-16 code unit. Where the compiler runs with -fshort-wchar, L"text" is WCHAR text;
 * elsewhere u"text" is. C++98 has no such literal without -fshort-wchar, only the type. */
#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#elif !defined(__cplusplus)
#include <uchar.h>
typedef char16_t WCHAR;
#elif __cplusplus >= 201103L
typedef char16_t WCHAR;
#else
typedef __CHAR16_TYPE__ WCHAR;
#endif

/* Calling conventions and annotations of Windows source: nothing to say on Unix. */
#ifndef WINAPI
#define WINAPI
#endif
#ifndef CALLBACK
#define CALLBACK
#endif
#ifndef APIENTRY
#define APIENTRY WINAPI
#endif
#ifndef PASCAL
#define PASCAL
#endif
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif
#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif

typedef void *PVOID;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE;

typedef uint8_t BYTE;
typedef BYTE *PBYTE, *LPBYTE;
typedef uint16_t WORD;
typedef WORD *PWORD, *LPWORD;
typedef uint32_t DWORD;
typedef DWORD *PDWORD, *LPDWORD;
typedef int BOOL;
typedef BOOL *PBOOL, *LPBOOL;
typedef BYTE BOOLEAN;
typedef BOOLEAN *PBOOLEAN;

typedef int16_t SHORT;
typedef SHORT *PSHORT;
typedef unsigned char UCHAR;
typedef UCHAR *PUCHAR;
typedef uint16_t USHORT;
typedef USHORT *PUSHORT;
typedef int INT;
typedef INT *PINT, *LPINT;
typedef unsigned int UINT;
typedef UINT *PUINT, *LPUINT;
typedef int32_t LONG; /* 32 bits, as on 64-bit Windows; never Unix's long */
typedef LONG *PLONG, *LPLONG;
typedef uint32_t ULONG;
typedef ULONG *PULONG;
typedef int64_t LONGLONG;
typedef uint64_t ULONGLONG;

/* Integers that a pointer fits in. */
typedef intptr_t INT_PTR, *PINT_PTR;
typedef uintptr_t UINT_PTR, *PUINT_PTR;
typedef intptr_t LONG_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;

/* Text. The A forms are bytes in the program's own encoding, the W forms UTF-16. */
typedef char CHAR;
typedef CHAR *PCHAR, *LPCH, *PCH;
typedef CHAR *PSTR, *LPSTR;
typedef const CHAR *PCSTR, *LPCSTR;
typedef WCHAR *PWCHAR, *LPWCH, *PWCH;
typedef WCHAR *PWSTR, *LPWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;

/* TCHAR and TEXT("...") follow UNICODE. The Net* functions exist in the wide form only. */
#ifdef UNICODE
typedef WCHAR TCHAR;
#if __SIZEOF_WCHAR_T__ == 2
#define NETAPI32_WIDE_LITERAL(quote) L##quote
#else
#define NETAPI32_WIDE_LITERAL(quote) u##quote
#endif
#define TEXT(quote) NETAPI32_WIDE_LITERAL(quote)
#else
typedef char TCHAR;
#define TEXT(quote) quote
#endif
typedef TCHAR *PTCHAR;
typedef TCHAR *PTSTR, *LPTSTR;
typedef const TCHAR *PCTSTR, *LPCTSTR;

#endif
