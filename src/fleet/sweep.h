/* SPDX-License-Identifier: MIT */
/* Asks thousands of hosts for their sessions, on one loop: a look-up of the name, a check of the
 * port, and a call of the library with its own deadline. Hosts are asked in random order
 * and side by side, within the limits of the settings. */
#ifndef FLEET_SWEEP_H
#define FLEET_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <netsession.h>
#include "base/ip_address.h"
#include "fleet/outcome.h"

struct sweep_settings {
	/* What each host is asked, and its time limit. server is not used. */
	struct netsession_query query;
	uint32_t connect_ms;  /* for the check of the port */
	uint32_t concurrency; /* hosts that are asked at once; at least 1 */
	uint32_t per_network; /* of them in one IPv4 /24 or IPv6 /64 network; 0: any number */
	uint32_t rate;        /* hosts that are begun in a second; 0: any number */
	uint32_t jitter_ms;   /* a host begins late by a random time up to this */
	uint32_t retries;     /* further attempts where another one may succeed */
	uint32_t backoff_ms;  /* before the first of them; twice as long before each further one */
	/* The sweep ends when so many hosts have refused the password since one has accepted it.
	 * Until one accepts it, no more hosts get it than are left to that number. 0: no limit. */
	uint32_t max_log_on_failures;
	bool in_order; /* as listed, and not in random order */
};

/* What became of a host. All is borrowed until the handler returns. */
struct sweep_result {
	const char *name;                    /* as the sweep got it */
	char address[IP_ADDRESS_TEXT_BYTES]; /* where its port is open; "": nowhere */
	enum host_outcome outcome;
	const struct netsession_error *error;
	struct netsession_page **pages; /* a handler that keeps them sets NULL, and 0 */
	size_t page_count;
	uint64_t sessions; /* in the pages */
	unsigned attempts;
	int64_t answered_ms; /* when the last attempt ended; since 1970 */
};

struct sweep_counts {
	size_t total, done, in_flight;
	size_t outcomes[OUTCOME_COUNT];
	uint64_t sessions;
};

/* Both are called from the loop. */
struct sweep_handler {
	/* A host is done. False ends the sweep. */
	bool (*on_result)(void *context, struct sweep_result *result);
	/* Called ten times a second. False ends the sweep. */
	bool (*on_tick)(void *context, const struct sweep_counts *counts);
	/* Called when all hosts are begun and another one could be: gives further names, if there
	 * are some now, which live until their results. False: the sweep may end when all that are
	 * begun are done; until then it is called again. NULL: there are no further names. */
	bool (*on_more)(void *context, char *const **names, size_t *count);
};

enum sweep_end {
	SWEEP_FINISHED, /* each host has a result */
	SWEEP_STOPPED,  /* the handler wanted it */
	SWEEP_LOCK_OUT, /* max_log_on_failures */
	SWEEP_OUT_OF_MEMORY,
};

/* Asks all hosts: names are servers as struct netsession_query takes them. Fills counts. A host
 * that was being asked when the sweep was ended has no result. */
enum sweep_end sweep_run(const struct sweep_settings *settings, char *const names[], size_t count,
                         const struct sweep_handler *handler, void *context,
                         struct sweep_counts *counts);

#endif
