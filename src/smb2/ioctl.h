/* SPDX-License-Identifier: MIT */
/* IOCTL: [MS-SMB2] 2.2.31, 2.2.32. */
#ifndef SMB2_IOCTL_H
#define SMB2_IOCTL_H

#include "smb2/header.h"

/* Begins the body of an FSCTL, whose input the caller appends. Returns where that begins, for
 * smb2_ioctl_request_end. */
size_t smb2_ioctl_request_begin(struct wire_writer *w, uint32_t fsctl,
                                const struct smb2_file_id *id, uint32_t max_output_bytes);
void smb2_ioctl_request_end(struct wire_writer *w, size_t input_at);

/* Reads a whole message and gives its output. */
struct wire_reader smb2_ioctl_response_output(struct wire_reader *message);

#endif
