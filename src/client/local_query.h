/* SPDX-License-Identifier: MIT */
/* What the local service tells by our own interface, waited for. */
#ifndef CLIENT_LOCAL_QUERY_H
#define CLIENT_LOCAL_QUERY_H

#include "base/err.h"
#include "local/local_list.h"
#include "local/interface.h"
#include "srvsvc/session_messages.h"

/* request: of LOCAL_LIST_ALSO_CLOSED, borrowed; else NULL. told: called from here, for each entry
 * of the answer; it is borrowed. Returns what stands in err. */
NET_API_STATUS local_query_run(enum local_opnum opnum, const struct session_del_request *request,
                               uint32_t timeout_ms,
                               void (*told)(void *context, const struct local_entry *entry),
                               void *context, struct err *err);

#endif
