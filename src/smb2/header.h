/* SPDX-License-Identifier: MIT */
/* The SMB2 header: [MS-SMB2] 2.2.1. Dialects, commands and flags. */
#ifndef SMB2_HEADER_H
#define SMB2_HEADER_H

#include <stdint.h>
#include "wire/reader.h"
#include "wire/writer.h"

#define SMB2_DIALECT_202 0x0202
#define SMB2_DIALECT_210 0x0210
#define SMB2_DIALECT_300 0x0300
#define SMB2_DIALECT_302 0x0302
#define SMB2_DIALECT_311 0x0311
/* Of the answer to an SMB1 NEGOTIATE that leaves the choice to an SMB2 one, 2.2.4. */
#define SMB2_DIALECT_WILDCARD 0x02FF

/* Every command, C(name, number). */
#define SMB2_COMMANDS(C)       \
	C(NEGOTIATE, 0)        \
	C(SESSION_SETUP, 1)    \
	C(LOGOFF, 2)           \
	C(TREE_CONNECT, 3)     \
	C(TREE_DISCONNECT, 4)  \
	C(CREATE, 5)           \
	C(CLOSE, 6)            \
	C(FLUSH, 7)            \
	C(READ, 8)             \
	C(WRITE, 9)            \
	C(LOCK, 10)            \
	C(IOCTL, 11)           \
	C(CANCEL, 12)          \
	C(ECHO, 13)            \
	C(QUERY_DIRECTORY, 14) \
	C(CHANGE_NOTIFY, 15)   \
	C(QUERY_INFO, 16)      \
	C(SET_INFO, 17)        \
	C(OPLOCK_BREAK, 18)

enum smb2_command {
#define SMB2_COMMAND_NUMBER(NAME, NUMBER) SMB2_##NAME = NUMBER,
	SMB2_COMMANDS(SMB2_COMMAND_NUMBER)
#undef SMB2_COMMAND_NUMBER
		SMB2_COMMAND_COUNT,
};

enum smb2_flags {
	SMB2_FLAGS_SERVER_TO_REDIR = 0x00000001,
	SMB2_FLAGS_ASYNC_COMMAND = 0x00000002,
	SMB2_FLAGS_RELATED_OPERATIONS = 0x00000004,
	SMB2_FLAGS_SIGNED = 0x00000008,
};

#define SMB2_NEGOTIATE_SIGNING_ENABLED  0x0001
#define SMB2_NEGOTIATE_SIGNING_REQUIRED 0x0002

#define SMB2_GLOBAL_CAP_LARGE_MTU  0x00000004
#define SMB2_GLOBAL_CAP_ENCRYPTION 0x00000040

/* What every server takes in one message and one credit covers, 3.3.5.2.5. */
#define SMB2_MAX_PAYLOAD_BYTES 65536u

#define SMB2_HEADER_BYTES    64
#define SMB2_SIGNATURE_AT    48 /* in the header */
#define SMB2_SIGNATURE_BYTES 16

/* Fields of a related request that mean "as the one before it", 3.2.4.1.4. */
#define SMB2_RELATED_ID_32 0xFFFFFFFFu
#define SMB2_RELATED_ID_64 0xFFFFFFFFFFFFFFFFu

struct smb2_header {
	uint16_t credit_charge;
	uint32_t status; /* NTSTATUS of a response */
	uint16_t command;
	uint16_t credits; /* asked for, or granted */
	uint32_t flags;
	uint32_t next_command; /* bytes from this header to the next one, 0: the last */
	uint64_t message_id;
	uint32_t tree_id;  /* of a synchronous message, else 0 */
	uint64_t async_id; /* of one with SMB2_FLAGS_ASYNC_COMMAND, else 0 */
	uint64_t session_id;
};

struct smb2_file_id {
	uint64_t persistent, volatile_;
};

/* Where a part of a message lies: borrows the message. */
struct smb2_data {
	const uint8_t *data;
	size_t bytes;
};

/* "TREE_CONNECT"; NULL for a number that is no command's. */
const char *smb2_command_name(uint16_t command);

void smb2_header_encode(struct wire_writer *w, const struct smb2_header *h);
/* r stands at the body then. */
void smb2_header_decode(struct wire_reader *r, struct smb2_header *h);

/* Fills in the offset from an encoded header to the next one. */
void smb2_header_set_next(struct wire_writer *w, size_t header_at, uint32_t next_command);

/* Reads a body's StructureSize and fails r where it is another one. */
void smb2_structure_size(struct wire_reader *r, uint16_t expected);

/* The part of message that a body describes by offset and length. Of no bytes it is nothing,
 * whatever the offset: clients fill in any. */
void smb2_data_get(struct wire_reader *message, size_t offset, size_t bytes,
                   struct smb2_data *data);

void smb2_file_id_put(struct wire_writer *w, const struct smb2_file_id *id);
void smb2_file_id_get(struct wire_reader *r, struct smb2_file_id *id);

/* Names in requests: a pipe's, a share's path. UTF-16 on the wire, UTF-8 here. */

/* The longest share path ([MS-SMB2] 2.2.9: 255 units of server, 80 of share) has 338. */
#define SMB2_MAX_NAME_UNITS 340
#define SMB2_NAME_BYTES     (3 * SMB2_MAX_NAME_UNITS + 1)

/* Reads part to its end, which gives a text with its terminator. Fails part where the text is
 * longer than any name, is cut, or is none: a NUL, half of a surrogate pair. to is empty then. */
void smb2_name_get(struct wire_reader *part, char to[SMB2_NAME_BYTES]);

/* The one body that says nothing: LOGOFF ([MS-SMB2] 2.2.7, 2.2.8), TREE_DISCONNECT (2.2.11,
 * 2.2.12), ECHO (2.2.28, 2.2.29), CANCEL (2.2.30), and the response of FLUSH (2.2.18). */

void smb2_empty_body_encode(struct wire_writer *w);
/* Reads a whole message. */
void smb2_empty_body_decode(struct wire_reader *message);

/* The body of a response that failed: [MS-SMB2] 2.2.2. */

/* Without any error data, as nearly all are. */
void smb2_error_response_encode(struct wire_writer *w);
/* With one empty error context: STATUS_INFO_LENGTH_MISMATCH at dialect 3.1.1, 3.3.5.20.1. */
void smb2_error_context_response_encode(struct wire_writer *w);

#endif
