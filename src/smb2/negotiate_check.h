/* SPDX-License-Identifier: MIT */
/* What a client accepts as an answer to its offer: [MS-SMB2] 3.2.5.2. */
#ifndef SMB2_NEGOTIATE_CHECK_H
#define SMB2_NEGOTIATE_CHECK_H

#include "base/err.h"
#include "smb2/negotiate.h"

/* Compares the response with the request. Returns 0, or ERROR_BAD_NET_RESP, which
 * then stands in err. */
NET_API_STATUS smb2_negotiate_response_check(const struct smb2_negotiate_request *request,
                                             const struct smb2_negotiate_response *response,
                                             const char *step, struct err *err);

/* 3.2.5.2 demands that each maximum is at least SMB2_MAX_PAYLOAD_BYTES, and Windows of all versions
 * to 8.1 (<189>) that it is at least this. So does this client: embedded servers announce less than
 * 64 KiB, and a call's fragments can be made shorter. */
#define SMB2_LEAST_MAX_BYTES 4096

/* Whether all of a server's maxima are as [MS-SMB2] demands. */
bool smb2_negotiate_has_full_sizes(const struct smb2_negotiate_response *response);

#endif
