/* SPDX-License-Identifier: MIT */
/* The requests and answers of NetrSessionEnum and NetrSessionDel, both directions. Texts are UTF-8;
 * NULL stands for a NULL pointer on the wire. */
#ifndef SRVSVC_SESSION_MESSAGES_H
#define SRVSVC_SESSION_MESSAGES_H

#include <lmcons.h>
#include <lmerr.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/err.h"
#include "srvsvc/session_block.h"
#include "srvsvc/session_levels.h"
#include "wire/ndr_reader.h"
#include "wire/ndr_stream.h"
#include "wire/ndr_writer.h"

/* ---- qualifiers: the client and the user that an operation is limited to ---- */

/* The longest qualifier without its terminator; 1,024 with it ([MS-SRVS] 3.1.4.5 and 3.1.4.6). */
#define SESSION_QUALIFIER_MAX_UNITS 1023

/* Holds the texts of a decoded request. A text that is too long is cut, but stays too long for
 * session_qualifier_is_too_long. */
struct session_qualifier_texts {
	char client[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
	char user[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
};

/* Whether a qualifier is neither NULL nor empty: impacket and others send an empty text for none.
 */
bool session_qualifier_is_given(const char *utf8);
bool session_qualifier_is_too_long(const char *utf8);

/* ---- the container of an enumeration: a count and an array ---- */

/* Decodes the container in a request, which is [in, out]: a pointer, and if the pointer is not
 * NULL, an empty container. Fails r if the container has entries: no client is known to send any.
 */
void enum_container_decode_empty(struct wire_reader *r);

/* ---- NetrSessionEnum, opnum 12 ---- */

/* The longest text in an answer: that of a UNICODE_STRING, [MS-DTYP] 2.3.10. A row is converted to
 * UTF-8 as a whole, so this bounds what that takes. */
#define SESSION_TEXT_MAX_UNITS 32767

struct session_enum_request {
	const char *server; /* ignored by servers; not decoded */
	const char *client;
	const char *user;
	uint32_t level;
	uint32_t preferred_bytes; /* 0xFFFFFFFF: all */
	bool has_resume_handle;
	uint32_t resume_handle;
};

void session_enum_request_encode(struct ndr_writer *w, const struct session_enum_request *request);

/* request borrows texts. Fails r if the request is malformed. If the level does not exist, what
 * follows the level is not read. */
void session_enum_request_decode(struct wire_reader *r, struct session_enum_request *request,
                                 struct session_qualifier_texts *texts);

/* Checks the rules for requests, before one is sent and after one was received. Returns 0,
 * ERROR_INVALID_LEVEL, ERROR_INVALID_PARAMETER or NERR_InvalidComputer. */
NET_API_STATUS session_enum_request_check(const struct session_enum_request *request);

struct session_enum_answer {
	uint32_t level;
	uint32_t entries;
	uint32_t total_entries;
	bool has_resume_handle;
	uint32_t resume_handle;
	NET_API_STATUS status;
};

/* Encodes an answer row by row. Texts stand behind the array of entries (C706 14.3.12.3): there is
 * room for so many entries in front of them. */
struct session_enum_encoder {
	const struct session_level *level;
	struct wire_writer stub;
	struct ndr_writer ndr; /* over stub */
	uint32_t count, room;  /* entries */
	size_t moved_bytes;    /* of the texts, to close the gap in front of them */
};

/* room: at most so many rows are added. The encoder must not move until session_enum_encoder_fini.
 */
void session_enum_encoder_init(struct session_enum_encoder *e, const struct session_level *level,
                               uint32_t room);
void session_enum_encoder_add(struct session_enum_encoder *e, const struct netsession_row *row);
/* The bytes that are held. */
size_t session_enum_encoder_bytes(const struct session_enum_encoder *e);
/* After the last row: moves at most max_bytes of the texts to where the entries end, if there were
 * fewer rows than room. False: call it once more. */
bool session_enum_encoder_close_gap(struct session_enum_encoder *e, size_t max_bytes);
/* Gives the stub of answer, which has the rows that were added, if there are any: appends it to to,
 * and empties the encoder. Otherwise, or if the level does not exist, there is no array. */
void session_enum_encoder_finish(struct session_enum_encoder *e,
                                 const struct session_enum_answer *answer, struct wire_writer *to);
void session_enum_encoder_fini(struct session_enum_encoder *e);

/* Encodes answer with the first answer->entries of rows. rows NULL: the array is a NULL pointer. If
 * the level does not exist, there is no container. */
void session_enum_answer_encode(struct ndr_writer *w, const struct session_enum_answer *answer,
                                const struct session_rows *rows);

/* Decodes an answer from the pieces it arrives in, into one block. */
struct session_enum_decoder {
	struct ndr_stream in;
	struct session_block block;
	unsigned step;
	uint32_t entry;      /* the entry whose texts are being read */
	size_t field;        /* the field whose text is being read */
	uint32_t units_left; /* of that text */
	WCHAR last_unit;     /* the last unit of it that has arrived */
	struct session_enum_answer answer;
	struct err err; /* RPC_X_BAD_STUB_DATA, ERROR_NOT_ENOUGH_MEMORY or
	                 * ERROR_NOT_ENOUGH_QUOTA; the first one sticks */
};

void session_enum_decoder_init(struct session_enum_decoder *d, const struct session_level *level);
/* Bounds the block; the answer of a peer that is not trusted may have any size. 0: no bound. */
void session_enum_decoder_set_max(struct session_enum_decoder *d, size_t max_bytes);
/* The next piece, borrowed. big_endian is the byte order in the header of the fragment. */
void session_enum_decoder_feed(struct session_enum_decoder *d, const void *piece, size_t bytes,
                               bool big_endian);
/* How many rows are complete already. session_enum_decoder_row reads them before the last piece has
 * arrived, as session_infos_row does from a finished block. */
uint32_t session_enum_decoder_rows(const struct session_enum_decoder *d);
bool session_enum_decoder_row(const struct session_enum_decoder *d, uint32_t entry,
                              struct netsession_row *row, char **scratch, size_t *scratch_bytes);
/* To be called after the last piece. Gives *answer, whose status says whether the server succeeded,
 * and *infos, SESSION_INFO_<level>[answer->entries] or NULL. Returns the status of d->err. */
NET_API_STATUS session_enum_decoder_finish(struct session_enum_decoder *d,
                                           struct session_enum_answer *answer, void **infos);
void session_enum_decoder_fini(struct session_enum_decoder *d);

/* ---- NetrSessionDel, opnum 13 ---- */

struct session_del_request {
	const char *server; /* ignored by servers; not decoded */
	const char *client;
	const char *user;
};

void session_del_request_encode(struct ndr_writer *w, const struct session_del_request *request);
/* request borrows texts. Fails r if the request is malformed. */
void session_del_request_decode(struct wire_reader *r, struct session_del_request *request,
                                struct session_qualifier_texts *texts);

void session_del_answer_encode(struct ndr_writer *w, NET_API_STATUS status);
NET_API_STATUS session_del_answer_decode(struct wire_reader *r);

#endif
