/* SPDX-License-Identifier: MIT */
/* The changes of a publisher's sessions that were not sent to netsessiond yet. However slow
 * netsessiond is, there is at most one change for a key: a later one replaces an earlier one. The
 * outbox knows no clock: times are milliseconds of one clock of the caller's. */
#ifndef LOCAL_PUBLISH_OUTBOX_H
#define LOCAL_PUBLISH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <lmcons.h>
#include <netsession.h>
#include "wire/writer.h"

struct publish_outbox;

/* Keeps account of up to max_sessions. shows_unknown: the peer knows NETSESSION_UNKNOWN; otherwise
 * 0 is sent for it. NULL: out of memory. */
struct publish_outbox *publish_outbox_new(uint32_t max_sessions, bool shows_unknown);
void publish_outbox_free(struct publish_outbox *o);

/* Records a PUT. row is borrowed, and publish_row_problem finds none in it. Returns 0;
 * ERROR_TOO_MANY_SESS: there are max_sessions already, those included whose REMOVE was not sent
 * yet; or ERROR_NOT_ENOUGH_MEMORY. After a failure nothing has changed. */
NET_API_STATUS publish_outbox_put(struct publish_outbox *o, uint64_t key, uint32_t group,
                                  const struct netsession_row *row, int64_t now_ms);
/* Record a TOUCH and a REMOVE. An unknown key is ignored. */
void publish_outbox_touch(struct publish_outbox *o, uint64_t key, uint32_t num_opens,
                          uint32_t idle_s, int64_t now_ms);
void publish_outbox_remove(struct publish_outbox *o, uint64_t key);

/* Appends changes to w as messages, the oldest first, as long as the longest message would still
 * fit into max_bytes of w. They count as sent. */
void publish_outbox_write(struct publish_outbox *o, struct wire_writer *w, size_t max_bytes,
                          int64_t now_ms);

/* Whether no change waits to be sent. */
bool publish_outbox_is_empty(const struct publish_outbox *o);

/* Whether the session was put and not removed. */
bool publish_outbox_has(const struct publish_outbox *o, uint64_t key);
/* netsessiond has refused the session: forgets that it was sent. Returns whether the session is
 * gone by that, and was neither put again nor removed meanwhile. */
bool publish_outbox_refused(struct publish_outbox *o, uint64_t key);

#endif
