/* SPDX-License-Identifier: MIT */
/* What became of a host in a sweep, as the outputs and the store get it. */
#ifndef NETSESSION_SWEPT_HOST_H
#define NETSESSION_SWEPT_HOST_H

#include "fleet/sweep.h"
#include "results.h"

struct swept_host {
	struct server_result result;
	char address[IP_ADDRESS_TEXT_BYTES]; /* where its port is open; "": nowhere */
	enum host_outcome outcome;
	unsigned attempts;
	int64_t answered_ms; /* since 1970 */
	char time[32];       /* the same, UTC */
};

#endif
