/* SPDX-License-Identifier: MIT */
/* What a file server and netsessiond say to each other over the feed's socket.
 *
 * A message is a frame: 16 bits with the length of its body in bytes, 16 bits with its kind, the
 * body. Numbers are little-endian; a text is 16 bits with its length in bytes, UTF-8, a NUL.
 *
 * The feeder begins with HELLO, which is answered by WELCOME or by REFUSED and the end. Then it
 * sends PUT, TOUCH and REMOVE about sessions, which it names by keys of its own, one batch at a
 * time: the next one when TAKEN has told that all bytes of this one were read and done. What could
 * not be done is told by ERROR, before the TAKEN of its bytes. CLOSE asks for a session's end, at
 * any time. A feeder whose HELLO says that it is to be asked, since it learns of its sessions by
 * looking alone, gets ASKED when somebody wants to know them, and says FRESH behind what it has
 * found then. */
#ifndef LOCAL_PUBLISH_MESSAGE_H
#define LOCAL_PUBLISH_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <netsession.h>
#include "wire/reader.h"
#include "wire/writer.h"

#define PUBLISH_SOCKET_PATH "/run/netsession/publish.sock" /* where nobody says otherwise */

/* The letters are the protocol's, the last byte is the version. */
#define PUBLISH_VERSION 0x4E534603u

#define PUBLISH_HEADER_BYTES    4
#define PUBLISH_MAX_TEXT_BYTES  1024
#define PUBLISH_MAX_FRAME_BYTES (PUBLISH_HEADER_BYTES + 28 + 4 * (2 + PUBLISH_MAX_TEXT_BYTES + 1))

enum publish_kind {
	PUBLISH_HELLO = 1,
	PUBLISH_WELCOME,
	PUBLISH_REFUSED,
	PUBLISH_PUT,       /* a session, new or anew */
	PUBLISH_TOUCH,     /* what changes with each request */
	PUBLISH_REMOVE,    /* it has ended */
	PUBLISH_ACCEPTED,  /* of the feeder's bytes, since the last one */
	PUBLISH_CLOSE,     /* somebody wants it closed */
	PUBLISH_ERROR,     /* a session that was PUT is not in the table */
	PUBLISH_REFRESH,   /* somebody waits for what a look finds; not before the FRESH of the one
	                    * before
	                    */
	PUBLISH_REFRESHED, /* all that a look found since the ASKED of this number is told */
	PUBLISH_KINDS,
};

/* One message. Members that its kind lacks are zero. */
struct publish_message {
	enum publish_kind kind;
	uint32_t version;          /* HELLO, WELCOME */
	uint32_t wants_refresh;    /* HELLO: 1: it is to be asked; 0: it tells all as it happens */
	const char *name;          /* HELLO: the file server's, for logs */
	uint32_t max_sessions;     /* WELCOME: a PUT beyond them is an ERROR */
	uint32_t status;           /* REFUSED, ERROR */
	uint32_t bytes;            /* TAKEN */
	uint32_t number;           /* ASKED, FRESH: of the question, from 1 on */
	uint64_t key;              /* PUT, TOUCH, REMOVE, CLOSE, ERROR */
	uint32_t group;            /* PUT: sessions of one group end together; 0: it is in none */
	struct netsession_row row; /* PUT; num_opens and idle_s of it: TOUCH */
};

/* Appends it as a frame. A text that is NULL goes as an empty one; none is longer than
 * PUBLISH_MAX_TEXT_BYTES. */
void publish_message_encode(struct wire_writer *w, const struct publish_message *m);

/* A frame's body, from kind on: r stands behind the header and ends with the frame. Texts are
 * borrowed from r. Fails r when it is none, or longer than its kind; what follows the version in a
 * HELLO of another version is passed over. */
void publish_message_decode(struct wire_reader *r, uint16_t kind, struct publish_message *m);

/* Whether a session may be told so: it has a client, and its texts are UTF-8 without control
 * characters and not too long. Gives *why else: static text. */
bool publish_row_is_valid(const struct netsession_row *row, const char **why);
/* The same of one text; NULL is allowed. */
bool publish_text_is_valid(const char *text, const char **why);

/* Frames out of a stream, which is read into this. All zero is an empty one. */
struct publish_input {
	uint8_t data[16384];
	size_t at, end;
};

/* Where the next bytes go, *room of them: 1 at least, when publish_input_next has said that there
 * is no message more. */
uint8_t *publish_input_space(struct publish_input *in, size_t *room);
void publish_input_received(struct publish_input *in, size_t bytes);

/* The next message. True gives it; its texts live until publish_input_space. False: more bytes have
 * to come first; or *error is set, static text, and the stream is of no use any more. */
bool publish_input_next(struct publish_input *in, struct publish_message *m, const char **error);

#endif
