/* SPDX-License-Identifier: MIT */
/* What netsessiond has not been told yet of a file server's sessions. However slow it is, there is
 * at most one change for a key: a later one takes the place of an earlier. It knows no clock: times
 * are what its callers say, milliseconds of one clock. */
#ifndef LOCAL_PUBLISH_OUTBOX_H
#define LOCAL_PUBLISH_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <lmcons.h>
#include <netsession.h>
#include "wire/writer.h"

struct publish_outbox;

/* max_sessions: that it keeps account of. NULL: out of memory. */
struct publish_outbox *publish_outbox_new(uint32_t max_sessions);
void publish_outbox_free(struct publish_outbox *o);

/* group as in a PUT. row is borrowed, and good (publish_row_is_valid). Returns 0;
 * ERROR_TOO_MANY_SESS: there are as many sessions already, those whose end netsessiond has not been
 * told included; ERROR_NOT_ENOUGH_MEMORY. Nothing has changed then. */
NET_API_STATUS publish_outbox_put(struct publish_outbox *o, uint64_t key, uint32_t group,
                                  const struct netsession_row *row, int64_t now_ms);
/* A key that is not there is passed over. */
void publish_outbox_touch(struct publish_outbox *o, uint64_t key, uint32_t num_opens,
                          uint32_t idle_s, int64_t now_ms);
void publish_outbox_remove(struct publish_outbox *o, uint64_t key);

/* Appends changes as messages, the oldest first, as many as fit into max_bytes of w's content
 * altogether, which has to have room for the longest one. They count as told. */
void publish_outbox_write(struct publish_outbox *o, struct wire_writer *w, size_t max_bytes,
                          int64_t now_ms);

/* Whether nothing waits to be told. */
bool publish_outbox_is_empty(const struct publish_outbox *o);

/* Whether it was put and not removed. */
bool publish_outbox_has(const struct publish_outbox *o, uint64_t key);
/* netsessiond has not got what was told of this key. Returns whether it is gone with that, and not
 * put anew or removed meanwhile. */
bool publish_outbox_refused(struct publish_outbox *o, uint64_t key);

#endif
