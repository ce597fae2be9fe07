/* SPDX-License-Identifier: MIT */
/* The host of an SMB server: it counts what it is told, and its pipes hold what tests put there. */
#ifndef TESTS_SMB_HOST_H
#define TESTS_SMB_HOST_H

#include "smb2_server/server.h"

#define MAX_HOST_PIPES   80
#define PIPE_QUEUE_BYTES 262144
#define MAX_QUEUED       16
#define SERVER_TIME      0x01DC5E0000000000u
#define SRVSVC           "srvsvc"

extern const struct smb2_server_host host_functions;

struct host_pipe {
	bool is_open;
	size_t written; /* bytes, and the last of them */
	uint8_t last_written[64];
	uint8_t *data; /* the messages queued, one after another */
	size_t lengths[MAX_QUEUED], first, count, begin;
};

extern struct host {
	struct smb2_server_session *asking; /* its token waits for a judgement */
	uint8_t token[64];
	size_t token_bytes;
	bool is_out_of_memory; /* when a token comes */
	unsigned came, changed, used, went;
	uint64_t previous; /* the session that close_previous named */
	bool echoes;       /* what is written comes back as a message */
	bool breaks;       /* a write breaks its pipe */
	bool is_over;      /* nothing comes behind what is in the pipes */
	struct host_pipe pipes[MAX_HOST_PIPES];
	size_t pipe_count; /* opened so far */
} host;

/* Queues a message, to be read from the pipe opened as number i. */
void host_put(size_t i, const void *data, size_t bytes);
unsigned host_open_pipes(void);

#endif
