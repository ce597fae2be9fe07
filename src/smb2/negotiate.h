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
	uint8_t salt[SMB2_SALT_BYTES]; /* of the preauthentication integrity hash, random */
	uint16_t only_dialect;         /* 0: all from 2.0.2 to 3.1.1 are offered */
};

/* The offer in a client's NEGOTIATE, as its server decodes it. The sets hold only what this library
 * knows: bit i of dialects stands for smb2_dialects[i], bit n of the others for the algorithm with
 * number n. */
struct smb2_negotiate_offer {
	unsigned dialects;
	uint16_t security_mode;
	uint32_t capabilities;
	uint8_t client_guid[SMB2_GUID_BYTES];
	bool has_preauth_sha512;          /* dialect 3.1.1 always has this context */
	bool has_encryption, has_signing; /* the context is present, whatever it lists */
	unsigned ciphers, signing_algorithms;
};

struct smb2_negotiate_response {
	uint16_t security_mode;
	uint16_t dialect;
	uint8_t server_guid[SMB2_GUID_BYTES];
	uint32_t capabilities;
	uint32_t max_transact_bytes, max_read_bytes, max_write_bytes;
	uint64_t system_time;          /* FILETIME */
	struct smb2_data token;        /* NegTokenInit2; empty: the client begins */
	bool has_preauth_sha512;       /* 3.1.1 */
	uint8_t salt[SMB2_SALT_BYTES]; /* encoded only */
	bool has_encryption;           /* 3.1.1: the context is present, even without a cipher */
	uint16_t cipher;               /* enum smb2_cipher; SMB2_CIPHER_NONE: no encryption */
	bool has_signing_algorithm;    /* 3.1.1 */
	uint16_t signing_algorithm;    /* enum smb2_signing_algorithm */
	bool chose_unoffered;          /* 3.1.1: compression, or an RDMA transform; decoded only */
	unsigned mechanisms;           /* spnego_hint_mechanisms; for reports only */
};

/* All algorithms that are supported, the preferred one first. */
#define SMB2_CIPHER_COUNT            4
#define SMB2_SIGNING_ALGORITHM_COUNT 3
extern const uint16_t smb2_ciphers[SMB2_CIPHER_COUNT];
extern const uint16_t smb2_signing_algorithms[SMB2_SIGNING_ALGORITHM_COUNT];

/* All dialects that are supported, the oldest first. */
#define SMB2_DIALECT_COUNT 5
extern const uint16_t smb2_dialects[SMB2_DIALECT_COUNT];
/* Returns "3.1.1", or NULL if the dialect is not supported. */
const char *smb2_dialect_name(uint16_t dialect);

/* The request offers the dialects, every cipher and every signing algorithm, and requires signing.
 * header_at is where the header stands in w. */
void smb2_negotiate_request_encode(struct wire_writer *w, size_t header_at,
                                   const struct smb2_negotiate_request *request);
/* The same offer in the input of FSCTL_VALIDATE_NEGOTIATE_INFO, 2.2.31.4. */
void smb2_negotiate_offer_encode(struct wire_writer *w,
                                 const struct smb2_negotiate_request *request);
/* Fails message where 3.3.5.4 requires STATUS_INVALID_PARAMETER. */
void smb2_negotiate_request_decode(struct wire_reader *message, struct smb2_negotiate_offer *offer);
/* The same offer out of the input of FSCTL_VALIDATE_NEGOTIATE_INFO. */
void smb2_negotiate_offer_decode(struct wire_reader *input, struct smb2_negotiate_offer *offer);

/* header_at is where the header stands in w. has_preauth_sha512, has_encryption and
 * has_signing_algorithm decide which contexts the response has. */
void smb2_negotiate_response_encode(struct wire_writer *w, size_t header_at,
                                    const struct smb2_negotiate_response *response);
void smb2_negotiate_response_decode(struct wire_reader *message,
                                    struct smb2_negotiate_response *response);

#endif
