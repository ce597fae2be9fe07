/* SPDX-License-Identifier: MIT */
/* What moves bytes through an open pipe: IOCTL FSCTL_PIPE_TRANSCEIVE ([MS-SMB2] 2.2.31, 2.2.32,
 * [MS-FSCC] 2.3.47), READ (2.2.19, 2.2.20) and WRITE (2.2.21, 2.2.22). */
#ifndef SMB2_READ_WRITE_H
#define SMB2_READ_WRITE_H

#include "smb2/header.h"

/* Flags of READ and of WRITE, which are for files. */
#define SMB2_READFLAG_READ_UNBUFFERED   0x01
#define SMB2_WRITEFLAG_WRITE_THROUGH    0x00000001u
#define SMB2_WRITEFLAG_WRITE_UNBUFFERED 0x00000002u

#define SMB2_CHANNEL_NONE 0 /* Channel: the data is in the message */

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

/* The bodies. input is the last fragment of a request; the answer, or its first max_bytes, come
 * back with the same message. */
void smb2_transceive_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                                    const uint8_t *input, size_t bytes, uint32_t max_bytes);
void smb2_read_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                              uint32_t max_bytes);
void smb2_write_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                               const uint8_t *data, size_t bytes);

/* Begins the body, to which the caller appends the data. Returns where that begins, for
 * smb2_read_response_end. */
size_t smb2_read_response_begin(struct wire_writer *w);
void smb2_read_response_end(struct wire_writer *w, size_t data_at);
void smb2_write_response_encode(struct wire_writer *w, uint32_t bytes);

/* Read whole messages. (A transceive's request is decoded as an IOCTL.) */
void smb2_read_request_decode(struct wire_reader *message, struct smb2_read_request *request);
void smb2_write_request_decode(struct wire_reader *message, struct smb2_write_request *request);
void smb2_transceive_response_decode(struct wire_reader *message, struct smb2_data *output);
void smb2_read_response_decode(struct wire_reader *message, struct smb2_data *data);
/* How many bytes the server took. */
void smb2_write_response_decode(struct wire_reader *message, uint32_t *bytes);

#endif
