/* SPDX-License-Identifier: MIT */
/* Inside database_postgres: connecting, and what the failures of a server mean. */
#ifndef STORE_POSTGRES_CONNECTION_H
#define STORE_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include "base/err.h"
#include "store/database_access.h"

/* Returns a connection, to be closed by PQfinish; NULL after a failure, which stands in err.
 * url: see database_open. */
PGconn *postgres_connection_open(const char *url, enum database_access access, struct err *err);

/* Returns the status of a failure with this SQLSTATE. */
NET_API_STATUS postgres_status_of(const char *state);

/* Copies a message without the newline at its end; the others and tabs become blanks. */
void postgres_copy_message(char *to, size_t room, const char *message);

#endif
