/* SPDX-License-Identifier: MIT */
/* The names of NTSTATUS codes, and the errors of Net* functions that they map to. */
#ifndef SMB2_STATUS_H
#define SMB2_STATUS_H

#include <stdint.h>
#include <lmcons.h>
#include "base/nt_status.h"

/* Returns ERROR_UNEXP_NET_ERR for a code that the table does not have. */
NET_API_STATUS smb2_status_to_win32(uint32_t nt);
/* Returns "STATUS_LOGON_FAILURE", or NULL for a code that the table does not have. */
const char *smb2_status_name(uint32_t nt);

#endif
