/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recording.h"
#include "wire/nbns_query.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Where things stand in an answer. */
enum {
	FLAGS_AT = 2,
	QUESTIONS_AT = 4,
	ANSWERS_AT = 6,
	NAME_AT = 12,
	TYPE_AT = NAME_AT + NBNS_ENCODED_BYTES,
	CLASS_AT = TYPE_AT + 2,
	TTL_AT = CLASS_AT + 2,
	LENGTH_AT = TTL_AT + 4,
	DATA_AT = LENGTH_AT + 2,
};

static struct nbns_query question(const char *host, uint16_t id)
{
	struct nbns_query query = { .id = id };

	nbns_name_encode(query.name, host, NBNS_FILE_SERVER);
	return query;
}

static uint16_t number_at(const struct recording *r, size_t at)
{
	return (uint16_t)(r->data[at] << 8 | r->data[at + 1]);
}

static void set_number(struct recording *r, size_t at, unsigned value)
{
	r->data[at] = (uint8_t)(value >> 8);
	r->data[at + 1] = (uint8_t)value;
}

/* Whether it decodes, as the answer to a question for host. */
static bool decodes(const struct recording *r, const char *host, struct nbns_answer *answer)
{
	struct nbns_query query = question(host, number_at(r, 0));
	struct wire_reader reader;

	wire_reader_init(&reader, r->data, r->bytes);
	nbns_answer_decode(&reader, &query, answer);
	return reader.error == NULL;
}

static void expect_verdict(const struct recording *r, const char *host, enum nbns_verdict verdict)
{
	struct nbns_answer answer;

	assert_true(decodes(r, host, &answer));
	assert_int_equal(answer.verdict, verdict);
	assert_int_equal(answer.count > 0, verdict == NBNS_FOUND);
}

static void expect_passed_over(const struct recording *r, const char *host)
{
	struct nbns_answer answer;

	assert_false(decodes(r, host, &answer));
}

static void expect_address(const struct nbns_answer *answer, unsigned index, const char bytes[5])
{
	assert_memory_equal(answer->addresses[index], bytes, 4);
}

/* ---- names ---- */

static void names_are_encoded_as_rfc_1001_shows(void **state)
{
	uint8_t name[NBNS_ENCODED_BYTES];

	(void)state;
	nbns_name_encode(name, "FRED", ' '); /* 14.1 */
	assert_memory_equal(name,
	                    "\x20"
	                    "EGFCEFEECACACACACACACACACACACACA",
	                    NBNS_ENCODED_BYTES);
	nbns_name_encode(name, "fred", ' ');
	assert_memory_equal(name,
	                    "\x20"
	                    "EGFCEFEECACACACACACACACACACACACA",
	                    NBNS_ENCODED_BYTES);
}

static void the_last_byte_is_the_type_of_the_name(void **state)
{
	uint8_t name[NBNS_ENCODED_BYTES];

	(void)state;
	nbns_name_encode(name, "a23456789012345", 0xF3);
	assert_memory_equal(name + 1, "EBDCDDDEDFDGDHDIDJDADBDCDDDEDFPD", 32);
}

static void valid_names_have_up_to_15_letters_digits_and_signs(void **state)
{
	static const char *const fit[] = { "A",       "fred",
		                           "FILESRV", "a23456789012345",
		                           "my-pc_1", "!@#$%^&()-_'{}~" };
	static const char *const others[] = { "",     "a234567890123456",
		                              "a.b",  "fs.",
		                              "a b",  "a:b",
		                              "a*b",  "a/b",
		                              "a\\b", "a\x7f",
		                              "a\nb", "h\xC3\xA4user",
		                              "\xE4" };

	(void)state;
	for (size_t i = 0; i < COUNT(fit); i++)
		assert_true(nbns_name_fits(fit[i]));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(nbns_name_fits(others[i]));
}

/* ---- questions ---- */

static void expect_question(const char *name, const char *host, bool is_broadcast)
{
	struct recording theirs = recording_load(name);
	struct nbns_query query = question(host, number_at(&theirs, 0));
	struct wire_writer ours = { 0 };

	query.is_broadcast = is_broadcast;
	nbns_query_encode(&ours, &query);
	assert_int_equal(ours.len, theirs.bytes);
	assert_memory_equal(ours.data, theirs.data, theirs.bytes);
	wire_writer_fini(&ours);
	recording_free(&theirs);
}

static void queries_are_those_of_nmblookup(void **state)
{
	(void)state;
	expect_question("nmblookup-4.17-name-query-broadcast", "filesrv", true);
	expect_question("nmblookup-4.17-name-query-wins", "TWOSRV", false);
}

/* ---- answers of nmbd ---- */

static void an_owner_answers_with_its_address(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-broadcast");
	struct nbns_answer answer;

	(void)state;
	assert_true(decodes(&r, "FileSrv", &answer));
	assert_int_equal(answer.verdict, NBNS_FOUND);
	assert_int_equal(answer.count, 1);
	expect_address(&answer, 0, "\x0A\x4D\x00\x01");
	recording_free(&r);
}

static void a_wins_server_gives_all_addresses_in_its_order(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-wins-2-addresses");
	struct nbns_answer answer;

	(void)state;
	assert_true(decodes(&r, "TWOSRV", &answer));
	assert_int_equal(answer.count, 2);
	expect_address(&answer, 0, "\x0A\x4D\x00\x01");
	expect_address(&answer, 1, "\x0A\x4D\x00\x09");
	recording_free(&r);
}

static void the_addresses_of_a_group_are_not_used(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-wins-group");

	(void)state;
	expect_verdict(&r, "CROWD", NBNS_IS_GROUP);
	recording_free(&r);
}

static void a_wins_server_says_no(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-wins-negative");

	(void)state;
	expect_verdict(&r, "NOSUCH", NBNS_UNKNOWN);
	recording_free(&r);
}

static void an_answer_that_is_cut_off_is_ignored(void **state)
{
	static const struct {
		const char *name, *host;
	} answers[] = {
		{ "nmbd-4.17-name-query-response-broadcast", "FILESRV" },
		{ "nmbd-4.17-name-query-response-wins-2-addresses", "TWOSRV" },
		{ "nmbd-4.17-name-query-response-wins-group", "CROWD" },
		{ "nmbd-4.17-name-query-response-wins-negative", "NOSUCH" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct recording r = recording_load(answers[i].name);

		for (size_t bytes = 0; bytes < r.bytes; bytes++) {
			struct recording cut = { recording_cut(&r, bytes), bytes };
			struct nbns_query query = question(answers[i].host, number_at(&r, 0));
			struct nbns_answer answer;
			struct wire_reader reader;

			wire_reader_init(&reader, cut.data, cut.bytes);
			nbns_answer_decode(&reader, &query, &answer);
			assert_non_null(reader.error);
			assert_int_equal(answer.count, 0);
			recording_free(&cut);
		}
		recording_free(&r);
	}
}

/* ---- answers changed by hand ---- */

static void the_answer_to_another_query_is_ignored(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-broadcast");
	struct nbns_query query = question("FILESRV", (uint16_t)(number_at(&r, 0) ^ 1));
	struct nbns_answer answer;
	struct wire_reader reader;

	(void)state;
	wire_reader_init(&reader, r.data, r.bytes);
	nbns_answer_decode(&reader, &query, &answer);
	assert_non_null(reader.error);
	expect_passed_over(&r, "FILESRV2");
	expect_passed_over(&r, "FILESR");
	r.data[TYPE_AT - 2] ^= 1; /* the suffix */
	expect_passed_over(&r, "FILESRV");
	recording_free(&r);
}

/* Sets one number of an owner's answer, and gives what comes of it; -1: passed over. */
static int verdict_with(size_t at, unsigned value)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-broadcast");
	struct nbns_answer answer;
	bool decoded;

	set_number(&r, at, value);
	decoded = decodes(&r, "FILESRV", &answer);
	recording_free(&r);
	return decoded ? (int)answer.verdict : -1;
}

static void a_message_that_answers_no_query_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(verdict_with(FLAGS_AT, 0x8580), NBNS_FOUND);
	assert_int_equal(verdict_with(FLAGS_AT, 0x0580), -1); /* a request */
	assert_int_equal(verdict_with(FLAGS_AT, 0xAD80), -1); /* of a registration */
	assert_int_equal(verdict_with(QUESTIONS_AT, 1), -1);
	assert_int_equal(verdict_with(ANSWERS_AT, 0), -1);
	assert_int_equal(verdict_with(TYPE_AT, 0x21), -1); /* NBSTAT */
	assert_int_equal(verdict_with(CLASS_AT, 2), -1);
	assert_int_equal(verdict_with(LENGTH_AT, 5), -1);
	assert_int_equal(verdict_with(LENGTH_AT, 12), -1); /* more than there is */
	assert_int_equal(verdict_with(LENGTH_AT, 0xFFFC), -1);
	assert_int_equal(verdict_with(LENGTH_AT, 0), NBNS_UNKNOWN); /* nothing in it */
}

static void each_rcode_is_a_no_or_a_refusal(void **state)
{
	(void)state;
	for (unsigned rcode = 1; rcode < 16; rcode++)
		assert_int_equal(verdict_with(FLAGS_AT, 0x8580 | rcode),
		                 rcode == 3 ? NBNS_UNKNOWN : NBNS_REFUSED);
}

static void a_server_may_ask_for_time(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-wins-negative");
	struct nbns_answer answer;

	(void)state;
	set_number(&r, FLAGS_AT, 0xBC00); /* RFC 1002 4.2.16 */
	set_number(&r, TTL_AT + 2, 7);
	assert_true(decodes(&r, "NOSUCH", &answer));
	assert_int_equal(answer.verdict, NBNS_WAIT);
	assert_int_equal(answer.wait_s, 7);
	assert_int_equal(answer.count, 0);
	recording_free(&r);
}

static void a_server_may_name_another(void **state)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-broadcast");

	(void)state;
	set_number(&r, FLAGS_AT, 0x8100); /* RFC 1002 4.2.15 */
	set_number(&r, ANSWERS_AT, 0);
	set_number(&r, ANSWERS_AT + 2, 1);
	set_number(&r, ANSWERS_AT + 4, 1);
	set_number(&r, TYPE_AT, 2);
	expect_verdict(&r, "FILESRV", NBNS_REDIRECT);
	recording_free(&r);
}

/* An answer with entries of NB_FLAGS and an address each. */
static struct recording with_entries(const char (*entries)[7], size_t count)
{
	struct recording r = recording_load("nmbd-4.17-name-query-response-broadcast");

	r.bytes = DATA_AT + 6 * count;
	r.data = realloc(r.data, r.bytes);
	for (size_t i = 0; i < count; i++)
		memcpy(r.data + DATA_AT + 6 * i, entries[i], 6);
	set_number(&r, LENGTH_AT, (unsigned)(6 * count));
	return r;
}

static void addresses_of_groups_and_of_no_host_are_left_out(void **state)
{
	static const char entries[][7] = {
		"\xE0\0\x0A\0\0\1", "\0\0\0\0\0\0",     "\0\0\xFF\xFF\xFF\xFF",
		"\0\0\x0A\0\0\2",   "\0\0\xE0\0\0\xFB", "\x80\0\x0A\0\0\3",
	};
	struct recording r = with_entries(entries, COUNT(entries));
	struct nbns_answer answer;

	(void)state;
	assert_true(decodes(&r, "FILESRV", &answer));
	assert_int_equal(answer.verdict, NBNS_FOUND);
	assert_int_equal(answer.count, 1);
	expect_address(&answer, 0, "\x0A\0\0\2");
	recording_free(&r);
	r = with_entries(entries + 1, 2);
	expect_verdict(&r, "FILESRV", NBNS_UNKNOWN);
	recording_free(&r);
}

static void addresses_that_do_not_fit_are_dropped(void **state)
{
	char entries[NBNS_MAX_ADDRESSES + 9][7] = { { 0 } };
	struct nbns_answer answer;
	struct recording r;

	(void)state;
	for (size_t i = 0; i < COUNT(entries); i++)
		memcpy(entries[i], (char[]){ 0, 0, 10, 0, 0, (char)i }, 6);
	r = with_entries((const char(*)[7])entries, COUNT(entries));
	assert_true(decodes(&r, "FILESRV", &answer));
	assert_int_equal(answer.count, NBNS_MAX_ADDRESSES);
	expect_address(&answer, NBNS_MAX_ADDRESSES - 1, "\x0A\0\0\x0F");
	recording_free(&r);
}

TEST_GROUP(nbns)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_encoded_as_rfc_1001_shows),
		cmocka_unit_test(the_last_byte_is_the_type_of_the_name),
		cmocka_unit_test(valid_names_have_up_to_15_letters_digits_and_signs),
		cmocka_unit_test(queries_are_those_of_nmblookup),
		cmocka_unit_test(an_owner_answers_with_its_address),
		cmocka_unit_test(a_wins_server_gives_all_addresses_in_its_order),
		cmocka_unit_test(the_addresses_of_a_group_are_not_used),
		cmocka_unit_test(a_wins_server_says_no),
		cmocka_unit_test(an_answer_that_is_cut_off_is_ignored),
		cmocka_unit_test(the_answer_to_another_query_is_ignored),
		cmocka_unit_test(a_message_that_answers_no_query_is_ignored),
		cmocka_unit_test(each_rcode_is_a_no_or_a_refusal),
		cmocka_unit_test(a_server_may_ask_for_time),
		cmocka_unit_test(a_server_may_name_another),
		cmocka_unit_test(addresses_of_groups_and_of_no_host_are_left_out),
		cmocka_unit_test(addresses_that_do_not_fit_are_dropped),
	};

	return cmocka_run_group_tests_name("nbns", tests, NULL, NULL);
}
