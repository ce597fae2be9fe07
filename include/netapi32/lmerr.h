/* SPDX-License-Identifier: MIT */
/* The network management error numbers, 2100 to 2999. A Net* function returns one of these or of
 * winerror.h's. */
#ifndef NETAPI32_LMERR_H
#define NETAPI32_LMERR_H

#include "winerror.h"

#define NERR_Success 0
#define NERR_BASE    2100
#define MAX_NERR     (NERR_BASE + 899)

/* The redirector and the Server service. */
#define NERR_NetNotStarted          (NERR_BASE + 2)
#define NERR_UnknownServer          (NERR_BASE + 3)
#define NERR_ShareMem               (NERR_BASE + 4)
#define NERR_NoNetworkResource      (NERR_BASE + 5)
#define NERR_RemoteOnly             (NERR_BASE + 6)
#define NERR_DevNotRedirected       (NERR_BASE + 7)
#define NERR_ServerNotStarted       (NERR_BASE + 14)
#define NERR_ItemNotFound           (NERR_BASE + 15)
#define NERR_DuplicateShare         (NERR_BASE + 18)
#define NERR_NoRoom                 (NERR_BASE + 19)
#define NERR_TooManyItems           (NERR_BASE + 21)
#define NERR_InvalidMaxUsers        (NERR_BASE + 22)
#define NERR_BufTooSmall            (NERR_BASE + 23)
#define NERR_RemoteErr              (NERR_BASE + 27)
#define NERR_LanmanIniError         (NERR_BASE + 31)
#define NERR_NetworkError           (NERR_BASE + 36)
#define NERR_WkstaInconsistentState (NERR_BASE + 37)
#define NERR_WkstaNotStarted        (NERR_BASE + 38)
#define NERR_BrowserNotStarted      (NERR_BASE + 39)
#define NERR_InternalError          (NERR_BASE + 40)
#define NERR_BadTransactConfig      (NERR_BASE + 41)
#define NERR_InvalidAPI             (NERR_BASE + 42)

/* Users, groups and log-on. */
#define NERR_AlreadyLoggedOn     (NERR_BASE + 100)
#define NERR_NotLoggedOn         (NERR_BASE + 101)
#define NERR_BadUsername         (NERR_BASE + 102)
#define NERR_BadPassword         (NERR_BASE + 103)
#define NERR_LogonsPaused        (NERR_BASE + 109)
#define NERR_LogonServerNotFound (NERR_BASE + 115)
#define NERR_NonValidatedLogon   (NERR_BASE + 117)
#define NERR_GroupNotFound       (NERR_BASE + 120)
#define NERR_UserNotFound        (NERR_BASE + 121)
#define NERR_ResourceNotFound    (NERR_BASE + 122)
#define NERR_GroupExists         (NERR_BASE + 123)
#define NERR_UserExists          (NERR_BASE + 124)
#define NERR_ResourceExists      (NERR_BASE + 125)
#define NERR_NotPrimary          (NERR_BASE + 126)
#define NERR_UserLogon           (NERR_BASE + 131)
#define NERR_UserInGroup         (NERR_BASE + 136)
#define NERR_UserNotInGroup      (NERR_BASE + 137)
#define NERR_AccountUndefined    (NERR_BASE + 138)
#define NERR_AccountExpired      (NERR_BASE + 139)
#define NERR_InvalidWorkstation  (NERR_BASE + 140)
#define NERR_InvalidLogonHours   (NERR_BASE + 141)
#define NERR_PasswordExpired     (NERR_BASE + 142)

/* Connections, names, sessions and shares. */
#define NERR_UseNotFound        (NERR_BASE + 150)
#define NERR_DeviceIsShared     (NERR_BASE + 152)
#define NERR_NoComputerName     (NERR_BASE + 170)
#define NERR_NameNotFound       (NERR_BASE + 173)
#define NERR_AlreadyExists      (NERR_BASE + 176)
#define NERR_InvalidDevice      (NERR_BASE + 194)
#define NERR_DuplicateName      (NERR_BASE + 197)
#define NERR_NetNameNotFound    (NERR_BASE + 210)
#define NERR_DeviceNotShared    (NERR_BASE + 211)
#define NERR_ClientNameNotFound (NERR_BASE + 212)
#define NERR_FileIdNotFound     (NERR_BASE + 214)
#define NERR_TooMuchData        (NERR_BASE + 217)
#define NERR_NotLocalDomain     (NERR_BASE + 220)
#define NERR_IsDfsShare         (NERR_BASE + 221)
#define NERR_InvalidComputer    (NERR_BASE + 251)
#define NERR_MaxLenExceeded     (NERR_BASE + 254)
#define NERR_BadComponent       (NERR_BASE + 256)
#define NERR_TooManyEntries     (NERR_BASE + 262)
#define NERR_ShareNotFound      (NERR_BASE + 292)
#define NERR_OpenFiles          (NERR_BASE + 301)
#define NERR_ActiveConns        (NERR_BASE + 302)
#define NERR_BadPasswordCore    (NERR_BASE + 303)
#define NERR_DevInUse           (NERR_BASE + 304)

/* Domains, and limits of the server. */
#define NERR_DCNotFound           (NERR_BASE + 353)
#define NERR_NetlogonNotStarted   (NERR_BASE + 355)
#define NERR_TimeDiffAtDC         (NERR_BASE + 357)
#define NERR_PasswordMismatch     (NERR_BASE + 358)
#define NERR_NoSuchServer         (NERR_BASE + 360)
#define NERR_NoSuchSession        (NERR_BASE + 361)
#define NERR_NoSuchConnection     (NERR_BASE + 362)
#define NERR_TooManyServers       (NERR_BASE + 363)
#define NERR_TooManySessions      (NERR_BASE + 364)
#define NERR_TooManyConnections   (NERR_BASE + 365)
#define NERR_TooManyFiles         (NERR_BASE + 366)
#define NERR_TryDownLevel         (NERR_BASE + 370)
#define NERR_InvalidWorkgroupName (NERR_BASE + 595)
#define NERR_PasswordMustChange   (NERR_BASE + 601)
#define NERR_AccountLockedOut     (NERR_BASE + 602)

#endif
