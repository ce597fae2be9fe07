/* SPDX-License-Identifier: MIT */
#include "srvsvc/session_messages.h"

#include <assert.h>
#include <string.h>
#include "base/size.h"
#include "base/text.h"

bool session_qualifier_is_given(const char *utf8)
{
	return utf8 != NULL && utf8[0] != '\0';
}

bool session_qualifier_is_too_long(const char *utf8)
{
	return utf8 != NULL && text_utf16_units(utf8) > SESSION_QUALIFIER_MAX_UNITS;
}

void enum_container_decode_empty(struct wire_reader *r)
{
	uint32_t count;

	if (ndr_get_u32(r) == 0)
		return;
	count = ndr_get_u32(r);
	if (ndr_get_u32(r) != 0 && ndr_get_u32(r) != count)
		wire_reader_fail(r, "the size of the array differs from EntriesRead");
	if (count != 0)
		wire_reader_fail(r, "a request has entries");
}

/* [MS-SRVS] 3.1.4.5:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, string, unique] WCHAR *ClientName,
 *   [in, string, unique] WCHAR *UserName, [in, out] PSESSION_ENUM_STRUCT InfoStruct,
 *   [in] DWORD PreferedMaximumLength, [in, out, unique] DWORD *ResumeHandle */

void session_enum_request_encode(struct ndr_writer *w, const struct session_enum_request *request)
{
	ndr_put_unique_wstring(w, request->server);
	ndr_put_unique_wstring(w, request->client);
	ndr_put_unique_wstring(w, request->user);
	ndr_put_u32(w, request->level);
	ndr_put_u32(w, request->level); /* the union's tag, 2.2.4.21 */
	ndr_put_pointer(w, request);    /* an empty container: the server fills it */
	ndr_put_u32(w, 0);
	ndr_put_u32(w, 0);
	ndr_put_u32(w, request->preferred_bytes);
	ndr_put_pointer(w, request->has_resume_handle ? request : NULL);
	if (request->has_resume_handle)
		ndr_put_u32(w, request->resume_handle);
}

void session_enum_request_decode(struct wire_reader *r, struct session_enum_request *request,
                                 struct session_qualifier_texts *texts)
{
	*request = (struct session_enum_request){ 0 };
	(void)ndr_get_unique_wstring(r, texts->client,
	                             SESSION_QUALIFIER_MAX_UNITS); /* ServerName */
	request->client = ndr_get_unique_wstring(r, texts->client, SESSION_QUALIFIER_MAX_UNITS);
	request->user = ndr_get_unique_wstring(r, texts->user, SESSION_QUALIFIER_MAX_UNITS);
	request->level = ndr_get_u32(r);
	if (ndr_get_u32(r) != request->level)
		wire_reader_fail(r, "the tag of the union differs from Level");
	if (session_level_find(request->level) == NULL)
		return; /* the union has no such arm, so what follows is unknown */
	enum_container_decode_empty(r);
	request->preferred_bytes = ndr_get_u32(r);
	request->has_resume_handle = ndr_get_u32(r) != 0;
	if (request->has_resume_handle)
		request->resume_handle = ndr_get_u32(r);
}

NET_API_STATUS session_enum_request_check(const struct session_enum_request *request)
{
	if (session_level_find(request->level) == NULL)
		return ERROR_INVALID_LEVEL;
	if (session_qualifier_is_too_long(request->client) ||
	    session_qualifier_is_too_long(request->user))
		return ERROR_INVALID_PARAMETER;
	if (session_qualifier_is_given(request->client) && strncmp(request->client, "\\\\", 2) != 0)
		return NERR_InvalidComputer;
	return NERR_Success;
}

/* [MS-SRVS] 3.1.4.5, 2.2.4.21:
 *   [in, out] PSESSION_ENUM_STRUCT InfoStruct, [out] DWORD *TotalEntries,
 *   [in, out, unique] DWORD *ResumeHandle, NET_API_STATUS
 * Pointers stand in place; what they point at follows the whole array (C706 14.3.12.3), hence
 * two passes over the entries in both directions. */

#define FOR_EACH_FIELD(f, level)                              \
	for (const struct session_field *f = (level)->fields; \
	     f < (level)->fields + (level)->field_count; f++)

/* Level, the union's tag, the container's pointer, EntriesRead, the array's pointer and size. */
enum { ENTRIES_AT = 12, SIZE_AT = 20, ARRAY_AT = 24 };

static size_t session_enum_entry_bytes(const struct session_level *level)
{
	return sizeof(uint32_t) * level->field_count;
}

/* Where the array of so many entries ends. */
static size_t session_enum_array_end(const struct session_enum_encoder *e, uint32_t entries)
{
	return ARRAY_AT + session_enum_entry_bytes(e->level) * entries;
}

static void session_enum_encode_head(struct session_enum_encoder *e)
{
	struct ndr_writer *w = &e->ndr;

	ndr_put_u32(w, e->level->number);
	ndr_put_u32(w, e->level->number);
	ndr_put_pointer(w, e);
	ndr_put_u32(w, 0);
	ndr_put_pointer(w, e);
	ndr_put_u32(w, 0);
	(void)ndr_put_space(w, size_multiply(session_enum_entry_bytes(e->level), e->room));
}

static void session_enum_encode_entry(struct session_enum_encoder *e,
                                      const struct netsession_row *row)
{
	uint8_t *to = e->stub.data + session_enum_array_end(e, e->count);

	FOR_EACH_FIELD(f, e->level)
		to = wire_store_u32le(to, f->kind == SESSION_CELL_U32
		                                  ? session_row_u32(row, f)
		                                  : ndr_pointer(&e->ndr, session_row_text(row, f)));
}

static void session_enum_encode_texts(struct session_enum_encoder *e,
                                      const struct netsession_row *row)
{
	FOR_EACH_FIELD(f, e->level)
		if (f->kind == SESSION_CELL_TEXT && session_row_text(row, f) != NULL)
			ndr_put_wstring(&e->ndr, session_row_text(row, f));
}

void session_enum_encoder_init(struct session_enum_encoder *e, const struct session_level *level,
                               uint32_t room)
{
	*e = (struct session_enum_encoder){ .level = level, .room = room };
	ndr_writer_init(&e->ndr, &e->stub);
}

void session_enum_encoder_fini(struct session_enum_encoder *e)
{
	wire_writer_fini(&e->stub);
}

void session_enum_encoder_add(struct session_enum_encoder *e, const struct netsession_row *row)
{
	assert(e->count < e->room);
	if (e->count == 0)
		session_enum_encode_head(e);
	if (!e->stub.failed)
		session_enum_encode_entry(e, row);
	e->count++;
	session_enum_encode_texts(e, row);
}

size_t session_enum_encoder_bytes(const struct session_enum_encoder *e)
{
	return e->stub.len;
}

/* The gap is a multiple of 4 bytes: so texts stay aligned. */
bool session_enum_encoder_close_gap(struct session_enum_encoder *e, size_t max_bytes)
{
	size_t to, from, left, bytes;

	if (e->count == e->room || e->stub.failed)
		return true;
	to = session_enum_array_end(e, e->count) + e->moved_bytes;
	from = session_enum_array_end(e, e->room) + e->moved_bytes;
	left = e->stub.len - from;
	bytes = left < max_bytes ? left : max_bytes;
	memmove(e->stub.data + to, e->stub.data + from, bytes);
	e->moved_bytes += bytes;
	if (bytes < left)
		return false;
	e->stub.len -= from - to;
	e->room = e->count;
	return true;
}

static void session_enum_encode_end(struct ndr_writer *w, const struct session_enum_answer *answer)
{
	ndr_put_u32(w, answer->total_entries);
	ndr_put_pointer(w, answer->has_resume_handle ? answer : NULL);
	if (answer->has_resume_handle)
		ndr_put_u32(w, answer->resume_handle);
	ndr_put_u32(w, answer->status);
}

void session_enum_encoder_finish(struct session_enum_encoder *e,
                                 const struct session_enum_answer *answer, struct wire_writer *to)
{
	if (e->count == 0) {
		struct ndr_writer w;

		ndr_writer_init(&w, to);
		session_enum_answer_encode(&w, answer, NULL);
		return;
	}
	(void)session_enum_encoder_close_gap(e, SIZE_MAX);
	session_enum_encode_end(&e->ndr, answer);
	if (!e->stub.failed) {
		wire_set_u32le(&e->stub, ENTRIES_AT, e->count);
		wire_set_u32le(&e->stub, SIZE_AT, e->count);
	}
	if (to->len == 0) {
		wire_writer_trim(&e->stub);
		wire_writer_fini(to);
		*to = e->stub;
		e->stub = (struct wire_writer){ 0 };
	} else {
		wire_put_bytes(to, e->stub.data, e->stub.len);
		to->failed |= e->stub.failed;
	}
	session_enum_encoder_fini(e);
}

static void session_enum_encode_rows(struct wire_writer *to,
                                     const struct session_enum_answer *answer,
                                     const struct session_rows *rows)
{
	struct session_enum_encoder e;

	session_enum_encoder_init(&e, session_level_find(answer->level), answer->entries);
	rows->rewind(rows->context);
	for (uint32_t i = 0; i < answer->entries; i++) {
		struct netsession_row row;
		bool has_row = rows->next(rows->context, &row);

		assert(has_row);
		session_enum_encoder_add(&e, &row);
	}
	session_enum_encoder_finish(&e, answer, to);
}

void session_enum_answer_encode(struct ndr_writer *w, const struct session_enum_answer *answer,
                                const struct session_rows *rows)
{
	const struct session_level *level = session_level_find(answer->level);

	if (level != NULL && rows != NULL && answer->entries > 0) {
		session_enum_encode_rows(w->wire, answer, rows);
		return;
	}
	ndr_put_u32(w, answer->level);
	ndr_put_u32(w, answer->level); /* the union's tag */
	if (level != NULL) {
		ndr_put_pointer(w, answer); /* the container */
		ndr_put_u32(w, answer->entries);
		ndr_put_pointer(w, rows);
		if (rows != NULL)
			ndr_put_u32(w, answer->entries);
	}
	session_enum_encode_end(w, answer);
}

/* The steps of the decoder. A step decodes one element that has wholly arrived and sets the next
 * step; it returns false if more bytes have to arrive first, or if it failed. */
enum { HEAD, CONTAINER, ARRAY_SIZE, ENTRY, TEXT_FIND, TEXT_HEAD, TEXT, TOTAL, RESUME, STATUS, END };

static bool session_enum_decoder_fail(struct session_enum_decoder *d, NET_API_STATUS status,
                                      const char *why)
{
	err_set(&d->err, status, "NetrSessionEnum", why);
	return false;
}

static bool session_enum_decoder_malformed(struct session_enum_decoder *d, const char *why)
{
	return session_enum_decoder_fail(d, RPC_X_BAD_STUB_DATA, why);
}

static bool session_enum_decoder_no_room(struct session_enum_decoder *d)
{
	if (d->block.is_over)
		return session_enum_decoder_fail(d, ERROR_NOT_ENOUGH_QUOTA, NULL);
	return session_enum_decoder_fail(d, ERROR_NOT_ENOUGH_MEMORY,
	                                 "out of memory for the answer");
}

static bool session_enum_decoder_read_head(struct session_enum_decoder *d)
{
	uint32_t words[3]; /* Level, the union's tag, the container's pointer */

	if (!ndr_stream_words(&d->in, words, 3))
		return false;
	if (words[0] != d->answer.level || words[1] != words[0])
		return session_enum_decoder_malformed(
			d, "the server answered with another level than requested");
	d->step = words[2] != 0 ? CONTAINER : TOTAL;
	return true;
}

static bool session_enum_decoder_read_container(struct session_enum_decoder *d)
{
	uint32_t words[2]; /* EntriesRead, the array's pointer */

	if (!ndr_stream_words(&d->in, words, 2))
		return false;
	if (words[0] != 0 && words[1] == 0)
		return session_enum_decoder_malformed(
			d, "EntriesRead is not 0, but there is no array");
	d->answer.entries = words[0];
	d->step = words[1] != 0 ? ARRAY_SIZE : TOTAL;
	return true;
}

static bool session_enum_decoder_read_array_size(struct session_enum_decoder *d)
{
	uint32_t size;

	if (!ndr_stream_words(&d->in, &size, 1))
		return false;
	if (size != d->answer.entries)
		return session_enum_decoder_malformed(
			d, "the size of the array differs from EntriesRead");
	d->step = ENTRY;
	return true;
}

/* Entries are allocated as they arrive, not by the count that the server states. */
static bool session_enum_decoder_read_entry(struct session_enum_decoder *d)
{
	uint32_t words[SESSION_LEVEL_MAX_FIELDS];

	if (d->block.entries == d->answer.entries) {
		d->step = TEXT_FIND;
		return true;
	}
	if (!ndr_stream_words(&d->in, words, d->block.level->field_count))
		return false;
	return session_block_add_entry(&d->block, words) || session_enum_decoder_no_room(d);
}

static bool session_enum_decoder_find_text(struct session_enum_decoder *d)
{
	for (; d->entry < d->block.entries; d->entry++, d->field = 0)
		for (; d->field < d->block.level->field_count; d->field++)
			if (session_block_expects_text(&d->block, d->entry, d->field)) {
				d->step = TEXT_HEAD;
				return true;
			}
	d->step = TOTAL;
	return true;
}

static bool session_enum_decoder_read_text_head(struct session_enum_decoder *d)
{
	uint32_t words[3]; /* max_count, offset, actual_count */

	if (!ndr_stream_words(&d->in, words, 3))
		return false;
	if (words[1] != 0 || words[2] > words[0] || words[2] == 0)
		return session_enum_decoder_malformed(d,
		                                      "a conformant varying string is malformed");
	if (words[2] > SESSION_TEXT_MAX_UNITS + 1)
		return session_enum_decoder_malformed(d, "a text has more than 32,767 characters");
	session_block_begin_text(&d->block, d->entry, d->field);
	d->units_left = words[2];
	d->step = TEXT;
	return true;
}

static bool session_enum_decoder_read_text(struct session_enum_decoder *d)
{
	size_t count = ndr_stream_units_ready(&d->in);
	WCHAR *units = session_block_extend(&d->block,
	                                    count < d->units_left ? count : d->units_left);

	if (units == NULL)
		return session_enum_decoder_no_room(d);
	count = ndr_stream_units(&d->in, units, d->units_left);
	if (count > 0)
		d->last_unit = units[count - 1];
	d->units_left -= (uint32_t)count;
	if (d->units_left > 0)
		return false;
	if (d->last_unit != 0)
		return session_enum_decoder_malformed(d, "a string lacks its terminator");
	d->field++;
	d->step = TEXT_FIND;
	return true;
}

static bool session_enum_decoder_read_total(struct session_enum_decoder *d)
{
	uint32_t words[2]; /* TotalEntries, the resume handle's pointer */

	if (!ndr_stream_words(&d->in, words, 2))
		return false;
	d->answer.total_entries = words[0];
	d->answer.has_resume_handle = words[1] != 0;
	d->step = words[1] != 0 ? RESUME : STATUS;
	return true;
}

static bool session_enum_decoder_read_resume(struct session_enum_decoder *d)
{
	if (!ndr_stream_words(&d->in, &d->answer.resume_handle, 1))
		return false;
	d->step = STATUS;
	return true;
}

static bool session_enum_decoder_read_status(struct session_enum_decoder *d)
{
	if (!ndr_stream_words(&d->in, &d->answer.status, 1))
		return false;
	d->step = END;
	return true;
}

static bool (*const steps[END])(struct session_enum_decoder *) = {
	[HEAD] = session_enum_decoder_read_head,
	[CONTAINER] = session_enum_decoder_read_container,
	[ARRAY_SIZE] = session_enum_decoder_read_array_size,
	[ENTRY] = session_enum_decoder_read_entry,
	[TEXT_FIND] = session_enum_decoder_find_text,
	[TEXT_HEAD] = session_enum_decoder_read_text_head,
	[TEXT] = session_enum_decoder_read_text,
	[TOTAL] = session_enum_decoder_read_total,
	[RESUME] = session_enum_decoder_read_resume,
	[STATUS] = session_enum_decoder_read_status,
};

void session_enum_decoder_init(struct session_enum_decoder *d, const struct session_level *level)
{
	*d = (struct session_enum_decoder){ 0 };
	d->block.level = level;
	d->answer.level = level->number;
}

void session_enum_decoder_set_max(struct session_enum_decoder *d, size_t max_bytes)
{
	d->block.max_bytes = max_bytes;
}

void session_enum_decoder_feed(struct session_enum_decoder *d, const void *piece, size_t bytes,
                               bool big_endian)
{
	if (d->err.status != NERR_Success || d->step == END)
		return; /* bytes behind the status are ignored */
	d->in.big_endian = big_endian;
	ndr_stream_feed(&d->in, piece, bytes);
	while (d->step != END && steps[d->step](d))
		;
}

uint32_t session_enum_decoder_rows(const struct session_enum_decoder *d)
{
	return d->err.status == NERR_Success && d->step > ENTRY ? d->entry : 0;
}

bool session_enum_decoder_row(const struct session_enum_decoder *d, uint32_t entry,
                              struct netsession_row *row, char **scratch, size_t *scratch_bytes)
{
	return session_block_row(&d->block, entry, row, scratch, scratch_bytes);
}

NET_API_STATUS session_enum_decoder_finish(struct session_enum_decoder *d,
                                           struct session_enum_answer *answer, void **infos)
{
	*infos = NULL;
	*answer = d->answer;
	if (d->err.status == NERR_Success && d->step != END)
		session_enum_decoder_malformed(d, "the answer is cut off");
	if (d->err.status == NERR_Success)
		*infos = session_block_finish(&d->block);
	return d->err.status;
}

void session_enum_decoder_fini(struct session_enum_decoder *d)
{
	session_block_fini(&d->block);
}

/* [MS-SRVS] 3.1.4.6:
 *   [in, string, unique] SRVSVC_HANDLE ServerName, [in, string, unique] WCHAR *ClientName,
 *   [in, string, unique] WCHAR *UserName; NET_API_STATUS */

void session_del_request_encode(struct ndr_writer *w, const struct session_del_request *request)
{
	ndr_put_unique_wstring(w, request->server);
	ndr_put_unique_wstring(w, request->client);
	ndr_put_unique_wstring(w, request->user);
}

void session_del_request_decode(struct wire_reader *r, struct session_del_request *request,
                                struct session_qualifier_texts *texts)
{
	*request = (struct session_del_request){ 0 };
	(void)ndr_get_unique_wstring(r, texts->client,
	                             SESSION_QUALIFIER_MAX_UNITS); /* ServerName */
	request->client = ndr_get_unique_wstring(r, texts->client, SESSION_QUALIFIER_MAX_UNITS);
	request->user = ndr_get_unique_wstring(r, texts->user, SESSION_QUALIFIER_MAX_UNITS);
}

void session_del_answer_encode(struct ndr_writer *w, NET_API_STATUS status)
{
	ndr_put_u32(w, status);
}

NET_API_STATUS session_del_answer_decode(struct wire_reader *r)
{
	return ndr_get_u32(r);
}
