/* SPDX-License-Identifier: MIT */
/* Packets of the NetBIOS session service: RFC 1002 4.3. Direct TCP ([MS-SMB2] 2.1) has the session
 * message alone, but servers and clients send the others there, too. */
#ifndef SMB2_SESSION_SERVICE_H
#define SMB2_SESSION_SERVICE_H

#include <stdint.h>
#include "base/err.h"
#include "wire/reader.h"
#include "wire/writer.h"

/* At this port a session request precedes everything else. */
#define NETBIOS_SESSION_PORT 139

/* A type, a length of three bytes, and as many bytes. */
#define SESSION_PREFIX_BYTES 4

enum session_packet {
	SESSION_MESSAGE = 0x00,
	SESSION_REQUEST = 0x81,
	SESSION_POSITIVE_RESPONSE = 0x82,
	SESSION_NEGATIVE_RESPONSE = 0x83,
	SESSION_RETARGET_RESPONSE = 0x84,
	SESSION_KEEP_ALIVE = 0x85,
};

/* The longest packet but a session message: two names of 255 bytes. */
#define SESSION_MAX_CONTROL_BYTES 510

/* Append a whole packet. The request is to "*SMBSERVER", the name that every file server has. */
void session_request_encode(struct wire_writer *w);
void session_positive_response_encode(struct wire_writer *w);

/* Decodes what follows the prefix of a request. Fails r if that is not two NetBIOS names. */
void session_request_decode(struct wire_reader *r);

/* What follows the prefix of a negative response or of a retarget response, as the failure of a
 * connection. Sets status and text of err. */
void session_negative_response_explain(struct wire_reader *r, struct err *err);
void session_retarget_response_explain(struct wire_reader *r, struct err *err);

#endif
