/* SPDX-License-Identifier: MIT */
/* The body of a response that failed: [MS-SMB2] 2.2.2. */
#ifndef SMB2_ERROR_H
#define SMB2_ERROR_H

#include "smb2/header.h"

/* Without any error data, as nearly all are. */
void smb2_error_response_encode(struct wire_writer *w);
/* With one empty error context: STATUS_INFO_LENGTH_MISMATCH at dialect 3.1.1, 3.3.5.20.1. */
void smb2_error_context_response_encode(struct wire_writer *w);

#endif
