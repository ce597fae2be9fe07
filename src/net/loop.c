/* SPDX-License-Identifier: MIT */
#include "net/loop.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include "net/uv.h"

struct net_loop *net_loop_new(void)
{
	struct net_loop *loop = calloc(1, sizeof *loop);

	if (loop != NULL && uv_loop_init(&loop->own) != 0) {
		free(loop);
		return NULL;
	}
	if (loop == NULL)
		return NULL;
	loop->uv = &loop->own;
	TAILQ_INIT(&loop->finishing);
	return loop;
}

struct net_loop *net_loop_new_on(struct uv_loop_s *uv)
{
	struct net_loop *loop = calloc(1, sizeof *loop);

	if (loop == NULL)
		return NULL;
	loop->uv = uv;
	TAILQ_INIT(&loop->finishing);
	return loop;
}

void net_loop_free(struct net_loop *loop)
{
	int busy;

	if (loop != NULL && loop->uv == &loop->own) {
		(void)uv_run(loop->uv, UV_RUN_NOWAIT); /* for what was closed and not run since */
		busy = uv_loop_close(loop->uv);
		assert(busy == 0);
		(void)busy;
	}
	free(loop);
}

void net_loop_run(struct net_loop *loop)
{
	(void)uv_run(loop->uv, UV_RUN_DEFAULT);
}

struct net_timer {
	uv_timer_t uv;
	void (*fired)(void *context);
	void *context;
};

static void timer_on_fired(uv_timer_t *uv)
{
	struct net_timer *timer = uv->data;

	timer->fired(timer->context);
}

static void timer_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct net_timer *net_timer_start(struct net_loop *loop, uint32_t after_ms,
                                  void (*fired)(void *context), void *context)
{
	struct net_timer *timer = calloc(1, sizeof *timer);

	if (timer == NULL)
		return NULL;
	timer->fired = fired;
	timer->context = context;
	timer->uv.data = timer;
	uv_timer_init(loop->uv, &timer->uv);
	uv_update_time(loop->uv);
	uv_timer_start(&timer->uv, timer_on_fired, after_ms, 0);
	return timer;
}

void net_timer_stop(struct net_timer *timer)
{
	if (timer != NULL)
		uv_close((uv_handle_t *)&timer->uv, timer_on_closed);
}

struct uv_meaning {
	int uv;
	NET_API_STATUS status;
	const char *text;
};

/* False: it is not among them. */
static bool uv_error_explain(const struct uv_meaning *meanings, size_t count, struct err *err,
                             int uv_error, const char *step)
{
	for (size_t i = 0; i < count; i++)
		if (meanings[i].uv == uv_error) {
			err_set(err, meanings[i].status, step, meanings[i].text);
			return true;
		}
	return false;
}

#define EXPLAIN(meanings, err, uv_error, step) \
	uv_error_explain(meanings, sizeof meanings / sizeof *meanings, err, uv_error, step)

void net_uv_error(struct err *err, int uv_error, const char *step)
{
	static const struct uv_meaning meanings[] = {
		{ UV_ECONNREFUSED, ERROR_BAD_NETPATH,
		  "connection refused: nothing listens on that port" },
		{ UV_EHOSTUNREACH, ERROR_BAD_NETPATH, "no route to the host" },
		{ UV_ENETUNREACH, ERROR_BAD_NETPATH, "no route to the network" },
		{ UV_EADDRNOTAVAIL, ERROR_BAD_NETPATH, "no route to that kind of address" },
		{ UV_EACCES, ERROR_BAD_NETPATH, "a firewall of this machine forbids it" },
		{ UV_EPERM, ERROR_BAD_NETPATH, "a firewall of this machine forbids it" },
		{ UV_ETIMEDOUT, ERROR_TIMEOUT, "the host does not answer" },
		{ UV_ECONNRESET, ERROR_NETNAME_DELETED, "the server dropped the connection" },
		{ UV_EPIPE, ERROR_NETNAME_DELETED, "the server dropped the connection" },
		{ UV_EOF, ERROR_NETNAME_DELETED, "the server closed the connection" },
		{ UV_ENOMEM, ERROR_NOT_ENOUGH_MEMORY, NULL },
		{ UV_ENOBUFS, ERROR_NOT_ENOUGH_MEMORY, NULL },
		{ UV_EMFILE, ERROR_TOO_MANY_OPEN_FILES, "no file descriptor is left" },
		{ UV_ENFILE, ERROR_TOO_MANY_OPEN_FILES, "no file descriptor is left" },
	};

	if (!EXPLAIN(meanings, err, uv_error, step))
		err_set(err, ERROR_UNEXP_NET_ERR, step, uv_strerror(uv_error));
}

void net_uv_local_error(struct err *err, int uv_error, const char *step)
{
	static const struct uv_meaning meanings[] = {
		{ UV_ENOENT, NERR_ServerNotStarted, "its socket is not there" },
		{ UV_ENOTDIR, NERR_ServerNotStarted, "its socket is not there" },
		{ UV_ECONNREFUSED, NERR_ServerNotStarted, "nobody listens at its socket" },
		{ UV_EACCES, ERROR_ACCESS_DENIED, "the socket's permissions keep you out" },
		{ UV_EPERM, ERROR_ACCESS_DENIED, "the socket's permissions keep you out" },
	};

	if (!EXPLAIN(meanings, err, uv_error, step))
		net_uv_error(err, uv_error, step);
}
