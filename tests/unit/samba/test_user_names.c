/* SPDX-License-Identifier: MIT */
/* Names for users whom smbstatus shows by number, by a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "group.h"
#include "samba/smbstatus/user_names.h"

enum { MOST = 200 };

static struct {
	struct user_names *names;
	struct smbstatus_session sessions[MOST];
	char texts[MOST][16];
	struct smbstatus_list list;
	uint32_t asked[USER_NAMES_MOST_ASKED];
	int64_t now_ms;
} here;

static int begin(void **state)
{
	(void)state;
	memset(&here, 0, sizeof here);
	here.now_ms = 1000000;
	here.names = user_names_new(false);
	here.list.sessions = here.sessions;
	return here.names != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	user_names_free(here.names);
	return 0;
}

/* As smbstatus lists it. NULL: by the number alone. */
static void there_is(uint32_t uid, const char *user)
{
	size_t i = here.list.count++;

	(void)snprintf(here.texts[i], sizeof here.texts[i], "%u", (unsigned)uid);
	here.sessions[i].uid = uid;
	here.sessions[i].user = user != NULL ? user : here.texts[i];
}

static size_t apply(void)
{
	return user_names_apply(here.names, &here.list, here.now_ms, here.asked);
}

static void learn(size_t count, const char *output)
{
	assert_true(user_names_learn(here.names, here.asked, count, output, false, here.now_ms));
}

static void a_user_with_a_name_is_not_asked_for(void **state)
{
	(void)state;
	there_is(1000, "alice");
	there_is(SMBSTATUS_NO_UID, "bob");
	there_is(1001, "1000"); /* a name that is the number of another user */
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[2].user, "1000");
}

static void a_number_gets_the_name_that_winbindd_has(void **state)
{
	(void)state;
	there_is(3000017, NULL);
	there_is(3000019, NULL);
	there_is(3000017, NULL);
	assert_int_equal(apply(), 2);
	assert_int_equal(here.asked[0], 3000017);
	assert_int_equal(here.asked[1], 3000019);
	learn(2, "LAB\\anna maria:*:3000017:100::/home/LAB/anna maria:/bin/false\n"
	         "LAB\\bob:*:3000019:100::/home/LAB/bob:/bin/false\n");
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[0].user, "LAB\\anna maria");
	assert_string_equal(here.sessions[1].user, "LAB\\bob");
	assert_string_equal(here.sessions[2].user, "LAB\\anna maria");
}

static void root_is_asked_for_on_a_domain_controller_alone(void **state)
{
	(void)state;
	there_is(0, "root");
	assert_int_equal(apply(), 0);
	user_names_free(here.names);
	here.names = user_names_new(true);
	assert_int_equal(apply(), 1);
	learn(1, "LAB\\administrator:*:0:100::/home/LAB/administrator:/bin/false\n");
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[0].user, "LAB\\administrator");
}

static void wbinfo_that_ended_at_one_user_is_asked_for_the_others(void **state)
{
	(void)state;
	there_is(1, NULL);
	there_is(2, NULL);
	there_is(3, NULL);
	assert_int_equal(apply(), 3);
	learn(3, "one:*:1:100::/:/bin/false\n");
	assert_int_equal(apply(), 1);
	assert_int_equal(here.asked[0], 3);
	learn(1, "three:*:3:100::/:/bin/false\n");
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[0].user, "one");
	assert_string_equal(here.sessions[1].user, "2");
	assert_string_equal(here.sessions[2].user, "three");
}

static void who_has_no_name_is_asked_for_again_after_a_while(void **state)
{
	(void)state;
	there_is(1, NULL);
	assert_int_equal(apply(), 1);
	learn(1, "");
	here.now_ms += USER_NAMES_NAMELESS_MS - 1;
	assert_int_equal(apply(), 0);
	here.now_ms++;
	assert_int_equal(apply(), 1);
}

static void a_name_is_looked_up_again_and_stays_if_that_fails(void **state)
{
	(void)state;
	there_is(1, NULL);
	assert_int_equal(apply(), 1);
	learn(1, "one:*:1:100::/:/bin/false\n");
	here.now_ms += USER_NAMES_VALID_MS;
	assert_int_equal(apply(), 1);
	learn(1, "");
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[0].user, "one");
	here.now_ms += USER_NAMES_NAMELESS_MS;
	here.sessions[0].user = here.texts[0];
	assert_int_equal(apply(), 1);
	learn(1, "another:*:1:100::/:/bin/false\n");
	assert_int_equal(apply(), 0);
	assert_string_equal(here.sessions[0].user, "another");
}

static void wbinfo_that_hangs_is_run_for_nobody_else(void **state)
{
	(void)state;
	there_is(1, NULL);
	there_is(2, NULL);
	assert_int_equal(apply(), 2);
	assert_true(user_names_learn(here.names, here.asked, 2, "", true, here.now_ms));
	assert_int_equal(apply(), 0);
}

static void many_are_asked_for_in_turn(void **state)
{
	size_t asked, all = 0;

	(void)state;
	for (uint32_t uid = 1; uid <= MOST; uid++)
		there_is(uid, NULL);
	while ((asked = apply()) > 0) {
		static char output[USER_NAMES_MOST_ASKED * 40];
		size_t used = 0;

		for (size_t i = 0; i < asked; i++)
			used += (size_t)snprintf(output + used, sizeof output - used,
			                         "user%u:*:%u:100::/:/bin/false\n",
			                         (unsigned)here.asked[i], (unsigned)here.asked[i]);
		learn(asked, output);
		all += asked;
	}
	assert_int_equal(all, MOST);
	assert_string_equal(here.sessions[0].user, "user1");
	assert_string_equal(here.sessions[MOST - 1].user, "user200");
}

static void lines_of_another_form_name_nobody(void **state)
{
	static const char *const outputs[] = { "one",        "one:",         "one:*",
		                               ":*:1:100::", "one:*:11:100", "one:1:2:3",
		                               "1",          "\n\n",         "one\n:*:1:" };

	(void)state;
	there_is(1, NULL);
	for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
		assert_int_equal(apply(), 1);
		learn(1, outputs[i]);
		assert_int_equal(apply(), 0);
		assert_string_equal(here.sessions[0].user, "1");
		here.now_ms += USER_NAMES_NAMELESS_MS;
	}
}

#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, begin, end)

TEST_GROUP(user_names)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_with_a_name_is_not_asked_for),
		TEST(a_number_gets_the_name_that_winbindd_has),
		TEST(root_is_asked_for_on_a_domain_controller_alone),
		TEST(wbinfo_that_ended_at_one_user_is_asked_for_the_others),
		TEST(who_has_no_name_is_asked_for_again_after_a_while),
		TEST(a_name_is_looked_up_again_and_stays_if_that_fails),
		TEST(wbinfo_that_hangs_is_run_for_nobody_else),
		TEST(many_are_asked_for_in_turn),
		TEST(lines_of_another_form_name_nobody),
	};

	return cmocka_run_group_tests_name("user_names", tests, NULL, NULL);
}
