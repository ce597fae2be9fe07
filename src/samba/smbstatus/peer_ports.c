/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/peer_ports.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "base/ip_address.h"
#include "base/search.h"

enum { ADDRESS_BYTES = 16, MAPPED_AT = 12, FIRST_ROOM = 64, DATAGRAM_BYTES = 32768 };

struct peer_port {
	uint8_t address[ADDRESS_BYTES]; /* IPv4 as mapped into IPv6 */
	uint16_t port;                  /* of the peer */
	uint16_t local_port;
};

struct peer_ports {
	struct peer_port *list;
	size_t count, room;
	bool is_sorted;
};

struct peer_ports *peer_ports_new(void)
{
	return calloc(1, sizeof(struct peer_ports));
}

void peer_ports_free(struct peer_ports *p)
{
	if (p == NULL)
		return;
	free(p->list);
	free(p);
}

/* ---- the kernel's answer ---- */

static bool peer_ports_append(struct peer_ports *p, const struct inet_diag_msg *socket)
{
	struct peer_port *added;

	if (p->count == p->room) {
		size_t room = p->room == 0 ? FIRST_ROOM : 2 * p->room;

		added = reallocarray(p->list, room, sizeof *added);
		if (added == NULL)
			return false;
		p->list = added;
		p->room = room;
	}
	added = &p->list[p->count++];
	*added = (struct peer_port){ .address[10] = 0xFF,
		                     .address[11] = 0xFF,
		                     .port = ntohs(socket->id.idiag_dport),
		                     .local_port = ntohs(socket->id.idiag_sport) };
	if (socket->idiag_family == AF_INET)
		memcpy(added->address + MAPPED_AT, socket->id.idiag_dst, 4);
	else
		memcpy(added->address, socket->id.idiag_dst, ADDRESS_BYTES);
	p->is_sorted = false;
	return true;
}

enum peer_ports_part peer_ports_add(struct peer_ports *p, const void *datagram, size_t bytes)
{
	const char *at = datagram;
	struct nlmsghdr head;
	struct inet_diag_msg socket;

	for (size_t step; bytes >= sizeof head; at += step, bytes -= step) {
		memcpy(&head, at, sizeof head);
		if (head.nlmsg_len < sizeof head || head.nlmsg_len > bytes)
			return PEER_PORTS_FAILED;
		if (head.nlmsg_type == NLMSG_DONE)
			return PEER_PORTS_LAST;
		if (head.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		    head.nlmsg_len < NLMSG_HDRLEN + sizeof socket)
			return PEER_PORTS_FAILED;
		memcpy(&socket, at + NLMSG_HDRLEN, sizeof socket);
		if (!peer_ports_append(p, &socket))
			return PEER_PORTS_FAILED;
		step = NLMSG_ALIGN(head.nlmsg_len) < bytes ? NLMSG_ALIGN(head.nlmsg_len) : bytes;
	}
	return bytes == 0 ? PEER_PORTS_MORE : PEER_PORTS_FAILED;
}

static void peer_ports_read_family(struct peer_ports *p, int netlink, uint8_t family)
{
	const struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 request;
	} query = {
		.head = { .nlmsg_len = sizeof query,
		          .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		          .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = family,
		             .sdiag_protocol = IPPROTO_TCP,
		             .idiag_states = 1 << TCP_ESTABLISHED | 1 << TCP_CLOSE_WAIT },
	};
	char *datagram = malloc(DATAGRAM_BYTES);
	ssize_t bytes;

	if (datagram != NULL && send(netlink, &query, sizeof query, 0) == (ssize_t)sizeof query)
		do
			bytes = recv(netlink, datagram, DATAGRAM_BYTES, 0);
		while (bytes > 0 && peer_ports_add(p, datagram, (size_t)bytes) == PEER_PORTS_MORE);
	free(datagram);
}

void peer_ports_read_kernel(struct peer_ports *p)
{
	/* The kernel answers at once. A sandbox that drops the request must not keep us. */
	const struct timeval patience = { .tv_sec = 1 };
	int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	if (netlink < 0)
		return;
	if (setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0) {
		peer_ports_read_family(p, netlink, AF_INET);
		peer_ports_read_family(p, netlink, AF_INET6);
	}
	close(netlink);
}

/* ---- look-up ---- */

static bool peer_port_parse(const char *peer, struct peer_port *to)
{
	const bool is_v4 = strncmp(peer, "ipv4:", 5) == 0, is_v6 = strncmp(peer, "ipv6:", 5) == 0;
	const char *colon = strrchr(peer, ':');
	char text[IP_ADDRESS_TEXT_BYTES], *end;
	struct ip_address address;
	unsigned long port;
	int length;

	if ((!is_v4 && !is_v6) || colon < peer + 5)
		return false;
	port = strtoul(colon + 1, &end, 10);
	to->port = (uint16_t)port;
	length = snprintf(text, sizeof text, "%.*s", (int)(colon - (peer + 5)), peer + 5);
	if (*end != '\0' || port == 0 || port > UINT16_MAX || length >= (int)sizeof text ||
	    is_v4 != (strchr(text, ':') == NULL) || !ip_address_parse(text, &address))
		return false;
	memcpy(to->address, address.bytes, ADDRESS_BYTES);
	return true;
}

static int peer_port_compare(const void *left, const void *right)
{
	const struct peer_port *a = left, *b = right;
	int order = memcmp(a->address, b->address, ADDRESS_BYTES);

	return order != 0 ? order : (int)a->port - (int)b->port;
}

uint16_t peer_ports_find(struct peer_ports *p, const char *peer)
{
	struct peer_port wanted;
	uint16_t port = 0;

	if (p->count == 0 || !peer_port_parse(peer, &wanted))
		return 0;
	if (!p->is_sorted)
		qsort(p->list, p->count, sizeof *p->list, peer_port_compare);
	p->is_sorted = true;
	for (size_t i = search_lower_bound(&wanted, p->list, p->count, sizeof *p->list,
	                                   peer_port_compare);
	     i < p->count && peer_port_compare(&wanted, &p->list[i]) == 0; i++) {
		if (port != 0 && port != p->list[i].local_port)
			return 0;
		port = p->list[i].local_port;
	}
	return port;
}
