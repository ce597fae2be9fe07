/* SPDX-License-Identifier: MIT */
#include "smb2/client_connection.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include "smb2/smb1_negotiate.h"
#include "smb2/status.h"

/* As many as are used at once at most. Requests ask for more until the server has granted so many.
 */
#define CREDITS_WANTED SMB2_MAX_OUTSTANDING

#define MAX_CREDITS 65535u

#define UNSOLICITED_MESSAGE_ID 0xFFFFFFFFFFFFFFFFu /* an oplock break, 3.2.5.1.3 */

void smb2_connection_init(struct smb2_connection *c)
{
	*c = (struct smb2_connection){ .credits = 1 };
}

void smb2_connection_fini(struct smb2_connection *c)
{
	crypto_mac_free(c->signing_key);
	smb2_encryption_free(c->encryption);
	wire_writer_fini(&c->setup_response);
	wire_writer_fini(&c->out);
	smb2_frames_fini(&c->in);
}

static enum smb2_event smb2_connection_fail(struct smb2_connection *c, NET_API_STATUS status,
                                            const char *reason)
{
	err_set(&c->err, status, NULL, reason);
	return SMB2_FAILED;
}

unsigned smb2_connection_outstanding(const struct smb2_connection *c)
{
	unsigned count = 0;

	for (size_t i = 0; i < SMB2_MAX_OUTSTANDING; i++)
		count += c->outstanding[i].in_use;
	return count;
}

unsigned smb2_connection_room(const struct smb2_connection *c)
{
	unsigned room = SMB2_MAX_OUTSTANDING - smb2_connection_outstanding(c);

	return room < c->credits ? room : c->credits;
}

static struct smb2_outstanding *smb2_connection_find_outstanding(struct smb2_connection *c,
                                                                 uint64_t message_id)
{
	for (size_t i = 0; i < SMB2_MAX_OUTSTANDING; i++)
		if (c->outstanding[i].in_use && c->outstanding[i].message_id == message_id)
			return &c->outstanding[i];
	return NULL;
}

static void smb2_connection_add_outstanding(struct smb2_connection *c, enum smb2_command command,
                                            uint32_t tag)
{
	for (size_t i = 0; i < SMB2_MAX_OUTSTANDING; i++)
		if (!c->outstanding[i].in_use) {
			c->outstanding[i] = (struct smb2_outstanding){
				.in_use = true,
				.is_encrypted = c->is_encrypted,
				.command = (uint16_t)command,
				.message_id = c->next_message_id,
				.tag = tag,
			};
			return;
		}
	assert(false && "more requests than smb2_connection_room allows");
}

size_t smb2_connection_header_at(const struct smb2_connection *c)
{
	return c->request_headers[c->request_count - 1];
}

/* 2.2.1.2: SESSION_SETUP, which may authenticate a session again, belongs to no tree. */
static uint32_t smb2_connection_tree_id(const struct smb2_connection *c, enum smb2_command command)
{
	if (c->request_count > 0)
		return SMB2_RELATED_ID_32;
	return command == SMB2_SESSION_SETUP ? 0 : c->tree_id;
}

struct wire_writer *smb2_connection_request(struct smb2_connection *c, enum smb2_command command,
                                            uint32_t tag)
{
	bool related = c->request_count > 0;
	struct smb2_header h = {
		.credit_charge = c->multi_credit ? 1 : 0, /* 3.2.4.1.5 */
		.command = (uint16_t)command,
		.flags = related ? SMB2_FLAGS_RELATED_OPERATIONS : 0, /* 3.2.4.1.4 */
		.message_id = c->next_message_id,
		.tree_id = smb2_connection_tree_id(c, command),
		.session_id = c->session_id,
	};

	assert(c->credits > 0 && c->request_count < SMB2_MAX_COMPOUND);
	smb2_connection_add_outstanding(c, command, tag);
	c->next_message_id++;
	c->credits--;
	/* 3.2.4.1.2 */
	h.credits = (uint16_t)(c->credits < CREDITS_WANTED ? CREDITS_WANTED - c->credits : 1);
	if (related) {
		size_t before = smb2_connection_header_at(c);

		wire_put_padding(&c->out, before, 8);
		smb2_header_set_next(&c->out, before, (uint32_t)(c->out.len - before));
	} else {
		c->request_begin = smb2_frame_begin(&c->out);
	}
	c->request_headers[c->request_count++] = c->out.len;
	smb2_header_encode(&c->out, &h);
	return &c->out;
}

/* Hashes the messages up to the one that gives the session key, 3.2.5.2 and 3.2.5.3. Dialects below
 * 3.1.1 do not use the hash. */
static void smb2_connection_hash_preauth(struct smb2_connection *c, const uint8_t *message,
                                         size_t bytes)
{
	if (!crypto_sha512_chain(c->preauth, message, bytes))
		smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY,
		                     "OpenSSL does not provide SHA-512");
}

static void smb2_connection_sign_compound(struct smb2_connection *c)
{
	for (size_t i = 0; i < c->request_count; i++) {
		size_t end = i + 1 < c->request_count ? c->request_headers[i + 1] : c->out.len;

		if (!smb2_sign(c->signing_key, c->out.data + c->request_headers[i],
		               end - c->request_headers[i]))
			smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY,
			                     "OpenSSL could not sign a message");
	}
}

static void smb2_connection_encrypt_message(struct smb2_connection *c)
{
	if (!smb2_encrypt(c->encryption, c->session_id, &c->out, c->request_begin))
		smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY,
		                     "OpenSSL could not encrypt a message");
}

void smb2_connection_flush(struct smb2_connection *c)
{
	assert(c->request_count > 0);
	if (c->out.failed)
		smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY, "out of memory for a request");
	else if (c->is_encrypted)
		smb2_connection_encrypt_message(c);
	else if (c->signing_key != NULL)
		smb2_connection_sign_compound(c);
	else if (!c->is_null)
		smb2_connection_hash_preauth(c, c->out.data + c->request_begin,
		                             c->out.len - c->request_begin);
	smb2_frame_end(&c->out, c->request_begin);
	if (c->err.status != NERR_Success)
		wire_writer_clear(&c->out); /* a message that is not protected is not sent */
	c->request_count = 0;
}

void smb2_connection_probe_smb1(struct smb2_connection *c)
{
	size_t begin = smb2_frame_begin(&c->out);

	smb1_negotiate_encode(&c->out);
	smb2_frame_end(&c->out, begin);
}

/* Whether the message has the protocol id that begins with first: 0xFD encrypted, 0xFC
 * compressed. */
static bool smb2_connection_starts_with(const struct smb2_connection *c, uint8_t first)
{
	return c->received_bytes >= 4 && c->received[0] == first &&
	       memcmp(c->received + 1, "SMB", 3) == 0;
}

/* 3.2.5.1.1.1 */
static enum smb2_event smb2_connection_decrypt_message(struct smb2_connection *c)
{
	const char *reason;

	if (c->encryption == NULL)
		return smb2_connection_fail(
			c, ERROR_BAD_NET_RESP,
			"the server sent an encrypted message before a key was negotiated");
	reason = smb2_decrypt(c->encryption, c->session_id, c->received, c->received_bytes,
	                      &c->received, &c->received_bytes);
	if (reason != NULL)
		return smb2_connection_fail(c, ERROR_DOWNGRADE_DETECTED, reason);
	c->was_encrypted = true;
	return SMB2_REPLY;
}

void smb2_connection_request_session(struct smb2_connection *c)
{
	session_request_encode(&c->out);
	c->awaits_session = true;
}

/* A packet that is no message, and no keep-alive. A server that refuses the client sends a negative
 * response also without a request. */
static enum smb2_event smb2_connection_take_session_packet(struct smb2_connection *c,
                                                           enum session_packet type,
                                                           const uint8_t *data, size_t bytes)
{
	bool is_expected = type == SESSION_POSITIVE_RESPONSE && c->awaits_session;
	struct wire_reader r;

	wire_reader_init(&r, data, bytes);
	if (type == SESSION_NEGATIVE_RESPONSE)
		session_negative_response_explain(&r, &c->err);
	else if (type == SESSION_RETARGET_RESPONSE)
		session_retarget_response_explain(&r, &c->err);
	else if (!is_expected)
		return smb2_connection_fail(
			c, ERROR_BAD_NET_RESP,
			"the server sent a NetBIOS session packet that was not requested");
	c->awaits_session = false;
	return is_expected ? SMB2_SESSION_OPENED : SMB2_FAILED;
}

/* Cuts the next message out of the input. */
static enum smb2_event smb2_connection_next_message(struct smb2_connection *c)
{
	enum session_packet type;
	uint8_t *data;
	size_t bytes;

	if (!smb2_frames_next(&c->in, &type, &data, &bytes)) {
		if (c->in.error != NULL)
			return smb2_connection_fail(c, ERROR_BAD_NET_RESP, c->in.error);
		return SMB2_WANT_BYTES;
	}
	if (type != SESSION_MESSAGE)
		return smb2_connection_take_session_packet(c, type, data, bytes);
	c->received = data;
	c->received_bytes = bytes;
	c->was_encrypted = false;
	if (c->dialect == 0 && smb1_negotiate_is_response(c->received, c->received_bytes))
		return smb2_connection_fail(c, ERROR_SMB1_NOT_AVAILABLE,
		                            "the server supports SMB1 only");
	if (smb2_connection_starts_with(c, 0xFC))
		return smb2_connection_fail(
			c, ERROR_BAD_NET_RESP,
			"the server sent a compressed message, although compression was not negotiated");
	if (smb2_connection_starts_with(c, 0xFD))
		return smb2_connection_decrypt_message(c);
	return SMB2_REPLY;
}

/* Cuts the next response out of a message. */
static enum smb2_event smb2_connection_next_element(struct smb2_connection *c,
                                                    struct smb2_header *h, const uint8_t **element,
                                                    size_t *bytes)
{
	struct wire_reader r;

	wire_reader_init(&r, c->received, c->received_bytes);
	smb2_header_decode(&r, h);
	*element = c->received;
	*bytes = h->next_command != 0 ? h->next_command : c->received_bytes;
	if (r.error == NULL && (*bytes < SMB2_HEADER_BYTES || *bytes > c->received_bytes))
		r.error = "a response in a compound is longer than its message";
	if (r.error == NULL && (h->flags & SMB2_FLAGS_SERVER_TO_REDIR) == 0)
		r.error = "the server sent a request instead of a response";
	if (r.error != NULL)
		return smb2_connection_fail(c, ERROR_BAD_NET_RESP, r.error);
	c->received += *bytes;
	c->received_bytes -= *bytes;
	return SMB2_REPLY;
}

/* Whether a response is protected as it must be, 3.2.5.1.3. */
static bool smb2_connection_is_authentic(struct smb2_connection *c,
                                         const struct smb2_outstanding *request,
                                         const uint8_t *element, size_t bytes)
{
	if (c->signing_key == NULL || c->was_encrypted)
		return true;
	return !request->is_encrypted && smb2_signature_holds(c->signing_key, element, bytes);
}

/* A response without the required protection ends the connection. So does a server that has ended
 * the session and thus has no key to sign its response: no step may take that for an error of its
 * own. */
static enum smb2_event smb2_connection_fail_unauthentic(struct smb2_connection *c,
                                                        const struct smb2_outstanding *request,
                                                        const struct smb2_header *h)
{
	if ((h->flags & SMB2_FLAGS_SIGNED) == 0 && (h->status == STATUS_USER_SESSION_DELETED ||
	                                            h->status == STATUS_NETWORK_SESSION_EXPIRED))
		return smb2_connection_fail(c, ERROR_NETNAME_DELETED,
		                            "the server ended the session");
	return smb2_connection_fail(
		c, ERROR_DOWNGRADE_DETECTED,
		request->is_encrypted
			? "the server answered an encrypted request without encryption"
			: "the signature of a response is wrong");
}

static bool smb2_connection_keep_setup_response(struct smb2_connection *c, const uint8_t *element,
                                                size_t bytes)
{
	wire_writer_clear(&c->setup_response);
	wire_put_bytes(&c->setup_response, element, bytes);
	return !c->setup_response.failed;
}

/* 3.2.5.1.4. More credits than the client will ever use need not be counted. */
static void smb2_connection_add_credits(struct smb2_connection *c, uint16_t credits)
{
	c->credits += credits;
	if (c->credits > MAX_CREDITS)
		c->credits = MAX_CREDITS;
}

/* Whether a response belongs to the session of this connection, if that is there. An error may say
 * that the server does not know the session. */
static bool smb2_connection_has_session_of(const struct smb2_connection *c,
                                           const struct smb2_header *h)
{
	bool is_logged_on = c->signing_key != NULL || c->is_null;

	return !is_logged_on || h->session_id == c->session_id || h->status >> 30 == 3;
}

enum smb2_event smb2_connection_next(struct smb2_connection *c, struct smb2_reply *reply)
{
	while (c->err.status == NERR_Success) {
		struct smb2_outstanding *request;
		const uint8_t *element;
		size_t bytes;

		if (c->received_bytes == 0) {
			enum smb2_event event = smb2_connection_next_message(c);

			if (event != SMB2_REPLY)
				return event;
		}
		if (smb2_connection_next_element(c, &reply->header, &element, &bytes) != SMB2_REPLY)
			break;
		if (reply->header.message_id == UNSOLICITED_MESSAGE_ID)
			continue;
		request = smb2_connection_find_outstanding(c, reply->header.message_id);
		if (request == NULL || request->command != reply->header.command)
			return smb2_connection_fail(
				c, ERROR_BAD_NET_RESP,
				"the server answered a request that was not sent");
		/* SESSION_SETUP is sent alone, so its response is alone: the rest of a message
		 * would not survive the wait for a token. */
		if (request->command == SMB2_SESSION_SETUP && c->received_bytes != 0)
			return smb2_connection_fail(
				c, ERROR_BAD_NET_RESP,
				"the server compounded another response with that of the log-on");
		smb2_connection_add_credits(c, reply->header.credits);
		if (reply->header.status == STATUS_PENDING)
			continue; /* 3.2.5.1.5: the final response follows */
		if (!smb2_connection_is_authentic(c, request, element, bytes))
			return smb2_connection_fail_unauthentic(c, request, &reply->header);
		if (!smb2_connection_has_session_of(c, &reply->header))
			return smb2_connection_fail(c, ERROR_BAD_NET_RESP,
			                            "the response is of another session");
		if (c->signing_key == NULL && request->command == SMB2_SESSION_SETUP &&
		    reply->header.status == STATUS_SUCCESS) {
			if (!smb2_connection_keep_setup_response(c, element, bytes))
				return smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY,
				                            "out of memory for a response");
		} else if (c->signing_key == NULL && !c->is_null) {
			smb2_connection_hash_preauth(c, element, bytes);
		}
		request->in_use = false;
		reply->command = request->command;
		reply->tag = request->tag;
		reply->status = reply->header.status;
		wire_reader_init(&reply->message, element, bytes);
		return SMB2_REPLY;
	}
	return SMB2_FAILED;
}

static uint32_t smb2_at_most_payload(uint32_t bytes)
{
	return bytes < SMB2_MAX_PAYLOAD_BYTES ? bytes : SMB2_MAX_PAYLOAD_BYTES;
}

void smb2_connection_negotiated(struct smb2_connection *c,
                                const struct smb2_negotiate_response *response)
{
	c->dialect = response->dialect;
	/* 2.2.4.1.7: without the context the algorithm is AES-CMAC. */
	c->signing_algorithm = response->has_signing_algorithm ? response->signing_algorithm
	                                                       : SMB2_SIGNING_AES_CMAC;
	c->cipher = response->cipher;
	c->multi_credit = response->dialect >= SMB2_DIALECT_210 &&
	                  (response->capabilities & SMB2_GLOBAL_CAP_LARGE_MTU) != 0;
	c->max_transact_bytes = smb2_at_most_payload(response->max_transact_bytes);
	c->max_read_bytes = smb2_at_most_payload(response->max_read_bytes);
	c->max_write_bytes = smb2_at_most_payload(response->max_write_bytes);
}

uint32_t smb2_connection_max_data_bytes(const struct smb2_connection *c)
{
	uint32_t bytes = c->max_transact_bytes;

	if (c->max_read_bytes < bytes)
		bytes = c->max_read_bytes;
	return c->max_write_bytes < bytes ? c->max_write_bytes : bytes;
}

bool smb2_connection_authenticated(struct smb2_connection *c,
                                   const struct smb2_session_key *session_key)
{
	assert(c->signing_key == NULL);
	errno = 0; /* both the C library and OpenSSL say by it that there is no memory */
	c->signing_key = smb2_signing_key_new(c->dialect, c->signing_algorithm, session_key,
	                                      c->preauth);
	if (c->cipher != SMB2_CIPHER_NONE)
		c->encryption = smb2_encryption_new(SMB2_CLIENT, c->dialect, c->cipher, session_key,
		                                    c->preauth);
	if (c->signing_key == NULL || (c->cipher != SMB2_CIPHER_NONE && c->encryption == NULL)) {
		if (errno == ENOMEM)
			smb2_connection_fail(c, ERROR_NOT_ENOUGH_MEMORY, NULL);
		else
			smb2_connection_fail(c, ERROR_NOT_SUPPORTED,
			                     "OpenSSL does not allow the negotiated algorithm");
	} else if (!smb2_signature_holds(c->signing_key, c->setup_response.data,
	                                 c->setup_response.len))
		smb2_connection_fail(c, ERROR_DOWNGRADE_DETECTED,
		                     "the signature of the final log-on response is wrong");
	return c->err.status == NERR_Success;
}

void smb2_connection_anonymous(struct smb2_connection *c)
{
	assert(c->signing_key == NULL);
	c->is_null = true;
}

bool smb2_connection_encrypt(struct smb2_connection *c)
{
	c->is_encrypted = c->encryption != NULL;
	return c->is_encrypted;
}
