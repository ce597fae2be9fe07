/* SPDX-License-Identifier: MIT */
/* Users of this computer, as the access policy knows them. */
#include <grp.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "daemon/local_identity.h"
#include "group.h"

#define NOBODYS_UID 4000000123u

static void a_user_goes_by_his_name_and_his_groups(void **state)
{
	struct identity *who = local_identity_of(0);

	(void)state;
	assert_string_equal(identity_user(who), "root");
	assert_string_equal(identity_label(who, 0), "root");
	assert_true(identity_has_label(who, "@root"));
	assert_false(identity_has_label(who, "@daemon"));
	assert_true(identity_is_authenticated(who));
	identity_release(who);
}

/* As the system's own answer goes. */
static void each_of_a_users_groups_is_there(void **state)
{
	struct passwd *user = getpwnam("games");
	struct identity *who;
	gid_t groups[256];
	int count = 256;

	(void)state;
	assert_non_null(user);
	who = local_identity_of(user->pw_uid);
	assert_true(getgrouplist("games", user->pw_gid, groups, &count) > 0);
	assert_int_equal(identity_label_count(who), 1 + count);
	for (int i = 0; i < count; i++) {
		char label[300];

		(void)snprintf(label, sizeof label, "@%s", getgrgid(groups[i])->gr_name);
		assert_true(identity_has_label(who, label));
	}
	identity_release(who);
}

static void a_user_without_a_name_goes_by_his_number_alone(void **state)
{
	struct identity *who = local_identity_of(NOBODYS_UID);

	(void)state;
	assert_string_equal(identity_user(who), "uid:4000000123");
	assert_int_equal(identity_label_count(who), 1);
	assert_true(identity_is_authenticated(who));
	identity_release(who);
}

static void on_found(void *context, struct identity *who)
{
	*(struct identity **)context = who;
}

static void the_loop_does_not_wait_for_the_system(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct identity *who = NULL;

	(void)state;
	assert_non_null(local_identity_start(loop, 0, on_found, &who));
	assert_null(who);
	net_loop_run(loop);
	assert_non_null(who);
	assert_string_equal(identity_user(who), "root");
	identity_release(who);
	net_loop_free(loop);
}

static void a_look_up_that_is_cancelled_finds_nobody(void **state)
{
	struct net_loop *loop = net_loop_new();
	struct identity *who = NULL;

	(void)state;
	for (int i = 0; i < 20; i++)
		local_identity_cancel(local_identity_start(loop, 0, on_found, &who));
	local_identity_cancel(NULL);
	net_loop_run(loop);
	assert_null(who);
	net_loop_free(loop);
}

TEST_GROUP(local_identity)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_goes_by_his_name_and_his_groups),
		cmocka_unit_test(each_of_a_users_groups_is_there),
		cmocka_unit_test(a_user_without_a_name_goes_by_his_number_alone),
		cmocka_unit_test(the_loop_does_not_wait_for_the_system),
		cmocka_unit_test(a_look_up_that_is_cancelled_finds_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
