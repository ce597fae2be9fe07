/* SPDX-License-Identifier: MIT */
/* The audit log: who asked for what, and what became of it, an object of JSON a line. */
#ifndef DAEMON_AUDIT_H
#define DAEMON_AUDIT_H

#include <stdbool.h>
#include "base/err.h"
#include "srvsvc/server.h"

struct audit;

/* Opens path to append to it, made for its owner and group alone where it is not there; "-" is
 * standard output. NULL: see err. */
struct audit *audit_new(const char *path, struct err *err);
/* Whether it could be opened, without making it. False: see err. */
bool audit_check(const char *path, struct err *err);
/* Never waits for a reader: a line that is not taken at once is lost, and counted as that. */
void audit_write(struct audit *a, const struct srvsvc_event *event);
/* NULL is allowed. */
void audit_free(struct audit *a);

#endif
