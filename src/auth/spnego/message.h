/* SPDX-License-Identifier: MIT */
/* The messages of SPNEGO: NegTokenInit and NegTokenResp of RFC 4178 4.2, NegTokenInit2 of [MS-SPNG]
 * 2.2.1. Each is decoded within fixed bounds: no allocation, no recursion. Pure. */
#ifndef AUTH_SPNEGO_MESSAGE_H
#define AUTH_SPNEGO_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "auth/mechanisms.h"
#include "crypto/crypto.h"
#include "wire/writer.h"

/* Windows offers four mechanisms. A longer list than this one is refused as a whole. */
#define SPNEGO_MAX_MECHANISMS 32

/* What the security buffer of a SESSION_SETUP can hold ([MS-SMB2] 2.2.5: 16 bits), less what
 * SPNEGO puts around a mechanism's token. */
#define SPNEGO_MAX_TOKEN_BYTES (UINT16_MAX - 512)

/* In all messages a span whose data is NULL is a field that is absent. A field may be present and
 * empty. Decoded spans borrow the bytes that were decoded. */

/* NegTokenInit, and NegTokenInit2, which an acceptor sends. */
struct spnego_init {
	struct crypto_span mechanism_list; /* the DER of MechTypeList, which mechListMIC protects */
	struct crypto_span mechanisms[SPNEGO_MAX_MECHANISMS]; /* object identifiers' content */
	size_t count;
	struct crypto_span token; /* mechToken, of the first mechanism */
	struct crypto_span mic;   /* mechListMIC */
};

/* negState of RFC 4178 4.2.2, by its numbers on the wire. */
enum spnego_state {
	SPNEGO_ACCEPT_COMPLETED,
	SPNEGO_ACCEPT_INCOMPLETE,
	SPNEGO_REJECT,
	SPNEGO_REQUEST_MIC,
	SPNEGO_NO_STATE, /* the field is absent */
};

struct spnego_response {
	enum spnego_state state;
	struct crypto_span mechanism; /* supportedMech: an object identifier's content */
	struct crypto_span token;     /* responseToken */
	struct crypto_span mic;       /* mechListMIC */
};

/* False: the bytes are no such message, or name more mechanisms than SPNEGO_MAX_MECHANISMS. Fields
 * behind those that RFC 4178 names are ignored: both types are extensible. */
bool spnego_init_decode(struct crypto_span bytes, struct spnego_init *message);
bool spnego_response_decode(struct crypto_span bytes, struct spnego_response *message);

/* The mechanisms that a server names in its NegTokenInit2: 1u << enum auth_mechanism for each; 0
 * where the bytes are no such message. */
unsigned spnego_hint_mechanisms(struct crypto_span bytes);

/* Puts the DER of a MechTypeList. With all_oids each mechanism is named by all its object
 * identifiers, else by the standard one alone. */
void spnego_mechanism_list_encode(struct wire_writer *w, const enum auth_mechanism mechanisms[],
                                  size_t count, bool all_oids);

/* Each puts one message. No field may exceed SPNEGO_MAX_TOKEN_BYTES. */
void spnego_init_encode(struct wire_writer *w, struct crypto_span mechanism_list,
                        struct crypto_span token);
/* With the negotiation hints that Windows' clients expect of a server: [MS-SPNG] 3.2.5.2. */
void spnego_init2_encode(struct wire_writer *w, struct crypto_span mechanism_list);
void spnego_response_encode(struct wire_writer *w, const struct spnego_response *message);

#endif
