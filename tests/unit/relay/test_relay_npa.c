/* SPDX-License-Identifier: MIT */
/* Openings and messages between smbd and its RPC services. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "samba/relay/npa.h"

/* What a reader gives, by kind. */
struct given {
	struct npa_reader reader;
	struct wire_writer opening, payload;
};

/* Feeds bytes in pieces of step, from memory that is freed afterwards. */
static void feed(struct given *g, const void *data, size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step) {
		size_t count = bytes - at < step ? bytes - at : step;
		uint8_t *copy = malloc(count);
		struct wire_reader in;
		struct npa_piece piece;

		memcpy(copy, (const uint8_t *)data + at, count);
		wire_reader_init(&in, copy, count);
		while (npa_reader_next(&g->reader, &in, &piece)) {
			assert_true(piece.bytes > 0);
			wire_put_bytes(piece.kind == NPA_OPENING ? &g->opening : &g->payload,
			               piece.data, piece.bytes);
		}
		if (g->reader.err.status == 0)
			assert_int_equal(wire_left(&in), 0);
		free(copy);
	}
}

static void forget(struct given *g)
{
	wire_writer_fini(&g->opening);
	wire_writer_fini(&g->payload);
}

static const uint8_t opening[] = { 0, 0, 0, 9, 'N', 'P', 'A', 'M', 7, 1, 2, 3, 4 };
static const uint8_t messages[] = { 3, 0, 'a', 'b', 'c', 1, 0, 'd', 2, 0, 'e', 'f' };

static void an_opening_and_messages_come_out_however_they_are_cut(void **state)
{
	uint8_t all[sizeof opening + sizeof messages];

	(void)state;
	memcpy(all, opening, sizeof opening);
	memcpy(all + sizeof opening, messages, sizeof messages);
	for (size_t step = 1; step <= sizeof all; step++) {
		struct given g = { 0 };

		feed(&g, all, sizeof all, step);
		assert_int_equal(g.reader.err.status, 0);
		assert_int_equal(g.opening.len, sizeof opening);
		assert_memory_equal(g.opening.data, opening, sizeof opening);
		assert_int_equal(g.payload.len, 6);
		assert_memory_equal(g.payload.data, "abcdef", 6);
		forget(&g);
	}
}

static void an_opening_may_be_empty(void **state)
{
	static const uint8_t all[] = { 0, 0, 0, 0, 2, 0, 'x', 'y' };

	(void)state;
	for (size_t step = 1; step <= sizeof all; step++) {
		struct given g = { 0 };

		feed(&g, all, sizeof all, step);
		assert_int_equal(g.opening.len, 4);
		assert_int_equal(g.payload.len, 2);
		forget(&g);
	}
}

static void an_opening_of_samba_names_the_clients_address(void **state)
{
	struct recording opening_4_17 = recording_load("samba-4.17-pipe-opening");
	uint8_t changed[NPA_CLIENT_BYTES];
	struct ip_address client, expected;

	(void)state;
	assert_true(ip_address_parse("127.0.0.1", &expected));
	assert_true(npa_opening_client(opening_4_17.data, opening_4_17.bytes, &client));
	assert_true(ip_address_equal(&client, &expected));
	for (size_t bytes = 0; bytes < 86; bytes++) /* up to the terminator of the address */
		assert_false(npa_opening_client(opening_4_17.data, bytes, &client));
	/* Whatever a byte is, nothing is read that is not there. */
	for (size_t at = 0; at < opening_4_17.bytes; at++)
		for (unsigned byte = 0; byte < 256; byte += 5) {
			memcpy(changed, opening_4_17.data, opening_4_17.bytes);
			changed[at] = (uint8_t)byte;
			(void)npa_opening_client(changed, opening_4_17.bytes, &client);
		}
	memcpy(changed, opening_4_17.data, opening_4_17.bytes);
	changed[8] = changed[12] = 8; /* Samba 4.18 and later: the same members */
	assert_true(npa_opening_client(changed, opening_4_17.bytes, &client));
	changed[8] = changed[12] = 6;
	assert_false(npa_opening_client(changed, opening_4_17.bytes, &client));
	recording_free(&opening_4_17);
}

static void an_opening_has_its_own_length_and_is_not_kept(void **state)
{
	static const uint8_t head[] = { 0xFF, 0xFF, 0xFF, 0xFF };
	static uint8_t block[1 << 16];
	struct given g = { 0 };

	(void)state;
	feed(&g, head, sizeof head, SIZE_MAX);
	feed(&g, block, sizeof block, SIZE_MAX);
	assert_int_equal(g.opening.len, sizeof head + sizeof block);
	assert_false(g.reader.is_opened);
	assert_int_equal(g.reader.left, UINT32_MAX - sizeof block);
	forget(&g);
}

static void a_message_without_bytes_is_an_error_that_sticks(void **state)
{
	static const uint8_t all[] = { 0, 0, 0, 0, 1, 0, 'x', 0, 0, 1, 0, 'y' };

	(void)state;
	for (size_t step = 1; step <= sizeof all; step++) {
		struct given g = { 0 };

		feed(&g, all, sizeof all, step);
		assert_string_equal(g.reader.err.text, "a message without bytes");
		assert_int_equal(g.payload.len, 1);
		forget(&g);
	}
}

static void a_message_holds_65535_bytes(void **state)
{
	static const uint8_t begin[4];
	static uint8_t block[UINT16_MAX];
	struct wire_writer w = { 0 };
	struct given g = { 0 };
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(i * 7);
	at = npa_message_begin(&w);
	wire_put_bytes(&w, block, sizeof block);
	npa_message_end(&w, at);
	at = npa_message_begin(&w);
	wire_put_u8(&w, 9);
	npa_message_end(&w, at);
	feed(&g, begin, sizeof begin, SIZE_MAX);
	feed(&g, w.data, w.len, 4096);
	assert_int_equal(g.payload.len, sizeof block + 1);
	assert_memory_equal(g.payload.data, block, sizeof block);
	assert_int_equal(g.payload.data[sizeof block], 9);
	wire_writer_fini(&w);
	forget(&g);
}

TEST_GROUP(relay_npa)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_opening_and_messages_come_out_however_they_are_cut),
		cmocka_unit_test(an_opening_may_be_empty),
		cmocka_unit_test(an_opening_of_samba_names_the_clients_address),
		cmocka_unit_test(an_opening_has_its_own_length_and_is_not_kept),
		cmocka_unit_test(a_message_without_bytes_is_an_error_that_sticks),
		cmocka_unit_test(a_message_holds_65535_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
