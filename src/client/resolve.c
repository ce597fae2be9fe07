/* SPDX-License-Identifier: MIT */
#include "client/resolve.h"

#include <stdlib.h>
#include <string.h>
#include "client/server_name.h"
#include "crypto/crypto.h"
#include "nbns/name_query.h"
#include "net/datagram.h"

#define DOING "resolve"

/* RFC 1002 6: a broadcast is asked three times, 250 ms apart; a name server too, but further
 * apart. There it says five seconds, which nobody waits for today. */
enum { TRIES = 3, BROADCAST_MS = 250, WINS_MS = 1500 };

struct resolve {
	struct net_loop *loop;
	char host[SERVER_NAME_MAX_BYTES + 1];
	uint16_t port;
	struct net_addresses wins; /* none: a broadcast */
	void (*found)(void *context, const struct net_addresses *, const struct err *);
	void *context;

	struct net_lookup *lookup;
	struct net_datagram *datagram;
	struct net_timer *timer;
	struct net_addresses asked; /* of NetBIOS */
	uint16_t id;
	unsigned tries;
};

void resolve_cancel(struct resolve *r)
{
	if (r == NULL)
		return;
	net_lookup_cancel(r->lookup);
	net_datagram_close(r->datagram);
	net_timer_stop(r->timer);
	free(r);
}

static void finish(struct resolve *r, const struct net_addresses *addresses, const struct err *err)
{
	void (*found)(void *, const struct net_addresses *, const struct err *) = r->found;
	void *context = r->context;

	r->lookup = NULL;
	resolve_cancel(r);
	found(context, addresses, err);
}

static void fail(struct resolve *r, NET_API_STATUS status, const char *why)
{
	const struct net_addresses none = { .count = 0 };
	struct err err = { 0 };

	err_set(&err, status, DOING, why);
	finish(r, &none, &err);
}

/* ---- NetBIOS ---- */

static bool is_from_asked(const struct resolve *r, const struct sockaddr_in *from)
{
	const struct sockaddr_in *wins = (const struct sockaddr_in *)&r->wins.list[0];

	return ntohs(from->sin_port) == NBNS_PORT &&
	       (r->wins.count == 0 || from->sin_addr.s_addr == wins->sin_addr.s_addr);
}

static void on_received(void *context, const struct sockaddr_in *from, const uint8_t *data,
                        size_t bytes)
{
	uint8_t addresses[NBNS_MAX_ADDRESSES][4];
	struct net_addresses answer = { .count = 0 };
	const struct err none = { 0 };
	struct resolve *r = context;
	struct wire_reader reader;
	enum nbns_answer kind;
	unsigned count;

	wire_reader_init(&reader, data, bytes);
	kind = nbns_answer_decode(&reader, r->id, r->host, addresses, &count);
	if (kind == NBNS_ANOTHERS || !is_from_asked(r, from))
		return;
	if (kind == NBNS_NEGATIVE) {
		if (r->wins.count > 0) /* it knows; of a network, another may */
			fail(r, ERROR_BAD_NETPATH,
			     "neither DNS nor the WINS server knows that name");
		return;
	}
	for (; answer.count < count && answer.count < NET_MAX_ADDRESSES; answer.count++) {
		struct sockaddr_in *one = (struct sockaddr_in *)&answer.list[answer.count];

		one->sin_family = AF_INET;
		one->sin_port = htons(r->port);
		memcpy(&one->sin_addr, addresses[answer.count], 4);
	}
	finish(r, &answer, &none);
}

static void ask(void *context)
{
	struct resolve *r = context;
	bool is_broadcast = r->wins.count == 0;
	struct wire_writer query = { 0 };

	net_timer_stop(r->timer);
	r->timer = NULL;
	if (r->tries++ == TRIES) {
		fail(r, ERROR_BAD_NETPATH,
		     is_broadcast
		             ? "neither DNS nor NetBIOS on this network knows that name"
		             : "DNS does not know that name, and the WINS server does not answer");
		return;
	}
	nbns_query_encode(&query, r->id, r->host, is_broadcast);
	for (unsigned i = 0; i < r->asked.count && !query.failed; i++)
		net_datagram_send(r->datagram, (const struct sockaddr_in *)&r->asked.list[i],
		                  query.data, query.len);
	wire_writer_fini(&query);
	r->timer = net_timer_start(r->loop, is_broadcast ? BROADCAST_MS : WINS_MS, ask, r);
	if (r->timer == NULL)
		fail(r, ERROR_NOT_ENOUGH_MEMORY, NULL);
}

/* False: there is nobody to ask. */
static bool begin_netbios(struct resolve *r)
{
	if (!nbns_name_fits(r->host) || !crypto_random(&r->id, sizeof r->id))
		return false;
	r->asked = r->wins;
	if (r->asked.count == 0)
		net_broadcast_addresses(NBNS_PORT, &r->asked);
	if (r->asked.count > 0)
		r->datagram = net_datagram_new(r->loop, on_received, r);
	if (r->datagram == NULL)
		return false;
	ask(r);
	return true;
}

/* ---- the system's resolver ---- */

static void on_found(void *context, const struct net_addresses *addresses, const struct err *err)
{
	struct resolve *r = context;

	r->lookup = NULL;
	if (addresses->count > 0 || err->status != ERROR_BAD_NETPATH || !begin_netbios(r))
		finish(r, addresses, err);
}

struct resolve *
resolve_start(struct net_loop *loop, const char *host, uint16_t port, const char *wins,
              void (*found)(void *context, const struct net_addresses *, const struct err *),
              void *context)
{
	struct resolve *r = calloc(1, sizeof *r);

	if (r == NULL)
		return NULL;
	r->loop = loop;
	r->port = port;
	r->found = found;
	r->context = context;
	strncpy(r->host, host, sizeof r->host - 1);
	if (wins[0] != '\0')
		(void)net_address_parse(wins, NBNS_PORT, &r->wins);
	r->lookup = net_lookup_start(loop, host, port, on_found, r);
	if (r->lookup == NULL) {
		free(r);
		return NULL;
	}
	return r;
}
