/* SPDX-License-Identifier: MIT */
#include "smb2/smb1_negotiate.h"

#include <string.h>

#define HEADER_BYTES          32
#define SMB_COM_NEGOTIATE     0x72
#define BUFFER_FORMAT_DIALECT 2

#define FLAGS_CASE_INSENSITIVE           0x08
#define FLAGS_REPLY                      0x80
#define FLAGS2_UNICODE_NTSTATUS_EXTENDED 0xC800

static const uint8_t protocol_id[4] = { 0xFF, 'S', 'M', 'B' };

void smb1_negotiate_encode(struct wire_writer *w)
{
	static const char dialects[] = "\x02SMB 2.002\0\x02SMB 2.???";

	wire_put_bytes(w, protocol_id, sizeof protocol_id);
	wire_put_u8(w, SMB_COM_NEGOTIATE);
	wire_put_u32le(w, 0); /* Status */
	wire_put_u8(w, FLAGS_CASE_INSENSITIVE);
	wire_put_u16le(w, FLAGS2_UNICODE_NTSTATUS_EXTENDED);
	wire_put_zeros(w, 2 + 8 + 2);     /* PIDHigh, SecurityFeatures, Reserved */
	wire_put_zeros(w, 2 + 2 + 2 + 2); /* TID, PIDLow, UID, MID */
	wire_put_u8(w, 0);                /* WordCount */
	wire_put_u16le(w, sizeof dialects);
	wire_put_bytes(w, dialects, sizeof dialects);
}

/* Reads a dialect and its terminator. */
static const char *smb1_get_dialect(struct wire_reader *dialects)
{
	const uint8_t *end = memchr(dialects->at, 0, wire_left(dialects));

	if (end == NULL) {
		wire_reader_fail(dialects, "a dialect lacks its terminator");
		return "";
	}
	return (const char *)wire_get_bytes(dialects, (size_t)(end + 1 - dialects->at));
}

void smb1_negotiate_decode(struct wire_reader *message, struct smb1_negotiate_offer *offer)
{
	const uint8_t *id = wire_get_bytes(message, sizeof protocol_id);
	struct wire_reader dialects;
	const uint8_t *data;
	uint16_t bytes;

	*offer = (struct smb1_negotiate_offer){ 0 };
	if (id != NULL && memcmp(id, protocol_id, sizeof protocol_id) != 0)
		wire_reader_fail(message, "not an SMB1 message");
	if (wire_get_u8(message) != SMB_COM_NEGOTIATE)
		wire_reader_fail(message, "the SMB1 message is no NEGOTIATE");
	wire_skip(message, HEADER_BYTES - sizeof protocol_id - 1);
	if (wire_get_u8(message) != 0) /* WordCount */
		wire_reader_fail(message, "the SMB1 NEGOTIATE has parameters");
	bytes = wire_get_u16(message);
	data = wire_get_bytes(message, bytes);
	wire_reader_init(&dialects, data, data != NULL ? bytes : 0);
	while (dialects.error == NULL && wire_left(&dialects) > 0) {
		const char *dialect;

		if (wire_get_u8(&dialects) != BUFFER_FORMAT_DIALECT)
			wire_reader_fail(&dialects, "a dialect has an unknown format");
		dialect = smb1_get_dialect(&dialects);
		offer->has_smb_2002 |= strcmp(dialect, "SMB 2.002") == 0;
		offer->has_smb_2xxx |= strcmp(dialect, "SMB 2.???") == 0;
	}
	if (dialects.error != NULL)
		wire_reader_fail(message, dialects.error);
}

bool smb1_negotiate_is_response(const uint8_t *message, size_t bytes)
{
	struct wire_reader r;
	const uint8_t *id;
	uint8_t command, flags;

	wire_reader_init(&r, message, bytes);
	id = wire_get_bytes(&r, sizeof protocol_id);
	command = wire_get_u8(&r);
	wire_skip(&r, 4); /* Status */
	flags = wire_get_u8(&r);
	wire_skip(&r, HEADER_BYTES - sizeof protocol_id - 1 - 4 - 1);
	return r.error == NULL && memcmp(id, protocol_id, sizeof protocol_id) == 0 &&
	       command == SMB_COM_NEGOTIATE && (flags & FLAGS_REPLY) != 0;
}
