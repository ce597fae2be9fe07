/* SPDX-License-Identifier: MIT */
/* How root becomes another user. Each attempt is made by a child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "group.h"
#include "system/privileges.h"

#define USER "games" /* every Debian has one */

static bool become_user(void)
{
	struct privileges_user user;
	struct err err = { 0 };

	return privileges_find_user(USER, &user, &err) && privileges_become_user(&user, &err);
}

static int user_and_groups_are_its_own(void)
{
	struct privileges_user user;
	struct err err = { 0 };
	uid_t uids[3];
	gid_t gids[3], others[8];
	int count;

	if (!privileges_find_user(USER, &user, &err) || !privileges_become_user(&user, &err))
		return __LINE__;
	if (getresuid(&uids[0], &uids[1], &uids[2]) != 0 ||
	    getresgid(&gids[0], &gids[1], &gids[2]) != 0)
		return __LINE__;
	for (unsigned i = 0; i < 3; i++)
		if (uids[i] != user.uid || gids[i] != user.gid)
			return __LINE__;
	count = getgroups(8, others);
	return count == 1 && others[0] == user.gid ? 0 : __LINE__;
}

static int root_is_gone(void)
{
	if (!become_user())
		return __LINE__;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
		return __LINE__;
	return open("/etc/shadow", O_RDONLY) >= 0 || errno != EACCES ? __LINE__ : 0;
}

/* Whether the process may listen at a port below 1024. */
static bool may_listen(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	bool may = true;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 700;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	do
		address.sin_port = htons((uint16_t)port);
	while (bind(s, (struct sockaddr *)&address, sizeof address) != 0 &&
	       (may = errno != EACCES) && ++port < 1000);
	close(s);
	return may;
}

static int low_ports_stay_until_all_is_given_up(void)
{
	if (!become_user() || !may_listen())
		return __LINE__;
	privileges_drop_capabilities();
	return may_listen() ? __LINE__ : 0;
}

static void expect_of_child(int (*attempt)(void))
{
	pid_t child;
	int status;

	if (geteuid() != 0) {
		print_message("# not root, who alone can become another user\n");
		skip();
	}
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(attempt() & 0xFF);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void the_user_and_the_groups_are_those_of_the_user(void **state)
{
	(void)state;
	expect_of_child(user_and_groups_are_its_own);
}

static void there_is_no_way_back(void **state)
{
	(void)state;
	expect_of_child(root_is_gone);
}

static void the_right_to_low_ports_goes_last(void **state)
{
	(void)state;
	expect_of_child(low_ports_stay_until_all_is_given_up);
}

static void an_unknown_user_is_refused(void **state)
{
	struct privileges_user user;
	struct err err = { 0 };

	(void)state;
	assert_false(privileges_find_user("no-such-user", &user, &err));
	assert_int_equal(err.status, ERROR_FILE_NOT_FOUND);
	assert_non_null(strstr(err_text(&err), "no such user; create it"));
}

TEST_GROUP(privileges)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_user_and_the_groups_are_those_of_the_user),
		cmocka_unit_test(there_is_no_way_back),
		cmocka_unit_test(the_right_to_low_ports_goes_last),
		cmocka_unit_test(an_unknown_user_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
