/* SPDX-License-Identifier: MIT */
/* The names of users: the only place that decides whom a user filter means. */
#ifndef BASE_USER_NAME_H
#define BASE_USER_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* DOMAIN\account, DOMAIN/account, account@REALM or account, as log-ons accept them. Borrows the
 * text. A separator with nothing before it or nothing behind it belongs to the account. */
struct user_name {
	const char *account, *domain;
	size_t account_bytes, domain_bytes; /* domain_bytes 0: the name has no domain */
};

struct user_name user_name_split(const char *text);

/* Returns the account of a name: within text, or copied into room. A text that does not fit is
 * returned whole. */
const char *user_name_account(const char *text, char *room, size_t room_bytes);

/* Whether a filter means a user whom a server lists, without regard to case: the accounts are
 * equal, and so are the domains where both have one. Servers leave the domain out as they like:
 * Windows and netsessiond do, Samba in a domain does not. A DNS domain and a NetBIOS domain are
 * taken for the same where the latter is one of the former's labels: LAB and lab.example. NULL is
 * nobody's name. */
bool user_name_matches(const char *filter, const char *user);

#endif
