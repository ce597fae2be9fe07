/* SPDX-License-Identifier: MIT */
/* What our headers promise to share with Windows's, listed once; abi_print.c expands it. Numbers
 * are not here: abi_against_mingw.py takes each #define of one from our headers themselves. */
#ifndef ABI_LIST_H
#define ABI_LIST_H

/* Each struct (S) with its members and their types (M), in order. */
#define ABI_STRUCTS(S, M)                               \
	S(SESSION_INFO_0)                               \
	M(SESSION_INFO_0, sesi0_cname, LMSTR)           \
	S(SESSION_INFO_1)                               \
	M(SESSION_INFO_1, sesi1_cname, LMSTR)           \
	M(SESSION_INFO_1, sesi1_username, LMSTR)        \
	M(SESSION_INFO_1, sesi1_num_opens, DWORD)       \
	M(SESSION_INFO_1, sesi1_time, DWORD)            \
	M(SESSION_INFO_1, sesi1_idle_time, DWORD)       \
	M(SESSION_INFO_1, sesi1_user_flags, DWORD)      \
	S(SESSION_INFO_2)                               \
	M(SESSION_INFO_2, sesi2_cname, LMSTR)           \
	M(SESSION_INFO_2, sesi2_username, LMSTR)        \
	M(SESSION_INFO_2, sesi2_num_opens, DWORD)       \
	M(SESSION_INFO_2, sesi2_time, DWORD)            \
	M(SESSION_INFO_2, sesi2_idle_time, DWORD)       \
	M(SESSION_INFO_2, sesi2_user_flags, DWORD)      \
	M(SESSION_INFO_2, sesi2_cltype_name, LMSTR)     \
	S(SESSION_INFO_10)                              \
	M(SESSION_INFO_10, sesi10_cname, LMSTR)         \
	M(SESSION_INFO_10, sesi10_username, LMSTR)      \
	M(SESSION_INFO_10, sesi10_time, DWORD)          \
	M(SESSION_INFO_10, sesi10_idle_time, DWORD)     \
	S(SESSION_INFO_502)                             \
	M(SESSION_INFO_502, sesi502_cname, LMSTR)       \
	M(SESSION_INFO_502, sesi502_username, LMSTR)    \
	M(SESSION_INFO_502, sesi502_num_opens, DWORD)   \
	M(SESSION_INFO_502, sesi502_time, DWORD)        \
	M(SESSION_INFO_502, sesi502_idle_time, DWORD)   \
	M(SESSION_INFO_502, sesi502_user_flags, DWORD)  \
	M(SESSION_INFO_502, sesi502_cltype_name, LMSTR) \
	M(SESSION_INFO_502, sesi502_transport, LMSTR)   \
	S(USE_INFO_0)                                   \
	M(USE_INFO_0, ui0_local, LMSTR)                 \
	M(USE_INFO_0, ui0_remote, LMSTR)                \
	S(USE_INFO_1)                                   \
	M(USE_INFO_1, ui1_local, LMSTR)                 \
	M(USE_INFO_1, ui1_remote, LMSTR)                \
	M(USE_INFO_1, ui1_password, LMSTR)              \
	M(USE_INFO_1, ui1_status, DWORD)                \
	M(USE_INFO_1, ui1_asg_type, DWORD)              \
	M(USE_INFO_1, ui1_refcount, DWORD)              \
	M(USE_INFO_1, ui1_usecount, DWORD)              \
	S(USE_INFO_2)                                   \
	M(USE_INFO_2, ui2_local, LMSTR)                 \
	M(USE_INFO_2, ui2_remote, LMSTR)                \
	M(USE_INFO_2, ui2_password, LMSTR)              \
	M(USE_INFO_2, ui2_status, DWORD)                \
	M(USE_INFO_2, ui2_asg_type, DWORD)              \
	M(USE_INFO_2, ui2_refcount, DWORD)              \
	M(USE_INFO_2, ui2_usecount, DWORD)              \
	M(USE_INFO_2, ui2_username, LMSTR)              \
	M(USE_INFO_2, ui2_domainname, LMSTR)            \
	S(USE_INFO_3)                                   \
	M(USE_INFO_3, ui3_ui2, USE_INFO_2)              \
	M(USE_INFO_3, ui3_flags, ULONG)

/* Each function, its parameters' types in order. All of them return NET_API_STATUS. */
#define ABI_FUNCTIONS(F)                                                            \
	F(NetSessionEnum,                                                           \
	  (LMSTR, LMSTR, LMSTR, DWORD, LPBYTE *, DWORD, LPDWORD, LPDWORD, LPDWORD)) \
	F(NetSessionGetInfo, (LMSTR, LMSTR, LMSTR, DWORD, LPBYTE *))                \
	F(NetSessionDel, (LMSTR, LMSTR, LMSTR))                                     \
	F(NetUseAdd, (LMSTR, DWORD, LPBYTE, LPDWORD))                               \
	F(NetUseDel, (LMSTR, LMSTR, DWORD))                                         \
	F(NetApiBufferAllocate, (DWORD, LPVOID *))                                  \
	F(NetApiBufferFree, (LPVOID))                                               \
	F(NetApiBufferReallocate, (LPVOID, DWORD, LPVOID *))                        \
	F(NetApiBufferSize, (LPVOID, LPDWORD))

/* Integers: size, alignment and sign are compared. */
/* clang-format off */
#define ABI_INTEGERS(I) \
	I(BYTE) I(WORD) I(DWORD) I(BOOL) I(BOOLEAN) I(CHAR) I(WCHAR) I(SHORT) I(USHORT) \
	I(UCHAR) I(INT) I(UINT) I(LONG) I(ULONG) I(LONGLONG) I(ULONGLONG) I(INT_PTR) \
	I(UINT_PTR) I(LONG_PTR) I(ULONG_PTR) I(DWORD_PTR) I(SIZE_T) I(NET_API_STATUS)
/* clang-format on */

/* Pointers, with what they point to. */
/* clang-format off */
#define ABI_POINTERS(P) \
	P(PVOID, void) P(LPVOID, void) P(LPCVOID, const void) P(HANDLE, void) \
	P(PHANDLE, HANDLE) P(LPHANDLE, HANDLE) P(PBYTE, BYTE) P(LPBYTE, BYTE) P(PWORD, WORD) \
	P(LPWORD, WORD) P(PDWORD, DWORD) P(LPDWORD, DWORD) P(PBOOL, BOOL) P(LPBOOL, BOOL) \
	P(PBOOLEAN, BOOLEAN) P(PSHORT, SHORT) P(PUCHAR, UCHAR) P(PUSHORT, USHORT) \
	P(PINT, INT) P(LPINT, INT) P(PUINT, UINT) P(PLONG, LONG) P(LPLONG, LONG) \
	P(PULONG, ULONG) P(PINT_PTR, INT_PTR) P(PUINT_PTR, UINT_PTR) P(PLONG_PTR, LONG_PTR) \
	P(PULONG_PTR, ULONG_PTR) P(PDWORD_PTR, DWORD_PTR) P(PSIZE_T, SIZE_T) P(PCHAR, CHAR) \
	P(LPCH, CHAR) P(PCH, CHAR) P(PSTR, CHAR) P(LPSTR, CHAR) P(PCSTR, const CHAR) \
	P(LPCSTR, const CHAR) P(PWCHAR, WCHAR) P(LPWCH, WCHAR) P(PWCH, WCHAR) P(PWSTR, WCHAR) \
	P(LPWSTR, WCHAR) P(PCWSTR, const WCHAR) P(LPCWSTR, const WCHAR) P(LMSTR, WCHAR) \
	P(LMCSTR, const WCHAR) P(PTCHAR, TCHAR) P(PTSTR, TCHAR) P(LPTSTR, TCHAR) \
	P(PCTSTR, const TCHAR) P(LPCTSTR, const TCHAR)
/* clang-format on */

/* Numbers that Windows gained after mingw-w64 10 (Debian 12), from Microsoft's published list of
 * system error codes. They are compared with these, and with mingw-w64's where it has them. */
#define ABI_NEWER_NUMBERS(C)                   \
	C(ERROR_SMB1_NOT_AVAILABLE, 384)       \
	C(ERROR_SMB_GUEST_LOGON_BLOCKED, 1272) \
	C(ERROR_NTLM_BLOCKED, 1937)

#endif
