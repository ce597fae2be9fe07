/* SPDX-License-Identifier: MIT */
/* SESSION_SETUP ([MS-SMB2] 2.2.5, 2.2.6), and the session key that comes of it. LOGOFF has an empty
 * body. */
#ifndef SMB2_SESSION_H
#define SMB2_SESSION_H

#include <stddef.h>
#include <stdint.h>
#include "smb2/header.h"

enum smb2_session_flags {
	SMB2_SESSION_FLAG_IS_GUEST = 0x0001,
	SMB2_SESSION_FLAG_IS_NULL = 0x0002,
	SMB2_SESSION_FLAG_ENCRYPT_DATA = 0x0004,
};

#define SMB2_SESSION_FLAG_BINDING 0x01 /* of a request */

struct smb2_session_setup_request {
	uint8_t flags;
	uint8_t security_mode;
	uint32_t capabilities;
	uint64_t previous_session_id;
	struct smb2_data token;
};

struct smb2_session_setup_response {
	uint16_t session_flags;
	const uint8_t *token; /* borrows the message */
	size_t token_bytes;
};

/* token is a GSS token, borrowed until the function returns. */
void smb2_session_setup_request_encode(struct wire_writer *w, const uint8_t *token,
                                       size_t token_bytes);
void smb2_session_setup_response_encode(struct wire_writer *w, uint16_t session_flags,
                                        const uint8_t *token, size_t token_bytes);
void smb2_session_setup_request_decode(struct wire_reader *message,
                                       struct smb2_session_setup_request *request);
void smb2_session_setup_response_decode(struct wire_reader *message,
                                        struct smb2_session_setup_response *response);

/* Signing keys are derived from so many bytes of the session key, zero-padded, 3.2.5.3.1. */
#define SMB2_SESSION_KEY_BYTES 16

/* Session.FullSessionKey: the key that both ends of the log-on share. */
struct smb2_session_key {
	uint8_t data[64]; /* zero-padded */
	size_t bytes;
};

#endif
