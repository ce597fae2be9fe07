/* SPDX-License-Identifier: MIT */
/* One connection to the SMB2 server. The client makes what no mutation guesses: message ids,
 * compounds, signatures, encryption and bodies. The host authenticates its tokens and handles the
 * events.
 * Input: the encryption that is required, the size of the pieces, then actions: messages of
 * requests, bytes without any form, results of log-ons, data in pipes, pipes that break or end,
 * sessions that the host closes or expires.
 * Must reach: session_packet_answer session_request_decode
 *   smb2_server_next_event server_advance message_begin_next message_begin_encrypted
 *   message_begin message_advance message_begin_request message_request_handled message_end
 *   message_next_request request_take_credits request_fits_transform request_inherit_ids
 *   request_check_signature request_check_session request_find_tree request_refuse_command
 *   request_respond request_cancel request_handle_negotiate negotiate_from_smb1
 *   request_handle_session_setup smb2_server_authenticated session_accept_identity
 *   session_make_keys session_setup_respond session_setup_refuse request_handle_logoff
 *   request_handle_tree_connect request_handle_tree_disconnect request_handle_create
 *   request_create_opened request_handle_close request_handle_flush request_handle_read
 *   request_handle_write request_write_taken request_handle_ioctl ioctl_pipe_transceive
 *   ioctl_transceive_written ioctl_pipe_peek ioctl_pipe_wait ioctl_pipe_wait_opened
 *   ioctl_validate_negotiate request_handle_query_info request_handle_set_info
 *   request_handle_echo pending_add pending_take_first pending_end_all pending_cancel
 *   pending_respond_ended pipe_serve_first pipe_serve_resume pipe_read_begin pipe_read_resume
 *   pipe_close pipe_discard smb2_session_remove_tree smb2_session_end smb2_session_end_marked
 *   smb2_session_free_ended smb2_server_close_session smb2_server_expire_session
 *   command_serves_expired smb2_server_close compound_add compound_end
 *   compound_drop compound_fits_frame compound_sign_last credits_take credits_grant
 * Holds: a request is answered once, after at most one interim response, with its command;
 * responses in a session with a key are signed or encrypted; pipes are opened and written only by
 * requests that are signed, encrypted or of a null session, and that has not expired; a session is
 * established and closed once, and a pipe is closed once; nothing is sent after the end; ended
 * sessions, closed pipes and ended requests are not kept. */
#include "smb2_client.h"
#include "smb2/smb1_negotiate.h"
#include "smb2_server/internal.h"

enum { MESSAGE, RAW, JUDGE, FILL, BREAK, CLOSE, EXPIRE, ACTIONS };

/* Of a request. */
#define SIGN    0x01
#define FORM    0x02
#define MORE    0x04 /* another one is compounded with it */
#define RELATED 0x08
#define SEAL    0x10 /* its message */
#define DAMAGE  0x20
#define ODD_ID  0x40 /* of the message, as the input has it */
#define ODD     0x80 /* session, tree and pipe as the input has them */

#define MAX_KNOWN 48
#define MAX_PIPED 256
#define MAX_IDS   4096

static const struct smb2_session_key key = { "0123456789abcdef0123456789abcdef", 32 };

/* A session, as the client knows it. */
struct known_session {
	uint64_t id;
	struct crypto_mac *mac; /* NULL: a null session's */
	struct smb2_encryption *sealing;
	bool is_gone;
};

struct piped {
	bool is_open, is_broken;
	struct smb2_server_pipe *pipe;
	size_t left[4], count; /* messages to be read */
	size_t message_left;   /* of the one read last */
};

static struct run {
	struct smb2_server *c;
	struct smb2_server_settings settings;
	struct fuzz_input in;
	struct known_session known[MAX_KNOWN];
	size_t known_count;
	struct piped pipes[MAX_PIPED];
	size_t pipe_count;
	struct smb2_server_session *asking;
	bool may_act;           /* the message is signed or encrypted, or there is a null session */
	bool has_said_anything; /* bytes without a form: what they ask for is not known */
	bool is_over, pipes_break, pipes_are_over;
	uint64_t next_id;
	uint8_t asked[MAX_IDS]; /* by message id: its command + 1; 0: no response is due */
	bool is_interim[MAX_IDS];
	size_t piece;
	struct smb2_file_id file; /* opened last */
	uint32_t tree;            /* connected last */
} *run;

/* ---- the host ---- */

static void on_token(struct smb2_server_session *s, const uint8_t *token, size_t bytes)
{
	const struct smb2_server_authentication failed = { .nt = STATUS_INSUFFICIENT_RESOURCES };
	uint8_t *copy = fuzz_piece(token, bytes); /* all of it can be read */

	free(copy);
	MUST(run->asking != s && s->is_authenticating);
	if (run->asking != NULL)
		(void)smb2_server_authenticated(run->c, s, &failed);
	else
		run->asking = s;
}

static struct known_session *find_known(uint64_t id)
{
	for (size_t i = 0; i < run->known_count; i++)
		if (run->known[i].id == id)
			return &run->known[i];
	return NULL;
}

static void on_established(struct smb2_server_session *s)
{
	struct known_session *k = &run->known[run->known_count];

	MUST(run->known_count < MAX_KNOWN && find_known(s->id) == NULL);
	run->known_count++;
	*k = (struct known_session){ .id = s->id };
	if (!identity_is_authenticated(smb2_server_session_identity(s)))
		return;
	k->mac = smb2_signing_key_new(run->c->dialect, run->c->agreed.signing_algorithm, &key,
	                              s->preauth);
	MUST(k->mac != NULL);
	if (run->c->agreed.cipher == SMB2_CIPHER_NONE)
		return;
	k->sealing = smb2_encryption_new(SMB2_CLIENT, run->c->dialect, run->c->agreed.cipher, &key,
	                                 s->preauth);
	MUST(k->sealing != NULL);
}

static void on_closed(struct smb2_server_session *s)
{
	struct known_session *k = find_known(s->id);

	if (run->asking == s)
		run->asking = NULL;
	MUST((k != NULL) == (smb2_server_session_identity(s) != NULL));
	if (k != NULL) {
		MUST(!k->is_gone);
		k->is_gone = true;
	}
}

static void on_open(struct smb2_server_session *s, struct smb2_server_pipe *pipe, const char *name)
{
	struct piped *p = &run->pipes[run->pipe_count];

	MUST(run->may_act && s->state == SESSION_VALID);
	if (strcmp(name, "srvsvc") != 0 || run->pipe_count == MAX_PIPED) {
		smb2_server_pipe_refused(pipe, STATUS_OBJECT_NAME_NOT_FOUND);
		return;
	}
	run->pipe_count++;
	p->is_open = true;
	p->pipe = pipe;
	smb2_server_pipe_opened(pipe, p);
}

static void on_write(struct piped *p, const uint8_t *data, size_t bytes)
{
	size_t sum = 0;

	MUST(run->may_act && p->is_open && bytes <= SMB2_MAX_PAYLOAD_BYTES);
	MUST(p->pipe->session->state == SESSION_VALID);
	for (size_t i = 0; i < bytes; i++)
		sum += data[i];
	if (sum % 3 != 0 && p->count < 4)
		p->left[p->count++] = sum;
	if (sum % 17 == 16) /* a call that closes a session */
		smb2_server_close_session(run->c, smb2_server_sessions(run->c));
	p->is_broken = run->pipes_break;
}

static void on_read(struct piped *p, struct wire_writer *to, size_t max_bytes)
{
	size_t bytes = p->left[0] < max_bytes ? p->left[0] : max_bytes;

	MUST(p->is_open && p->count > 0 && max_bytes > 0);
	wire_put_zeros(to, bytes);
	p->left[0] -= bytes;
	p->message_left = p->left[0];
	if (p->left[0] == 0)
		memmove(p->left, p->left + 1, --p->count * sizeof p->left[0]);
}

static void update_pipes(void)
{
	for (size_t i = 0; i < run->pipe_count; i++) {
		struct piped *p = &run->pipes[i];
		struct smb2_server_pipe_state state = { .message_left = p->message_left,
			                                .has_ended = run->pipes_are_over,
			                                .is_broken = p->is_broken };

		for (size_t message = 0; message < p->count; message++)
			state.readable_bytes += p->left[message];
		if (p->is_open)
			smb2_server_pipe_update(p->pipe, &state);
	}
}

/* ---- what the server sends ---- */

/* Whether there is a null session, in which nothing is signed. */
static bool has_null_session(void)
{
	for (size_t i = 0; i < run->known_count; i++)
		if (run->known[i].mac == NULL && !run->known[i].is_gone)
			return true;
	return false;
}

static void hear_response(const struct smb2_header *h, struct wire_reader *message)
{
	uint8_t *asked;

	MUST((h->flags & SMB2_FLAGS_SERVER_TO_REDIR) != 0 && h->message_id < MAX_IDS);
	asked = &run->asked[h->message_id];
	MUST(*asked == h->command + 1 || run->has_said_anything);
	if (h->status == STATUS_PENDING) {
		MUST(h->async_id != 0);
		MUST(!run->is_interim[h->message_id] || run->has_said_anything);
		run->is_interim[h->message_id] = true;
		return;
	}
	MUST(run->is_interim[h->message_id] == ((h->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0) ||
	     run->has_said_anything);
	*asked = 0;
	if (h->status != STATUS_SUCCESS)
		return;
	if (h->command == SMB2_TREE_CONNECT)
		run->tree = h->tree_id;
	if (h->command == SMB2_CREATE) {
		smb2_create_response_decode(message, &run->file);
		MUST(message->error == NULL);
	}
}

static void hear_element(const uint8_t *at, size_t bytes, const struct known_session *sealed_for,
                         size_t *next)
{
	struct wire_reader message;
	struct smb2_header h;
	const struct known_session *k;

	wire_reader_init(&message, at, bytes);
	smb2_header_decode(&message, &h);
	MUST(message.error == NULL && h.next_command % 8 == 0 && h.next_command < bytes);
	*next = h.next_command;
	if (*next != 0)
		bytes = *next;
	k = find_known(h.session_id);
	if (sealed_for != NULL)
		MUST(k == sealed_for && (h.flags & SMB2_FLAGS_SIGNED) == 0);
	else if (k != NULL && k->mac != NULL && (h.flags & SMB2_FLAGS_SIGNED) != 0)
		MUST(smb2_signature_holds(k->mac, at, bytes));
	else if (k != NULL && k->mac != NULL)
		MUST(h.status == STATUS_PENDING || (k->is_gone && h.status >> 30 == 3));
	wire_reader_init(&message, at, bytes);
	hear_response(&h, &message);
}

static void hear_message(uint8_t *at, size_t bytes)
{
	struct known_session *k = NULL;
	uint64_t id;
	size_t next;

	if (at[0] == 0xFD) {
		MUST(smb2_encrypted_session_id(at, bytes, &id));
		k = find_known(id);
		MUST(k != NULL && k->sealing != NULL);
		MUST(smb2_decrypt(k->sealing, id, at, bytes, &at, &bytes) == NULL);
	}
	do {
		hear_element(at, bytes, k, &next);
		at += next;
		bytes -= next;
	} while (next != 0);
}

static void hear_out(void)
{
	struct wire_writer *out = &run->c->out;

	MUST(!out->failed);
	for (size_t at = 0; at < out->len;) {
		const uint8_t *p = out->data + at;
		size_t bytes = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];

		if (p[0] == SESSION_POSITIVE_RESPONSE) {
			MUST(at == 0 && bytes == 0 && out->len == SMB2_FRAME_PREFIX_BYTES);
			break;
		}
		MUST(p[0] == 0 && bytes >= SMB2_HEADER_BYTES && bytes <= SMB2_MAX_FRAME_BYTES);
		MUST(bytes <= out->len - at - SMB2_FRAME_PREFIX_BYTES);
		hear_message(out->data + at + SMB2_FRAME_PREFIX_BYTES, bytes);
		at += SMB2_FRAME_PREFIX_BYTES + bytes;
	}
	smb2_server_sent(run->c);
}

static void on_event(const struct smb2_server_event *e)
{
	struct piped *p = e->pipe != NULL ? smb2_server_pipe_tag(e->pipe) : NULL;

	switch (e->type) {
	case SMB2_SERVER_AUTHENTICATE:
		on_token(e->session, e->data, e->bytes);
		break;
	case SMB2_SERVER_SESSION_ESTABLISHED:
		on_established(e->session);
		break;
	case SMB2_SERVER_SESSION_CHANGED:
		MUST(smb2_server_session_pipes(e->session) <= MAX_PIPES);
		break;
	case SMB2_SERVER_SESSION_USED:
		MUST(!e->session->is_given); /* by its LOGOFF at the latest */
		break;
	case SMB2_SERVER_SESSION_CLOSED:
		on_closed(e->session);
		break;
	case SMB2_SERVER_CLOSE_PREVIOUS_SESSION:
		MUST(e->previous_id != 0 && e->previous_id != e->session->id);
		break;
	case SMB2_SERVER_PIPE_OPEN:
		on_open(e->session, e->pipe, e->name);
		break;
	case SMB2_SERVER_PIPE_WRITE:
		on_write(p, e->data, e->bytes);
		break;
	case SMB2_SERVER_PIPE_READ:
		on_read(p, e->to, e->max_bytes);
		break;
	case SMB2_SERVER_PIPE_CLOSED:
		MUST(p->is_open);
		p->is_open = false;
		break;
	case SMB2_SERVER_SEND:
		MUST(e->bytes == run->c->out.len);
		hear_out();
		break;
	case SMB2_SERVER_DISCONNECT:
		MUST(e->reason != NULL);
		run->is_over = true;
		break;
	}
}

static void work(void)
{
	struct smb2_server_event e;

	update_pipes();
	while (!run->is_over && smb2_server_next_event(run->c, &e)) {
		on_event(&e);
		update_pipes();
	}
	MUST(run->c->credits.available <= CREDITS_MAX && run->c->session_count <= MAX_SESSIONS);
	MUST(run->is_over ||
	     (TAILQ_EMPTY(&run->c->ended_sessions) && TAILQ_EMPTY(&run->c->closed_pipes) &&
	      STAILQ_EMPTY(&run->c->ended_requests)));
}

static void end(void)
{
	struct smb2_server_event e;

	smb2_server_close(run->c);
	while (smb2_server_next_event(run->c, &e)) {
		MUST(e.type == SMB2_SERVER_PIPE_CLOSED || e.type == SMB2_SERVER_SESSION_CLOSED);
		on_event(&e);
	}
	smb2_server_free(run->c);
}

static void deliver(const uint8_t *data, size_t bytes)
{
	while (bytes > 0 && !run->is_over) {
		size_t room, piece = bytes < run->piece ? bytes : run->piece;
		uint8_t *to = smb2_server_space(run->c, &room);

		MUST(to != NULL && room > 0);
		if (piece > room)
			piece = room;
		memcpy(to, data, piece);
		smb2_server_received(run->c, piece, 1);
		data += piece;
		bytes -= piece;
		work();
	}
}

/* ---- requests ---- */

/* The session that was established last, or NULL. */
static struct known_session *latest(void)
{
	return run->known_count > 0 ? &run->known[run->known_count - 1] : NULL;
}

static uint64_t session_of(uint16_t command)
{
	if (run->asking != NULL)
		return run->asking->id;
	if (!TAILQ_EMPTY(&run->c->sessions) && command != SMB2_NEGOTIATE)
		return TAILQ_FIRST(&run->c->sessions)->id;
	return latest() != NULL ? latest()->id : 0;
}

/* Appends one; gives its flags. */
static unsigned put_request(struct wire_writer *w)
{
	unsigned flags = fuzz_u8(&run->in);
	uint16_t command = fuzz_u8(&run->in) % (SMB2_COMMAND_COUNT + 1);
	uint8_t credits = fuzz_u8(&run->in);
	struct smb2_file_id id = run->file;
	struct smb2_header h = { .command = command,
		                 .credits = credits,
		                 .credit_charge = credits & 1,
		                 .flags = (flags & RELATED) != 0 ? SMB2_FLAGS_RELATED_OPERATIONS
		                                                 : 0,
		                 .session_id = session_of(command),
		                 .tree_id = run->tree,
		                 .message_id = run->next_id };
	size_t at = w->len;

	if ((flags & ODD) != 0) {
		h.session_id = fuzz_u8(&run->in) % 8;
		h.tree_id = fuzz_u8(&run->in) % 8;
		h.async_id = fuzz_u8(&run->in);
		h.flags |= h.async_id % 2 != 0 ? SMB2_FLAGS_ASYNC_COMMAND : 0;
		id.persistent = id.volatile_ = fuzz_u8(&run->in) % 16;
	}
	if (command == SMB2_CANCEL || (flags & ODD_ID) != 0)
		h.message_id = fuzz_u8(&run->in);
	else
		run->next_id++;
	smb2_header_encode(w, &h);
	if ((flags & FORM) != 0) {
		client_body(&run->in, w, at, command, &id, run->c->dialect);
	} else {
		size_t bytes = fuzz_u8(&run->in);
		uint8_t *body = fuzz_copy(&run->in, &bytes);

		wire_put_bytes(w, body, bytes);
		free(body);
	}
	if ((flags & DAMAGE) != 0) {
		size_t where = SMB2_HEADER_BYTES + fuzz_u8(&run->in); /* in its body */

		if (where < w->len - at)
			w->data[at + where] ^= fuzz_u8(&run->in);
	}
	if (command != SMB2_CANCEL && h.message_id < MAX_IDS && run->asked[h.message_id] == 0)
		run->asked[h.message_id] = (uint8_t)(command + 1);
	return flags;
}

/* What the bytes of an element say by themselves. */
static struct smb2_header header_of(const uint8_t *at, size_t bytes)
{
	struct smb2_header h = { 0 };
	struct wire_reader r;

	wire_reader_init(&r, at, bytes);
	smb2_header_decode(&r, &h);
	return r.error == NULL ? h : (struct smb2_header){ 0 };
}

static void sign(uint8_t *at, size_t bytes)
{
	struct smb2_header h = header_of(at, bytes);
	const struct known_session *k = find_known(h.session_id);

	if (k == NULL || k->mac == NULL)
		k = latest();
	if (k == NULL || k->mac == NULL)
		return;
	MUST(smb2_sign(k->mac, at, bytes));
	run->may_act = true;
}

static void message(void)
{
	struct wire_writer w = { 0 }, frame = { 0 };
	unsigned flags, first = run->in.left > 0 ? run->in.at[0] : 0;
	size_t at;

	run->may_act = has_null_session();
	do {
		at = w.len;
		flags = put_request(&w);
		if ((flags & MORE) != 0) {
			wire_put_padding(&w, 0, 8);
			smb2_header_set_next(&w, at, (uint32_t)(w.len - at));
		}
		if ((flags & SIGN) != 0)
			sign(w.data + at, w.len - at);
	} while ((flags & MORE) != 0 && run->in.left > 0 && w.len < 60000 &&
	         run->next_id < MAX_IDS);
	if ((first & SEAL) != 0 && latest() != NULL && latest()->sealing != NULL) {
		MUST(smb2_encrypt(latest()->sealing, latest()->id, &w, 0));
		run->may_act = true;
	}
	at = smb2_frame_begin(&frame);
	wire_put_bytes(&frame, w.data, w.len);
	smb2_frame_end(&frame, at);
	deliver(frame.data, frame.len);
	wire_writer_fini(&w);
	wire_writer_fini(&frame);
}

static void raw(void)
{
	size_t bytes = fuzz_u8(&run->in), at;
	uint8_t *data = fuzz_copy(&run->in, &bytes);
	struct wire_writer frame = { 0 };

	run->may_act = has_null_session();
	if (bytes > 0 && data[0] == 1) { /* an SMB1 opening */
		at = smb2_frame_begin(&frame);
		smb1_negotiate_encode(&frame);
		smb2_frame_end(&frame, at);
		run->asked[0] = SMB2_NEGOTIATE + 1;
		run->next_id = 1;
	} else {
		wire_put_bytes(&frame, data, bytes);
		run->has_said_anything = true;
	}
	deliver(frame.data, frame.len);
	wire_writer_fini(&frame);
	free(data);
}

static void judge(void)
{
	static const uint32_t statuses[] = { STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED,
		                             STATUS_SUCCESS, STATUS_LOGON_FAILURE };
	uint8_t how = fuzz_u8(&run->in) % 4;
	struct smb2_server_authentication log_on = { .nt = statuses[how], .key = key };
	struct smb2_server_session *s = run->asking;

	if (s == NULL || run->known_count == MAX_KNOWN)
		return;
	run->asking = NULL;
	if (log_on.nt == STATUS_SUCCESS) {
		log_on.identity = how == 2 ? identity_new_anonymous() : identity_new("alice", "");
		MUST(log_on.identity != NULL);
	}
	(void)smb2_server_authenticated(run->c, s, &log_on);
	identity_release(log_on.identity);
	work();
}

static void fill(void)
{
	uint8_t which = fuzz_u8(&run->in);
	size_t bytes = 1 + fuzz_u16(&run->in);

	if (run->pipe_count == 0)
		return;
	which = (uint8_t)(which % run->pipe_count);
	if (run->pipes[which].is_open && run->pipes[which].count < 4)
		run->pipes[which].left[run->pipes[which].count++] = bytes;
}

static void break_pipes(void)
{
	uint8_t how = fuzz_u8(&run->in);

	run->pipes_break = (how & 1) != 0;
	run->pipes_are_over = (how & 2) != 0;
}

/* The first session or the second one; NULL: there is none. */
static struct smb2_server_session *choose_session(void)
{
	struct smb2_server_session *s = smb2_server_sessions(run->c);

	if (s != NULL && fuzz_u8(&run->in) % 2 != 0 && smb2_server_session_next(s) != NULL)
		return smb2_server_session_next(s);
	return s;
}

static void close_session(void)
{
	struct smb2_server_session *s = choose_session();

	if (s == NULL)
		return;
	smb2_server_close_session(run->c, s);
	work();
}

/* Until a log-on: the pipe's requests are refused. */
static void expire_session(void)
{
	struct smb2_server_session *s = choose_session();
	bool was_valid = s != NULL && s->state == SESSION_VALID;

	if (s == NULL)
		return;
	smb2_server_expire_session(run->c, s);
	MUST((s->state == SESSION_EXPIRED) >= was_valid);
	work();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static void (*const actions[ACTIONS])(void) = {
		[MESSAGE] = message,       [RAW] = raw,
		[JUDGE] = judge,           [FILL] = fill,
		[BREAK] = break_pipes,     [CLOSE] = close_session,
		[EXPIRE] = expire_session,
	};
	uint8_t choice;

	run = calloc(1, sizeof *run);
	MUST(run != NULL);
	run->in = (struct fuzz_input){ data, bytes };
	choice = fuzz_u8(&run->in);
	run->settings.counts_session_ids = true; /* the corpus names them */
	run->settings.encryption = (enum smb2_server_encryption)(choice % 3);
	run->piece = 1 + (size_t)fuzz_u8(&run->in) * 64;
	run->c = smb2_server_new(&run->settings);
	MUST(run->c != NULL);
	while (run->in.left > 0 && !run->is_over && run->next_id < MAX_IDS)
		actions[fuzz_u8(&run->in) % ACTIONS]();
	end();
	for (size_t i = 0; i < run->pipe_count; i++)
		MUST(!run->pipes[i].is_open);
	for (size_t i = 0; i < run->known_count; i++) {
		MUST(run->known[i].is_gone);
		crypto_mac_free(run->known[i].mac);
		smb2_encryption_free(run->known[i].sealing);
	}
	free(run);
	return 0;
}
