/* SPDX-License-Identifier: MIT */
/* IOCTL: [MS-SMB2] 2.2.31, 2.2.32. */
#ifndef SMB2_IOCTL_H
#define SMB2_IOCTL_H

#include "smb2/header.h"

/* The FSCTLs that a pipe server may meet, F(name, number): 2.2.31. */
#define SMB2_FSCTLS(F)                              \
	F(DFS_GET_REFERRALS, 0x00060194)            \
	F(PIPE_PEEK, 0x0011400C)                    \
	F(PIPE_WAIT, 0x00110018)                    \
	F(PIPE_TRANSCEIVE, 0x0011C017)              \
	F(SRV_COPYCHUNK, 0x001440F2)                \
	F(SRV_ENUMERATE_SNAPSHOTS, 0x00144064)      \
	F(SRV_REQUEST_RESUME_KEY, 0x00140078)       \
	F(SRV_READ_HASH, 0x001441BB)                \
	F(SRV_COPYCHUNK_WRITE, 0x001480F2)          \
	F(LMR_REQUEST_RESILIENCY, 0x001401D4)       \
	F(QUERY_NETWORK_INTERFACE_INFO, 0x001401FC) \
	F(SET_REPARSE_POINT, 0x000900A4)            \
	F(DFS_GET_REFERRALS_EX, 0x000601B0)         \
	F(FILE_LEVEL_TRIM, 0x00098208)              \
	F(VALIDATE_NEGOTIATE_INFO, 0x00140204)

enum smb2_fsctl {
#define SMB2_FSCTL_NUMBER(NAME, NUMBER) FSCTL_##NAME = NUMBER,
	SMB2_FSCTLS(SMB2_FSCTL_NUMBER)
#undef SMB2_FSCTL_NUMBER
};

/* "FSCTL_PIPE_WAIT"; NULL for one that is not in the list. */
const char *smb2_fsctl_name(uint32_t fsctl);

#define SMB2_0_IOCTL_IS_FSCTL 1 /* Flags */

struct smb2_ioctl_request {
	uint32_t fsctl;
	struct smb2_file_id id; /* all ones: of no file */
	struct smb2_data input;
	uint32_t max_input_bytes, max_output_bytes; /* of the response */
	uint32_t flags;
};

/* Begins the body of an FSCTL, whose input the caller appends. Returns where that begins, for
 * smb2_ioctl_request_end. */
size_t smb2_ioctl_request_begin(struct wire_writer *w, uint32_t fsctl,
                                const struct smb2_file_id *id, uint32_t max_output_bytes);
void smb2_ioctl_request_end(struct wire_writer *w, size_t input_at);

/* Reads a whole message. */
void smb2_ioctl_request_decode(struct wire_reader *message, struct smb2_ioctl_request *request);

/* Begins the body of a response, to which the caller appends the output. Returns where that
 * begins, for smb2_ioctl_response_end. */
size_t smb2_ioctl_response_begin(struct wire_writer *w, uint32_t fsctl,
                                 const struct smb2_file_id *id);
void smb2_ioctl_response_end(struct wire_writer *w, size_t output_at);

/* Reads a whole message and gives its output. */
struct wire_reader smb2_ioctl_response_output(struct wire_reader *message);

#endif
