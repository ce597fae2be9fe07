/* SPDX-License-Identifier: MIT */
/* The client's end of an SMB2 connection that has one session: message ids, credits, compounds,
 * preauthentication integrity, signatures, encryption, interim responses. Bytes in, bytes out. */
#ifndef SMB2_CLIENT_CONNECTION_H
#define SMB2_CLIENT_CONNECTION_H

#include "base/err.h"
#include "smb2/frames.h"
#include "smb2/header.h"
#include "smb2/negotiate.h"
#include "smb2/encryption.h"
#include "smb2/signing.h"

#define SMB2_MAX_OUTSTANDING 16
#define SMB2_MAX_COMPOUND    4

struct smb2_connection {
	uint16_t dialect; /* 0 until negotiated */
	uint16_t signing_algorithm;
	uint16_t cipher; /* enum smb2_cipher; SMB2_CIPHER_NONE: no encryption */
	bool multi_credit;
	uint32_t max_transact_bytes, max_read_bytes, max_write_bytes;
	uint64_t session_id;
	uint32_t tree_id;

	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key;     /* NULL until the session is authenticated, and if
	                                     * is_null */
	struct smb2_encryption *encryption; /* the same, and NULL without a cipher */
	bool is_encrypted;                  /* requests are encrypted, and so are their responses */
	bool is_null;                       /* a null session: nothing is signed */
	struct wire_writer setup_response;  /* the last SESSION_SETUP response, to be verified with
	                                     * the key that follows from it */

	uint64_t next_message_id;
	unsigned credits;
	struct smb2_outstanding {
		bool in_use, is_encrypted;
		uint16_t command;
		uint64_t message_id;
		uint32_t tag;
	} outstanding[SMB2_MAX_OUTSTANDING];

	struct wire_writer out; /* whole frames, to be sent */
	size_t request_begin;   /* where the message that is being built begins */
	size_t request_headers[SMB2_MAX_COMPOUND]; /* where its headers stand */
	size_t request_count;                      /* of them; 0: no message is being built */

	struct smb2_frames in;
	bool awaits_session; /* a NetBIOS session was requested, and is not open yet */
	uint8_t *received;   /* the rest of the message that is being read */
	size_t received_bytes;
	bool was_encrypted; /* that message: it needs no signature */
	struct err err;
};

void smb2_connection_init(struct smb2_connection *c);
void smb2_connection_fini(struct smb2_connection *c);

/* Begins a request: appends its header to the writer that is returned, to which the caller appends
 * the body. The first request begins a message; those that follow are compounded with it as related
 * requests. The reply to the request carries tag. At most smb2_connection_room requests may be
 * begun. */
struct wire_writer *smb2_connection_request(struct smb2_connection *c, enum smb2_command command,
                                            uint32_t tag);
/* Where in that writer the header of the request stands that was begun last. */
size_t smb2_connection_header_at(const struct smb2_connection *c);
/* Ends the message: signs or encrypts it if there is a session. The message is then in out. */
void smb2_connection_flush(struct smb2_connection *c);
/* How many requests may be begun now: as many as there are credits and room to track. */
unsigned smb2_connection_room(const struct smb2_connection *c);
/* How many requests have no final response yet. */
unsigned smb2_connection_outstanding(const struct smb2_connection *c);

/* Sends an SMB1 NEGOTIATE that offers SMB2 only. A server that answers in SMB1 supports nothing
 * else; any response fails the connection. */
void smb2_connection_probe_smb1(struct smb2_connection *c);

/* Asks for a NetBIOS session, which has to be open before anything else is sent. */
void smb2_connection_request_session(struct smb2_connection *c);

enum smb2_event {
	SMB2_WANT_BYTES,
	SMB2_SESSION_OPENED, /* the NetBIOS session */
	SMB2_REPLY,
	SMB2_FAILED, /* for good: see err */
};

/* The final response to a request, borrowed until the next smb2_frames_space of in. */
struct smb2_reply {
	uint16_t command;
	uint32_t tag;
	uint32_t status; /* NTSTATUS */
	struct smb2_header header;
	struct wire_reader message; /* the whole message; the reader stands at its header */
};

/* Gives the next reply out of in. If there is a session other than a null session, the signature of
 * the reply was verified, or the reply was encrypted. */
enum smb2_event smb2_connection_next(struct smb2_connection *c, struct smb2_reply *reply);

/* Adopts the result of NEGOTIATE. */
void smb2_connection_negotiated(struct smb2_connection *c,
                                const struct smb2_negotiate_response *response);

/* The longest data that every request of this client may carry, and every response. */
uint32_t smb2_connection_max_data_bytes(const struct smb2_connection *c);

/* The log-on succeeded: verifies the signature of the response that reports it, and signs
 * everything from now on. False: see err. */
bool smb2_connection_authenticated(struct smb2_connection *c,
                                   const struct smb2_session_key *session_key);

/* The log-on made a null session, which the caller asked for: from now on no request is signed and
 * no response needs a signature. Must not be called for any other session. */
void smb2_connection_anonymous(struct smb2_connection *c);

/* Encrypts everything from now on, instead of signing. False: no cipher was negotiated. */
bool smb2_connection_encrypt(struct smb2_connection *c);

#endif
