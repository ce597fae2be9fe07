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

/* By Kerberos: "user@REALM"; the SIDs that the domain's controller wrote into the ticket; "user"
 * where krb5.conf makes the principal a user of this computer, as it does with those of the default
 * realm alone unless it says otherwise; "DOMAIN\user", the domain by its NetBIOS name, of the
 * default realm's alone. Gives one holder; NULL: see err. */
struct identity *identify_kerberos(const struct auth_acceptor_settings *settings, gss_name_t name,
                                   struct err *err);

#endif
