/* SPDX-License-Identifier: MIT */
#ifndef SMB2_SESSION_KEY_H
#define SMB2_SESSION_KEY_H

#include <stddef.h>
#include <stdint.h>

/* What signing keys are derived from: the first bytes, zero-padded, [MS-SMB2] 3.2.5.3.1. */
#define SMB2_SESSION_KEY_BYTES 16

/* The key that the log-on gave: Session.FullSessionKey. */
struct smb2_session_key {
	uint8_t data[64]; /* zero-padded */
	size_t bytes;
};

#endif
