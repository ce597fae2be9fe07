/* SPDX-License-Identifier: MIT */
/* The state machine itself - the table of its steps, and what moves it from one to the next -
 * stands below what the steps do, under "the state machine". */
#include "client/state.h"

#include <assert.h>
#include <stdio.h>
#include "smb2/file.h"
#include "smb2/negotiate_check.h"
#include "smb2/server_guid.h"
#include "smb2/session.h"
#include "smb2/status.h"
#include "smb2/tree.h"
#include "srvsvc/interface.h"

#define IPC_SHARE "IPC$"
#define PIPE      SRVSVC_PIPE_NAME
#define ADVICE_ENCRYPTED_NULL \
	"log on as a user: this computer (--encrypt) or the server requires encryption"
#define NO_CREDIT    "the server grants no credit"
#define OUT_OF_ORDER "a reply came before the one that it depends on"

/* How often a session is authenticated again, while it expires at once each time. */
#define MAX_RENEWALS 2

const struct client_interface client_srvsvc = {
	{ .uuid = SRVSVC_INTERFACE_UUID, .version = SRVSVC_INTERFACE_VERSION },
	"bind " SRVSVC_PIPE_NAME,
};

const struct client_interface client_netsession_local = {
	{ .uuid = LOCAL_INTERFACE_UUID, .version = LOCAL_INTERFACE_VERSION },
	"bind " LOCAL_INTERFACE_NAME,
};

static void state_fail(struct client_state *s, NET_API_STATUS status, const char *text)
{
	err_set(&s->err, status, client_state_step(s), text);
}

static bool state_has_failed(const struct client_state *s)
{
	return s->err.status != NERR_Success;
}

/* Whether a reply could be decoded; the failure is recorded if not. */
static bool state_decoded(struct client_state *s, const struct smb2_reply *reply)
{
	if (reply->message.error != NULL)
		state_fail(s, ERROR_BAD_NET_RESP, reply->message.error);
	return reply->message.error == NULL;
}

/* Whether the credits reach for a request. Where no reply is to come that could grant more, they
 * never will. */
static bool state_has_credit(struct client_state *s)
{
	if (smb2_connection_room(&s->smb2.connection) > 0)
		return true;
	if (transport_smb2_is_idle(&s->smb2))
		state_fail(s, ERROR_BAD_NET_RESP, NO_CREDIT);
	return false;
}

/* ---- the NetBIOS session, RFC 1002 4.3: at port 139 ---- */

static bool send_session_request(struct client_state *s, bool in_compound)
{
	(void)in_compound;
	smb2_connection_request_session(&s->smb2.connection);
	return true;
}

static bool take_session(struct client_state *s, struct transport_arrival *arrival)
{
	if (arrival->event == TRANSPORT_OPENED)
		s->step = s->unsent = s->opening;
	return false;
}

/* ---- NEGOTIATE: which dialect ---- */

static bool send_smb1(struct client_state *s, bool in_compound)
{
	(void)in_compound;
	smb2_connection_probe_smb1(&s->smb2.connection);
	return true;
}

static bool send_negotiate(struct client_state *s, bool in_compound)
{
	struct smb2_negotiate_request *offered = &s->smb2.offered;
	struct wire_writer *w;

	(void)in_compound;
	if (!crypto_random(offered->client_guid, sizeof offered->client_guid) ||
	    !crypto_random(offered->salt, sizeof offered->salt)) {
		state_fail(s, ERROR_NOT_SUPPORTED,
		           "OpenSSL gives no random numbers: check its configuration");
		return false;
	}
	w = smb2_connection_request(&s->smb2.connection, SMB2_NEGOTIATE, STEP_NEGOTIATE);
	smb2_negotiate_request_encode(w, smb2_connection_header_at(&s->smb2.connection), offered);
	return true;
}

static bool take_negotiate(struct client_state *s, struct transport_arrival *arrival)
{
	struct smb2_reply *reply = &arrival->reply;
	struct smb2_negotiate_response *negotiated = &s->smb2.negotiated;

	smb2_negotiate_response_decode(&reply->message, negotiated);
	if (!state_decoded(s, reply) ||
	    smb2_negotiate_response_check(&s->smb2.offered, negotiated, client_state_step(s),
	                                  &s->err) != NERR_Success)
		return false;
	smb2_connection_negotiated(&s->smb2.connection, negotiated);
	/* 3.2.5.5: at 3.1.1 the preauthentication hash protects NEGOTIATE already. */
	if (negotiated->dialect != SMB2_DIALECT_311)
		s->smb2.validation = VALIDATION_DUE;
	return true;
}

/* ---- SESSION_SETUP: the log-on, a token a request. client_state_take_token ends the step ---- */

static bool send_log_on(struct client_state *s, bool in_compound)
{
	struct wire_writer *w;

	(void)in_compound;
	if (s->token == NULL || !state_has_credit(s))
		return false;
	w = smb2_connection_request(&s->smb2.connection, SMB2_SESSION_SETUP, STEP_SESSION_SETUP);
	smb2_session_setup_request_encode(w, s->token, s->token_bytes);
	s->token = NULL;
	return true;
}

/* Only a caller who logs on anonymously may get a session that is not signed. 3.3.5.5.3: the server
 * says that the session is a null session; Samba 4.17 does not say so, but does not sign its reply
 * either. */
static bool is_null_session(const struct client_state *s, const struct smb2_reply *reply,
                            const struct smb2_session_setup_response *response)
{
	const uint16_t unsigned_sessions = SMB2_SESSION_FLAG_IS_NULL | SMB2_SESSION_FLAG_IS_GUEST;

	return s->is_anonymous && ((response->session_flags & unsigned_sessions) != 0 ||
	                           (reply->header.flags & SMB2_FLAGS_SIGNED) == 0);
}

/* The first response gives the id of the session, and the others repeat that: 3.3.5.5. */
static void take_session_id(struct client_state *s, uint64_t session_id)
{
	struct smb2_connection *connection = &s->smb2.connection;

	if (session_id == 0 || session_id == SMB2_RELATED_ID_64)
		state_fail(s, ERROR_BAD_NET_RESP, "the server gave the session no id");
	else if (connection->session_id != 0 && connection->session_id != session_id)
		state_fail(s, ERROR_BAD_NET_RESP, "the response is of another session");
	connection->session_id = session_id;
}

static bool take_log_on(struct client_state *s, struct transport_arrival *arrival)
{
	struct smb2_reply *reply = &arrival->reply;
	struct smb2_session_setup_response response;

	smb2_session_setup_response_decode(&reply->message, &response);
	if (!state_decoded(s, reply))
		return false;
	/* 3.2.5.3.1: dialects before 3.0 do not know the flag. */
	if (s->smb2.connection.dialect >= SMB2_DIALECT_300 &&
	    (response.session_flags & SMB2_SESSION_FLAG_ENCRYPT_DATA) != 0)
		s->must_encrypt = true;
	s->is_null_session = is_null_session(s, reply, &response);
	if ((response.session_flags & (SMB2_SESSION_FLAG_IS_GUEST | SMB2_SESSION_FLAG_IS_NULL)) !=
	            0 &&
	    !s->is_null_session) {
		state_fail(s, ERROR_LOGON_FAILURE, "the server logged the user on as a guest");
		err_advise(&s->err,
		           "check user, domain and password: a guest's session is not signed; "
		           "on Samba see \"map to guest\"");
	}
	take_session_id(s, reply->header.session_id);
	s->is_authenticated = reply->status == STATUS_SUCCESS;
	wire_writer_clear(&s->challenge);
	wire_put_bytes(&s->challenge, response.token, response.token_bytes);
	if (s->challenge.failed)
		state_fail(s, ERROR_NOT_ENOUGH_MEMORY, NULL);
	s->is_challenged = true;
	return false;
}

/* 3.2.5.3.1: a null session is not signed. Nothing can prove then that nobody changed NEGOTIATE,
 * and a caller who is anonymous has nothing to lose by that. */
static void begin_null_session(struct client_state *s)
{
	if (s->must_encrypt) {
		state_fail(s, ERROR_NOT_SUPPORTED, "a null session has no key to encrypt with");
		err_advise(&s->err, ADVICE_ENCRYPTED_NULL);
		return;
	}
	smb2_connection_anonymous(&s->smb2.connection);
	s->smb2.validation = VALIDATION_NONE;
}

static void begin_session(struct client_state *s, const struct smb2_session_key *key)
{
	struct smb2_connection *connection = &s->smb2.connection;

	if (!smb2_connection_authenticated(connection, key))
		state_fail(s, connection->err.status, connection->err.text);
	else if (s->must_encrypt && !smb2_connection_encrypt(connection))
		state_fail(s, ERROR_NOT_SUPPORTED, "the server offers no encryption");
}

static void state_end_renewal(struct client_state *s);

void client_state_take_token(struct client_state *s, const uint8_t *token, size_t bytes,
                             const struct smb2_session_key *key)
{
	s->is_challenged = false;
	if (!s->is_authenticated) {
		s->token = token;
		s->token_bytes = bytes;
		if (bytes == 0)
			state_fail(
				s, ERROR_LOGON_FAILURE,
				"the server asks for another token after the log-on is complete");
		if (s->step == STEP_SESSION_SETUP)
			s->unsent = STEP_SESSION_SETUP;
		return;
	}
	if (key == NULL)
		state_fail(s, ERROR_LOGON_FAILURE,
		           "the server ended the log-on before it proved its identity");
	else if (s->is_renewing)
		state_end_renewal(s);
	else if (s->is_null_session)
		begin_null_session(s);
	else
		begin_session(s, key);
	if (!state_has_failed(s) && s->step == STEP_SESSION_SETUP)
		s->step = STEP_TREE_CONNECT;
}

/* What was sent of the step and of those behind it has to be sent again, and its replies do not
 * matter. */
static void state_send_again(struct client_state *s, enum client_step step)
{
	transport_smb2_ignore_outstanding(&s->smb2);
	s->unsent = step;
	rpc_association_fini(&s->rpc);
	rpc_association_init(&s->rpc);
	if (s->early_call == EARLY_CALL_SENT) {
		s->early_call = EARLY_CALL_BEGUN;
		s->call.stub_sent = 0;
	}
}

/* ---- TREE_CONNECT and CREATE: the pipe ---- */

static bool send_tree_connect(struct client_state *s, bool in_compound)
{
	struct wire_writer *w;

	(void)in_compound;
	if (!state_has_credit(s))
		return false;
	w = smb2_connection_request(&s->smb2.connection, SMB2_TREE_CONNECT, STEP_TREE_CONNECT);
	smb2_tree_connect_request_encode(w, s->host, IPC_SHARE);
	return true;
}

/* The share wants encryption, and the session did not say so: what followed in the compound went
 * out in plain text, is refused, and has to be sent again. */
static void begin_encryption(struct client_state *s)
{
	if (!smb2_connection_encrypt(&s->smb2.connection)) {
		state_fail(s, ERROR_NOT_SUPPORTED, "the server offers no encryption");
		return;
	}
	state_send_again(s, STEP_CREATE);
}

static bool take_tree_connect(struct client_state *s, struct transport_arrival *arrival)
{
	struct smb2_reply *reply = &arrival->reply;
	struct smb2_tree_connect_response response;

	smb2_tree_connect_response_decode(&reply->message, &response);
	if (!state_decoded(s, reply))
		return false;
	if (response.share_type != SMB2_SHARE_TYPE_PIPE) {
		state_fail(
			s, ERROR_BAD_NET_RESP,
			"the server says that IPC$ is a share of files or of a printer, not of pipes");
		return false;
	}
	s->smb2.connection.tree_id = reply->header.tree_id;
	if ((response.share_flags & SMB2_SHAREFLAG_ENCRYPT_DATA) &&
	    !s->smb2.connection.is_encrypted)
		begin_encryption(s);
	return true;
}

static bool send_create(struct client_state *s, bool in_compound)
{
	struct wire_writer *w;

	(void)in_compound;
	if (!state_has_credit(s))
		return false;
	w = smb2_connection_request(&s->smb2.connection, SMB2_CREATE, STEP_CREATE);
	smb2_create_pipe_request_encode(w, SRVSVC_PIPE_NAME);
	return true;
}

static bool take_create(struct client_state *s, struct transport_arrival *arrival)
{
	smb2_create_response_decode(&arrival->reply.message, &s->smb2.pipe);
	return state_decoded(s, &arrival->reply);
}

/* ---- bind and call: the messages over the pipe, on any transport ---- */

/* Sends the fragment over the local transport. */
static void send_fragment_local(struct client_state *s)
{
	wire_put_bytes(&s->local.out, s->fragment.data, s->fragment.len);
	if (s->local.out.failed)
		state_fail(s, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* Whether the fragment could be made; the failure is recorded if not. */
static bool state_has_fragment(struct client_state *s)
{
	if (s->fragment.failed)
		state_fail(s, ERROR_NOT_ENOUGH_MEMORY, NULL);
	return !s->fragment.failed;
}

static bool send_bind(struct client_state *s, bool in_compound)
{
	if (!s->is_local && !state_has_credit(s))
		return false;
	wire_writer_clear(&s->fragment);
	rpc_association_bind(&s->rpc, &s->fragment, &s->interface->syntax,
	                     s->is_local ? RPC_MAX_FRAG_BYTES
	                                 : smb2_connection_max_data_bytes(&s->smb2.connection));
	if (!state_has_fragment(s))
		return false;
	if (s->is_local)
		send_fragment_local(s);
	else
		transport_smb2_transceive(&s->smb2, STEP_BIND, in_compound, &s->fragment);
	return true;
}

/* Makes the next fragment of the call. */
static bool next_fragment(struct client_state *s)
{
	wire_writer_clear(&s->fragment);
	rpc_association_fragment(&s->rpc, &s->fragment, pipe_call_opnum(&s->call),
	                         s->call.stub.data, s->call.stub.len, &s->call.stub_sent);
	return state_has_fragment(s);
}

/* Sends all fragments of the call. */
static bool send_call_local(struct client_state *s)
{
	do {
		if (!next_fragment(s))
			return false;
		send_fragment_local(s);
	} while (!state_has_failed(s) && pipe_call_has_more_to_send(&s->call));
	return true;
}

/* Sends the whole call in the compound that opens the pipe. */
static bool send_call_early(struct client_state *s)
{
	if (!state_has_credit(s) || s->call.stub.len > RPC_EARLY_STUB_BYTES)
		return false;
	rpc_association_call_early(&s->rpc);
	if (!next_fragment(s))
		return false;
	transport_smb2_transceive(&s->smb2, STEP_CALL, true, &s->fragment);
	s->early_call = EARLY_CALL_SENT;
	return true;
}

/* Sends the next fragment of the call: by WRITE, and the last one by an IOCTL. */
static bool send_call(struct client_state *s, bool in_compound)
{
	if (s->is_local)
		return send_call_local(s);
	if (in_compound)
		return send_call_early(s);
	/* Beside the first call, so that it costs no round trip: no answer is given before this one
	 * has come. */
	if (s->smb2.validation == VALIDATION_DUE && smb2_connection_room(&s->smb2.connection) > 0)
		transport_smb2_validate(&s->smb2);
	if (!state_has_credit(s) || (!s->repeats_call && !next_fragment(s)))
		return false;
	s->repeats_call = false;
	if (pipe_call_has_more_to_send(&s->call))
		transport_smb2_write(&s->smb2, STEP_CALL, &s->fragment);
	else
		transport_smb2_transceive(&s->smb2, STEP_CALL, false, &s->fragment);
	return true;
}

static bool transport_is_idle(const struct client_state *s)
{
	return s->is_local ? s->local.in_bytes == 0 : transport_smb2_is_idle(&s->smb2);
}

/* An answer, or the rest of one, is still to come. */
static bool rpc_wants_more(const struct client_state *s)
{
	return s->rpc.step == RPC_BINDING || s->rpc.step == RPC_CALLING;
}

/* The interface is bound. Nothing but a call may be in flight any more: its reply would be taken
 * for one of the call's. */
static bool take_bound(struct client_state *s)
{
	bool is_idle = s->early_call == EARLY_CALL_SENT ? transport_smb2_awaits_one(&s->smb2)
	                                                : transport_is_idle(s);

	if (!is_idle)
		state_fail(s, ERROR_BAD_NET_RESP, OUT_OF_ORDER);
	return !state_has_failed(s);
}

/* Takes the PDUs that are complete. True: the interface is bound. */
static bool take_pdus(struct client_state *s)
{
	bool is_bound = false;
	struct rpc_piece piece;

	while (!state_has_failed(s))
		switch (rpc_association_next(&s->rpc, &piece)) {
		case RPC_WANT_BYTES:
			return is_bound;
		case RPC_BOUND:
			is_bound = take_bound(s);
			break;
		case RPC_STUB:
			if (s->step == STEP_CALL)
				(void)pipe_call_take_piece(&s->call, &piece, &s->err);
			else
				state_fail(s, ERROR_BAD_NET_RESP, OUT_OF_ORDER);
			break;
		case RPC_FAILED:
			s->err = s->rpc.err;
			break;
		}
	return false;
}

/* Sends the READs that the rest of the answer needs, if any. */
static void state_read_more(struct client_state *s)
{
	if (rpc_wants_more(s) &&
	    !transport_smb2_read(&s->smb2, s->call.remaining_bytes, s->call.fragment_bytes))
		state_fail(s, ERROR_BAD_NET_RESP, NO_CREDIT);
}

static bool take_pipe(struct client_state *s, struct transport_arrival *arrival)
{
	bool is_bound = false;

	if (arrival->event == TRANSPORT_WRITTEN)
		s->unsent = STEP_CALL; /* with the next fragment */
	if (arrival->event != TRANSPORT_PIPE_DATA)
		return false;
	if (arrival->bytes > 0) {
		rpc_association_feed(&s->rpc, arrival->data, arrival->bytes);
		is_bound = take_pdus(s);
	}
	if (!state_has_failed(s) && !s->is_local && !s->has_expired && !is_bound)
		state_read_more(s);
	return is_bound;
}

/* ---- a call with the bind ----
 *
 * A server that executes FSCTL_PIPE_TRANSCEIVE anywhere in a compound gets the first call in the
 * message that opens the pipe. Its ServerGuid says that it is such a server, and no answer of it is
 * handed on before NEGOTIATE is known to be genuine. If it refuses all the same, the call is made
 * when the pipe is ready. Servers may have executed what they refuse, as Samba does; so only an
 * enumeration is sent early, which changes nothing. */

static bool state_may_call_early(const struct client_state *s)
{
	return s->early_call == EARLY_CALL_UNKNOWN && s->step == STEP_TREE_CONNECT &&
	       s->smb2.validation == VALIDATION_NONE &&
	       smb2_server_guid_transceives_anywhere(s->smb2.negotiated.server_guid);
}

/* Whether the step's request was refused because of its place in the compound: <266>. Other
 * refusals stand; a request that somebody has changed on its way is one of them. */
static bool state_may_postpone_call(const struct client_state *s,
                                    const struct transport_arrival *arrival)
{
	return s->early_call == EARLY_CALL_SENT && s->step >= STEP_BIND &&
	       s->err.nt_status == STATUS_INTERNAL_ERROR && arrival->reply.tag == s->step;
}

/* The step is BIND or CALL. What was bound is bound. */
static void state_postpone_call(struct client_state *s)
{
	s->err = (struct err){ 0 };
	if (s->step == STEP_CALL) {
		s->repeats_call = true;
		s->unsent = STEP_CALL;
	} else {
		state_send_again(s, STEP_CREATE);
		s->step = STEP_CREATE;
	}
	s->early_call = EARLY_CALL_POSTPONED;
}

/* The pipe is open: the early call goes on, or is made now. */
static void state_go_on_with_call(struct client_state *s)
{
	s->step = STEP_CALL;
	if (s->early_call == EARLY_CALL_SENT)
		return;
	rpc_association_call(&s->rpc);
	s->unsent = STEP_CALL;
}

/* ---- reauthentication: the session has expired, as its Kerberos ticket has, 3.2.5.1.6 ----
 *
 * When all requests in flight are answered, SESSION_SETUP authenticates the session again
 * (3.2.4.2.3.1), which keeps its keys, its tree and its pipe. Then the step goes on where it was,
 * with the requests that the server has refused. */

/* Takes a refusal. arrival is to a request of the step, to VALIDATE_NEGOTIATE_INFO or to a READ. */
static void state_take_expiry(struct client_state *s, const struct transport_arrival *arrival)
{
	if (s->renewals == MAX_RENEWALS) {
		state_fail(s, ERROR_NETNAME_DELETED,
		           "the session has expired again as soon as it was authenticated again");
		s->err.nt_status = arrival->reply.status;
		return;
	}
	s->has_expired = true;
	if (arrival->reply.tag != s->step)
		return;
	s->unsent = s->step;
	s->repeats_call = s->step == STEP_CALL;
	if (s->step < STEP_READY)
		state_send_again(s, s->step);
}

static bool state_may_renew(const struct client_state *s)
{
	return s->has_expired && transport_is_idle(s);
}

static void state_begin_renewal(struct client_state *s)
{
	s->has_expired = s->is_authenticated = false;
	s->is_renewing = true;
	s->resumed = s->step;
	s->resumed_unsent = s->unsent;
	s->step = STEP_SESSION_SETUP;
	s->token = NULL;
}

static void state_end_renewal(struct client_state *s)
{
	s->is_renewing = false;
	s->renewals++;
	s->step = s->resumed;
	s->unsent = s->resumed_unsent;
	if (s->smb2.must_validate_again && !state_has_credit(s))
		return;
	if (!transport_smb2_resume(&s->smb2))
		state_fail(s, ERROR_BAD_NET_RESP,
		           "the server executed READs of an expired session out of their order");
	else if (s->step >= STEP_BIND && s->unsent > s->step)
		state_read_more(s);
}

/* ---- the state machine ---- */

/* A step sends its request and takes what arrives for it, until one arrival ends it: then the next
 * step in the table begins. client_state_take_token ends SESSION_SETUP, client_state_call_... begin
 * CALL, client_state_take_... end it. The local transport begins with the bind. */
static const struct step {
	const char *name; /* in errors */
	/* Begins a request; in_compound: in the message of the request before. False: something is
	 * missing that has to come first. */
	bool (*send)(struct client_state *s, bool in_compound);
	/* Takes an arrival. True: the step is over. */
	bool (*take)(struct client_state *s, struct transport_arrival *arrival);
	bool joins_compound; /* where credits reach, the request goes out with those before it */
} steps[] = {
	/* clang-format off */
	/*                       name                 sends              takes              joins */
	[STEP_REQUEST_SESSION] = { "NetBIOS session", send_session_request, take_session,      false },
	[STEP_PROBE_SMB1] =    { "NEGOTIATE",         send_smb1,         NULL,              false },
	[STEP_NEGOTIATE] =     { "NEGOTIATE",         send_negotiate,    take_negotiate,    false },
	[STEP_SESSION_SETUP] = { "SESSION_SETUP",     send_log_on,       take_log_on,       false },
	[STEP_TREE_CONNECT] =  { "TREE_CONNECT IPC$", send_tree_connect, take_tree_connect, false },
	[STEP_CREATE] =        { "CREATE " PIPE,      send_create,       take_create,       true },
	[STEP_BIND] =          { "bind",              send_bind,         take_pipe,         true },
	[STEP_READY] =         { "pipe " PIPE,        NULL,              take_pipe,         false },
	[STEP_CALL] =          { "call",              send_call,         take_pipe,         true },
	[STEP_COUNT] =         { NULL,                NULL,              NULL,              false },
	/* clang-format on */
};

/* The bind names its interface, and the call its method. */
const char *client_state_step(const struct client_state *s)
{
	switch (s->step) {
	case STEP_BIND:
		return s->interface->bind_step;
	case STEP_CALL:
		return pipe_call_name(&s->call);
	default:
		return steps[s->step].name;
	}
}

/* Sends the request that is due, and in the same message those that may follow it. */
static void state_send(struct client_state *s)
{
	bool in_compound = false;

	while (!state_has_failed(s) && !s->has_expired) {
		const struct step *due;

		if (in_compound && s->unsent == STEP_READY && s->early_call == EARLY_CALL_BEGUN)
			s->unsent = STEP_CALL;
		due = &steps[s->unsent];

		if (s->unsent > s->step && !(in_compound && due->joins_compound))
			break; /* it is not its turn */
		if (!in_compound && s->step < STEP_READY && !transport_is_idle(s))
			break; /* a message follows the replies to the one before */
		if (due->send == NULL || !due->send(s, in_compound))
			break;
		s->unsent++;
		in_compound = true;
	}
	if (s->smb2.connection.request_count > 0)
		smb2_connection_flush(&s->smb2.connection);
}

static void state_end_step(struct client_state *s)
{
	s->step++;
	if (s->step == STEP_READY && s->early_call > EARLY_CALL_ALLOWED)
		state_go_on_with_call(s);
}

/* Takes the next arrival. False: more bytes have to be received first. */
static bool state_receive(struct client_state *s)
{
	struct transport_arrival arrival = { 0 };

	arrival.event = s->is_local ? transport_local_next(&s->local, &arrival)
	                            : transport_smb2_next(&s->smb2, s->step, client_state_step(s),
	                                                  &arrival, &s->err);
	switch (arrival.event) {
	case TRANSPORT_WANTS_BYTES:
		return false;
	case TRANSPORT_OPENED:
	case TRANSPORT_REPLY:
	case TRANSPORT_PIPE_DATA:
	case TRANSPORT_WRITTEN:
		if (s->step > STEP_SESSION_SETUP)
			s->renewals = 0;
		if (steps[s->step].take(s, &arrival))
			state_end_step(s);
		break;
	case TRANSPORT_EXPIRED:
		state_take_expiry(s, &arrival);
		break;
	case TRANSPORT_FAILED:
		if (state_may_postpone_call(s, &arrival))
			state_postpone_call(s);
		break;
	case TRANSPORT_PROGRESS:
		break;
	}
	return true;
}

/* No answer may be handed on before the response to VALIDATE_NEGOTIATE_INFO was checked. */
static bool state_is_validated(const struct client_state *s)
{
	return s->smb2.validation != VALIDATION_SENT;
}

enum client_event client_state_next(struct client_state *s)
{
	do {
		if (state_may_call_early(s)) {
			s->early_call = EARLY_CALL_ALLOWED;
			return CLIENT_EVENT_LOGGED_ON;
		}
		state_send(s);
		if (state_has_failed(s))
			return CLIENT_EVENT_FAILED;
		if (s->is_challenged)
			return CLIENT_EVENT_TOKEN;
		if (state_is_validated(s) && pipe_call_has_row(&s->call))
			return CLIENT_EVENT_ROWS;
		if (state_is_validated(s) && s->call.is_answered)
			return CLIENT_EVENT_ANSWER;
		if (state_may_renew(s)) {
			state_begin_renewal(s);
			return CLIENT_EVENT_EXPIRED;
		}
	} while (state_receive(s));
	return s->step == STEP_READY ? CLIENT_EVENT_READY : CLIENT_EVENT_READ;
}

/* ---- beginning and end ---- */

static void state_begin(struct client_state *s, const char *host, enum client_step step)
{
	*s = (struct client_state){
		.interface = &client_srvsvc, .step = step, .opening = step, .unsent = step
	};
	snprintf(s->host, sizeof s->host, "%s", host);
	transport_smb2_init(&s->smb2);
	rpc_association_init(&s->rpc);
}

void client_state_init(struct client_state *s, const char *host, enum client_opening opening)
{
	state_begin(s, host, opening == CLIENT_PROBE_SMB1 ? STEP_PROBE_SMB1 : STEP_NEGOTIATE);
}

void client_state_init_dialect(struct client_state *s, const char *host, uint16_t dialect)
{
	state_begin(s, host, STEP_NEGOTIATE);
	s->smb2.offered.only_dialect = dialect;
}

void client_state_begin_netbios(struct client_state *s)
{
	s->step = s->unsent = STEP_REQUEST_SESSION;
}

void client_state_init_local(struct client_state *s, const struct client_interface *interface)
{
	state_begin(s, "", STEP_BIND);
	s->is_local = true;
	s->interface = interface;
}

void client_state_fini(struct client_state *s)
{
	transport_smb2_fini(&s->smb2);
	transport_local_fini(&s->local);
	rpc_association_fini(&s->rpc);
	wire_writer_fini(&s->fragment);
	wire_writer_fini(&s->challenge);
	pipe_call_fini(&s->call);
}

uint8_t *client_state_space(struct client_state *s, size_t *room)
{
	return s->is_local ? transport_local_space(&s->local, room)
	                   : smb2_frames_space(&s->smb2.connection.in, room);
}

void client_state_received(struct client_state *s, size_t bytes)
{
	if (s->is_local)
		transport_local_received(&s->local, bytes);
	else
		smb2_frames_received(&s->smb2.connection.in, bytes);
}

struct wire_writer *client_state_out(struct client_state *s)
{
	return s->is_local ? &s->local.out : &s->smb2.connection.out;
}

/* ---- calls ---- */

static void state_begin_call(struct client_state *s)
{
	s->early_call = EARLY_CALL_ALLOWED;
	rpc_association_call(&s->rpc);
	s->step = s->unsent = STEP_CALL;
}

void client_state_call_enum(struct client_state *s, const struct session_enum_request *request,
                            size_t max_bytes, bool streams_rows)
{
	bool is_early = s->early_call == EARLY_CALL_ALLOWED && s->step == STEP_TREE_CONNECT;

	assert(is_early || client_state_is_idle(s));
	(void)pipe_call_begin_enum(&s->call, s->interface == &client_netsession_local, request,
	                           max_bytes, streams_rows, &s->err);
	if (is_early)
		s->early_call = EARLY_CALL_BEGUN;
	else
		state_begin_call(s);
}

void client_state_call_del(struct client_state *s, const struct session_del_request *request)
{
	assert(client_state_is_idle(s));
	(void)pipe_call_begin_del(&s->call, request, &s->err);
	state_begin_call(s);
}

void client_state_call_local(struct client_state *s, enum local_opnum opnum,
                             const struct session_del_request *request)
{
	assert(client_state_is_idle(s));
	(void)pipe_call_begin_local(&s->call, opnum, request, &s->err);
	state_begin_call(s);
}

bool client_state_next_row(struct client_state *s, struct netsession_row *row, char **scratch,
                           size_t *scratch_bytes)
{
	return !state_has_failed(s) &&
	       pipe_call_next_row(&s->call, row, scratch, scratch_bytes, &s->err);
}

NET_API_STATUS client_state_take_enum(struct client_state *s, struct session_enum_answer *answer,
                                      void **infos)
{
	s->step = STEP_READY;
	return pipe_call_end_enum(&s->call, answer, infos, &s->err);
}

size_t client_state_answer_bytes(const struct client_state *s)
{
	return s->call.infos_bytes;
}

NET_API_STATUS client_state_take_del(struct client_state *s, NET_API_STATUS *answer)
{
	s->step = STEP_READY;
	return pipe_call_end_del(&s->call, answer, &s->err);
}

NET_API_STATUS client_state_take_local(struct client_state *s, struct wire_reader *stub)
{
	s->step = STEP_READY;
	pipe_call_end_local(&s->call, stub);
	return s->err.status;
}

/* ---- what the caller may ask ---- */

const struct smb2_negotiate_response *client_state_negotiated(const struct client_state *s)
{
	return s->step > STEP_NEGOTIATE ? &s->smb2.negotiated : NULL;
}

bool client_state_is_renewing(const struct client_state *s)
{
	return s->is_renewing;
}

bool client_state_has_expired_again(const struct client_state *s)
{
	return s->renewals > 0;
}

bool client_state_is_spent(const struct client_state *s)
{
	return transport_smb2_is_spent(&s->smb2);
}

bool client_state_is_idle(const struct client_state *s)
{
	return s->step == STEP_READY && !state_has_failed(s) && !s->has_expired &&
	       !client_state_is_spent(s) && transport_is_idle(s);
}

bool client_state_is_encrypted(const struct client_state *s)
{
	return s->smb2.connection.is_encrypted;
}

bool client_state_has_tree(const struct client_state *s)
{
	return s->step > STEP_TREE_CONNECT && s->smb2.connection.tree_id != 0;
}

bool client_state_received_nothing(const struct client_state *s)
{
	return s->step <= STEP_NEGOTIATE && smb2_frames_is_untouched(&s->smb2.connection.in);
}

void client_state_explain_end(const struct client_state *s, struct err *err)
{
	err->step = client_state_step(s);
	if (client_state_received_nothing(s) && !s->is_local &&
	    err->status == ERROR_NETNAME_DELETED) {
		*err = (struct err){ 0 };
		err_set(err, ERROR_NETNAME_DELETED, client_state_step(s),
		        "the server closed the connection without an answer: it refuses connections from this computer, has too many connections, or does not support SMB2");
		return;
	}
	if (s->smb2.validation != VALIDATION_SENT || err->status != ERROR_NETNAME_DELETED)
		return;
	/* 3.3.5.15.12: a server that another NEGOTIATE has reached than was sent ends the
	 * connection. */
	*err = (struct err){ 0 };
	err_set(err, ERROR_DOWNGRADE_DETECTED, TRANSPORT_VALIDATE_STEP,
	        "the server ended the connection: the NEGOTIATE that it received is not the NEGOTIATE that was sent");
}
