/* SPDX-License-Identifier: MIT */
/* A query of the local service by the interface netsession_local. */
#ifndef CLIENT_LOCAL_QUERY_H
#define CLIENT_LOCAL_QUERY_H

#include "base/err.h"
#include "local/local_list.h"
#include "local/interface.h"
#include "srvsvc/session_messages.h"

/* Calls an operation of netsession_local and waits for its answer. request: of
 * LOCAL_LIST_ALSO_CLOSED, borrowed; else NULL. found: called from here for each entry of the
 * answer, which is borrowed. Returns 0, or what stands in err. */
NET_API_STATUS local_query_run(enum local_opnum opnum, const struct session_del_request *request,
                               uint32_t timeout_ms,
                               void (*found)(void *context, const struct local_entry *entry),
                               void *context, struct err *err);

#endif
