/* SPDX-License-Identifier: MIT */
/* Each response's decoder, over a whole message of which not a byte is more; and the packets of the
 * NetBIOS session service.
 * Input: which decoder, then the message.
 * Must reach: smb2_header_decode smb2_negotiate_response_decode smb2_negotiate_get_contexts
 *   smb2_negotiate_get_preauth smb2_negotiate_get_signing smb2_negotiate_note_context
 *   smb2_negotiate_response_check smb2_response_data_get
 *   smb2_session_setup_response_decode smb2_tree_connect_response_decode
 *   smb2_create_response_decode smb2_transceive_response_decode smb2_read_response_decode
 *   smb2_write_response_decode wire_part smb2_negotiate_get_encryption
 *   smb2_validate_response_check smb2_ioctl_response_output smb2_structure_size
 *   session_request_decode session_request_encode session_skip_name
 *   session_negative_response_explain session_retarget_response_explain
 * Holds: what a decoder gives lies within the message, and is empty after a failure; NEGOTIATE
 * gives only what was offered; a refusal is explained. */
#include "fuzz.h"
#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/negotiate_check.h"
#include "smb2/read_write.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/session_service.h"
#include "smb2/tree.h"
#include "smb2/ioctl.h"

static void check_part(const struct wire_reader *r, const uint8_t *data, size_t bytes)
{
	if (r->error != NULL)
		MUST(bytes == 0);
	else
		MUST(data >= r->start && bytes <= (size_t)(r->end - data));
}

static void header(struct wire_reader *r)
{
	struct smb2_header h, again;
	struct wire_writer w = { 0 };

	smb2_header_decode(r, &h);
	if (r->error != NULL)
		return;
	(void)smb2_status_name(h.status);
	(void)smb2_status_to_win32(h.status);
	smb2_header_encode(&w, &h);
	wire_reader_init(r, w.data, w.len);
	smb2_header_decode(r, &again);
	MUST(r->error == NULL && w.len == SMB2_HEADER_BYTES);
	MUST(h.message_id == again.message_id && h.session_id == again.session_id);
	MUST(h.status == again.status && h.flags == again.flags && h.tree_id == again.tree_id);
	MUST(h.command == again.command && h.next_command == again.next_command);
	wire_writer_fini(&w);
}

static void negotiate(struct wire_reader *r)
{
	static const struct smb2_negotiate_request all;
	struct smb2_negotiate_response response;
	struct err err = { 0 };

	smb2_negotiate_response_decode(r, &response);
	if (r->error != NULL ||
	    smb2_negotiate_response_check(&all, &response, NULL, &err) != NERR_Success)
		return;
	MUST(response.dialect >= SMB2_DIALECT_202 && response.dialect <= SMB2_DIALECT_311);
	MUST(response.signing_algorithm <= SMB2_SIGNING_AES_GMAC);
	MUST(response.cipher <= SMB2_AES_256_GCM);
	MUST(response.cipher == SMB2_CIPHER_NONE || response.dialect >= SMB2_DIALECT_300);
	MUST(response.dialect != SMB2_DIALECT_311 || response.has_preauth_sha512);
	MUST(response.dialect == SMB2_DIALECT_311 || !response.has_signing_algorithm);
}

static void session_setup(struct wire_reader *r)
{
	struct smb2_session_setup_response response;

	smb2_session_setup_response_decode(r, &response);
	check_part(r, response.token, response.token_bytes);
}

static void tree_connect(struct wire_reader *r)
{
	struct smb2_tree_connect_response response;

	smb2_tree_connect_response_decode(r, &response);
}

static void create(struct wire_reader *r)
{
	struct smb2_file_id id;

	smb2_create_response_decode(r, &id);
}

static void transceive(struct wire_reader *r)
{
	struct smb2_data data;

	smb2_transceive_response_decode(r, &data);
	check_part(r, data.data, data.bytes);
}

static void read_pipe(struct wire_reader *r)
{
	struct smb2_data data;

	smb2_read_response_decode(r, &data);
	check_part(r, data.data, data.bytes);
}

static void write_pipe(struct wire_reader *r)
{
	uint32_t bytes;

	smb2_write_response_decode(r, &bytes);
}

static void validate(struct wire_reader *r)
{
	static const struct smb2_negotiate_response negotiated = { .dialect = SMB2_DIALECT_302,
		                                                   .capabilities = 7 };

	smb2_validate_response_check(r, &negotiated);
}

/* RFC 1002: what stands before SMB, and the refusals of it. */
static void session_request(struct wire_reader *r)
{
	struct wire_writer w = { 0 };

	session_request_decode(r);
	if (r->error == NULL)
		MUST((size_t)(r->end - r->start) <= SESSION_MAX_CONTROL_BYTES);
	session_request_encode(&w);
	wire_reader_init(r, w.data + SESSION_PREFIX_BYTES, w.len - SESSION_PREFIX_BYTES);
	session_request_decode(r);
	MUST(r->error == NULL);
	wire_writer_fini(&w);
}

static void session_refusal(struct wire_reader *r)
{
	struct wire_reader again = *r;
	struct err negative = { 0 }, retarget = { 0 };

	session_negative_response_explain(r, &negative);
	session_retarget_response_explain(&again, &retarget);
	MUST(negative.status != NERR_Success && negative.text[0] != '\0');
	MUST(retarget.status != NERR_Success && retarget.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const decoders[])(struct wire_reader *) = {
		header,    negotiate,  session_setup, tree_connect,    create,          transceive,
		read_pipe, write_pipe, validate,      session_request, session_refusal,
	};
	struct fuzz_input in = { data, bytes };
	unsigned which = fuzz_u8(&in) % (sizeof decoders / sizeof *decoders);
	size_t message_bytes;
	uint8_t *message = fuzz_rest(&in, &message_bytes);
	struct wire_reader r;

	wire_reader_init(&r, message, message_bytes);
	decoders[which](&r);
	free(message);
	return 0;
}
