/* SPDX-License-Identifier: MIT */
#include "system/companion.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/locale.h"

#define STEP "run a program"

/* Sockets from systemd, and files that whoever started us has left open, are not the companion's.
 */
static void companion_close_files(void)
{
	if (syscall(SYS_close_range, 3u, ~0u, 0u) != 0)
		for (int fd = 3; fd < 1024; fd++)
			(void)close(fd);
}

__attribute__((noreturn)) static void companion_execute(const char *const argv[], int socket)
{
	static const char *const ours[] = { "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
		                            "NOTIFY_SOCKET", "WATCHDOG_USEC" };
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGCHLD, SIG_DFL);
	(void)setsid();
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		(void)unsetenv(ours[i]);
	if (dup2(socket, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0) {
		companion_close_files();
		(void)execv(argv[0], (char *const *)argv);
	}
	_exit(127);
}

int companion_start(const char *const argv[], struct err *err)
{
	int sockets[2];
	pid_t child;

	if (access(argv[0], X_OK) != 0) {
		err_set_errno(err, STEP, argv[0]);
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
		err_set_errno(err, STEP, argv[0]);
		return -1;
	}
	(void)signal(SIGCHLD, SIG_IGN); /* nobody waits for it */
	child = fork();
	if (child == 0)
		companion_execute(argv, sockets[1]);
	if (child < 0)
		err_format(err, ERROR_GEN_FAILURE, STEP, "%s cannot be started: %s", argv[0],
		           locale_error_text(errno));
	(void)close(sockets[1]);
	if (child < 0)
		(void)close(sockets[0]);
	return child > 0 ? sockets[0] : -1;
}
