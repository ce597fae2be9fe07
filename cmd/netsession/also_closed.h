/* SPDX-License-Identifier: MIT */
/* The sessions that a Samba server may close together with the selected ones. */
#ifndef NETSESSION_ALSO_CLOSED_H
#define NETSESSION_ALSO_CLOSED_H

#include "results.h"

/* Calls each for every session of all that comes from the client of a selected session, and is not
 * selected itself. The protocol does not show which sessions a Samba server closes together, but
 * they come from one client. */
void also_closed_each(const struct server_result *selected, const struct server_result *all,
                      void (*each)(void *context, const struct netsession_row *row), void *context);

#endif
