/* SPDX-License-Identifier: MIT */
#include "net/stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "net/uv.h"

#define STEP "connect"

#define NEXT_ATTEMPT_MS 250 /* RFC 8305 section 5: Connection Attempt Delay */
#define QUEUE_FULL_MS   20

struct dial_attempt {
	uv_poll_t poll; /* its data is the attempt */
	struct net_dial *dial;
	int socket;
};

struct net_dial {
	struct net_loop *loop;
	struct net_addresses addresses;
	struct sockaddr_un local; /* its family is 0 where addresses are used */
	struct dial_attempt *attempts[NET_MAX_ADDRESSES]; /* NULL when they have ended */
	unsigned begun, failed;
	struct net_timer *timer;
	struct err first_err;
	void (*dialed)(void *context, int socket, const struct err *);
	void *context;
};

static void dial_begin_next(struct net_dial *dial);

static void dial_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* Ends the attempt, and gives its socket. */
static int dial_take_socket(struct dial_attempt *attempt)
{
	int socket = attempt->socket;

	for (unsigned i = 0; i < attempt->dial->begun; i++)
		if (attempt->dial->attempts[i] == attempt)
			attempt->dial->attempts[i] = NULL;
	uv_close((uv_handle_t *)&attempt->poll, dial_on_closed);
	return socket;
}

/* Ends the dial and all its attempts. */
static void dial_end_attempts(struct net_dial *dial)
{
	for (unsigned i = 0; i < dial->begun; i++)
		if (dial->attempts[i] != NULL)
			close(dial_take_socket(dial->attempts[i]));
	net_timer_stop(dial->timer);
	free(dial);
}

static void dial_finish_with(struct net_dial *dial, int socket)
{
	void (*dialed)(void *, int, const struct err *) = dial->dialed;
	void *context = dial->context;
	struct err err = dial->first_err;

	dial_end_attempts(dial);
	dialed(context, socket, &err);
}

static bool dial_is_local(const struct net_dial *dial)
{
	return dial->local.sun_family == AF_UNIX;
}

static void dial_attempt_failed(struct net_dial *dial, int error)
{
	if (dial_is_local(dial))
		net_uv_local_error(&dial->first_err, error, STEP);
	else
		net_uv_error(&dial->first_err, error, STEP);
	dial->failed++;
	if (dial->begun < dial->addresses.count)
		dial_begin_next(dial);
	else if (dial->failed == dial->begun)
		dial_finish_with(dial, -1);
}

static void dial_on_poll(uv_poll_t *poll, int status, int events)
{
	struct dial_attempt *attempt = poll->data;
	struct net_dial *dial = attempt->dial;
	int socket = dial_take_socket(attempt), error = 0;
	socklen_t bytes = sizeof error;

	(void)status; /* SO_ERROR is more precise */
	(void)events;
	if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0)
		error = errno;
	if (error == 0) {
		dial_finish_with(dial, socket);
	} else {
		close(socket);
		dial_attempt_failed(dial, uv_translate_sys_error(error));
	}
}

/* Gives a socket that is connecting to address; -1 and *error: it failed at once. */
static int dial_begin_connect(const struct sockaddr *address, int *error)
{
	const int one = 1;
	socklen_t bytes = address->sa_family == AF_INET6  ? sizeof(struct sockaddr_in6)
	                  : address->sa_family == AF_UNIX ? sizeof(struct sockaddr_un)
	                                                  : sizeof(struct sockaddr_in);
	int made = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (made < 0) {
		*error = uv_translate_sys_error(errno);
		return -1;
	}
	if (address->sa_family != AF_UNIX)
		(void)setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	/* EINTR, too, means that it is still connecting. */
	if (connect(made, address, bytes) != 0 && errno != EINPROGRESS && errno != EINTR) {
		*error = uv_translate_sys_error(errno);
		close(made);
		return -1;
	}
	return made;
}

/* Gives an attempt; NULL and *error: it failed at once. */
static struct dial_attempt *dial_begin_attempt(struct net_dial *dial,
                                               const struct sockaddr *address, int *error)
{
	struct dial_attempt *attempt = calloc(1, sizeof *attempt);

	*error = UV_ENOMEM;
	if (attempt == NULL)
		return NULL;
	attempt->dial = dial;
	attempt->socket = dial_begin_connect(address, error);
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
	uv_poll_start(&attempt->poll, UV_WRITABLE, dial_on_poll);
	return attempt;
}

static void dial_on_timer(void *context)
{
	struct net_dial *dial = context;

	if (dial->begun < dial->addresses.count)
		dial_begin_next(dial);
}

/* The queue of a Unix socket is full, and the system does not report when it has room: connect(2),
 * EAGAIN. */
static void dial_retry_later(struct net_dial *dial)
{
	dial->begun--;
	dial->timer = net_timer_start(dial->loop, QUEUE_FULL_MS, dial_on_timer, dial);
	if (dial->timer == NULL) {
		dial->begun++;
		dial_attempt_failed(dial, UV_ENOMEM);
	}
}

static void dial_begin_next(struct net_dial *dial)
{
	unsigned index = dial->begun++;
	struct dial_attempt *attempt;
	int error;

	net_timer_stop(dial->timer);
	dial->timer = NULL;
	attempt = dial_begin_attempt(dial,
	                             dial_is_local(dial) ? (const struct sockaddr *)&dial->local
	                                                 : &dial->addresses.list[index].any,
	                             &error);
	dial->attempts[index] = attempt;
	if (attempt == NULL && error == UV_EAGAIN && dial_is_local(dial))
		dial_retry_later(dial);
	else if (attempt == NULL)
		dial_attempt_failed(dial, error);
	else if (dial->begun < dial->addresses.count)
		dial->timer = net_timer_start(dial->loop, NEXT_ATTEMPT_MS, dial_on_timer, dial);
}

static void dial_on_start(void *context)
{
	dial_begin_next(context);
}

static struct net_dial *dial_start(struct net_loop *loop,
                                   void (*dialed)(void *context, int socket, const struct err *),
                                   void *context)
{
	struct net_dial *dial = calloc(1, sizeof *dial);

	if (dial == NULL)
		return NULL;
	dial->loop = loop;
	dial->dialed = dialed;
	dial->context = context;
	/* In the loop's next turn, so that dialed is never called from here. */
	dial->timer = net_timer_start(loop, 0, dial_on_start, dial);
	if (dial->timer == NULL) {
		free(dial);
		return NULL;
	}
	return dial;
}

struct net_dial *net_dial_start(struct net_loop *loop, const struct net_addresses *addresses,
                                void (*dialed)(void *context, int socket, const struct err *),
                                void *context)
{
	struct net_dial *dial = dial_start(loop, dialed, context);

	if (dial != NULL)
		dial->addresses = *addresses;
	return dial;
}

struct net_dial *net_dial_start_local(struct net_loop *loop, const struct sockaddr_un *address,
                                      void (*dialed)(void *context, int socket, const struct err *),
                                      void *context)
{
	struct net_dial *dial = dial_start(loop, dialed, context);

	if (dial != NULL) {
		dial->local = *address;
		dial->addresses.count = 1;
	}
	return dial;
}

void net_dial_cancel(struct net_dial *dial)
{
	if (dial != NULL)
		dial_end_attempts(dial);
}
