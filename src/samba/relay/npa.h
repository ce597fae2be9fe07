/* SPDX-License-Identifier: MIT */
/* How smbd and its RPC services speak over a named pipe's Unix socket (Samba's named_pipe_auth), in
 * either direction: an opening, which is 32 bits, big-endian, with the bytes that follow, and those
 * - who calls, and the reply to it; then messages, 16 bits, little-endian, with the bytes that
 * follow, and those. What an opening says differs from one Samba to the next: it is passed on as it
 * is. */
#ifndef SAMBA_RELAY_NPA_H
#define SAMBA_RELAY_NPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "wire/reader.h"
#include "wire/writer.h"

enum npa_kind {
	NPA_OPENING, /* bytes of the opening, its length included */
	NPA_PAYLOAD, /* bytes of a message, its length excluded */
};

struct npa_piece {
	enum npa_kind kind;
	const uint8_t *data; /* borrowed from what was fed */
	size_t bytes;        /* 1 at least */
};

/* All zero is the beginning. Nothing is kept of what was fed but a length that was cut. */
struct npa_reader {
	bool is_opened;
	uint8_t length[4]; /* the bytes of a length that came so far */
	uint8_t length_bytes;
	uint32_t left;  /* of the opening or the message that has begun */
	struct err err; /* it sticks */
};

/* The next piece out of in, in place. False: all of in is used up, or err
 * says what was wrong with it. */
bool npa_reader_next(struct npa_reader *r, struct wire_reader *in, struct npa_piece *piece);

/* A message whose bytes are appended between the two; 65,535 of them at most. */
size_t npa_message_begin(struct wire_writer *w);
void npa_message_end(struct wire_writer *w, size_t begin);

#endif
