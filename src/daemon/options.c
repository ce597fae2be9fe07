/* SPDX-License-Identifier: MIT */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>

#define AT(MEMBER) offsetof(struct daemon_options, MEMBER)

/* clang-format off */
const struct daemon_option daemon_options[] = {
	{ "config", "FILE", "the configuration, which has to be there", .member = AT(config) },
	{ "listen", "ADDR:PORT", "in the place of [server] listen",
	  .section = "server", .key = "listen" },
	{ "socket", "PATH", "in the place of [server] socket",
	  .section = "server", .key = "socket" },
	{ "publish-socket", "PATH", "in the place of [server] publish_socket",
	  .section = "server", .key = "publish_socket" },
	{ "demo", "N", "in the place of [demo] sessions", .section = "demo", .key = "sessions" },
	{ "check", NULL, "read the configuration and all that it names, say what is wrong, and end",
	  .member = AT(check) },
	{ "describe", "WHAT", "print man8, man5 or sample: a manual page, or all of the configuration "
	  "as it is by default", .member = AT(describe) },
	{ "help", NULL, "show this", .member = AT(help) },
	{ "version", NULL, "show the version", .member = AT(version) },
};
/* clang-format on */

enum { COUNT = sizeof daemon_options / sizeof *daemon_options };
const size_t daemon_option_count = COUNT;

static void daemon_option_apply(struct daemon_options *o, const struct daemon_option *option,
                                const char *argument)
{
	if (option->key != NULL)
		o->overrides[o->override_count++] = (struct config_override){
			option->name, option->section, option->key, argument
		};
	else if (option->argument != NULL)
		*(const char **)((char *)o + option->member) = argument;
	else
		*(bool *)((char *)o + option->member) = true;
}

static bool daemon_option_print_error(const char *what, const char *option)
{
	fprintf(stderr, "netsessiond: %s %s; see netsessiond --help\n", what, option);
	return false;
}

bool daemon_options_parse(int argc, char **argv, struct daemon_options *o)
{
	struct option longs[COUNT + 1] = { 0 };
	int found;

	*o = (struct daemon_options){ 0 };
	for (int i = 0; i < COUNT; i++)
		longs[i] = (struct option){ .name = daemon_options[i].name,
			                    .has_arg = daemon_options[i].argument != NULL
			                                       ? required_argument
			                                       : no_argument,
			                    .val = i };
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (found == ':')
			return daemon_option_print_error("there is no argument of",
			                                 argv[optind - 1]);
		if (found == '?')
			return daemon_option_print_error("unknown option", argv[optind - 1]);
		if (o->override_count == OPTIONS_MAX_OVERRIDES)
			return daemon_option_print_error("too many options before",
			                                 argv[optind - 1]);
		daemon_option_apply(o, &daemon_options[found], optarg);
	}
	if (optind < argc)
		return daemon_option_print_error("unknown argument", argv[optind]);
	return true;
}
