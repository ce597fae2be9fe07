/* SPDX-License-Identifier: MIT */
#include "net/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/text.h"
#include "net/uv.h"

#define STEP         "run a program"
#define DEFAULT_PATH "/usr/sbin:/usr/bin:/sbin:/bin"
#define OTHER_PATHS  "/usr/local/sbin:/usr/local/bin:/usr/local/samba/sbin:/usr/local/samba/bin"
#define LEFT_OUT     " ... "

enum { FIRST_ROOM = 16384, LEAST_ROOM = 4096, PIECE_BYTES = 1024, KEPT_BYTES = 512, MIB = 1 << 20 };

/* The beginning and the end of what a program writes to stderr. */
struct kept_text {
	char first[KEPT_BYTES], last[KEPT_BYTES];
	size_t first_bytes, last_bytes;
	bool is_cut; /* something between them was dropped */
};

struct net_process {
	uv_process_t process;
	uv_pipe_t stdout_pipe, stderr_pipe; /* our ends */
	uv_timer_t deadline;
	unsigned open_handles; /* of these four */
	bool is_running, is_stdout_open, is_stderr_open;
	size_t max_output_bytes;
	uint32_t deadline_ms;
	size_t room; /* of result.output */
	const char *const *complaints;
	size_t complaint_bytes[NET_PROCESS_COMPLAINTS]; /* of each, with which stderr ends so far */
	char piece[PIECE_BYTES];
	struct kept_text kept;
	struct net_process_result result;
	void (*ended)(void *context, const struct net_process_result *result);
	void *context;
};

/* ---- where programs are ---- */

static bool net_process_is_in(const char *folder, size_t folder_bytes, const char *name,
                              char to[PATH_MAX])
{
	int length = snprintf(to, PATH_MAX, "%.*s/%s", (int)folder_bytes, folder, name);

	/* A relative folder in PATH depends on the caller's working directory. */
	return folder[0] == '/' && length > 0 && length < PATH_MAX && access(to, X_OK) == 0;
}

bool net_process_find(const char *name, const char *first, char to[PATH_MAX])
{
	const char *lists[] = { first, getenv("PATH"), DEFAULT_PATH ":" OTHER_PATHS };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		for (const char *at = lists[i]; at != NULL && *at != '\0';) {
			size_t bytes = strcspn(at, ":");

			if (bytes > 0 && net_process_is_in(at, bytes, name, to))
				return true;
			at += bytes + (at[bytes] == ':');
		}
	return false;
}

/* ---- the end of a process ---- */

static void net_process_on_closed(uv_handle_t *handle)
{
	struct net_process *p = handle->data;

	if (--p->open_handles > 0)
		return;
	if (p->ended != NULL)
		p->ended(p->context, &p->result);
	else
		free(p->result.output);
	free(p);
}

static void net_process_close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, net_process_on_closed);
}

static void net_process_close_pipes(struct net_process *p)
{
	net_process_close_handle((uv_handle_t *)&p->stdout_pipe);
	net_process_close_handle((uv_handle_t *)&p->stderr_pipe);
	p->is_stdout_open = p->is_stderr_open = false;
}

/* Appends text to a line of `used` bytes. Blanks and control characters become one blank. */
static size_t net_process_append_line(char *line, size_t used, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		bool is_blank = (unsigned char)text[i] <= ' ' || text[i] == 0x7F;

		if (!is_blank)
			line[used++] = text[i];
		else if (used > 0 && line[used - 1] != ' ')
			line[used++] = ' ';
	}
	return used;
}

static void net_process_set_stderr_text(struct net_process *p)
{
	const struct kept_text *k = &p->kept;
	char line[2 * KEPT_BYTES + sizeof LEFT_OUT], *to = p->result.stderr_text;
	size_t used = net_process_append_line(line, 0, k->first, k->first_bytes);
	const size_t most = sizeof p->result.stderr_text - 1, half = (most - strlen(LEFT_OUT)) / 2;

	if (k->is_cut)
		used = net_process_append_line(line, used, LEFT_OUT, strlen(LEFT_OUT));
	used = net_process_append_line(line, used, k->last, k->last_bytes);
	while (used > 0 && line[used - 1] == ' ')
		used--;
	if (used <= most) {
		memcpy(to, line, used);
	} else {
		memcpy(to, line, half);
		memcpy(to + half, LEFT_OUT, strlen(LEFT_OUT));
		memcpy(to + half + strlen(LEFT_OUT), line + used - half, half);
	}
	text_utf8_make_valid(to);
}

static void net_process_end_if_over(struct net_process *p)
{
	if (p->is_running || p->is_stdout_open || p->is_stderr_open)
		return;
	net_process_set_stderr_text(p);
	net_process_close_handle((uv_handle_t *)&p->process);
	net_process_close_handle((uv_handle_t *)&p->deadline);
	net_process_close_pipes(p);
}

/* Until the process is reaped, its id, which is also that of its group, belongs to no other
 * process. Afterwards the id may, so what the program left behind when it ended stays. */
static void net_process_kill(struct net_process *p)
{
	if (p->is_running)
		(void)kill(-p->process.pid, SIGKILL);
	net_process_close_pipes(p);
	net_process_end_if_over(p);
}

static void net_process_on_exited(uv_process_t *process, int64_t status, int signal)
{
	struct net_process *p = process->data;

	p->is_running = false;
	p->result.exit = signal != 0 ? -1 : (int)status;
	net_process_end_if_over(p);
}

static void net_process_on_deadline(uv_timer_t *timer)
{
	struct net_process *p = timer->data;

	err_format(&p->result.err, ERROR_TIMEOUT, STEP,
	           p->is_running ? "the program did not end within %g s and was killed"
	                         : "the program has ended, but a process that it started held its "
	                           "output open for %g s",
	           p->deadline_ms / 1000.0);
	net_process_kill(p);
}

/* ---- output ---- */

static void net_process_on_stdout_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_process *p = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(NULL, 0);
	if (p->room - p->result.output_bytes < LEAST_ROOM) {
		size_t room = p->room == 0 ? FIRST_ROOM : 2 * p->room;
		char *grown = realloc(p->result.output, room);

		if (grown == NULL)
			return;
		p->result.output = grown;
		p->room = room;
	}
	/* One byte is for the NUL. */
	*buffer = uv_buf_init(p->result.output + p->result.output_bytes,
	                      (unsigned)(p->room - p->result.output_bytes - 1));
}

static void net_process_on_stdout(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct net_process *p = stream->data;

	(void)buffer;
	if (got > 0)
		p->result.output_bytes += (size_t)got;
	if (p->result.output != NULL)
		p->result.output[p->result.output_bytes] = '\0';
	if (p->result.output_bytes > p->max_output_bytes) {
		const bool is_mib = p->max_output_bytes % MIB == 0;

		err_format(&p->result.err, ERROR_BUFFER_OVERFLOW, STEP,
		           "the program wrote more than %zu %s and was killed",
		           p->max_output_bytes / (is_mib ? MIB : 1), is_mib ? "MiB" : "bytes");
		net_process_kill(p);
	} else if (got == UV_ENOBUFS) {
		err_set(&p->result.err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		net_process_kill(p);
	} else if (got < 0) {
		p->is_stdout_open = false;
		net_process_end_if_over(p);
	}
}

static void net_process_on_stderr_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_process *p = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(p->piece, sizeof p->piece);
}

/* Returns whether the complaint is complete; used: how much of it came before. */
static bool net_process_find_complaint(const char *complaint, size_t *used, const char *piece,
                                       size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (piece[i] != complaint[*used])
			*used = 0;
		*used += piece[i] == complaint[*used];
		if (complaint[*used] == '\0')
			return true;
	}
	return false;
}

static void net_process_find_complaints(struct net_process *p, const char *piece, size_t bytes)
{
	for (unsigned i = 0; p->complaints != NULL && p->complaints[i] != NULL; i++)
		if ((p->result.complained & 1u << i) == 0 &&
		    net_process_find_complaint(p->complaints[i], &p->complaint_bytes[i], piece,
		                               bytes))
			p->result.complained |= 1u << i;
}

/* Errors stand at the end, and what led to them at the beginning. */
static void net_process_keep_stderr(struct kept_text *k, const char *piece, size_t bytes)
{
	size_t room = sizeof k->first - k->first_bytes, first = bytes < room ? bytes : room;

	memcpy(k->first + k->first_bytes, piece, first);
	k->first_bytes += first;
	for (size_t i = first; i < bytes; i++) {
		if (k->last_bytes == sizeof k->last) {
			k->is_cut = true;
			k->last_bytes /= 2;
			memmove(k->last, k->last + sizeof k->last - k->last_bytes, k->last_bytes);
		}
		k->last[k->last_bytes++] = piece[i];
	}
}

static void net_process_on_stderr(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct net_process *p = stream->data;

	if (got > 0)
		net_process_find_complaints(p, buffer->base, (size_t)got);
	if (got > 0)
		net_process_keep_stderr(&p->kept, buffer->base, (size_t)got);
	if (got >= 0)
		return;
	p->is_stderr_open = false;
	net_process_end_if_over(p);
}

bool net_process_succeeded(const struct net_process_result *result, const char *name,
                           struct err *err)
{
	const char *said = result->stderr_text, *colon = said[0] != '\0' ? ": " : "";

	if (result->err.status != NERR_Success)
		err_format(err, result->err.status, STEP, "%s: %s%s%s", name,
		           err_text(&result->err), colon, said);
	else if (result->exit < 0)
		err_format(err, ERROR_GEN_FAILURE, STEP, "%s was ended by a signal%s%s", name,
		           colon, said);
	else if (result->exit != 0)
		err_format(err, ERROR_GEN_FAILURE, STEP, "%s ended with exit status %d%s%s", name,
		           result->exit, colon, said);
	else
		return true;
	return false;
}

/* ---- the beginning of a process ---- */

static int net_process_spawn(struct net_loop *loop, struct net_process *p, const char *const argv[],
                             char *path)
{
	static char locale[] = "LC_ALL=C.UTF-8", utc[] = "TZ=UTC0";
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&p->stdout_pipe },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&p->stderr_pipe },
	};
	uv_process_options_t options = {
		.exit_cb = net_process_on_exited,
		.file = argv[0],
		.args = (char **)argv,
		.flags = UV_PROCESS_DETACHED, /* a group of its own, which is killed with it */
		.stdio_count = sizeof stdio / sizeof *stdio,
		.stdio = stdio,
	};

	options.env = (char *[]){ path, locale, utc, NULL };
	return uv_spawn(loop->uv, &p->process, &options);
}

/* libuv learns by SIGCHLD that a program has ended. Whoever started us may have blocked that
 * signal, and a signal mask survives exec. */
static void net_process_unblock_sigchld(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	(void)pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

struct net_process *
net_process_start(struct net_loop *loop, const struct net_process_settings *settings,
                  void (*ended)(void *context, const struct net_process_result *result),
                  void *context, struct err *err)
{
	struct net_process *p = calloc(1, sizeof *p);
	const char *ours = getenv("PATH");
	char *path;
	int error;

	if (p == NULL || asprintf(&path, "PATH=%s", ours != NULL ? ours : DEFAULT_PATH) < 0) {
		free(p);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return NULL;
	}
	p->max_output_bytes = settings->max_output_bytes;
	p->deadline_ms = settings->deadline_ms;
	p->complaints = settings->complaints;
	p->context = context;
	p->process.data = p->stdout_pipe.data = p->stderr_pipe.data = p->deadline.data = p;
	p->open_handles = 4;
	(void)uv_pipe_init(loop->uv, &p->stdout_pipe, 0);
	(void)uv_pipe_init(loop->uv, &p->stderr_pipe, 0);
	(void)uv_timer_init(loop->uv, &p->deadline);
	net_process_unblock_sigchld();
	error = net_process_spawn(loop, p, settings->argv, path);
	free(path);
	if (error != 0) {
		err_format(err, error == UV_ENOMEM ? ERROR_NOT_ENOUGH_MEMORY : ERROR_GEN_FAILURE,
		           STEP, "%s cannot be started: %s", settings->argv[0], uv_strerror(error));
		net_process_end_if_over(p);
		return NULL;
	}
	p->ended = ended;
	p->is_running = p->is_stdout_open = p->is_stderr_open = true;
	(void)uv_read_start((uv_stream_t *)&p->stdout_pipe, net_process_on_stdout_room,
	                    net_process_on_stdout);
	(void)uv_read_start((uv_stream_t *)&p->stderr_pipe, net_process_on_stderr_room,
	                    net_process_on_stderr);
	uv_update_time(loop->uv);
	(void)uv_timer_start(&p->deadline, net_process_on_deadline, settings->deadline_ms, 0);
	return p;
}

void net_process_cancel(struct net_process *p)
{
	if (p == NULL)
		return;
	p->ended = NULL;
	net_process_kill(p);
}

/* ---- without a loop of the caller's ---- */

static void net_process_on_run_ended(void *context, const struct net_process_result *result)
{
	*(struct net_process_result *)context = *result;
}

bool net_process_run(const struct net_process_settings *settings, struct net_process_result *result,
                     struct err *err)
{
	struct net_loop *loop = net_loop_new();
	bool has_ended;

	*result = (struct net_process_result){ 0 };
	if (loop == NULL) {
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		return false;
	}
	has_ended = net_process_start(loop, settings, net_process_on_run_ended, result, err) !=
	            NULL;
	net_loop_run(loop);
	net_loop_free(loop);
	if (!has_ended || result->err.status == NERR_Success)
		return has_ended;
	*err = result->err;
	free(result->output);
	result->output = NULL;
	return false;
}
