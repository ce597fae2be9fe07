/* SPDX-License-Identifier: MIT */
/* What the daemon makes of its configuration and of the files that this names: all of it, or
 * nothing. */
#ifndef SERVER_SETTINGS_H
#define SERVER_SETTINGS_H

#include "access/policy.h"
#include "auth/acceptor.h"
#include "server/audit.h"
#include "server/config.h"
#include "system/log.h"
#include "server/options.h"

struct settings {
	struct config config;
	enum log_level log_level;
	char netbios_name[16];
	struct access_policy *policy;
	struct audit *audit; /* NULL: options ask for a check alone */
	struct auth_acceptor_settings *acceptor_settings;
};

/* False: see fault; s holds nothing then. From its success on, NTLM has these accounts. */
bool settings_load(struct settings *s, const struct daemon_options *options,
                   struct config_fault *fault);
void settings_fini(struct settings *s);

#endif
