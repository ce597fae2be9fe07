/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uchar.h>
#include <windows.h>
#include <lm.h>
#include <cmocka.h>
#include <netsession.h>

#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define GARBAGE      0xA5A5A5A5u

/* A text as Windows' callers have it; nobody writes to it. */
#define W(literal) ((LMSTR)(uintptr_t)(literal))

static const char16_t lone_high[] = { 'f', 0xD83D, 's', 0 };
static const char16_t lone_low[] = { 'f', 's', 0xDE00, 0 };
static const char16_t swapped[] = { 0xDE00, 0xD83D, 0 };

/* ---- NetApiBuffer* ---- */

static DWORD size_of(LPVOID buffer)
{
	DWORD bytes = GARBAGE;

	assert_int_equal(NetApiBufferSize(buffer, &bytes), NERR_Success);
	return bytes;
}

static void a_buffer_has_at_least_the_size_that_was_asked_for(void **state)
{
	static const DWORD sizes[] = { 1, 7, 16, 1000, 100000 };

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		LPVOID buffer = NULL;

		assert_int_equal(NetApiBufferAllocate(sizes[i], &buffer), NERR_Success);
		assert_true(size_of(buffer) >= sizes[i]);
		memset(buffer, 1, sizes[i]);
		assert_int_equal(NetApiBufferFree(buffer), NERR_Success);
	}
}

static void a_buffer_of_no_bytes_is_one_too(void **state)
{
	LPVOID buffer = NULL;

	(void)state;
	assert_int_equal(NetApiBufferAllocate(0, &buffer), NERR_Success);
	assert_non_null(buffer);
	(void)size_of(buffer);
	assert_int_equal(NetApiBufferFree(buffer), NERR_Success);
}

static void buffer_functions_refuse_null_outputs(void **state)
{
	LPVOID buffer;
	DWORD bytes;

	(void)state;
	assert_int_equal(NetApiBufferAllocate(1, &buffer), NERR_Success);
	assert_int_equal(NetApiBufferAllocate(1, NULL), ERROR_INVALID_PARAMETER);
	assert_int_equal(NetApiBufferReallocate(buffer, 1, NULL), ERROR_INVALID_PARAMETER);
	assert_int_equal(NetApiBufferSize(NULL, &bytes), ERROR_INVALID_PARAMETER);
	assert_int_equal(NetApiBufferSize(buffer, NULL), ERROR_INVALID_PARAMETER);
	assert_int_equal(NetApiBufferFree(buffer), NERR_Success);
}

static void freeing_nothing_succeeds(void **state)
{
	(void)state;
	assert_int_equal(NetApiBufferFree(NULL), NERR_Success);
}

static void a_reallocated_buffer_keeps_its_bytes(void **state)
{
	static const char text[] = "what fits is kept";
	LPVOID buffer;

	(void)state;
	assert_int_equal(NetApiBufferReallocate(NULL, sizeof text, &buffer), NERR_Success);
	memcpy(buffer, text, sizeof text);
	assert_int_equal(NetApiBufferReallocate(buffer, 100000, &buffer), NERR_Success);
	assert_true(size_of(buffer) >= 100000);
	assert_memory_equal(buffer, text, sizeof text);
	assert_int_equal(NetApiBufferReallocate(buffer, 4, &buffer), NERR_Success);
	assert_memory_equal(buffer, text, 4);
	assert_int_equal(NetApiBufferFree(buffer), NERR_Success);
}

static void reallocating_to_nothing_frees(void **state)
{
	LPVOID buffer, none;

	(void)state;
	none = &buffer;
	assert_int_equal(NetApiBufferAllocate(10, &buffer), NERR_Success);
	assert_int_equal(NetApiBufferReallocate(buffer, 0, &none), NERR_Success);
	assert_null(none);
}

/* ---- NetSessionEnum ---- */

/* Calls it and holds that the outputs of a failure are empty, whatever stood in them. */
static NET_API_STATUS failing_enum(LMSTR server, LMSTR client, LMSTR user, DWORD level)
{
	DWORD entries = GARBAGE, total = GARBAGE, resume = GARBAGE;
	LPBYTE buffer = (LPBYTE)&entries;
	NET_API_STATUS status = NetSessionEnum(server, client, user, level, &buffer,
	                                       MAX_PREFERRED_LENGTH, &entries, &total, &resume);

	assert_int_not_equal(status, NERR_Success);
	assert_null(buffer);
	assert_int_equal(entries, 0);
	assert_int_equal(total, 0);
	assert_int_equal(resume, GARBAGE);
	assert_string_not_equal(netsession_last_error_text(), "");
	return status;
}

static void levels_that_do_not_exist_are_refused(void **state)
{
	static const DWORD levels[] = { 3, 9, 11, 100, 501, 503, 0x10000, 0xFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT(levels); i++)
		assert_int_equal(failing_enum(W(u"fs1"), NULL, NULL, levels[i]),
		                 ERROR_INVALID_LEVEL);
}

static void the_level_is_checked_before_the_outputs(void **state)
{
	(void)state;
	assert_int_equal(NetSessionEnum(NULL, NULL, NULL, 3, NULL, 0, NULL, NULL, NULL),
	                 ERROR_INVALID_LEVEL);
}

static void a_null_output_is_refused_and_the_others_are_written(void **state)
{
	DWORD entries = GARBAGE, total = GARBAGE;
	LPBYTE buffer = (LPBYTE)&entries;

	(void)state;
	assert_int_equal(NetSessionEnum(NULL, NULL, NULL, 1, NULL, 0, &entries, &total, NULL),
	                 ERROR_INVALID_PARAMETER);
	assert_int_equal(entries, 0);
	assert_int_equal(total, 0);
	total = GARBAGE;
	assert_int_equal(NetSessionEnum(NULL, NULL, NULL, 1, &buffer, 0, NULL, &total, NULL),
	                 ERROR_INVALID_PARAMETER);
	assert_null(buffer);
	assert_int_equal(total, 0);
	entries = GARBAGE;
	assert_int_equal(NetSessionEnum(NULL, NULL, NULL, 1, &buffer, 0, &entries, NULL, NULL),
	                 ERROR_INVALID_PARAMETER);
	assert_int_equal(entries, 0);
}

static void no_session_service_runs_on_the_local_computer(void **state)
{
	(void)state;
	assert_int_equal(failing_enum(NULL, NULL, NULL, 0), NERR_ServerNotStarted);
	assert_int_equal(failing_enum(W(u""), NULL, NULL, 502), NERR_ServerNotStarted);
}

static void what_is_no_computer_s_name_is_refused(void **state)
{
	static const char16_t *const names[] = {
		u"\\\\",      u"two words", u"\\\\fs1\\share", u"fs1/share", u"fs1:0",
		u"fs1:65536", u"[::1",      u"a\001b",         u"*",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(failing_enum(W(names[i]), NULL, NULL, 1), NERR_InvalidComputer);
}

static void half_a_surrogate_pair_is_refused(void **state)
{
	static const char16_t *const texts[] = { lone_high, lone_low, swapped };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_int_equal(failing_enum(W(texts[i]), NULL, NULL, 1), NERR_InvalidComputer);
		assert_int_equal(failing_enum(NULL, W(texts[i]), NULL, 1), ERROR_INVALID_PARAMETER);
		assert_int_equal(failing_enum(NULL, NULL, W(texts[i]), 1), ERROR_INVALID_PARAMETER);
	}
}

static void a_qualifier_of_more_than_1023_characters_is_refused(void **state)
{
	WCHAR name[1025] = { 0 };

	(void)state;
	for (size_t i = 0; i < 1023; i++)
		name[i] = i < 2 ? '\\' : 'a';
	assert_int_equal(failing_enum(NULL, name, name, 1), NERR_ServerNotStarted);
	name[1023] = 'a';
	assert_int_equal(failing_enum(NULL, name, NULL, 1), ERROR_INVALID_PARAMETER);
	assert_int_equal(failing_enum(NULL, NULL, name, 1), ERROR_INVALID_PARAMETER);
}

/* "127.0.0.1:port", where nothing listens: bound, so that nobody else takes it. */
static int bind_closed_port(WCHAR name[32])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char text[32];

	assert_int_equal(bind(fd, (struct sockaddr *)&address, bytes), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
	snprintf(text, sizeof text, "127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
	for (size_t i = 0; i < sizeof text; i++)
		name[i] = (WCHAR)text[i];
	return fd;
}

static void a_port_where_nothing_listens_is_a_bad_netpath(void **state)
{
	WCHAR name[32];
	int fd = bind_closed_port(name);

	(void)state;
	assert_int_equal(failing_enum(name, NULL, NULL, 1), ERROR_BAD_NETPATH);
	assert_non_null(strstr(netsession_last_error_text(), "connection refused"));
	close(fd);
}

static void the_resume_handle_may_be_null(void **state)
{
	DWORD entries, total;
	LPBYTE buffer;

	(void)state;
	assert_int_equal(NetSessionEnum(NULL, NULL, NULL, 1, &buffer, MAX_PREFERRED_LENGTH,
	                                &entries, &total, NULL),
	                 NERR_ServerNotStarted);
}

struct elsewhere {
	char text_before[320];
	NET_API_STATUS status;
};

static void *fail_elsewhere(void *argument)
{
	struct elsewhere *there = argument;
	DWORD entries, total;
	LPBYTE buffer;

	snprintf(there->text_before, sizeof there->text_before, "%s", netsession_last_error_text());
	there->status = NetSessionEnum(W(u"two words"), NULL, NULL, 1, &buffer, 1, &entries, &total,
	                               NULL);
	return NULL;
}

static void each_thread_has_its_own_last_error(void **state)
{
	struct elsewhere there = { .text_before = "?" };
	pthread_t thread;
	char here[320];

	(void)state;
	assert_int_equal(failing_enum(W(u"fs1"), NULL, NULL, 3), ERROR_INVALID_LEVEL);
	snprintf(here, sizeof here, "%s", netsession_last_error_text());
	assert_non_null(strstr(here, "(124)"));
	assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &there), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(there.text_before, "");
	assert_int_equal(there.status, NERR_InvalidComputer);
	assert_string_equal(netsession_last_error_text(), here);
}

static int without_credentials(void **state)
{
	(void)state;
	return unsetenv("NETSESSION_CREDENTIALS");
}

TEST_GROUP(netapi)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_buffer_has_at_least_the_size_that_was_asked_for),
		cmocka_unit_test(a_buffer_of_no_bytes_is_one_too),
		cmocka_unit_test(buffer_functions_refuse_null_outputs),
		cmocka_unit_test(freeing_nothing_succeeds),
		cmocka_unit_test(a_reallocated_buffer_keeps_its_bytes),
		cmocka_unit_test(reallocating_to_nothing_frees),
		cmocka_unit_test(levels_that_do_not_exist_are_refused),
		cmocka_unit_test(the_level_is_checked_before_the_outputs),
		cmocka_unit_test(a_null_output_is_refused_and_the_others_are_written),
		cmocka_unit_test(no_session_service_runs_on_the_local_computer),
		cmocka_unit_test(what_is_no_computer_s_name_is_refused),
		cmocka_unit_test(half_a_surrogate_pair_is_refused),
		cmocka_unit_test(a_qualifier_of_more_than_1023_characters_is_refused),
		cmocka_unit_test(a_port_where_nothing_listens_is_a_bad_netpath),
		cmocka_unit_test(the_resume_handle_may_be_null),
		cmocka_unit_test(each_thread_has_its_own_last_error),
	};

	return cmocka_run_group_tests(tests, without_credentials, NULL);
}
