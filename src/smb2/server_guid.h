/* SPDX-License-Identifier: MIT */
/* What the ServerGuid of a NEGOTIATE response says. [MS-SMB2] 2.2.4 leaves its content to servers.
 *
 * A server may fail FSCTL_PIPE_TRANSCEIVE where it is not the last request of a compound: 3.3.5.2.7
 * and <266>. Windows and Samba do; netsessiond executes it anywhere. No capability says so, and a
 * client that guesses wrong loses the round trip that a right guess saves. So the GUID of
 * netsessiond is a UUID of version 8 (RFC 9562, 5.8) with a second half that is always the same. */
#ifndef SMB2_SERVER_GUID_H
#define SMB2_SERVER_GUID_H

#include "smb2/negotiate.h"

/* Makes a GUID for a server that executes FSCTL_PIPE_TRANSCEIVE anywhere in a compound. False:
 * OpenSSL gives no random numbers. */
bool smb2_server_guid_make(uint8_t guid[SMB2_GUID_BYTES]);

/* Whether the GUID was made by smb2_server_guid_make. */
bool smb2_server_guid_transceives_anywhere(const uint8_t guid[SMB2_GUID_BYTES]);

#endif
