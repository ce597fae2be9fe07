/* SPDX-License-Identifier: MIT */
/* NetBIOS name queries: RFC 1001's own example, what Samba's nmbd really answered, and what is no
 * answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "nbns/name_query.h"
#include "recording.h"

#define ID 0x1234

struct read {
	enum nbns_answer answer;
	uint8_t addresses[NBNS_MAX_ADDRESSES][4];
	unsigned count;
};

static struct read decode(const void *data, size_t bytes, uint16_t id, const char *name)
{
	struct read read;
	struct wire_reader r;

	wire_reader_init(&r, data, bytes);
	read.answer = nbns_answer_decode(&r, id, name, read.addresses, &read.count);
	return read;
}

/* RFC 1001 14.1, and 1002 4.2.12. */
static void a_query_asks_for_the_first_level_encoded_name(void **state)
{
	static const char fred[] = "EGFCEFEECACACACACACACACACACACACA";
	struct wire_writer w = { 0 };

	(void)state;
	nbns_query_encode(&w, ID, "Fred", true);
	assert_int_equal(w.len, 50);
	assert_memory_equal(w.data, "\x12\x34\x01\x10\0\1\0\0\0\0\0\0\x20", 13);
	assert_memory_equal(w.data + 13, fred, 32);
	assert_memory_equal(w.data + 45, "\0\0\x20\0\1", 5);
	wire_writer_clear(&w);
	nbns_query_encode(&w, ID, "fred", false);
	assert_memory_equal(w.data + 2, "\x01\x00", 2); /* to a name server: no broadcast */
	wire_writer_fini(&w);
}

static void a_name_fits_when_it_has_1_to_15_characters_and_no_dot(void **state)
{
	(void)state;
	assert_true(nbns_name_fits("a"));
	assert_true(nbns_name_fits("FIFTEEN-CHARACT"));
	assert_false(nbns_name_fits("SIXTEEN-CHARACTE"));
	assert_false(nbns_name_fits(""));
	assert_false(nbns_name_fits("fs.example"));
	assert_false(nbns_name_fits("two words"));
	assert_false(nbns_name_fits("\xc3\xa4"));
	assert_false(nbns_name_fits("::1"));
}

static void what_nmbd_answered_gives_its_address(void **state)
{
	struct recording r = recording_load("nmbd-4.17-positive-name-query-response");
	struct read read = decode(r.data, r.bytes, ID, "filesrv");

	(void)state;
	assert_int_equal(read.answer, NBNS_POSITIVE);
	assert_int_equal(read.count, 1);
	assert_memory_equal(read.addresses[0], "\xc0\x00\x02\x02", 4);
	recording_free(&r);
}

static void what_nmbd_does_not_know_is_negative(void **state)
{
	struct recording r = recording_load("nmbd-4.17-negative-name-query-response");

	(void)state;
	assert_int_equal(decode(r.data, r.bytes, ID, "NOBODY").answer, NBNS_NEGATIVE);
	recording_free(&r);
}

static void an_answer_to_another_question_is_none(void **state)
{
	struct recording r = recording_load("nmbd-4.17-positive-name-query-response");

	(void)state;
	assert_int_equal(decode(r.data, r.bytes, ID + 1, "FILESRV").answer, NBNS_ANOTHERS);
	assert_int_equal(decode(r.data, r.bytes, ID, "FILESRW").answer, NBNS_ANOTHERS);
	r.data[2] &= 0x7F; /* a question */
	assert_int_equal(decode(r.data, r.bytes, ID, "FILESRV").answer, NBNS_ANOTHERS);
	r.data[2] |= 0x80 | 7 << 3; /* WACK: wait for it */
	assert_int_equal(decode(r.data, r.bytes, ID, "FILESRV").answer, NBNS_ANOTHERS);
	recording_free(&r);
}

static void an_answer_cut_anywhere_gives_no_address(void **state)
{
	struct recording r = recording_load("nmbd-4.17-positive-name-query-response");

	(void)state;
	for (size_t bytes = 0; bytes < r.bytes; bytes++) {
		uint8_t *cut = recording_cut(&r, bytes);

		assert_int_equal(decode(cut, bytes, ID, "FILESRV").answer, NBNS_ANOTHERS);
		free(cut);
	}
	recording_free(&r);
}

static void a_group_has_no_address_of_a_server(void **state)
{
	struct recording r = recording_load("nmbd-4.17-positive-name-query-response");

	(void)state;
	r.data[r.bytes - 6] |= 0x80; /* G of NB_FLAGS */
	assert_int_equal(decode(r.data, r.bytes, ID, "FILESRV").answer, NBNS_NEGATIVE);
	recording_free(&r);
}

static void more_addresses_than_are_taken_do_no_harm(void **state)
{
	enum { ENTRIES = NBNS_MAX_ADDRESSES + 5, HEAD = 62 - 6 };
	struct recording r = recording_load("nmbd-4.17-positive-name-query-response");
	uint8_t *many = calloc(1, HEAD + 6 * ENTRIES);
	struct read read;

	(void)state;
	memcpy(many, r.data, HEAD);
	many[HEAD - 2] = 0;
	many[HEAD - 1] = 6 * ENTRIES;
	read = decode(many, HEAD + 6 * ENTRIES, ID, "FILESRV");
	assert_int_equal(read.answer, NBNS_POSITIVE);
	assert_int_equal(read.count, NBNS_MAX_ADDRESSES);
	free(many);
	recording_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_asks_for_the_first_level_encoded_name),
		cmocka_unit_test(a_name_fits_when_it_has_1_to_15_characters_and_no_dot),
		cmocka_unit_test(what_nmbd_answered_gives_its_address),
		cmocka_unit_test(what_nmbd_does_not_know_is_negative),
		cmocka_unit_test(an_answer_to_another_question_is_none),
		cmocka_unit_test(an_answer_cut_anywhere_gives_no_address),
		cmocka_unit_test(a_group_has_no_address_of_a_server),
		cmocka_unit_test(more_addresses_than_are_taken_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
