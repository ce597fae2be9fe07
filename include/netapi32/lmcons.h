/* SPDX-License-Identifier: MIT */
/* What all Net* headers share: the names of the string and status types, and length limits. */
#ifndef NETAPI32_LMCONS_H
#define NETAPI32_LMCONS_H

#include "windows.h"

/* A status: NERR_Success, a number of lmerr.h, or one of winerror.h. */
#define NET_API_STATUS   DWORD
#define API_RET_TYPE     NET_API_STATUS
#define NET_API_FUNCTION WINAPI

/* Strings are UTF-16 with a NUL, whether or not UNICODE is defined. */
#define LMSTR  LPWSTR
#define LMCSTR LPCWSTR

/* For prefmaxlen: everything in one answer. */
#define MAX_PREFERRED_LENGTH ((DWORD)-1)

/* Limits, in WCHARs without the NUL. */
#define CNLEN            15                   /* computer name (NetBIOS) */
#define DNLEN            CNLEN                /* domain name (NetBIOS) */
#define UNCLEN           (CNLEN + 2)          /* computer name with its two backslashes */
#define NNLEN            80                   /* share name */
#define RMLEN            (UNCLEN + 1 + NNLEN) /* \\computer\share */
#define SNLEN            80                   /* service name */
#define DEVLEN           80                   /* device name */
#define PATHLEN          256                  /* path */
#define UNLEN            256                  /* user name */
#define GNLEN            UNLEN                /* group name */
#define PWLEN            256                  /* password */
#define CLTYPE_LEN       12                   /* client type, as in sesi2_cltype_name */
#define MAXCOMMENTSZ     256                  /* comment */
#define NETBIOS_NAME_LEN 16                   /* bytes of a NetBIOS name with its type byte */

#define PARMNUM_ALL            0
#define PARMNUM_BASE_INFOLEVEL 1000
#define PARM_ERROR_UNKNOWN     ((DWORD)-1)
#define PARM_ERROR_NONE        0

#endif
