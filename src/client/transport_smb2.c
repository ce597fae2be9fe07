/* SPDX-License-Identifier: MIT */
#include "client/transport_smb2.h"

#include "smb2/status.h"
#include "smb2/ioctl.h"

/* Tags of the transport's own requests; the state machine's are below these. */
#define TAG_READ     0x10000 /* and the READ's sequence number, cut to 16 bits */
#define TAG_VALIDATE 0x20000

#define READ_STEP "READ srvsvc"

#define MORE_THAN_REQUESTED "the server returned more data than was requested"

void transport_smb2_init(struct transport_smb2 *t)
{
	*t = (struct transport_smb2){ 0 };
	smb2_connection_init(&t->connection);
}

void transport_smb2_fini(struct transport_smb2 *t)
{
	smb2_connection_fini(&t->connection);
	for (size_t i = 0; i < TRANSPORT_MAX_READS; i++)
		wire_writer_fini(&t->early[i]);
}

/* ---- requests ---- */

void transport_smb2_write(struct transport_smb2 *t, uint32_t tag,
                          const struct wire_writer *fragment)
{
	struct wire_writer *w = smb2_connection_request(&t->connection, SMB2_WRITE, tag);

	smb2_write_request_encode(w, &t->pipe, fragment->data, fragment->len);
	t->write_bytes = fragment->len;
}

void transport_smb2_transceive(struct transport_smb2 *t, uint32_t tag, bool in_compound,
                               const struct wire_writer *fragment)
{
	static const struct smb2_file_id of_create = { SMB2_RELATED_ID_64, SMB2_RELATED_ID_64 };
	struct wire_writer *w = smb2_connection_request(&t->connection, SMB2_IOCTL, tag);

	smb2_transceive_request_encode(w, in_compound ? &of_create : &t->pipe, fragment->data,
	                               fragment->len, t->connection.max_transact_bytes);
}

static void transport_smb2_send_read(struct transport_smb2 *t)
{
	uint32_t tag = TAG_READ | (t->reads_sent++ & 0xFFFF);
	struct wire_writer *w = smb2_connection_request(&t->connection, SMB2_READ, tag);

	smb2_read_request_encode(w, &t->pipe, t->connection.max_read_bytes);
	smb2_connection_flush(&t->connection);
}

/* One READ too many would wait for the answer of the next call. */
bool transport_smb2_read(struct transport_smb2 *t, uint32_t remaining_bytes,
                         uint32_t fragment_bytes)
{
	uint32_t in_flight = t->reads_sent - t->reads_taken, wanted = 1;

	if (remaining_bytes > 0 && fragment_bytes > 0)
		wanted = (remaining_bytes - 1) / fragment_bytes + 1;
	if (wanted > TRANSPORT_MAX_READS)
		wanted = TRANSPORT_MAX_READS;
	while (in_flight < wanted && smb2_connection_room(&t->connection) > 0) {
		transport_smb2_send_read(t);
		in_flight++;
	}
	return in_flight > 0;
}

void transport_smb2_validate(struct transport_smb2 *t)
{
	struct wire_writer *w = smb2_connection_request(&t->connection, SMB2_IOCTL, TAG_VALIDATE);

	smb2_validate_request_encode(w, &t->offered);
	smb2_connection_flush(&t->connection);
	t->validation = VALIDATION_SENT;
}

bool transport_smb2_resume(struct transport_smb2 *t)
{
	if (t->reads_sent - t->reads_expired != t->reads_taken)
		return false;
	t->reads_sent = t->reads_taken;
	t->reads_expired = 0;
	if (t->must_validate_again)
		transport_smb2_validate(t);
	t->must_validate_again = false;
	return true;
}

void transport_smb2_ignore_outstanding(struct transport_smb2 *t)
{
	t->ignored = smb2_connection_outstanding(&t->connection);
}

bool transport_smb2_is_idle(const struct transport_smb2 *t)
{
	return smb2_connection_outstanding(&t->connection) == 0;
}

bool transport_smb2_awaits_one(const struct transport_smb2 *t)
{
	return smb2_connection_outstanding(&t->connection) == 1;
}

bool transport_smb2_is_spent(const struct transport_smb2 *t)
{
	return t->reads_sent != t->reads_taken;
}

/* ---- arrivals ---- */

static enum transport_event transport_smb2_fail(const char *step, NET_API_STATUS status,
                                                const char *text, struct err *err)
{
	err_set(err, status, step, text);
	return TRANSPORT_FAILED;
}

/* The reply is a refusal: its NTSTATUS says why. */
static enum transport_event transport_smb2_refused(const char *step, uint32_t nt_status,
                                                   struct err *err)
{
	err_set(err, smb2_status_to_win32(nt_status), step, NULL);
	err->nt_status = nt_status;
	return TRANSPORT_FAILED;
}

static bool smb2_reply_is_refusal(const struct smb2_reply *reply)
{
	switch (reply->status) {
	case STATUS_SUCCESS:
		return false;
	case STATUS_MORE_PROCESSING_REQUIRED:
		return reply->command != SMB2_SESSION_SETUP;
	case STATUS_BUFFER_OVERFLOW: /* READs bring the rest */
		return reply->command != SMB2_IOCTL && reply->command != SMB2_READ;
	default:
		return true;
	}
}

/* Whether a response belongs to the tree of IPC$: 3.3.4.1. An asynchronous one names none, and one
 * to a related request may repeat that the request named none. */
static bool has_tree_of(const struct transport_smb2 *t, const struct smb2_reply *reply)
{
	const struct smb2_header *h = &reply->header;

	return reply->command <= SMB2_TREE_CONNECT || (h->flags & SMB2_FLAGS_ASYNC_COMMAND) != 0 ||
	       h->tree_id == SMB2_RELATED_ID_32 || h->tree_id == t->connection.tree_id;
}

/* 3.2.5.14.12. A server below SMB 3.0 may not know VALIDATE_NEGOTIATE_INFO and says so, signed. */
static enum transport_event take_validation(struct transport_smb2 *t, struct smb2_reply *reply,
                                            struct err *err)
{
	t->validation = VALIDATION_NONE;
	if (reply->status != STATUS_SUCCESS && reply->status != STATUS_ACCESS_DENIED)
		return TRANSPORT_PROGRESS;
	if (reply->status == STATUS_SUCCESS)
		smb2_validate_response_check(&reply->message, &t->negotiated);
	if (reply->status == STATUS_SUCCESS && reply->message.error == NULL)
		return TRANSPORT_PROGRESS;
	return transport_smb2_fail(TRANSPORT_VALIDATE_STEP, ERROR_DOWNGRADE_DETECTED,
	                           reply->message.error, err);
}

static enum transport_event take_written(const struct transport_smb2 *t, const char *step,
                                         struct smb2_reply *reply, struct err *err)
{
	uint32_t written;

	smb2_write_response_decode(&reply->message, &written);
	if (reply->message.error != NULL)
		return transport_smb2_fail(step, ERROR_BAD_NET_RESP, reply->message.error, err);
	if (written != t->write_bytes)
		return transport_smb2_fail(step, ERROR_BAD_NET_RESP,
		                           "the pipe accepted only a part of a fragment", err);
	return TRANSPORT_WRITTEN;
}

static enum transport_event take_transceived(const struct transport_smb2 *t, const char *step,
                                             struct transport_arrival *arrival, struct err *err)
{
	struct wire_reader *message = &arrival->reply.message;
	struct smb2_data output;

	smb2_transceive_response_decode(message, &output);
	if (output.bytes > t->connection.max_transact_bytes)
		wire_reader_fail(message, MORE_THAN_REQUESTED);
	if (message->error != NULL)
		return transport_smb2_fail(step, ERROR_BAD_NET_RESP, message->error, err);
	arrival->data = output.data;
	arrival->bytes = output.bytes;
	return TRANSPORT_PIPE_DATA;
}

/* Keeps the bytes of a READ until those of the READs before it have been taken. */
static enum transport_event keep_early(struct transport_smb2 *t, uint32_t sequence,
                                       const struct smb2_data *data, struct err *err)
{
	struct wire_writer *slot = &t->early[sequence % TRANSPORT_MAX_READS];

	wire_writer_clear(slot);
	wire_put_bytes(slot, data->data, data->bytes);
	t->is_early[sequence % TRANSPORT_MAX_READS] = true;
	if (slot->failed)
		return transport_smb2_fail(READ_STEP, ERROR_NOT_ENOUGH_MEMORY, NULL, err);
	return TRANSPORT_PROGRESS;
}

static enum transport_event take_read(struct transport_smb2 *t, struct transport_arrival *arrival,
                                      struct err *err)
{
	uint32_t sequence = arrival->reply.tag & 0xFFFF;
	struct wire_reader *message = &arrival->reply.message;
	struct smb2_data data;

	if (smb2_reply_is_refusal(&arrival->reply))
		return transport_smb2_refused(READ_STEP, arrival->reply.status, err);
	if (!has_tree_of(t, &arrival->reply))
		return transport_smb2_fail(READ_STEP, ERROR_BAD_NET_RESP,
		                           "the response is of another tree", err);
	smb2_read_response_decode(message, &data);
	if (data.bytes > t->connection.max_read_bytes)
		wire_reader_fail(message, MORE_THAN_REQUESTED);
	if (data.bytes == 0) /* a READ of a pipe waits for data */
		wire_reader_fail(message, "the server answered a READ of the pipe without data");
	if (message->error != NULL)
		return transport_smb2_fail(READ_STEP, ERROR_BAD_NET_RESP, message->error, err);
	if (sequence != (t->reads_taken & 0xFFFF))
		return keep_early(t, sequence, &data, err);
	t->reads_taken++;
	arrival->data = data.data;
	arrival->bytes = data.bytes;
	return TRANSPORT_PIPE_DATA;
}

/* Gives the bytes of the next READ in order, if its response has arrived early. */
static bool next_early(struct transport_smb2 *t, struct transport_arrival *arrival)
{
	size_t turn = t->reads_taken % TRANSPORT_MAX_READS;

	if (!t->is_early[turn])
		return false;
	t->is_early[turn] = false;
	t->reads_taken++;
	arrival->data = t->early[turn].data;
	arrival->bytes = t->early[turn].len;
	return true;
}

/* 3.2.5.1.6: the request is sent again when the session was authenticated again. */
static enum transport_event transport_smb2_take_expiry(struct transport_smb2 *t,
                                                       const struct smb2_reply *reply)
{
	if ((reply->tag & TAG_READ) != 0)
		t->reads_expired++;
	else if (reply->tag == TAG_VALIDATE)
		t->must_validate_again = true;
	return TRANSPORT_EXPIRED;
}

static enum transport_event take_reply(struct transport_smb2 *t, uint32_t tag, const char *step,
                                       struct transport_arrival *arrival, struct err *err)
{
	struct smb2_reply *reply = &arrival->reply;
	bool is_own = reply->tag == tag && t->ignored == 0;
	/* While there is no session, or it is being made, none can have expired. */
	bool has_session = reply->command != SMB2_NEGOTIATE && reply->command != SMB2_SESSION_SETUP;

	if (reply->status == STATUS_NETWORK_SESSION_EXPIRED && has_session &&
	    (is_own || (reply->tag & TAG_READ) != 0 || reply->tag == TAG_VALIDATE))
		return transport_smb2_take_expiry(t, reply);
	if ((reply->tag & TAG_READ) != 0)
		return take_read(t, arrival, err);
	if (reply->tag == TAG_VALIDATE)
		return take_validation(t, reply, err);
	if (t->ignored > 0) {
		t->ignored--;
		return TRANSPORT_PROGRESS;
	}
	if (reply->tag != tag)
		return transport_smb2_fail(step, ERROR_BAD_NET_RESP,
		                           "a reply came before the one that it depends on", err);
	if (smb2_reply_is_refusal(reply))
		return transport_smb2_refused(step, reply->status, err);
	if (!has_tree_of(t, reply))
		return transport_smb2_fail(step, ERROR_BAD_NET_RESP,
		                           "the response is of another tree", err);
	if (reply->command == SMB2_WRITE)
		return take_written(t, step, reply, err);
	if (reply->command == SMB2_IOCTL)
		return take_transceived(t, step, arrival, err);
	return TRANSPORT_REPLY;
}

enum transport_event transport_smb2_next(struct transport_smb2 *t, uint32_t tag, const char *step,
                                         struct transport_arrival *arrival, struct err *err)
{
	if (next_early(t, arrival))
		return TRANSPORT_PIPE_DATA;
	switch (smb2_connection_next(&t->connection, &arrival->reply)) {
	case SMB2_WANT_BYTES:
		return TRANSPORT_WANTS_BYTES;
	case SMB2_SESSION_OPENED:
		return TRANSPORT_OPENED;
	case SMB2_REPLY:
		return take_reply(t, tag, step, arrival, err);
	case SMB2_FAILED:
		break;
	}
	return transport_smb2_fail(step, t->connection.err.status, t->connection.err.text, err);
}
