/* SPDX-License-Identifier: MIT */
/* The protocol between a publisher - a file server, or a program that knows one - and netsessiond,
 * over netsessiond's publish socket.
 *
 * A message is a frame: 16 bits with the length of the body in bytes, 16 bits with the kind of the
 * message, the body. Numbers are little-endian. A text is 16 bits with its length in bytes, its
 * UTF-8, and a NUL.
 *
 * The publisher begins with HELLO. netsessiond answers WELCOME, or REFUSED and closes the
 * connection. Then the publisher sends PUT, TOUCH and REMOVE for its sessions, which it names by
 * keys of its own. It sends one batch at a time: the next one when ACCEPTED has confirmed that
 * netsessiond has read and applied all bytes of this one. ERROR, before the ACCEPTED of its bytes,
 * reports a PUT that could not be applied. CLOSE, at any time, asks the publisher to end a session.
 *
 * STATE says whether the sessions of the publisher are all that its file server has.
 *
 * A number of PUT and TOUCH that is not known is NETSESSION_UNKNOWN.
 *
 * Version 3 has neither STATE nor numbers that are not known. netsessiond speaks both versions, and
 * answers in that of the HELLO; a publisher that is refused with version 4 tries version 3.
 *
 * A publisher that learns of its sessions only by polling says so in HELLO. It gets REFRESH when a
 * caller wants to know the sessions, polls, sends what has changed, and REFRESHED behind that. */
#ifndef LOCAL_PUBLISH_MESSAGE_H
#define LOCAL_PUBLISH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netsession.h>
#include "wire/reader.h"
#include "wire/writer.h"

#define PUBLISH_SOCKET_PATH "/run/netsession/publish.sock" /* by default */

/* The letters are the protocol's, the last byte is the version. */
#define PUBLISH_VERSION   0x4E534604u
#define PUBLISH_VERSION_3 0x4E534603u

#define PUBLISH_HEADER_BYTES    4
#define PUBLISH_MAX_TEXT_BYTES  1024
#define PUBLISH_WARNING_BYTES   250 /* of a warning; longer ones are cut */
#define PUBLISH_MAX_FRAME_BYTES (PUBLISH_HEADER_BYTES + 28 + 4 * (2 + PUBLISH_MAX_TEXT_BYTES + 1))

enum publish_kind {
	PUBLISH_HELLO = 1,
	PUBLISH_WELCOME,
	PUBLISH_REFUSED,
	PUBLISH_PUT,       /* a session has begun, or has changed: all of its members */
	PUBLISH_TOUCH,     /* a session was used: the members that change with each request */
	PUBLISH_REMOVE,    /* a session has ended */
	PUBLISH_ACCEPTED,  /* so many of the publisher's bytes were applied since the last one */
	PUBLISH_CLOSE,     /* a caller wants the session closed */
	PUBLISH_ERROR,     /* a session that was PUT is not in netsessiond's table */
	PUBLISH_REFRESH,   /* a caller waits for the sessions as they are now; never sent before the
	                    * REFRESHED of the one before */
	PUBLISH_REFRESHED, /* all changes up to the REFRESH of this number were sent */
	PUBLISH_STATE, /* whether the sessions so far are all, and a warning; from version 4 on */
	PUBLISH_KINDS,
};

/* One message. Members that its kind lacks are zero. */
struct publish_message {
	enum publish_kind kind;
	uint32_t version;          /* HELLO, WELCOME */
	uint32_t wants_refresh;    /* HELLO: 1: the publisher polls when REFRESH asks for that;
	                            * 0: it reports each change as it happens */
	const char *name;          /* HELLO: of the publisher, for logs */
	uint32_t max_sessions;     /* WELCOME: a PUT beyond them is answered by ERROR */
	uint32_t status;           /* REFUSED, ERROR: a NET_API_STATUS */
	uint32_t bytes;            /* ACCEPTED */
	uint32_t number;           /* REFRESH, REFRESHED: from 1 on */
	uint32_t is_incomplete;    /* STATE: 1: sessions are missing */
	const char *warning;       /* STATE: for people; "": none */
	uint64_t key;              /* PUT, TOUCH, REMOVE, CLOSE, ERROR */
	uint32_t group;            /* PUT: sessions of one group end together; 0: of no group */
	struct netsession_row row; /* PUT; its num_opens and idle_s: TOUCH */
};

/* Whether this is a version of the protocol that netsessiond speaks. */
bool publish_version_is_known(uint32_t version);

/* Appends m as a frame. A text that is NULL is sent as an empty one; no text is longer than
 * PUBLISH_MAX_TEXT_BYTES. */
void publish_message_encode(struct wire_writer *w, const struct publish_message *m);

/* Decodes the body of a frame of this kind: r stands behind the header and ends with the frame.
 * Texts are borrowed from r. Fails r when the body is malformed or longer than its kind allows. In
 * a HELLO of another version, what follows the version is ignored. */
void publish_message_decode(struct wire_reader *r, uint16_t kind, struct publish_message *m);

/* What keeps a session from being published, as static text: it has no client, or one of its texts
 * is not UTF-8, contains a control character or is too long. NULL: nothing. */
const char *publish_row_problem(const struct netsession_row *row);
/* The same of one text; NULL is allowed. */
const char *publish_text_problem(const char *text);

/* Cuts frames out of a stream, which is read into this. All zero is an empty one. */
struct publish_input {
	uint8_t data[16384];
	size_t at, end;
};

/* Where the next bytes go, and how many of them: at least 1, once publish_input_next has returned
 * false. */
uint8_t *publish_input_space(struct publish_input *in, size_t *room);
/* How many bytes the next message lacks, as far as it says so already: at least 1, once
 * publish_input_next has returned false. Who reads no more has nothing of the message behind it. */
size_t publish_input_missing(const struct publish_input *in);
void publish_input_received(struct publish_input *in, size_t bytes);

/* Gives the next message; its texts are valid until publish_input_space is called. Returns false if
 * more bytes have to be received first, or if the stream is invalid; then *error is a static text.
 */
bool publish_input_next(struct publish_input *in, struct publish_message *m, const char **error);

#endif
