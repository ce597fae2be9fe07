/* SPDX-License-Identifier: MIT */
#include "samba/smbstatus/local_ports.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESS_BYTES = 16, FIRST_ROOM = 64, MAPPED_AT = 12 };

struct local_ports_wanted {
	uint8_t address[ADDRESS_BYTES]; /* IPv4 as mapped into IPv6 */
	uint16_t peer_port;
	bool is_ambiguous;
	uint16_t *port;
};

struct local_ports {
	struct local_ports_wanted *list;
	size_t count, room;
	bool is_sorted;
};

struct local_ports *local_ports_new(void)
{
	return calloc(1, sizeof(struct local_ports));
}

void local_ports_free(struct local_ports *l)
{
	if (l == NULL)
		return;
	free(l->list);
	free(l);
}

/* ---- who is looked for ---- */

static void local_ports_map_ipv4(uint8_t to[ADDRESS_BYTES], const void *ipv4)
{
	memset(to, 0, ADDRESS_BYTES);
	to[10] = to[11] = 0xFF;
	memcpy(to + MAPPED_AT, ipv4, 4);
}

static bool local_ports_parse_peer(const char *peer, struct local_ports_wanted *w)
{
	const bool is_v6 = strncmp(peer, "ipv6:", 5) == 0;
	const char *colon = strrchr(peer, ':');
	char text[INET6_ADDRSTRLEN], *end;
	struct in_addr ipv4;
	size_t bytes;
	unsigned long port;

	if ((!is_v6 && strncmp(peer, "ipv4:", 5) != 0) || colon < peer + 5)
		return false;
	port = strtoul(colon + 1, &end, 10);
	bytes = (size_t)(colon - (peer + 5));
	bytes = strcspn(peer + 5, "%") < bytes ? strcspn(peer + 5, "%") : bytes; /* a link's name */
	if (*end != '\0' || port == 0 || port > UINT16_MAX || bytes >= sizeof text)
		return false;
	memcpy(text, peer + 5, bytes);
	text[bytes] = '\0';
	w->peer_port = (uint16_t)port;
	if (is_v6)
		return inet_pton(AF_INET6, text, w->address) == 1;
	if (inet_pton(AF_INET, text, &ipv4) != 1)
		return false;
	local_ports_map_ipv4(w->address, &ipv4);
	return true;
}

void local_ports_want(struct local_ports *l, const char *peer, uint16_t *port)
{
	struct local_ports_wanted w = { .port = port };

	*port = 0;
	if (!local_ports_parse_peer(peer, &w))
		return;
	if (l->count == l->room) {
		size_t room = l->room == 0 ? FIRST_ROOM : 2 * l->room;
		struct local_ports_wanted *grown = reallocarray(l->list, room, sizeof *grown);

		if (grown == NULL)
			return;
		l->list = grown;
		l->room = room;
	}
	l->list[l->count++] = w;
	l->is_sorted = false;
}

static int local_ports_compare(const void *left, const void *right)
{
	const struct local_ports_wanted *a = left, *b = right;
	int order = memcmp(a->address, b->address, ADDRESS_BYTES);

	return order != 0 ? order : (int)a->peer_port - (int)b->peer_port;
}

/* ---- the kernel's lists ---- */

/* Hexadecimal words, each as this computer has it in memory. */
static bool local_ports_read_address(const char *hex, uint8_t to[ADDRESS_BYTES])
{
	const size_t words = strlen(hex) / 8;
	uint8_t raw[ADDRESS_BYTES];

	if (strlen(hex) % 8 != 0 || (words != 1 && words != ADDRESS_BYTES / 4))
		return false;
	for (size_t i = 0; i < words; i++) {
		uint32_t word;

		if (sscanf(hex + 8 * i, "%8x", &word) != 1)
			return false;
		memcpy(raw + 4 * i, &word, sizeof word);
	}
	if (words == 1)
		local_ports_map_ipv4(to, raw);
	else
		memcpy(to, raw, ADDRESS_BYTES);
	return true;
}

/* Several sessions may share a connection. */
static void local_ports_set_port(struct local_ports *l, const struct local_ports_wanted *peer,
                                 uint16_t port)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (local_ports_compare(&l->list[middle], peer) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < l->count && local_ports_compare(&l->list[low], peer) == 0; low++) {
		struct local_ports_wanted *w = &l->list[low];

		w->is_ambiguous = w->is_ambiguous || (*w->port != 0 && *w->port != port);
		*w->port = w->is_ambiguous ? 0 : port;
	}
}

void local_ports_read(struct local_ports *l, FILE *list)
{
	char line[512], peer[33];

	if (l->count > 0 && !l->is_sorted)
		qsort(l->list, l->count, sizeof *l->list, local_ports_compare);
	l->is_sorted = true;
	while (fgets(line, sizeof line, list) != NULL) {
		struct local_ports_wanted w = { 0 };
		unsigned port, peer_port;

		if (sscanf(line, " %*u: %*32[0-9A-F]:%4x %32[0-9A-F]:%4x ", &port, peer,
		           &peer_port) != 3 ||
		    !local_ports_read_address(peer, w.address))
			continue;
		w.peer_port = (uint16_t)peer_port;
		local_ports_set_port(l, &w, (uint16_t)port);
	}
}

void local_ports_read_all(struct local_ports *l)
{
	static const char *const lists[] = { "/proc/net/tcp", "/proc/net/tcp6" };

	for (size_t i = 0; i < sizeof lists / sizeof *lists && l->count > 0; i++) {
		FILE *list = fopen(lists[i], "re");

		if (list == NULL)
			continue;
		local_ports_read(l, list);
		fclose(list);
	}
}
