/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include "output.h"
#include "srvsvc/session_levels.h"

/* Each takes an option's argument; false: it is none of that kind. */

static bool take_level(struct options *o, const char *argument)
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

static bool take_number(const char *argument, unsigned long most, unsigned long *number)
{
	char *end;

	*number = strtoul(argument, &end, 10);
	return *argument >= '0' && *argument <= '9' && *end == '\0' && *number > 0 &&
	       *number <= most;
}

static bool take_client(struct options *o, const char *argument)
{
	o->client = argument;
	return true;
}

static bool take_user(struct options *o, const char *argument)
{
	o->user = argument;
	return true;
}

static bool take_page_bytes(struct options *o, const char *argument)
{
	unsigned long number;
	bool good = take_number(argument, UINT32_MAX, &number);

	o->page_bytes = (uint32_t)number;
	return good;
}

static bool take_credentials(struct options *o, const char *argument)
{
	o->credentials_file = argument;
	return true;
}

static bool take_port(struct options *o, const char *argument)
{
	unsigned long number;
	bool good = take_number(argument, UINT16_MAX, &number);

	o->port = (uint16_t)number;
	return good;
}

static bool take_timeout(struct options *o, const char *argument)
{
	char *end;
	double seconds = strtod(argument, &end);
	bool good = *argument >= '0' && *argument <= '9' && *end == '\0' && seconds >= 0.001 &&
	            seconds <= 86400;

	o->timeout_ms = good ? (uint32_t)(seconds * 1000 + 0.5) : 0;
	return good;
}

static bool take_encrypt(struct options *o, const char *argument)
{
	(void)argument;
	o->encrypt = true;
	return true;
}

static bool take_wins(struct options *o, const char *argument)
{
	o->wins = argument;
	return *argument != '\0';
}

static bool take_output(struct options *o, const char *argument)
{
	o->output = argument;
	return output_find(argument) != NULL;
}

static bool take_verbose(struct options *o, const char *argument)
{
	(void)argument;
	o->verbose = true;
	return true;
}

static bool take_help(struct options *o, const char *argument)
{
	(void)argument;
	o->help = true;
	return true;
}

static const struct option_entry {
	char letter; /* '\0': it has none */
	const char *name;
	const char *argument; /* how --help calls it; NULL: it takes none */
	const char *help;
	bool (*take)(struct options *o, const char *argument);
} table[] = {
	{ 'l', "level", "LEVEL",
	  "auto (the default: the richest that the server grants), 0, 1, 2, 10 or 502",
	  take_level },
	{ 'c', "client", "CLIENT", "only sessions from this computer, with or without \\\\",
	  take_client },
	{ 'u', "user", "USER", "only sessions of this user", take_user },
	{ '\0', "page-bytes", "N", "ask for pages of about N bytes instead of all at once",
	  take_page_bytes },
	{ 'A', "authentication-file", "FILE",
	  "who asks: lines username = , password = , domain = ; must be yours alone (chmod 600)",
	  take_credentials },
	{ 'p', "port", "PORT", "TCP port, 445 unless the server's name says another", take_port },
	{ '\0', "timeout", "SECONDS", "give up on a server after so long, 30 by default",
	  take_timeout },
	{ '\0', "encrypt", NULL, "not without encryption; else where the server asks for it",
	  take_encrypt },
	{ '\0', "wins", "ADDRESS",
	  "WINS server to ask for names that DNS does not know; else NETSESSION_WINS, or a "
	  "broadcast",
	  take_wins },
	{ 'o', "output", "FORMAT", "table (the default), json, jsonl or csv", take_output },
	{ 'v', "verbose", NULL, "tell what was done on the way, on stderr", take_verbose },
	{ 'h', "help", NULL, "show this", take_help },
};

enum { COUNT = sizeof table / sizeof *table };

static int index_of_letter(int letter)
{
	for (int i = 0; i < COUNT; i++)
		if (table[i].letter == letter)
			return i;
	return -1;
}

/* getopt's forms of the table. Long options return their index above all letters. */
enum { LONG_BASE = 256 };

static void make_getopt(char letters[2 * COUNT + 2], struct option longs[COUNT + 1])
{
	*letters++ = ':';
	for (int i = 0; i < COUNT; i++) {
		longs[i] = (struct option){ .name = table[i].name,
			                    .has_arg = table[i].argument != NULL ? required_argument
			                                                         : no_argument,
			                    .val = LONG_BASE + i };
		if (table[i].letter != '\0') {
			*letters++ = table[i].letter;
			if (table[i].argument != NULL)
				*letters++ = ':';
		}
	}
	*letters = '\0';
	longs[COUNT] = (struct option){ 0 };
}

bool options_parse(int argc, char **argv, struct options *options)
{
	char letters[2 * COUNT + 2];
	struct option longs[COUNT + 1];
	int found;

	*options = (struct options){ .level = NETSESSION_LEVEL_AUTO, .output = "table" };
	make_getopt(letters, longs);
	opterr = 0;
	while ((found = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		int i = found >= LONG_BASE ? found - LONG_BASE : index_of_letter(found);

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
		if (!table[i].take(options, optarg)) {
			fprintf(stderr, "netsession: --%s cannot be \"%s\": %s\n", table[i].name,
			        optarg, table[i].help);
			return false;
		}
	}
	options->operands = argv + optind;
	options->operand_count = argc - optind;
	return true;
}

void options_print_help(FILE *to)
{
	for (int i = 0; i < COUNT; i++) {
		char left[64];
		int length = table[i].letter != '\0'
		                     ? snprintf(left, sizeof left, "-%c, ", table[i].letter)
		                     : snprintf(left, sizeof left, "    ");

		snprintf(left + length, sizeof left - (size_t)length, "--%s %s", table[i].name,
		         table[i].argument != NULL ? table[i].argument : "");
		fprintf(to, "  %-32s %s\n", left, table[i].help);
	}
}
