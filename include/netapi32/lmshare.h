/* SPDX-License-Identifier: MIT */
/* Sessions: the users who are logged on to a server, from which computer, and since when. */
#ifndef NETAPI32_LMSHARE_H
#define NETAPI32_LMSHARE_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One entry of each level. Strings are UTF-16 with a NUL, lie in the same block as the entry, and
 * are the text that the server sent. So a string may be empty, and is NULL where the server sent
 * none. Times are whole seconds. A member means the same at every level that has it:
 *
 *   cname        the client: an IP address as text, or a NetBIOS name; with or without "\\".
 *   username     the user, without the domain.
 *   num_opens    number of files, devices and pipes that are open.
 *   time         seconds since the session began.
 *   idle_time    seconds since the session was last used.
 *   user_flags   bits: SESS_GUEST, SESS_NOENCRYPTION.
 *   cltype_name  the client's software; empty since Windows Vista.
 *   transport    the device that the session came through, such as "\Device\NetbiosSmb".
 *
 * Source: [MS-SRVS] 2.2.4.11 to 2.2.4.15. */

typedef struct _SESSION_INFO_0 {
	LMSTR sesi0_cname; /* UTF-16: client */
} SESSION_INFO_0, *PSESSION_INFO_0, *LPSESSION_INFO_0;

typedef struct _SESSION_INFO_1 {
	LMSTR sesi1_cname;      /* UTF-16: client */
	LMSTR sesi1_username;   /* UTF-16: user */
	DWORD sesi1_num_opens;  /* count */
	DWORD sesi1_time;       /* seconds */
	DWORD sesi1_idle_time;  /* seconds */
	DWORD sesi1_user_flags; /* SESS_* bits */
} SESSION_INFO_1, *PSESSION_INFO_1, *LPSESSION_INFO_1;

typedef struct _SESSION_INFO_2 {
	LMSTR sesi2_cname;       /* UTF-16: client */
	LMSTR sesi2_username;    /* UTF-16: user */
	DWORD sesi2_num_opens;   /* count */
	DWORD sesi2_time;        /* seconds */
	DWORD sesi2_idle_time;   /* seconds */
	DWORD sesi2_user_flags;  /* SESS_* bits */
	LMSTR sesi2_cltype_name; /* UTF-16: kind of client */
} SESSION_INFO_2, *PSESSION_INFO_2, *LPSESSION_INFO_2;

typedef struct _SESSION_INFO_10 {
	LMSTR sesi10_cname;     /* UTF-16: client */
	LMSTR sesi10_username;  /* UTF-16: user */
	DWORD sesi10_time;      /* seconds */
	DWORD sesi10_idle_time; /* seconds */
} SESSION_INFO_10, *PSESSION_INFO_10, *LPSESSION_INFO_10;

typedef struct _SESSION_INFO_502 {
	LMSTR sesi502_cname;       /* UTF-16: client */
	LMSTR sesi502_username;    /* UTF-16: user */
	DWORD sesi502_num_opens;   /* count */
	DWORD sesi502_time;        /* seconds */
	DWORD sesi502_idle_time;   /* seconds */
	DWORD sesi502_user_flags;  /* SESS_* bits */
	LMSTR sesi502_cltype_name; /* UTF-16: kind of client */
	LMSTR sesi502_transport;   /* UTF-16: device */
} SESSION_INFO_502, *PSESSION_INFO_502, *LPSESSION_INFO_502;

/* Bits of user_flags. */
#define SESS_GUEST        0x00000001 /* logged on as the guest account */
#define SESS_NOENCRYPTION 0x00000002 /* logged on without an encrypted password */

/* Element counts that Windows states for levels 1 and 2; they are not the numbers of members. */
#define SESI1_NUM_ELEMENTS 8
#define SESI2_NUM_ELEMENTS 9

/* Lists the sessions on a server: all of them, or those of one client, of one user, or both.
 *
 * servername    borrows. NULL or empty: this computer, whose netsessiond is called over its
 *               socket, without credentials. Else a DNS or NetBIOS name or an IP address,
 *               with or without leading "\\"; unlike on Windows also host:port, [v6], [v6]:port
 *               and fe80--1.ipv6-literal.net.
 * UncClientName borrows. Selects the sessions from this client, with or without leading "\\": a
 *               name, without regard to case, or an address in any spelling. NULL or empty:
 *               any client.
 * username      borrows. Selects the sessions of this user, without regard to case. NULL or
 *               empty: any user. A session has to match both; where a server ignores them, the
 *               library applies them.
 * level         0, 1, 2, 10 or 502: the SESSION_INFO_* of the entries. Levels 1, 2 and 502, and on
 *               current servers every level, need administrator or server operator rights.
 * bufptr        gives one block of memory, the array of *entriesread structs first and their
 *               strings behind it; free it with NetApiBufferFree, also after ERROR_MORE_DATA.
 * prefmaxlen    the preferred size of the answer in bytes. It is not a limit: a page has whole
 *               entries and, where entries are left, at least one. MAX_PREFERRED_LENGTH: all.
 * entriesread   gives the number of entries in the block.
 * totalentries  gives the number of entries that match, from the first entry of this call on.
 *               Servers estimate it.
 * resume_handle where to continue. NULL: at the first entry, and nothing is stored. Else set it to
 *               0 before the first call, and do not change it between calls; at or behind the
 *               end the call succeeds with 0 entries. Use it for the same server only: another
 *               server may skip sessions.
 *
 * The level is checked first, then the parameters. Output parameters are always set: on failure
 * *bufptr is NULL and both numbers are 0. *resume_handle does not change then, so that the call can
 * be made again.
 *
 * Returns NERR_Success; ERROR_MORE_DATA: the entries are valid, and more follow at
 * *resume_handle; or a failure:
 *   ERROR_INVALID_LEVEL          level is not one of the five, or the server does not know it.
 *   ERROR_INVALID_PARAMETER      bufptr, entriesread or totalentries is NULL; or UncClientName or
 *                                username is not valid UTF-16 or too long.
 *   ERROR_ACCESS_DENIED          the server does not grant this level to this user.
 *   ERROR_LOGON_FAILURE          the server refused the user or the password. A server may send
 *                                a more precise number, such as ERROR_ACCOUNT_DISABLED.
 *   ERROR_BAD_NETPATH            the name is unknown, or the server cannot be reached.
 *   ERROR_TIMEOUT                the time limit of 30 seconds was reached.
 *   ERROR_NOT_ENOUGH_MEMORY      memory ran out.
 *   RPC_X_BAD_STUB_DATA          the answer is malformed.
 *   NERR_ServerNotStarted        netsessiond does not run on this computer.
 *   NERR_InvalidComputer         servername is not a valid name, and nothing was sent; or the
 *                                server says so of UncClientName.
 *   NERR_ClientNameNotFound      no session was selected, and the client is not known.
 *   NERR_UserNotFound            no session was selected, and the client is known or not given.
 * Other numbers are passed on from the server or from the connection.
 * netsession_last_error_text() of <netsession.h> explains a failure, with its NTSTATUS.
 *
 * Threads may call the function at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.5; NetSessionEnum, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName,
                                               LMSTR username, DWORD level, LPBYTE *bufptr,
                                               DWORD prefmaxlen, LPDWORD entriesread,
                                               LPDWORD totalentries, LPDWORD resume_handle);

/* Gets the session of one user from one client.
 *
 * servername    borrows. As for NetSessionEnum.
 * UncClientName borrows. The session's client, with or without "\\", without regard to case.
 * username      borrows. The session's user, without regard to case.
 * level         0, 1, 2, 10 or 502: the SESSION_INFO_* of the answer. Windows documents 502 for
 *               NetSessionEnum only; here it is allowed, too.
 * bufptr        gives one block of memory, the struct first and its strings behind it; free it with
 *               NetApiBufferFree.
 *
 * The protocol has no such method: the function lists the sessions that match both. If there are
 * several, it gives the first one that the server lists. It never returns ERROR_MORE_DATA.
 *
 * The level is checked first, then the parameters. On failure *bufptr is NULL.
 *
 * Returns NERR_Success, or a failure:
 *   ERROR_INVALID_LEVEL          level is not one of the five, or the server does not know it.
 *   ERROR_INVALID_PARAMETER      bufptr is NULL; UncClientName or username is NULL, empty or too
 *                                long.
 *   NERR_ClientNameNotFound      there is no session from this client.
 *   NERR_UserNotFound            there are sessions from this client, but none of this user.
 * Other failures are those of NetSessionEnum.
 *
 * Threads may call the function at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.5; NetSessionGetInfo, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName,
                                                  LMSTR username, DWORD level, LPBYTE *bufptr);

/* Closes all sessions that match. The server closes their files, and data that their clients have
 * not written yet may be lost.
 *
 * servername    borrows. As for NetSessionEnum.
 * UncClientName borrows. Selects the sessions from this client, with or without leading "\\", which
 *               the library adds for the protocol. NULL or empty: any client.
 * username      borrows. Selects the sessions of this user. NULL or empty: any user. A session has
 *               to match both.
 *
 * At least one of the two must be given, so that leaving out a name does not close all sessions of
 * a server.
 *
 * Returns NERR_Success: at least one session was closed; or a failure:
 *   ERROR_INVALID_PARAMETER      neither the client nor the user is given, or one is too long.
 *   ERROR_ACCESS_DENIED          the user is not an administrator or server operator there.
 *   NERR_ClientNameNotFound      no session matched; servers return this also where the client is
 *                                known and the user is not. Samba returns ERROR_ACCESS_DENIED.
 *   NERR_UserNotFound            no session matched, and the server distinguishes the two.
 *   ERROR_LOGON_FAILURE, ERROR_BAD_NETPATH, ERROR_TIMEOUT, ERROR_NOT_ENOUGH_MEMORY,
 *   RPC_X_BAD_STUB_DATA, NERR_ServerNotStarted, NERR_InvalidComputer: as for NetSessionEnum.
 * After ERROR_TIMEOUT, or when the connection was lost, the sessions may be closed nevertheless.
 *
 * Threads may call the function at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.6; NetSessionDel, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName,
                                              LMSTR username);

#ifdef __cplusplus
}
#endif

#endif
