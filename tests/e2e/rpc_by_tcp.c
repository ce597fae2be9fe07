/* SPDX-License-Identifier: MIT */
/* An RPC server on a TCP port of 127.0.0.1, for those who test RPC servers: the port is its only
 * argument. Beside the management interface it offers one of netlogon's uuid whose operation 4, as
 * NetrServerReqChallenge, gives 8 bytes and a status. It serves until it is ended. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "rpc/call.h"
#include "rpc/service.h"

#define MAX_CALLERS 16

static uint32_t call_netlogon(void *context, uint16_t opnum, struct wire_reader *stub,
                              struct wire_writer *answer)
{
	(void)context;
	(void)stub;
	if (opnum != 4)
		return RPC_FAULT_OP_RNG_ERROR;
	wire_put_zeros(answer, 8 + 4);
	return 0;
}

static const struct rpc_interface netlogon = {
	.syntax = { { 0x12345678, 0x1234, 0xabcd, { 0xef, 0, 1, 0x23, 0x45, 0x67, 0xcf, 0xfb } },
	            1,
	            0 },
	.call = call_netlogon,
};

static struct caller {
	int socket;
	struct rpc_service *rpc;
} callers[MAX_CALLERS];

static size_t count;

static int listen_at(uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		                       .sin_port = htons(port),
		                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
	    bind(s, (struct sockaddr *)&address, sizeof address) != 0 || listen(s, 16) != 0) {
		perror("rpc_by_tcp");
		exit(1);
	}
	return s;
}

static void part(size_t i)
{
	(void)close(callers[i].socket);
	rpc_service_free(callers[i].rpc);
	callers[i] = callers[--count];
}

/* False: the caller has to be parted with. */
static bool serve(struct caller *c)
{
	uint8_t space[65536];
	struct wire_writer out = { 0 };
	ssize_t got = recv(c->socket, space, sizeof space, 0);
	bool is_good = got > 0 && rpc_service_feed(c->rpc, space, (size_t)got);
	size_t left;

	while (rpc_service_pending(c->rpc) > 0)
		(void)rpc_service_read(c->rpc, &out, SIZE_MAX, &left);
	if (out.len > 0 && send(c->socket, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		is_good = false;
	wire_writer_fini(&out);
	return is_good && !rpc_service_is_over(c->rpc);
}

int main(int argc, char **argv)
{
	static const struct rpc_interface *const interfaces[] = { &netlogon };
	struct rpc_endpoint endpoint = {
		.interfaces = interfaces,
		.interface_count = 1,
		.secondary_address = argc == 2 ? argv[1] : "",
		.max_request_bytes = 4 << 20,
	};
	int listener = listen_at((uint16_t)atoi(endpoint.secondary_address));

	puts("serves");
	(void)fflush(stdout);
	for (;;) {
		struct pollfd fds[MAX_CALLERS + 1] = { { .fd = listener, .events = POLLIN } };

		for (size_t i = 0; i < count; i++)
			fds[i + 1] = (struct pollfd){ .fd = callers[i].socket, .events = POLLIN };
		(void)poll(fds, count + 1, -1);
		for (size_t i = count; i-- > 0;)
			if (fds[i + 1].revents != 0 && !serve(&callers[i]))
				part(i);
		if (fds[0].revents != 0 && count < MAX_CALLERS)
			callers[count++] = (struct caller){ accept(listener, NULL, NULL),
				                            rpc_service_new(&endpoint, NULL) };
	}
}
