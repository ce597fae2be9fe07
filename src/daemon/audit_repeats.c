/* SPDX-License-Identifier: MIT */
#include "daemon/audit_repeats.h"

#include <stdio.h>
#include <string.h>
#include <lmerr.h>

static void audit_repeats_copy(char *to, size_t room, const char *text)
{
	(void)snprintf(to, room, "%s", text != NULL ? text : "");
}

static bool audit_repeats_is_kind(const struct audit_repeat *a, const struct audit_repeat *b)
{
	return strcmp(a->operation, b->operation) == 0 && strcmp(a->endpoint, b->endpoint) == 0 &&
	       strcmp(a->address, b->address) == 0 && strcmp(a->caller, b->caller) == 0 &&
	       a->status == b->status;
}

bool audit_repeats_admit(struct audit_repeats *r, const struct srvsvc_event *event,
                         const char *caller, int64_t now_ms)
{
	struct audit_repeat kind = { .operation = event->operation,
		                     .endpoint = event->endpoint,
		                     .status = event->status,
		                     .began_ms = now_ms,
		                     .count = 1 };

	if (event->status == NERR_Success || event->status == ERROR_MORE_DATA)
		return true;
	audit_repeats_copy(kind.address, sizeof kind.address, event->address);
	audit_repeats_copy(kind.caller, sizeof kind.caller, caller);
	for (unsigned i = 0; i < r->count; i++)
		if (audit_repeats_is_kind(&r->list[i], &kind))
			return ++r->list[i].count <= AUDIT_REPEATS_WRITTEN;
	if (r->count < AUDIT_REPEATS_KINDS)
		r->list[r->count++] = kind;
	return true;
}

bool audit_repeats_end(struct audit_repeats *r, bool everything, int64_t now_ms,
                       struct audit_repeat *ended)
{
	while (r->count > 0 && (everything || r->count == AUDIT_REPEATS_KINDS ||
	                        r->list[0].began_ms + AUDIT_REPEATS_WINDOW_MS <= now_ms)) {
		*ended = r->list[0];
		r->count--;
		memmove(r->list, r->list + 1, r->count * sizeof *r->list);
		if (ended->count > AUDIT_REPEATS_WRITTEN)
			return true;
	}
	return false;
}
