/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "base/user_name.h"
#include "group.h"

static void check_split(const char *text, const char *account, const char *domain)
{
	struct user_name n = user_name_split(text);
	char found[64];

	(void)snprintf(found, sizeof found, "%.*s|%.*s", (int)n.account_bytes, n.account,
	               (int)n.domain_bytes, n.domain_bytes > 0 ? n.domain : "");
	print_message("# %s\n", text);
	assert_int_equal(strcspn(found, "|"), strlen(account));
	assert_memory_equal(found, account, strlen(account));
	assert_string_equal(found + strlen(account) + 1, domain);
}

static void a_name_has_the_forms_that_log_ons_accept(void **state)
{
	(void)state;
	check_split("alice", "alice", "");
	check_split("LAB\\alice", "alice", "LAB");
	check_split("LAB/alice", "alice", "LAB");
	check_split("alice@LAB.EXAMPLE", "alice", "LAB.EXAMPLE");
	check_split("alice@mail@LAB.EXAMPLE", "alice@mail", "LAB.EXAMPLE");
	check_split("LAB\\alice@mail", "alice@mail", "LAB");
	check_split("host/fs1.lab.example", "fs1.lab.example", "host");
	check_split("host/fs1.lab.example@LAB.EXAMPLE", "fs1.lab.example", "host");
}

static void a_separator_beside_nothing_belongs_to_the_account(void **state)
{
	static const char *const names[] = { "",      "\\",     "@",      "/",      "\\alice",
		                             "LAB\\", "@alice", "alice@", "/alice", "LAB/" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_split(names[i], names[i], "");
}

static void an_account_is_copied_only_where_something_follows(void **state)
{
	char room[8];
	const char *name = "LAB\\alice";

	(void)state;
	assert_ptr_equal(user_name_account(name, room, sizeof room), name + 4);
	assert_string_equal(user_name_account("alice@LAB", room, sizeof room), "alice");
	assert_string_equal(user_name_account("alice12@LAB", room, sizeof room), "alice12");
	name = "alice123@LAB";
	assert_ptr_equal(user_name_account(name, room, sizeof room), name);
}

static void accounts_are_equal_in_any_case_and_domains_where_both_have_one(void **state)
{
	static const struct {
		const char *filter, *user;
		bool matches;
	} cases[] = {
		{ "alice", "alice", true },
		{ "ALICE", "alice", true },
		{ "alice", "LAB\\Alice", true },
		{ "alice", "LAB/Alice", true },
		{ "alice", "alice@LAB.EXAMPLE", true },
		{ "LAB\\alice", "alice", true },
		{ "lab\\alice", "LAB\\alice", true },
		{ "lab/alice", "LAB\\alice", true },
		{ "alice@lab", "LAB\\alice", true },
		{ "alice@lab.example", "LAB\\alice", true },
		{ "lab.example\\alice", "LAB\\alice", true },
		{ "LAB\\alice", "alice@LAB.EXAMPLE", true },
		{ "alice@ad.lab.example", "LAB\\alice", true },
		{ "alice@averylongcompanyname.example", "AVERYLONGCOMPAN\\alice", true },
		{ "alice@averylongcompanyname.example", "AVERYLONGCOMPANYNAME\\alice", true },
		{ "alice@averylongcompanyname.example", "AVERYLONG\\alice", false },
		{ "alice@lab.example", "alice@other.example", false },
		{ "alice@lab.example", "OTHER\\alice", false },
		{ "alice@lab.example", "LA\\alice", false },
		{ "alice@la.example", "LAB\\alice", false },
		{ "OTHER\\alice", "LAB\\alice", false },
		{ "bob", "alice", false },
		{ "LAB\\bob", "LAB\\alice", false },
		{ "LAB", "LAB\\alice", false },
		{ "", "alice", false },
		{ "J\xC3\x96RG", "LAB\\j\xC3\xB6rg", true },
		{ "j\xC3\xB6rg@LAB.EXAMPLE", "LAB\\J\xC3\x96RG", true },
		{ "\xCE\xA3\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x83",
		  "\xCF\x83\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82", true }, /* sigmas */
		{ "\xC4\xB1rmak", "irmak", false }, /* a dotless i is another letter */
		{ "\xC3\x84RZTE\\eve", "\xC3\xA4rzte\\EVE", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("# %s, %s\n", cases[i].filter, cases[i].user);
		assert_int_equal(user_name_matches(cases[i].filter, cases[i].user),
		                 cases[i].matches);
		assert_int_equal(user_name_matches(cases[i].user, cases[i].filter),
		                 cases[i].matches);
	}
	assert_false(user_name_matches(NULL, "alice"));
	assert_false(user_name_matches("alice", NULL));
}

TEST_GROUP(user_name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_has_the_forms_that_log_ons_accept),
		cmocka_unit_test(a_separator_beside_nothing_belongs_to_the_account),
		cmocka_unit_test(an_account_is_copied_only_where_something_follows),
		cmocka_unit_test(accounts_are_equal_in_any_case_and_domains_where_both_have_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
