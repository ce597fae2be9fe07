/* SPDX-License-Identifier: MIT */
/* What a server reports about a pipe: [MS-FSCC] 2.4, 2.3.45 to 2.3.50, [MS-SMB2] 3.3.5.20.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "group.h"
#include "recorded_message.h"
#include "smb2/ioctl.h"
#include "smb2/info.h"
#include "smb2/status.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct smb2_pipe_facts facts = {
	.index = 0x1122334455667788,
	.access = 0x0012019f,
	.mode = { .reads_messages = true, .is_non_blocking = false },
	.state = SMB2_PIPE_CONNECTED,
	.instances = 3,
	.readable_bytes = 68,
	.quota_bytes = 65536,
};

/* A class's bytes in hex, as [MS-FSCC] lays them out. */
#define TIMES      "0000000000000000000000000000000000000000000000000000000000000000"
#define SIZES      "00100000000000004400000000000000"
#define ATTRIBUTES "8000000000000000"
#define STANDARD   SIZES "0100000001000000"

static const struct {
	uint8_t class;
	const char *hex;
} classes[] = {
	{ 4, TIMES ATTRIBUTES },
	{ 5, STANDARD },
	{ 6, "8877665544332211" },
	{ 7, "00000000" },
	{ 8, "9f011200" },
	{ 14, "0000000000000000" },
	{ 16, "00000000" },
	{ 17, "00000000" },
	{ 18, TIMES ATTRIBUTES STANDARD "8877665544332211"
	                                "00000000"
	                                "9f011200"
	                                "0000000000000000"
	                                "00000000"
	                                "00000000"
	                                "00000000" },
	{ 23, "0100000000000000" },
	{ 24, "0100000002000000ffffffff0300000000000100440000000000010000000100"
	      "0300000000000000" },
	{ 34, TIMES SIZES ATTRIBUTES },
	{ 35, ATTRIBUTES },
};

static void assert_is_hex(const uint8_t *data, size_t bytes, const char *hex)
{
	static const char digits[] = "0123456789abcdef";

	assert_int_equal(2 * bytes, strlen(hex));
	for (size_t i = 0; i < bytes; i++) {
		assert_int_equal(digits[data[i] >> 4], hex[2 * i]);
		assert_int_equal(digits[data[i] & 15], hex[2 * i + 1]);
	}
}

static void each_information_class_is_given_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(classes); i++) {
		uint32_t bytes = (uint32_t)strlen(classes[i].hex) / 2;
		struct wire_writer w = { 0 };

		assert_int_equal(smb2_pipe_info_encode(&w, classes[i].class, bytes, &facts),
		                 STATUS_SUCCESS);
		assert_is_hex(w.data, w.len, classes[i].hex);
		wire_writer_clear(&w);
		assert_int_equal(smb2_pipe_info_encode(&w, classes[i].class, bytes - 1, &facts),
		                 STATUS_INFO_LENGTH_MISMATCH);
		assert_int_equal(smb2_pipe_info_encode(&w, classes[i].class, 0, &facts),
		                 STATUS_INFO_LENGTH_MISMATCH);
		assert_int_equal(w.len, 0);
		wire_writer_fini(&w);
	}
}

static void classes_that_no_pipe_has_differ_from_unknown_classes(void **state)
{
	static const uint8_t of_files[] = { 15, 21, 22, 25, 28, 48, 59 };
	static const uint8_t none[] = { 0, 1, 3, 9, 10, 13, 26, 64, 100, 255 };
	struct wire_writer w = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(of_files); i++)
		assert_int_equal(smb2_pipe_info_encode(&w, of_files[i], 65536, &facts),
		                 STATUS_NOT_SUPPORTED);
	for (size_t i = 0; i < COUNT(none); i++)
		assert_int_equal(smb2_pipe_info_encode(&w, none[i], 65536, &facts),
		                 STATUS_INVALID_INFO_CLASS);
	assert_int_equal(w.len, 0);
	wire_writer_fini(&w);
}

static uint32_t set_mode(uint8_t class, const char *input, size_t bytes,
                         struct smb2_pipe_mode *mode)
{
	const struct smb2_data data = { (const uint8_t *)input, bytes };

	return smb2_pipe_mode_decode(class, &data, mode);
}

static void a_client_may_set_its_read_mode_and_nothing_else(void **state)
{
	struct wire_reader message = recorded_message("impacket-0.10-set-info-request");
	struct smb2_set_info_request request;
	struct smb2_pipe_mode mode = { 0 };

	(void)state;
	smb2_set_info_request_decode(&message, &request);
	assert_int_equal(smb2_pipe_mode_decode(request.class, &request.input, &mode),
	                 STATUS_SUCCESS);
	assert_true(mode.reads_messages && !mode.is_non_blocking);
	assert_int_equal(set_mode(23, "\0\0\0\0\1\0\0\0", 8, &mode), STATUS_SUCCESS);
	assert_true(!mode.reads_messages && mode.is_non_blocking);
	assert_int_equal(set_mode(23, "\1\0\0\0\0\0\0", 7, &mode), STATUS_INFO_LENGTH_MISMATCH);
	assert_int_equal(set_mode(23, "\2\0\0\0\0\0\0\0", 8, &mode), STATUS_INVALID_PARAMETER);
	assert_int_equal(set_mode(23, "\1\0\0\0\0\0\0\1", 8, &mode), STATUS_INVALID_PARAMETER);
	assert_int_equal(set_mode(4, "\1\0\0\0\0\0\0\0", 8, &mode), STATUS_NOT_SUPPORTED);
	assert_true(!mode.reads_messages && mode.is_non_blocking);
}

static void a_peek_shows_what_can_be_read(void **state)
{
	static const struct smb2_pipe_peek peek = { SMB2_PIPE_CLOSING, 100, 2, 68 };
	struct wire_writer w = { 0 };

	(void)state;
	smb2_pipe_peek_encode(&w, &peek);
	assert_int_equal(w.len, SMB2_PIPE_PEEK_BYTES);
	assert_is_hex(w.data, w.len, "04000000640000000200000044000000");
	wire_writer_fini(&w);
}

static const char *wait_error(const uint8_t *input, size_t bytes, char name[SMB2_NAME_BYTES])
{
	struct wire_reader r;

	wire_reader_init(&r, input, bytes);
	smb2_pipe_wait_request_decode(&r, name);
	return r.error;
}

static void a_wait_names_its_pipe(void **state)
{
	enum { NAME_LENGTH_AT = 8 };
	struct wire_reader message = recorded_message("impacket-0.10-ioctl-request-pipe-wait");
	struct smb2_ioctl_request request;
	char name[SMB2_NAME_BYTES];
	uint8_t input[26];

	(void)state;
	smb2_ioctl_request_decode(&message, &request);
	assert_int_equal(request.fsctl, FSCTL_PIPE_WAIT);
	assert_int_equal(request.input.bytes, sizeof input);
	memcpy(input, request.input.data, sizeof input);
	assert_null(wait_error(input, sizeof input, name));
	assert_string_equal(name, "srvsvc");
	for (size_t bytes = 0; bytes < sizeof input; bytes++) {
		assert_non_null(wait_error(request.input.data, bytes, name));
		assert_string_equal(name, "");
	}
	input[NAME_LENGTH_AT] = 11;
	assert_non_null(wait_error(input, sizeof input, name));
	input[NAME_LENGTH_AT] = 14;
	assert_non_null(wait_error(input, sizeof input, name));
	input[NAME_LENGTH_AT] = 10;
	assert_null(wait_error(input, sizeof input, name));
	assert_string_equal(name, "srvsv");
}

TEST_GROUP(smb2_pipe_info)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_information_class_is_given_whole_or_not_at_all),
		cmocka_unit_test(classes_that_no_pipe_has_differ_from_unknown_classes),
		cmocka_unit_test(a_client_may_set_its_read_mode_and_nothing_else),
		cmocka_unit_test(a_peek_shows_what_can_be_read),
		cmocka_unit_test(a_wait_names_its_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, recorded_message_unload);
}
