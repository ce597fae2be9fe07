/* SPDX-License-Identifier: MIT */
#include "base/user_name.h"

#include <string.h>
#include "base/text.h"

#define NETBIOS_DOMAIN_BYTES 15

/* Takes the domain off the account, unless one of both would be empty. */
static void user_name_cut(struct user_name *n, const char *separator, bool domain_first)
{
	size_t before, behind;

	if (separator == NULL)
		return;
	before = (size_t)(separator - n->account);
	behind = n->account_bytes - before - 1;
	if (before == 0 || behind == 0)
		return;
	n->domain = domain_first ? n->account : separator + 1;
	n->domain_bytes = domain_first ? before : behind;
	n->account = domain_first ? separator + 1 : n->account;
	n->account_bytes = domain_first ? behind : before;
}

struct user_name user_name_split(const char *text)
{
	struct user_name n = { .account = text, .account_bytes = strlen(text) };

	user_name_cut(&n, strchr(text, '\\'), true);
	if (n.domain_bytes > 0)
		return n;
	user_name_cut(&n, strrchr(text, '@'), false);
	/* The account "host/fs1" of "host/fs1@REALM" is listed as such: its domain would be "host".
	 */
	user_name_cut(&n, memchr(n.account, '/', n.account_bytes), true);
	return n;
}

const char *user_name_account(const char *text, char *room, size_t room_bytes)
{
	struct user_name n = user_name_split(text);

	if (n.account[n.account_bytes] == '\0')
		return n.account;
	if (n.account_bytes >= room_bytes)
		return text;
	memcpy(room, n.account, n.account_bytes);
	room[n.account_bytes] = '\0';
	return room;
}

/* A NetBIOS domain is a label of the DNS domain, usually the first one, and cut to its length. */
static bool user_name_domain_has_label(const struct user_name *dns, const struct user_name *netbios)
{
	const char *at = dns->domain, *end = dns->domain + dns->domain_bytes;

	while (at < end) {
		const char *dot = memchr(at, '.', (size_t)(end - at));
		size_t bytes = (size_t)((dot != NULL ? dot : end) - at);
		bool is_cut = bytes > NETBIOS_DOMAIN_BYTES &&
		              netbios->domain_bytes == NETBIOS_DOMAIN_BYTES;

		if (text_equal_nocase_bytes(at, is_cut ? NETBIOS_DOMAIN_BYTES : bytes,
		                            netbios->domain, netbios->domain_bytes))
			return true;
		at += bytes + 1;
	}
	return false;
}

static bool user_name_same_domain(const struct user_name *a, const struct user_name *b)
{
	bool a_is_dns = memchr(a->domain, '.', a->domain_bytes) != NULL,
	     b_is_dns = memchr(b->domain, '.', b->domain_bytes) != NULL;

	if (text_equal_nocase_bytes(a->domain, a->domain_bytes, b->domain, b->domain_bytes))
		return true;
	if (a_is_dns == b_is_dns)
		return false;
	return a_is_dns ? user_name_domain_has_label(a, b) : user_name_domain_has_label(b, a);
}

bool user_name_matches(const char *filter, const char *user)
{
	struct user_name a, b;

	if (filter == NULL || user == NULL)
		return false;
	a = user_name_split(filter);
	b = user_name_split(user);
	return text_equal_nocase_bytes(a.account, a.account_bytes, b.account, b.account_bytes) &&
	       (a.domain_bytes == 0 || b.domain_bytes == 0 || user_name_same_domain(&a, &b));
}
