/* SPDX-License-Identifier: MIT */
#include "base/ip_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "base/ascii.h"

#define IPV6_LITERAL ".ipv6-literal.net"

static const uint8_t v4_prefix[IP_ADDRESS_V4_AT] = { [10] = 0xFF, [11] = 0xFF };

static bool ip_address_parse_v4(const char *text, struct ip_address *to)
{
	*to = (struct ip_address){ 0 };
	memcpy(to->bytes, v4_prefix, IP_ADDRESS_V4_AT);
	return inet_pton(AF_INET, text, to->bytes + IP_ADDRESS_V4_AT) == 1;
}

static bool ip_address_parse_scope(const char *scope, struct ip_address *to)
{
	size_t length = strlen(scope);

	if (length == 0 || length > IP_ADDRESS_SCOPE_BYTES || ip_address_is_v4(to))
		return false;
	for (size_t i = 0; i < length; i++)
		if (scope[i] <= ' ' || scope[i] >= 0x7F || strchr("%/\\[]:", scope[i]) != NULL)
			return false;
	memcpy(to->scope, scope, length + 1);
	return true;
}

/* text is changed. */
static bool ip_address_parse_v6(char *text, struct ip_address *to)
{
	char *percent = strchr(text, '%');

	*to = (struct ip_address){ 0 };
	if (percent != NULL)
		*percent = '\0';
	return inet_pton(AF_INET6, text, to->bytes) == 1 &&
	       (percent == NULL || ip_address_parse_scope(percent + 1, to));
}

/* Windows writes fe80::1%4 as fe80--1s4.ipv6-literal.net where a name may have no colon. Turns it
 * back; an interface's own name may have an "s". False: text is not of that form. */
static bool ip_address_undo_literal(char *text)
{
	size_t length = strlen(text), suffix = strlen(IPV6_LITERAL);

	if (length > 0 && text[length - 1] == '.')
		length--;
	if (length <= suffix || !ascii_begins_nocase(text + length - suffix, IPV6_LITERAL))
		return false;
	text[length - suffix] = '\0';
	for (char *at = text; *at != '\0'; at++) {
		if (*at == 's' || *at == 'S') {
			*at = '%';
			break;
		}
		if (*at == '-')
			*at = ':';
	}
	return true;
}

bool ip_address_parse(const char *text, struct ip_address *to)
{
	char copy[IP_ADDRESS_TEXT_BYTES + sizeof IPV6_LITERAL];
	size_t length;

	if (text == NULL)
		return false;
	if (strncmp(text, "\\\\", 2) == 0)
		text += 2;
	length = strlen(text);
	if (length >= sizeof copy)
		return false;
	memcpy(copy, text, length + 1);
	if (copy[0] == '[') {
		if (copy[length - 1] != ']')
			return false;
		copy[length - 1] = '\0';
		return ip_address_parse_v6(copy + 1, to);
	}
	if (ip_address_undo_literal(copy))
		return ip_address_parse_v6(copy, to);
	return ip_address_parse_v4(copy, to) || ip_address_parse_v6(copy, to);
}

bool ip_address_is_v4(const struct ip_address *a)
{
	return memcmp(a->bytes, v4_prefix, IP_ADDRESS_V4_AT) == 0;
}

bool ip_address_equal(const struct ip_address *a, const struct ip_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0 &&
	       (a->scope[0] == '\0' || b->scope[0] == '\0' || strcmp(a->scope, b->scope) == 0);
}

int ip_address_compare(const struct ip_address *a, const struct ip_address *b)
{
	int order = memcmp(a->bytes, b->bytes, sizeof a->bytes);

	return order != 0 ? order : strcmp(a->scope, b->scope);
}

/* There is room for any address and scope. */
static void ip_address_write_v6(const struct ip_address *a, char *to, size_t room)
{
	size_t length;

	(void)inet_ntop(AF_INET6, a->bytes, to, (socklen_t)room);
	length = strlen(to);
	if (a->scope[0] != '\0')
		(void)snprintf(to + length, room - length, "%%%s", a->scope);
}

char *ip_address_text(const struct ip_address *a, char to[IP_ADDRESS_TEXT_BYTES])
{
	if (ip_address_is_v4(a))
		(void)inet_ntop(AF_INET, a->bytes + IP_ADDRESS_V4_AT, to, IP_ADDRESS_TEXT_BYTES);
	else
		ip_address_write_v6(a, to, IP_ADDRESS_TEXT_BYTES);
	return to;
}

char *ip_address_bracketed_text(const struct ip_address *a, char to[IP_ADDRESS_TEXT_BYTES])
{
	size_t length;

	if (ip_address_is_v4(a))
		return ip_address_text(a, to);
	to[0] = '[';
	ip_address_write_v6(a, to + 1, IP_ADDRESS_TEXT_BYTES - 2);
	length = strlen(to);
	to[length] = ']';
	to[length + 1] = '\0';
	return to;
}

/* ---- networks ---- */

/* Whether the first bits of a and b are the same. */
static bool ip_address_bits_are_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	uint8_t mask = (uint8_t)(0xFF00 >> bits % 8);

	return memcmp(a, b, bits / 8) == 0 &&
	       (bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0);
}

/* Reads the number behind the slash; most is the largest one. False: it is none. */
static bool ip_network_parse_bits(const char *text, unsigned most, unsigned *bits)
{
	size_t length = strlen(text);

	*bits = 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		*bits = 10 * *bits + (unsigned)(text[i] - '0');
	}
	return length > 0 && length <= 3 && *bits <= most;
}

bool ip_network_parse(const char *text, struct ip_network *to)
{
	const char *slash = strchr(text, '/');
	char address[IP_ADDRESS_TEXT_BYTES];
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	unsigned most, zeros = 0;

	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!ip_address_parse(address, &to->address) || to->address.scope[0] != '\0')
		return false;
	most = ip_address_is_v4(&to->address) ? 32 : 128;
	to->bits = most;
	if (slash != NULL && !ip_network_parse_bits(slash + 1, most, &to->bits))
		return false;
	to->bits += 128 - most;
	for (unsigned i = to->bits; i < 128; i++)
		zeros += (to->address.bytes[i / 8] >> (7 - i % 8) & 1) == 0;
	return zeros == 128 - to->bits;
}

bool ip_network_has(const struct ip_network *network, const struct ip_address *address)
{
	return ip_address_bits_are_equal(network->address.bytes, address->bytes, network->bits);
}
