/* SPDX-License-Identifier: MIT */
#ifndef SMB2_NAME_H
#define SMB2_NAME_H

#include "wire/writer.h"

/* Appends a text as UTF-16LE without a terminator: share and file names. */
void smb2_put_name(struct wire_writer *w, const char *utf8);

#endif
