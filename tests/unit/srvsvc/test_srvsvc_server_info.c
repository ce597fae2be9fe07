/* SPDX-License-Identifier: MIT */
/* NetrServerGetInfo, NetrShareEnum, and what is not offered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <lmerr.h>
#include "group.h"
#include "wire/ndr_reader.h"
#include "srvsvc_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define ALL          MAX_PREFERRED_LENGTH

static struct wire_reader answer_of(const struct srvsvc_fixture *b)
{
	struct wire_reader r;

	wire_reader_init(&r, b->answer.data, b->answer.len);
	return r;
}

static void assert_at_end(const struct wire_reader *r)
{
	assert_null(r->error);
	assert_int_equal(wire_left(r), 0);
}

static void assert_wstring(struct wire_reader *r, const char *expected)
{
	char text[NDR_TEXT_BYTES(200)];

	ndr_get_wstring(r, text, 200);
	assert_string_equal(text, expected);
}

/* ---- NetrServerGetInfo ---- */

static struct wire_reader get_info(struct srvsvc_fixture *b, enum who who, const char *server,
                                   uint32_t level)
{
	struct wire_reader r;
	struct ndr_writer w;

	ndr_writer_init(&w, &b->stub);
	ndr_put_unique_wstring(&w, server);
	ndr_put_u32(&w, level);
	assert_int_equal(srvsvc_fixture_call(b, who, SRVSVC_NETR_SERVER_GET_INFO), 0);
	assert_string_equal(b->event.operation, "NetrServerGetInfo");
	assert_int_equal(b->event.level, level);
	r = answer_of(b);
	assert_int_equal(ndr_get_u32(&r), level); /* the union's tag */
	return r;
}

static void a_server_gives_its_name_its_type_and_its_comment(void **state)
{
	static const char *const names[][2] = {
		{ NULL, "FILESRV" },
		{ "", "FILESRV" },
		{ "\\\\fs1.lab.example", "fs1.lab.example" },
		{ "10.0.0.1", "10.0.0.1" },
	};
	struct wire_reader r;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (size_t i = 0; i < COUNT(names); i++)
		for (uint32_t level = 100; level <= 101; level++) {
			r = get_info(&b, STRANGER, names[i][0], level);
			assert_int_not_equal(ndr_get_u32(&r), 0);
			assert_int_equal(ndr_get_u32(&r), 500);
			assert_int_not_equal(ndr_get_u32(&r), 0);
			if (level == 101) {
				assert_int_equal(ndr_get_u32(&r), 10);
				assert_int_equal(ndr_get_u32(&r), 0);
				assert_int_equal(ndr_get_u32(&r), 0x9803);
				assert_int_not_equal(ndr_get_u32(&r), 0);
			}
			assert_wstring(&r, names[i][1]);
			if (level == 101)
				assert_wstring(&r, "what it says");
			assert_int_equal(ndr_get_u32(&r), NERR_Success);
			assert_at_end(&r);
			assert_int_equal(b.event.status, NERR_Success);
		}
	srvsvc_fixture_fini(&b);
}

static void other_levels_of_a_server_are_invalid(void **state)
{
	static const struct {
		uint32_t level;
		bool is_arm;
	} cases[] = { { 102, true }, { 103, true },  { 502, true },  { 503, true },
		      { 599, true }, { 1556, true }, { 1005, true }, { 0, false },
		      { 1, false },  { 99, false },  { 504, false }, { 1557, false } };
	struct wire_reader r;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (size_t i = 0; i < COUNT(cases); i++) {
		r = get_info(&b, STRANGER, NULL, cases[i].level);
		if (cases[i].is_arm)
			assert_int_equal(ndr_get_u32(&r), 0);
		assert_int_equal(ndr_get_u32(&r), ERROR_INVALID_LEVEL);
		assert_at_end(&r);
	}
	srvsvc_fixture_fini(&b);
}

static void a_servers_name_of_1024_characters_is_invalid(void **state)
{
	char name[1025];
	struct wire_reader r;
	struct srvsvc_fixture b;

	(void)state;
	memset(name, 'x', sizeof name);
	srvsvc_fixture_init(&b, "hardened");
	name[1024] = '\0';
	r = get_info(&b, STRANGER, name, 100);
	assert_int_equal(ndr_get_u32(&r), 0);
	assert_int_equal(ndr_get_u32(&r), ERROR_INVALID_PARAMETER);
	assert_at_end(&r);
	name[1023] = '\0';
	r = get_info(&b, STRANGER, name, 100);
	assert_int_not_equal(ndr_get_u32(&r), 0);
	srvsvc_fixture_fini(&b);
}

/* ---- NetrShareEnum ---- */

static void put_share_enum(struct srvsvc_fixture *b, uint32_t level, bool has_container,
                           const uint32_t *resume_handle)
{
	struct ndr_writer w;

	ndr_writer_init(&w, &b->stub);
	ndr_put_unique_wstring(&w, "\\\\srv");
	ndr_put_u32(&w, level);
	ndr_put_u32(&w, level);
	ndr_put_pointer(&w, has_container ? b : NULL);
	if (has_container) {
		ndr_put_u32(&w, 0);
		ndr_put_pointer(&w, NULL);
	}
	ndr_put_u32(&w, ALL);
	ndr_put_pointer(&w, resume_handle);
	if (resume_handle != NULL)
		ndr_put_u32(&w, *resume_handle);
}

/* Gives the answer behind the level and the tag. */
static struct wire_reader enumerate(struct srvsvc_fixture *b, enum who who, uint32_t level,
                                    bool has_container, const uint32_t *resume_handle)
{
	struct wire_reader r;

	put_share_enum(b, level, has_container, resume_handle);
	assert_int_equal(srvsvc_fixture_call(b, who, SRVSVC_NETR_SHARE_ENUM), 0);
	assert_string_equal(b->event.operation, "NetrShareEnum");
	assert_int_equal(b->event.level, level);
	r = answer_of(b);
	assert_int_equal(ndr_get_u32(&r), level);
	assert_int_equal(ndr_get_u32(&r), level);
	return r;
}

static void assert_tail(struct wire_reader *r, uint32_t total, const uint32_t *resume_handle,
                        NET_API_STATUS status)
{
	assert_int_equal(ndr_get_u32(r), total);
	assert_int_equal(ndr_get_u32(r) != 0, resume_handle != NULL);
	if (resume_handle != NULL)
		assert_int_equal(ndr_get_u32(r), *resume_handle);
	assert_int_equal(ndr_get_u32(r), status);
	assert_at_end(r);
}

static void assert_no_shares(struct wire_reader *r)
{
	assert_int_not_equal(ndr_get_u32(r), 0);
	assert_int_equal(ndr_get_u32(r), 0);
	assert_int_equal(ndr_get_u32(r), 0);
}

static void the_one_share_is_ipc(void **state)
{
	static const uint32_t start = 0, end = 1;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (uint32_t level = 0; level <= 1; level++)
		for (unsigned i = 0; i < 4; i++) {
			const uint32_t *handle = i & 1 ? &start : NULL;
			struct wire_reader r = enumerate(&b, STRANGER, level, i & 2, handle);

			assert_int_not_equal(ndr_get_u32(&r), 0);
			assert_int_equal(ndr_get_u32(&r), 1);
			assert_int_not_equal(ndr_get_u32(&r), 0);
			assert_int_equal(ndr_get_u32(&r), 1);
			assert_int_not_equal(ndr_get_u32(&r), 0);
			if (level == 1) {
				assert_int_equal(ndr_get_u32(&r), 0x80000003);
				assert_int_not_equal(ndr_get_u32(&r), 0);
			}
			assert_wstring(&r, "IPC$");
			if (level == 1)
				assert_wstring(&r, "Remote IPC");
			assert_tail(&r, 1, handle != NULL ? &end : NULL, NERR_Success);
			assert_int_equal(b.event.entries, 1);
		}
	srvsvc_fixture_fini(&b);
}

static void there_are_no_shares_past_the_end(void **state)
{
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (uint32_t handle = 1; handle < 4; handle++) {
		struct wire_reader r = enumerate(&b, STRANGER, 1, true, &handle);

		assert_no_shares(&r);
		assert_tail(&r, 0, &handle, NERR_Success);
	}
	srvsvc_fixture_fini(&b);
}

static void other_levels_of_shares_are_invalid(void **state)
{
	static const uint32_t arms[] = { 2, 501, 502, 503 }, others[] = { 3, 500, 504, 1004 };
	struct wire_reader r;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	for (size_t i = 0; i < COUNT(arms); i++) {
		r = enumerate(&b, STRANGER, arms[i], true, NULL);
		assert_no_shares(&r);
		assert_tail(&r, 0, NULL, ERROR_INVALID_LEVEL);
		r = enumerate(&b, STRANGER, others[i], true, NULL);
		assert_tail(&r, 0, NULL, ERROR_INVALID_LEVEL);
	}
	srvsvc_fixture_fini(&b);
}

/* ---- all of them ---- */

static void every_authenticated_user_may_call_both(void **state)
{
	static const char *const presets[] = { "documented", "hardened" };

	(void)state;
	for (size_t i = 0; i < COUNT(presets); i++)
		for (enum who who = 0; who < WHO_COUNT; who++) {
			NET_API_STATUS status = who == ANONYMOUS ? ERROR_ACCESS_DENIED
			                                         : NERR_Success;
			struct srvsvc_fixture b;

			srvsvc_fixture_init(&b, presets[i]);
			(void)get_info(&b, who, NULL, 101);
			assert_int_equal(b.event.status, status);
			(void)enumerate(&b, who, 1, true, NULL);
			assert_int_equal(b.event.status, status);
			srvsvc_fixture_fini(&b);
		}
}

static void requests_that_are_cut_anywhere_fault(void **state)
{
	static const uint32_t handle = 0;
	struct ndr_writer w;
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "hardened");
	ndr_writer_init(&w, &b.stub);
	ndr_put_unique_wstring(&w, "srv");
	ndr_put_u32(&w, 101);
	srvsvc_fixture_assert_cut_stubs_fault(&b, SRVSVC_NETR_SERVER_GET_INFO);
	put_share_enum(&b, 1, true, &handle);
	srvsvc_fixture_assert_cut_stubs_fault(&b, SRVSVC_NETR_SHARE_ENUM);
	srvsvc_fixture_fini(&b);
}

static void other_operations_are_out_of_range(void **state)
{
	struct srvsvc_fixture b;

	(void)state;
	srvsvc_fixture_init(&b, "documented");
	for (uint32_t opnum = 0; opnum <= 0xFFFF; opnum++)
		if (opnum != 12 && opnum != 13 && opnum != 15 && opnum != 21) {
			assert_int_equal(srvsvc_fixture_call(&b, ADMINISTRATOR, (uint16_t)opnum),
			                 RPC_FAULT_OP_RNG_ERROR);
			assert_int_equal(b.answer.len, 0);
		}
	srvsvc_fixture_fini(&b);
}

TEST_GROUP(srvsvc_server_info)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_gives_its_name_its_type_and_its_comment),
		cmocka_unit_test(other_levels_of_a_server_are_invalid),
		cmocka_unit_test(a_servers_name_of_1024_characters_is_invalid),
		cmocka_unit_test(the_one_share_is_ipc),
		cmocka_unit_test(there_are_no_shares_past_the_end),
		cmocka_unit_test(other_levels_of_shares_are_invalid),
		cmocka_unit_test(every_authenticated_user_may_call_both),
		cmocka_unit_test(requests_that_are_cut_anywhere_fault),
		cmocka_unit_test(other_operations_are_out_of_range),
	};

	return cmocka_run_group_tests_name("srvsvc_server_info", tests, NULL, NULL);
}
