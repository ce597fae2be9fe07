/* SPDX-License-Identifier: MIT */
/* IOCTL ([MS-SMB2] 2.2.31, 2.2.32), and the FSCTLs of pipes and of negotiation that it carries. */
#ifndef SMB2_IOCTL_H
#define SMB2_IOCTL_H

#include "smb2/header.h"
#include "smb2/info.h"
#include "smb2/negotiate.h"

/* The FSCTLs that a server of pipes may receive, F(name, number): 2.2.31. */
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

/* Returns "FSCTL_PIPE_WAIT", or NULL for an FSCTL that the list does not have. */
const char *smb2_fsctl_name(uint32_t fsctl);

#define SMB2_0_IOCTL_IS_FSCTL 1 /* Flags */

struct smb2_ioctl_request {
	uint32_t fsctl;
	struct smb2_file_id id; /* all ones: the request is about no file */
	struct smb2_data input;
	uint32_t max_input_bytes, max_output_bytes; /* of the response */
	uint32_t flags;
};

/* Begins a request, to which the caller then appends the input. Returns where the input begins;
 * smb2_ioctl_request_end takes that and sets the length. */
size_t smb2_ioctl_request_begin(struct wire_writer *w, uint32_t fsctl,
                                const struct smb2_file_id *id, uint32_t max_output_bytes);
void smb2_ioctl_request_end(struct wire_writer *w, size_t input_at);
void smb2_ioctl_request_decode(struct wire_reader *message, struct smb2_ioctl_request *request);

/* Begins a response, to which the caller then appends the output. Returns where the output begins;
 * smb2_ioctl_response_end takes that and sets the length. */
size_t smb2_ioctl_response_begin(struct wire_writer *w, uint32_t fsctl,
                                 const struct smb2_file_id *id);
void smb2_ioctl_response_end(struct wire_writer *w, size_t output_at);
/* Returns a reader of the output of the response to this FSCTL. */
struct wire_reader smb2_ioctl_response_output(struct wire_reader *message, uint32_t fsctl);

/* ---- FSCTL_PIPE_TRANSCEIVE: [MS-FSCC] 2.3.47 ---- */

/* input is the last fragment of an RPC request. The response has the answer, or its first
 * max_bytes. (smb2_ioctl_request_decode decodes the request.) */
void smb2_transceive_request_encode(struct wire_writer *w, const struct smb2_file_id *id,
                                    const uint8_t *input, size_t bytes, uint32_t max_bytes);
void smb2_transceive_response_decode(struct wire_reader *message, struct smb2_data *output);

/* ---- FSCTL_PIPE_WAIT: [MS-FSCC] 2.3.49 ---- */

/* Gives the name of the pipe that the client waits for. The timeout is not decoded, because this
 * server never makes a client wait. input is that of an IOCTL; a malformed name fails it. */
void smb2_pipe_wait_request_decode(struct wire_reader *input, char name[SMB2_NAME_BYTES]);

/* ---- FSCTL_PIPE_PEEK: [MS-FSCC] 2.3.46 ---- */

#define SMB2_PIPE_PEEK_BYTES 16

struct smb2_pipe_peek {
	enum smb2_pipe_state state;
	uint32_t readable_bytes;
	uint32_t messages, first_message_bytes; /* 0 unless the pipe is read by messages */
};

/* The output of the response; the bytes that are peeked at follow it. */
void smb2_pipe_peek_encode(struct wire_writer *w, const struct smb2_pipe_peek *peek);

/* ---- FSCTL_VALIDATE_NEGOTIATE_INFO: [MS-SMB2] 2.2.31.4, 2.2.32.6 ----
 * Both ends repeat, signed, what they said in NEGOTIATE, which is not signed. */

/* The least MaxOutputResponse of the request, 3.3.5.15.12 */
#define SMB2_VALIDATE_RESPONSE_BYTES (4 + SMB2_GUID_BYTES + 2 + 2)

/* request is the one that NEGOTIATE was sent with. (Its input is decoded by
 * smb2_negotiate_offer_decode.) */
void smb2_validate_request_encode(struct wire_writer *w,
                                  const struct smb2_negotiate_request *request);
/* negotiated is the response that NEGOTIATE was answered with. */
void smb2_validate_response_encode(struct wire_writer *w,
                                   const struct smb2_negotiate_response *negotiated);
/* Fails message if it differs from negotiated, the response to NEGOTIATE. */
void smb2_validate_response_check(struct wire_reader *message,
                                  const struct smb2_negotiate_response *negotiated);

#endif
