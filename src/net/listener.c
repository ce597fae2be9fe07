/* SPDX-License-Identifier: MIT */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "net/address.h"
#include "net/uv.h"

#define STEP "listen"

enum {
	BACKLOG = 1024,
	ACCEPTS_A_TURN = 16,    /* then existing connections have their turn */
	OUT_OF_SOCKETS_MS = 100 /* until accept is tried again: the queue stays readable */
};

static int listener_fail_errno(struct err *err, int socket, const char *text)
{
	NET_API_STATUS status = errno == EACCES || errno == EPERM ? ERROR_ACCESS_DENIED
	                        : errno == ENOMEM                 ? ERROR_NOT_ENOUGH_MEMORY
	                                                          : ERROR_BUSY;

	err_set(err, status, STEP, text);
	if (socket >= 0)
		close(socket);
	return -1;
}

static const char *listener_explain_errno(void)
{
	switch (errno) {
	case EADDRINUSE:
		return "another process already listens there";
	case EADDRNOTAVAIL:
		return "this computer does not have this address";
	case EACCES:
		return "permission denied: a port below 1024 needs CAP_NET_BIND_SERVICE, a path needs "
		       "a folder that this user may write to";
	case ENOENT:
		return "its folder does not exist";
	case EAFNOSUPPORT:
		return "this computer does not support this network protocol";
	default:
		return "the system refuses a socket at this address";
	}
}

int net_listen_tcp(const union net_address *address, struct err *err)
{
	int s = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t bytes = address->any.sa_family == AF_INET6 ? sizeof address->v6
	                                                     : sizeof address->v4;
	const int on = 1;

	if (s < 0)
		return listener_fail_errno(err, s, listener_explain_errno());
	(void)setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	/* [::] means IPv6 only, so that 0.0.0.0 can be listened on beside it. */
	if (address->any.sa_family == AF_INET6)
		(void)setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(s, &address->any, bytes) != 0 || listen(s, BACKLOG) != 0)
		return listener_fail_errno(err, s, listener_explain_errno());
	return s;
}

bool net_local_is_stale(const char *path)
{
	struct sockaddr_un local;
	struct stat status;
	bool is_stale;
	int probe;

	if (lstat(path, &status) != 0 || !S_ISSOCK(status.st_mode) ||
	    !net_address_local(path, &local))
		return false;
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return false;
	is_stale = connect(probe, (const struct sockaddr *)&local, sizeof local) != 0 &&
	           errno == ECONNREFUSED;
	close(probe);
	return is_stale;
}

/* Linux makes the socket's file with the permissions of the socket, less the umask. So nobody who
 * may write to the folder gets another file's permissions changed in its place, as by chmod. */
static bool listener_bind_with_mode(int s, const struct sockaddr_un *address, mode_t mode)
{
	mode_t before = umask(0);
	int error = fchmod(s, mode) != 0 ||
	                            bind(s, (const struct sockaddr *)address, sizeof *address) != 0
	                    ? errno
	                    : 0;

	(void)umask(before);
	errno = error;
	return error == 0;
}

int net_listen_local(const char *path, mode_t mode, struct err *err)
{
	struct sockaddr_un local;
	int s;

	if (!net_address_local(path, &local)) {
		errno = ENAMETOOLONG;
		return listener_fail_errno(err, -1,
		                           "the path of a Unix socket has at most 107 bytes");
	}
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return listener_fail_errno(err, s, listener_explain_errno());
	if (net_local_is_stale(path))
		(void)unlink(path);
	if (!listener_bind_with_mode(s, &local, mode) || listen(s, BACKLOG) != 0)
		return listener_fail_errno(err, s, listener_explain_errno());
	return s;
}

struct net_listener {
	uv_poll_t poll; /* its data is the listener */
	struct net_loop *loop;
	int socket;
	bool is_freed; /* maybe by accepted: the rest of that turn accepts nothing */
	struct net_timer *retry;
	void (*accepted)(void *context, int socket);
	void *context;
};

static void listener_on_poll(uv_poll_t *poll, int status, int events);

static void listener_watch(struct net_listener *l)
{
	if (l->retry == NULL)
		uv_poll_start(&l->poll, UV_READABLE, listener_on_poll);
	else
		uv_poll_stop(&l->poll);
}

static void listener_on_retry(void *context)
{
	struct net_listener *l = context;

	net_timer_stop(l->retry);
	l->retry = NULL;
	listener_watch(l);
}

/* A peer that was switched off, or whose cable was pulled, closes nothing: the kernel asks after a
 * minute of silence, and ends the connection after another one. Its own default is two hours. */
static const struct {
	int level, name, value;
} listener_options[] = {
	{ IPPROTO_TCP, TCP_NODELAY, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 60 },  /* seconds */
	{ IPPROTO_TCP, TCP_KEEPINTVL, 15 }, /* seconds */
	{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 120000 }, /* ms; where an answer was on its way to it */
};

/* These have no effect on a Unix socket. */
static void listener_prepare_socket(int socket)
{
	for (size_t i = 0; i < sizeof listener_options / sizeof *listener_options; i++)
		(void)setsockopt(socket, listener_options[i].level, listener_options[i].name,
		                 &listener_options[i].value, sizeof listener_options[i].value);
}

static void listener_on_poll(uv_poll_t *poll, int status, int events)
{
	struct net_listener *l = poll->data;

	(void)status;
	(void)events;
	for (int n = 0; n < ACCEPTS_A_TURN && !l->is_freed; n++) {
		int s = accept4(l->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (s >= 0) {
			listener_prepare_socket(s);
			l->accepted(l->context, s);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			l->retry = net_timer_start(l->loop, OUT_OF_SOCKETS_MS, listener_on_retry,
			                           l);
			listener_watch(l);
		}
		return;
	}
}

struct net_listener *net_listener_new(struct net_loop *loop, int socket,
                                      void (*accepted)(void *context, int socket), void *context)
{
	struct net_listener *l = calloc(1, sizeof *l);

	if (l == NULL || uv_poll_init_socket(loop->uv, &l->poll, socket) != 0) {
		free(l);
		close(socket);
		return NULL;
	}
	l->poll.data = l;
	l->loop = loop;
	l->socket = socket;
	l->accepted = accepted;
	l->context = context;
	listener_watch(l);
	return l;
}

static void listener_on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void net_listener_free(struct net_listener *l)
{
	if (l == NULL)
		return;
	net_timer_stop(l->retry);
	l->is_freed = true;
	uv_close((uv_handle_t *)&l->poll, listener_on_closed);
	close(l->socket);
}

bool net_socket_peer_text(int socket, char to[NET_PEER_TEXT_BYTES])
{
	union net_address address;
	socklen_t bytes = sizeof address;
	struct ip_address ip;

	if (getpeername(socket, &address.any, &bytes) != 0)
		return false;
	net_address_to_ip(&address, &ip);
	(void)ip_address_bracketed_text(&ip, to);
	return true;
}

bool net_socket_peer_process(int socket, uid_t *uid, gid_t *gid, pid_t *pid)
{
	struct ucred peer;
	socklen_t bytes = sizeof peer;

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0)
		return false;
	*uid = peer.uid;
	*gid = peer.gid;
	*pid = peer.pid;
	return true;
}
