/* SPDX-License-Identifier: MIT */
#include "smb2/header.h"

#include <string.h>

#define NEXT_COMMAND_AT 20 /* in the header */

static const uint8_t protocol_id[4] = { 0xFE, 'S', 'M', 'B' };

void smb2_header_encode(struct wire_writer *w, const struct smb2_header *h)
{
	wire_put_bytes(w, protocol_id, sizeof protocol_id);
	wire_put_u16le(w, SMB2_HEADER_BYTES);
	wire_put_u16le(w, h->credit_charge);
	wire_put_u32le(w, h->status);
	wire_put_u16le(w, h->command);
	wire_put_u16le(w, h->credits);
	wire_put_u32le(w, h->flags);
	wire_put_u32le(w, h->next_command);
	wire_put_u64le(w, h->message_id);
	wire_put_u32le(w, 0); /* reserved */
	wire_put_u32le(w, h->tree_id);
	wire_put_u64le(w, h->session_id);
	wire_put_zeros(w, SMB2_SIGNATURE_BYTES);
}

void smb2_header_decode(struct wire_reader *r, struct smb2_header *h)
{
	const uint8_t *id = wire_get_bytes(r, sizeof protocol_id);

	if (id != NULL && memcmp(id, protocol_id, sizeof protocol_id) != 0)
		wire_reader_fail(r, "not an SMB2 message");
	smb2_structure_size(r, SMB2_HEADER_BYTES);
	h->credit_charge = wire_get_u16(r);
	h->status = wire_get_u32(r);
	h->command = wire_get_u16(r);
	h->credits = wire_get_u16(r);
	h->flags = wire_get_u32(r);
	h->next_command = wire_get_u32(r);
	h->message_id = wire_get_u64(r);
	wire_skip(r, 4); /* reserved, or half of the AsyncId */
	h->tree_id = wire_get_u32(r);
	h->session_id = wire_get_u64(r);
	wire_skip(r, SMB2_SIGNATURE_BYTES);
}

void smb2_header_set_next(struct wire_writer *w, size_t header_at, uint32_t next_command)
{
	wire_set_u32le(w, header_at + NEXT_COMMAND_AT, next_command);
}

void smb2_structure_size(struct wire_reader *r, uint16_t expected)
{
	if (wire_get_u16(r) != expected)
		wire_reader_fail(r, "a structure of the wrong size");
}
