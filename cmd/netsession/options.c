/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "output.h"
#include "srvsvc/session_levels.h"

/* Each takes an option's argument; false: it is none of that kind. */

static bool option_set_level(struct options *o, const char *argument)
{
	char *end;
	unsigned long number;

	if (strcmp(argument, "auto") == 0) {
		o->level = NETSESSION_LEVEL_AUTO;
		return true;
	}
	number = strtoul(argument, &end, 10);
	o->level = (uint32_t)number;
	return *argument >= '0' && *argument <= '9' && *end == '\0' && number <= UINT32_MAX &&
	       session_level_find(o->level) != NULL;
}

static bool option_parse_number(const char *argument, unsigned long most, unsigned long *number)
{
	char *end;

	*number = strtoul(argument, &end, 10);
	return *argument >= '0' && *argument <= '9' && *end == '\0' && *number > 0 &&
	       *number <= most;
}

static bool option_set_client(struct options *o, const char *argument)
{
	o->client = argument;
	return true;
}

static bool option_set_user(struct options *o, const char *argument)
{
	o->user = argument;
	return true;
}

static bool option_set_page_bytes(struct options *o, const char *argument)
{
	unsigned long number;
	bool good = option_parse_number(argument, UINT32_MAX, &number);

	o->page_bytes = (uint32_t)number;
	return good;
}

static bool option_set_credentials(struct options *o, const char *argument)
{
	o->credentials_file = argument;
	return true;
}

static bool option_set_port(struct options *o, const char *argument)
{
	unsigned long number;
	bool good = option_parse_number(argument, UINT16_MAX, &number);

	o->port = (uint16_t)number;
	return good;
}

static bool option_parse_seconds(const char *argument, uint32_t *ms)
{
	char *end;
	double seconds = strtod(argument, &end);
	bool good = *argument >= '0' && *argument <= '9' && *end == '\0' && seconds >= 0.001 &&
	            seconds <= 86400;

	*ms = good ? (uint32_t)(seconds * 1000 + 0.5) : 0;
	return good;
}

static bool option_set_timeout(struct options *o, const char *argument)
{
	return option_parse_seconds(argument, &o->timeout_ms);
}

static bool option_set_encrypt(struct options *o, const char *argument)
{
	(void)argument;
	o->encrypt = true;
	return true;
}

static bool option_set_wins(struct options *o, const char *argument)
{
	o->wins = argument;
	return argument[0] != '\0';
}

static bool option_set_output(struct options *o, const char *argument)
{
	o->output = argument;
	return output_format_find(argument) != NULL;
}

static bool option_set_verbose(struct options *o, const char *argument)
{
	(void)argument;
	o->verbose = true;
	return true;
}

static bool option_set_help(struct options *o, const char *argument)
{
	(void)argument;
	o->help = true;
	return true;
}

static bool option_set_as(struct options *o, const char *argument)
{
	o->as = argument;
	return argument[0] != '\0';
}

static bool option_set_anonymous(struct options *o, const char *argument)
{
	(void)argument;
	o->anonymous = true;
	return true;
}

static bool option_set_kerberos(struct options *o, const char *argument)
{
	(void)argument;
	o->kerberos = true;
	return true;
}

static bool option_set_yes(struct options *o, const char *argument)
{
	(void)argument;
	o->yes = true;
	return true;
}

static bool option_set_interval(struct options *o, const char *argument)
{
	return option_parse_seconds(argument, &o->interval_ms);
}

static bool option_set_polls(struct options *o, const char *argument)
{
	unsigned long number;
	bool good = option_parse_number(argument, UINT32_MAX, &number);

	o->polls = (uint32_t)number;
	return good;
}

enum {
	EVERYWHERE = COMMAND_LIST | COMMAND_INFO | COMMAND_CLOSE | COMMAND_WATCH | COMMAND_DOCTOR,
	MANY = COMMAND_LIST | COMMAND_CLOSE | COMMAND_WATCH, /* those that look for sessions */
};

const struct option_entry option_table[] = {
	{ 'l', "level", "LEVEL", "auto 0 1 2 10 502", MANY | COMMAND_INFO,
	  "auto (the default: the richest that the server grants), 0, 1, 2, 10 or 502",
	  option_set_level },
	{ 'c', "client", "CLIENT", NULL, MANY,
	  "only sessions from this computer, with or without \\\\", option_set_client },
	{ 'u', "user", "USER", NULL, MANY, "only sessions of this user", option_set_user },
	{ '\0', "page-bytes", "N", NULL, COMMAND_LIST | COMMAND_WATCH,
	  "ask for pages of about N bytes instead of all at once", option_set_page_bytes },
	{ 'y', "yes", NULL, NULL, COMMAND_CLOSE, "close without asking", option_set_yes },
	{ '\0', "every", "SECONDS", NULL, COMMAND_WATCH, "look again after so long, 5 by default",
	  option_set_interval },
	{ '\0', "looks", "N", NULL, COMMAND_WATCH, "end after N looks", option_set_polls },
	{ 'A', "authentication-file", "FILE", NULL, EVERYWHERE,
	  "who asks: lines username = , password = , domain = ; must be yours alone (chmod 600)",
	  option_set_credentials },
	{ '\0', "as", "USER", NULL, EVERYWHERE,
	  "who asks: user, DOMAIN\\user or user@REALM; the password is asked for on the terminal",
	  option_set_as },
	{ 'N', "no-pass", NULL, NULL, EVERYWHERE,
	  "as nobody: a null session, which is neither signed nor encrypted",
	  option_set_anonymous },
	{ '\0', "kerberos", NULL, NULL, EVERYWHERE,
	  "log on by Kerberos alone, also with a password; never by NTLM", option_set_kerberos },
	{ 'p', "port", "PORT", NULL, EVERYWHERE,
	  "TCP port, 445 unless the server's name says another", option_set_port },
	{ '\0', "timeout", "SECONDS", NULL, EVERYWHERE,
	  "give up on a server after so long, 30 by default", option_set_timeout },
	{ '\0', "encrypt", NULL, NULL, EVERYWHERE,
	  "not without encryption; else where the server asks for it", option_set_encrypt },
	{ '\0', "wins", "ADDRESS", NULL, EVERYWHERE,
	  "WINS server to ask for names that DNS does not know; else NETSESSION_WINS, or a "
	  "broadcast",
	  option_set_wins },
	{ 'o', "output", "FORMAT", "table json jsonl csv", EVERYWHERE,
	  "table (the default), json, jsonl or csv; watch: table or jsonl, doctor: table or json",
	  option_set_output },
	{ 'v', "verbose", NULL, NULL, EVERYWHERE, "tell what was done on the way, on stderr",
	  option_set_verbose },
	{ 'h', "help", NULL, NULL, EVERYWHERE, "show this", option_set_help },
};

enum { COUNT = sizeof option_table / sizeof *option_table };
const size_t option_count = COUNT;
static bool option_is_for_command(int i, enum command_bit command)
{
	return (option_table[i].commands & command) != 0;
}

static int option_index_of_letter(int letter)
{
	for (int i = 0; i < COUNT; i++)
		if (option_table[i].letter == letter)
			return i;
	return -1;
}

/* getopt's forms of the table. Long options return their index above all letters. */
enum { LONG_BASE = 256 };

static void option_make_getopt(enum command_bit command, char letters[2 * COUNT + 2],
                               struct option longs[COUNT + 1])
{
	*letters++ = ':';
	for (int i = 0; i < COUNT; i++) {
		if (!option_is_for_command(i, command))
			continue;
		*longs++ = (struct option){ .name = option_table[i].name,
			                    .has_arg = option_table[i].argument != NULL
			                                       ? required_argument
			                                       : no_argument,
			                    .val = LONG_BASE + i };
		if (option_table[i].letter != '\0') {
			*letters++ = option_table[i].letter;
			if (option_table[i].argument != NULL)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	*longs = (struct option){ 0 };
}

bool options_parse(int argc, char **argv, enum command_bit command, struct options *options)
{
	char letters[2 * COUNT + 2];
	struct option longs[COUNT + 1];
	int found;

	*options = (struct options){
		.level = NETSESSION_LEVEL_AUTO,
		.output = "table",
		.interval_ms = 5000,
	};
	option_make_getopt(command, letters, longs);
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		int i = found >= LONG_BASE ? found - LONG_BASE : option_index_of_letter(found);

		if (found == ':') {
			fprintf(stderr,
			        "netsession: %s wants an argument; see netsession %s --help\n",
			        argv[optind - 1], argv[0]);
			return false;
		}
		if (i < 0) {
			fprintf(stderr, "netsession: unknown option %s; see netsession %s --help\n",
			        argv[optind - 1], argv[0]);
			return false;
		}
		if (!option_table[i].take(options, optarg)) {
			fprintf(stderr, "netsession: --%s cannot be \"%s\": %s\n",
			        option_table[i].name, optarg, option_table[i].help);
			return false;
		}
	}
	options->operands = argv + optind;
	options->operand_count = argc - optind;
	return true;
}

void options_print_help(FILE *to, enum command_bit command)
{
	for (int i = 0; i < COUNT; i++) {
		const struct option_entry *o = &option_table[i];
		char left[64];
		int length = o->letter != '\0' ? snprintf(left, sizeof left, "-%c, ", o->letter)
		                               : snprintf(left, sizeof left, "    ");

		if (!option_is_for_command(i, command))
			continue;
		snprintf(left + length, sizeof left - (size_t)length, "--%s %s", o->name,
		         o->argument != NULL ? o->argument : "");
		fprintf(to, "  %-32s %s\n", left, o->help);
	}
}
