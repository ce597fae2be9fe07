/* SPDX-License-Identifier: MIT */
/* IP addresses: parsed once, compared as bytes, written in one spelling. */
#ifndef BASE_IP_ADDRESS_H
#define BASE_IP_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The longest name of an interface on Linux; Windows writes a number. */
#define IP_ADDRESS_SCOPE_BYTES 15

/* Where the four bytes of an IPv4 address begin. */
#define IP_ADDRESS_V4_AT 12

struct ip_address {
	uint8_t bytes[16]; /* an IPv4 address as ::ffff:a.b.c.d */
	/* The interface of the computer that wrote the address, without %: "eth0", "4". Only an
	 * IPv6 address may have one; "": none is known. */
	char scope[IP_ADDRESS_SCOPE_BYTES + 1];
};

/* Parses all of text: 10.0.0.7, 2001:db8::1, fe80::1%eth0, ::ffff:10.0.0.7; [2001:db8::1];
 * 2001-db8--1.ipv6-literal.net, fe80--1s4.ipv6-literal.net; each with or without \\ before it. An
 * IPv4 address has four decimal numbers without leading zeros, which some programs read as octal.
 * False: text is no address, NULL included; *to is undefined. */
bool ip_address_parse(const char *text, struct ip_address *to);

bool ip_address_is_v4(const struct ip_address *a);

/* Whether both are the same address. A scope that is not known is like any. */
bool ip_address_equal(const struct ip_address *a, const struct ip_address *b);
/* For sorting: IPv4 addresses before all others but ::, ::1 and the like; then by scope. */
int ip_address_compare(const struct ip_address *a, const struct ip_address *b);

/* Writes the spelling of RFC 5952: "10.0.0.7", "fe80::1%eth0". Returns to. */
#define IP_ADDRESS_TEXT_BYTES 64
char *ip_address_text(const struct ip_address *a, char to[IP_ADDRESS_TEXT_BYTES]);
/* The same with an IPv6 address in brackets, as Windows writes a client: "[fe80::1%eth0]". */
char *ip_address_bracketed_text(const struct ip_address *a, char to[IP_ADDRESS_TEXT_BYTES]);

/* A network: the addresses whose first bits are those of another one. */
struct ip_network {
	struct ip_address address;
	unsigned bits; /* of 128; of an IPv4 network 96 more than people write */
};

/* Parses "10.0.0.0/8", "2001:db8::/32", and an address alone, which is a network of its own. False:
 * text is no network, or an address within one: 10.1.2.3/8; or it names an interface. */
bool ip_network_parse(const char *text, struct ip_network *to);
bool ip_network_has(const struct ip_network *network, const struct ip_address *address);

#endif
