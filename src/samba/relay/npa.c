/* SPDX-License-Identifier: MIT */
#include "samba/relay/npa.h"

#include <assert.h>

enum { OPENING_LENGTH_BYTES = 4, MESSAGE_LENGTH_BYTES = 2 };

/* Gives what in has of the opening or the message that has begun. */
static bool npa_reader_give_piece(struct npa_reader *r, struct wire_reader *in, enum npa_kind kind,
                                  struct npa_piece *piece)
{
	size_t bytes = wire_left(in) < r->left ? wire_left(in) : r->left;

	*piece = (struct npa_piece){ kind, wire_get_bytes(in, bytes), bytes };
	r->left -= (uint32_t)bytes;
	return bytes > 0;
}

static bool npa_reader_read_opening(struct npa_reader *r, struct wire_reader *in,
                                    struct npa_piece *piece)
{
	if (r->length_bytes < OPENING_LENGTH_BYTES) {
		*piece = (struct npa_piece){ NPA_OPENING, in->at, 0 };
		while (r->length_bytes < OPENING_LENGTH_BYTES && wire_left(in) > 0) {
			r->length[r->length_bytes++] = wire_get_u8(in);
			piece->bytes++;
		}
		for (int i = 0; i < OPENING_LENGTH_BYTES; i++)
			r->left = r->left << 8 | r->length[i];
		if (r->length_bytes < OPENING_LENGTH_BYTES)
			r->left = 0;
		return piece->bytes > 0;
	}
	return npa_reader_give_piece(r, in, NPA_OPENING, piece);
}

bool npa_reader_next(struct npa_reader *r, struct wire_reader *in, struct npa_piece *piece)
{
	if (!r->is_opened && r->length_bytes == OPENING_LENGTH_BYTES && r->left == 0) {
		r->is_opened = true;
		r->length_bytes = 0;
	}
	if (!r->is_opened)
		return npa_reader_read_opening(r, in, piece);
	while (r->err.status == 0 && r->left == 0 && wire_left(in) > 0) {
		r->length[r->length_bytes++] = wire_get_u8(in);
		if (r->length_bytes < MESSAGE_LENGTH_BYTES)
			continue;
		r->left = r->length[0] | (uint32_t)r->length[1] << 8;
		r->length_bytes = 0;
		if (r->left == 0)
			err_set(&r->err, ERROR_BAD_NET_RESP, "named_pipe_auth",
			        "a message without bytes");
	}
	return r->err.status == 0 && r->left > 0 &&
	       npa_reader_give_piece(r, in, NPA_PAYLOAD, piece);
}

size_t npa_message_begin(struct wire_writer *w)
{
	wire_put_u16le(w, 0);
	return w->len;
}

void npa_message_end(struct wire_writer *w, size_t begin)
{
	if (w->failed)
		return;
	assert(w->len - begin <= UINT16_MAX);
	wire_set_u16le(w, begin - MESSAGE_LENGTH_BYTES, (uint16_t)(w->len - begin));
}
