/* SPDX-License-Identifier: MIT */
/* TREE_CONNECT, CREATE and bind: one related compound where the credits reach. */
#include "client/steps.h"

#include "smb2/file.h"
#include "smb2/ioctl.h"
#include "smb2/tree.h"
#include "srvsvc/interface.h"

#define IPC_SHARE "IPC$"

enum { OPEN_REQUESTS = TAG_BIND + 1 };

static void send_tree_connect(struct client_state *c)
{
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_TREE_CONNECT,
	                                                TAG_TREE_CONNECT);

	smb2_tree_connect_request_encode(w, c->host, IPC_SHARE);
}

static void send_create(struct client_state *c)
{
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_CREATE, TAG_CREATE);

	smb2_create_pipe_request_encode(w, SRVSVC_PIPE_NAME);
}

static void send_bind(struct client_state *c)
{
	const struct smb2_file_id of_create = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };
	struct wire_writer *w = smb2_connection_request(&c->smb, SMB2_IOCTL, TAG_BIND);

	association_bind(c);
	smb2_transceive_request_encode(w, c->in_compound ? &of_create : &c->pipe, c->fragment.data,
	                               c->fragment.len, c->smb.max_transact_bytes);
}

void open_pipe_send(struct client_state *c)
{
	static void (*const send[OPEN_REQUESTS])(struct client_state *) = {
		[TAG_TREE_CONNECT] = send_tree_connect,
		[TAG_CREATE] = send_create,
		[TAG_BIND] = send_bind,
	};

	if (c->opened == OPEN_REQUESTS || smb2_connection_outstanding(&c->smb) > 0)
		return;
	c->in_compound = false;
	while (c->opened < OPEN_REQUESTS && smb2_connection_room(&c->smb) > 0) {
		send[c->opened++](c);
		c->in_compound = true;
	}
	if (!c->in_compound)
		step_fail(c, ERROR_BAD_NET_RESP, "the server grants no credit");
	else
		smb2_connection_flush(&c->smb);
}

/* The share wants it and the session did not say so: what followed in the compound went out
 * plain, is refused, and has to be sent again. */
static void begin_encryption(struct client_state *c)
{
	if (!smb2_connection_encrypt(&c->smb)) {
		step_fail(c, ERROR_NOT_SUPPORTED, "the server offers no encryption");
		return;
	}
	c->refused_plain = smb2_connection_outstanding(&c->smb);
	c->opened = TAG_CREATE;
	rpc_association_fini(&c->rpc);
	rpc_association_init(&c->rpc);
}

static void receive_tree_connect(struct client_state *c, struct smb2_reply *reply)
{
	struct smb2_tree_connect_response response;

	smb2_tree_connect_response_decode(&reply->message, &response);
	if (!step_decoded(c, reply))
		return;
	c->smb.tree_id = reply->header.tree_id;
	if ((response.share_flags & SMB2_SHAREFLAG_ENCRYPT_DATA) && !c->smb.is_encrypted)
		begin_encryption(c);
}

static void receive_create(struct client_state *c, struct smb2_reply *reply)
{
	smb2_create_response_decode(&reply->message, &c->pipe);
	(void)step_decoded(c, reply);
}

void open_pipe_receive(struct client_state *c, struct smb2_reply *reply)
{
	static const struct {
		const char *doing;
		void (*receive)(struct client_state *, struct smb2_reply *);
	} requests[OPEN_REQUESTS] = {
		[TAG_TREE_CONNECT] = { "TREE_CONNECT " IPC_SHARE, receive_tree_connect },
		[TAG_CREATE] = { "CREATE " SRVSVC_PIPE_NAME, receive_create },
		[TAG_BIND] = { "bind " SRVSVC_PIPE_NAME, pipe_take_transceive },
	};

	if (reply->command == SMB2_READ) { /* the rest of a long bind_ack */
		pipe_take_read(c, reply);
		return;
	}
	if (c->refused_plain > 0)
		c->refused_plain--;
	else if (reply->tag != c->open_taken++)
		step_fail(c, ERROR_BAD_NET_RESP, "an answer before the one that it depends on");
	else if (!pipe_carries_data(reply->status))
		step_refuse(c, requests[reply->tag].doing, reply->status);
	else
		requests[reply->tag].receive(c, reply);
	if (c->err.status == NERR_Success && c->step == STEP_OPEN_PIPE)
		open_pipe_send(c);
}
