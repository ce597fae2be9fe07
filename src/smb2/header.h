/* SPDX-License-Identifier: MIT */
/* The SMB2 header ([MS-SMB2] 2.2.1), dialects, commands and flags, and the fields and bodies that
 * several messages share.
 *
 * A message is a header and a body. In this folder an encoder appends a body to the header that
 * stands in w already. A decoder whose argument is called message reads a whole message: message
 * stands at the header, and the decoder skips it. Decoders fail the reader at the first malformed
 * field, and what they give is then of no use: ask message->error. What they give of a text or of
 * data borrows the message. */
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
/* Answers an SMB1 NEGOTIATE: the dialect is chosen by an SMB2 NEGOTIATE that follows, 2.2.4. */
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

/* Every server accepts so long a payload, and one credit covers it, 3.3.5.2.5. */
#define SMB2_MAX_PAYLOAD_BYTES 65536u

#define SMB2_HEADER_BYTES    64
#define SMB2_SIGNATURE_AT    48 /* in the header */
#define SMB2_SIGNATURE_BYTES 16

/* In a related request: the same id as in the request before it, 3.2.4.1.4. */
#define SMB2_RELATED_ID_32 0xFFFFFFFFu
#define SMB2_RELATED_ID_64 0xFFFFFFFFFFFFFFFFu

struct smb2_header {
	uint16_t credit_charge;
	uint32_t status; /* NTSTATUS of a response */
	uint16_t command;
	uint16_t credits; /* requested by a request, granted by a response */
	uint32_t flags;
	uint32_t next_command; /* bytes from this header to the next one; 0: the last message */
	uint64_t message_id;
	uint32_t tree_id;  /* of a synchronous message; 0 in others */
	uint64_t async_id; /* of a message with SMB2_FLAGS_ASYNC_COMMAND; 0 in others */
	uint64_t session_id;
};

struct smb2_file_id {
	uint64_t persistent, volatile_;
};

/* A part of a message, borrowed from it. */
struct smb2_data {
	const uint8_t *data;
	size_t bytes;
};

/* Returns "TREE_CONNECT", or NULL if no command has this number. */
const char *smb2_command_name(uint16_t command);

void smb2_header_encode(struct wire_writer *w, const struct smb2_header *h);
/* Afterwards r stands at the body. */
void smb2_header_decode(struct wire_reader *r, struct smb2_header *h);

/* Sets the offset from the header that was encoded at header_at to the next header. */
void smb2_header_set_next(struct wire_writer *w, size_t header_at, uint32_t next_command);

/* Reads the StructureSize of a body. Fails r if it is not the expected one. */
void smb2_structure_size(struct wire_reader *r, uint16_t expected);

/* Gives the part of message that a body describes by its offset from the header and its length.
 * If the length is 0 the offset is not checked, because clients send any value there. */
void smb2_data_get(struct wire_reader *message, size_t offset, size_t bytes,
                   struct smb2_data *data);
/* The same for a response, whose data must not begin before fields_end, where its fields end. */
void smb2_response_data_get(struct wire_reader *message, size_t fields_end, size_t offset,
                            size_t bytes, struct smb2_data *data);

void smb2_file_id_put(struct wire_writer *w, const struct smb2_file_id *id);
void smb2_file_id_get(struct wire_reader *r, struct smb2_file_id *id);

/* ---- names of pipes and shares: UTF-16 on the wire, UTF-8 here ---- */

/* The longest share path ([MS-SMB2] 2.2.9: 255 units of server, 80 of share) has 338. */
#define SMB2_MAX_NAME_UNITS 340
#define SMB2_NAME_BYTES     (3 * SMB2_MAX_NAME_UNITS + 1)

/* Reads a name that fills part. Writes it to to with a terminator. Fails part if the name is longer
 * than SMB2_MAX_NAME_UNITS, is cut within a unit, or contains a NUL or half of a surrogate pair; to
 * is the empty text then. */
void smb2_name_get(struct wire_reader *part, char to[SMB2_NAME_BYTES]);

/* ---- bodies of several messages ---- */

/* The empty body of LOGOFF ([MS-SMB2] 2.2.7, 2.2.8), TREE_DISCONNECT (2.2.11,
 * 2.2.12), ECHO (2.2.28, 2.2.29) and CANCEL (2.2.30), and of the response to FLUSH (2.2.18). */
void smb2_empty_body_encode(struct wire_writer *w);
void smb2_empty_body_decode(struct wire_reader *message);

/* The body of a response with an error status ([MS-SMB2] 2.2.2), without error data: nearly all of
 * them. */
void smb2_error_response_encode(struct wire_writer *w);
/* The same with one empty error context, as STATUS_INFO_LENGTH_MISMATCH has it at dialect 3.1.1,
 * 3.3.5.20.1. */
void smb2_error_context_response_encode(struct wire_writer *w);

#endif
