/* SPDX-License-Identifier: MIT */
/* READ ([MS-SMB2] 2.2.19, 2.2.20) and WRITE (2.2.21, 2.2.22) of an open pipe.
 * FSCTL_PIPE_TRANSCEIVE, which does both, is in smb2/ioctl.h. */
#ifndef SMB2_READ_WRITE_H
#define SMB2_READ_WRITE_H

#include "smb2/header.h"

/* Flags that make sense for files only */
#define SMB2_READFLAG_READ_UNBUFFERED   0x01
#define SMB2_WRITEFLAG_WRITE_THROUGH    0x00000001u
#define SMB2_WRITEFLAG_WRITE_UNBUFFERED 0x00000002u

#define SMB2_CHANNEL_NONE 0 /* Channel: the data is in the message itself */

struct smb2_read_request {
	struct smb2_file_id id;
	uint32_t max_bytes, min_bytes;
	uint32_t channel;
	uint8_t flags;
};

struct smb2_write_request {
	struct smb2_file_id id;
	struct smb2_data data;
	uint32_t channel;
	uint32_t flags;
};

void smb2_read_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                              uint32_t max_bytes);
void smb2_read_request_decode(struct wire_reader *message, struct smb2_read_request *request);

/* Begins the response, to which the caller then appends the data. Returns where the data begins;
 * smb2_read_response_end takes that and sets the length. */
size_t smb2_read_response_begin(struct wire_writer *w);
void smb2_read_response_end(struct wire_writer *w, size_t data_at);
void smb2_read_response_decode(struct wire_reader *message, struct smb2_data *data);

void smb2_write_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                               const uint8_t *data, size_t bytes);
void smb2_write_request_decode(struct wire_reader *message, struct smb2_write_request *request);

/* bytes is how many the server accepted. */
void smb2_write_response_encode(struct wire_writer *w, uint32_t bytes);
void smb2_write_response_decode(struct wire_reader *message, uint32_t *bytes);

#endif
