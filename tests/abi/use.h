/* SPDX-License-Identifier: MIT */
/* What programs do with our headers, in any dialect of C and C++: headers_compile.py includes it
 * after them. Only compiled, never run. */

typedef char wchar_has_16_bits[sizeof(WCHAR) == 2 ? 1 : -1];
typedef char dword_has_32_bits[sizeof(DWORD) == 4 && (DWORD)-1 > 0 ? 1 : -1];
typedef char pointer_fits[sizeof(DWORD_PTR) == sizeof(LPVOID) ? 1 : -1];
#ifdef UNICODE
typedef char tchar_is_wide[sizeof(TCHAR) == 2 ? 1 : -1];
#else
typedef char tchar_is_narrow[sizeof(TCHAR) == 1 ? 1 : -1];
#endif
#if NERR_ClientNameNotFound != 2312 || ERROR_MORE_DATA != 234
#error numbers work in the preprocessor
#endif

VOID use_literals(LPCTSTR *text, LPCWSTR *wide);
BOOL use_page(IN LMSTR server, OUT LPDWORD count, IN OUT LPDWORD resume);
DWORD CALLBACK use_callback(PVOID context);
BOOL use_credentials(LMSTR server, LMSTR remote, LMSTR user, LMSTR password);

VOID use_literals(LPCTSTR *text, LPCWSTR *wide)
{
#if __SIZEOF_WCHAR_T__ == 2
	*text = TEXT("text");
	*wide = L"text";
#elif (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L) || \
	(defined(__cplusplus) && __cplusplus >= 201103L)
	*text = TEXT("text");
	*wide = u"text";
#else /* no literal of 16-bit characters */
	*text = NULL;
	*wide = NULL;
#endif
}

BOOL use_page(IN LMSTR server, OUT LPDWORD count, IN OUT LPDWORD resume)
{
	LPSESSION_INFO_502 sessions = NULL;
	DWORD total = 0, guests = 0, i;
	NET_API_STATUS status;

	status = NetSessionEnum(server, NULL, NULL, 502, (LPBYTE *)&sessions, MAX_PREFERRED_LENGTH,
	                        count, &total, resume);
	if (status != NERR_Success && status != ERROR_MORE_DATA)
		return FALSE;
	for (i = 0; i < *count; i++)
		guests += sessions[i].sesi502_user_flags & SESS_GUEST;
	*count = guests;
	NetApiBufferFree(sessions);
	return TRUE;
}

DWORD CALLBACK use_callback(PVOID context)
{
	LPVOID block = NULL;
	DWORD size_bytes = 0;

	if (NetApiBufferAllocate(UNLEN * (DWORD)sizeof(WCHAR), &block) != NERR_Success)
		exit(EXIT_FAILURE);
	if (NetApiBufferReallocate(block, PWLEN, &block) == ERROR_NOT_ENOUGH_MEMORY)
		return ERROR_NOT_ENOUGH_MEMORY;
	return context != NULL ? NERR_InvalidComputer : NetApiBufferSize(block, &size_bytes);
}

BOOL use_credentials(LMSTR server, LMSTR remote, LMSTR user, LMSTR password)
{
	LPSESSION_INFO_1 session = NULL;
	static USE_INFO_2 use;
	DWORD wrong = 0;

	use.ui2_remote = remote;
	use.ui2_asg_type = USE_IPC;
	use.ui2_username = user;
	use.ui2_password = password;
	if (NetUseAdd(NULL, 2, (LPBYTE)&use, &wrong) == ERROR_SESSION_CREDENTIAL_CONFLICT ||
	    wrong == USE_PASSWORD_PARMNUM)
		return FALSE;
	if (NetSessionGetInfo(server, remote, user, 1, (LPBYTE *)&session) == NERR_Success)
		NetSessionDel(server, session->sesi1_cname, user);
	NetApiBufferFree(session);
	return NetUseDel(NULL, remote, USE_LOTS_OF_FORCE) != NERR_UseNotFound;
}
