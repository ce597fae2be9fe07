/* SPDX-License-Identifier: MIT */
#include "local/publish_message.h"

#include <assert.h>
#include <string.h>
#include "base/text.h"

enum publish_field_type { END, U32, U64, TEXT };

struct publish_field {
	enum publish_field_type type;
	size_t offset; /* in struct publish_message */
};

#define FIELD(type, member) { type, offsetof(struct publish_message, member) }

enum { MAX_FIELDS = 10 };

/* What each kind's body consists of, in this order. */
static const struct publish_field bodies[PUBLISH_KINDS][MAX_FIELDS + 1] = {
	[PUBLISH_HELLO] = { FIELD(U32, version), FIELD(U32, wants_refresh), FIELD(TEXT, name) },
	[PUBLISH_WELCOME] = { FIELD(U32, version), FIELD(U32, max_sessions) },
	[PUBLISH_REFUSED] = { FIELD(U32, status) },
	[PUBLISH_PUT] = { FIELD(U64, key), FIELD(U32, group), FIELD(U32, row.num_opens),
	                  FIELD(U32, row.active_s), FIELD(U32, row.idle_s),
	                  FIELD(U32, row.user_flags), FIELD(TEXT, row.client),
	                  FIELD(TEXT, row.user), FIELD(TEXT, row.client_type),
	                  FIELD(TEXT, row.transport) },
	[PUBLISH_TOUCH] = { FIELD(U64, key), FIELD(U32, row.num_opens), FIELD(U32, row.idle_s) },
	[PUBLISH_REMOVE] = { FIELD(U64, key) },
	[PUBLISH_ACCEPTED] = { FIELD(U32, bytes) },
	[PUBLISH_CLOSE] = { FIELD(U64, key) },
	[PUBLISH_ERROR] = { FIELD(U64, key), FIELD(U32, status) },
	[PUBLISH_REFRESH] = { FIELD(U32, number) },
	[PUBLISH_REFRESHED] = { FIELD(U32, number) },
	[PUBLISH_STATE] = { FIELD(U32, is_incomplete), FIELD(TEXT, warning) },
};

bool publish_version_is_known(uint32_t version)
{
	return version == PUBLISH_VERSION || version == PUBLISH_VERSION_3;
}

static void publish_put_text(struct wire_writer *w, const char *text)
{
	size_t bytes = text != NULL ? strlen(text) : 0;

	assert(bytes <= PUBLISH_MAX_TEXT_BYTES);
	wire_put_u16le(w, (uint16_t)bytes);
	wire_put_bytes(w, text != NULL ? text : "", bytes + 1);
}

static const char *publish_get_text(struct wire_reader *r)
{
	size_t bytes = wire_get_u16(r);
	const uint8_t *text = wire_get_bytes(r, bytes + 1);

	if (text == NULL)
		return NULL;
	if (bytes > PUBLISH_MAX_TEXT_BYTES) {
		wire_reader_fail(r, "a text is too long");
		return NULL;
	}
	if (memchr(text, 0, bytes + 1) != text + bytes) {
		wire_reader_fail(r, "a text does not end where its length says");
		return NULL;
	}
	return (const char *)text;
}

void publish_message_encode(struct wire_writer *w, const struct publish_message *m)
{
	size_t begin = w->len;

	wire_put_u16le(w, 0);
	wire_put_u16le(w, (uint16_t)m->kind);
	for (const struct publish_field *f = bodies[m->kind]; f->type != END; f++) {
		const void *member = (const char *)m + f->offset;

		if (f->type == U32)
			wire_put_u32le(w, *(const uint32_t *)member);
		else if (f->type == U64)
			wire_put_u64le(w, *(const uint64_t *)member);
		else
			publish_put_text(w, *(const char *const *)member);
	}
	if (!w->failed)
		wire_set_u16le(w, begin, (uint16_t)(w->len - begin - PUBLISH_HEADER_BYTES));
}

void publish_message_decode(struct wire_reader *r, uint16_t kind, struct publish_message *m)
{
	*m = (struct publish_message){ 0 };
	if (kind == 0 || kind >= PUBLISH_KINDS) {
		wire_reader_fail(r, "a message is of an unknown kind");
		return;
	}
	m->kind = (enum publish_kind)kind;
	for (const struct publish_field *f = bodies[kind]; f->type != END; f++) {
		void *member = (char *)m + f->offset;

		if (f->type == U32)
			*(uint32_t *)member = wire_get_u32(r);
		else if (f->type == U64)
			*(uint64_t *)member = wire_get_u64(r);
		else
			*(const char **)member = publish_get_text(r);
		if (kind == PUBLISH_HELLO && !publish_version_is_known(m->version))
			return;
	}
	if (r->error == NULL && wire_left(r) > 0)
		wire_reader_fail(r, "a message is longer than its kind allows");
}

const char *publish_text_problem(const char *text)
{
	if (text == NULL)
		return NULL;
	if (strlen(text) > PUBLISH_MAX_TEXT_BYTES)
		return "a text is longer than 1,024 bytes";
	if (!text_utf8_is_valid(text))
		return "a text is not valid UTF-8";
	while ((unsigned char)*text >= ' ' && *text != 0x7F)
		text++;
	return *text != '\0' ? "a text contains a control character" : NULL;
}

const char *publish_row_problem(const struct netsession_row *row)
{
	const char *const texts[] = { row->client, row->user, row->client_type, row->transport };
	const char *problem = NULL;

	if (row->client == NULL || row->client[0] == '\0')
		return "a session has no client";
	for (size_t i = 0; i < sizeof texts / sizeof *texts && problem == NULL; i++)
		problem = publish_text_problem(texts[i]);
	return problem;
}

uint8_t *publish_input_space(struct publish_input *in, size_t *room)
{
	if (in->at > 0)
		memmove(in->data, in->data + in->at, in->end - in->at);
	in->end -= in->at;
	in->at = 0;
	*room = sizeof in->data - in->end;
	return in->data + in->end;
}

size_t publish_input_missing(const struct publish_input *in)
{
	size_t have = in->end - in->at, whole = PUBLISH_HEADER_BYTES;
	struct wire_reader header;
	uint16_t bytes;

	wire_reader_init(&header, in->data + in->at, have);
	bytes = wire_get_u16(&header);
	if (have >= PUBLISH_HEADER_BYTES)
		whole += bytes;
	return whole > have ? whole - have : 0;
}

void publish_input_received(struct publish_input *in, size_t bytes)
{
	in->end += bytes;
}

bool publish_input_next(struct publish_input *in, struct publish_message *m, const char **error)
{
	struct wire_reader header, body;
	uint16_t bytes, kind;

	wire_reader_init(&header, in->data + in->at, in->end - in->at);
	bytes = wire_get_u16(&header);
	kind = wire_get_u16(&header);
	*error = NULL;
	if (header.error != NULL)
		return false;
	if (bytes > PUBLISH_MAX_FRAME_BYTES - PUBLISH_HEADER_BYTES) {
		*error = "a message is longer than any kind allows";
		return false;
	}
	if (wire_left(&header) < bytes)
		return false;
	wire_reader_init(&body, header.at, bytes);
	publish_message_decode(&body, kind, m);
	*error = body.error;
	in->at += PUBLISH_HEADER_BYTES + (size_t)bytes;
	return *error == NULL;
}
