/* SPDX-License-Identifier: MIT */
#include "net/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <winerror.h>

/* ---- where it is ---- */

static bool samba_program_is_in(const char *folder, size_t folder_bytes, const char *name,
                                char to[PATH_MAX])
{
	int length = snprintf(to, PATH_MAX, "%.*s/%s", (int)folder_bytes, folder, name);

	/* What PATH says by a relative path is whatever the caller stands in. */
	return folder[0] == '/' && length > 0 && length < PATH_MAX && access(to, X_OK) == 0;
}

bool samba_program_find(const char *name, const char *first, char to[PATH_MAX])
{
	static const char wont[] = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:"
				   "/usr/local/samba/sbin:/usr/local/samba/bin";
	const char *lists[] = { first, getenv("PATH"), wont };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const char *at = lists[i]; at != NULL && *at != '\0';) {
			size_t bytes = strcspn(at, ":");

			if (bytes > 0 && samba_program_is_in(at, bytes, name, to))
				return true;
			at += bytes + (at[bytes] == ':');
		}
	return false;
}

/* ---- one run ---- */

struct samba_program_job {
	int fds[2]; /* its stdout and stderr, here; -1: ended */
	char *texts[2];
	size_t used[2], room[2];
	pid_t pid;
	int64_t ends_ms;
};

static int64_t samba_program_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Ours with the C locale, whose words are parsed. Only the array is the caller's to free. */
static char **samba_program_environment(void)
{
	static char c_locale[] = "LC_ALL=C";
	size_t count = 0, used = 0;
	char **made;

	while (environ != NULL && environ[count] != NULL)
		count++;
	made = calloc(count + 2, sizeof *made);
	if (made == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "LC_ALL=", 7) != 0)
			made[used++] = environ[i];
	made[used] = c_locale;
	return made;
}

static int samba_program_spawn(struct samba_program_job *r, const char *const argv[],
                               const int to[2])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	char **environment = samba_program_environment();
	int status = environment == NULL ? ENOMEM : 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigfillset(&all);
	/* Its own group, so that what it starts is ended with it. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	                                              POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	if (status == 0)
		status = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	for (int i = 0; i < 2 && status == 0; i++)
		status = posix_spawn_file_actions_adddup2(&actions, to[i], 1 + i);
	if (status == 0)
		status = posix_spawn(&r->pid, argv[0], &actions, &attributes, (char **)argv,
		                     environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(environment);
	return status;
}

static const char *samba_program_start(struct samba_program_job *r, const char *const argv[])
{
	int out[2] = { -1, -1 }, said[2] = { -1, -1 };
	const char *why = NULL;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(said, O_CLOEXEC) != 0)
		why = "no more descriptors";
	else if (samba_program_spawn(r, argv, (int[]){ out[1], said[1] }) != 0)
		why = "it cannot be started";
	r->fds[0] = out[0];
	r->fds[1] = said[0];
	if (out[1] >= 0)
		close(out[1]);
	if (said[1] >= 0)
		close(said[1]);
	return why;
}

/* One byte more than it has is room for its end. */
static const char *samba_program_read_some(struct samba_program_job *r, int i)
{
	ssize_t got;

	if (r->room[i] - r->used[i] < 4096) {
		size_t room = r->room[i] == 0 ? 16384 : 2 * r->room[i];
		char *grown = realloc(r->texts[i], room);

		if (grown == NULL)
			return "out of memory";
		r->texts[i] = grown;
		r->room[i] = room;
	}
	got = read(r->fds[i], r->texts[i] + r->used[i], r->room[i] - r->used[i] - 1);
	if (got > 0)
		r->used[i] += (size_t)got;
	else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(r->fds[i]);
		r->fds[i] = -1;
	}
	r->texts[i][r->used[i]] = '\0';
	return r->used[i] > SAMBA_PROGRAM_OUTPUT_BYTES ? "it says more than 4 MiB" : NULL;
}

static const char *samba_program_read_all(struct samba_program_job *r)
{
	const char *why = NULL;

	while (why == NULL && (r->fds[0] >= 0 || r->fds[1] >= 0)) {
		struct pollfd polled[2] = { { r->fds[0], POLLIN, 0 }, { r->fds[1], POLLIN, 0 } };
		int64_t left = r->ends_ms - samba_program_now_ms();

		if (left <= 0 || poll(polled, 2, (int)left) == 0)
			return "it does not end within 20 s";
		for (int i = 0; i < 2 && why == NULL; i++)
			if (polled[i].fd >= 0 && polled[i].revents != 0)
				why = samba_program_read_some(r, i);
	}
	return why;
}

/* Both ends of its output are closed; the process itself may still be there. */
static const char *samba_program_await_end(struct samba_program_job *r, int *exit)
{
	int status;
	pid_t got;

	while ((got = waitpid(r->pid, &status, WNOHANG)) == 0) {
		if (samba_program_now_ms() >= r->ends_ms)
			return "it does not end within 20 s";
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	if (got != r->pid)
		return "it was lost";
	*exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->pid = 0;
	return NULL;
}

/* The last lines, as many as there is room for. */
static void samba_program_keep_stderr(char to[256], char *text)
{
	char *lines[3];
	size_t count = 0, used = 0;

	to[0] = '\0';
	for (char *at = text; at != NULL && *at != '\0';) {
		char *end = strchr(at, '\n');

		if (end != NULL)
			*end = '\0';
		if (at[strspn(at, " \t\r")] != '\0') {
			if (count == 3)
				memmove(lines, lines + 1, 2 * sizeof *lines);
			lines[count < 3 ? count++ : 2] = at;
		}
		at = end != NULL ? end + 1 : NULL;
	}
	for (size_t i = 0; i < count && used < 255; i++)
		used += (size_t)snprintf(to + used, 256 - used, "%s%s", i > 0 ? "; " : "",
		                         lines[i] + strspn(lines[i], " \t\r"));
}

bool samba_program_run(const char *const argv[], struct samba_program_output *output,
                       struct err *err)
{
	struct samba_program_job r = {
		.fds = { -1, -1 }, .ends_ms = samba_program_now_ms() + SAMBA_PROGRAM_DEADLINE_MS
	};
	const char *why = samba_program_start(&r, argv);

	*output = (struct samba_program_output){ 0 };
	if (why == NULL)
		why = samba_program_read_all(&r);
	if (why == NULL)
		why = samba_program_await_end(&r, &output->exit);
	if (r.pid > 0) {
		kill(-r.pid, SIGKILL);
		while (waitpid(r.pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	for (int i = 0; i < 2; i++)
		if (r.fds[i] >= 0)
			close(r.fds[i]);
	if (why == NULL) {
		samba_program_keep_stderr(output->said, r.texts[1]);
		output->text = r.texts[0];
		r.texts[0] = NULL;
	} else {
		err_set(err, ERROR_GEN_FAILURE, "run", why);
	}
	free(r.texts[0]);
	free(r.texts[1]);
	return why == NULL;
}

void samba_program_output_fini(struct samba_program_output *output)
{
	free(output->text);
	output->text = NULL;
}
