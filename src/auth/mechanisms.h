/* SPDX-License-Identifier: MIT */
/* What this computer has for log-ons: GSSAPI's mechanisms, which are plug-ins, and the caller's
 * Kerberos tickets. */
#ifndef AUTH_MECHANISMS_H
#define AUTH_MECHANISMS_H

#include <stdbool.h>

enum auth_mechanism { AUTH_KERBEROS, AUTH_NTLM, AUTH_MECHANISMS };

bool auth_has_mechanism(enum auth_mechanism mechanism);

/* A step of a log-on, at either end. */
enum auth_progress { AUTH_CONTINUE, AUTH_COMPLETE, AUTH_FAILED };

#define AUTH_MAX_KEY_BYTES 64 /* of a session's key */

/* A principal's name with its terminator. Longer names are not used. */
#define AUTH_PRINCIPAL_BYTES 256

/* The principal of the caller's Kerberos tickets. Reads files: it belongs on a worker thread.
 * False: there are no tickets that could be used. */
bool auth_tickets_principal(char to[AUTH_PRINCIPAL_BYTES]);

/* Inside src/auth only: a principal as text. False: it has no name, or one that is too long. */
struct gss_name_struct;
bool auth_name_text(struct gss_name_struct *name, char to[AUTH_PRINCIPAL_BYTES]);

#endif
