/* SPDX-License-Identifier: MIT */
/* The accounts of an Active Directory domain, as its directory lists them to the owner of the
 * caller's Kerberos tickets: LDAP ([MS-ADTS] 3.1.1.3.1), signed and encrypted by GSSAPI. */
#ifndef FLEET_DIRECTORY_H
#define FLEET_DIRECTORY_H

#include <stdbool.h>
#include "base/err.h"

/* A domain by its DNS name, and who is asked for its accounts: host or host:port, by the name that
 * the KDC has for its LDAP service. controller NULL: the domain controllers that DNS has, in turn,
 * until one answers. */
struct directory_place {
	const char *domain, *controller;
};

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

/* An account of a user or a computer. Texts are borrowed, any text, and NULL where there is none.
 */
struct directory_account {
	const char *name; /* sAMAccountName: "alice", "FS1$" */
	const char *host; /* dNSHostName, of a computer: "fs1.lab.example" */
	const char *sid;  /* "S-1-5-21-..." */
	bool is_computer, is_domain_controller;
};

/* False ends the list. */
typedef bool (*directory_on_account)(void *context, const struct directory_account *account);

/* Lists the computers of a domain. Blocks; no answer may take longer than half a minute.
 * Returns  0, also where on_account ended the list
 *          ERROR_NO_SUCH_DOMAIN      DNS has no domain controllers of this name
 *          ERROR_NO_LOGON_SERVERS    none of them can be reached
 *          ERROR_LOGON_FAILURE       they do not take the tickets, or there are none
 *          ERROR_INVALID_PARAMETER   the filter is not one
 *          NERR_InvalidComputer      the controller is no name of a host
 *          another error of the directory, see err */
NET_API_STATUS directory_list_computers(const struct directory_place *place,
                                        const struct directory_filter *filter,
                                        directory_on_account on_account, void *context,
                                        struct err *err);

/* The same for all users and computers of the domain. */
NET_API_STATUS directory_list_accounts(const struct directory_place *place,
                                       directory_on_account on_account, void *context,
                                       struct err *err);

#endif
