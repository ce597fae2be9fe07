/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/size.h"
#include "group.h"
#include "wire/reader.h"
#include "wire/writer.h"

static const uint8_t counting[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static struct wire_reader counting_reader(void)
{
	struct wire_reader r;

	wire_reader_init(&r, counting, sizeof counting);
	return r;
}

static void numbers_are_little_endian_unless_the_peer_states_another_order(void **state)
{
	struct wire_reader r = counting_reader();

	(void)state;
	assert_int_equal(wire_get_u8(&r), 0x01);
	assert_int_equal(wire_get_u16(&r), 0x0302);
	assert_int_equal(wire_get_u32(&r), 0x07060504);
	assert_int_equal(wire_get_u64(&r), 0x0F0E0D0C0B0A0908);
	assert_int_equal(wire_left(&r), 1);

	r = counting_reader();
	r.big_endian = true;
	assert_int_equal(wire_get_u8(&r), 0x01);
	assert_int_equal(wire_get_u16(&r), 0x0203);
	assert_int_equal(wire_get_u32(&r), 0x04050607);
	assert_int_equal(wire_get_u64(&r), 0x08090A0B0C0D0E0F);
	assert_null(r.error);
}

static void a_reader_gives_its_bytes_in_place_up_to_the_last(void **state)
{
	struct wire_reader r = counting_reader();

	(void)state;
	assert_ptr_equal(wire_get_bytes(&r, 4), counting);
	wire_skip(&r, 4);
	assert_ptr_equal(wire_get_bytes(&r, 8), counting + 8);
	assert_non_null(wire_get_bytes(&r, 0));
	assert_int_equal(wire_left(&r), 0);
	assert_null(r.error);
}

static uint64_t get_number(struct wire_reader *r, size_t bytes)
{
	switch (bytes) {
	case 1:
		return wire_get_u8(r);
	case 2:
		return wire_get_u16(r);
	case 4:
		return wire_get_u32(r);
	default:
		return wire_get_u64(r);
	}
}

static void a_number_that_is_cut_off_fails_the_reader(void **state)
{
	(void)state;
	for (size_t bytes = 1; bytes <= 8; bytes *= 2)
		for (size_t there = 0; there < bytes; there++) {
			uint8_t *data = calloc(1, there > 0 ? there : 1);
			struct wire_reader r;

			memset(data, 0xFF, there);
			wire_reader_init(&r, data, there);
			assert_int_equal(get_number(&r, bytes), 0);
			assert_non_null(r.error);
			assert_int_equal(wire_left(&r), 0);
			free(data);
		}
}

static void the_first_failure_sticks_and_later_reads_give_zero(void **state)
{
	struct wire_reader r = counting_reader();

	(void)state;
	wire_reader_fail(&r, "first");
	wire_reader_fail(&r, "second");
	assert_int_equal(wire_get_u8(&r), 0);
	assert_int_equal(wire_get_u32(&r), 0);
	assert_null(wire_get_bytes(&r, 1));
	assert_null(wire_get_bytes(&r, 0));
	wire_skip(&r, 1);
	assert_int_equal(wire_left(&r), 0);
	assert_string_equal(r.error, "first");
}

static void a_length_near_the_largest_does_not_wrap_around(void **state)
{
	static const size_t lengths[] = { sizeof counting + 1, SIZE_MAX / 2, SIZE_MAX - 15,
		                          SIZE_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct wire_reader r = counting_reader();

		assert_null(wire_get_bytes(&r, lengths[i]));
		assert_non_null(r.error);
	}
}

static void a_part_is_counted_from_the_start_and_keeps_the_byte_order(void **state)
{
	struct wire_reader r = counting_reader(), part;

	(void)state;
	r.big_endian = true;
	wire_skip(&r, 10);
	part = wire_part(&r, 4, 3);
	assert_int_equal(wire_get_u16(&part), 0x0506);
	assert_int_equal(wire_get_u8(&part), 7);
	assert_int_equal(wire_left(&part), 0);
	assert_int_equal(wire_get_u8(&part), 0);
	assert_non_null(part.error);
	assert_null(r.error);
	assert_int_equal(wire_get_u8(&r), 11);
}

static void a_part_may_be_empty_or_all(void **state)
{
	struct wire_reader r = counting_reader(), part;

	(void)state;
	part = wire_part(&r, 0, sizeof counting);
	assert_int_equal(wire_left(&part), sizeof counting);
	part = wire_part(&r, sizeof counting, 0);
	assert_int_equal(wire_left(&part), 0);
	assert_null(part.error);
	assert_null(r.error);
}

static void a_part_outside_fails_both_readers(void **state)
{
	static const struct {
		size_t offset, bytes;
	} cases[] = {
		{ 0, 17 },           { 16, 1 },           { 17, 0 },
		{ 8, SIZE_MAX },     { 8, SIZE_MAX - 7 }, { SIZE_MAX, 0 },
		{ SIZE_MAX - 7, 8 }, { SIZE_MAX, 1 },     { SIZE_MAX, SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct wire_reader r = counting_reader();
		struct wire_reader part = wire_part(&r, cases[i].offset, cases[i].bytes);

		assert_non_null(r.error);
		assert_string_equal(part.error, r.error);
		assert_int_equal(wire_left(&part), 0);
		assert_int_equal(wire_get_u8(&r), 0);
	}
}

static void a_part_of_a_failed_reader_has_failed_too(void **state)
{
	struct wire_reader r = counting_reader(), part;

	(void)state;
	wire_reader_fail(&r, "first");
	part = wire_part(&r, 0, 4);
	assert_int_equal(wire_get_u32(&part), 0);
	assert_string_equal(part.error, "first");
}

static void a_writer_puts_little_endian_numbers_bytes_and_zeros(void **state)
{
	static const uint8_t expected[] = { 0x11, 0x32, 0x22, 0x73, 0x63, 0x53, 0x43,
		                            0x88, 0x78, 0x68, 0x58, 0x48, 0x38, 0x28,
		                            0x18, 'a',  'b',  0,    0,    0 };
	struct wire_writer w = { 0 };

	(void)state;
	wire_put_u8(&w, 0x11);
	wire_put_u16le(&w, 0x2232);
	wire_put_u32le(&w, 0x43536373);
	wire_put_u64le(&w, 0x1828384858687888);
	wire_put_bytes(&w, "ab", 2);
	wire_put_zeros(&w, 3);
	assert_int_equal(w.len, sizeof expected);
	assert_memory_equal(w.data, expected, sizeof expected);
	wire_writer_fini(&w);
	assert_null(w.data);
	assert_int_equal(w.len, 0);
}

static void putting_nothing_needs_no_memory(void **state)
{
	struct wire_writer w = { 0 };

	(void)state;
	wire_put_bytes(&w, NULL, 0);
	wire_put_zeros(&w, 0);
	wire_put_padding(&w, 0, 8);
	assert_null(w.data);
	assert_false(w.failed);
	wire_writer_fini(&w);
}

static void padding_reaches_the_next_multiple_from_its_origin(void **state)
{
	(void)state;
	for (size_t origin = 0; origin < 5; origin++)
		for (size_t past = 0; past < 20; past++) {
			struct wire_writer w = { 0 };

			wire_put_zeros(&w, origin + past);
			wire_put_padding(&w, origin, 8);
			assert_int_equal(w.len, origin + (past + 7) / 8 * 8);
			wire_writer_fini(&w);
		}
}

static void a_writer_grows_and_keeps_what_it_holds(void **state)
{
	struct wire_writer w = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		wire_put_u32le(&w, i);
	wire_put_bytes(&w, counting, sizeof counting);
	wire_put_zeros(&w, 100000);
	assert_false(w.failed);
	assert_int_equal(w.len, 40000 + sizeof counting + 100000);
	assert_int_in_range(w.cap, w.len, 2 * w.len);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(w.data[4 * i] | w.data[4 * i + 1] << 8, i);
	assert_memory_equal(w.data + 40000, counting, sizeof counting);
	wire_writer_fini(&w);
}

static void numbers_are_overwritten_where_they_were_put(void **state)
{
	static const uint8_t expected[] = { 0x22, 0x11, 0, 0, 0x66, 0x55, 0x44, 0x33 };
	struct wire_writer w = { 0 };

	(void)state;
	wire_put_zeros(&w, 8);
	wire_set_u16le(&w, 0, 0x1122);
	wire_set_u32le(&w, 4, 0x33445566);
	assert_memory_equal(w.data, expected, sizeof expected);
	wire_writer_fini(&w);
}

static void assert_failed_with(const struct wire_writer *w, size_t len)
{
	assert_true(w->failed);
	assert_int_equal(w->len, len);
}

static void a_writer_that_failed_drops_what_follows(void **state)
{
	struct wire_writer w = { 0 };

	(void)state;
	wire_put_u32le(&w, 0x01020304);
	wire_put_zeros(&w, SIZE_MAX - 2); /* len + count would wrap around */
	assert_failed_with(&w, 4);
	wire_put_u8(&w, 5);
	wire_put_bytes(&w, counting, sizeof counting);
	wire_put_padding(&w, 1, 4);
	wire_set_u16le(&w, 0, 0);
	wire_set_u32le(&w, 1000, 0); /* where the writer would be, had it not failed */
	assert_failed_with(&w, 4);
	assert_int_equal(w.data[0], 4);
	wire_writer_fini(&w);
}

static void a_cleared_writer_works_again_in_the_same_memory(void **state)
{
	struct wire_writer w = { 0 };
	const uint8_t *data;

	(void)state;
	wire_put_u32le(&w, 1);
	data = w.data;
	wire_put_zeros(&w, SIZE_MAX);
	assert_failed_with(&w, 4);
	wire_writer_clear(&w);
	assert_false(w.failed);
	wire_put_u8(&w, 7);
	assert_ptr_equal(w.data, data);
	assert_int_equal(w.len, 1);
	assert_int_equal(w.data[0], 7);
	wire_writer_fini(&w);
}

static void a_product_that_does_not_fit_is_the_largest_size(void **state)
{
	(void)state;
	assert_true(size_multiply(SIZE_MAX / 4, 4) == SIZE_MAX / 4 * 4);
	assert_true(size_multiply(SIZE_MAX / 4 + 1, 4) == SIZE_MAX);
	assert_true(size_multiply(0, SIZE_MAX) == 0);
}

TEST_GROUP(wire)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_little_endian_unless_the_peer_states_another_order),
		cmocka_unit_test(a_reader_gives_its_bytes_in_place_up_to_the_last),
		cmocka_unit_test(a_number_that_is_cut_off_fails_the_reader),
		cmocka_unit_test(the_first_failure_sticks_and_later_reads_give_zero),
		cmocka_unit_test(a_length_near_the_largest_does_not_wrap_around),
		cmocka_unit_test(a_part_is_counted_from_the_start_and_keeps_the_byte_order),
		cmocka_unit_test(a_part_may_be_empty_or_all),
		cmocka_unit_test(a_part_outside_fails_both_readers),
		cmocka_unit_test(a_part_of_a_failed_reader_has_failed_too),
		cmocka_unit_test(a_writer_puts_little_endian_numbers_bytes_and_zeros),
		cmocka_unit_test(putting_nothing_needs_no_memory),
		cmocka_unit_test(padding_reaches_the_next_multiple_from_its_origin),
		cmocka_unit_test(a_writer_grows_and_keeps_what_it_holds),
		cmocka_unit_test(numbers_are_overwritten_where_they_were_put),
		cmocka_unit_test(a_writer_that_failed_drops_what_follows),
		cmocka_unit_test(a_product_that_does_not_fit_is_the_largest_size),
		cmocka_unit_test(a_cleared_writer_works_again_in_the_same_memory),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
