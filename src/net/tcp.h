/* SPDX-License-Identifier: MIT */
/* Inside src/net only: what a dial makes and a stream is. */
#ifndef NET_TCP_H
#define NET_TCP_H

#include <stdbool.h>
#include "net/stream.h"
#include "net/uv.h"

struct net_stream {
	uv_tcp_t tcp; /* its data is the stream */
	bool ended;
	const struct net_stream_handler *handler;
	void *context;
};

#endif
