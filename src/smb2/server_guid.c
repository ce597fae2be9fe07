/* SPDX-License-Identifier: MIT */
#include "smb2/server_guid.h"

#include <string.h>
#include "crypto/crypto.h"

#define HALF_BYTES (SMB2_GUID_BYTES / 2)

/* Drawn once; its first two bits are the variant of RFC 9562. */
static const uint8_t second_half[HALF_BYTES] = { 0x98, 0xEB, 0x8A, 0xF4, 0x18, 0x51, 0xFE, 0x0D };

bool smb2_server_guid_make(uint8_t guid[SMB2_GUID_BYTES])
{
	memcpy(guid + HALF_BYTES, second_half, HALF_BYTES);
	if (!crypto_random(guid, HALF_BYTES))
		return false;
	guid[7] = (uint8_t)(0x80 |
	                    (guid[7] & 0x0F)); /* the version; GUIDs are little-endian here */
	return true;
}

bool smb2_server_guid_transceives_anywhere(const uint8_t guid[SMB2_GUID_BYTES])
{
	return guid[7] >> 4 == 8 && memcmp(guid + HALF_BYTES, second_half, HALF_BYTES) == 0;
}
