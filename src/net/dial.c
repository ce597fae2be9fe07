/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "net/uv.h"

#define DOING "connect"

#define NEXT_ATTEMPT_MS 250 /* RFC 8305 section 5: Connection Attempt Delay */
#define QUEUE_FULL_MS   20

struct attempt {
	uv_poll_t poll; /* its data is the attempt */
	struct net_dial *dial;
	int socket;
};

struct net_dial {
	struct net_loop *loop;
	struct net_addresses addresses;
	struct attempt *attempts[NET_MAX_ADDRESSES]; /* NULL once they are over */
	unsigned begun, failed;
	struct net_timer *timer;
	struct err first_err;
	void (*dialed)(void *context, int socket, const struct err *);
	void *context;
};

static void begin_next(struct net_dial *dial);

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Gives the attempt's socket, and ends it. */
static int take_socket(struct attempt *attempt)
{
	int socket = attempt->socket;

	for (unsigned i = 0; i < attempt->dial->begun; i++)
		if (attempt->dial->attempts[i] == attempt)
			attempt->dial->attempts[i] = NULL;
	uv_close((uv_handle_t *)&attempt->poll, on_closed);
	return socket;
}

/* Ends the dial, and all attempts that are under way. */
static void dismiss(struct net_dial *dial)
{
	for (unsigned i = 0; i < dial->begun; i++)
		if (dial->attempts[i] != NULL)
			close(take_socket(dial->attempts[i]));
	net_timer_stop(dial->timer);
	free(dial);
}

static void finish(struct net_dial *dial, int socket)
{
	void (*dialed)(void *, int, const struct err *) = dial->dialed;
	void *context = dial->context;
	struct err err = dial->first_err;

	dismiss(dial);
	dialed(context, socket, &err);
}

static bool is_local(const struct net_dial *dial)
{
	return dial->addresses.list[0].ss_family == AF_UNIX;
}

static void attempt_failed(struct net_dial *dial, int error)
{
	if (is_local(dial))
		net_uv_local_error(&dial->first_err, error, DOING);
	else
		net_uv_error(&dial->first_err, error, DOING);
	dial->failed++;
	if (dial->begun < dial->addresses.count)
		begin_next(dial);
	else if (dial->failed == dial->begun)
		finish(dial, -1);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct attempt *attempt = poll->data;
	struct net_dial *dial = attempt->dial;
	int socket = take_socket(attempt), error = 0;
	socklen_t bytes = sizeof error;

	(void)status; /* the socket knows it better */
	(void)events;
	if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0)
		error = errno;
	if (error == 0) {
		finish(dial, socket);
	} else {
		close(socket);
		attempt_failed(dial, uv_translate_sys_error(error));
	}
}

/* A socket that is on its way to address; -1 and *error: it failed at once. */
static int begin_connect(const struct sockaddr_storage *address, int *error)
{
	const int one = 1;
	socklen_t bytes = address->ss_family == AF_INET6  ? sizeof(struct sockaddr_in6)
	                  : address->ss_family == AF_UNIX ? sizeof(struct sockaddr_un)
	                                                  : sizeof(struct sockaddr_in);
	int made = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (made < 0) {
		*error = uv_translate_sys_error(errno);
		return -1;
	}
	if (address->ss_family != AF_UNIX)
		(void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	/* EINTR, too, leaves it on its way. */
	if (connect(made, (const struct sockaddr *)address, bytes) != 0 && errno != EINPROGRESS &&
	    errno != EINTR) {
		*error = uv_translate_sys_error(errno);
		close(made);
		return -1;
	}
	return made;
}

/* NULL and *error: it failed at once. */
static struct attempt *begin(struct net_dial *dial, const struct sockaddr_storage *address,
                             int *error)
{
	struct attempt *attempt = calloc(1, sizeof *attempt);

	*error = UV_ENOMEM;
	if (attempt == NULL)
		return NULL;
	attempt->dial = dial;
	attempt->socket = begin_connect(address, error);
	if (attempt->socket < 0) {
		free(attempt);
		return NULL;
	}
	*error = uv_poll_init_socket(dial->loop->uv, &attempt->poll, attempt->socket);
	if (*error != 0) {
		close(attempt->socket);
		free(attempt);
		return NULL;
	}
	attempt->poll.data = attempt;
	uv_poll_start(&attempt->poll, UV_WRITABLE, on_poll);
	return attempt;
}

static void on_timer(void *context)
{
	struct net_dial *dial = context;

	if (dial->begun < dial->addresses.count)
		begin_next(dial);
}

/* A Unix socket's queue is full, and nothing will tell when it is not: connect(2), EAGAIN. */
static void try_again_later(struct net_dial *dial)
{
	dial->begun--;
	dial->timer = net_timer_start(dial->loop, QUEUE_FULL_MS, on_timer, dial);
	if (dial->timer == NULL) {
		dial->begun++;
		attempt_failed(dial, UV_ENOMEM);
	}
}

static void begin_next(struct net_dial *dial)
{
	unsigned index = dial->begun++;
	struct attempt *attempt;
	int error;

	net_timer_stop(dial->timer);
	dial->timer = NULL;
	attempt = begin(dial, &dial->addresses.list[index], &error);
	dial->attempts[index] = attempt;
	if (attempt == NULL && error == UV_EAGAIN && is_local(dial))
		try_again_later(dial);
	else if (attempt == NULL)
		attempt_failed(dial, error);
	else if (dial->begun < dial->addresses.count)
		dial->timer = net_timer_start(dial->loop, NEXT_ATTEMPT_MS, on_timer, dial);
}

static void on_start(void *context)
{
	begin_next(context);
}

struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, int socket, const struct err *),
                                void *context)
{
	struct net_dial *dial = calloc(1, sizeof *dial);

	if (dial == NULL)
		return NULL;
	dial->loop = loop;
	dial->addresses = *addresses;
	dial->dialed = dialed;
	dial->context = context;
	/* A turn later, so that dialed is never called from here. */
	dial->timer = net_timer_start(loop, 0, on_start, dial);
	if (dial->timer == NULL) {
		free(dial);
		return NULL;
	}
	return dial;
}

void net_dial_cancel(struct net_dial *dial)
{
	if (dial != NULL)
		dismiss(dial);
}
