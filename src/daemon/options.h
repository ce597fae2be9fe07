/* SPDX-License-Identifier: MIT */
/* The daemon's command line: one table, from which parsing, --help and the manual follow. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "daemon/config.h"

enum { OPTIONS_MAX_OVERRIDES = 8 };

struct daemon_options {
	const char *config;   /* NULL: the default one */
	const char *describe; /* NULL: nothing is asked for */
	bool check, help, version;
	struct config_override overrides[OPTIONS_MAX_OVERRIDES];
	size_t override_count;
};

struct daemon_option {
	const char *name;
	const char *argument; /* how --help calls it; NULL: it takes none */
	const char *help;
	/* Where it goes: into a key of the configuration, or into struct daemon_options at
	 * member, a bool or a text. */
	const char *section, *key;
	size_t member;
};

extern const struct daemon_option daemon_options[];
extern const size_t daemon_option_count;

/* Borrows argv. False: something is wrong with it, which was said on stderr. */
bool daemon_options_parse(int argc, char **argv, struct daemon_options *o);

#endif
