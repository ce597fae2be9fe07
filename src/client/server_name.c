/* SPDX-License-Identifier: MIT */
#include "client/server_name.h"

#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "net/address.h"

#define IPV6_LITERAL ".ipv6-literal.net"

/* What neither DNS nor NetBIOS knows in a name ([MS-NBTE], RFC 1001), and controls. */
static bool server_name_is_valid_host(const char *host)
{
	if (host[0] == '\0' || !text_utf8_is_valid(host))
		return false;
	for (const char *at = host; *at != '\0'; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7F ||
		    strchr("\\/\"[]|<>+=;,*?", *at) != NULL)
			return false;
	return true;
}

static bool server_name_parse_port(const char *digits, uint16_t *port)
{
	char *end;
	unsigned long value;

	if (*digits < '0' || *digits > '9')
		return false;
	value = strtoul(digits, &end, 10);
	if (*end != '\0' || value == 0 || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* fe80--1s4.ipv6-literal.net is fe80::1%4: how Windows writes an address where a colon may not
 * stand. */
static void server_name_undo_ipv6_literal(char *host)
{
	size_t length = strlen(host), suffix = strlen(IPV6_LITERAL);

	if (length <= suffix || !text_equal_nocase(host + length - suffix, IPV6_LITERAL))
		return;
	host[length - suffix] = '\0';
	for (char *at = host; *at != '\0'; at++)
		*at = *at == '-' ? ':' : *at == 's' || *at == 'S' ? '%' : *at;
}

bool server_name_is_local(const char *text)
{
	return text == NULL || text[0] == '\0';
}

bool server_name_parse(const char *text, struct server_name *to)
{
	const char *host, *end, *port = NULL;
	struct net_addresses address;
	size_t length;

	*to = (struct server_name){ 0 };
	host = strncmp(text, "\\\\", 2) == 0 ? text + 2 : text;
	if (host[0] == '[') {
		host++;
		end = strchr(host, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':') ||
		    memchr(host, ':', (size_t)(end - host)) == NULL)
			return false;
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		const char *colon = strchr(host, ':');

		end = host + strlen(host);
		/* With two colons it is an IPv6 address. */
		if (colon != NULL && strchr(colon + 1, ':') == NULL) {
			end = colon;
			port = colon + 1;
		}
	}
	length = (size_t)(end - host);
	if (length > SERVER_NAME_MAX_BYTES ||
	    (port != NULL && !server_name_parse_port(port, &to->port)))
		return false;
	memcpy(to->host, host, length);
	server_name_undo_ipv6_literal(to->host);
	if (!server_name_is_valid_host(to->host))
		return false;
	/* Only an address has a colon. */
	return strchr(to->host, ':') == NULL || net_address_parse(to->host, 0, &address);
}
