/* SPDX-License-Identifier: MIT */
/* Samba's named_pipe_auth, which smbd and its RPC services speak over the Unix socket of a named
 * pipe. Each side sends one opening: a 32-bit length, big-endian, and so many bytes, which name the
 * client, or are the reply to that. Then it sends messages: a 16-bit length, little-endian, and so
 * many bytes. Openings differ from one version of Samba to the next, so they are forwarded as they
 * are; only the client's address is read. */
#ifndef SAMBA_RELAY_NPA_H
#define SAMBA_RELAY_NPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/ip_address.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum npa_kind {
	NPA_OPENING, /* bytes of the opening, with its length */
	NPA_PAYLOAD, /* bytes of a message, without its length */
};

struct npa_piece {
	enum npa_kind kind;
	const uint8_t *data; /* borrowed from the input */
	size_t bytes;        /* at least 1 */
};

/* All zero at first. Keeps nothing of the input but the beginning of a length. */
struct npa_reader {
	bool is_opened;
	uint8_t length[4]; /* length_bytes of a length */
	uint8_t length_bytes;
	uint32_t left;  /* bytes of the opening or the message that are to come */
	struct err err; /* it sticks */
};

/* Gives the next piece of in, in place. False: in has no bytes left, or err says what is wrong. */
bool npa_reader_next(struct npa_reader *r, struct wire_reader *in, struct npa_piece *piece);

/* Gives the address of the client that smbd names in an opening. bytes: what has come of it; the
 * address is among the first NPA_CLIENT_BYTES. False: there is none in a form that is known, which
 * is that of the levels 7 and 8, or it has not come yet. */
#define NPA_CLIENT_BYTES 256
bool npa_opening_client(const uint8_t *opening, size_t bytes, struct ip_address *client);

/* Begins a message and ends it; its bytes, 65,535 at most, are appended in between. */
size_t npa_message_begin(struct wire_writer *w);
void npa_message_end(struct wire_writer *w, size_t begin);

#endif
