/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdint.h>
#include <lmcons.h>
#include <lmerr.h>

/* How something failed: what a Net* caller sees, and the story beside it.
 * All zero means that nothing failed. All texts are static. */
struct err {
	NET_API_STATUS status;
	uint32_t nt;       /* NTSTATUS from the peer, 0 when it gave none */
	const char *doing; /* the step: "TREE_CONNECT IPC$" */
	const char *why;   /* what was found there, NULL when the status says it all */
};

/* Records a failure unless one is recorded already: the first one is the cause.
 * Returns the status that stands in e. */
NET_API_STATUS err_set(struct err *e, NET_API_STATUS status, const char *doing, const char *why);

#endif
