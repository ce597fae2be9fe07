/* SPDX-License-Identifier: MIT */
/* What the kernel says of the memory that passwords are in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/sanitizers.h"
#include "crypto/secret.h"
#include "group.h"

/* Whether the mapping that holds secret has this flag: VmFlags in proc(5). */
static bool has_flag(const void *secret, const char *flag)
{
	FILE *maps = fopen("/proc/self/smaps", "re");
	unsigned long long first, last;
	bool is_it = false, has = false;
	char line[512];

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			is_it = first <= (uintptr_t)secret && (uintptr_t)secret < last;
		if (is_it && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, flag) != NULL;
	}
	if (maps != NULL)
		fclose(maps);
	return has;
}

static void secrets_are_in_no_core_dump_and_not_swapped_out(void **state)
{
	char *secret = crypto_secret_copy("secret");

	(void)state;
	assert_string_equal(secret, "secret");
	if (!has_flag(secret, " rd ")) {
		print_message("# this kernel does not tell of the flags of memory\n");
		crypto_secret_free(secret);
		skip();
	}
	assert_true(has_flag(secret, " dd "));
#if !IS_SANITIZED /* their mlock does nothing */
	assert_true(has_flag(secret, " lo "));
#endif
	crypto_secret_free(secret);
}

static void a_large_one_is_zero_at_first_and_writable(void **state)
{
	size_t bytes = 100000;
	uint8_t *secret = crypto_secret_new(bytes);

	(void)state;
	assert_non_null(secret);
	for (size_t i = 0; i < bytes; i++)
		assert_int_equal(secret[i], 0);
	memset(secret, 0xAA, bytes);
	crypto_secret_free(secret);
	crypto_secret_free(NULL);
	assert_null(crypto_secret_new(SIZE_MAX));
}

/* Of a user who may lock nothing; 0: it is as it should be. */
static int use_without_lock(void)
{
	struct rlimit none = { 0, 0 };
	char *secret;

	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (geteuid() == 0 && setuid(65534) != 0))
		return 1;
	secret = crypto_secret_copy("secret");
	if (secret == NULL || strcmp(secret, "secret") != 0)
		return 2;
	crypto_secret_free(secret);
	return 0;
}

static void they_work_where_no_memory_may_be_locked(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(use_without_lock());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

TEST_GROUP(secret)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_in_no_core_dump_and_not_swapped_out),
		cmocka_unit_test(a_large_one_is_zero_at_first_and_writable),
		cmocka_unit_test(they_work_where_no_memory_may_be_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
