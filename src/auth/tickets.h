/* SPDX-License-Identifier: MIT */
/* Whose Kerberos tickets the caller holds. */
#ifndef AUTH_TICKETS_H
#define AUTH_TICKETS_H

#include <stdbool.h>

/* A principal's name with its terminator; longer ones are nobody's. */
#define AUTH_PRINCIPAL_BYTES 256

/* Their principal now. Reads files: it belongs on a worker thread. False: there are none that could
 * be used. */
bool auth_tickets_principal(char to[AUTH_PRINCIPAL_BYTES]);

#endif
