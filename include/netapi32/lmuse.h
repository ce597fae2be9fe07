/* SPDX-License-Identifier: MIT */
/* Uses: as whom this process talks to a server. */
#ifndef NETAPI32_LMUSE_H
#define NETAPI32_LMUSE_H

#include "lmcons.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A use of \\server\IPC$. Strings are UTF-16 with a NUL. Members that NetUseAdd does not read are
 * marked; they are the same at every level that has them. */

typedef struct _USE_INFO_0 {
	LMSTR ui0_local;  /* UTF-16: device name; NULL or empty */
	LMSTR ui0_remote; /* UTF-16: \\server\IPC$ */
} USE_INFO_0, *PUSE_INFO_0, *LPUSE_INFO_0;

typedef struct _USE_INFO_1 {
	LMSTR ui1_local;    /* UTF-16: device name; NULL or empty: there are none here */
	LMSTR ui1_remote;   /* UTF-16: \\server\IPC$, the share in any case of letters */
	LMSTR ui1_password; /* UTF-16: NULL: whoever the environment says */
	DWORD ui1_status;   /* not read */
	DWORD ui1_asg_type; /* USE_IPC or USE_WILDCARD */
	DWORD ui1_refcount; /* not read */
	DWORD ui1_usecount; /* not read */
} USE_INFO_1, *PUSE_INFO_1, *LPUSE_INFO_1;

typedef struct _USE_INFO_2 {
	LMSTR ui2_local;      /* UTF-16: as at level 1 */
	LMSTR ui2_remote;     /* UTF-16: as at level 1 */
	LMSTR ui2_password;   /* UTF-16: as at level 1 */
	DWORD ui2_status;     /* not read */
	DWORD ui2_asg_type;   /* USE_IPC or USE_WILDCARD */
	DWORD ui2_refcount;   /* not read */
	DWORD ui2_usecount;   /* not read */
	LMSTR ui2_username;   /* UTF-16: user; NULL: the caller's own name */
	LMSTR ui2_domainname; /* UTF-16: domain; NULL or empty: the server's own accounts */
} USE_INFO_2, *PUSE_INFO_2, *LPUSE_INFO_2;

/* What *ParmError says is wrong. */
#define USE_LOCAL_PARMNUM      1
#define USE_REMOTE_PARMNUM     2
#define USE_PASSWORD_PARMNUM   3
#define USE_ASGTYPE_PARMNUM    4
#define USE_USERNAME_PARMNUM   5
#define USE_DOMAINNAME_PARMNUM 6

/* ui_asg_type: kinds of resource. */
#define USE_WILDCARD ((DWORD)(-1)) /* any */
#define USE_DISKDEV  0
#define USE_SPOOLDEV 1
#define USE_CHARDEV  2
#define USE_IPC      3

/* ForceCond of NetUseDel. */
#define USE_NOFORCE       0
#define USE_FORCE         1
#define USE_LOTS_OF_FORCE 2

/* Names the credentials with which this process asks a server from now on, and logs on with them at
 * once, so that wrong ones are refused here.
 *
 * UncServerName NULL or empty: the uses of this process alone can be changed.
 * Level         1 or 2: the USE_INFO_* that Buf is. At level 1, or with ui2_username NULL, the
 *               user has the caller's own name; with ui_password NULL and no user named, it is
 *               whoever the environment says.
 * Buf           borrows; its texts are copied. The server is named as for NetSessionEnum, and
 *               the credentials serve those calls that name it the same way.
 * ParmError     gives the USE_*_PARMNUM of what is wrong after ERROR_INVALID_PARAMETER, else 0.
 *               May be NULL.
 *
 * Returns NERR_Success, also in the place of a use of the same user, or:
 *   ERROR_INVALID_LEVEL              Level is neither 1 nor 2.
 *   ERROR_INVALID_PARAMETER          a member is of no use; see *ParmError.
 *   ERROR_NOT_SUPPORTED              another computer's uses, or a local device, were asked for.
 *   ERROR_BAD_NET_NAME               ui_remote is not \\server\IPC$.
 *   ERROR_SESSION_CREDENTIAL_CONFLICT  another user is in use for that server: NetUseDel first.
 *   ERROR_LOGON_FAILURE, ERROR_BAD_NETPATH, ERROR_TIMEOUT and others as for NetSessionEnum.
 *
 * Threads may call it at the same time. Source  NetUseAdd, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseAdd(LMSTR UncServerName, DWORD Level, LPBYTE Buf,
                                          LPDWORD ParmError);

/* Forgets the credentials that NetUseAdd named, and closes what is kept of their connections.
 *
 * UncServerName NULL or empty.
 * UseName       borrows: \\server\IPC$, as it was named.
 * ForceCond     USE_NOFORCE, USE_FORCE or USE_LOTS_OF_FORCE, which are the same here: calls that
 *               are under way go on.
 *
 * Returns NERR_Success, or:
 *   NERR_UseNotFound         there is no such use.
 *   ERROR_INVALID_PARAMETER  UseName is NULL, or ForceCond is none of the three.
 *   ERROR_BAD_NET_NAME       UseName is not \\server\IPC$.
 *   ERROR_NOT_SUPPORTED      another computer's uses were meant.
 * Source  NetUseDel, Windows API. */
NET_API_STATUS NET_API_FUNCTION NetUseDel(LMSTR UncServerName, LMSTR UseName, DWORD ForceCond);

#ifdef __cplusplus
}
#endif

#endif
