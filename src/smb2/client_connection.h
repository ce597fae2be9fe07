/* SPDX-License-Identifier: MIT */
/* The client's end of one SMB2 connection with one session: message ids, credits, compounds,
 * preauthentication integrity, signatures, interim answers. Bytes in, bytes out. */
#ifndef SMB2_CLIENT_CONNECTION_H
#define SMB2_CLIENT_CONNECTION_H

#include "base/err.h"
#include "smb2/frames.h"
#include "smb2/header.h"
#include "smb2/negotiate.h"
#include "smb2/encryption.h"
#include "smb2/signing.h"

#define SMB2_MAX_OUTSTANDING 16
#define SMB2_MAX_COMPOUND    3

struct smb2_connection {
	uint16_t dialect; /* 0 until negotiated */
	uint16_t signing_algorithm;
	uint16_t cipher; /* SMB2_CIPHER_NONE: encryption is not to be had */
	bool multi_credit;
	uint32_t max_transact_bytes, max_read_bytes;
	uint64_t session_id;
	uint32_t tree_id;

	uint8_t preauth[CRYPTO_SHA512_BYTES];
	struct crypto_mac *signing_key; /* NULL until the session is authenticated, or is_null */
	struct smb2_encryption *encryption; /* the same, and NULL where there is no cipher */
	bool is_encrypted;                  /* all that goes out is, and the answers to it */
	bool is_null;                       /* a null session: nothing is signed */
	struct wire_writer setup_response;  /* the last one, unverified until the key is known */

	uint64_t next_message_id;
	unsigned credits;
	struct smb2_outstanding {
		bool in_use, is_encrypted;
		uint16_t command;
		uint64_t message_id;
		uint32_t tag;
	} outstanding[SMB2_MAX_OUTSTANDING];

	struct wire_writer out;                    /* whole frames, to be sent */
	size_t request_begin;                      /* of the message being built */
	size_t request_headers[SMB2_MAX_COMPOUND]; /* where its headers stand; none: no message is
	                                              built */
	size_t request_count;

	struct smb2_frames in;
	uint8_t *received; /* what is left of the message being read */
	size_t received_bytes;
	bool was_encrypted; /* it came encrypted: no signature is wanted */
	struct err err;
};

void smb2_connection_init(struct smb2_connection *c);
void smb2_connection_fini(struct smb2_connection *c);

/* Building what is sent. smb2_connection_request begins a request, whose body the caller then
 * encodes into what it returns; the first one begins a message, further ones are compounded as
 * related to it. tag comes back with the answer. At most smb2_connection_room requests may be
 * begun. smb2_connection_flush ends the message: it signs or
 * encrypts it where a session is there. */
struct wire_writer *smb2_connection_request(struct smb2_connection *c, enum smb2_command command,
                                            uint32_t tag);
size_t smb2_connection_header_at(const struct smb2_connection *c);
void smb2_connection_flush(struct smb2_connection *c);
unsigned smb2_connection_room(const struct smb2_connection *c);
unsigned smb2_connection_outstanding(const struct smb2_connection *c);

/* Sends an SMB1 NEGOTIATE that offers SMB2 alone: an answer in SMB1 shows a server that knows
 * nothing else, and every answer fails the connection. */
void smb2_connection_probe_smb1(struct smb2_connection *c);

enum smb2_event { SMB2_WANT_BYTES, SMB2_REPLY, SMB2_FAILED /* for good: see err */ };

/* An answer, valid until the next smb2_frames_space of in. */
struct smb2_reply {
	uint16_t command;
	uint32_t tag;
	uint32_t status; /* NTSTATUS */
	struct smb2_header header;
	struct wire_reader message; /* the whole of it, at its start */
};

/* The next answer out of in. Its signature holds where a session is there that is not a null
 * session. */
enum smb2_event smb2_connection_next(struct smb2_connection *c, struct smb2_reply *reply);

/* Takes over what NEGOTIATE agreed on. */
void smb2_connection_negotiated(struct smb2_connection *c,
                                const struct smb2_negotiate_response *response);

/* The log-on succeeded: from here on everything is signed. Verifies the answer that said so.
 * False: see err. */
bool smb2_connection_authenticated(struct smb2_connection *c,
                                   const struct smb2_session_key *session_key);

/* The log-on made a null session, as the caller had asked for: from here on nothing is signed,
 * sent or wanted. For no other session. */
void smb2_connection_anonymous(struct smb2_connection *c);

/* From here on everything is encrypted instead. False: no cipher was agreed on. */
bool smb2_connection_encrypt(struct smb2_connection *c);

#endif
