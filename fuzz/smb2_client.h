/* SPDX-License-Identifier: MIT */
/* The bodies of a client's requests, of the right form around what the input gives. */
#ifndef FUZZ_SMB2_CLIENT_H
#define FUZZ_SMB2_CLIENT_H

#include "fuzz.h"
#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/ioctl.h"
#include "smb2/read_write.h"
#include "smb2/session.h"
#include "smb2/tree.h"

static inline void client_of_file(struct wire_writer *w, uint16_t structure_bytes,
                                  const struct smb2_file_id *id)
{
	wire_put_u16le(w, structure_bytes);
	wire_put_zeros(w, 6);
	smb2_file_id_put(w, id);
	wire_put_zeros(w, structure_bytes - 24u);
}

static inline void client_ioctl(struct fuzz_input *in, struct wire_writer *w,
                                const struct smb2_file_id *id, uint8_t which, uint16_t dialect)
{
	static const uint32_t fsctls[] = { FSCTL_PIPE_TRANSCEIVE,   FSCTL_PIPE_PEEK,
		                           FSCTL_PIPE_WAIT,         FSCTL_VALIDATE_NEGOTIATE_INFO,
		                           FSCTL_DFS_GET_REFERRALS, FSCTL_SRV_COPYCHUNK };
	static const struct smb2_file_id none = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };
	uint32_t fsctl = fsctls[which % 6];
	bool is_of_pipe = fsctl == FSCTL_PIPE_TRANSCEIVE || fsctl == FSCTL_PIPE_PEEK;
	size_t bytes = fuzz_u8(in), at;
	uint8_t *data = fuzz_copy(in, &bytes);

	at = smb2_ioctl_request_begin(w, fsctl, is_of_pipe ? id : &none, 16u + 64u * which);
	if (fsctl == FSCTL_PIPE_WAIT) {
		wire_put_zeros(w, 8);
		wire_put_u32le(w, 12);
		wire_put_zeros(w, 2);
		wire_put_utf16le(w, "srvsvc");
	} else if (fsctl == FSCTL_VALIDATE_NEGOTIATE_INFO) {
		smb2_negotiate_offer_encode(
			w, &(struct smb2_negotiate_request){ .only_dialect = dialect });
	}
	wire_put_bytes(w, data, bytes);
	smb2_ioctl_request_end(w, at);
	free(data);
}

static inline void client_token(struct fuzz_input *in, struct wire_writer *w)
{
	size_t bytes = fuzz_u8(in), body_at = w->len;
	uint8_t *token = fuzz_copy(in, &bytes);

	smb2_session_setup_request_encode(w, token, bytes);
	if (bytes > 0 && token[0] == 'P') /* PreviousSessionId */
		wire_set_u32le(w, body_at + 16, (uint32_t)(1 + bytes));
	free(token);
}

static inline void client_data(struct fuzz_input *in, struct wire_writer *w,
                               const struct smb2_file_id *id)
{
	size_t bytes = fuzz_u8(in);
	uint8_t *data = fuzz_copy(in, &bytes);

	smb2_write_request_encode(w, id, data, bytes);
	free(data);
}

static inline void client_info(struct wire_writer *w, const struct smb2_file_id *id, bool is_set,
                               uint8_t which)
{
	wire_put_u16le(w, is_set ? 33 : 41);
	wire_put_u8(w, 1 + which / 64);
	wire_put_u8(w, is_set ? 23 : which % 64);
	wire_put_u32le(w, is_set ? 8 : which);
	wire_put_u16le(w, is_set ? SMB2_HEADER_BYTES + 32 : 0);
	wire_put_zeros(w, is_set ? 6 : 14);
	smb2_file_id_put(w, id);
	wire_put_u32le(w, which & 1);
	wire_put_u32le(w, which >> 1 & 1);
}

/* Of any command; id is the pipe's. */
static inline void client_body(struct fuzz_input *in, struct wire_writer *w, size_t header_at,
                               uint16_t command, const struct smb2_file_id *id, uint16_t dialect)
{
	uint8_t which = fuzz_u8(in);

	switch (command) {
	case SMB2_NEGOTIATE:
		smb2_negotiate_request_encode(
			w, header_at,
			&(struct smb2_negotiate_request){
				.only_dialect = which % 6 < 5 ? smb2_dialects[which % 6] : 0 });
		break;
	case SMB2_SESSION_SETUP:
		client_token(in, w);
		break;
	case SMB2_TREE_CONNECT:
		smb2_tree_connect_request_encode(w, "fs1", which % 8 != 7 ? "IPC$" : "C$");
		break;
	case SMB2_CREATE:
		smb2_create_pipe_request_encode(w, which % 8 != 7 ? "srvsvc" : "wkssvc");
		break;
	case SMB2_READ:
		smb2_read_request_encode(w, id, which * 300u);
		break;
	case SMB2_WRITE:
		client_data(in, w, id);
		break;
	case SMB2_IOCTL:
		client_ioctl(in, w, id, which, dialect);
		break;
	case SMB2_QUERY_INFO:
	case SMB2_SET_INFO:
		client_info(w, id, command == SMB2_SET_INFO, which);
		break;
	case SMB2_CLOSE:
	case SMB2_FLUSH:
	case SMB2_OPLOCK_BREAK:
		client_of_file(w, 24, id);
		break;
	case SMB2_LOCK:
		client_of_file(w, 48, id);
		break;
	case SMB2_QUERY_DIRECTORY:
		client_of_file(w, 33, id);
		break;
	case SMB2_CHANGE_NOTIFY:
		client_of_file(w, 32, id);
		break;
	default:
		smb2_empty_body_encode(w);
		break;
	}
}

#endif
