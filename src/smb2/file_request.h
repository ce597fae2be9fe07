/* SPDX-License-Identifier: MIT */
/* What no pipe has, as far as it says which file it means: OPLOCK_BREAK ([MS-SMB2] 2.2.24.1), LOCK
 * (2.2.26), QUERY_DIRECTORY (2.2.33), CHANGE_NOTIFY (2.2.35). The FileId of all is at one place. */
#ifndef SMB2_FILE_REQUEST_H
#define SMB2_FILE_REQUEST_H

#include "smb2/header.h"

/* Reads a whole message, whose body has this StructureSize. */
void smb2_file_request_decode(struct wire_reader *message, uint16_t structure_bytes,
                              struct smb2_file_id *id);

#endif
