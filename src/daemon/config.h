/* SPDX-License-Identifier: MIT */
/* Reading the daemon's configuration from its file and the command line. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "daemon/config_keys.h"

#define CONFIG_FILE_DEFAULT "netsession/netsessiond.conf" /* below the system's /etc */

/* A value that the command line sets, which overrides the file. Borrowed for as long as the
 * configuration lives. */
struct config_override {
	const char *option, *section, *key, *value;
};

/* Reads file; the defaults where it does not exist and must_exist is false. False: see err, and c
 * holds nothing. */
bool config_read(struct config *c, const char *file, bool must_exist,
                 const struct config_override *overrides, size_t count, struct err *err);
void config_fini(struct config *c);

/* Records that the key whose value is the member of c cannot be used: where it is set, its value,
 * and the reason. */
void config_explain_key(const struct config *c, const void *member, const struct err *reason,
                        struct err *err);

/* Whether the file or the command line sets the key whose value is the member of c. */
bool config_is_set(const struct config *c, const void *member);

#endif
