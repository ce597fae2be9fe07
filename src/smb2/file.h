/* SPDX-License-Identifier: MIT */
/* Requests that open, close or name a file, which here is a pipe: CREATE, CLOSE, FLUSH, and the
 * FileId of those that no pipe supports. */
#ifndef SMB2_FILE_H
#define SMB2_FILE_H

#include "smb2/header.h"

/* ---- CREATE: [MS-SMB2] 2.2.13, 2.2.14 ---- */

/* DesiredAccess of a pipe, 2.2.13.1.1 */
#define FILE_READ_DATA       0x00000001u
#define FILE_WRITE_DATA      0x00000002u
#define FILE_READ_ATTRIBUTES 0x00000080u
#define MAXIMUM_ALLOWED      0x02000000u
#define GENERIC_ALL          0x10000000u
#define GENERIC_EXECUTE      0x20000000u
#define GENERIC_WRITE        0x40000000u
#define GENERIC_READ         0x80000000u

/* CreateDisposition */
enum smb2_disposition {
	FILE_SUPERSEDE = 0,
	FILE_OPEN = 1,
	FILE_CREATE = 2,
	FILE_OPEN_IF = 3,
	FILE_OVERWRITE = 4,
	FILE_OVERWRITE_IF = 5,
};

#define SMB2_IMPERSONATION_DELEGATE 3 /* the highest ImpersonationLevel */

#define FILE_DIRECTORY_FILE 0x00000001u /* CreateOptions */

struct smb2_create_request {
	uint32_t impersonation_level; /* from 0, anonymous, to 3, delegate */
	uint32_t desired_access;
	uint32_t disposition; /* enum smb2_disposition */
	uint32_t options;
	char name[SMB2_NAME_BYTES];
};

/* The request opens the named pipe for reading and writing. */
void smb2_create_pipe_request_encode(struct wire_writer *w, const char *pipe);
/* Checks that each create context lies within the message, but decodes none: a pipe supports none
 * of them. */
void smb2_create_request_decode(struct wire_reader *message, struct smb2_create_request *request);
/* The response says that a pipe was opened that existed already. */
void smb2_create_pipe_response_encode(struct wire_writer *w, const struct smb2_file_id *id);
void smb2_create_response_decode(struct wire_reader *message, struct smb2_file_id *id);

/* ---- CLOSE: [MS-SMB2] 2.2.15, 2.2.16 ---- */

#define SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB 0x0001

struct smb2_close_request {
	uint16_t flags; /* SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB: the response is to have attributes */
	struct smb2_file_id id;
};

void smb2_close_request_decode(struct wire_reader *message, struct smb2_close_request *request);
/* flags are those of the request. The response has the pipe's attributes if they ask for them. */
void smb2_close_response_encode(struct wire_writer *w, uint16_t flags);

/* ---- FLUSH: [MS-SMB2] 2.2.17; its response has an empty body ---- */

void smb2_flush_request_decode(struct wire_reader *message, struct smb2_file_id *id);

/* ---- requests that no pipe supports ---- */

/* Reads the FileId, which stands at the same place in OPLOCK_BREAK ([MS-SMB2] 2.2.24.1), LOCK
 * (2.2.26), QUERY_DIRECTORY (2.2.33) and CHANGE_NOTIFY (2.2.35). structure_bytes is the
 * StructureSize of that request. */
void smb2_file_request_decode(struct wire_reader *message, uint16_t structure_bytes,
                              struct smb2_file_id *id);

#endif
