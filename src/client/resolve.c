/* SPDX-License-Identifier: MIT */
#include "client/resolve.h"

#include <stdlib.h>
#include <string.h>
#include "client/environment.h"
#include "client/netbios_lookup.h"
#include "wire/nbns_name.h"

#define DOING "resolve"

struct resolve {
	struct net_loop *loop;
	char *host;
	uint16_t port;
	bool has_wins, uses_netbios;
	struct in_addr wins;
	struct net_addresses literal;
	struct err err;

	/* What is under way; NULL: nothing of the kind. */
	struct net_timer *start;
	struct net_lookup *dns;
	struct netbios_lookup *netbios;

	void (*found)(void *context, const struct net_addresses *, const struct err *);
	void *context;
};

void resolve_cancel(struct resolve *resolve)
{
	if (resolve == NULL)
		return;
	net_timer_stop(resolve->start);
	net_lookup_cancel(resolve->dns);
	netbios_lookup_cancel(resolve->netbios);
	free(resolve->host);
	free(resolve);
}

/* addresses are not resolve's own. */
static void resolve_finish(struct resolve *resolve, const struct net_addresses *addresses)
{
	void (*found)(void *, const struct net_addresses *, const struct err *) = resolve->found;
	void *context = resolve->context;
	struct err err = resolve->err;

	if (addresses->count > 0)
		err = (struct err){ 0 };
	resolve_cancel(resolve);
	found(context, addresses, &err);
}

/* ---- NetBIOS ---- */

/* The message if DNS does not know the name, and the message if DNS does not answer. NULL: the
 * error of DNS is reported. */
static const struct netbios_message {
	const char *unknown, *silent;
} messages[] = {
	[NETBIOS_FOUND] = { NULL, NULL },
	[NETBIOS_NOT_ASKED] = { NULL, NULL },
	[NETBIOS_UNKNOWN] = { "neither DNS nor NetBIOS knows a host of that name",
	                      "DNS does not answer, and NetBIOS knows no host of that name" },
	[NETBIOS_GROUP] = { "in NetBIOS the name belongs to a group, not to a host",
	                    "DNS does not answer, and in NetBIOS the name belongs to a group" },
	[NETBIOS_SILENT] = { "DNS does not know that name, and the WINS server does not answer",
	                     "neither DNS nor the WINS server answers" },
	[NETBIOS_REFUSED] = { "DNS does not know that name, and the WINS server refused the query",
	                      "DNS does not answer, and the WINS server refused the query" },
	[NETBIOS_UNREACHABLE] = { "DNS does not know that name, and no route leads to the WINS "
	                          "server",
	                          "DNS does not answer, and no route leads to the WINS server" },
};

static void resolve_on_netbios(void *context, enum netbios_outcome outcome,
                               const struct net_addresses *addresses)
{
	struct resolve *resolve = context;
	bool dns_is_silent = strcmp(resolve->err.text, NET_LOOKUP_SILENT) == 0;
	const char *text = dns_is_silent ? messages[outcome].silent : messages[outcome].unknown;
	NET_API_STATUS status = resolve->err.status;

	resolve->netbios = NULL;
	if (text != NULL) {
		resolve->err.status = NERR_Success;
		err_set(&resolve->err, status, resolve->err.step, text);
	}
	resolve_finish(resolve, addresses);
}

bool resolve_is_silence(const struct err *err)
{
	bool is_silence = strcmp(err->text, NET_LOOKUP_SILENT) == 0;

	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
		is_silence |= messages[i].silent != NULL &&
		              strcmp(err->text, messages[i].silent) == 0;
	return is_silence;
}

/* ---- DNS, and what else the system's resolver uses ---- */

static void resolve_on_dns(void *context, const struct net_addresses *addresses,
                           const struct err *err)
{
	struct resolve *resolve = context;

	resolve->dns = NULL;
	resolve->err = *err;
	if (addresses->count > 0 || err->status != ERROR_BAD_NETPATH || !resolve->uses_netbios ||
	    !nbns_name_fits(resolve->host)) {
		resolve_finish(resolve, addresses);
		return;
	}
	resolve->netbios = netbios_lookup_start(resolve->loop, resolve->host, resolve->port,
	                                        resolve->has_wins ? &resolve->wins : NULL,
	                                        resolve_on_netbios, resolve);
	if (resolve->netbios == NULL)
		resolve_finish(resolve, addresses);
}

/* ---- what needs no query ---- */

static void resolve_on_start(void *context)
{
	struct resolve *resolve = context;
	const struct net_addresses literal = resolve->literal; /* finish frees resolve */

	resolve_finish(resolve, &literal);
}

/* A setting that makes no sense is reported at once, not on the day when DNS fails. */
static bool resolve_set_wins(struct resolve *resolve, const char *wins)
{
	struct net_addresses address;

	if (wins == NULL || wins[0] == '\0')
		wins = environment_wins();
	resolve->uses_netbios = wins == NULL || strcmp(wins, RESOLVE_NO_NETBIOS) != 0;
	if (wins == NULL || !resolve->uses_netbios)
		return true;
	if (!net_address_parse(wins, 0, &address) || address.list[0].any.sa_family != AF_INET) {
		err_set(&resolve->err, ERROR_INVALID_PARAMETER, DOING,
		        "the WINS server has to be an IPv4 address, or none");
		return false;
	}
	resolve->has_wins = true;
	resolve->wins = ((const struct sockaddr_in *)&address.list[0])->sin_addr;
	return true;
}

static bool resolve_begin(struct resolve *resolve, const char *wins)
{
	if (!resolve_set_wins(resolve, wins) ||
	    net_address_parse(resolve->host, resolve->port, &resolve->literal)) {
		resolve->start = net_timer_start(resolve->loop, 0, resolve_on_start, resolve);
		return resolve->start != NULL;
	}
	resolve->dns = net_lookup_start(resolve->loop, resolve->host, resolve->port, resolve_on_dns,
	                                resolve);
	return resolve->dns != NULL;
}

struct resolve *
resolve_start(struct net_loop *loop, const char *host, uint16_t port, const char *wins,
              void (*found)(void *context, const struct net_addresses *, const struct err *),
              void *context)
{
	struct resolve *resolve = calloc(1, sizeof *resolve);

	if (resolve == NULL)
		return NULL;
	resolve->loop = loop;
	resolve->port = port;
	resolve->found = found;
	resolve->context = context;
	resolve->host = strdup(host);
	if (resolve->host == NULL || !resolve_begin(resolve, wins)) {
		resolve_cancel(resolve);
		return NULL;
	}
	return resolve;
}
