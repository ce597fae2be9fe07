/* SPDX-License-Identifier: MIT */
/* Sessions: who is connected to a server, and since when. */
#ifndef NETAPI32_LMSHARE_H
#define NETAPI32_LMSHARE_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One entry of each level. Strings are UTF-16 with a NUL, lie in the same block as the entry, and
 * are the text that the server sent: nothing is invented for what a server does not fill, so a
 * string may be empty, and is NULL where the server sent none. Times are whole seconds. A member
 * means the same at every level that has it:
 *
 *   cname        the client: an IP address as text, or a NetBIOS name; with or without "\\".
 *   username     who logged on, without the domain.
 *   num_opens    count of the files, devices and pipes that the session has open.
 *   time         seconds since the session was made.
 *   idle_time    seconds since the session was last used.
 *   user_flags   bits: SESS_GUEST, SESS_NOENCRYPTION.
 *   cltype_name  the kind of client; empty from servers since Windows Vista.
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
 * servername    borrows. NULL or empty: the local computer, whose netsessiond is asked over its
 *               socket, without credentials. Else a DNS or NetBIOS name or an IP address,
 *               with or without a leading "\\"; beyond Windows also host:port, [v6], [v6]:port
 *               and fe80--1.ipv6-literal.net.
 * UncClientName borrows. Only sessions from this client, with or without "\\", without regard to
 *               case. NULL or empty: from every client.
 * username      borrows. Only sessions of this user, without regard to case. NULL or empty: of
 *               every user. With both qualifiers a session must match both; where a server
 *               ignores them, the library filters.
 * level         0, 1, 2, 10 or 502: the SESSION_INFO_* of the entries. Levels 1, 2 and 502, and on
 *               current servers every level, need administrator or server operator rights.
 * bufptr        gives one block, the array of *entriesread structs first and their strings behind
 *               it; free it with NetApiBufferFree, also after ERROR_MORE_DATA.
 * prefmaxlen    preferred size of the answer, bytes; a wish, not a limit: a page holds whole
 *               entries and, where any are left, at least one. MAX_PREFERRED_LENGTH: all.
 * entriesread   gives the count of entries in the block.
 * totalentries  gives the count of entries that match from the position of this call on; a hint.
 * resume_handle where to go on. NULL: from the beginning, and nothing is stored. Else set it to 0
 *               before the first call and leave it alone between calls; at or past the end the
 *               call succeeds with 0 entries. It is a number of that server's own: another one
 *               cannot tell that it is not his, and may skip sessions.
 *
 * The level is checked first, then the parameters. Output parameters are always written: on
 * failure *bufptr is NULL and both counts are 0, but *resume_handle is as it was before the call,
 * so that the call can be made again.
 *
 * Returns NERR_Success, or ERROR_MORE_DATA: entries valid, call again with *resume_handle. Or:
 *   ERROR_INVALID_LEVEL          level is none of the five, or the server does not know it.
 *   ERROR_INVALID_PARAMETER      bufptr, entriesread or totalentries is NULL; a qualifier too long.
 *   ERROR_ACCESS_DENIED          the server does not let this caller ask at this level.
 *   ERROR_LOGON_FAILURE          no log-on with the credentials at hand; when the server tells
 *                                more, ERROR_ACCOUNT_DISABLED and its kin.
 *   ERROR_BAD_NETPATH            the name does not resolve, or the server cannot be reached.
 *   ERROR_TIMEOUT                the deadline passed.
 *   ERROR_NOT_ENOUGH_MEMORY      no memory for the block.
 *   RPC_X_BAD_STUB_DATA          the server's answer does not decode.
 *   NERR_ServerNotStarted        the local service does not run.
 *   NERR_InvalidComputer         servername can be no computer's name (nothing was sent), or the
 *                                server says so of UncClientName.
 *   NERR_ClientNameNotFound      a qualifier was given and nothing matched: unknown client.
 *   NERR_UserNotFound            the same, and the client is known or was not given.
 * Other numbers come from the server or from the connection as they are. The story of an error,
 * with its NTSTATUS, is told by netsession_last_error_text() of <netsession.h>.
 *
 * Threads may call it at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.5; NetSessionEnum, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionEnum(LMSTR servername, LMSTR UncClientName,
                                               LMSTR username, DWORD level, LPBYTE *bufptr,
                                               DWORD prefmaxlen, LPDWORD entriesread,
                                               LPDWORD totalentries, LPDWORD resume_handle);

/* Describes the session of one user from one client.
 *
 * servername    borrows. As for NetSessionEnum.
 * UncClientName borrows. The session's client, with or without "\\", without regard to case.
 * username      borrows. The session's user, without regard to case.
 * level         0, 1, 2, 10 or 502: the SESSION_INFO_* of the answer. Windows documents 502 for
 *               NetSessionEnum alone; here it is one level more.
 * bufptr        gives one block, one struct first and its strings behind it; free it with
 *               NetApiBufferFree.
 *
 * The protocol has no such call: this is an enumeration with both qualifiers. Where the user has
 * several sessions from that client, the first that the server lists is given; there is never
 * ERROR_MORE_DATA.
 *
 * The level is checked first, then the parameters. bufptr is always written: on failure *bufptr is
 * NULL.
 *
 * Returns NERR_Success. Or:
 *   ERROR_INVALID_LEVEL          level is none of the five, or the server does not know it.
 *   ERROR_INVALID_PARAMETER      bufptr is NULL; UncClientName or username is NULL, empty or too
 *                                long.
 *   NERR_ClientNameNotFound      no session comes from that client.
 *   NERR_UserNotFound            sessions come from that client, but none is this user's.
 * And whatever else NetSessionEnum returns, with the same meaning.
 *
 * Threads may call it at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.5; NetSessionGetInfo, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionGetInfo(LMSTR servername, LMSTR UncClientName,
                                                  LMSTR username, DWORD level, LPBYTE *bufptr);

/* Ends sessions: every one that matches. The server closes what they had open, and data that their
 * clients had not written yet is lost.
 *
 * servername    borrows. As for NetSessionEnum.
 * UncClientName borrows. Ends sessions from this client, with or without "\\"; the library sends it
 *               with them, as the protocol wants it. NULL or empty: from every client.
 * username      borrows. Ends sessions of this user. NULL or empty: of every user. With both, a
 *               session must match both.
 *
 * At least one of the two must be given: nobody ends all sessions of a server by leaving out a
 * name.
 *
 * Returns NERR_Success: at least one session ended. Or:
 *   ERROR_INVALID_PARAMETER      neither client nor user was given; one of them is too long.
 *   ERROR_ACCESS_DENIED          the caller is no administrator or server operator there.
 *   NERR_ClientNameNotFound      nothing matched; servers say so also where the client is known
 *                                and the user is not (Samba says ERROR_ACCESS_DENIED).
 *   NERR_UserNotFound            nothing matched, and the server tells this from the above.
 *   ERROR_LOGON_FAILURE, ERROR_BAD_NETPATH, ERROR_TIMEOUT, ERROR_NOT_ENOUGH_MEMORY,
 *   RPC_X_BAD_STUB_DATA, NERR_ServerNotStarted, NERR_InvalidComputer: as for NetSessionEnum.
 * After ERROR_TIMEOUT, or a connection that broke, the sessions may or may not have ended.
 *
 * Threads may call it at the same time, also after fork; it raises no signal.
 * Source  [MS-SRVS] 3.1.4.6; NetSessionDel, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetSessionDel(LMSTR servername, LMSTR UncClientName,
                                              LMSTR username);

#ifdef __cplusplus
}
#endif

#endif
