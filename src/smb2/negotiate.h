/* SPDX-License-Identifier: MIT */
/* NEGOTIATE: [MS-SMB2] 2.2.3, 2.2.4. */
#ifndef SMB2_NEGOTIATE_H
#define SMB2_NEGOTIATE_H

#include <stdbool.h>
#include "smb2/header.h"

#define SMB2_GUID_BYTES 16
#define SMB2_SALT_BYTES 32

/* SigningAlgorithmId, 2.2.3.1.7. */
enum smb2_signing_algorithm {
	SMB2_SIGNING_HMAC_SHA256 = 0,
	SMB2_SIGNING_AES_CMAC = 1,
	SMB2_SIGNING_AES_GMAC = 2,
};

/* CipherId, 2.2.3.1.2. */
enum smb2_cipher {
	SMB2_CIPHER_NONE = 0,
	SMB2_AES_128_CCM = 1,
	SMB2_AES_128_GCM = 2,
	SMB2_AES_256_CCM = 3,
	SMB2_AES_256_GCM = 4,
};

struct smb2_negotiate_request {
	uint8_t client_guid[SMB2_GUID_BYTES];
	uint8_t salt[SMB2_SALT_BYTES]; /* of the preauthentication integrity hash */
	uint16_t only_dialect;         /* 0: every one from 2.0.2 to 3.1.1 is offered */
};

/* What a client's NEGOTIATE offers, as its server reads it. The sets hold what we know and nothing
 * else: bit i of dialects is smb2_dialects[i], bit n of the others the algorithm with that number.
 */
struct smb2_negotiate_offer {
	unsigned dialects;
	uint16_t security_mode;
	uint32_t capabilities;
	uint8_t client_guid[SMB2_GUID_BYTES];
	bool has_preauth_sha512;          /* the contexts of 3.1.1: without it there are none */
	bool has_encryption, has_signing; /* the context is there, whatever it lists */
	unsigned ciphers, signing_algorithms;
};

struct smb2_negotiate_response {
	uint16_t security_mode;
	uint16_t dialect;
	uint8_t server_guid[SMB2_GUID_BYTES];
	uint32_t capabilities;
	uint32_t max_transact_bytes, max_read_bytes, max_write_bytes;
	uint64_t system_time;          /* FILETIME */
	struct smb2_data token;        /* NegTokenInit2; none: the client begins */
	bool has_preauth_sha512;       /* 3.1.1 */
	uint8_t salt[SMB2_SALT_BYTES]; /* as it is sent: no reader wants it */
	bool has_encryption;           /* 3.1.1: the context is there, with a cipher or without */
	uint16_t cipher;               /* enum smb2_cipher; SMB2_CIPHER_NONE: no encryption */
	bool has_signing_algorithm;    /* 3.1.1 */
	uint16_t signing_algorithm;    /* enum smb2_signing_algorithm */
	unsigned mechanisms;           /* spnego_hint_mechanisms: nothing depends on them */
};

/* By what the server says that one may log on. */
/* All that we know, in the order of our preference. */
#define SMB2_CIPHER_COUNT            4
#define SMB2_SIGNING_ALGORITHM_COUNT 3
extern const uint16_t smb2_ciphers[SMB2_CIPHER_COUNT];
extern const uint16_t smb2_signing_algorithms[SMB2_SIGNING_ALGORITHM_COUNT];

/* Every dialect that we know, the oldest first. */
#define SMB2_DIALECT_COUNT 5
extern const uint16_t smb2_dialects[SMB2_DIALECT_COUNT];

/* Offers dialects, every cipher, and signing required. The first encodes
 * the body, header_at being where its header stands in w; the second reads a whole message. */
void smb2_negotiate_request_encode(struct wire_writer *w, size_t header_at,
                                   const struct smb2_negotiate_request *request);
/* What a NEGOTIATE offers in the form that validates it, 2.2.31.4. */
void smb2_negotiate_offer_encode(struct wire_writer *w,
                                 const struct smb2_negotiate_request *request);
/* Reads a whole message; fails it where 3.3.5.4 has STATUS_INVALID_PARAMETER. */
void smb2_negotiate_request_decode(struct wire_reader *message, struct smb2_negotiate_offer *offer);
/* The same out of what validates it, the input of an IOCTL. */
void smb2_negotiate_offer_decode(struct wire_reader *input, struct smb2_negotiate_offer *offer);

/* header_at is where the header stands in w. has_preauth_sha512, has_encryption and
 * has_signing_algorithm say which contexts there are. */
void smb2_negotiate_response_encode(struct wire_writer *w, size_t header_at,
                                    const struct smb2_negotiate_response *response);
void smb2_negotiate_response_decode(struct wire_reader *message,
                                    struct smb2_negotiate_response *response);

#endif
