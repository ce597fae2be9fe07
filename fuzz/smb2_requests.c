/* SPDX-License-Identifier: MIT */
/* Each request's decoder, as a server reads it, over a whole message of which not a byte is more;
 * and what the server makes of it.
 * Input: which decoder, then the message.
 * Must reach: smb2_negotiate_request_decode smb2_negotiate_get_offered_contexts
 *   smb2_negotiate_get_offered_sha512 smb2_negotiate_get_offered_list smb2_negotiate_next_context
 *   smb2_negotiate_choose smb2_negotiate_answer_contexts smb2_negotiate_response_encode
 *   smb2_negotiate_offer_decode smb2_negotiate_offer_equal smb1_negotiate_decode smb1_get_dialect
 *   smb2_session_setup_request_decode smb2_tree_connect_request_decode smb2_create_request_decode
 *   smb2_create_check_contexts smb2_name_get smb2_close_request_decode smb2_flush_request_decode
 *   smb2_read_request_decode smb2_write_request_decode smb2_ioctl_request_decode
 *   smb2_pipe_wait_request_decode smb2_query_info_request_decode smb2_pipe_info_encode
 *   smb2_pipe_put_all smb2_pipe_put_pipe_local smb2_set_info_request_decode smb2_pipe_mode_decode
 *   smb2_empty_body_decode smb2_encrypted_session_id smb2_decrypt smb2_data_get
 * Holds: what a decoder gives lies within the message, and is empty after a failure; names are
 * UTF-8 of a bounded length; our client accepts what our server answers, which was offered. */
#include "base/text.h"
#include "fuzz.h"
#include "smb2/file.h"
#include "smb2/header.h"
#include "smb2/ioctl.h"
#include "smb2/negotiate_choice.h"
#include "smb2/read_write.h"
#include "smb2/info.h"
#include "smb2/encryption.h"
#include "smb2/session.h"
#include "smb2/smb1_negotiate.h"
#include "smb2/status.h"
#include "smb2/tree.h"

static void check_data(const struct wire_reader *r, const struct smb2_data *data)
{
	if (r->error != NULL)
		MUST(data->bytes == 0);
	else
		MUST(data->data >= r->start && data->bytes <= (size_t)(r->end - data->data));
}

static void check_name(const struct wire_reader *r, const char *name)
{
	MUST(memchr(name, 0, SMB2_NAME_BYTES) != NULL);
	MUST(text_utf8_is_valid(name));
	MUST(r->error == NULL || r->at == r->end);
}

static struct wire_reader reader_of(const struct smb2_data *data)
{
	struct wire_reader r;

	wire_reader_init(&r, data->data, data->bytes);
	return r;
}

/* What is chosen was offered, and our client takes it. */
static void check_choice(const struct smb2_negotiate_offer *offer, bool may_encrypt)
{
	struct smb2_negotiate_response said = { .token = { (const uint8_t *)"token", 5 } }, heard;
	struct wire_writer w = { 0 };
	struct wire_reader r;
	size_t i = 0;

	if (smb2_negotiate_choose(offer, SMB2_DIALECT_202, may_encrypt, &said) != STATUS_SUCCESS)
		return;
	while (smb2_dialects[i] != said.dialect)
		i++;
	MUST((offer->dialects >> i) == 1);
	MUST(said.cipher == SMB2_CIPHER_NONE || may_encrypt);
	MUST(said.cipher == SMB2_CIPHER_NONE || said.dialect < SMB2_DIALECT_311 ||
	     (offer->ciphers >> said.cipher & 1) != 0);
	wire_put_zeros(&w, SMB2_HEADER_BYTES);
	smb2_negotiate_response_encode(&w, 0, &said);
	wire_reader_init(&r, w.data, w.len);
	smb2_negotiate_response_decode(&r, &heard);
	MUST(r.error == NULL && heard.dialect == said.dialect && heard.cipher == said.cipher);
	MUST(heard.has_signing_algorithm == said.has_signing_algorithm);
	MUST(!said.has_signing_algorithm || heard.signing_algorithm == said.signing_algorithm);
	wire_writer_fini(&w);
}

static void negotiate(struct wire_reader *r)
{
	struct smb2_negotiate_offer offer;

	smb2_negotiate_request_decode(r, &offer);
	MUST(offer.dialects < 1u << SMB2_DIALECT_COUNT && (offer.ciphers & ~0x1Eu) == 0);
	MUST(offer.signing_algorithms < 8);
	if (r->error != NULL)
		return;
	check_choice(&offer, true);
	check_choice(&offer, false);
}

static void validate(struct wire_reader *r)
{
	struct smb2_negotiate_offer offer;

	smb2_negotiate_offer_decode(r, &offer);
	MUST(smb2_negotiate_offer_equal(&offer, &offer));
}

static void negotiate_smb1(struct wire_reader *r)
{
	struct smb1_negotiate_offer offer;

	smb1_negotiate_decode(r, &offer);
}

static void session_setup(struct wire_reader *r)
{
	struct smb2_session_setup_request request;

	smb2_session_setup_request_decode(r, &request);
	check_data(r, &request.token);
}

static void tree_connect(struct wire_reader *r)
{
	struct smb2_tree_connect_request request;

	smb2_tree_connect_request_decode(r, &request);
	check_name(r, request.path);
}

static void create(struct wire_reader *r)
{
	struct smb2_create_request request;

	smb2_create_request_decode(r, &request);
	check_name(r, request.name);
}

static void close_pipe(struct wire_reader *r)
{
	struct smb2_close_request request;

	smb2_close_request_decode(r, &request);
}

static void flush(struct wire_reader *r)
{
	struct smb2_file_id id;

	smb2_flush_request_decode(r, &id);
}

static void read_pipe(struct wire_reader *r)
{
	struct smb2_read_request request;

	smb2_read_request_decode(r, &request);
}

static void write_pipe(struct wire_reader *r)
{
	struct smb2_write_request request;

	smb2_write_request_decode(r, &request);
	check_data(r, &request.data);
}

static void control(struct wire_reader *r)
{
	struct smb2_ioctl_request request;
	char name[SMB2_NAME_BYTES];
	struct wire_reader input;

	smb2_ioctl_request_decode(r, &request);
	check_data(r, &request.input);
	(void)smb2_fsctl_name(request.fsctl);
	input = reader_of(&request.input);
	smb2_pipe_wait_request_decode(&input, name);
	check_name(&input, name);
}

static void query_info(struct wire_reader *r)
{
	static const struct smb2_pipe_facts facts = { .state = SMB2_PIPE_CONNECTED };
	struct smb2_query_info_request request;
	struct wire_writer w = { 0 };
	uint32_t status;

	smb2_query_info_request_decode(r, &request);
	status = smb2_pipe_info_encode(&w, request.class, request.max_output_bytes, &facts);
	MUST(w.len <= request.max_output_bytes);
	MUST((status == STATUS_SUCCESS) == (w.len > 0));
	wire_writer_fini(&w);
}

static void set_info(struct wire_reader *r)
{
	struct smb2_set_info_request request;
	struct smb2_pipe_mode mode = { 0 };

	smb2_set_info_request_decode(r, &request);
	check_data(r, &request.input);
	(void)smb2_pipe_mode_decode(request.class, &request.input, &mode);
}

static void empty_body(struct wire_reader *r)
{
	smb2_empty_body_decode(r);
}

/* For a server that has this session: its key cannot be guessed. */
static void sealed(struct wire_reader *r)
{
	static const struct smb2_session_key key = { .data = "0123456789abcdef", .bytes = 16 };
	static const uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct smb2_encryption *sealing;
	uint8_t *message, *plain;
	uint64_t session_id;
	size_t bytes = wire_left(r), plain_bytes;

	if (!smb2_encrypted_session_id(r->start, bytes, &session_id))
		return;
	sealing = smb2_encryption_new(SMB2_SERVER, SMB2_DIALECT_311, SMB2_AES_128_GCM, &key,
	                              preauth);
	message = malloc(bytes);
	MUST(sealing != NULL && message != NULL);
	memcpy(message, r->start, bytes);
	MUST(smb2_decrypt(sealing, session_id, message, bytes, &plain, &plain_bytes) != NULL);
	free(message);
	smb2_encryption_free(sealing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const decoders[])(struct wire_reader *) = {
		negotiate, validate,   negotiate_smb1, session_setup, tree_connect,
		create,    close_pipe, flush,          read_pipe,     write_pipe,
		control,   query_info, set_info,       empty_body,    sealed,
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
