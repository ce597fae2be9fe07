/* SPDX-License-Identifier: MIT */
/* What the daemon makes of its configuration and of the files that it names. */
#ifndef DAEMON_SETTINGS_H
#define DAEMON_SETTINGS_H

#include "auth/access_policy.h"
#include "auth/acceptor.h"
#include "daemon/audit.h"
#include "daemon/config.h"
#include "system/log.h"
#include "daemon/options.h"

struct settings {
	struct config config;
	enum log_level log_level;
	char netbios_name[16];
	struct access_policy *policy;
	struct audit *audit; /* NULL: options ask for a check alone */
	struct auth_acceptor_settings *acceptor_settings;
};

/* The path of the configuration file, which the options may name. */
const char *settings_config_file(const struct daemon_options *options);
/* Reads the configuration alone. False: see err, and c holds nothing. */
bool settings_read_config(struct config *c, const struct daemon_options *options, struct err *err);

/* False: see err, and s holds nothing. */
bool settings_load(struct settings *s, const struct daemon_options *options, struct err *err);
void settings_fini(struct settings *s);

#endif
