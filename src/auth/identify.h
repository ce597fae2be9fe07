/* SPDX-License-Identifier: MIT */
/* Inside src/auth only: the identity of the initiator of an established context, with every label
 * by which an access policy may name it. */
#ifndef AUTH_IDENTIFY_H
#define AUTH_IDENTIFY_H

#include "auth/identity.h"
#include "auth/acceptor_settings.h"
#include "auth/gss.h"

/* By NTLM: the account, whose labels are "user" and "DOMAIN\user". Gives one holder; NULL: see err.
 */
struct identity *identify_ntlm(const struct auth_acceptor_settings *settings, gss_name_t name,
                               struct err *err);

/* By Kerberos: "user@REALM"; the SIDs that the domain's controller wrote into the ticket;
 * "DOMAIN\user", the domain by its NetBIOS name, of the default realm's alone. Never "user" alone,
 * which means an account of this computer: a domain may have a user called root (CVE-2020-25717).
 * Gives one holder; NULL: see err. */
struct identity *identify_kerberos(const struct auth_acceptor_settings *settings, gss_name_t name,
                                   struct err *err);

#endif
