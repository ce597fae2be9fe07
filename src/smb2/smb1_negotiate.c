/* SPDX-License-Identifier: MIT */
#include "smb2/smb1_negotiate.h"

#define SMB_COM_NEGOTIATE 0x72

#define FLAGS_CASE_INSENSITIVE           0x08
#define FLAGS2_UNICODE_NTSTATUS_EXTENDED 0xC800

void smb1_negotiate_encode(struct wire_writer *w)
{
	static const uint8_t protocol_id[4] = { 0xFF, 'S', 'M', 'B' };
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
