/* SPDX-License-Identifier: MIT */
#include "net/address.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/locale.h"
#include "base/text.h"
#include "net/uv.h"
#include "net/work.h"

#define STEP "resolve"

/* The number of an interface that is named, or numbered as on Windows. 0: there is none. */
static uint32_t address_scope_id(const char *scope)
{
	unsigned long number;
	char *end;

	if (scope[0] < '0' || scope[0] > '9')
		return if_nametoindex(scope);
	number = strtoul(scope, &end, 10);
	return *end == '\0' && number <= UINT32_MAX ? (uint32_t)number : if_nametoindex(scope);
}

void net_address_from_ip(const struct ip_address *ip, uint16_t port, union net_address *to)
{
	memset(to, 0, sizeof *to);
	if (ip_address_is_v4(ip)) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons(port);
		memcpy(&to->v4.sin_addr, ip->bytes + IP_ADDRESS_V4_AT, sizeof to->v4.sin_addr);
	} else {
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons(port);
		to->v6.sin6_scope_id = address_scope_id(ip->scope);
		memcpy(&to->v6.sin6_addr, ip->bytes, sizeof to->v6.sin6_addr);
	}
}

void net_address_to_ip(const union net_address *address, struct ip_address *to)
{
	const struct sockaddr_in *v4 = &address->v4;
	const struct sockaddr_in6 *v6 = &address->v6;
	char name[IF_NAMESIZE];

	*to = (struct ip_address){ 0 };
	if (address->any.sa_family != AF_INET6) {
		to->bytes[IP_ADDRESS_V4_AT - 2] = to->bytes[IP_ADDRESS_V4_AT - 1] = 0xFF;
		if (address->any.sa_family == AF_INET)
			memcpy(to->bytes + IP_ADDRESS_V4_AT, &v4->sin_addr, sizeof v4->sin_addr);
		return;
	}
	memcpy(to->bytes, &v6->sin6_addr, sizeof to->bytes);
	if (v6->sin6_scope_id == 0 || ip_address_is_v4(to))
		return;
	if (if_indextoname(v6->sin6_scope_id, name) != NULL)
		(void)snprintf(to->scope, sizeof to->scope, "%.15s", name);
	else
		(void)snprintf(to->scope, sizeof to->scope, "%lu",
		               (unsigned long)v6->sin6_scope_id);
}

bool net_address_parse(const char *host, uint16_t port, struct net_addresses *to)
{
	struct ip_address ip;

	memset(to, 0, sizeof *to);
	if (!ip_address_parse(host, &ip))
		return false;
	net_address_from_ip(&ip, port, &to->list[0]);
	to->count = 1;
	return true;
}

void net_addresses_remove_peer(struct net_addresses *addresses, int socket)
{
	union net_address peer = { 0 };
	socklen_t bytes = sizeof peer;
	struct ip_address ip, one;
	unsigned kept = 0;

	if (getpeername(socket, &peer.any, &bytes) != 0)
		return;
	net_address_to_ip(&peer, &ip);
	for (unsigned i = 0; i < addresses->count; i++) {
		net_address_to_ip(&addresses->list[i], &one);
		if (!ip_address_equal(&ip, &one))
			addresses->list[kept++] = addresses->list[i];
	}
	addresses->count = kept;
}

bool net_address_local(const char *path, struct sockaddr_un *to)
{
	size_t length = strlen(path);

	*to = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (length == 0 || length >= sizeof to->sun_path)
		return false;
	memcpy(to->sun_path, path, length);
	return true;
}

/* sin_port and sin6_port are in the same place (RFC 3493 3.3). */
static uint16_t net_address_port(const union net_address *address)
{
	return ntohs(address->v4.sin_port);
}

void net_address_text(const union net_address *address, char to[NET_ADDRESS_TEXT_BYTES])
{
	struct ip_address ip;
	char host[IP_ADDRESS_TEXT_BYTES];

	net_address_to_ip(address, &ip);
	(void)snprintf(to, NET_ADDRESS_TEXT_BYTES, "%s:%u", ip_address_bracketed_text(&ip, host),
	               (unsigned)net_address_port(address));
}

/* What the thread works on. It outlives a look-up that is cancelled. */
struct lookup_job {
	char *host;
	uint16_t port;
	struct net_addresses found;
	struct err err;
};

struct net_lookup {
	struct net_work *work;
	struct lookup_job *job;
	void (*found)(void *context, const struct net_addresses *, const struct err *);
	void *context;
};

static void lookup_add_address(struct net_addresses *to, const struct addrinfo *info, uint16_t port)
{
	union net_address *address = &to->list[to->count];

	if (to->count == NET_MAX_ADDRESSES || info->ai_addrlen > sizeof *address)
		return;
	memcpy(address, info->ai_addr, info->ai_addrlen);
	if (info->ai_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
	to->count++;
}

static const struct addrinfo *lookup_next_of_family(const struct addrinfo *info, int family,
                                                    bool same)
{
	while (info != NULL && (info->ai_family == family) != same)
		info = info->ai_next;
	return info;
}

/* Puts the families in turn; the resolver chooses which one is first. */
static void lookup_interleave_families(struct net_addresses *to, const struct addrinfo *list,
                                       uint16_t port)
{
	const struct addrinfo *same = list,
			      *other = lookup_next_of_family(list, list->ai_family, false);

	while (same != NULL || other != NULL) {
		if (same != NULL) {
			lookup_add_address(to, same, port);
			same = lookup_next_of_family(same->ai_next, list->ai_family, true);
		}
		if (other != NULL) {
			lookup_add_address(to, other, port);
			other = lookup_next_of_family(other->ai_next, list->ai_family, false);
		}
	}
}

#ifndef AI_IDN /* musl has none: such names are looked up in UTF-8 */
#define AI_IDN 0
#endif

static int lookup_get_addresses(const char *host, int flags, struct addrinfo **list)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		                        .ai_flags = AI_ADDRCONFIG | flags };

	return getaddrinfo(host, NULL, &hints, list);
}

/* In DNS a name beyond ASCII is an A-label (RFC 5891 4); /etc/hosts, and the DNS of Windows, may
 * have it in UTF-8. */
static int lookup_get_addresses_of_name(const char *host, struct addrinfo **list)
{
	char name[NI_MAXHOST];
	size_t length = strlen(host);
	int error = EAI_NONAME;

	if (host[text_ascii_bytes(host)] != '\0')
		error = lookup_get_addresses(host, AI_IDN, list);
	if (error != 0)
		error = lookup_get_addresses(host, 0, list);
	/* DNS knows a name with a . at its end, /etc/hosts without, also where no DNS answers. */
	if ((error == EAI_NONAME || error == EAI_AGAIN) && length > 1 && length < sizeof name &&
	    host[length - 1] == '.') {
		memcpy(name, host, length - 1);
		name[length - 1] = '\0';
		error = lookup_get_addresses(name, 0, list);
	}
	return error;
}

static void lookup_job_run(void *argument)
{
	struct lookup_job *job = argument;
	struct addrinfo *list = NULL;
	/* /etc/hosts is searched without regard to case, and AI_IDN reads the locale's charset. */
	locale_t previous = locale_enter();
	int error = lookup_get_addresses_of_name(job->host, &list), system_error = errno;

	locale_leave(previous);
	switch (error) {
	case 0:
		lookup_interleave_families(&job->found, list, job->port);
		freeaddrinfo(list);
		break;
	case EAI_MEMORY:
		err_set(&job->err, ERROR_NOT_ENOUGH_MEMORY, STEP, NULL);
		break;
	case EAI_AGAIN:
		err_set(&job->err, ERROR_BAD_NETPATH, STEP, NET_LOOKUP_SILENT);
		break;
	case EAI_SYSTEM:
		net_uv_error(&job->err, uv_translate_sys_error(system_error), STEP);
		break;
	default:
		err_set(&job->err, ERROR_BAD_NETPATH, STEP, "no host of that name is known");
		break;
	}
}

static void lookup_job_done(void *context)
{
	struct net_lookup *lookup = context;
	struct lookup_job *job = lookup->job;
	void (*found)(void *, const struct net_addresses *, const struct err *) = lookup->found;

	context = lookup->context;
	free(lookup);
	found(context, &job->found, &job->err);
}

static void lookup_job_drop(void *argument)
{
	struct lookup_job *job = argument;

	free(job->host);
	free(job);
}

struct net_lookup *net_lookup_start(struct net_loop *loop, const char *host, uint16_t port,
                                    void (*found)(void *context, const struct net_addresses *,
                                                  const struct err *),
                                    void *context)
{
	static const struct net_work_job kind = { .run = lookup_job_run,
		                                  .done = lookup_job_done,
		                                  .drop = lookup_job_drop,
		                                  .queue = NET_WORK_LOOKUPS };
	struct net_lookup *lookup = calloc(1, sizeof *lookup);
	struct lookup_job *job = calloc(1, sizeof *job);

	if (lookup == NULL || job == NULL || (job->host = strdup(host)) == NULL) {
		free(lookup);
		free(job);
		return NULL;
	}
	job->port = port;
	*lookup = (struct net_lookup){ .job = job, .found = found, .context = context };
	lookup->work = net_work_start(loop, &kind, job, lookup);
	if (lookup->work == NULL) {
		free(lookup);
		return NULL;
	}
	return lookup;
}

void net_lookup_cancel(struct net_lookup *lookup)
{
	if (lookup == NULL)
		return;
	net_work_abandon(lookup->work);
	free(lookup);
}
