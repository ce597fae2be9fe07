/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/database_name.h"
#include "group.h"

static void check_all(const char *const names[], bool has_password)
{
	for (; *names != NULL; names++) {
		print_message("# %s\n", *names);
		assert_int_equal(database_name_has_password(*names), has_password);
	}
}

static void a_password_is_seen_wherever_libpq_takes_one(void **state)
{
	static const char *const names[] = {
		"postgresql://u:x@h/d",
		"postgres://u:x@h:5432/d?sslmode=require",
		"postgresql://:x@h",
		"postgresql://u:@h",
		"postgresql://h/d?password=x",
		"postgresql://h/d?user=u&password=x",
		"postgresql://h/d?user=u&sslpassword=x",
		"postgresql://h/d?%70assword=x",
		"postgresql://h/d?pass%77ORD=x",
		"postgresql://h/d?oauth_client_secret=x",
		"postgresql://h/d?scram_client_key=x",
		"host=h password=x",
		"password = x",
		"user=u  password  =x host=/run",
		NULL,
	};

	(void)state;
	check_all(names, true);
}

static void a_password_is_seen_in_a_name_that_is_malformed(void **state)
{
	static const char *const names[] = {
		"postgresql://u:a/b@h/d",
		"postgresql://a@b:x@h/d",
		"postgresql://u:a@b@h/d",
		"postgresql://u:x@[::1/d",
		"PostgreSQL://u:x@h/d",
		"postgresql://h/d?passwort=x",
		"postgresql://h/d?a=b=c&Password=x%z",
		NULL,
	};

	(void)state;
	check_all(names, true);
}

static void what_has_no_password_is_no_secret(void **state)
{
	static const char *const names[] = {
		"",
		"/var/lib/netsessiond/sessions.db",
		"sessions.db",
		"/srv/secret=1/password=2.db",
		"./password=2.db",
		"C:/a@b.db",
		"postgresql://",
		"postgresql://h",
		"postgresql://h:5432/d",
		"postgresql://u@h:5432/d",
		"postgresql://u%40LAB.EXAMPLE@h:5432/d",
		"postgresql://u@[::1]:5432/d",
		"postgresql://u@h1:1,h2:2/d",
		"postgresql:///d?host=/run/postgresql&user=u",
		"postgresql://u@h/d?passfile=/etc/password&sslkey=/etc/secret.key",
		"postgresql://?service=history",
		"postgresql://h/d?user=u@LAB:EXAMPLE",
		"postgresql://h/password",
		"postgresql://h/d?%",
		"postgresql://h/d?=",
		"host=h user=u passfile=/etc/password",
		"%=",
		NULL,
	};

	(void)state;
	check_all(names, false);
}

TEST_GROUP(database_name)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_is_seen_wherever_libpq_takes_one),
		cmocka_unit_test(a_password_is_seen_in_a_name_that_is_malformed),
		cmocka_unit_test(what_has_no_password_is_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
