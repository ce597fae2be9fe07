/* SPDX-License-Identifier: MIT */
#include "samba/setup/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

/* Each takes an option's argument; false: it is none of that kind. */

static bool setup_option_set_smb_conf(struct samba_options *o, const char *argument)
{
	o->smb_conf = argument;
	return argument[0] != '\0';
}

static bool setup_option_set_directory(struct samba_options *o, const char *argument)
{
	o->directory = argument;
	return argument[0] == '/';
}

static bool setup_option_set_publish_socket(struct samba_options *o, const char *argument)
{
	o->publish_socket = argument;
	return argument[0] != '\0';
}

static bool setup_option_set_no_publish(struct samba_options *o, const char *argument)
{
	(void)argument;
	o->no_publish = true;
	return true;
}

static bool setup_option_parse_number(const char *argument, uint32_t most, uint32_t *number)
{
	char *end;
	unsigned long found = strtoul(argument, &end, 10);

	*number = (uint32_t)found;
	return *argument >= '0' && *argument <= '9' && *end == '\0' && found > 0 && found <= most;
}

static bool setup_option_set_max_pipes(struct samba_options *o, const char *argument)
{
	return setup_option_parse_number(argument, 1000000, &o->max_pipes);
}

static bool setup_option_set_max_answer_mib(struct samba_options *o, const char *argument)
{
	return setup_option_parse_number(argument, 1024, &o->max_answer_mib);
}

static bool setup_option_set_log_level(struct samba_options *o, const char *argument)
{
	return log_level_find(argument, &o->log_level);
}

enum {
	EVERYWHERE = SETUP_COMMAND_RUN | SETUP_COMMAND_CHECK | SETUP_COMMAND_ENABLE |
	             SETUP_COMMAND_DISABLE | SETUP_COMMAND_STATUS | SETUP_COMMAND_RELEASE,
};

/* clang-format off */
const struct setup_option setup_options[] = {
	{ "smb-conf", "FILE", EVERYWHERE, "Samba's configuration, where it is not Samba's own "
	  "default", setup_option_set_smb_conf },
	{ "directory", "DIR", EVERYWHERE, "where smbd looks for its pipes once enabled, "
	  NETSESSION_LOCALSTATEDIR "/lib/netsession/samba by default; an absolute path",
	  setup_option_set_directory },
	{ "feed-socket", "PATH", SETUP_COMMAND_RUN, "where netsessiond takes sessions, "
	  "/run/netsession/publish.sock by default", setup_option_set_publish_socket },
	{ "no-feed", NULL, SETUP_COMMAND_RUN, "tell netsessiond nothing", setup_option_set_no_publish },
	{ "max-pipes", "N", SETUP_COMMAND_RUN, "relay no more pipes at once, 4096 by default",
	  setup_option_set_max_pipes },
	{ "max-answer-mib", "N", SETUP_COMMAND_RUN, "hold no longer answer than N MiB, 64 by "
	  "default, 1024 at most", setup_option_set_max_answer_mib },
	{ "log-level", "LEVEL", SETUP_COMMAND_RUN, "error, warning, notice, info (the "
	  "default) or debug", setup_option_set_log_level },
	{ "help", NULL, EVERYWHERE, "show this", NULL },
};
/* clang-format on */

enum { COUNT = sizeof setup_options / sizeof *setup_options };
const size_t setup_option_count = COUNT;

static bool setup_option_print_error(const char *command, const char *what, const char *option)
{
	fprintf(stderr, "netsession-samba: %s %s; see netsession-samba %s --help\n", what, option,
	        command);
	return false;
}

bool setup_options_parse(int argc, char **argv, enum setup_command_bit command,
                         struct samba_options *o, bool *wants_help)
{
	struct option longs[COUNT + 1] = { 0 }, *next = longs;
	int found;

	*o = (struct samba_options){
		.directory = NETSESSION_LOCALSTATEDIR "/lib/netsession/samba",
		.max_pipes = 4096,
		.max_answer_mib = 64,
		.log_level = LOG_LEVEL_INFO,
	};
	for (int i = 0; i < COUNT; i++)
		if (setup_options[i].commands & command)
			*next++ = (struct option){ .name = setup_options[i].name,
				                   .has_arg = setup_options[i].argument != NULL
				                                      ? required_argument
				                                      : no_argument,
				                   .val = i };
	*wants_help = false;
	opterr = 0;
	while ((found = getopt_long(argc, argv, ":", longs, NULL)) != -1) {
		if (found == ':')
			return setup_option_print_error(argv[0], "there is no argument of",
			                                argv[optind - 1]);
		if (found == '?')
			return setup_option_print_error(argv[0], "unknown option",
			                                argv[optind - 1]);
		if (setup_options[found].take == NULL) {
			*wants_help = true;
		} else if (!setup_options[found].take(o, optarg)) {
			fprintf(stderr, "netsession-samba: --%s cannot be \"%s\": %s\n",
			        setup_options[found].name, optarg, setup_options[found].help);
			return false;
		}
	}
	if (optind < argc)
		return setup_option_print_error(argv[0], "unknown argument", argv[optind]);
	return true;
}
