/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/text.h"
#include "recording.h"
#include "rpc/association.h"
#include "srvsvc/session_enum.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FOR_EACH(name, names) \
	for (const char *const *name = names; name < names + COUNT(names); name++)

/* Hand-made answers of all levels by two foreign encoders: NULL, empty and foreign texts. */
static const char *const stubs[] = {
	"impacket-0.10-session-enum-response-level0-stub",
	"impacket-0.10-session-enum-response-level1-stub",
	"impacket-0.10-session-enum-response-level2-stub",
	"impacket-0.10-session-enum-response-level10-stub",
	"impacket-0.10-session-enum-response-level502-stub",
	"samba-4.17-python-session-enum-response-level0-stub",
	"samba-4.17-python-session-enum-response-level1-stub",
	"samba-4.17-python-session-enum-response-level2-stub",
	"samba-4.17-python-session-enum-response-level10-stub",
	"samba-4.17-python-session-enum-response-level502-stub",
};

static const char *const samba_answers[] = {
	"samba-4.17-session-enum-response-level0-1",
	"samba-4.17-session-enum-response-level0-3",
	"samba-4.17-session-enum-response-level0-130",
	"samba-4.17-session-enum-response-level1-1",
	"samba-4.17-session-enum-response-level1-3",
	"samba-4.17-session-enum-response-level1-130",
	"samba-4.17-session-enum-response-level1-130-to-impacket",
	"samba-4.17-session-enum-response-level1-access-denied",
	"samba-4.17-session-enum-response-level1-guest",
	"samba-4.17-session-enum-response-level1-past-the-end",
	"samba-4.17-session-enum-response-level1-resumed",
	"samba-4.17-session-enum-response-level2-refused",
	"samba-4.17-session-enum-response-level10-refused",
	"samba-4.17-session-enum-response-level502-refused",
	"samba-4.17-session-enum-response-to-big-endian",
};

/* A recorded answer: its stub in one piece, and a decoder that was fed with all of it. */
struct sample {
	const char *name;
	struct wire_writer stub;
	struct session_enum_decoder decoder;
};

static void sample_take(struct sample *s, const void *piece, size_t bytes, bool big_endian)
{
	wire_put_bytes(&s->stub, piece, bytes);
	session_enum_decoder_feed(&s->decoder, piece, bytes, big_endian);
}

static void sample_take_pdus(struct sample *s, const struct recording *pdus)
{
	static const struct rpc_syntax any = { .version = 3 };
	struct recording ack = recording_load("samba-4.17-bind-ack-to-rpcclient");
	struct wire_writer sent = { 0 };
	struct rpc_association rpc;
	struct rpc_piece piece = { 0 };

	rpc_association_init(&rpc);
	rpc_association_bind(&rpc, &sent, &any);
	rpc_association_feed(&rpc, ack.data, ack.bytes);
	assert_int_equal(rpc_association_next(&rpc, &piece), RPC_BOUND);
	rpc.call_id = pdus->data[12] - 1u; /* impacket counts its calls in another way */
	rpc_association_call(&rpc);
	rpc_association_feed(&rpc, pdus->data, pdus->bytes);
	while (!piece.last) {
		assert_int_equal(rpc_association_next(&rpc, &piece), RPC_STUB);
		sample_take(s, piece.data, piece.bytes, piece.big_endian);
	}
	assert_int_equal(rpc_association_next(&rpc, &piece), RPC_WANT_BYTES);
	rpc_association_fini(&rpc);
	wire_writer_fini(&sent);
	recording_free(&ack);
}

static struct sample sample_load(const char *name)
{
	struct sample s = { .name = name };
	struct recording r = recording_load(name);
	bool is_stub = strstr(name, "-stub") != NULL;
	const uint8_t *level = r.data + (is_stub ? 0 : 24);

	session_enum_decoder_init(&s.decoder, session_level_find(level[0] | level[1] << 8));
	if (is_stub)
		sample_take(&s, r.data, r.bytes, false);
	else
		sample_take_pdus(&s, &r);
	recording_free(&r);
	return s;
}

static void sample_free(struct sample *s)
{
	session_enum_decoder_fini(&s->decoder);
	wire_writer_fini(&s->stub);
}

/* Whether a comment of the recording begins so. */
static bool recording_says(const char *name, const char *beginning)
{
	char path[1024], line[4096];
	bool says = false;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s.hex", getenv("NETSESSION_WIRE"), name);
	file = fopen(path, "r");
	assert_non_null(file);
	while (!says && fgets(line, sizeof line, file) != NULL)
		says = strncmp(line, beginning, strlen(beginning)) == 0;
	fclose(file);
	return says;
}

__attribute__((format(printf, 2, 3)))
static void assert_says(const char *name, const char *format, ...)
{
	char line[1024];
	va_list values;

	va_start(values, format);
	vsnprintf(line, sizeof line, format, values);
	va_end(values);
	if (!recording_says(name, line))
		fail_msg("%s.hex does not say: %s", name, line);
}

/* A text as the comments write it: Python's way. */
static void print_text(FILE *to, const char *utf8)
{
	uint32_t c;

	fputs(utf8 == NULL ? "NULL" : "\"", to);
	while (utf8 != NULL && (c = text_next(&utf8)) != 0)
		if (c < 0x80)
			fprintf(to, c == '\\' ? "\\\\" : "%c", (int)c);
		else
			fprintf(to, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
	fputs(utf8 == NULL ? "" : "\"", to);
}

static void assert_says_row(const char *name, const struct session_level *level, uint32_t entry,
                            const struct netsession_row *row)
{
	static const char *const words[SESSION_LEVEL_MAX_FIELDS] = {
		"client", "user", "num_open", "time", "idle_time", "user_flags", "client_type",
		"transport",
	};
	char *line;
	size_t bytes;
	FILE *to = open_memstream(&line, &bytes);

	fprintf(to, "#   entry %u:", entry);
	for (size_t c = 0; c < COUNT(words); c++) {
		const struct session_field *f = session_level_field(level, session_columns[c]);

		if (f == NULL)
			continue;
		fprintf(to, c == 0 ? " %s " : ", %s ", words[c]);
		if (f->kind == SESSION_CELL_TEXT)
			print_text(to, session_row_text(row, f));
		else
			fprintf(to, "%u", session_row_u32(row, f));
	}
	fputc('\n', to);
	fclose(to);
	assert_says(name, "%s", line);
	free(line);
}

/* Finishes the sample's decoder and compares what it gives with the recording's comments. */
static void assert_decoded_as_recorded(struct sample *s)
{
	const struct session_level *level = s->decoder.block.level;
	bool abridged = recording_says(s->name, "#   ... (the rest of the same kind)");
	struct session_enum_answer a;
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;
	void *infos;

	assert_int_equal(session_enum_decoder_finish(&s->decoder, &a, &infos), NERR_Success);
	assert_says(s->name, "# NetrSessionEnum response: level %u, %s%.0u", a.level,
	            a.entries == 0 ? "container with count 0 and array NULL" : "", a.entries);
	assert_says(s->name, "# total entries %u, resume handle %u, return value %u\n",
	            a.total_entries, a.resume_handle, a.status);
	assert_true(a.has_resume_handle);
	assert_int_equal(infos != NULL, a.entries > 0);
	for (uint32_t i = 0; i < a.entries; i++) {
		assert_true(session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes));
		if (!abridged || i < 2 || i == a.entries - 1)
			assert_says_row(s->name, level, i, &row);
		else
			assert_int_equal(strncmp(row.client, "127.0.", 6), 0);
	}
	free(scratch);
	free(infos);
}

static void hand_made_answers_of_all_levels_decode_to_what_they_say(void **state)
{
	(void)state;
	FOR_EACH(name, stubs) {
		struct sample s = sample_load(*name);

		assert_decoded_as_recorded(&s);
		sample_free(&s);
	}
}

static void answers_of_samba_decode_to_what_they_say_across_fragments(void **state)
{
	(void)state;
	FOR_EACH(name, samba_answers) {
		struct sample s = sample_load(*name);

		assert_decoded_as_recorded(&s);
		sample_free(&s);
	}
}

static void reverse(uint8_t *at, size_t element_bytes, size_t count)
{
	for (; count > 0; count--, at += element_bytes)
		for (size_t i = 0; i < element_bytes / 2; i++) {
			uint8_t byte = at[i];

			at[i] = at[element_bytes - 1 - i];
			at[element_bytes - 1 - i] = byte;
		}
}

/* Turns the stub of a hand-made answer: six numbers, the entries, the texts, four numbers. */
static void make_big_endian(const struct sample *s)
{
	uint8_t *at = s->stub.data, *total = at + s->stub.len - 16;
	size_t words = 6 + s->decoder.answer.entries * s->decoder.block.level->field_count;

	reverse(at, 4, words);
	for (at += 4 * words; at < total;) {
		size_t units = at[8]; /* all are short */

		reverse(at, 4, 3);
		reverse(at + 12, 2, units);
		at += 12 + (2 * units + 3) / 4 * 4;
	}
	reverse(total, 4, 4);
}

/* Feeds a copy that ends where the piece ends and is gone afterwards. */
static void feed_copy(struct session_enum_decoder *d, const uint8_t *piece, size_t bytes,
                      bool big_endian)
{
	uint8_t *copy = malloc(bytes + 1);

	memcpy(copy + 1, piece, bytes);
	session_enum_decoder_feed(d, copy + 1, bytes, big_endian);
	free(copy);
}

/* Decodes the sample's stub again, a first piece of cut bytes and then pieces of at most step
 * bytes. Until it is finished a block holds offsets, so equal blocks are equal bytes. */
static void assert_same_in_pieces(const struct sample *s, size_t cut, size_t step, bool big_endian)
{
	struct session_enum_decoder d;
	size_t at = cut;

	session_enum_decoder_init(&d, s->decoder.block.level);
	feed_copy(&d, s->stub.data, cut, big_endian);
	for (; at < s->stub.len; at += step)
		feed_copy(&d, s->stub.data + at, s->stub.len - at < step ? s->stub.len - at : step,
		          big_endian);
	assert_int_equal(d.step, s->decoder.step);
	assert_int_equal(d.answer.total_entries, s->decoder.answer.total_entries);
	assert_int_equal(d.answer.resume_handle, s->decoder.answer.resume_handle);
	assert_int_equal(d.answer.status, s->decoder.answer.status);
	assert_int_equal(d.block.used, s->decoder.block.used);
	assert_memory_equal(d.block.data, s->decoder.block.data, d.block.used);
	session_enum_decoder_fini(&d);
}

static void an_answer_decodes_alike_wherever_it_is_cut_in_both_byte_orders(void **state)
{
	(void)state;
	FOR_EACH(name, stubs) {
		struct sample s = sample_load(*name);

		for (int big_endian = 0; big_endian <= 1; big_endian++) {
			if (big_endian)
				make_big_endian(&s);
			for (size_t cut = 0; cut <= s.stub.len; cut++)
				assert_same_in_pieces(&s, cut, s.stub.len, big_endian);
			for (size_t step = 1; step <= 9; step++)
				assert_same_in_pieces(&s, 0, step, big_endian);
		}
		sample_free(&s);
	}
}

/* Decodes two pieces. Reads all that they gave, for the sanitizer. Returns the status. */
static NET_API_STATUS try_stub(const struct session_level *level, const uint8_t *stub, size_t bytes,
                               size_t cut)
{
	struct session_enum_decoder d;
	struct session_enum_answer a;
	struct netsession_row row;
	char *scratch = NULL;
	size_t scratch_bytes = 0;
	NET_API_STATUS status;
	void *infos;

	session_enum_decoder_init(&d, level);
	feed_copy(&d, stub, cut, false);
	feed_copy(&d, stub + cut, bytes - cut, false);
	assert_in_range(d.block.cap, 0, 1024 + 4 * bytes); /* whatever a count claims */
	status = session_enum_decoder_finish(&d, &a, &infos);
	for (uint32_t i = 0; infos != NULL && i < a.entries; i++)
		assert_true(session_infos_row(level, infos, i, &row, &scratch, &scratch_bytes));
	free(scratch);
	free(infos);
	session_enum_decoder_fini(&d);
	return status;
}

static void every_truncated_answer_is_refused(void **state)
{
	(void)state;
	FOR_EACH(name, stubs) {
		struct sample s = sample_load(*name);

		for (size_t bytes = 0; bytes < s.stub.len; bytes++)
			assert_int_equal(try_stub(s.decoder.block.level, s.stub.data, bytes, bytes / 2),
			                 RPC_X_BAD_STUB_DATA);
		sample_free(&s);
	}
}

/* Tries each value that a damaged byte takes, the cut being beside it. */
static void try_damaged(const struct sample *s, size_t at)
{
	const uint8_t was = s->stub.data[at];
	const uint8_t values[] = { was ^ 0xFF, was ^ 0x01, was ^ 0x80, 0 };

	for (size_t i = 0; i < COUNT(values); i++) {
		NET_API_STATUS status;

		s->stub.data[at] = values[i];
		status = try_stub(s->decoder.block.level, s->stub.data, s->stub.len, at);
		assert_true(status == NERR_Success || status == RPC_X_BAD_STUB_DATA);
	}
	s->stub.data[at] = was;
}

static void an_answer_with_any_byte_damaged_decodes_or_is_refused(void **state)
{
	(void)state;
	FOR_EACH(name, stubs) {
		struct sample s = sample_load(*name);

		for (size_t at = 0; at < s.stub.len; at++)
			try_damaged(&s, at);
		sample_free(&s);
	}
}

static void an_answer_that_contradicts_itself_is_refused(void **state)
{
	static const struct {
		size_t at; /* the number in samba-4.17-python-session-enum-response-level0-stub */
		uint32_t value;
		const char *why;
	} cases[] = {
		{ 0, 1, "the answer is of another level than asked for" },
		{ 4, 1, "the answer is of another level than asked for" },
		{ 12, 4, "array size differs from EntriesRead" },
		{ 12, 0, "array size differs from EntriesRead" },
		{ 16, 0, "entries without an array" },
		{ 20, 0x10000000, "array size differs from EntriesRead" },
		{ 44, 11, "malformed conformant varying string" }, /* less than its units */
		{ 48, 1, "malformed conformant varying string" },  /* does not begin at 0 */
		{ 52, 0, "malformed conformant varying string" },  /* no terminator */
		{ 52, 11, "string lacks its terminator" },
	};
	struct sample s = sample_load("samba-4.17-python-session-enum-response-level0-stub");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct session_enum_decoder d;
		uint8_t was[4];

		memcpy(was, s.stub.data + cases[i].at, 4);
		wire_set_u32le(&s.stub, cases[i].at, cases[i].value);
		session_enum_decoder_init(&d, s.decoder.block.level);
		feed_copy(&d, s.stub.data, s.stub.len, false);
		assert_int_equal(d.err.status, RPC_X_BAD_STUB_DATA);
		assert_string_equal(d.err.why, cases[i].why);
		memcpy(s.stub.data + cases[i].at, was, 4);
		session_enum_decoder_fini(&d);
	}
	sample_free(&s);
}
