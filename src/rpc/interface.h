/* SPDX-License-Identifier: MIT */
/* An interface that a server offers, and the endpoint that it is offered at. */
#ifndef RPC_INTERFACE_H
#define RPC_INTERFACE_H

#include <stdbool.h>
#include "rpc/bind.h"
#include "wire/writer.h"

/* Not the status of a fault. */
#define RPC_CALL_UNFINISHED UINT32_MAX

struct rpc_interface {
	struct rpc_syntax syntax;
	/* Runs one call, or a part of it: then it returns RPC_CALL_UNFINISHED, and is called once
	 * more for the same call, when others have had their turn. Until then answer stays empty.
	 * stub stands at the start of the request's stub, and knows its byte order. Appends the
	 * stub of the answer, little-endian, to answer. Returns 0, or the status of a fault (C706
	 * N.2): then nothing was done. Must neither feed nor free the server. */
	uint32_t (*call)(void *context, uint16_t opnum, struct wire_reader *stub,
	                 struct wire_writer *answer);
	/* Callers whose log-on by RPC does not protect calls are refused: somebody between a user
	 * and a server the user logs on to could relay that log-on to this server, and call as the
	 * user. */
	bool wants_protection;
};

/* The remote management interface of rpc/management.h is offered beside interfaces. */
struct rpc_endpoint {
	const struct rpc_interface *const *interfaces;
	size_t interface_count;
	const char *secondary_address; /* "\\PIPE\\srvsvc" */
	size_t max_request_bytes;      /* of a request's stub, over all its fragments */
};

#endif
