/* SPDX-License-Identifier: MIT */
#include "client/server_name.h"

#include <stdlib.h>
#include <string.h>
#include "base/ip_address.h"
#include "base/text.h"

#define STEP "query"

static bool server_name_refuse(struct err *err, const char *why)
{
	err_set(err, NERR_InvalidComputer, STEP, why);
	return false;
}

/* getaddrinfo would read 010 as octal, and so connect to another computer. */
static bool server_name_is_wrong_ipv4(const char *host)
{
	size_t dots = 0;

	for (const char *at = host; *at != '\0'; at++)
		dots += *at == '.';
	return dots == 3 && host[strspn(host, "0123456789.")] == '\0';
}

/* What neither DNS nor NetBIOS knows in a name ([MS-NBTE], RFC 1001), and controls. */
static bool server_name_check_host(const char *host, struct err *err)
{
	if (host[0] == '\0')
		return server_name_refuse(err, "the name is empty");
	if (!text_utf8_is_valid(host))
		return server_name_refuse(err, "the name is not valid UTF-8");
	for (const char *at = host; *at != '\0'; at++) {
		if (*at == ' ')
			return server_name_refuse(err, "the name has a blank");
		if ((unsigned char)*at < ' ' || *at == 0x7F)
			return server_name_refuse(err, "the name has a control character");
		if (*at == '\\' || *at == '/')
			return server_name_refuse(err, "the name has a slash: only the name of a "
			                               "computer is allowed here, not a path");
		if (*at == ',') {
			err_set(err, NERR_InvalidComputer, STEP, "the name has a comma");
			err_advise(err, "write host:445 for a port, and blanks between servers");
			return false;
		}
		if (strchr("\"[]|<>+=;*?@%", *at) != NULL) {
			err_format(err, NERR_InvalidComputer, STEP,
			           "the name has the character %c, which no computer has", *at);
			return false;
		}
	}
	if (strchr(host, ':') != NULL)
		return server_name_refuse(err, "with two colons it has to be an IPv6 address, and "
		                               "it is none");
	if (server_name_is_wrong_ipv4(host))
		return server_name_refuse(err, "an IPv4 address has four numbers from 0 to 255, "
		                               "without leading zeros");
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

bool server_name_is_local(const char *text)
{
	return text == NULL || text[0] == '\0';
}

/* Finds the end of host, and the port behind it, NULL: there is none. */
static bool server_name_split(const char *host, const char **end, const char **port,
                              struct err *err)
{
	const char *colon = strchr(host, ':');

	*port = NULL;
	if (host[0] == '[') {
		*end = strchr(host, ']');
		if (*end == NULL || (*end)[1] == '\0' || (*end)[1] == ':') {
			*port = *end != NULL && (*end)[1] == ':' ? *end + 2 : NULL;
			*end = *end != NULL ? *end + 1 : host + strlen(host);
			return true;
		}
		return server_name_refuse(err, "behind ] only a colon and a port may follow");
	}
	*end = host + strlen(host);
	/* With two colons it is an IPv6 address. */
	if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		*end = colon;
		*port = colon + 1;
	}
	return true;
}

static bool server_name_parse_host(const char *host, struct server_name *to, struct err *err)
{
	const char *end, *port;
	struct ip_address address;
	size_t length;

	*to = (struct server_name){ 0 };
	if (!server_name_split(host, &end, &port, err))
		return false;
	length = (size_t)(end - host);
	if (length > SERVER_NAME_MAX_BYTES)
		return server_name_refuse(err, "the name is longer than 255 bytes");
	if (port != NULL && !server_name_parse_port(port, &to->port))
		return server_name_refuse(err, "behind the colon there is no port, a number from 1 "
		                               "to 65535");
	memcpy(to->host, host, length);
	/* A name may begin with backslashes only once. */
	if (to->host[0] != '\\' && ip_address_parse(to->host, &address)) {
		char spelled[IP_ADDRESS_TEXT_BYTES];

		strcpy(to->host, ip_address_text(&address, spelled));
		return true;
	}
	if (to->host[0] == '[')
		return server_name_refuse(err, "brackets hold an IPv6 address, as in "
		                               "[2001:db8::1]:445");
	return server_name_check_host(to->host, err);
}

/* name@address: the address is all behind the @. */
static bool server_name_parse_addressed(const char *host, const char *at, struct server_name *to,
                                        struct err *err)
{
	struct server_name where;
	struct ip_address address;
	size_t length = (size_t)(at - host);

	if (!server_name_parse_host(at + 1, &where, err))
		return false;
	if (!ip_address_parse(where.host, &address))
		return server_name_refuse(err, "behind the @ there is no IP address");
	if (length > SERVER_NAME_MAX_BYTES)
		return server_name_refuse(err, "the name is longer than 255 bytes");
	memcpy(to->host, host, length);
	memcpy(to->address, where.host, sizeof to->address);
	to->port = where.port;
	return server_name_check_host(to->host, err);
}

bool server_name_parse(const char *text, struct server_name *to, struct err *err)
{
	const char *host = strncmp(text, "\\\\", 2) == 0 ? text + 2 : text;
	const char *at = strchr(host, '@');

	*to = (struct server_name){ 0 };
	return at != NULL ? server_name_parse_addressed(host, at, to, err)
	                  : server_name_parse_host(host, to, err);
}

bool server_name_is_address(const char *text)
{
	struct server_name name;
	struct ip_address address;
	struct err err = { 0 };

	return server_name_parse_host(text, &name, &err) && ip_address_parse(name.host, &address);
}

const char *server_name_target(const struct server_name *name)
{
	return name->address[0] != '\0' ? name->address : name->host;
}
