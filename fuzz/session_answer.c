/* SPDX-License-Identifier: MIT */
/* NetrSessionEnum's answer, from pieces into a block.
 * Input: level (index), order (bit 0: big-endian), cuts, then the stub.
 * Must reach: session_enum_decoder_feed session_enum_decoder_read_head
 *   session_enum_decoder_read_container session_enum_decoder_read_array_size
 *   session_enum_decoder_read_entry session_enum_decoder_find_text
 *   session_enum_decoder_read_text_head session_enum_decoder_read_text
 *   session_enum_decoder_read_total session_enum_decoder_read_resume
 *   session_enum_decoder_read_status session_enum_decoder_malformed session_enum_decoder_finish
 *   session_block_add_entry session_block_extend session_block_finish ndr_stream_words
 *   ndr_stream_units session_infos_row session_infos_reduce session_enum_answer_encode
 *   session_enum_encode_rows session_enum_encode_entry session_enum_encode_texts
 * Holds: the result does not depend on how the stub is cut; a block is bounded by its stub; what
 * decodes can be encoded, and decodes to equal rows. */
#include <string.h>
#include "fuzz.h"
#include "srvsvc/session_messages.h"

struct result {
	NET_API_STATUS status;
	struct err err;
	struct session_enum_answer answer;
	char *raw; /* the block before it was finished */
	size_t raw_bytes;
	void *infos;
};

static struct result decode(const struct session_level *level, const uint8_t *stub, size_t bytes,
                            bool big_endian, const struct fuzz_cuts *cuts, size_t most)
{
	struct session_enum_decoder d;
	struct result r = { 0 };

	session_enum_decoder_init(&d, level);
	for (size_t at = 0, end; at < bytes; at = end) {
		uint8_t *piece;

		end = fuzz_cut_after(cuts, at, bytes);
		if (end - at > most)
			end = at + most;
		piece = fuzz_piece(stub + at, end - at);
		session_enum_decoder_feed(&d, piece, end - at, big_endian);
		free(piece);
	}
	MUST(d.block.used <= 2 * bytes);
	MUST(d.block.cap <= 1024 + 4 * bytes);
	r.raw_bytes = d.block.used;
	r.raw = (char *)fuzz_piece((const uint8_t *)d.block.data, d.block.used);
	r.status = session_enum_decoder_finish(&d, &r.answer, &r.infos);
	r.err = d.err;
	MUST(r.status == r.err.status);
	MUST(r.status == 0 || r.infos == NULL);
	MUST(r.status != 0 || (r.infos == NULL) == (r.answer.entries == 0));
	session_enum_decoder_fini(&d);
	return r;
}

static void result_free(struct result *r)
{
	free(r->raw);
	free(r->infos);
}

static void compare(const struct result *a, const struct result *b)
{
	MUST(a->status == b->status);
	MUST(strcmp(a->err.text, b->err.text) == 0);
	MUST(a->answer.entries == b->answer.entries);
	MUST(a->answer.total_entries == b->answer.total_entries);
	MUST(a->answer.has_resume_handle == b->answer.has_resume_handle);
	MUST(a->answer.resume_handle == b->answer.resume_handle);
	MUST(a->answer.status == b->answer.status);
}

static void compare_rows(const struct netsession_row *a, const struct netsession_row *b)
{
	MUST(fuzz_text_equal(a->client, b->client));
	MUST(fuzz_text_equal(a->user, b->user));
	MUST(fuzz_text_equal(a->client_type, b->client_type));
	MUST(fuzz_text_equal(a->transport, b->transport));
	MUST(a->num_opens == b->num_opens);
	MUST(a->active_s == b->active_s);
	MUST(a->idle_s == b->idle_s);
	MUST(a->user_flags == b->user_flags);
}

struct rows {
	struct netsession_row *rows;
	char **texts;
	uint32_t count;
};

static struct rows rows_of(const struct session_level *level, const struct result *r)
{
	struct rows rows = { calloc(r->answer.entries + 1, sizeof *rows.rows),
		             calloc(r->answer.entries + 1, sizeof *rows.texts), r->answer.entries };

	for (uint32_t i = 0; i < rows.count; i++) {
		size_t bytes = 0;

		MUST(session_infos_row(level, r->infos, i, &rows.rows[i], &rows.texts[i], &bytes));
	}
	return rows;
}

static void rows_free(struct rows *rows)
{
	for (uint32_t i = 0; i < rows->count; i++)
		free(rows->texts[i]);
	free(rows->texts);
	free(rows->rows);
}

static void encode_again(const struct session_level *level, const struct result *r)
{
	static const struct fuzz_cuts uncut;
	struct rows rows = rows_of(level, r), rows_again;
	struct session_row_array array = { rows.rows, rows.count, 0 };
	const struct session_rows source = session_rows_of_array(&array);
	struct wire_writer wire = { 0 };
	struct ndr_writer w;
	struct result again;

	ndr_writer_init(&w, &wire);
	session_enum_answer_encode(&w, &r->answer, rows.count > 0 ? &source : NULL);
	MUST(!wire.failed);
	again = decode(level, wire.data, wire.len, false, &uncut, SIZE_MAX);
	compare(r, &again);
	rows_again = rows_of(level, &again);
	for (uint32_t i = 0; i < rows.count; i++)
		compare_rows(&rows.rows[i], &rows_again.rows[i]);
	wire_writer_fini(&wire);
	rows_free(&rows);
	rows_free(&rows_again);
	result_free(&again);
}

static bool has_all_of(const struct session_level *from, const struct session_level *to)
{
	for (size_t i = 0; i < to->field_count; i++)
		if (session_level_field(from, to->fields[i].column) == NULL)
			return false;
	return true;
}

/* Cuts the block down to the poorest level, which is what it is used for. Spoils r. */
static void reduce(const struct session_level *level, const struct result *r)
{
	const struct session_level *to = session_level_find(0);
	struct rows before = rows_of(level, r), after;

	MUST(has_all_of(level, to));
	session_infos_reduce(level, r->infos, r->answer.entries, to);
	after = rows_of(to, r);
	for (uint32_t i = 0; i < before.count; i++) {
		MUST(fuzz_text_equal(before.rows[i].client, after.rows[i].client));
		MUST(after.rows[i].user == NULL && after.rows[i].num_opens == 0);
	}
	rows_free(&before);
	rows_free(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	static const struct fuzz_cuts uncut;
	struct fuzz_input in = { data, bytes };
	const struct session_level *level = &session_levels[fuzz_u8(&in) % SESSION_LEVEL_COUNT];
	bool big_endian = (fuzz_u8(&in) & 1) != 0;
	struct fuzz_cuts cuts = fuzz_cuts(&in);
	size_t stub_bytes;
	uint8_t *stub = fuzz_rest(&in, &stub_bytes);
	struct result whole = decode(level, stub, stub_bytes, big_endian, &uncut, SIZE_MAX);
	struct result cut = decode(level, stub, stub_bytes, big_endian, &cuts, SIZE_MAX);
	struct result crumbs = decode(level, stub, stub_bytes, big_endian, &uncut, 1);

	compare(&whole, &cut);
	compare(&whole, &crumbs);
	MUST(whole.raw_bytes == cut.raw_bytes && whole.raw_bytes == crumbs.raw_bytes);
	MUST(memcmp(whole.raw, cut.raw, whole.raw_bytes) == 0);
	MUST(memcmp(whole.raw, crumbs.raw, whole.raw_bytes) == 0);
	if (whole.status == NERR_Success) {
		encode_again(level, &whole);
		reduce(level, &whole);
	}
	result_free(&whole);
	result_free(&cut);
	result_free(&crumbs);
	free(stub);
	return 0;
}
