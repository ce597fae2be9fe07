/* SPDX-License-Identifier: MIT */
#include "net/uv.h"

#include <stdbool.h>

struct uv_meaning {
	int uv;
	NET_API_STATUS status;
	const char *text;
};

/* False: meanings does not have the error. */
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
		{ UV_EACCES, ERROR_BAD_NETPATH,
		  "a firewall of this computer rejects the connection" },
		{ UV_EPERM, ERROR_BAD_NETPATH,
		  "a firewall of this computer rejects the connection" },
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
		{ UV_ENOENT, NERR_ServerNotStarted, "its socket does not exist" },
		{ UV_ENOTDIR, NERR_ServerNotStarted, "its socket does not exist" },
		{ UV_ECONNREFUSED, NERR_ServerNotStarted, "no process listens at its socket" },
		{ UV_EACCES, ERROR_ACCESS_DENIED,
		  "the permissions of its socket do not let you connect" },
		{ UV_EPERM, ERROR_ACCESS_DENIED,
		  "the permissions of its socket do not let you connect" },
	};

	if (!EXPLAIN(meanings, err, uv_error, step))
		net_uv_error(err, uv_error, step);
}
