/* SPDX-License-Identifier: MIT */
/* An RPC server on a TCP port of 127.0.0.1, for those who test RPC servers. Arguments: the port,
 * and a file of NTLM's users. Beside the management interface it offers one of netlogon's uuid
 * whose operation 4, as NetrServerReqChallenge, gives 8 bytes and a status. It serves until it is
 * ended. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "auth/protection.h"
#include "rpc/call.h"
#include "rpc/server.h"

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
	struct rpc_server *rpc;
	struct auth_acceptor *acceptor; /* NULL: it has not begun */
	uint8_t token[65536];           /* to be judged */
	size_t token_bytes;             /* 0: none is */
} *callers[MAX_CALLERS];

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

/* ---- security ---- */

static struct auth_acceptor_settings *acceptance;

static bool takes(void *context, uint8_t auth_type, uint8_t auth_level)
{
	(void)context;
	(void)auth_level;
	return auth_type == RPC_AUTH_SPNEGO || auth_type == RPC_AUTH_NTLM;
}

static bool step(void *context, const uint8_t *token, size_t bytes)
{
	struct caller *c = context;

	memcpy(c->token, token, bytes);
	c->token_bytes = bytes;
	if (c->acceptor == NULL)
		c->acceptor = auth_acceptor_new(acceptance);
	return c->acceptor != NULL;
}

static void judge(struct caller *c)
{
	static const enum rpc_auth_progress become[] = {
		[AUTH_CONTINUE] = RPC_AUTH_CONTINUES,
		[AUTH_COMPLETE] = RPC_AUTH_COMPLETE,
		[AUTH_FAILED] = RPC_AUTH_FAILED,
	};
	const uint8_t *answer = NULL;
	size_t bytes = 0, answer_bytes = 0;
	enum auth_progress progress;
	struct err err = { 0 };

	bytes = c->token_bytes;
	c->token_bytes = 0;
	progress = auth_acceptor_step(c->acceptor, c->token, bytes, &answer, &answer_bytes, &err);
	rpc_server_authenticated(c->rpc, become[progress], answer, answer_bytes);
}

static size_t token_bytes(void *context, bool seals)
{
	return auth_protection_bytes(((struct caller *)context)->acceptor, seals);
}

static struct auth_message message(const struct rpc_message *m)
{
	return (struct auth_message){ m->data, m->bytes, m->body_at, m->body_bytes, m->signs_all };
}

static bool sign(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = message(m);

	return auth_protection_sign(((struct caller *)context)->acceptor, &of_auth, token);
}

static bool verify(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = message(m);

	return auth_protection_verify(((struct caller *)context)->acceptor, &of_auth, token, bytes);
}

static bool seal(void *context, const struct rpc_message *m, uint8_t *token)
{
	struct auth_message of_auth = message(m);

	return auth_protection_seal(((struct caller *)context)->acceptor, &of_auth, token);
}

static bool unseal(void *context, const struct rpc_message *m, const uint8_t *token, size_t bytes)
{
	struct auth_message of_auth = message(m);

	return auth_protection_unseal(((struct caller *)context)->acceptor, &of_auth, token, bytes);
}

static const struct rpc_security_provider security = { takes,  step, token_bytes, sign,
	                                               verify, seal, unseal };

/* ---- callers ---- */

static void welcome(int socket, const struct rpc_endpoint *endpoint)
{
	struct caller *c = calloc(1, sizeof *c);

	c->socket = socket;
	c->rpc = rpc_server_new(endpoint, NULL);
	if (acceptance != NULL)
		rpc_server_set_security(c->rpc, &security, c);
	callers[count++] = c;
}

static void part(size_t i)
{
	struct caller *c = callers[i];

	(void)close(c->socket);
	rpc_server_free(c->rpc);
	auth_acceptor_free(c->acceptor);
	free(c);
	callers[i] = callers[--count];
}

/* False: the caller has to be parted with. */
static bool serve(struct caller *c)
{
	uint8_t space[65536];
	struct wire_writer out = { 0 };
	ssize_t got = recv(c->socket, space, sizeof space, 0);
	bool is_good = got > 0 && rpc_server_feed(c->rpc, space, (size_t)got);
	size_t left;

	do {
		if (c->token_bytes > 0)
			judge(c);
		while (rpc_server_pending(c->rpc) > 0)
			(void)rpc_server_read(c->rpc, &out, SIZE_MAX, &left);
	} while (c->token_bytes > 0);
	if (out.len > 0 && send(c->socket, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
		is_good = false;
	wire_writer_fini(&out);
	return is_good && !rpc_server_is_over(c->rpc);
}

/* Ends it without one. */
static struct auth_acceptor_settings *read_users(const char *file)
{
	struct auth_acceptor_options options = { .ntlm = true, .ntlm_users = file };
	struct auth_acceptor_settings *read;
	struct err err = { 0 };

	if (auth_acceptor_settings_new(&options, &read, &err) != NERR_Success) {
		(void)fprintf(stderr, "rpc_by_tcp: %s: %s\n", file, err.text);
		exit(1);
	}
	return read;
}

int main(int argc, char **argv)
{
	static const struct rpc_interface *const interfaces[] = { &netlogon };
	struct rpc_endpoint endpoint = {
		.interfaces = interfaces,
		.interface_count = 1,
		.secondary_address = argc > 1 ? argv[1] : "",
		.max_request_bytes = 4 << 20,
	};
	int listener = listen_at((uint16_t)atoi(endpoint.secondary_address));

	if (argc > 2)
		acceptance = read_users(argv[2]);
	puts("serves");
	(void)fflush(stdout);
	for (;;) {
		struct pollfd fds[MAX_CALLERS + 1] = { { .fd = listener, .events = POLLIN } };

		for (size_t i = 0; i < count; i++)
			fds[i + 1] = (struct pollfd){ .fd = callers[i]->socket, .events = POLLIN };
		(void)poll(fds, count + 1, -1);
		for (size_t i = count; i-- > 0;)
			if (fds[i + 1].revents != 0 && !serve(callers[i]))
				part(i);
		if (fds[0].revents != 0 && count < MAX_CALLERS)
			welcome(accept(listener, NULL, NULL), &endpoint);
	}
}
