/* SPDX-License-Identifier: MIT */
#include "samba/relay/npa.h"

#include <assert.h>
#include <string.h>

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

/* named_pipe_auth.idl of Samba, as NDR: the members that stand before the texts are of a fixed
 * size.
 */
enum { LEAST_LEVEL = 7, MOST_LEVEL = 8, CLIENT_AT = 8, TEXTS_AT = 32, MAX_TEXT_BYTES = 64 };

/* A conformant varying string of bytes, cut to fit. */
static void npa_get_text(struct wire_reader *r, char text[MAX_TEXT_BYTES])
{
	uint32_t count;
	const uint8_t *bytes;

	wire_skip_padding(r, 4);
	wire_skip(r, 8);
	count = wire_get_u32(r);
	bytes = wire_get_bytes(r, count);
	text[0] = '\0';
	if (r->error != NULL || count == 0)
		return;
	if (count > MAX_TEXT_BYTES)
		count = MAX_TEXT_BYTES;
	memcpy(text, bytes, count);
	text[count - 1] = '\0';
}

bool npa_opening_client(const uint8_t *opening, size_t bytes, struct ip_address *client)
{
	bool has_name, has_address;
	struct wire_reader r;
	char text[MAX_TEXT_BYTES] = "";
	const uint8_t *magic;
	uint32_t level;

	wire_reader_init(&r, opening, bytes);
	wire_skip(&r, OPENING_LENGTH_BYTES);
	magic = wire_get_bytes(&r, 4);
	level = wire_get_u32(&r);
	if (r.error != NULL || memcmp(magic, "NPAM", 4) != 0 || level < LEAST_LEVEL ||
	    level > MOST_LEVEL || wire_get_u32(&r) != level)
		return false;
	wire_skip(&r, 4); /* the transport */
	has_name = wire_get_u32(&r) != 0;
	has_address = wire_get_u32(&r) != 0;
	wire_skip(&r, TEXTS_AT - CLIENT_AT - 4);
	if (has_name)
		npa_get_text(&r, text);
	if (has_address)
		npa_get_text(&r, text);
	return has_address && r.error == NULL && ip_address_parse(text, client);
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
