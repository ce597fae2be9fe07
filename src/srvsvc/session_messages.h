/* SPDX-License-Identifier: MIT */
/* The client and the user by which NetrSessionEnum and NetrSessionDel are narrowed. */
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

/* The longest text without its terminator, [MS-SRVS] 3.1.4.5 and 3.1.4.6: 1,024 with it. */
#define SESSION_QUALIFIER_MAX_UNITS 1023

/* What a decoded request's texts live in. A longer one is cut just so far that
 * session_qualifier_is_too_long still says so. */
struct session_qualifier_texts {
	char client[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
	char user[NDR_TEXT_BYTES(SESSION_QUALIFIER_MAX_UNITS)];
};

/* Not NULL and not empty: impacket and others send an empty name for "none". */
bool session_qualifier_is_given(const char *utf8);
bool session_qualifier_is_too_long(const char *utf8);

/* Whether two client names are the same computer's: without regard to case, each with or
 * without its leading \\. */
bool session_client_equal(const char *a, const char *b);

/* Whether a session's user is the one asked for, without regard to case. A server may put a
 * domain before it (Samba does on a domain controller, [MS-SRVS] 2.2.4.15 knows none): who asks
 * without one means them all. */
bool session_user_equal(const char *asked, const char *user);

/* What all enumerations have in common: a union of containers, each a count and an array. It is
 * [in, out], so a caller sends one along. */

/* The pointer to a container and, where it is not NULL, the container, which must be empty: none
 * is known to send entries along, and they would mean nothing. */
void enum_container_decode_empty(struct wire_reader *r);

/* NetrSessionEnum, opnum 12: its request and its answer, both directions. */

/* Texts are UTF-8, NULL where the pointer on the wire is NULL. */
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

/* request borrows texts. Ask r->error whether it decoded. Of a level that does not exist, nothing
 * behind it is read. */
void session_enum_request_decode(struct wire_reader *r, struct session_enum_request *request,
                                 struct session_qualifier_texts *texts);

/* The rules that a request has to obey, for those who send it and those who serve it.
 * Returns 0, ERROR_INVALID_LEVEL, ERROR_INVALID_PARAMETER or NERR_InvalidComputer. */
NET_API_STATUS session_enum_request_check(const struct session_enum_request *request);

struct session_enum_answer {
	uint32_t level;
	uint32_t entries;
	uint32_t total_entries;
	bool has_resume_handle;
	uint32_t resume_handle;
	NET_API_STATUS status;
};

/* Encodes an answer with the first entries of rows, which it asks for twice: C706 14.3.12.3 puts
 * what pointers mean behind the array. NULL rows: the container's array is a NULL pointer. Of
 * a level that does not exist there is no container. */
void session_enum_answer_encode(struct ndr_writer *w, const struct session_enum_answer *answer,
                                const struct session_rows *rows);

/* Decodes an answer from the pieces in which it arrives, into one block. */
struct session_enum_decoder {
	struct ndr_stream in;
	struct session_block block;
	unsigned step;
	uint32_t entry;      /* whose texts are being read */
	size_t field;        /* the text being read */
	uint32_t units_left; /* of it */
	WCHAR last_unit;     /* of what came of it so far */
	struct session_enum_answer answer;
	struct err err; /* RPC_X_BAD_STUB_DATA or ERROR_NOT_ENOUGH_MEMORY; the first one sticks */
};

void session_enum_decoder_init(struct session_enum_decoder *d, const struct session_level *level);
/* big_endian as each fragment's header says; piece is borrowed for this call. */
void session_enum_decoder_feed(struct session_enum_decoder *d, const void *piece, size_t bytes,
                               bool big_endian);
/* How many rows are complete, before the last piece: those are read by session_enum_decoder_row, as
 * of session_infos_row. */
uint32_t session_enum_decoder_rows(const struct session_enum_decoder *d);
bool session_enum_decoder_row(const struct session_enum_decoder *d, uint32_t entry,
                              struct netsession_row *row, char **scratch, size_t *scratch_bytes);
/* After the last piece. Gives *infos, SESSION_INFO_<level>[answer->entries] or NULL, with any
 * answer that decodes; look at its status. Returns what stands in d->err. */
NET_API_STATUS session_enum_decoder_finish(struct session_enum_decoder *d,
                                           struct session_enum_answer *answer, void **infos);
void session_enum_decoder_fini(struct session_enum_decoder *d);

/* NetrSessionDel, opnum 13: its request and its answer, both directions. */

/* Texts are UTF-8, NULL where the pointer on the wire is NULL. */
struct session_del_request {
	const char *server; /* ignored by servers; not decoded */
	const char *client;
	const char *user;
};

void session_del_request_encode(struct ndr_writer *w, const struct session_del_request *request);
/* request borrows texts. Ask r->error whether it decoded. */
void session_del_request_decode(struct wire_reader *r, struct session_del_request *request,
                                struct session_qualifier_texts *texts);

void session_del_answer_encode(struct ndr_writer *w, NET_API_STATUS status);
NET_API_STATUS session_del_answer_decode(struct wire_reader *r);

#endif
