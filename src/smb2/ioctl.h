/* SPDX-License-Identifier: MIT */
/* IOCTL: [MS-SMB2] 2.2.31, 2.2.32. */
#ifndef SMB2_IOCTL_H
#define SMB2_IOCTL_H

#include "smb2/header.h"
#include "smb2/info.h"
#include "smb2/negotiate.h"

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

/* What FSCTLs ask of pipes beside data: [MS-FSCC] 2.3.45 to 2.3.50. */

/* FSCTL_PIPE_WAIT, 2.3.49: the name of the pipe that is waited for. How long does not matter to who
 * never lets anybody wait. Reads the input of an IOCTL, which a malformed name fails too. */
void smb2_pipe_wait_request_decode(struct wire_reader *input, char name[SMB2_NAME_BYTES]);

/* FSCTL_PIPE_PEEK, 2.3.46: what comes before the bytes that are peeked at. */
#define SMB2_PIPE_PEEK_BYTES 16

struct smb2_pipe_peek {
	enum smb2_pipe_state state;
	uint32_t readable_bytes;
	uint32_t messages, first_message_bytes; /* of a pipe that is read by messages, else 0 */
};

void smb2_pipe_peek_encode(struct wire_writer *w, const struct smb2_pipe_peek *peek);

/* IOCTL FSCTL_VALIDATE_NEGOTIATE_INFO: what both sides believe that NEGOTIATE said, signed.
 * [MS-SMB2] 2.2.31.4, 2.2.32.6. */

/* What the client of an IOCTL must have room for, 3.3.5.15.12. */
#define SMB2_VALIDATE_RESPONSE_BYTES (4 + SMB2_GUID_BYTES + 2 + 2)

/* The body. */
void smb2_validate_request_encode(struct wire_writer *w,
                                  const struct smb2_negotiate_request *request);
/* The body of the answer; its request's input is for smb2_negotiate_offer_decode. */
void smb2_validate_response_encode(struct wire_writer *w,
                                   const struct smb2_negotiate_response *negotiated);
/* Reads a whole message and fails it where it differs from what NEGOTIATE answered. */
void smb2_validate_response_check(struct wire_reader *message,
                                  const struct smb2_negotiate_response *negotiated);

#endif
