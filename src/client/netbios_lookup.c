/* SPDX-License-Identifier: MIT */
#include "client/netbios_lookup.h"

#include <stdlib.h>
#include <string.h>
#include "crypto/crypto.h"
#include "wire/nbns_query.h"
#include "net/datagram.h"

/* How often a query is sent, and how long to wait for an answer each time: RFC 1002 6; but for a
 * WINS server 1.5 seconds instead of 5, as [MS-NBTE] 3.1.2 says. */
static const struct netbios_retries {
	unsigned tries;
	uint32_t each_ms;
} broadcast_retries = { 3, 250 }, wins_retries = { 3, 1500 };

/* How much time a server may ask for; the deadline of the call comes before that. */
#define MAX_WAIT_S 60

struct netbios_lookup {
	struct net_loop *loop;
	struct nbns_query query;
	uint16_t port; /* of what is found */
	struct sockaddr_in to[NET_MAX_BROADCASTS];
	unsigned to_count;
	const struct netbios_retries *retries;
	unsigned sent; /* queries */
	struct net_datagram *socket;
	struct net_timer *timer;
	void (*found)(void *context, enum netbios_outcome, const struct net_addresses *);
	void *context;
};

void netbios_lookup_cancel(struct netbios_lookup *lookup)
{
	if (lookup == NULL)
		return;
	net_datagram_close(lookup->socket);
	net_timer_stop(lookup->timer);
	free(lookup);
}

static void netbios_lookup_finish(struct netbios_lookup *lookup, enum netbios_outcome outcome,
                                  const struct net_addresses *addresses)
{
	void (*found)(void *, enum netbios_outcome, const struct net_addresses *) = lookup->found;
	void *context = lookup->context;

	netbios_lookup_cancel(lookup);
	found(context, outcome, addresses);
}

static void netbios_lookup_finish_without(struct netbios_lookup *lookup,
                                          enum netbios_outcome outcome)
{
	static const struct net_addresses none;

	netbios_lookup_finish(lookup, outcome, &none);
}

static void netbios_lookup_finish_with(struct netbios_lookup *lookup,
                                       const struct nbns_answer *answer)
{
	struct net_addresses addresses = { 0 };

	for (; addresses.count < answer->count && addresses.count < NET_MAX_ADDRESSES;
	     addresses.count++) {
		struct sockaddr_in *to = (struct sockaddr_in *)&addresses.list[addresses.count];

		to->sin_family = AF_INET;
		to->sin_port = htons(lookup->port);
		memcpy(&to->sin_addr, answer->addresses[addresses.count], sizeof to->sin_addr);
	}
	netbios_lookup_finish(lookup, NETBIOS_FOUND, &addresses);
}

/* ---- queries ---- */

static void netbios_lookup_on_timer(void *context);

static bool netbios_lookup_wait(struct netbios_lookup *lookup, uint32_t ms)
{
	net_timer_stop(lookup->timer);
	lookup->timer = net_timer_start(lookup->loop, ms, netbios_lookup_on_timer, lookup);
	return lookup->timer != NULL;
}

/* Whether the query was sent on at least one network. */
static bool netbios_lookup_send(struct netbios_lookup *lookup)
{
	struct wire_writer w = { 0 };
	bool sent = false;

	nbns_query_encode(&w, &lookup->query);
	for (unsigned i = 0; i < lookup->to_count && !w.failed; i++) {
		struct err err = { 0 }; /* of one try on one network: the next may go better */

		if (net_datagram_send(lookup->socket, &lookup->to[i], w.data, w.len, &err) ==
		    NERR_Success)
			sent = true;
	}
	wire_writer_fini(&w);
	return sent;
}

/* No answer came in time, or no query was sent yet. */
static void netbios_lookup_on_timer(void *context)
{
	struct netbios_lookup *lookup = context;
	bool is_broadcast = lookup->query.is_broadcast;

	if (lookup->sent == lookup->retries->tries) {
		netbios_lookup_finish_without(lookup,
		                              is_broadcast ? NETBIOS_UNKNOWN : NETBIOS_SILENT);
		return;
	}
	lookup->sent++;
	if (!netbios_lookup_send(lookup))
		netbios_lookup_finish_without(lookup, is_broadcast ? NETBIOS_NOT_ASKED
		                                                   : NETBIOS_UNREACHABLE);
	else if (!netbios_lookup_wait(lookup, lookup->retries->each_ms))
		netbios_lookup_finish_without(lookup, NETBIOS_NOT_ASKED);
}

/* ---- answers ---- */

static bool netbios_lookup_expects(const struct netbios_lookup *lookup,
                                   const struct sockaddr_in *from)
{
	return from->sin_port == htons(NBNS_PORT) &&
	       (lookup->query.is_broadcast ||
	        from->sin_addr.s_addr == lookup->to[0].sin_addr.s_addr);
}

static void netbios_lookup_on_received(void *context, const struct sockaddr_in *from,
                                       const uint8_t *data, size_t bytes)
{
	struct netbios_lookup *lookup = context;
	bool is_broadcast = lookup->query.is_broadcast;
	struct nbns_answer answer;
	struct wire_reader r;
	uint32_t wait_ms;

	wire_reader_init(&r, data, bytes);
	if (!netbios_lookup_expects(lookup, from))
		return;
	nbns_answer_decode(&r, &lookup->query, &answer);
	if (r.error != NULL)
		return;
	/* Of a broadcast, only an owner of the name counts. */
	if (is_broadcast && answer.verdict != NBNS_FOUND && answer.verdict != NBNS_IS_GROUP)
		return;
	switch (answer.verdict) {
	case NBNS_FOUND:
		netbios_lookup_finish_with(lookup, &answer);
		break;
	case NBNS_IS_GROUP:
		netbios_lookup_finish_without(lookup, NETBIOS_GROUP);
		break;
	case NBNS_UNKNOWN:
		netbios_lookup_finish_without(lookup, NETBIOS_UNKNOWN);
		break;
	case NBNS_WAIT:
		wait_ms = 1000 * (answer.wait_s < MAX_WAIT_S ? answer.wait_s : MAX_WAIT_S);
		if (wait_ms < lookup->retries->each_ms)
			wait_ms = lookup->retries->each_ms;
		if (!netbios_lookup_wait(lookup, wait_ms))
			netbios_lookup_finish_without(lookup, NETBIOS_NOT_ASKED);
		break;
	case NBNS_REFUSED:
	case NBNS_REDIRECT: /* the query asked for recursion: such a server is not set up for
	                       clients */
		netbios_lookup_finish_without(lookup, NETBIOS_REFUSED);
		break;
	}
}

static void netbios_lookup_set_servers(struct netbios_lookup *lookup, const struct in_addr *wins)
{
	if (wins != NULL) {
		lookup->to[0] = (struct sockaddr_in){ .sin_family = AF_INET,
			                              .sin_port = htons(NBNS_PORT),
			                              .sin_addr = *wins };
		lookup->to_count = 1;
		lookup->retries = &wins_retries;
	} else {
		lookup->to_count = net_broadcasts(lookup->to, NBNS_PORT);
		lookup->retries = &broadcast_retries;
	}
}

struct netbios_lookup *netbios_lookup_start(struct net_loop *loop, const char *host, uint16_t port,
                                            const struct in_addr *wins,
                                            void (*found)(void *context, enum netbios_outcome,
                                                          const struct net_addresses *),
                                            void *context)
{
	struct netbios_lookup *lookup = calloc(1, sizeof *lookup);
	struct err err = { 0 };

	if (lookup == NULL)
		return NULL;
	lookup->loop = loop;
	lookup->port = port;
	lookup->found = found;
	lookup->context = context;
	lookup->query.is_broadcast = wins == NULL;
	nbns_name_encode(lookup->query.name, host, NBNS_FILE_SERVER);
	netbios_lookup_set_servers(lookup, wins);
	/* A turn later, so that found is never called from here. */
	if (!crypto_random(&lookup->query.id, sizeof lookup->query.id) ||
	    net_datagram_open(loop, netbios_lookup_on_received, lookup, &lookup->socket, &err) !=
	            NERR_Success ||
	    !netbios_lookup_wait(lookup, 0)) {
		netbios_lookup_cancel(lookup);
		return NULL;
	}
	return lookup;
}
