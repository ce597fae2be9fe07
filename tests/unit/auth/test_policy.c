/* SPDX-License-Identifier: MIT */
/* Who may do what, by each of the names that somebody goes by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "auth/access_policy.h"
#include "group.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const keys[] = {
#define R(RIGHT, KEY, HELP) KEY,
	ACCESS_RIGHTS(R)
#undef R
};

/* Somebody of each kind, and a policy that knows which label makes him that. */
enum kind { ADMINISTRATOR, OPERATOR, PUBLISHER, USER, ANONYMOUS, KIND_COUNT };

struct cast {
	struct access_policy *policy;
	struct identity *who[KIND_COUNT];
};

/* What was expected in the place of what is there; err is made anew. */
static void assert_expected(struct err *err, const char *expected)
{
	char text[128];

	snprintf(text, sizeof text, "expected %s", expected);
	assert_string_equal(err->text, text);
	assert_int_equal(err->status, ERROR_INVALID_PARAMETER);
	*err = (struct err){ 0 };
}

static struct access_policy *policy_of(const char *preset)
{
	struct access_policy *p = access_policy_new(preset);
	struct err err = { 0 };

	assert_non_null(p);
	assert_true(
		access_policy_set_group(p, "administrators", "root , LAB\\Administrator", &err));
	assert_true(access_policy_set_group(p, "server_operators", "@ops", &err));
	assert_true(access_policy_set_group(p, "publishers", "fs1$@LAB.EXAMPLE", &err));
	assert_int_equal(err.status, NERR_Success);
	return p;
}

static struct cast cast_of(const char *preset)
{
	struct cast cast = {
		.policy = policy_of(preset),
		.who = { [ADMINISTRATOR] = identity_new("administrator", "lab"),
		         [OPERATOR] = identity_new("olga", "LAB"),
		         [PUBLISHER] = identity_new("fs1$", "LAB"),
		         [USER] = identity_new("alice", "LAB"),
		         [ANONYMOUS] = identity_new_anonymous() },
	};

	assert_true(identity_add_label(cast.who[OPERATOR], "@ops"));
	assert_true(identity_add_label(cast.who[PUBLISHER], "fs1$@LAB.EXAMPLE"));
	return cast;
}

static void cast_free(struct cast *cast)
{
	for (size_t kind = 0; kind < KIND_COUNT; kind++)
		identity_release(cast->who[kind]);
	access_policy_release(cast->policy);
}

/* Who may, by the documentation of the presets: a letter for each kind that is allowed. */
static void assert_preset(const char *preset, const char *const expected[ACCESS_RIGHT_COUNT])
{
	static const char letters[KIND_COUNT] = { 'A', 'O', 'F', 'U', '-' };
	struct cast cast = cast_of(preset);

	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
		for (size_t kind = 0; kind < KIND_COUNT; kind++) {
			bool allowed = access_policy_allows(cast.policy, cast.who[kind],
			                                    (enum access_right)right);

			if (allowed != (strchr(expected[right], letters[kind]) != NULL))
				fail_msg("%s: %s is wrong for %c", preset, keys[right],
				         letters[kind]);
		}
	cast_free(&cast);
}

static void documented_gives_each_right_to_whom_windows_documents(void **state)
{
	(void)state;
	assert_preset("documented", (const char *const[]){
					    [ACCESS_LEVEL_0] = "AOFU",
					    [ACCESS_LEVEL_1] = "AO",
					    [ACCESS_LEVEL_2] = "AO",
					    [ACCESS_LEVEL_10] = "AOFU",
					    [ACCESS_LEVEL_502] = "AO",
					    [ACCESS_DELETE] = "AO",
					    [ACCESS_SERVER_INFO] = "AOFU",
					    [ACCESS_SHARE_ENUM] = "AOFU",
					    [ACCESS_COUNTERS] = "AO",
					    [ACCESS_PUBLISH] = "F",
				    });
}

static void hardened_gives_every_level_to_operators_alone(void **state)
{
	(void)state;
	assert_preset("hardened", (const char *const[]){
					  [ACCESS_LEVEL_0] = "AO",
					  [ACCESS_LEVEL_1] = "AO",
					  [ACCESS_LEVEL_2] = "AO",
					  [ACCESS_LEVEL_10] = "AO",
					  [ACCESS_LEVEL_502] = "AO",
					  [ACCESS_DELETE] = "AO",
					  [ACCESS_SERVER_INFO] = "AOFU",
					  [ACCESS_SHARE_ENUM] = "AOFU",
					  [ACCESS_COUNTERS] = "AO",
					  [ACCESS_PUBLISH] = "F",
				  });
}

static void there_is_no_other_preset(void **state)
{
	static const char *const others[] = { "", "Hardened", "hardened ", "open" };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++)
		assert_null(access_policy_new(others[i]));
}

/* Before a configuration fills them, the groups have nobody in them. */
static void without_a_configuration_nobody_administers(void **state)
{
	struct access_policy *p = access_policy_new("hardened");
	struct identity *root = identity_new("root", "");
	struct identity *namesake = identity_new("administrators", "");

	(void)state;
	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++) {
		bool everybodys = right == ACCESS_SERVER_INFO || right == ACCESS_SHARE_ENUM;

		assert_int_equal(access_policy_allows(p, root, (enum access_right)right),
		                 everybodys);
		/* A group's word is not the account of that name. */
		assert_int_equal(access_policy_allows(p, namesake, (enum access_right)right),
		                 everybodys);
	}
	identity_release(namesake);
	identity_release(root);
	access_policy_release(p);
}

static const struct meaning {
	const char *list, *user, *domain, *label; /* label: one more, or NULL */
	bool meant;
} meanings[] = {
	{ "alice", "alice", "", NULL, true },
	{ "ALICE", "alice", "LAB", NULL, true },
	{ "alice", "alicia", "LAB", NULL, false },
	{ "alic", "alice", "LAB", NULL, false },
	{ "LAB\\alice", "alice", "LAB", NULL, true },
	{ "lab\\ALICE", "Alice", "LAB", NULL, true },
	{ "LAB\\alice", "alice", "OTHER", NULL, false },
	{ "LAB\\alice", "alice", "", NULL, false },
	{ "alice@LAB.EXAMPLE", "alice", "LAB", "alice@LAB.EXAMPLE", true },
	{ "alice@lab.example", "alice", "LAB", "alice@LAB.EXAMPLE", true },
	{ "alice@LAB.EXAMPLE", "alice", "LAB", "alice@OTHER.EXAMPLE", false },
	{ "alice@LAB.EXAMPLE", "alice", "LAB.EXAMPLE", NULL, false },
	{ "@ops", "alice", "", "@ops", true },
	{ "@OPS", "alice", "", "@ops", true },
	{ "@ops", "ops", "", NULL, false },
	{ "ops", "alice", "", "@ops", false },
	{ "@ops", "alice", "", "@oops", false },
	{ "S-1-5-21-1-2-3-512", "alice", "LAB", "S-1-5-21-1-2-3-512", true },
	{ "s-1-5-21-1-2-3-512", "alice", "LAB", "S-1-5-21-1-2-3-512", true },
	{ "S-1-5-21-1-2-3-51", "alice", "LAB", "S-1-5-21-1-2-3-512", false },
	{ "S-1-5-21-1-2-3-5120", "alice", "LAB", "S-1-5-21-1-2-3-512", false },
	{ "bob,carol,alice", "alice", "", NULL, true },
	{ " bob ,\talice\t, carol", "alice", "", NULL, true },
	{ ",,alice,", "alice", "", NULL, true },
	{ "Alice Smith", "alice smith", "", NULL, true },
	{ "Alice Smith", "alice", "", NULL, false },
	{ "bob", "alice", "", NULL, false },
	{ "", "alice", "", NULL, false },
	{ " , ,", "alice", "", NULL, false },
	{ "nobody", "alice", "", NULL, false },
	{ "nobody", "nobody", "", NULL, false },
	{ "authenticated", "alice", "", NULL, true },
	{ "administrators", "root", "", NULL, true },
	{ "administrators", "alice", "", "@ops", false },
	{ "nobody,server_operators", "alice", "", "@ops", true },
	{ "publishers", "fs1$", "LAB", "FS1$@lab.example", true },
	{ "publishers", "publishers", "", NULL, false },
	/* Two words, and so no longer the one that means everybody. */
	{ "authenticated users", "alice", "", NULL, false },
	{ "\xC3\x89mile", "\xC3\xA9mile", "", NULL, true },
};

static void a_list_means_whom_it_names(void **state)
{
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(meanings); i++) {
		const struct meaning *m = &meanings[i];
		struct access_policy *p = policy_of("hardened");
		struct identity *who = identity_new(m->user, m->domain);

		assert_true(m->label == NULL || identity_add_label(who, m->label));
		assert_true(access_policy_set(p, ACCESS_LEVEL_10, m->list, &err));
		if (access_policy_allows(p, who, ACCESS_LEVEL_10) != m->meant)
			fail_msg("\"%s\" is wrong for %s\\%s %s", m->list, m->domain, m->user,
			         m->label != NULL ? m->label : "");
		identity_release(who);
		access_policy_release(p);
	}
	assert_int_equal(err.status, NERR_Success);
}

/* Another realm's alice has the labels that she was given and no more. */
static void an_account_without_labels_is_only_authenticated(void **state)
{
	struct access_policy *p = policy_of("documented");
	struct identity *who = identity_new_unlabelled("root", "LAB");

	(void)state;
	assert_true(access_policy_allows(p, who, ACCESS_LEVEL_10));
	assert_false(access_policy_allows(p, who, ACCESS_LEVEL_502));
	identity_release(who);
	access_policy_release(p);
}

static void a_null_session_may_nothing_whatever_a_list_says(void **state)
{
	struct access_policy *p = policy_of("documented");
	struct identity *who = identity_new_anonymous();
	struct err err = { 0 };

	(void)state;
	assert_true(identity_add_label(who, "@ops"));
	assert_true(access_policy_set(p, ACCESS_LEVEL_502, "authenticated,@ops", &err));
	for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
		assert_false(access_policy_allows(p, who, (enum access_right)right));
	identity_release(who);
	access_policy_release(p);
}

static void a_right_that_is_set_leaves_the_others(void **state)
{
	struct cast cast = cast_of("documented");
	struct err err = { 0 };

	(void)state;
	assert_true(access_policy_set(cast.policy, ACCESS_LEVEL_0, "nobody", &err));
	assert_true(access_policy_set(cast.policy, ACCESS_DELETE, "alice", &err));
	assert_true(access_policy_set(cast.policy, ACCESS_DELETE, "bob", &err));
	for (size_t kind = 0; kind < KIND_COUNT; kind++) {
		assert_false(access_policy_allows(cast.policy, cast.who[kind], ACCESS_LEVEL_0));
		assert_false(access_policy_allows(cast.policy, cast.who[kind], ACCESS_DELETE));
		assert_int_equal(access_policy_allows(cast.policy, cast.who[kind], ACCESS_LEVEL_10),
		                 kind != ANONYMOUS);
	}
	cast_free(&cast);
}

static void a_groups_list_replaces_the_one_before(void **state)
{
	struct cast cast = cast_of("hardened");
	struct err err = { 0 };

	(void)state;
	assert_true(access_policy_set_group(cast.policy, "administrators", "alice", &err));
	assert_true(access_policy_allows(cast.policy, cast.who[USER], ACCESS_LEVEL_502));
	assert_false(access_policy_allows(cast.policy, cast.who[ADMINISTRATOR], ACCESS_LEVEL_502));
	assert_true(access_policy_set_group(cast.policy, "administrators", "", &err));
	assert_false(access_policy_allows(cast.policy, cast.who[USER], ACCESS_LEVEL_502));
	assert_true(access_policy_allows(cast.policy, cast.who[OPERATOR], ACCESS_LEVEL_502));
	cast_free(&cast);
}

/* A group of labels, and not of groups: "authenticated" there would be a mistake. */
static void a_groups_list_holds_labels_alone(void **state)
{
	static const char *const lists[] = { "authenticated", "alice,server_operators",
		                             "publishers", "administrators" };
	struct access_policy *p = policy_of("hardened");
	struct identity *root = identity_new("root", "");

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct err err = { 0 };

		assert_false(access_policy_set_group(p, "administrators", lists[i], &err));
		assert_expected(&err, "users, @groups and SIDs");
		assert_true(access_policy_allows(p, root, ACCESS_DELETE)); /* as before */
	}
	identity_release(root);
	access_policy_release(p);
}

static void nobody_in_a_groups_list_is_not_the_account_of_that_name(void **state)
{
	struct access_policy *p = policy_of("hardened");
	struct identity *nobody = identity_new("nobody", ""), *alice = identity_new("alice", "");
	struct err err = { 0 };

	(void)state;
	assert_true(access_policy_set_group(p, "administrators", "nobody", &err));
	assert_false(access_policy_allows(p, nobody, ACCESS_DELETE));
	assert_true(access_policy_set_group(p, "administrators", "nobody,alice", &err));
	assert_false(access_policy_allows(p, nobody, ACCESS_DELETE));
	assert_true(access_policy_allows(p, alice, ACCESS_DELETE));
	identity_release(alice);
	identity_release(nobody);
	access_policy_release(p);
}

static void what_can_be_no_label_is_refused_and_says_what_was_expected(void **state)
{
	static const char *const cases[][2] = {
		{ "@", "a group's name behind @" },
		{ "alice, @ ,bob", "a group's name behind @" },
		{ "S-1-", "a SID as S-1-5-21-1-2-3-512" },
		{ "S-1-5", "a SID as S-1-5-21-1-2-3-512" },
		{ "s-1-5-21-x", "a SID as S-1-5-21-1-2-3-512" },
		{ "S-1-5-21-", "a SID as S-1-5-21-1-2-3-512" },
		{ "S-1-5-...", "a SID as S-1-5-21-1-2-3-512" },
		{ "LAB\\", "a domain and a user as DOMAIN\\user" },
		{ "\\alice", "a domain and a user as DOMAIN\\user" },
		{ "alice@", "a realm behind @" },
		{ "alice\nbob", "a name without control characters" },
		{ "al\xFFice", "a name in UTF-8" },
	};
	static const char *const good[] = { "S-1-5-32-544", "s-1-1-0",          "@domain admins",
		                            "S-1 Corp",     "LAB\\alice smith", "@@odd" };
	struct access_policy *p = policy_of("hardened");
	struct identity *root = identity_new("root", "");
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_false(access_policy_set(p, ACCESS_DELETE, cases[i][0], &err));
		assert_expected(&err, cases[i][1]);
		assert_false(access_policy_set_group(p, "administrators", cases[i][0], &err));
		assert_expected(&err, cases[i][1]);
	}
	assert_true(access_policy_allows(p, root, ACCESS_DELETE));
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(access_policy_set(p, ACCESS_DELETE, good[i], &err));
		assert_true(access_policy_set_group(p, "administrators", good[i], &err));
	}
	identity_release(root);
	access_policy_release(p);
}

static void only_the_three_groups_can_be_named(void **state)
{
	static const char *const others[] = { "", "authenticated", "nobody", "Administrators",
		                              "level_0" };
	struct access_policy *p = policy_of("hardened");

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct err err = { 0 };

		assert_false(access_policy_set_group(p, others[i], "alice", &err));
		assert_expected(&err, "administrators, server_operators or publishers");
	}
	access_policy_release(p);
}

static void a_name_of_512_bytes_is_refused_and_changes_nothing(void **state)
{
	struct access_policy *p = policy_of("hardened");
	struct identity *root = identity_new("root", "");
	char list[600];
	struct err err = { 0 };

	(void)state;
	(void)snprintf(list, sizeof list, "alice,%512s,bob", "");
	memset(list + strlen("alice,"), 'x', 512);
	assert_false(access_policy_set(p, ACCESS_DELETE, list, &err));
	assert_expected(&err, "a name of less than 512 bytes");
	err = (struct err){ 0 };
	assert_false(access_policy_set_group(p, "administrators", list, &err));
	assert_expected(&err, "a name of less than 512 bytes");
	assert_true(access_policy_allows(p, root, ACCESS_DELETE));

	memmove(list + strlen("alice,"), list + strlen("alice,x"), strlen(list) - strlen("alice,"));
	assert_true(access_policy_set(p, ACCESS_DELETE, list, &err));
	identity_release(root);
	access_policy_release(p);
}

static void each_level_has_its_right(void **state)
{
	static const unsigned levels[] = { 0, 1, 2, 10, 502 };

	(void)state;
	for (size_t i = 0; i < COUNT(levels); i++) {
		char key[16];

		(void)snprintf(key, sizeof key, "level_%u", levels[i]);
		assert_string_equal(keys[access_right_of_level(levels[i])], key);
	}
}

static void the_last_holder_frees(void **state)
{
	struct access_policy *p = policy_of("hardened");
	struct identity *root = identity_new("root", "");

	(void)state;
	assert_ptr_equal(access_policy_hold(p), p);
	access_policy_release(p);
	assert_true(access_policy_allows(p, root, ACCESS_DELETE));
	access_policy_release(p);
	access_policy_release(NULL);
	identity_release(root);
}

TEST_GROUP(policy)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documented_gives_each_right_to_whom_windows_documents),
		cmocka_unit_test(hardened_gives_every_level_to_operators_alone),
		cmocka_unit_test(there_is_no_other_preset),
		cmocka_unit_test(without_a_configuration_nobody_administers),
		cmocka_unit_test(a_list_means_whom_it_names),
		cmocka_unit_test(an_account_without_labels_is_only_authenticated),
		cmocka_unit_test(a_null_session_may_nothing_whatever_a_list_says),
		cmocka_unit_test(a_right_that_is_set_leaves_the_others),
		cmocka_unit_test(a_groups_list_replaces_the_one_before),
		cmocka_unit_test(a_groups_list_holds_labels_alone),
		cmocka_unit_test(nobody_in_a_groups_list_is_not_the_account_of_that_name),
		cmocka_unit_test(what_can_be_no_label_is_refused_and_says_what_was_expected),
		cmocka_unit_test(only_the_three_groups_can_be_named),
		cmocka_unit_test(a_name_of_512_bytes_is_refused_and_changes_nothing),
		cmocka_unit_test(each_level_has_its_right),
		cmocka_unit_test(the_last_holder_frees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
