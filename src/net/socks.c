/* SPDX-License-Identifier: MIT */
#include "net/socks.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <winerror.h>
#include "net/stream.h"

enum {
	SOCKS_VERSION = 5,
	NO_AUTHENTICATION = 0,
	COMMAND_CONNECT = 1,
	ADDRESS_IPV4 = 1,
	ADDRESS_NAME = 3,
	ADDRESS_IPV6 = 4,
	/* Of a reply: as much as shows how long its address is. */
	REPLY_HEAD_BYTES = 5,
	MOST_REPLY_BYTES = 4 + 1 + 255 + 2,
	MOST_NAME_BYTES = 255,
};

struct net_socks {
	struct net_loop *loop;
	struct net_dial *dial;
	struct net_stream *stream;
	char host[MOST_NAME_BYTES + 1];
	uint16_t port;
	uint8_t in[MOST_REPLY_BYTES];
	size_t used, wanted;
	/* What a whole message of the proxy is for. */
	void (*take)(struct net_socks *socks);
	void (*connected)(void *context, int socket, const struct err *);
	void *context;
};

void net_socks_cancel(struct net_socks *socks)
{
	if (socks == NULL)
		return;
	net_dial_cancel(socks->dial);
	net_stream_close(socks->stream);
	free(socks);
}

static void socks_finish(struct net_socks *socks, int socket, const struct err *err)
{
	void (*connected)(void *, int, const struct err *) = socks->connected;
	void *context = socks->context;
	const struct err failure = *err;

	net_socks_cancel(socks);
	connected(context, socket, &failure);
}

static void socks_fail(struct net_socks *socks, NET_API_STATUS status, const char *step,
                       const char *text)
{
	struct err err = { 0 };

	err_set(&err, status, step, text);
	socks_finish(socks, -1, &err);
}

/* ---- RFC 1928, the replies ---- */

/* RFC 1928 6. What the proxy says of the host is the host's failure. */
static void socks_fail_with_reply(struct net_socks *socks, uint8_t reply)
{
	static const char *const of_host[] = {
		[1] = "the proxy cannot connect to the server",
		[3] = "the proxy has no route to the server's network",
		[4] = "the proxy cannot reach the server, or does not know its name",
		[5] = "the server refuses the proxy's connection",
		[6] = "the way from the proxy to the server is too long",
	};

	if (reply < sizeof of_host / sizeof *of_host && of_host[reply] != NULL)
		socks_fail(socks, ERROR_BAD_NETPATH, "connect", of_host[reply]);
	else if (reply == 2)
		socks_fail(socks, ERROR_NETWORK_ACCESS_DENIED, NET_SOCKS_STEP,
		           "the rules of the proxy do not allow this connection");
	else
		socks_fail(socks, ERROR_BAD_NET_RESP, NET_SOCKS_STEP,
		           "the proxy does not support the request");
}

/* The whole reply has arrived. */
static void socks_take_reply(struct net_socks *socks)
{
	const struct err none = { 0 };
	int socket = net_stream_release(socks->stream);

	socks->stream = NULL;
	if (socket >= 0)
		socks_finish(socks, socket, &none);
	else
		socks_fail(socks, ERROR_NETNAME_DELETED, NET_SOCKS_STEP, NULL);
}

/* The address at which the proxy connects says nothing here, but has to be read. */
static void socks_take_reply_head(struct net_socks *socks)
{
	const uint8_t *in = socks->in;

	if (in[0] != SOCKS_VERSION) {
		socks_fail(socks, ERROR_BAD_NET_RESP, NET_SOCKS_STEP,
		           "the proxy does not speak SOCKS 5");
		return;
	}
	if (in[1] != 0) {
		socks_fail_with_reply(socks, in[1]);
		return;
	}
	socks->wanted = in[3] == ADDRESS_IPV4   ? 4 + 4 + 2
	                : in[3] == ADDRESS_IPV6 ? 4 + 16 + 2
	                                        : 4 + 1 + (size_t)in[4] + 2;
	socks->take = socks_take_reply;
}

/* RFC 1928 4. */
static void socks_send_request(struct net_socks *socks)
{
	uint8_t request[4 + 1 + MOST_NAME_BYTES + 2] = { SOCKS_VERSION, COMMAND_CONNECT };
	struct ip_address address;
	size_t used = 4, bytes = strlen(socks->host);
	const void *from = socks->host;

	if (!ip_address_parse(socks->host, &address)) {
		request[3] = ADDRESS_NAME;
		request[used++] = (uint8_t)bytes;
	} else if (ip_address_is_v4(&address)) {
		request[3] = ADDRESS_IPV4;
		from = address.bytes + IP_ADDRESS_V4_AT;
		bytes = 4;
	} else {
		request[3] = ADDRESS_IPV6;
		from = address.bytes;
		bytes = 16;
	}
	memcpy(request + used, from, bytes);
	used += bytes;
	request[used++] = (uint8_t)(socks->port >> 8);
	request[used++] = (uint8_t)socks->port;
	socks->used = 0;
	socks->wanted = REPLY_HEAD_BYTES;
	socks->take = socks_take_reply_head;
	if (!net_stream_send(socks->stream, request, used))
		socks_fail(socks, ERROR_NOT_ENOUGH_MEMORY, NET_SOCKS_STEP, NULL);
}

static void socks_take_method(struct net_socks *socks)
{
	if (socks->in[0] != SOCKS_VERSION)
		socks_fail(socks, ERROR_BAD_NET_RESP, NET_SOCKS_STEP,
		           "the proxy does not speak SOCKS 5");
	else if (socks->in[1] != NO_AUTHENTICATION)
		socks_fail(socks, ERROR_NETWORK_ACCESS_DENIED, NET_SOCKS_STEP,
		           "the proxy requires authentication, which netsession does not have");
	else
		socks_send_request(socks);
}

/* ---- the network ---- */

/* No more than belongs to the proxy: what follows is the host's. */
static uint8_t *socks_on_space(void *context, size_t *room)
{
	struct net_socks *socks = context;

	*room = socks->wanted - socks->used;
	return socks->in + socks->used;
}

static void socks_on_received(void *context, size_t bytes)
{
	struct net_socks *socks = context;

	socks->used += bytes;
	if (socks->used == socks->wanted)
		socks->take(socks);
}

static void socks_on_ended(void *context, const struct err *err)
{
	struct net_socks *socks = context;

	socks_fail(socks, err->status, NET_SOCKS_STEP, "the proxy closed the connection");
}

static void socks_on_dialed(void *context, int socket, const struct err *err)
{
	static const struct net_stream_handler handler = { socks_on_space, socks_on_received,
		                                           socks_on_ended, NULL };
	static const uint8_t greeting[] = { SOCKS_VERSION, 1, NO_AUTHENTICATION };
	struct net_socks *socks = context;

	socks->dial = NULL;
	if (socket < 0) {
		socks_fail(socks, err->status, NET_SOCKS_STEP, err_text(err));
		return;
	}
	socks->wanted = 2;
	socks->take = socks_take_method;
	socks->stream = net_stream_new(socks->loop, socket, &handler, socks);
	if (socks->stream == NULL || !net_stream_send(socks->stream, greeting, sizeof greeting))
		socks_fail(socks, ERROR_NOT_ENOUGH_MEMORY, NET_SOCKS_STEP, NULL);
}

struct net_socks *net_socks_start(struct net_loop *loop, const struct net_addresses *proxy,
                                  const char *host, uint16_t port,
                                  void (*connected)(void *context, int socket, const struct err *),
                                  void *context)
{
	struct net_socks *socks = calloc(1, sizeof *socks);

	if (socks == NULL)
		return NULL;
	socks->loop = loop;
	socks->port = port;
	socks->connected = connected;
	socks->context = context;
	(void)strncpy(socks->host, host, MOST_NAME_BYTES);
	socks->dial = net_dial_start(loop, proxy, socks_on_dialed, socks);
	if (socks->dial == NULL) {
		free(socks);
		return NULL;
	}
	return socks;
}
