/* SPDX-License-Identifier: MIT */
/* What a process can still do inside of its sandbox: each attempt is made by a child that entered
 * one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/sanitizers.h"
#include "group.h"
#include "system/sandbox.h"

enum { NOT_RESTRICTED = 99 }; /* an exit status */

static char folder[64];

static const char *path_of(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "secret", 6), 6);
	close(fd);
}

/* Folders read, written and other, each with a file. */
static int make_folders(void **state)
{
	static const char *const names[] = { "read", "written", "other" };
	char file[32];

	(void)state;
	(void)snprintf(folder, sizeof folder, "/tmp/netsession-sandbox-XXXXXX");
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(mkdir(path_of(names[i]), 0700), 0);
		(void)snprintf(file, sizeof file, "%s/file", names[i]);
		write_file(file);
	}
	return 0;
}

static int remove_folders(void **state)
{
	static const char *const names[] = { "read/file", "written/file", "other/file",
		                             "read",      "written",      "other",
		                             "" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)remove(path_of(names[i]));
	return 0;
}

static struct sandbox_result enter(void)
{
	struct sandbox s;

	sandbox_begin(&s);
	sandbox_allow(&s, path_of("read"), SANDBOX_READ);
	sandbox_allow_folder_of(&s, path_of("written/file"), SANDBOX_WRITE);
	sandbox_allow(&s, path_of("does-not-exist"), SANDBOX_READ);
	return sandbox_enter(&s);
}

/* 0, or the errno of what failed. */
static int try_open(const char *name, int flags)
{
	int fd = open(path_of(name), flags, 0600);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int errno_of(int result)
{
	return result == 0 ? 0 : errno;
}

/* Attempts of a child, which returns the line of the first one that went otherwise than it should;
 * 0: none did. */
#define EXPECT(EXPECTED, ATTEMPT)            \
	do {                                 \
		if ((ATTEMPT) != (EXPECTED)) \
			return __LINE__;     \
	} while (0)

static int use_files(void)
{
	int memory = memfd_create("memory", MFD_CLOEXEC);
	char path[32];

	EXPECT(0, try_open("other/file", O_RDONLY)); /* before */
	if (!enter().restricts_files)
		return NOT_RESTRICTED;
	EXPECT(0, try_open("read/file", O_RDONLY));
	EXPECT(EACCES, try_open("read/file", O_WRONLY));
	EXPECT(EACCES, try_open("read/new", O_WRONLY | O_CREAT));
	EXPECT(EACCES, errno_of(unlink(path_of("read/file"))));
	EXPECT(0, try_open("written/file", O_RDWR | O_APPEND));
	EXPECT(0, try_open("written/new", O_WRONLY | O_CREAT));
	EXPECT(0, errno_of(unlink(path_of("written/new"))));
	EXPECT(EACCES, errno_of(mkdir(path_of("written/folder"), 0700)));
	EXPECT(EACCES, errno_of(symlink("/etc/shadow", path_of("written/link"))));
	EXPECT(EACCES, try_open("other/file", O_RDONLY));
	EXPECT(EACCES, try_open("other/new", O_WRONLY | O_CREAT));
	EXPECT(EACCES, try_open("other", O_RDONLY | O_DIRECTORY));
	EXPECT(EACCES, try_open("written/../other/file", O_RDONLY));
	/* As gss-ntlmssp opens the account that it is lent. */
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", memory);
	EXPECT(1, open(path, O_RDONLY) >= 0);
	return 0;
}

static int run_programs(void)
{
	char *const arguments[] = { (char *)"true", NULL };

	if (!enter().restricts_calls)
		return NOT_RESTRICTED;
	EXPECT(EPERM, errno_of(execv("/bin/true", arguments)));
	EXPECT(EPERM, errno_of(execv("/nonexistent", arguments)));
	return 0;
}

static int open_sockets(void)
{
	if (!enter().restricts_calls)
		return NOT_RESTRICTED;
	EXPECT(1, socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	EXPECT(1, socket(AF_INET, SOCK_STREAM, 0) >= 0);
#ifndef SYS_socketcall
	EXPECT(-1, socket(AF_NETLINK, SOCK_RAW, 0));
	EXPECT(EAFNOSUPPORT, errno);
	EXPECT(-1, socket(AF_PACKET, SOCK_RAW, 0));
	EXPECT(EAFNOSUPPORT, errno);
#endif
	return 0;
}

static int trace_others(void)
{
	if (!enter().restricts_calls)
		return NOT_RESTRICTED;
#if !IS_SANITIZED
	EXPECT(-1, ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
	EXPECT(EPERM, errno);
#endif
	EXPECT(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static void expect_of_child(int (*attempt)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(attempt() & 0xFF);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NOT_RESTRICTED) {
		print_message("# this kernel has no Landlock, or no seccomp filters\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void files_are_used_as_it_was_allowed(void **state)
{
	(void)state;
	expect_of_child(use_files);
}

static void no_program_is_run(void **state)
{
	(void)state;
	expect_of_child(run_programs);
}

static void sockets_are_of_the_families_that_daemons_use(void **state)
{
	(void)state;
	expect_of_child(open_sockets);
}

static void no_process_is_traced_and_none_gets_more_rights(void **state)
{
	(void)state;
	expect_of_child(trace_others);
}

TEST_GROUP(sandbox)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_used_as_it_was_allowed, make_folders,
		                                remove_folders),
		cmocka_unit_test(no_program_is_run),
		cmocka_unit_test(sockets_are_of_the_families_that_daemons_use),
		cmocka_unit_test(no_process_is_traced_and_none_gets_more_rights),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
