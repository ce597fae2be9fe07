/* SPDX-License-Identifier: MIT */
/* A whole connection of the client, from NEGOTIATE to the pages of an enumeration, pumped as a call
 * pumps it; also one to the local service, which begins with the bind. Tokens are dummies, the
 * session's key is known.
 * Input: options, then the server's answers. Each is flags, a status, credits, a length and a
 * body; the target corrects, as the flags say, its message id, its signature, the form of its
 * body, and the RPC PDU in it. The local service's have no credits.
 * Must reach: client_state_init client_state_next client_state_call_enum client_state_take_token
 *   client_state_take_enum client_state_init_local client_state_call_local client_state_take_local
 *   client_state_call_del client_state_take_del client_state_next_row client_state_step
 *   client_state_received_nothing client_state_explain_end state_send state_receive
 *   send_smb1 send_negotiate send_log_on send_tree_connect send_create send_bind
 *   send_call take_negotiate take_log_on take_tree_connect begin_encryption take_create
 *   send_call_early state_postpone_call state_go_on_with_call
 *   take_pipe take_pdus take_bound state_take_expiry state_begin_renewal state_end_renewal
 *   transport_smb2_write transport_smb2_transceive transport_smb2_read transport_smb2_validate
 *   transport_smb2_next transport_smb2_refused take_validation take_written take_transceived
 *   take_read keep_early next_early take_reply transport_smb2_take_expiry transport_smb2_resume
 *   transport_local_next
 *   pipe_call_take_piece take_enum_piece take_short_piece pipe_call_next_row pipe_call_end_del
 *   local_list_decode local_list_next smb2_write_response_decode smb2_validate_response_check
 *   smb2_connection_authenticated smb2_encrypt smb2_decrypt enumeration_take
 *   enumeration_filter_page enumeration_matches enumeration_turn_page enumeration_step_down
 *   enumeration_set_not_found enumeration_reduce_page enumeration_accepts_row netsession_page_row
 *   session_enum_decoder_row session_row_reduce error_message_write begin_null_session
 *   smb2_connection_anonymous smb2_connection_request_session session_infos_clear_unknown
 * Holds: a failure has a status and a step; what is sent is whole, and signed after the log-on;
 * buffers are bounded by what came; rows are UTF-8, and those given before a page are as many as
 * its own; nothing of a message is read after its time. */
#include "smb2_server.h"
#include "base/text.h"
#include "client/state.h"
#include "client/request.h"
#include "client/error_message.h"
#include "smb2/session_service.h"
#include "local/local_list.h"

/* Flags of an answer. */
#define SIGN        0x01
#define WELL_FORMED 0x02 /* its body is put around the input's bytes */
#define COMPOUND    0x04 /* the next one follows in the same message */
#define YOUNGEST    0x08 /* of the requests that wait, else the oldest */
#define INTERIM     0x10 /* STATUS_PENDING comes before it */
#define PDU         0x20 /* a well-formed body holds an RPC PDU around the input's bytes */
#define EARLY       0x40 /* it comes while a token is being made */
#define RAW         0x80 /* bytes without any form */

/* Of its status byte. */
#define STATUS_MASK 0x07
#define NOT_LAST    0x08 /* the PDU is not the answer's last */
#define HINT_SHIFT  4    /* two bits: what its alloc_hint says of what is to come */
#define SPLIT_PDU   0x40 /* half of the PDU now, the rest with the next answer */
#define SEAL        0x80 /* its message is encrypted, where it is the first in it */

/* Of the options. */
#define OPTION_LATE_TOKEN 0x01 /* the first token comes after NEGOTIATE's answer */
#define OPTION_ALL_PAGES  0x02
#define OPTION_CLIENT     0x04
#define OPTION_USER       0x08
#define OPTION_PROBE      0x10 /* of the local service: our own interface is asked */
#define OPTION_LONG_NAMES 0x20 /* the request is of several fragments */
#define OPTION_ENCRYPT    0x40
#define OPTION_DELETE     0x80 /* before anything is listed */

/* Where a level would stand. */
#define CHOICE_ANONYMOUS 6
#define CHOICE_NETBIOS   7 /* a NetBIOS session is requested first */

/* What has come of the packets of RFC 1002 4.3. */
struct packets {
	uint8_t prefix[SESSION_PREFIX_BYTES];
	size_t prefix_bytes, left;
	bool has_message; /* or a part of one, or something else that is no packet */
};

struct run {
	struct client_state c;
	struct enumeration e;
	struct fuzz_input in;
	unsigned options, tokens, tokens_needed;
	size_t piece, delivered;
	struct packets packets;
	struct wire_writer wire; /* the server's bytes, of which from at on were not delivered */
	size_t at;
	struct wire_writer rest; /* of a PDU that was split */
	bool streams_rows, deletes, is_deleting;
	bool is_local, asks_list;
	uint32_t rows; /* given of the answer that comes */
	char *scratch;
	size_t scratch_bytes;
	bool is_over;
};

static void put_pdu(struct run *run, struct wire_writer *w, const uint8_t *stub, size_t bytes,
                    uint8_t status)
{
	struct rpc_association *a = &run->c.rpc;
	const uint32_t hints[] = { (uint32_t)bytes, 0, (uint32_t)bytes * 3, 0xFFFFFFFF };
	size_t begin;

	if (a->step == RPC_BINDING) {
		struct rpc_bind_ack ack = {
			.max_xmit_frag = 4280,
			.max_recv_frag = 4280,
			.assoc_group = 1,
			.secondary_address = "\\PIPE\\srvsvc",
			.results = { { .transfer = rpc_ndr_syntax } },
			.result_count = 1,
		};

		if (bytes > 0)
			ack.max_recv_frag = (uint16_t)(1432 + stub[0]);
		rpc_bind_ack_encode(w, a->call_id, &ack);
		return;
	}
	if (bytes > 4000)
		bytes = 4000;
	begin = rpc_pdu_begin(w, RPC_RESPONSE,
	                      (uint8_t)((a->stub_bytes == 0 ? RPC_PFC_FIRST_FRAG : 0) |
	                                ((status & NOT_LAST) == 0 ? RPC_PFC_LAST_FRAG : 0)),
	                      a->call_id);
	wire_put_u32le(w, hints[status >> HINT_SHIFT & 3]);
	wire_put_u32le(w, 0);
	wire_put_bytes(w, stub, bytes);
	rpc_pdu_end(w, begin);
}

/* What a pipe gives with this answer. */
static void put_pipe_data(struct run *run, struct wire_writer *w, const uint8_t *data, size_t bytes,
                          unsigned flags, uint8_t status)
{
	if (run->rest.len > 0) {
		wire_put_bytes(w, run->rest.data, run->rest.len);
		wire_writer_clear(&run->rest);
		return;
	}
	if ((flags & PDU) == 0)
		wire_put_bytes(w, data, bytes);
	else
		put_pdu(run, w, data, bytes, status);
	if ((status & SPLIT_PDU) != 0 && w->len > 1) {
		size_t half = w->len / 2;

		wire_put_bytes(&run->rest, w->data + half, w->len - half);
		w->len = half;
	}
}

/* What VALIDATE_NEGOTIATE_INFO is answered where nobody tampered. */
static void put_validation(struct run *run, struct wire_writer *w)
{
	const struct smb2_negotiate_response *negotiated = &run->c.smb2.negotiated;

	wire_put_u32le(w, negotiated->capabilities);
	wire_put_bytes(w, negotiated->server_guid, SMB2_GUID_BYTES);
	wire_put_u16le(w, negotiated->security_mode);
	wire_put_u16le(w, negotiated->dialect);
}

static void put_body(struct run *run, struct wire_writer *w, uint16_t command, const uint8_t *data,
                     size_t bytes, unsigned flags, uint8_t status)
{
	struct wire_writer inner = { 0 };

	if ((flags & WELL_FORMED) == 0) {
		wire_put_bytes(w, data, bytes);
	} else if (command == SMB2_WRITE) {
		wire_put_u16le(w, 17);
		wire_put_u16le(w, 0);
		wire_put_u32le(w, (uint32_t)run->c.fragment.len);
		wire_put_zeros(w, 8);
	} else if (command == SMB2_IOCTL && run->c.smb2.validation == VALIDATION_SENT &&
	           (flags & PDU) == 0) {
		put_validation(run, &inner);
		server_body(w, command, inner.data, inner.len);
	} else if (command == SMB2_IOCTL || command == SMB2_READ) {
		put_pipe_data(run, &inner, data, bytes, flags, status);
		server_body(w, command, inner.data, inner.len);
	} else {
		server_body(w, command, data, bytes);
	}
	wire_writer_fini(&inner);
}

static uint32_t status_of(uint8_t choice)
{
	static const uint32_t statuses[STATUS_MASK + 1] = {
		STATUS_SUCCESS,        STATUS_MORE_PROCESSING_REQUIRED, STATUS_BUFFER_OVERFLOW,
		STATUS_PENDING,        STATUS_USER_SESSION_DELETED,     0xC0000022,
		STATUS_INTERNAL_ERROR, STATUS_NETWORK_SESSION_EXPIRED,
	};

	return statuses[choice & STATUS_MASK];
}

static void put_interim(struct wire_writer *w, const struct smb2_header *answer)
{
	struct smb2_header h = *answer;
	size_t begin = smb2_frame_begin(w);

	h.status = STATUS_PENDING;
	h.flags |= SMB2_FLAGS_ASYNC_COMMAND;
	smb2_header_encode(w, &h);
	wire_put_u16le(w, 9);
	wire_put_zeros(w, 7);
	smb2_frame_end(w, begin);
}

/* Appends an element of a message, whose answers so far were to message ids below *from. Returns
 * its flags. */
static unsigned put_element(struct run *run, struct wire_writer *w, uint64_t *from)
{
	unsigned flags = fuzz_u8(&run->in);
	uint8_t status = fuzz_u8(&run->in), credits = fuzz_u8(&run->in);
	size_t bytes = fuzz_u16(&run->in), begin;
	uint8_t *data = fuzz_copy(&run->in, &bytes);
	const struct smb2_outstanding *o = server_pick(&run->c.smb2.connection,
	                                               (flags & YOUNGEST) != 0, *from);
	struct smb2_header h = {
		.status = status_of(status),
		.command = o != NULL ? o->command : 0,
		.credits = credits,
		.flags = SMB2_FLAGS_SERVER_TO_REDIR,
		.message_id = o != NULL ? o->message_id : credits,
		.tree_id = 5,
		.session_id = 77,
	};

	begin = w->len;
	*from = h.message_id + 1;
	smb2_header_encode(w, &h);
	put_body(run, w, h.command, data, bytes, flags, status);
	if ((flags & COMPOUND) != 0) {
		wire_put_padding(w, begin, 8);
		smb2_header_set_next(w, begin, (uint32_t)(w->len - begin));
	}
	if ((flags & SIGN) != 0 && run->c.smb2.connection.dialect != 0)
		server_sign(&run->c.smb2.connection, w->data + begin, w->len - begin);
	if ((flags & INTERIM) != 0 && run->wire.len == 0)
		put_interim(&run->wire, &h);
	free(data);
	return flags;
}

/* Makes the server's next message out of the input. False: there is no more. */
static bool make_message(struct run *run)
{
	struct wire_writer message = { 0 };
	bool is_sealed = run->in.left > 1 && (run->in.at[1] & SEAL) != 0;
	uint64_t from = 0;
	unsigned flags;

	if (run->in.left == 0)
		return false;
	wire_writer_clear(&run->wire);
	run->at = 0;
	if ((run->in.at[0] & RAW) != 0) {
		size_t bytes = fuzz_u16(&run->in) & 0x0FFF;
		uint8_t *data = fuzz_copy(&run->in, &bytes);

		wire_put_bytes(&run->wire, data, bytes);
		free(data);
		return true;
	}
	do
		flags = put_element(run, &message, &from);
	while ((flags & COMPOUND) != 0 && run->in.left > 0 && message.len < 40000);
	if (is_sealed && run->c.smb2.connection.encryption != NULL)
		server_seal(&run->c.smb2.connection, &message, 0);
	if (message.len <= SMB2_MAX_FRAME_BYTES) {
		size_t begin = smb2_frame_begin(&run->wire);

		wire_put_bytes(&run->wire, message.data, message.len);
		smb2_frame_end(&run->wire, begin);
	}
	wire_writer_fini(&message);
	return true;
}

/* The same of the local service: its PDUs, one after another. */
static bool make_plain(struct run *run)
{
	unsigned flags = fuzz_u8(&run->in);
	uint8_t status = fuzz_u8(&run->in);
	size_t bytes = fuzz_u16(&run->in);
	uint8_t *data = fuzz_copy(&run->in, &bytes);

	wire_writer_clear(&run->wire);
	run->at = 0;
	put_pipe_data(run, &run->wire, data, bytes, flags, status);
	free(data);
	return run->wire.len > 0 || run->in.left > 0;
}

static size_t deliver_plain(struct run *run, size_t bytes)
{
	size_t room;
	uint8_t *space = client_state_space(&run->c, &room);

	MUST(space != NULL && room > 0);
	bytes = bytes < room ? bytes : room;
	memcpy(space, run->wire.data + run->at, bytes);
	client_state_received(&run->c, bytes);
	return bytes;
}

static void add_to_packets(struct packets *p, const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (p->left > 0) {
			p->left--;
			continue;
		}
		p->prefix[p->prefix_bytes++] = data[i];
		p->has_message |= p->prefix[0] < SESSION_REQUEST ||
		                  p->prefix[0] > SESSION_KEEP_ALIVE;
		if (p->prefix_bytes == SESSION_PREFIX_BYTES) {
			p->left = (size_t)p->prefix[1] << 16 | (size_t)p->prefix[2] << 8 |
			          p->prefix[3];
			p->prefix_bytes = 0;
		}
	}
}

/* The next bytes from the network. False: there are no more. */
static bool deliver(struct run *run)
{
	size_t left;

	while (run->at == run->wire.len)
		if (!(run->is_local ? make_plain(run) : make_message(run)))
			return false;
	left = run->wire.len - run->at;
	left = left < run->piece ? left : run->piece;
	left = run->is_local
	               ? deliver_plain(run, left)
	               : server_deliver(&run->c.smb2.connection, run->wire.data + run->at, left);
	add_to_packets(&run->packets, run->wire.data + run->at, left);
	run->at += left;
	run->delivered += left;
	return true;
}

static void give_token(struct run *run)
{
	static const uint8_t token[] = "a token";

	/* Bytes go on coming while it is made. */
	while (run->c.is_challenged &&
	       (run->at < run->wire.len || (run->in.left > 0 && (run->in.at[0] & EARLY) != 0)))
		if (!deliver(run))
			break;
	run->tokens++;
	client_state_take_token(&run->c, token, sizeof token,
	                        run->tokens > run->tokens_needed ? &server_session_key : NULL);
}

static void look_at(struct netsession_page *page)
{
	void *infos;

	MUST(netsession_page_level(page) == page->level->number);
	for (uint32_t i = 0; i < netsession_page_entries(page); i++) {
		struct netsession_row row;

		MUST(netsession_page_row(page, i, &row) == NERR_Success);
		MUST(row.client == NULL || text_utf8_is_valid(row.client));
		MUST(row.user == NULL || text_utf8_is_valid(row.user));
	}
	MUST(netsession_page_total(page) >= netsession_page_entries(page));
	(void)netsession_page_has_more(page);
	(void)netsession_page_resume_handle(page);
	MUST(netsession_page_is_complete(page) || netsession_page_warning(page, 0) != NULL);
	(void)netsession_page_has_lost_source(page);
	infos = netsession_page_take_infos(page);
	MUST(infos == NULL || netsession_page_entries(page) == 0);
	free(infos);
	netsession_page_free(page);
}

/* What has come of an answer before its end. */
static void take_rows(struct run *run)
{
	uint32_t level = run->e.request.level;
	struct netsession_row row;

	MUST(run->streams_rows && !run->is_deleting);
	while (client_state_next_row(&run->c, &row, &run->scratch, &run->scratch_bytes)) {
		if (!enumeration_accepts_row(&run->e, &level, &row))
			continue;
		run->rows++;
		MUST(row.client == NULL || text_utf8_is_valid(row.client));
		MUST(row.user == NULL || (text_utf8_is_valid(row.user) && level != 0));
	}
}

static void ask(struct run *run)
{
	const struct session_del_request request = { .client = run->e.client, .user = run->e.user };

	run->rows = 0;
	run->is_deleting = run->deletes && !run->asks_list;
	run->deletes = false;
	if (run->asks_list)
		client_state_call_local(&run->c, LOCAL_GET_COUNTERS, NULL);
	else if (run->is_deleting)
		client_state_call_del(&run->c, &request);
	else
		client_state_call_enum(&run->c, &run->e.request, 0, run->streams_rows);
}

static void take_deletion(struct run *run)
{
	NET_API_STATUS answer;

	run->is_deleting = false;
	if (client_state_take_del(&run->c, &answer) != NERR_Success)
		MUST(client_state_next(&run->c) == CLIENT_EVENT_FAILED);
	else
		run->is_over = client_state_is_spent(&run->c);
}

static void take_list(struct run *run)
{
	struct wire_reader stub;
	struct local_list list;
	struct local_entry entry;

	MUST(client_state_take_local(&run->c, &stub) == NERR_Success);
	MUST(wire_left(&stub) <= LOCAL_LIST_MAX_BYTES);
	local_list_decode(&list, &stub);
	while (local_list_next(&list, &entry)) {
		MUST(entry.name == NULL || text_utf8_is_valid(entry.name));
		MUST(entry.help == NULL || text_utf8_is_valid(entry.help));
	}
	MUST(stub.error != NULL || list.at == list.count);
	run->is_over = true;
}

static void take_answer(struct run *run)
{
	struct session_enum_answer answer;
	struct netsession_page *page;
	struct err err = { 0 };
	enum enumeration_next next;
	void *infos;

	if (client_state_take_enum(&run->c, &answer, &infos) != NERR_Success) {
		MUST(infos == NULL && client_state_next(&run->c) == CLIENT_EVENT_FAILED);
		return;
	}
	next = enumeration_take(&run->e, &answer, infos, &page, &err);
	MUST((next == ENUMERATION_FAILED) == (err.status != NERR_Success));
	MUST(next != ENUMERATION_FAILED || page == NULL);
	MUST(next != ENUMERATION_DONE || page != NULL);
	if (page != NULL) {
		MUST(!run->streams_rows || run->rows == page->entries);
		MUST(run->e.level_wanted == NETSESSION_LEVEL_AUTO ||
		     netsession_page_level(page) == run->e.level_wanted);
		look_at(page);
	}
	run->is_over = next != ENUMERATION_ASK || client_state_is_spent(&run->c);
}

static void take_failure(struct run *run)
{
	struct netsession_error story;

	MUST(run->c.err.status != NERR_Success && run->c.err.step != NULL);
	error_message_write(&story, &run->c.err, run->e.level_wanted);
	MUST(story.status == run->c.err.status && story.text[0] != '\0');
	MUST(text_utf8_is_valid(story.text));
	run->is_over = true;
}

/* The server hangs up. */
static void end(struct run *run)
{
	struct err err = { .status = ERROR_NETNAME_DELETED };

	client_state_explain_end(&run->c, &err);
	MUST(err.status != NERR_Success && err.step != NULL);
	run->is_over = true;
}

static void pump(struct run *run)
{
	struct client_state *c = &run->c;

	while (!run->is_over) {
		enum client_event event = client_state_next(c);

		server_check_sent(&c->smb2.connection);
		MUST(!c->local.out.failed && (run->is_local || c->local.out.len == 0));
		wire_writer_clear(&c->local.out);
		MUST(client_state_step(c) != NULL);
		MUST(!client_state_received_nothing(c) || !run->packets.has_message);
		MUST(c->smb2.connection.in.cap <= 8192 + 4 * run->delivered);
		MUST(c->call.decoder.block.cap <= 1024 + 4 * run->delivered);
		switch (event) {
		case CLIENT_EVENT_READ:
			if (c->step == STEP_SESSION_SETUP && run->tokens == 0)
				give_token(run);
			else if (!deliver(run))
				end(run);
			break;
		case CLIENT_EVENT_TOKEN:
		case CLIENT_EVENT_EXPIRED:
			give_token(run);
			break;
		case CLIENT_EVENT_LOGGED_ON:
			if (!run->deletes)
				ask(run);
			break;
		case CLIENT_EVENT_READY:
			ask(run);
			break;
		case CLIENT_EVENT_ROWS:
			take_rows(run);
			break;
		case CLIENT_EVENT_ANSWER:
			if (run->asks_list)
				take_list(run);
			else if (run->is_deleting)
				take_deletion(run);
			else
				take_answer(run);
			break;
		case CLIENT_EVENT_FAILED:
			take_failure(run);
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const uint32_t levels[] = { 0, 1, 2, 10, 502, NETSESSION_LEVEL_AUTO };
	static char long_name[1000];
	struct netsession_query query = { 0 };
	struct run *run = calloc(1, sizeof *run);
	struct err err = { 0 };
	uint8_t choice;

	run->in = (struct fuzz_input){ data, bytes };
	run->options = fuzz_u8(&run->in);
	choice = fuzz_u8(&run->in);
	run->tokens_needed = (choice >> 4 & 3) % 3;
	run->piece = 1 + (size_t)fuzz_u8(&run->in) * 128;
	query.level = levels[(choice & 7) % 6];
	run->is_local = (choice & 8) != 0;
	run->asks_list = run->is_local && (run->options & OPTION_PROBE) != 0;
	query.preferred_bytes = (choice & 0x40) != 0 ? 100 : 0;
	run->streams_rows = (choice & 0x80) != 0;
	run->deletes = (run->options & OPTION_DELETE) != 0;
	query.all_pages = (run->options & OPTION_ALL_PAGES) != 0;
	query.client = (run->options & OPTION_CLIENT) != 0 ? "127.0.0.1" : NULL;
	query.user = (run->options & OPTION_USER) != 0 ? "root" : NULL;
	if ((run->options & OPTION_LONG_NAMES) != 0) {
		memset(long_name, 'n', sizeof long_name - 1);
		query.user = long_name;
	}
	MUST(enumeration_init(&run->e, &query, &err) == NERR_Success);
	if (run->is_local)
		client_state_init_local(&run->c,
		                        run->asks_list ? &client_netsession_local : &client_srvsvc);
	else
		client_state_init(&run->c, "server.example",
		                  (run->options & OPTION_PROBE) != 0 ? CLIENT_PROBE_SMB1
		                                                     : CLIENT_OPEN_SMB2);
	run->c.must_encrypt = (run->options & OPTION_ENCRYPT) != 0;
	run->c.is_anonymous = (choice & 7) == CHOICE_ANONYMOUS;
	if ((choice & 7) == CHOICE_NETBIOS && !run->is_local)
		client_state_begin_netbios(&run->c);
	if ((run->options & OPTION_LATE_TOKEN) == 0 && !run->is_local)
		give_token(run);
	pump(run);
	client_state_fini(&run->c);
	enumeration_fini(&run->e);
	wire_writer_fini(&run->wire);
	wire_writer_fini(&run->rest);
	free(run->scratch);
	free(run);
	return 0;
}
