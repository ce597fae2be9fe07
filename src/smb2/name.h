/* SPDX-License-Identifier: MIT */
/* Names in requests: a pipe's, a share's path. UTF-16 on the wire, UTF-8 here. */
#ifndef SMB2_NAME_H
#define SMB2_NAME_H

#include "wire/reader.h"

/* The longest share path ([MS-SMB2] 2.2.9: 255 units of server, 80 of share) has 338. */
#define SMB2_MAX_NAME_UNITS 340
#define SMB2_NAME_BYTES     (3 * SMB2_MAX_NAME_UNITS + 1)

/* Reads part to its end, which gives a text with its terminator. Fails part where the text is
 * longer than any name, is cut, or is none: a NUL, half of a surrogate pair. to is empty then. */
void smb2_name_get(struct wire_reader *part, char to[SMB2_NAME_BYTES]);

#endif
