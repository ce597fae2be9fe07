/* SPDX-License-Identifier: MIT */
/* Frames into one connection, before and after its key is known.
 * Input: dialect and algorithms, size of the pieces, then actions: sending requests, answers whose
 * message id and signature the target makes right, answers as the input has them, bytes without
 * any form, the log-on's end.
 * Must reach: smb2_connection_next smb2_connection_next_message smb2_connection_next_element
 *   smb2_connection_is_authentic smb2_connection_keep_setup_response
 *   smb2_connection_find_outstanding smb2_connection_add_outstanding smb2_connection_request
 *   smb2_connection_flush smb2_connection_sign_compound smb2_connection_hash_preauth
 *   smb2_connection_negotiated smb2_connection_authenticated smb2_connection_probe_smb1
 *   smb2_frames_next smb2_frames_read_prefix smb2_connection_take_session_packet
 *   session_negative_response_explain session_retarget_response_explain smb2_frames_space
 *   smb2_sign smb2_signature_holds smb2_signing_make_nonce smb2_signing_key_new
 *   smb2_connection_encrypt smb2_connection_decrypt_message smb2_encrypt smb2_decrypt
 *   smb2_transform_header_put smb2_encryption_new
 * Holds: a reply is given once, for a request that was sent, with its tag; when there is a key,
 * it was encrypted or its signature is right, except for the end of the session; requests are
 * whole, and signed or encrypted; the buffer is bounded by the input; a message stays while it
 * is read. */
#include "smb2_server.h"

enum { SEND, ANSWER, RAW, AUTHENTICATE, PROBE, ENCRYPT, ACTIONS };

/* Of an answer. */
#define SIGN     0x01
#define REPAIR   0x02
#define COMPOUND 0x04
#define YOUNGEST 0x08
#define PENDING  0x10
#define EXPIRED  0x20
#define SEAL     0x40 /* of its message */
#define DAMAGE   0x80

struct run {
	struct smb2_connection c;
	struct fuzz_input in;
	uint32_t tags[1024]; /* of the requests by message id; 0: answered */
	size_t sent, delivered, piece;
	bool is_over;
};

static void take_answers(struct run *run)
{
	struct smb2_connection *c = &run->c;
	enum smb2_event event;

	for (;;) {
		struct smb2_reply reply;
		unsigned before = smb2_connection_outstanding(c);
		size_t bytes;

		event = smb2_connection_next(c, &reply);
		if (event != SMB2_REPLY)
			break;
		bytes = wire_left(&reply.message);
		MUST(smb2_connection_outstanding(c) + 1 == before);
		MUST(reply.message.at >= c->in.data && reply.message.end <= c->in.data + c->in.end);
		MUST(bytes >= SMB2_HEADER_BYTES && reply.status != STATUS_PENDING);
		MUST(reply.header.message_id < run->sent);
		MUST(run->tags[reply.header.message_id] == reply.tag && reply.tag != 0);
		run->tags[reply.header.message_id] = 0;
		if (c->signing_key != NULL && !c->was_encrypted &&
		    !smb2_signature_holds(c->signing_key, reply.message.at, bytes))
			MUST(reply.status == STATUS_USER_SESSION_DELETED ||
			     reply.status == STATUS_NETWORK_SESSION_EXPIRED);
	}
	MUST((event == SMB2_FAILED) == (c->err.status != NERR_Success));
	run->is_over = event == SMB2_FAILED;
}

static void deliver(struct run *run, const uint8_t *data, size_t bytes)
{
	while (bytes > 0 && !run->is_over) {
		size_t moved = server_deliver(&run->c, data,
		                              bytes < run->piece ? bytes : run->piece);

		data += moved;
		bytes -= moved;
		run->delivered += moved;
		take_answers(run);
	}
	MUST(run->c.in.cap <= 8192 + 4 * run->delivered);
}

static void send_requests(struct run *run)
{
	static const enum smb2_command commands[] = {
		SMB2_NEGOTIATE, SMB2_SESSION_SETUP, SMB2_TREE_CONNECT, SMB2_CREATE,
		SMB2_READ,      SMB2_WRITE,         SMB2_IOCTL,
	};
	uint8_t choice = fuzz_u8(&run->in);
	enum smb2_command command = commands[(choice >> 2) % 7];
	unsigned count = 1 + (choice & 3U) % SMB2_MAX_COMPOUND;

	if (count > smb2_connection_room(&run->c))
		count = smb2_connection_room(&run->c);
	if (count == 0 || run->sent + count > sizeof run->tags / sizeof *run->tags)
		return;
	for (unsigned i = 0; i < count; i++) {
		uint32_t tag = 0x100u + choice + i;
		struct wire_writer *w = smb2_connection_request(&run->c, command, tag);

		wire_put_zeros(w, choice);
		run->tags[run->sent++] = tag;
	}
	smb2_connection_flush(&run->c);
	server_check_sent(&run->c);
}

/* from: the least message id that this message has not answered yet; moves on. */
static void put_answer(struct run *run, struct wire_writer *w, unsigned flags, uint64_t *from)
{
	size_t bytes = fuzz_u8(&run->in), begin = w->len;
	uint8_t *body;
	const struct smb2_outstanding *o = server_pick(&run->c, (flags & YOUNGEST) != 0, *from);
	struct smb2_header h = {
		.status = (flags & PENDING) != 0   ? STATUS_PENDING
		          : (flags & EXPIRED) != 0 ? STATUS_NETWORK_SESSION_EXPIRED
		                                   : 0,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.credits = fuzz_u8(&run->in),
	};

	body = fuzz_copy(&run->in, &bytes);
	if ((flags & REPAIR) == 0) { /* as the input has it */
		wire_put_bytes(w, body, bytes);
	} else {
		h.message_id = o != NULL ? o->message_id : fuzz_u8(&run->in);
		h.command = o != NULL ? o->command : fuzz_u8(&run->in);
		smb2_header_encode(w, &h);
		wire_put_bytes(w, body, bytes);
		*from = h.message_id + 1;
	}
	free(body);
	if (w->len - begin < SMB2_HEADER_BYTES)
		return;
	if ((flags & COMPOUND) != 0) {
		wire_put_padding(w, begin, 8);
		smb2_header_set_next(w, begin, (uint32_t)(w->len - begin));
	}
	if ((flags & SIGN) != 0 && run->c.dialect != 0)
		server_sign(&run->c, w->data + begin, w->len - begin);
}

static void answer(struct run *run)
{
	struct wire_writer w = { 0 };
	struct wire_writer message = { 0 };
	uint64_t from = 0;
	unsigned flags, first = run->in.left > 0 ? run->in.at[0] : 0;
	size_t begin;

	do {
		flags = fuzz_u8(&run->in);
		put_answer(run, &message, flags, &from);
	} while ((flags & COMPOUND) != 0 && run->in.left > 0 && message.len < 60000);
	if ((first & SEAL) != 0 && run->c.encryption != NULL)
		server_seal(&run->c, &message,
		            (first & DAMAGE) != 0 ? (size_t)from + message.len / 2 : 0);
	begin = smb2_frame_begin(&w);
	wire_put_bytes(&w, message.data, message.len);
	wire_writer_fini(&message);
	smb2_frame_end(&w, begin);
	deliver(run, w.data, w.len);
	wire_writer_fini(&w);
}

static void raw(struct run *run)
{
	size_t bytes = fuzz_u16(&run->in);
	uint8_t *data = fuzz_copy(&run->in, &bytes);

	deliver(run, data, bytes);
	free(data);
}

static void authenticate(struct run *run)
{
	struct smb2_connection *c = &run->c;

	if (c->signing_key == NULL && c->setup_response.len > 0)
		run->is_over = !smb2_connection_authenticated(c, &server_session_key);
	MUST(run->is_over == (c->err.status != NERR_Success));
}

static void probe(struct run *run)
{
	smb2_connection_probe_smb1(&run->c);
	server_check_sent(&run->c);
}

static void encrypt(struct run *run)
{
	MUST(smb2_connection_encrypt(&run->c) == (run->c.encryption != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const actions[ACTIONS])(struct run *) = {
		[SEND] = send_requests,        [ANSWER] = answer, [RAW] = raw,
		[AUTHENTICATE] = authenticate, [PROBE] = probe,   [ENCRYPT] = encrypt,
	};
	static const uint16_t dialects[] = { SMB2_DIALECT_202, SMB2_DIALECT_300, SMB2_DIALECT_311 };
	struct run *run = calloc(1, sizeof *run);
	struct smb2_negotiate_response agreed = { .has_signing_algorithm = true };
	uint8_t choice;

	run->in = (struct fuzz_input){ data, bytes };
	choice = fuzz_u8(&run->in);
	agreed.dialect = dialects[(choice & 15) % 3];
	agreed.signing_algorithm = (choice >> 4 & 3) % 3;
	agreed.capabilities = (choice & 0x40) != 0 ? SMB2_GLOBAL_CAP_LARGE_MTU : 0;
	if (agreed.dialect != SMB2_DIALECT_202)
		agreed.cipher = agreed.dialect == SMB2_DIALECT_300 ? SMB2_AES_128_CCM
		                                                   : fuzz_u8(&run->in) % 5;
	run->piece = 1 + (size_t)fuzz_u8(&run->in) * 64;
	smb2_connection_init(&run->c);
	smb2_connection_negotiated(&run->c, &agreed);
	while (run->in.left > 0 && !run->is_over)
		actions[fuzz_u8(&run->in) % ACTIONS](run);
	smb2_connection_fini(&run->c);
	free(run);
	return 0;
}
