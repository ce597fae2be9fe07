/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "daemon/account_usage.h"
#include "group.h"

static struct account_usage *usage_of(const char *user, const char *domain)
{
	struct identity *who = identity_new(user, domain);
	struct account_usage *usage = account_usage_hold(who);

	assert_non_null(usage);
	identity_release(who);
	return usage;
}

static void one_account_has_one_usage_and_another_one_its_own(void **state)
{
	struct account_usage *bobs = usage_of("bob", "LAB"), *same = usage_of("BOB", "lab"),
			     *other = usage_of("bob", "OTHER");

	(void)state;
	assert_ptr_equal(bobs, same);
	assert_ptr_not_equal(bobs, other);
	account_usage_release(bobs);
	account_usage_release(same);
	account_usage_release(other);
}

/* Names of this computer's users are bytes. */
static void a_name_that_is_not_utf8_has_a_usage(void **state)
{
	struct account_usage *one = usage_of("j\xF6rg", ""), *same = usage_of("j\xF6rg", "");

	(void)state;
	assert_ptr_equal(one, same);
	account_usage_release(one);
	account_usage_release(same);
}

TEST_GROUP(account_usage)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_account_has_one_usage_and_another_one_its_own),
		cmocka_unit_test(a_name_that_is_not_utf8_has_a_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
