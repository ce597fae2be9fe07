/* SPDX-License-Identifier: MIT */
/* The computers of an Active Directory domain, as its directory lists them to the owner of the
 * caller's Kerberos tickets: LDAP ([MS-ADTS] 3.1.1.3.1), signed and encrypted by GSSAPI. */
#ifndef FLEET_DIRECTORY_H
#define FLEET_DIRECTORY_H

#include <stdbool.h>
#include "base/err.h"

/* Which computers are listed: those with a DNS name to which all of this applies. All zero: those
 * whose accounts are enabled. */
struct directory_filter {
	const char *search_base;      /* a distinguished name; NULL: the whole domain */
	const char *operating_system; /* such as "Windows Server*", where * stands for anything;
	                                 NULL: any */
	unsigned seen_within_days; /* who has logged on since; the directory is up to 14 days late
	                              ([MS-ADA1] 2.352). 0: whenever */
	bool with_disabled;
	bool without_domain_controllers;
};

/* Gets the DNS name of a computer, as its account has it: any text. False ends the list. */
typedef bool (*directory_on_computer)(void *context, const char *name);

/* Lists the computers of the domain with this DNS name. Its domain controllers are found by DNS and
 * asked in turn until one answers. Blocks; no answer may take longer than half a minute.
 * Returns  0, also where on_computer ended the list
 *          ERROR_NO_SUCH_DOMAIN      DNS has no domain controllers of this name
 *          ERROR_NO_LOGON_SERVERS    none of them can be reached
 *          ERROR_LOGON_FAILURE       they do not take the tickets, or there are none
 *          ERROR_INVALID_PARAMETER   the filter is not one
 *          another error of the directory, see err */
NET_API_STATUS directory_list_computers(const char *domain, const struct directory_filter *filter,
                                        directory_on_computer on_computer, void *context,
                                        struct err *err);

#endif
