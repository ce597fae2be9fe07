/* SPDX-License-Identifier: MIT */
/* The times of which a report knows nothing, because no program watched the server. */
#ifndef NETSESSION_REPORT_NOTES_H
#define NETSESSION_REPORT_NOTES_H

#include "report_output.h"
#include "store/report_store.h"

/* Adds the gaps in what is known of a server, NULL: of all that are watched, to a report about this
 * time, in seconds since 1970. is_now: the report is about this moment, in which polling misses
 * nothing. Returns 0, or what stands in err. */
uint32_t report_notes_put(struct database *db, const char *server, int64_t from, int64_t until,
                          bool is_now, struct report_output *output, struct err *err);

#endif
