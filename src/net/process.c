/* SPDX-License-Identifier: MIT */
#include "net/process.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "net/uv.h"

#define DOING "run"
#define PATH  "/usr/sbin:/usr/bin:/sbin:/bin"

enum { FIRST_ROOM = 16384, LEAST_ROOM = 4096, SAID_ROOM = 1024 };

struct net_process {
	uv_process_t process;
	uv_pipe_t out, said; /* its stdout and stderr, here */
	uv_timer_t deadline;
	unsigned open; /* of these four handles */
	bool is_running, is_out_open, is_said_open;
	size_t max_output_bytes;
	size_t room;
	const char *complaint;
	size_t complaint_bytes; /* of it, that its stderr ends with so far */
	size_t said_bytes;
	char said_text[SAID_ROOM];
	struct net_process_result end;
	void (*ended)(void *context, const struct net_process_result *end);
	void *context;
};

/* ---- its end ---- */

static void net_process_on_closed(uv_handle_t *handle)
{
	struct net_process *c = handle->data;

	if (--c->open > 0)
		return;
	if (c->ended != NULL)
		c->ended(c->context, &c->end);
	else
		free(c->end.output);
	free(c);
}

static void net_process_close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, net_process_on_closed);
}

static void net_process_close_streams(struct net_process *c)
{
	net_process_close_handle((uv_handle_t *)&c->out);
	net_process_close_handle((uv_handle_t *)&c->said);
	c->is_out_open = c->is_said_open = false;
}

/* One line: what is no letter of it becomes a blank, and several of those one. */
static void net_process_keep_stderr(struct net_process *c)
{
	size_t used = 0;

	for (size_t i = 0; i < c->said_bytes && used < sizeof c->end.stderr_text - 1; i++) {
		bool is_blank = (unsigned char)c->said_text[i] <= ' ' || c->said_text[i] == 0x7F;

		if (!is_blank)
			c->end.stderr_text[used++] = c->said_text[i];
		else if (used > 0 && c->end.stderr_text[used - 1] != ' ')
			c->end.stderr_text[used++] = ' ';
	}
	while (used > 0 && c->end.stderr_text[used - 1] == ' ')
		used--;
	c->end.stderr_text[used] = '\0';
}

static void net_process_end_if_over(struct net_process *c)
{
	if (c->is_running || c->is_out_open || c->is_said_open)
		return;
	net_process_keep_stderr(c);
	net_process_close_handle((uv_handle_t *)&c->process);
	net_process_close_handle((uv_handle_t *)&c->deadline);
	net_process_close_streams(c);
}

/* It leads a group of its own, until it is reaped: nobody else can have that number by then. What
 * it left behind and keeps its output open is let be. */
static void net_process_kill(struct net_process *c, const char *why)
{
	if (c->end.why == NULL)
		c->end.why = why;
	if (c->is_running)
		(void)kill(-c->process.pid, SIGKILL);
	net_process_close_streams(c);
	net_process_end_if_over(c);
}

static void net_process_on_exited(uv_process_t *process, int64_t status, int signal)
{
	struct net_process *c = process->data;

	c->is_running = false;
	c->end.exit = signal != 0 ? -1 : (int)status;
	net_process_end_if_over(c);
}

static void net_process_on_deadline(uv_timer_t *timer)
{
	net_process_kill(timer->data, "it does not end in time, and was killed");
}

/* ---- what it says ---- */

static void net_process_on_stdout_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_process *c = handle->data;

	(void)suggested;
	*buffer = uv_buf_init(NULL, 0);
	if (c->room - c->end.output_bytes < LEAST_ROOM) {
		size_t room = c->room == 0 ? FIRST_ROOM : 2 * c->room;
		char *grown = realloc(c->end.output, room);

		if (grown == NULL)
			return;
		c->end.output = grown;
		c->room = room;
	}
	/* One byte is for the end. */
	*buffer = uv_buf_init(c->end.output + c->end.output_bytes,
	                      (unsigned)(c->room - c->end.output_bytes - 1));
}

static void net_process_on_stdout(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct net_process *c = stream->data;

	(void)buffer;
	if (got > 0)
		c->end.output_bytes += (size_t)got;
	if (c->end.output != NULL)
		c->end.output[c->end.output_bytes] = '\0';
	if (c->end.output_bytes > c->max_output_bytes) {
		net_process_kill(c, "it says more than it may, and was killed");
	} else if (got == UV_ENOBUFS) {
		net_process_kill(c, "out of memory");
	} else if (got < 0) {
		c->is_out_open = false;
		net_process_end_if_over(c);
	}
}

/* Beyond its beginning it is read and dropped. */
static void net_process_on_stderr_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct net_process *c = handle->data;
	static char dropped[SAID_ROOM];

	(void)suggested;
	if (c->said_bytes < sizeof c->said_text)
		*buffer = uv_buf_init(c->said_text + c->said_bytes,
		                      (unsigned)(sizeof c->said_text - c->said_bytes));
	else
		*buffer = uv_buf_init(dropped, sizeof dropped);
}

static void net_process_find_complaint(struct net_process *c, const char *piece, size_t bytes)
{
	for (size_t i = 0; i < bytes && !c->end.has_complained; i++) {
		if (piece[i] != c->complaint[c->complaint_bytes])
			c->complaint_bytes = 0;
		c->complaint_bytes += piece[i] == c->complaint[c->complaint_bytes];
		c->end.has_complained = c->complaint[c->complaint_bytes] == '\0';
	}
}

static void net_process_on_stderr(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
	struct net_process *c = stream->data;

	if (got > 0 && c->complaint != NULL)
		net_process_find_complaint(c, buffer->base, (size_t)got);
	if (got > 0 && buffer->base == c->said_text + c->said_bytes)
		c->said_bytes += (size_t)got;
	if (got >= 0)
		return;
	c->is_said_open = false;
	net_process_end_if_over(c);
}

/* ---- its beginning ---- */

static int net_process_spawn(struct net_loop *loop, struct net_process *c, const char *const argv[],
                             char *path)
{
	static char c_locale[] = "LC_ALL=C", utc[] = "TZ=UTC0";
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&c->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		  .data.stream = (uv_stream_t *)&c->said },
	};
	uv_process_options_t options = {
		.exit_cb = net_process_on_exited,
		.file = argv[0],
		.args = (char **)argv,
		.flags = UV_PROCESS_DETACHED, /* a group of its own, which ends with it */
		.stdio_count = sizeof stdio / sizeof *stdio,
		.stdio = stdio,
	};

	options.env = (char *[]){ path, c_locale, utc, NULL };
	return uv_spawn(loop->uv, &c->process, &options);
}

static void net_process_give_up(struct net_process *c)
{
	c->ended = NULL;
	c->is_running = c->is_out_open = c->is_said_open = false;
	net_process_end_if_over(c);
}

struct net_process *
net_process_start(struct net_loop *loop, const struct net_process_settings *settings,
                  void (*ended)(void *context, const struct net_process_result *end), void *context,
                  struct err *err)
{
	struct net_process *c = calloc(1, sizeof *c);
	const char *ours = getenv("PATH");
	char *path;
	int error;

	if (c == NULL || asprintf(&path, "PATH=%s", ours != NULL ? ours : PATH) < 0) {
		free(c);
		err_set(err, ERROR_NOT_ENOUGH_MEMORY, DOING, NULL);
		return NULL;
	}
	c->max_output_bytes = settings->max_output_bytes;
	c->complaint = settings->complaint;
	c->ended = ended;
	c->context = context;
	c->process.data = c->out.data = c->said.data = c->deadline.data = c;
	c->open = 4;
	(void)uv_pipe_init(loop->uv, &c->out, 0);
	(void)uv_pipe_init(loop->uv, &c->said, 0);
	(void)uv_timer_init(loop->uv, &c->deadline);
	error = net_process_spawn(loop, c, settings->argv, path);
	free(path);
	if (error != 0) {
		err_set(err, error == UV_ENOMEM ? ERROR_NOT_ENOUGH_MEMORY : ERROR_GEN_FAILURE,
		        DOING, uv_strerror(error));
		net_process_give_up(c);
		return NULL;
	}
	c->is_running = c->is_out_open = c->is_said_open = true;
	(void)uv_read_start((uv_stream_t *)&c->out, net_process_on_stdout_room,
	                    net_process_on_stdout);
	(void)uv_read_start((uv_stream_t *)&c->said, net_process_on_stderr_room,
	                    net_process_on_stderr);
	uv_update_time(loop->uv);
	(void)uv_timer_start(&c->deadline, net_process_on_deadline, settings->deadline_ms, 0);
	return c;
}

void net_process_cancel(struct net_process *c)
{
	if (c == NULL)
		return;
	c->ended = NULL;
	net_process_kill(c, "it is not wanted any more");
}
