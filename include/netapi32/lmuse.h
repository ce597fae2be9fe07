/* SPDX-License-Identifier: MIT */
/* Connections to servers: here, the credentials that this process uses for each of them. */
#ifndef NETAPI32_LMUSE_H
#define NETAPI32_LMUSE_H

#include "lmcons.h"
#include "lmuseflg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One connection. Strings are UTF-16 with a NUL. A member means the same at every level that has
 * it; NetUseAdd reads those marked so, and only them:
 *
 *   local       reads. A device name such as "Z:". Unix has none: NULL or empty.
 *   remote      reads. "\\server\IPC$" in any case of letters; server as for NetSessionEnum, but
 *               always with its "\\".
 *   password    reads. NULL: the user's Kerberos tickets, as without NetUseAdd. Empty: an empty
 *               password.
 *   status      one of USE_OK to USE_RECONN.
 *   asg_type    reads. USE_IPC, or USE_WILDCARD: whatever kind the share is of.
 *   refcount    count of what is open on it.
 *   usecount    count of the uses of it.
 *   username    reads. NULL, as at level 1: the name of the user that this process runs as.
 *   domainname  reads. NULL or empty: the server's choice.
 *
 * Source: [MS-WKST] 2.2.5.22 to 2.2.5.25; USE_INFO_*, Windows API. */

typedef struct _USE_INFO_0 {
	LMSTR ui0_local;  /* UTF-16: device */
	LMSTR ui0_remote; /* UTF-16: \\server\share */
} USE_INFO_0, *PUSE_INFO_0, *LPUSE_INFO_0;

typedef struct _USE_INFO_1 {
	LMSTR ui1_local;    /* UTF-16: device */
	LMSTR ui1_remote;   /* UTF-16: \\server\share */
	LMSTR ui1_password; /* UTF-16: secret */
	DWORD ui1_status;   /* USE_OK to USE_RECONN */
	DWORD ui1_asg_type; /* USE_DISKDEV to USE_IPC, USE_WILDCARD */
	DWORD ui1_refcount; /* count */
	DWORD ui1_usecount; /* count */
} USE_INFO_1, *PUSE_INFO_1, *LPUSE_INFO_1;

typedef struct _USE_INFO_2 {
	LMSTR ui2_local;      /* UTF-16: device */
	LMSTR ui2_remote;     /* UTF-16: \\server\share */
	LMSTR ui2_password;   /* UTF-16: secret */
	DWORD ui2_status;     /* USE_OK to USE_RECONN */
	DWORD ui2_asg_type;   /* USE_DISKDEV to USE_IPC, USE_WILDCARD */
	DWORD ui2_refcount;   /* count */
	DWORD ui2_usecount;   /* count */
	LMSTR ui2_username;   /* UTF-16: user */
	LMSTR ui2_domainname; /* UTF-16: domain */
} USE_INFO_2, *PUSE_INFO_2, *LPUSE_INFO_2;

typedef struct _USE_INFO_3 {
	USE_INFO_2 ui3_ui2; /* level 2 */
	ULONG ui3_flags;    /* CREATE_* bits */
} USE_INFO_3, *PUSE_INFO_3, *LPUSE_INFO_3;

/* What *ParmError says: the first member that is wrong. */
#define USE_LOCAL_PARMNUM      1
#define USE_REMOTE_PARMNUM     2
#define USE_PASSWORD_PARMNUM   3
#define USE_ASGTYPE_PARMNUM    4
#define USE_USERNAME_PARMNUM   5
#define USE_DOMAINNAME_PARMNUM 6

/* Values of status. */
#define USE_OK       0 /* works */
#define USE_PAUSED   1 /* paused by this computer */
#define USE_SESSLOST 2 /* was disconnected */
#define USE_DISCONN  2
#define USE_NETERR   3 /* a network error */
#define USE_CONN     4 /* is being made */
#define USE_RECONN   5 /* is being made again */

/* Values of asg_type: the kind of share. */
#define USE_WILDCARD ((DWORD)-1) /* any */
#define USE_DISKDEV  0           /* files */
#define USE_SPOOLDEV 1           /* a printer */
#define USE_CHARDEV  2           /* a serial device */
#define USE_IPC      3           /* named pipes: what every call here goes through */

/* Bits of ui3_flags, and one of what Windows calls level 4. */
#define CREATE_NO_CONNECT       0x00000001 /* do not log on yet */
#define CREATE_BYPASS_CSC       0x00000002 /* no offline files */
#define USE_DEFAULT_CREDENTIALS 0x00000004 /* the caller's own */

/* Tells which credentials this process shall use for a server, and proves them by a log-on. From
 * then on NetSessionEnum and its kin use them for every call to that server, by whatever spelling
 * of the same name, before any other credentials; until NetUseDel, or the end of the process. No
 * other process knows of them, and nothing is written to a file.
 *
 * UncServerName borrows. NULL or empty: this computer. Another computer's connections cannot be
 *               made from here.
 * Level         1 or 2: Buf is a USE_INFO_1 or a USE_INFO_2.
 * Buf           borrows. Which members are read, and what NULL means there, stands above the
 *               structs. The library's copy of the password is wiped when it is forgotten; the
 *               caller's is the caller's to wipe.
 * ParmError     NULL, or gives, with ERROR_INVALID_PARAMETER alone, the first member that is wrong:
 *               USE_LOCAL_PARMNUM to USE_DOMAINNAME_PARMNUM, or PARM_ERROR_UNKNOWN when it is no
 *               member of Buf. Otherwise it is not touched.
 *
 * The same server and user once more is no error: the new password is proved, and then counts.
 *
 * Returns NERR_Success. Or, and then nothing has changed:
 *   ERROR_INVALID_LEVEL          Level is neither 1 nor 2.
 *   ERROR_INVALID_PARAMETER      Buf or its remote is NULL, a text is no UTF-16 or too long,
 *                                asg_type is unknown.
 *   ERROR_NOT_SUPPORTED          local names a device; UncServerName is another computer.
 *   ERROR_BAD_NET_NAME           remote names a share other than IPC$.
 *   ERROR_BAD_DEV_TYPE           asg_type is another kind of share than IPC$ is.
 *   ERROR_SESSION_CREDENTIAL_CONFLICT  this process uses another user's credentials for the
 *                                server: NetUseDel first.
 *   ERROR_LOGON_FAILURE          the server does not accept them; when it tells more,
 *                                ERROR_ACCOUNT_DISABLED and its kin.
 *   ERROR_BAD_NETPATH            the server's name does not resolve, or it cannot be reached.
 *   ERROR_TIMEOUT                the deadline passed.
 *   ERROR_NOT_ENOUGH_MEMORY      no memory.
 *   NERR_InvalidComputer         remote can name no computer.
 * Other numbers come from the server or from the connection as they are.
 *
 * Threads may call it at the same time, also after fork; it raises no signal.
 * Source  NetUseAdd, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf,
                                          LPDWORD ParmError);

/* Forgets what NetUseAdd was told for a server, and wipes the password. Calls that run already end
 * with the credentials that they began with.
 *
 * UncServerName borrows. As for NetUseAdd.
 * UseName       borrows. "\\server\IPC$" as it was given, in any case of letters.
 * ForceCond     USE_NOFORCE, USE_FORCE or USE_LOTS_OF_FORCE: all three forget. Nothing stays open
 *               that force could close.
 *
 * Returns NERR_Success. Or:
 *   ERROR_INVALID_PARAMETER      UseName is NULL or no UTF-16; ForceCond is none of the three.
 *   ERROR_NOT_SUPPORTED          UncServerName is another computer.
 *   NERR_UseNotFound             no credentials are kept under that name.
 *
 * Threads may call it at the same time, also after fork.
 * Source  NetUseDel, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond);

#ifdef __cplusplus
}
#endif

#endif
