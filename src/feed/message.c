/* SPDX-License-Identifier: MIT */
#include "feed/message.h"

#include <assert.h>
#include <string.h>
#include "base/text.h"

enum type { END, U32, U64, TEXT };

struct field {
	enum type type;
	size_t offset; /* in struct feed_message */
};

#define FIELD(type, member) { type, offsetof(struct feed_message, member) }

enum { MAX_FIELDS = 10 };

/* What each kind's body consists of, in this order. */
static const struct field bodies[FEED_KINDS][MAX_FIELDS + 1] = {
	[FEED_HELLO] = { FIELD(U32, version), FIELD(U32, is_asked), FIELD(TEXT, name) },
	[FEED_WELCOME] = { FIELD(U32, version), FIELD(U32, max_sessions) },
	[FEED_REFUSED] = { FIELD(U32, status) },
	[FEED_PUT] = { FIELD(U64, key), FIELD(U32, group), FIELD(U32, row.num_opens),
	               FIELD(U32, row.active_s), FIELD(U32, row.idle_s), FIELD(U32, row.user_flags),
	               FIELD(TEXT, row.client), FIELD(TEXT, row.user), FIELD(TEXT, row.client_type),
	               FIELD(TEXT, row.transport) },
	[FEED_TOUCH] = { FIELD(U64, key), FIELD(U32, row.num_opens), FIELD(U32, row.idle_s) },
	[FEED_REMOVE] = { FIELD(U64, key) },
	[FEED_TAKEN] = { FIELD(U32, bytes) },
	[FEED_CLOSE] = { FIELD(U64, key) },
	[FEED_ERROR] = { FIELD(U64, key), FIELD(U32, status) },
	[FEED_ASKED] = { FIELD(U32, number) },
	[FEED_FRESH] = { FIELD(U32, number) },
};

static void put_text(struct wire_writer *w, const char *text)
{
	size_t bytes = text != NULL ? strlen(text) : 0;

	assert(bytes <= FEED_MAX_TEXT_BYTES);
	wire_put_u16le(w, (uint16_t)bytes);
	wire_put_bytes(w, text != NULL ? text : "", bytes + 1);
}

static const char *get_text(struct wire_reader *r)
{
	size_t bytes = wire_get_u16(r);
	const uint8_t *text = wire_get_bytes(r, bytes + 1);

	if (text == NULL)
		return NULL;
	if (bytes > FEED_MAX_TEXT_BYTES) {
		wire_reader_fail(r, "a text is too long");
		return NULL;
	}
	if (memchr(text, 0, bytes + 1) != text + bytes) {
		wire_reader_fail(r, "a text does not end where it says");
		return NULL;
	}
	return (const char *)text;
}

void feed_message_encode(struct wire_writer *w, const struct feed_message *m)
{
	size_t begin = w->len;

	wire_put_u16le(w, 0);
	wire_put_u16le(w, (uint16_t)m->kind);
	for (const struct field *f = bodies[m->kind]; f->type != END; f++) {
		const void *member = (const char *)m + f->offset;

		if (f->type == U32)
			wire_put_u32le(w, *(const uint32_t *)member);
		else if (f->type == U64)
			wire_put_u64le(w, *(const uint64_t *)member);
		else
			put_text(w, *(const char *const *)member);
	}
	if (!w->failed)
		wire_set_u16le(w, begin, (uint16_t)(w->len - begin - FEED_HEADER_BYTES));
}

void feed_message_decode(struct wire_reader *r, uint16_t kind, struct feed_message *m)
{
	*m = (struct feed_message){ 0 };
	if (kind == 0 || kind >= FEED_KINDS) {
		wire_reader_fail(r, "no such kind of message");
		return;
	}
	m->kind = (enum feed_kind)kind;
	for (const struct field *f = bodies[kind]; f->type != END; f++) {
		void *member = (char *)m + f->offset;

		if (f->type == U32)
			*(uint32_t *)member = wire_get_u32(r);
		else if (f->type == U64)
			*(uint64_t *)member = wire_get_u64(r);
		else
			*(const char **)member = get_text(r);
		if (kind == FEED_HELLO && m->version != FEED_VERSION)
			return;
	}
	if (r->error == NULL && wire_left(r) > 0)
		wire_reader_fail(r, "a message is longer than its kind");
}

bool feed_text_is_good(const char *text, const char **why)
{
	if (text == NULL)
		return true;
	if (strlen(text) > FEED_MAX_TEXT_BYTES)
		*why = "a text is longer than 1,024 bytes";
	else if (!text_utf8_is_valid(text))
		*why = "a text is no UTF-8";
	else {
		const char *at = text;

		while ((unsigned char)*at >= ' ' && *at != 0x7F)
			at++;
		if (*at == '\0')
			return true;
		*why = "a text holds a control character";
	}
	return false;
}

bool feed_row_is_good(const struct netsession_row *row, const char **why)
{
	if (row->client == NULL || row->client[0] == '\0') {
		*why = "a session has a client";
		return false;
	}
	return feed_text_is_good(row->client, why) && feed_text_is_good(row->user, why) &&
	       feed_text_is_good(row->client_type, why) && feed_text_is_good(row->transport, why);
}

uint8_t *feed_input_space(struct feed_input *in, size_t *room)
{
	if (in->at > 0)
		memmove(in->data, in->data + in->at, in->end - in->at);
	in->end -= in->at;
	in->at = 0;
	*room = sizeof in->data - in->end;
	return in->data + in->end;
}

void feed_input_received(struct feed_input *in, size_t bytes)
{
	in->end += bytes;
}

bool feed_input_next(struct feed_input *in, struct feed_message *m, const char **error)
{
	struct wire_reader header, body;
	uint16_t bytes, kind;

	wire_reader_init(&header, in->data + in->at, in->end - in->at);
	bytes = wire_get_u16(&header);
	kind = wire_get_u16(&header);
	*error = NULL;
	if (header.error != NULL)
		return false;
	if (bytes > FEED_MAX_FRAME_BYTES - FEED_HEADER_BYTES) {
		*error = "a message is too long";
		return false;
	}
	if (wire_left(&header) < bytes)
		return false;
	wire_reader_init(&body, header.at, bytes);
	feed_message_decode(&body, kind, m);
	*error = body.error;
	in->at += FEED_HEADER_BYTES + (size_t)bytes;
	return *error == NULL;
}
