/* SPDX-License-Identifier: MIT */
/* Whether a keytab can be used, and what is wrong with it. GSSAPI says only
 * that it finds no key. */
#ifndef AUTH_KEYTAB_H
#define AUTH_KEYTAB_H

#include "base/err.h"

/* The step that fails when the keytab cannot be used. */
#define KEYTAB_STEP "keytab"

/* Checks that the keytab belongs to this process's user or to root, can be read by this process
 * alone, or by its group, and holds a key. name
 * is a path, or as krb5.conf writes a keytab, "FILE:/etc/krb5.keytab"; NULL: the system's. The text
 * of err does not name a keytab that the caller has named. Reads files. */
NET_API_STATUS keytab_check(const char *name, struct err *err);

/* The path of a keytab that is a file; NULL: it is something else, or not absolute. Part of name.
 */
const char *keytab_path(const char *name);

#endif
