/* SPDX-License-Identifier: MIT */
/* The options of netsessiond, as its command line gives them. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "daemon/config.h"

enum { OPTIONS_MAX_OVERRIDES = 5 };

/* Texts are kept as long as the daemon runs. */
struct daemon_options {
	const char *nt_hash; /* of whom a line is made, and nothing else happens; NULL: of nobody */
	const char *config;  /* NULL: the default file, if it exists */
	bool check;          /* the configuration is checked, and nothing else happens */
	/* NULL: the configuration decides */
	const char *listen, *socket, *publish_socket, *user, *demo;
	/* The same again, for the configuration. */
	struct config_override overrides[OPTIONS_MAX_OVERRIDES];
	size_t override_count;
};

#endif
