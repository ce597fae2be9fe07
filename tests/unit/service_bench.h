/* SPDX-License-Identifier: MIT */
/* srvsvc over a real table and a real policy, called as an RPC service calls it. */
#ifndef TESTS_SERVICE_BENCH_H
#define TESTS_SERVICE_BENCH_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/ndr_writer.h"
#include "rpc/call.h"
#include "srvsvc/server.h"
#include "srvsvc/interface.h"

/* Who calls: each is another one to the policy. */
enum who { ADMINISTRATOR, OPERATOR, STRANGER, ANONYMOUS, WHO_COUNT };

struct bench {
	struct srvsvc_server service;
	struct session_owner owner; /* of all sessions: one that it shall close is removed */
	uint32_t *ids;              /* of those that were ever added */
	size_t id_count;
	struct identity *identities[WHO_COUNT];
	int64_t now_ms;
	unsigned told;                 /* events */
	struct srvsvc_event event;     /* the last one, without its texts */
	char client[2048], user[2048]; /* its texts; "-" for NULL */
	char also[2048];               /* the names, each with a semicolon behind it */
	uint32_t groups[16]; /* of the first sessions, by the order in which they were added */
	struct wire_writer stub, answer;
};

void bench_init(struct bench *b, const char *preset);
void bench_fini(struct bench *b);

/* Adds a session that is removed when somebody closes it. Returns its id. */
uint32_t bench_add(struct bench *b, const struct session_facts *facts);

/* Calls with what was put into stub, which must not be in the way of the answer. Returns the
 * fault, 0 for none. */
uint32_t bench_call(struct bench *b, enum who who, uint16_t opnum);

/* Calls with every beginning of what was put into stub: each must fault, and nothing is told or
 * answered. */
void bench_assert_cut_stubs_fault(struct bench *b, uint16_t opnum);

#endif
