/* SPDX-License-Identifier: MIT */
/* Uses of servers: here, the credentials of this process for each server. */
#ifndef NETAPI32_LMUSE_H
#define NETAPI32_LMUSE_H

#include "lmcons.h"
#include "lmuseflg.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One use. Strings are UTF-16 with a NUL. A member means the same at every level that has it;
 * NetUseAdd reads only those that are marked "reads":
 *
 *   local       reads. A device name such as "Z:". Unix has none: NULL or empty.
 *   remote      reads. "\\server\IPC$" in any case of letters; server as for NetSessionEnum, but
 *               always with its "\\".
 *   password    reads. NULL, and no username: the credentials of the environment. Empty: an
 *               empty password.
 *   status      one of USE_OK to USE_RECONN.
 *   asg_type    reads. USE_IPC, or USE_WILDCARD, which means any kind of share.
 *   refcount    number of files that are open by it.
 *   usecount    number of its users.
 *   username    reads. NULL, as at level 1: the name of the user that this process runs as.
 *   domainname  reads. NULL or empty: the accounts of the server.
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

/* Values of *ParmError: the first member that is invalid. */
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
#define USE_IPC      3           /* named pipes: the only kind that is used here */

/* Bits of ui3_flags, and one of what Windows calls level 4. */
#define CREATE_NO_CONNECT       0x00000001 /* do not log on yet */
#define CREATE_BYPASS_CSC       0x00000002 /* no offline files */
#define USE_DEFAULT_CREDENTIALS 0x00000004 /* the caller's own */

/* Sets the credentials of this process for a server, and logs on with them at once, so that wrong
 * ones are refused here.
 *
 * UncServerName NULL or empty: only the uses of this process can be changed.
 * Level         1 or 2: the USE_INFO_* that Buf is. At level 1, or where ui2_username is NULL, the
 *               user has the name of the user that this process runs as. Where neither a user
 *               nor a password is given, the credentials are those of the environment.
 * Buf           borrows; its texts are copied. The server is named as for NetSessionEnum, and
 *               the credentials are used by calls that name the server in the same way.
 * ParmError     gives the USE_*_PARMNUM of the invalid member after ERROR_INVALID_PARAMETER, else
 * 0. May be NULL.
 *
 * Returns NERR_Success, also when it replaces a use of the same user, or:
 *   ERROR_INVALID_LEVEL              Level is neither 1 nor 2.
 *   ERROR_INVALID_PARAMETER          a member is invalid; see *ParmError.
 *   ERROR_NOT_SUPPORTED              another computer or a local device is given.
 *   ERROR_BAD_NET_NAME               ui_remote is not \\server\IPC$.
 *   ERROR_SESSION_CREDENTIAL_CONFLICT  another user is set for that server: NetUseDel first.
 *   ERROR_LOGON_FAILURE, ERROR_BAD_NETPATH, ERROR_TIMEOUT and others as for NetSessionEnum.
 *
 * Threads may call the function at the same time. Source  NetUseAdd, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf,
                                          LPDWORD ParmError);

/* Removes the credentials that NetUseAdd has set, and closes idle connections to the server.
 *
 * UncServerName NULL or empty.
 * UseName       borrows: \\server\IPC$, as for NetUseAdd.
 * ForceCond     USE_NOFORCE, USE_FORCE or USE_LOTS_OF_FORCE, which are the same here: calls that
 *               are under way continue.
 *
 * Returns NERR_Success, or:
 *   NERR_UseNotFound         no credentials are set for the server.
 *   ERROR_INVALID_PARAMETER  UseName is NULL, or ForceCond is not one of the three.
 *   ERROR_BAD_NET_NAME       UseName is not \\server\IPC$.
 *   ERROR_NOT_SUPPORTED      another computer is given.
 * Source  NetUseDel, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond);

#ifdef __cplusplus
}
#endif

#endif
