/* SPDX-License-Identifier: MIT */
/* NTSTATUS: what it means to a Net* caller, and its name. [MS-ERREF] 2.3. */
#ifndef SMB2_STATUS_H
#define SMB2_STATUS_H

#include <stdint.h>
#include <lmcons.h>

#define STATUS_SUCCESS                  0x00000000u
#define STATUS_PENDING                  0x00000103u
#define STATUS_BUFFER_OVERFLOW          0x80000005u
#define STATUS_MORE_PROCESSING_REQUIRED 0xC0000016u
#define STATUS_ACCESS_DENIED            0xC0000022u
#define STATUS_USER_SESSION_DELETED     0xC0000203u
#define STATUS_NETWORK_SESSION_EXPIRED  0xC000035Cu

/* ERROR_UNEXP_NET_ERR for one that is not in the table. */
NET_API_STATUS smb2_status_to_win32(uint32_t nt);
/* "STATUS_LOGON_FAILURE"; NULL for one that is not in the table. */
const char *smb2_status_name(uint32_t nt);

#endif
