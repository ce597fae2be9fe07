/* SPDX-License-Identifier: MIT */
/* The messages of publishing, one by one and out of a stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "local/publish_message.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One of each kind, with nothing left zero. */
static const struct publish_message samples[] = {
	{ .kind = PUBLISH_HELLO, .version = PUBLISH_VERSION, .wants_refresh = 1, .name = "smbd" },
	{ .kind = PUBLISH_WELCOME, .version = PUBLISH_VERSION, .max_sessions = 500000 },
	{ .kind = PUBLISH_REFUSED, .status = 5 },
	{ .kind = PUBLISH_PUT,
	  .key = 0x1122334455667788,
	  .group = 4000000000,
	  .row = { "10.0.0.7", "Zoë", "Windows", "\\Device\\NetbiosSmb", 3, 4000000000, 17, 1 } },
	{ .kind = PUBLISH_TOUCH, .key = 7, .row = { .num_opens = 2, .idle_s = 9 } },
	{ .kind = PUBLISH_REMOVE, .key = UINT64_MAX },
	{ .kind = PUBLISH_ACCEPTED, .bytes = 16384 },
	{ .kind = PUBLISH_CLOSE, .key = 1 },
	{ .kind = PUBLISH_ERROR, .key = 2, .status = 69 },
	{ .kind = PUBLISH_REFRESH, .number = 1 },
	{ .kind = PUBLISH_REFRESHED, .number = 4000000000 },
	{ .kind = PUBLISH_STATE, .is_incomplete = 1, .warning = "müller is missing" },
};

static void expect_text(const char *a, const char *b)
{
	assert_int_equal(a == NULL, b == NULL);
	if (a != NULL)
		assert_string_equal(a, b);
}

static void expect_equal(const struct publish_message *a, const struct publish_message *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->version, b->version);
	expect_text(a->name, b->name);
	assert_int_equal(a->is_incomplete, b->is_incomplete);
	expect_text(a->warning, b->warning);
	assert_int_equal(a->max_sessions, b->max_sessions);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->bytes, b->bytes);
	assert_int_equal(a->wants_refresh, b->wants_refresh);
	assert_int_equal(a->number, b->number);
	assert_true(a->key == b->key);
	assert_int_equal(a->group, b->group);
	expect_text(a->row.client, b->row.client);
	expect_text(a->row.user, b->row.user);
	expect_text(a->row.client_type, b->row.client_type);
	expect_text(a->row.transport, b->row.transport);
	assert_int_equal(a->row.num_opens, b->row.num_opens);
	assert_int_equal(a->row.active_s, b->row.active_s);
	assert_int_equal(a->row.idle_s, b->row.idle_s);
	assert_int_equal(a->row.user_flags, b->row.user_flags);
}

static struct wire_writer frame_of(const struct publish_message *m)
{
	struct wire_writer w = { 0 };

	publish_message_encode(&w, m);
	assert_false(w.failed);
	return w;
}

/* Whether it decodes as a body of its exact size, so that the sanitizer sees what is read behind
 * it. */
static bool decodes(const void *body, size_t bytes, uint16_t kind)
{
	uint8_t *copy = calloc(bytes > 0 ? bytes : 1, 1);
	struct publish_message m;
	struct wire_reader r;

	if (bytes > 0)
		memcpy(copy, body, bytes);
	wire_reader_init(&r, copy, bytes);
	publish_message_decode(&r, kind, &m);
	free(copy);
	return r.error == NULL;
}

static void every_kind_is_decoded_as_it_was_encoded(void **state)
{
	(void)state;
	assert_int_equal(COUNT(samples), PUBLISH_KINDS - 1);
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct wire_writer w = frame_of(&samples[i]);
		struct publish_message m;
		struct wire_reader r;

		wire_reader_init(&r, w.data, w.len);
		assert_int_equal(wire_get_u16(&r), w.len - PUBLISH_HEADER_BYTES);
		publish_message_decode(&r, wire_get_u16(&r), &m);
		assert_null(r.error);
		expect_equal(&m, &samples[i]);
		wire_writer_fini(&w);
	}
}

static void no_kind_is_decoded_when_a_byte_of_it_is_missing_or_too_many(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct wire_writer w = frame_of(&samples[i]);
		size_t bytes = w.len - PUBLISH_HEADER_BYTES;
		uint16_t kind = (uint16_t)samples[i].kind;

		wire_put_u8(&w, 0);
		assert_true(decodes(w.data + PUBLISH_HEADER_BYTES, bytes, kind));
		assert_false(decodes(w.data + PUBLISH_HEADER_BYTES, bytes + 1, kind));
		for (size_t less = 0; less < bytes; less++)
			assert_false(decodes(w.data + PUBLISH_HEADER_BYTES, less, kind));
		wire_writer_fini(&w);
	}
}

static void unknown_kinds_are_refused(void **state)
{
	(void)state;
	assert_false(decodes("", 0, 0));
	assert_false(decodes("", 0, PUBLISH_KINDS));
	assert_false(decodes("", 0, 0xFFFF));
}

static void a_text_has_to_end_where_it_says(void **state)
{
	static const uint8_t inside[] = "\3FSN"
					"\0\0\0\0"
					"\3\0"
					"a\0b";
	static const uint8_t none[] = { 3, 'F', 'S', 'N', 0, 0, 0, 0, 1, 0, 'a', 'b' };

	(void)state;
	assert_false(decodes(inside, sizeof inside, PUBLISH_HELLO));
	assert_false(decodes(none, sizeof none, PUBLISH_HELLO));
}

static void a_text_may_be_as_long_as_agreed_and_no_longer(void **state)
{
	char text[PUBLISH_MAX_TEXT_BYTES + 1] = { 0 };
	struct publish_message m = { .kind = PUBLISH_HELLO,
		                     .version = PUBLISH_VERSION,
		                     .name = text };
	struct wire_writer w;

	(void)state;
	memset(text, 'x', PUBLISH_MAX_TEXT_BYTES);
	w = frame_of(&m);
	assert_true(decodes(w.data + PUBLISH_HEADER_BYTES, w.len - PUBLISH_HEADER_BYTES,
	                    PUBLISH_HELLO));
	w.len--;
	wire_put_u8(&w, 'x');
	wire_put_u8(&w, 0);
	wire_set_u16le(&w, PUBLISH_HEADER_BYTES + 8, PUBLISH_MAX_TEXT_BYTES + 1);
	assert_false(decodes(w.data + PUBLISH_HEADER_BYTES, w.len - PUBLISH_HEADER_BYTES,
	                     PUBLISH_HELLO));
	wire_writer_fini(&w);
}

static void the_longest_message_has_the_length_that_is_told(void **state)
{
	char text[PUBLISH_MAX_TEXT_BYTES + 1] = { 0 };
	struct publish_message m = { .kind = PUBLISH_PUT,
		                     .row = { text, text, text, text, 0, 0, 0, 0 } };
	struct wire_writer w;

	(void)state;
	memset(text, 'x', PUBLISH_MAX_TEXT_BYTES);
	w = frame_of(&m);
	assert_int_equal(w.len, PUBLISH_MAX_FRAME_BYTES);
	wire_writer_fini(&w);
}

static void a_hello_of_another_version_may_go_on_differently(void **state)
{
	static const uint8_t body[] = { 5, 'F', 'S', 'N', 9, 9, 9 };
	struct publish_message m;
	struct wire_reader r;

	(void)state;
	wire_reader_init(&r, body, sizeof body);
	publish_message_decode(&r, PUBLISH_HELLO, &m);
	assert_null(r.error);
	assert_int_equal(m.version, PUBLISH_VERSION + 1);
	assert_null(m.name);
}

static void a_session_has_a_client_and_texts_that_can_be_shown(void **state)
{
	static const struct {
		const char *client, *user;
		bool is_good;
	} rows[] = {
		{ "fs1", "zoë", true },   { "fs1", NULL, true },
		{ "fs1", "", true },      { NULL, "zoë", false },
		{ "", "zoë", false },     { "fs\n", "", false },
		{ "fs1", "\x7F", false }, { "fs1", "\x1B[2J", false },
		{ "fs1", "\xC3", false }, { "fs1", "\xED\xA0\x80", false },
	};
	char text[PUBLISH_MAX_TEXT_BYTES + 2] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct netsession_row row = { .client = rows[i].client, .user = rows[i].user };

		assert_int_equal(publish_row_problem(&row) == NULL, rows[i].is_good);
	}
	memset(text, 'x', PUBLISH_MAX_TEXT_BYTES + 1);
	assert_non_null(publish_text_problem(text));
	assert_null(publish_text_problem(text + 1));
}

/* All samples out of a stream that comes in pieces. */
static void read_in_pieces(const struct wire_writer *stream, size_t most)
{
	struct publish_input in = { 0 };
	size_t sent = 0, count = 0;

	while (sent < stream->len) {
		struct publish_message m;
		const char *error;
		size_t room;
		uint8_t *space = publish_input_space(&in, &room);
		size_t bytes = stream->len - sent < most ? stream->len - sent : most;

		assert_true(room > 0);
		bytes = bytes < room ? bytes : room;
		memcpy(space, stream->data + sent, bytes);
		publish_input_received(&in, bytes);
		sent += bytes;
		while (publish_input_next(&in, &m, &error))
			expect_equal(&m, &samples[count++ % COUNT(samples)]);
		assert_null(error);
	}
	assert_int_equal(count % COUNT(samples), 0);
	assert_true(count > 0);
}

static void a_stream_gives_its_messages_however_it_is_cut(void **state)
{
	struct wire_writer w = { 0 };

	(void)state;
	for (size_t i = 0; i < 200 * COUNT(samples); i++)
		publish_message_encode(&w, &samples[i % COUNT(samples)]);
	for (size_t most = 1; most < 300; most++)
		read_in_pieces(&w, most);
	read_in_pieces(&w, SIZE_MAX);
	wire_writer_fini(&w);
}

static void a_frame_longer_than_any_message_is_an_error_at_its_header(void **state)
{
	struct publish_input in = { 0 };
	struct publish_message m;
	const char *error;
	size_t room;

	(void)state;
	memcpy(publish_input_space(&in, &room), "\xFF\xFF\4\0", PUBLISH_HEADER_BYTES);
	publish_input_received(&in, PUBLISH_HEADER_BYTES);
	assert_false(publish_input_next(&in, &m, &error));
	assert_non_null(error);
}

TEST_GROUP(publish_message)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_decoded_as_it_was_encoded),
		cmocka_unit_test(no_kind_is_decoded_when_a_byte_of_it_is_missing_or_too_many),
		cmocka_unit_test(unknown_kinds_are_refused),
		cmocka_unit_test(a_text_has_to_end_where_it_says),
		cmocka_unit_test(a_text_may_be_as_long_as_agreed_and_no_longer),
		cmocka_unit_test(the_longest_message_has_the_length_that_is_told),
		cmocka_unit_test(a_hello_of_another_version_may_go_on_differently),
		cmocka_unit_test(a_session_has_a_client_and_texts_that_can_be_shown),
		cmocka_unit_test(a_stream_gives_its_messages_however_it_is_cut),
		cmocka_unit_test(a_frame_longer_than_any_message_is_an_error_at_its_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
